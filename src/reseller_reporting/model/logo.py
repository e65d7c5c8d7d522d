"""Logo: a picture that goes into every document, so that it is looked at before any is made.

Only its structure is read here; no pixel is made. What a program for documents would choke on is refused.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

BYTES_MAX = 500_000
PIXELS_MAX = 4_000  # Of each side.

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Rows of 16 bits a channel, four channels, and a byte a row.
_INFLATED_MAX = PIXELS_MAX * (PIXELS_MAX * 8 + 1)
_INFLATED_AT_ONCE = 1 << 20
# Start of a frame that every reader knows: baseline, extended, progressive.
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
_JPEG_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_JPEG_ALONE = {0x01, *range(0xD0, 0xD8)}  # Markers without a length.
_JPEG_SCAN = 0xDA


class NotALogo(Exception):
    """The reason, to be put behind `which`: "is no PNG or JPEG image"."""


@dataclass(frozen=True, slots=True)
class Logo:
    content: bytes = field(repr=False)
    kind: str  # `png` or `jpeg`.
    width: int
    height: int


def read_logo(content: bytes) -> Logo:
    """The picture, when it is a whole PNG or JPEG of a reasonable size; NotALogo says why not."""
    if len(content) > BYTES_MAX:
        raise NotALogo(f"is larger than {BYTES_MAX // 1000} kB: it goes into every document, so make it smaller")
    if not content:
        raise NotALogo("is empty")
    if content.startswith(_PNG):
        kind, (width, height) = "png", _png_size(content)
    elif content.startswith(_JPEG):
        kind, (width, height) = "jpeg", _jpeg_size(content)
    elif b"<svg" in content[:2000].lower():
        raise NotALogo("is an SVG drawing, which not every program for documents can show: save it as PNG")
    else:
        raise NotALogo("is no PNG or JPEG image: save it as one of them")
    if not width or not height:
        raise NotALogo("has no pixels")
    return Logo(content, kind, width, height)


def _check_size(width: int, height: int) -> None:
    if max(width, height) > PIXELS_MAX:
        raise NotALogo(f"has {width} × {height} pixels, and {PIXELS_MAX} a side are the most: make it smaller")


def _png_size(content: bytes) -> tuple[int, int]:
    chunks = _png_chunks(content)
    name, head = next(chunks, (b"", b""))
    if name != b"IHDR" or len(head) != 13:
        raise NotALogo("is damaged: its PNG header cannot be read")
    width, height = struct.unpack(">II", head[:8])
    _check_size(width, height)  # Before anything is inflated.
    names, pixels = [], []
    for name, body in chunks:
        names.append(name)
        if name == b"IDAT":
            pixels.append(body)
    if names[-1:] != [b"IEND"] or not pixels:
        raise NotALogo("is cut off: the end of the PNG is missing")
    _check_inflates(b"".join(pixels))
    return width, height


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 12 + length
        if end > len(content):
            return
        name, body = content[place + 4 : place + 8], content[place + 8 : end - 4]
        if zlib.crc32(name + body) != struct.unpack_from(">I", content, end - 4)[0]:
            raise NotALogo("is damaged: a checksum of the PNG is wrong")
        yield name, body
        if name == b"IEND":
            return
        place = end


def _check_inflates(pixels: bytes) -> None:
    """Bit by bit, and no further than the largest picture would go."""
    stream, inflated = zlib.decompressobj(), 0
    try:
        rest = pixels
        while not stream.eof:
            made = stream.decompress(rest, _INFLATED_AT_ONCE)
            inflated += len(made)
            rest = stream.unconsumed_tail
            if inflated > _INFLATED_MAX or (not made and not rest):
                break
    except zlib.error:
        raise NotALogo("is damaged: its pixels cannot be read") from None
    if not stream.eof:
        raise NotALogo("is damaged: its pixels cannot be read")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    size = None
    for marker, body in _jpeg_segments(content):
        if marker in _JPEG_OTHER_FRAMES:
            raise NotALogo("is a JPEG of a rare kind: save it as PNG, or as plain JPEG")
        if marker in _JPEG_FRAMES and len(body) >= 6:
            height, width, channels = struct.unpack(">HHB", body[1:6])
            if channels not in (1, 3):
                raise NotALogo("is a JPEG for printing (CMYK): save it in RGB")
            size = width, height
            _check_size(*size)
    if size is None:
        raise NotALogo("is damaged: its JPEG header cannot be read")
    if b"\xff\xd9" not in content[-64:]:
        raise NotALogo("is cut off: the end of the JPEG is missing")
    return size


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Up to the first scan."""
    place = 2
    while place + 4 <= len(content):
        if content[place] != 0xFF:
            return
        marker = content[place + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _JPEG_SCAN:
            return
        (length,) = struct.unpack_from(">H", content, place + 2)
        if length < 2 or place + 2 + length > len(content):
            return
        yield marker, content[place + 4 : place + 2 + length]
        place += 2 + length
