"""A data sheet that is a table: named, filtered, banded, with live totals below it; rows are written once, in order."""

from collections.abc import Collection, Sequence
from typing import Any

from reseller_reporting.reports.render.cell_xml import column_letters
from reseller_reporting.reports.render.look import COUNT, INK, MINUTES, MONEY, RULE, SHADE, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.sheet import Column, set_up_print, sheet_name, shown_titles

_STYLE = "Table Style Light 1"  # Grey bands; where tables have no style, the plain grid stays.
_HEADER_HEIGHT = 32
TOTALS_GAP = 2  # Rows from the last of the table to its totals: a table that grows takes a row below it into itself.


class TableSheet(PlainSheet):
    """Has a table although its rows are written as they come, which XlsxWriter does not offer.

    It refuses because a table's own cells could come too late. Here it writes none: the header is the sheet's.
    """

    _is_silent = False

    def table_over(self, last_row: int, titles: Sequence[str], name: str) -> None:
        self.constant_memory, self._is_silent = False, True
        columns = [{"header": title} for title in titles]
        options = {"name": name, "style": _STYLE, "columns": columns}
        done = self.add_table(0, 0, last_row, len(titles) - 1, options)
        self.constant_memory, self._is_silent = True, False
        assert done == 0, f"the table {name} could not be made"

    def link_to_file(self, row: int, column: int, file: str, cell_format: Any, text: str) -> None:
        """To a file beside the workbook, with the slashes of any system, not those of one."""
        self.write_url(row, column, f"external:{file}", cell_format, text)
        self.hyperlinks[row][column]._relationship_link = file

    def _write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> int:
        return 0 if self._is_silent else int(super()._write_string(row, col, string, cell_format))


def open_table(workbook: Any, look: Look, name: str, columns: Sequence[Column], row_count: int) -> Any:
    """Add the sheet with its header, and a table of its name over the rows to come. The first column stays in sight."""
    shown, titles = sheet_name(look.words, name), shown_titles(look.words, columns)
    sheet = workbook.add_worksheet(shown, TableSheet)
    sheet.freeze_panes(1, 1)
    for position, column in enumerate(columns):
        sheet.set_column(position, position, column.width)
    sheet.set_row(0, _HEADER_HEIGHT)
    for position, (column, title) in enumerate(zip(columns, titles, strict=True)):
        sheet.write_string(0, position, title, _header(look, column))
    # A table has a row at least.
    sheet.table_over(max(row_count, 1), titles, shown.replace(" ", "_"))
    set_up_print(sheet)
    sheet.repeat_rows(0)
    return sheet


def _header(look: Look, column: Column) -> Any:
    left = column.kind in ("text", "date_time", "text_indented")
    return look.made(
        bold=True,
        font_color=INK,
        bg_color=SHADE,
        bottom=1,
        bottom_color=RULE,
        valign="vcenter",
        align="left" if left else "right",
        indent=1 if column.kind == "text_indented" else 0,
        text_wrap=True,
    )


def write_totals(sheet: Any, look: Look, columns: Sequence[Column], row_count: int, totals: dict[str, Any]) -> None:
    """Live sums of the rows that the filter shows, each with its value now."""
    if not row_count:
        return
    row = row_count + TOTALS_GAP
    for position, column in enumerate(columns):
        value = totals.get(column.title)
        cell_format = _total(look, column)
        if value is None:
            sheet.write_string(row, position, look.words.say("Total") if position == 0 else "", cell_format)
            continue
        letter = column_letters(position)
        sheet.write_formula(row, position, f"=SUBTOTAL(109,{letter}2:{letter}{row_count + 1})", cell_format, value)


def _total(look: Look, column: Column) -> Any:
    formats = {"money": MONEY, "minutes": MINUTES, "count": COUNT}
    return look.made(
        bold=True,
        font_color=INK,
        top=1,
        top_color=RULE,
        **({"num_format": formats[column.kind]} if column.kind in formats else {}),
    )


def write_more(sheet: Any, look: Look, row: int, column: int, text: str) -> None:
    """What is not listed is told."""
    sheet.write_string(row, column, text, look.warned)


def letters_of(columns: Sequence[Column]) -> dict[str, str]:
    return {column.title: column_letters(place) for place, column in enumerate(columns)}


def sum_of(values: Collection[Any]) -> Any:
    """Of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
