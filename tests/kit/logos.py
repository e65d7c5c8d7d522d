"""Pictures for tests, put together byte by byte: as small as they can be, and as broken as a test wants them."""

import struct
import zlib


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *, rows: int | None = None, colour: bytes = b"\x8a\x1c\x4a") -> bytes:
    """Of one colour; with `rows` the header promises more than there is."""
    pixels = zlib.compress((b"\0" + colour * width) * (height if rows is None else rows))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def jpeg(width: int, height: int, *, channels: int = 3, frame: int = 0xC0) -> bytes:
    """The structure of a JPEG; its scan holds no picture."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    parts = b"".join(bytes((number, 0x11, 0)) for number in range(1, channels + 1))
    sizes = struct.pack(">BHHB", 8, height, width, channels) + parts
    scan = bytes((channels,)) + b"".join(bytes((number, 0)) for number in range(1, channels + 1)) + b"\0\x3f\0"
    head = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    return b"\xff\xd8" + head + segment(frame, sizes) + segment(0xDA, scan) + b"\x12\x34" * 40 + b"\xff\xd9"
