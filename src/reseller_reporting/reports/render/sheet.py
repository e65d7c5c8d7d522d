"""A data sheet: a header in row 1, frozen and filtered, widths and print set-up; rows are written once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xlsxwriter.worksheet import Worksheet

from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.cell_xml import CellKind
from reseller_reporting.reports.render.look import Look

_FOOTER_NAME_MAX = 80  # The whole footer may have 255 characters.


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula with the value that it has now, for readers that do not calculate."""

    text: str
    value: int | float | Decimal


Cell = str | int | float | Decimal | Formula | None


class PlainSheet(Worksheet):  # type: ignore[misc]
    """A sheet whose text is text, and whose formulas name functions that every spreadsheet has.

    XlsxWriter takes a text between `<r>` and `</r>` for markup and does not escape it; and it looks for thirty newer
    functions in each formula, which takes longer than all else about it.
    """

    def _xml_rich_inline_string(self, string: str, attributes: Sequence[Any] = ()) -> None:
        self._xml_inline_string(string, None, attributes)

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        return formula.removeprefix("=")


def open_sheet(workbook: Any, look: Look, name: str, columns: Sequence[Column]) -> Any:
    """Add the sheet; its header goes in with `write_header`, in the order of rows."""
    sheet = workbook.add_worksheet(name, PlainSheet)
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(columns):
        sheet.set_column(position, position, column.width)
    sheet.set_row(0, 20)
    for position, column in enumerate(columns):
        sheet.write_string(0, position, column.title, header_format(look, column.kind))
    set_up_print(sheet)
    sheet.repeat_rows(0)
    return sheet


def header_format(look: Look, kind: CellKind) -> Any:
    if kind == "text_indented":
        return look.header_indented
    return look.header if kind in ("text", "date_time") else look.header_right


def close_sheet(sheet: Any, columns: Sequence[Column], row_count: int) -> None:
    sheet.autofilter(0, 0, row_count, len(columns) - 1)


def set_up_print(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4; a printer with other paper scales.
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)


def page_footer(name: str, period: str) -> str:
    """Whose page it is, of which period, which sheet and page: a loose page finds its way home.

    An ampersand is a command there, so a name's own is doubled; the space keeps its digits out of the type size.
    """
    shown = "".join(character for character in cell_text(name)[:_FOOTER_NAME_MAX] if character.isprintable())
    return f"&L&9 {shown.replace('&', '&&')} · {period}&C&9&A&R&9&P / &N"


def write_row(sheet: Any, look: Look, row: int, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    """None and empty text leave no cell: a formula's criterion for blanks must find it blank."""
    for position, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        cell_format = look.of_kind(column.kind)
        if cell is None or cell == "":
            continue
        if isinstance(cell, str):
            sheet.write_string(row, position, cell_text(cell), cell_format)
        elif isinstance(cell, Formula):
            sheet.write_formula(row, position, cell.text, cell_format, cell.value)
        else:
            sheet.write_number(row, position, cell, cell_format)
