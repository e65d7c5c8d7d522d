"""A data sheet of the reseller's workbook: a table as any other, with live totals below it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reseller_reporting.reports.render.cell_xml import column_letters
from reseller_reporting.reports.render.look import COUNT, INK, MINUTES, MONEY, RULE, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.sheet import Column, below_zero, close_sheet, open_sheet

_NONE: Mapping[str, str] = {}
TOTALS_GAP = 2  # Rows from the last of the table to its totals: a table that grows takes a row below it into itself.


class TableSheet(PlainSheet):
    """May lead to files beside the workbook."""

    def link_to_file(self, row: int, column: int, file: str, cell_format: Any, text: str) -> None:
        """To a file beside the workbook, with the slashes of any system, not those of one."""
        self.write_url(row, column, f"external:{file}", cell_format, text)
        self.hyperlinks[row][column]._relationship_link = file


def open_table(
    workbook: Any, look: Look, name: str, columns: Sequence[Column], notes: Mapping[str, str] = _NONE
) -> Any:
    """Add the sheet with its header. The first column stays in sight."""
    sheet = open_sheet(workbook, look, name, columns, notes=notes, kind=TableSheet, is_wrapped=True)
    sheet.freeze_panes(1, 1)
    return sheet


def close_table(
    sheet: Any, look: Look, columns: Sequence[Column], row_count: int, *, losses: Collection[str] = ()
) -> None:
    """Make the rows a table; what is below zero in these columns is marked."""
    for position, column in enumerate(columns):
        if column.title in losses:
            sheet.conditional_format(1, position, max(row_count, 1), position, below_zero(look))
    close_sheet(sheet, look, columns, row_count)


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
