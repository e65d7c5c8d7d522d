"""Rows of cells: by XlsxWriter cell by cell, by plain Python, by the kernels; the same cells, the same bytes."""

import re
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xlsxwriter_rows import write_rows

from reseller_reporting.reports.render import rows_xml
from reseller_reporting.reports.render.cell_xml import DAY_MICROSECONDS, PLACES, TEXT_KINDS, CellKind, number_text
from reseller_reporting.reports.render.rows_xml import Cells, CompiledRows, plain_rows, rows_maker

Rows = Callable[[Sequence[Cells], int, Sequence[pa.Array]], bytes]

INT64 = st.integers(-(2**63), 2**63 - 1)
ODD = ["", "&", "<b>", "a>b", "_x0041_", "_x", "_xzzzz_", "_", "x", " lead", "trail ", "\t", "\n", "a\nb", "\r", "\x00"]
ODD += ["\x1f", "\x7f", "\x85", "\xa0nbsp", "nbsp\xa0", "é", "ü end é", "日本", "\u3000wide", "wide\u3000", "\u1680"]
ODD += [
    "\u2009x",
    "x\u2009",
    "\ufffe",
    "\uffff",
    "\ufeff",
    "\U0001f600",
    '"quoted"',
    "=1+1",
    "http://x",
    "00123",
    "1E5",
]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=8), st.text("ab_x0<& \u3000é", max_size=6))
OUR_TIME = st.integers(16_384 * DAY_MICROSECONDS, 100_000 * DAY_MICROSECONDS - 1)
NUMBERS: dict[CellKind, st.SearchStrategy[int]] = {
    "count": st.one_of(st.integers(-5, 10_000), INT64),
    "minutes": st.one_of(st.integers(0, 100_000), INT64),
    "money": st.one_of(st.integers(-30_000, 30_000), INT64),
    "money_micros": st.one_of(st.integers(-3_000_000, 3_000_000), INT64),
    "date_time": st.one_of(OUR_TIME, OUR_TIME, OUR_TIME, st.integers(0, 2**62)),
}
KINDS: list[CellKind] = ["text", "text_indented", *NUMBERS]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Cells], list[pa.Array]]:
    """A few columns of any kinds, with nulls, dictionaries and slices of longer ones."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    count = draw(st.integers(1, 12))
    columns = []
    for kind in kinds:
        values = TEXTS if kind in TEXT_KINDS else NUMBERS[kind]
        drawn = draw(st.lists(st.one_of(values, values, st.none()), min_size=count + 2, max_size=count + 2))
        array = pa.array(drawn, pa.string() if kind in TEXT_KINDS else pa.int64())
        if kind in TEXT_KINDS and draw(st.booleans()):
            array = array.dictionary_encode()
        columns.append(array.slice(draw(st.integers(0, 2)), count))
    places = draw(st.permutations(range(30)))
    cells = [
        Cells(kind, draw(st.integers(0, 40)), place) for kind, place in zip(kinds, sorted(places[:5]), strict=False)
    ]
    return cells, columns


def by_kernels(cells: Sequence[Cells], first_row: int, columns: Sequence[pa.Array]) -> bytes:
    return bytes(CompiledRows(cells).rows(first_row, columns))


def by_xlsxwriter(cells: Sequence[Cells], first_row: int, columns: Sequence[pa.Array]) -> bytes:
    """The rows of a sheet of which XlsxWriter writes every cell; formats are numbered from 1."""
    made = BytesIO()
    workbook = xlsxwriter.Workbook(made, {"constant_memory": True})
    sheet = workbook.add_worksheet()
    formats = [workbook.add_format({"font_size": 20 + number}) for number in range(len(cells))]
    for number, cell_format in enumerate(formats, 1):
        assert cell_format._get_xf_index() == number
    write_rows(sheet, first_row - 1, [cell.kind for cell in cells], formats, columns)
    workbook.close()
    xml = zipfile.ZipFile(made).read("xl/worksheets/sheet1.xml")
    return _with_formats_first(xml.partition(b"<sheetData>")[2].partition(b"</sheetD")[0])


def _with_formats_first(rows: bytes) -> bytes:
    """The order of attributes says nothing; ours is the one that deflates better."""
    return re.sub(rb'<c (r="[A-Z]+[0-9]+") (s="[0-9]+")', rb"<c \2 \1", rows)


def numbered(cells: Sequence[Cells]) -> list[Cells]:
    """The same kinds, side by side, with the formats that `by_xlsxwriter` gives them."""
    return [Cells(cell.kind, number + 1, number) for number, cell in enumerate(cells)]


@given(tables(), st.sampled_from([1, 2, 9, 10, 99_999, 1_048_576 - 12]))
@settings(max_examples=400, deadline=None)
def test_the_kernels_write_what_plain_python_writes(table: tuple[list[Cells], list[pa.Array]], first_row: int) -> None:
    cells, columns = table
    assert by_kernels(cells, first_row, columns) == plain_rows(cells, first_row, columns)


def is_printed_alike(cell: Cells, column: pa.Array) -> bool:
    """XlsxWriter prints sixteen figures, and a Decimal with its zeros."""
    return not PLACES.get(cell.kind) and all(
        value is None or isinstance(value, str) or abs(value) < 10**16 for value in column.to_pylist()
    )


@given(tables())
@settings(max_examples=200, deadline=None)
def test_plain_python_writes_what_xlsxwriter_writes(table: tuple[list[Cells], list[pa.Array]]) -> None:
    alike = [(cell, column) for cell, column in zip(*table, strict=True) if is_printed_alike(cell, column)]
    cells, columns = numbered([cell for cell, _ in alike]), [column for _, column in alike]
    if cells:
        assert plain_rows(cells, 2, columns) == by_xlsxwriter(cells, 2, columns)


@given(st.sampled_from(["count", "money", "money_micros"]), st.integers(-(10**15), 10**15))
def test_money_is_the_same_double_as_xlsxwriters_and_its_text_the_exact_decimal(kind: CellKind, value: int) -> None:
    cells, columns = [Cells(kind, 1, 0)], [pa.array([value])]
    ours, theirs = (
        re.findall(rb"<v>(.*)</v>", write(cells, 2, columns))[0].decode() for write in (plain_rows, by_xlsxwriter)
    )
    assert float(ours) == float(theirs)
    assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", ours)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("money", 79, "0.0079"),
        ("money", -25, "-0.0025"),
        ("money", 10_000, "1"),
        ("money", 0, "0"),
        ("money", 2**63 - 1, "922337203685477.5807"),
        ("money_micros", 1_500_000, "1.5"),
        ("minutes", 90, "1.5"),
        ("minutes", 1, "0.01666666666666667"),
        ("date_time", 46_296 * DAY_MICROSECONDS, "46296"),
        ("date_time", 46_296 * DAY_MICROSECONDS + 1_000_000, "46296.00001157408"),  # Of the double; exact is …7407.
    ],
)
def test_a_figure_is_written_in_full_and_without_idle_zeros(kind: CellKind, value: int, text: str) -> None:
    assert number_text(kind, value) == text


def test_the_kernel_prints_dates_as_python_prints_their_doubles() -> None:
    chance = np.random.default_rng(16)
    low, high = 16_384 * DAY_MICROSECONDS, 100_000 * DAY_MICROSECONDS
    moments = chance.integers(low, high, 100_000)
    edges = [each * DAY_MICROSECONDS + shift for each in (16_384, 32_768, 65_536, 99_999) for shift in (0, 1, 500_000)]
    some = pa.array([*edges, high - 1, *moments.tolist()])
    cells = [Cells("date_time", 1, 0)]
    assert by_kernels(cells, 1, [some]) == plain_rows(cells, 1, [some])


@pytest.mark.parametrize("make", [plain_rows, by_kernels, by_xlsxwriter])
def test_a_row_without_a_value_is_no_row(make: Rows) -> None:
    cells = [Cells("text", 1, 0), Cells("count", 2, 1)]
    made = make(cells, 5, [pa.array(["", None, "x"]), pa.array([None, None, 0], pa.int64())])
    assert made == b'<row r="7"><c s="1" r="A7" t="inlineStr"><is><t>x</t></is></c><c s="2" r="B7"><v>0</v></c></row>'


@pytest.mark.parametrize("make", [plain_rows, by_kernels])
def test_text_that_looks_like_rich_text_markup_stays_text(make: Rows) -> None:
    made = make([Cells("text", 0, 0)], 1, [pa.array(["<r><t>x</t></r>"])])
    assert b"<t>&lt;r&gt;&lt;t&gt;x&lt;/t&gt;&lt;/r&gt;</t>" in made


@pytest.mark.parametrize("make", [plain_rows, by_kernels])
def test_text_too_long_for_a_cell_is_cut(make: Rows) -> None:
    made = make([Cells("text", 0, 0)], 1, [pa.array(["7" * 40_000, "\U0001f600" * 16_383])])
    assert "7" * 32_766 + "…<" in made.decode()
    assert ">" + "\U0001f600" * 16_383 + "<" in made.decode()


def test_many_small_tables_load_the_compiler_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_xml, "_KERNELS", "no.such.module")
    monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX", 25)
    monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX_WITH_COMPILER", 25)
    monkeypatch.setattr(rows_xml, "_plain_rows", 0)
    cells = [Cells("count", 0, 0)]
    makers: list[Any] = [rows_maker(cells, expected_rows=10) for _ in range(4)]
    assert [isinstance(getattr(maker, "__self__", None), CompiledRows) for maker in makers] == [
        False,
        False,
        True,
        True,
    ]
    assert [bytes(maker(1, [pa.array([7])])) for maker in makers] == [b'<row r="1"><c r="A1"><v>7</v></c></row>'] * 4


@example("x" * 70_000)
@given(st.text(max_size=3))
@settings(deadline=None)
def test_buffers_grow_with_what_they_must_hold(text: str) -> None:
    cells, maker = [Cells("text", 0, 0)], CompiledRows([Cells("text", 0, 0)])
    for count in (1, 3, 900, 2):
        column = pa.array([text] * count)
        assert bytes(maker.rows(1, [column])) == plain_rows(cells, 1, [column])
