"""The zip file a workbook is: read by others, the same bytes however its parts came, right past the old limits."""

import sys
import zipfile
import zlib
from io import BytesIO
from itertools import pairwise

import pytest

from reseller_reporting.reports.render import package
from reseller_reporting.reports.render.package import PIECE_SIZE, Compression, Deflated, Package, Part, deflated

CONTENT = b"".join(b"<c r=%d><v>%d</v></c>" % (n, n * n) for n in range(150_000))


def packed(*parts: Part) -> BytesIO:
    made = BytesIO()
    package = Package(made)
    for part in parts:
        package.add(part)
    package.close()
    return made


@pytest.mark.parametrize("compression", Compression)
def test_others_read_what_was_put_in(compression: Compression) -> None:
    contents = {"xl/a.xml": CONTENT, "b.xml": b"", "c.xml": b"short"}
    made = packed(*(deflated(name, [content], BytesIO(), compression) for name, content in contents.items()))
    with zipfile.ZipFile(made) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == contents
        assert {one.date_time for one in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("cuts", [[1, 2], [PIECE_SIZE], [PIECE_SIZE - 1, PIECE_SIZE + 1, 2 * PIECE_SIZE, 3_000_000]])
def test_a_part_is_the_same_in_whatever_pieces_it_came(compression: Compression, cuts: list[int]) -> None:
    assert len(CONTENT) > 3 * PIECE_SIZE
    pieces = [CONTENT[start:end] for start, end in pairwise([0, *cuts, len(CONTENT)])]
    whole, cut = (deflated("a", some, BytesIO(), compression) for some in ([CONTENT], pieces))
    assert packed(cut).getvalue() == packed(whole).getvalue()


def test_a_buffer_may_be_used_again_once_it_was_taken() -> None:
    buffer, part = bytearray(CONTENT), Deflated(BytesIO(), Compression.FAST)
    part.add(memoryview(buffer))
    buffer[:] = b"?" * len(buffer)
    with zipfile.ZipFile(packed(part.finish("a"))) as read:
        assert read.read("a") == CONTENT


def test_small_is_smaller() -> None:
    small, fast = (deflated("a", [CONTENT], BytesIO(), each).size for each in (Compression.SMALL, Compression.FAST))
    assert small < fast


def test_without_isa_l_zlib_deflates(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = deflated("a", [CONTENT], BytesIO(), Compression.FAST)
    monkeypatch.setitem(sys.modules, "isal", None)
    without = deflated("a", [CONTENT], BytesIO(), Compression.FAST)
    level_1 = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    assert without.size == len(level_1.compress(CONTENT) + level_1.flush()) != with_it.size
    assert without.crc == with_it.crc == zlib.crc32(CONTENT)


def test_parts_past_the_old_limits_are_found_by_their_zip64_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "ZIP64_SIZE", 100)
    contents = {f"{number}.xml": b"x" * 40 * number for number in range(6)}
    made = packed(*(deflated(name, [content], BytesIO(), Compression.SMALL) for name, content in contents.items()))
    with zipfile.ZipFile(made) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == contents
        large = [one for one in read.infolist() if one.file_size >= 100]
        assert {one.extract_version for one in large} == {45}
    raw = made.getvalue()
    assert raw.count(b"\xff" * 8) >= len(large)  # The old fields say that they do not know.


def test_a_size_past_four_gib_is_told_in_full() -> None:
    huge = Part("a", BytesIO(b"x"), crc=7, size=1, raw_size=2**32 + 5)
    with zipfile.ZipFile(packed(huge, huge)) as read:
        assert [one.file_size for one in read.infolist()] == [2**32 + 5] * 2
        assert [one.compress_size for one in read.infolist()] == [1, 1]


@pytest.mark.slow
def test_more_parts_than_the_old_directory_counts_are_all_there() -> None:
    part = deflated("a", [b"x"], BytesIO(), Compression.FAST)
    made = packed(*(Part(f"{number}", part.file, part.crc, part.size, part.raw_size) for number in range(65_536)))
    with zipfile.ZipFile(made) as read:
        assert len(read.namelist()) == 65_536
        assert read.read("65535") == b"x"
