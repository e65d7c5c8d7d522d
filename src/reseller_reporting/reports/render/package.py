"""Package: the zip file that a workbook is. Parts are deflated as they are made, and stand in it by their known sizes.

Owns: deflate, and the zip format as far as office programs read it. Does not own: what the parts say.

Invariants
- A part's bytes depend on its content alone, not on the pieces in which that came.
- No time, no host and no user gets in. Sizes past 4 GiB and more than 65 535 parts are written as zip64.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from shutil import copyfileobj
from typing import IO, Any

# Deflate is fed with pieces of this size, which the processor's own memory holds.
PIECE_SIZE = 1 << 18
_DEFLATED, _VERSION, _VERSION_ZIP64 = 8, 20, 45
_DATE = 1 << 5 | 1  # 1980-01-01, with which the format's time begins.
_UINT16_MAX, _UINT32_MAX = 0xFFFF, 0xFFFFFFFF  # Say that zip64 tells the figure.
# From here on it must.
ZIP64_SIZE, ZIP64_PARTS = _UINT32_MAX, _UINT16_MAX


class Compression(StrEnum):
    FAST = "fast"  # ISA-L's level 1 where it is installed, zlib's else.
    SMALL = "small"  # zlib's level 6: a fifth smaller, many times slower.


@dataclass(frozen=True, slots=True)
class Part:
    """A deflated part, in a file of its own."""

    name: str
    file: IO[bytes]
    crc: int
    size: int
    raw_size: int


class Deflated:
    """Takes the content of a part in pieces of any size."""

    def __init__(self, file: IO[bytes], compression: Compression) -> None:
        self._file = file
        self._deflate, self._crc32 = _compressor(compression)
        self._piece = bytearray()
        self._crc = self._size = self._raw_size = 0

    def add(self, content: Any) -> None:
        """`content` is read at once; the caller may use its buffer again."""
        rest = memoryview(content)
        while rest:
            fitting = rest[: PIECE_SIZE - len(self._piece)]
            rest = rest[len(fitting) :]
            if len(fitting) == PIECE_SIZE:
                self._take(fitting)
                continue
            self._piece += fitting
            if len(self._piece) == PIECE_SIZE:
                self._take(self._piece)
                self._piece.clear()

    def finish(self, name: str) -> Part:
        self._take(self._piece)
        self._write(self._deflate.flush())
        return Part(name, self._file, self._crc, self._size, self._raw_size)

    def _take(self, piece: Any) -> None:
        self._crc = self._crc32(piece, self._crc)
        self._raw_size += len(piece)
        self._write(self._deflate.compress(piece))

    def _write(self, deflated: bytes) -> None:
        self._file.write(deflated)
        self._size += len(deflated)


class Package:
    """A zip file, part by part; `close` writes its directory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0
        self._directory: list[bytes] = []

    def add(self, part: Part) -> None:
        name, at = part.name.encode("ascii"), self._position
        is_large, is_far = max(part.size, part.raw_size) >= ZIP64_SIZE, at >= ZIP64_SIZE
        figures = struct.pack("<QQ", part.raw_size, part.size) if is_large else b""
        sizes = (_UINT32_MAX, _UINT32_MAX) if is_large else (part.size, part.raw_size)
        about = struct.pack("<HHHHIII", 0, _DEFLATED, 0, _DATE, part.crc, *sizes)
        local = struct.pack("<IH", 0x04034B50, _VERSION_ZIP64 if is_large else _VERSION) + about
        extra = _zip64_extra(figures)
        self._write(local + struct.pack("<HH", len(name), len(extra)) + name + extra)
        part.file.seek(0)
        copyfileobj(part.file, self._file, PIECE_SIZE)
        self._position += part.size
        version = _VERSION_ZIP64 if is_large or is_far else _VERSION
        extra = _zip64_extra(figures + (struct.pack("<Q", at) if is_far else b""))
        entry = struct.pack("<IHH", 0x02014B50, version, version) + about
        entry += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, _UINT32_MAX if is_far else at)
        self._directory.append(entry + name + extra)

    def close(self) -> None:
        at, count = self._position, len(self._directory)
        for entry in self._directory:
            self._write(entry)
        size = self._position - at
        told = (count, count, size, at)
        if count >= ZIP64_PARTS or max(at, size) >= ZIP64_SIZE:
            record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, _VERSION_ZIP64, _VERSION_ZIP64, 0, 0, *told)
            self._write(record + struct.pack("<IIQI", 0x07064B50, 0, self._position, 1))
            told = (_UINT16_MAX, _UINT16_MAX, _UINT32_MAX, _UINT32_MAX)
        self._write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *told, 0))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)


def _zip64_extra(figures: bytes) -> bytes:
    return struct.pack("<HH", 1, len(figures)) + figures if figures else b""


def deflated(name: str, contents: Iterable[bytes], file: IO[bytes], compression: Compression) -> Part:
    """A part whose content is there."""
    part = Deflated(file, compression)
    for content in contents:
        part.add(content)
    return part.finish(name)


def _compressor(compression: Compression) -> tuple[Any, Any]:
    """A raw deflate stream, and the sum of checking that goes with it."""
    if compression is Compression.FAST:
        try:
            from isal import isal_zlib
        except ImportError:
            return zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS), zlib.crc32
        return isal_zlib.compressobj(1, isal_zlib.DEFLATED, -zlib.MAX_WBITS), isal_zlib.crc32
    return zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS), zlib.crc32
