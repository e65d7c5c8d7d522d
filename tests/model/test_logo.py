"""What is a logo, and the sentence for each thing that is none. Pictures are made here, byte by byte."""

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logos import jpeg, png, png_chunk

from reseller_reporting.model.logo import BYTES_MAX, NotALogo, read_logo


def refusal(content: bytes) -> str:
    with pytest.raises(NotALogo) as caught:
        read_logo(content)
    return str(caught.value)


def test_a_png_and_a_jpeg_are_taken_with_their_size() -> None:
    assert [(logo.kind, logo.width, logo.height) for logo in map(read_logo, (png(24, 8), jpeg(30, 10)))] == [
        ("png", 24, 8),
        ("jpeg", 30, 10),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"GIF89a" + bytes(50), "no PNG or JPEG"),
        (b"%PDF-1.7 and more", "no PNG or JPEG"),
        (b"just a text that was called logo.png", "no PNG or JPEG"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
        (b"\x00" * (30 * 1_000_000), "500 kB"),
        (png(4001, 1), "4001 × 1 pixels"),
        (png(20_000, 20_000, rows=1), "20000 × 20000 pixels"),
        (jpeg(20_000, 20_000), "20000 × 20000 pixels"),
        (png(24, 8)[:-20], "cut off"),
        (png(24, 8)[:40], "cut off"),
        (png(24, 8)[:20], "damaged"),
        (jpeg(30, 10)[:-2], "cut off"),
        (jpeg(30, 10)[:12], "damaged"),
        (jpeg(30, 10, channels=4), "CMYK"),
        (jpeg(30, 10, frame=0xC3), "rare kind"),
        (png(0, 8), "no pixels"),
        (png(24, 8).replace(b"IDAT", b"IDAX"), "checksum"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_is_no_logo_says_why(content: bytes, why: str) -> None:
    assert why in refusal(content)


def test_a_png_whose_pixels_are_noise_is_refused() -> None:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    made = b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", b"no zlib at all") + png_chunk(b"IEND", b"")
    assert "pixels cannot be read" in refusal(made)


def test_a_png_that_inflates_without_end_is_not_inflated_without_end() -> None:
    """The header promises 8 × 8 pixels, the stream holds more than the largest picture."""
    bomb = zlib.compressobj(9)
    pixels = b"".join(bomb.compress(bytes(10_000_000)) for _ in range(20)) + bomb.flush()
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    made = b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    assert len(made) < BYTES_MAX
    assert "pixels cannot be read" in refusal(made)


@given(cut=st.integers(0, 10_000), changed=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_damaged_picture_is_a_sentence_or_a_picture_never_a_crash(cut: int, changed: int, value: int) -> None:
    for whole in (png(24, 8), jpeg(30, 10)):
        content = bytearray(whole)
        content[changed % len(whole)] = value
        for broken in (bytes(content), whole[: cut % len(whole)]):
            with suppress(NotALogo):
                assert read_logo(broken).width > 0
