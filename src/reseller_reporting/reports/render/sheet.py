"""A data sheet: a header in row 1, frozen and filtered, widths and print set-up; rows are written once, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reseller_reporting.reports.render.cell_text import one_line
from reseller_reporting.reports.render.cell_xml import CellKind
from reseller_reporting.reports.render.column_help import HELP
from reseller_reporting.reports.render.look import FONT, NOTE, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet, formula_cell, number_cell, text_cell
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

SUMMARY_SHEET, LOSS_COLUMN = "Summary", "Margin"
# By these the code knows the sheets; a reader sees them in the language of the report.
SHEETS = (
    mark("Summary"),
    mark("Calls"),
    mark("Countries"),
    mark("Rates"),
    mark("Users"),
    mark("Services"),
    mark("Statement"),
    mark("Trunks"),
    mark("Problems"),
)
BACK = mark("Back to the summary")  # What a header that leads there says when the mouse rests on it.

_ROW_POINTS = 15.75
_PAPER_A4, _PAPER_A3 = 9, 8  # A printer with other paper scales.
_WIDE_CHARACTERS = 300
_FOOTER_NAME_MAX = 80  # The whole footer may have 255 characters.
_BUTTON_CHARACTERS = 4  # Of the filter, which covers the right end of a title that has no room beside it.
_NOTE_CHARACTERS_PER_LINE, _NOTE_LINE_PIXELS = 36, 15
_NOTE_LOOK: dict[str, Any] = {"width": 230, "font_name": FONT, "font_size": 9, "color": NOTE}


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


def open_sheet(
    workbook: Any,
    look: Look,
    name: str,
    columns: Sequence[Column],
    *,
    notes: Mapping[str, str] = HELP,
    number: int = 1,
    kind: type[PlainSheet] = PlainSheet,
    is_wrapped: bool = False,
    is_filtered: bool = True,
) -> Any:
    """Add the sheet with its header: each title says in a note what its column holds, the first leads back.

    Titles may stand on two lines where columns are many.
    """
    sheet = workbook.add_worksheet(sheet_name(look.words, name, number), kind)
    sheet.freeze_panes(1, 0)
    sheet.hide_gridlines(2)
    titles = shown_titles(look.words, columns)
    for position, (column, title) in enumerate(zip(columns, titles, strict=True)):
        sheet.set_column(position, position, width_for(column, title, is_wrapped=is_wrapped))
    sheet.set_row(0, 32 if is_wrapped else 22)
    formats = header_formats(look, columns, is_wrapped=is_wrapped, is_filtered=is_filtered)
    back = link_to(look.words.say(SUMMARY_SHEET))
    sheet.write_url(0, 0, back, formats[0], titles[0], look.words.say(BACK))
    for position, title in enumerate(titles[1:], 1):
        sheet.write_string(0, position, title, formats[position])
    write_help(sheet, look.words, columns, notes)
    set_up_print(sheet)
    if sum(column.width for column in columns) > _WIDE_CHARACTERS:
        sheet.set_paper(_PAPER_A3)
    sheet.repeat_rows(0)
    return sheet


def sheet_name(words: Words, name: str, number: int = 1) -> str:
    """What the reader calls a sheet; what goes on in a second one is numbered."""
    return words.say(name) if number == 1 else f"{words.say(name)} {number}"


def width_for(column: Column, title: str, *, is_wrapped: bool = False) -> int:
    """As planned; a longer title, in another language most of all, gets the room that it and its button need."""
    line = title
    if is_wrapped:
        words = title.split() or [""]
        # The shorter of two lines is what the break between any two words leaves.
        line = min((max(" ".join(words[:at]), " ".join(words[at:]), key=len) for at in range(len(words))), key=len)
    return max(column.width, len(line) + _BUTTON_CHARACTERS)


def shown_titles(words: Words, columns: Sequence[Column]) -> list[str]:
    return [words.say(column.title) for column in columns]


def write_help(sheet: Any, words: Words, columns: Sequence[Column], notes: Mapping[str, str]) -> None:
    for position, column in enumerate(columns):
        if column.title in notes:
            text = words.say(notes[column.title])
            height = _NOTE_LINE_PIXELS * (2 + len(text) // _NOTE_CHARACTERS_PER_LINE)
            sheet.write_comment(0, position, text, {**_NOTE_LOOK, "height": height})


def link_to(sheet_name: str) -> str:
    """An address inside the workbook."""
    return f"internal:'{sheet_name}'!A1"


def header_formats(
    look: Look, columns: Sequence[Column], *, is_wrapped: bool = False, is_filtered: bool = True
) -> list[Any]:
    """Of each column's title; the first one is a link."""
    first, *others = columns
    looks = [look.header_of(column.kind, is_wrapped=is_wrapped, is_filtered=is_filtered) for column in others]
    return [look.header_of(first.kind, is_link=True, is_wrapped=is_wrapped), *looks]


def close_sheet(sheet: Any, look: Look, columns: Sequence[Column], row_count: int) -> None:
    """Make the rows a table of the sheet's name, with stripes; what is sold below its cost is marked."""
    sheet.announce_table(sheet.name.replace(" ", "_"), shown_titles(look.words, columns), row_count)
    last_row = max(row_count, 1)
    for position, column in enumerate(columns):
        if column.title == LOSS_COLUMN:
            sheet.conditional_format(1, position, last_row, position, below_zero(look))
    stripe = {"type": "formula", "criteria": "=MOD(ROW(),2)=1", "format": look.stripe}
    sheet.conditional_format(1, 0, last_row, len(columns) - 1, stripe)


def below_zero(look: Look) -> dict[str, Any]:
    """Less than nothing: bold and amber, and the minus sign says it without a colour."""
    return {"type": "cell", "criteria": "<", "value": 0, "format": look.marked, "stop_if_true": True}


def set_up_print(sheet: Any, *, is_wide: bool = True) -> None:
    if is_wide:
        sheet.set_landscape()
    sheet.set_default_row(_ROW_POINTS)
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)


def page_footer(name: str, period: str) -> str:
    """Whose page it is, of which period, which sheet and page: a loose page finds its way home."""
    return f"&L&9 {_on_paper(name)} · {period}&C&9&A&R&9&P / &N"


def page_header(sender: str, title: str) -> str:
    """Who sends it, and what it is."""
    return f"&L&9 {_on_paper(sender)}&R&9 {_on_paper(title)}"


def _on_paper(text: str) -> str:
    """An ampersand is a command there, so a text's own is doubled. The space before it keeps digits out of the size."""
    return one_line(text, _FOOTER_NAME_MAX).replace("&", "&&")


def write_row(sheet: Any, look: Look, row: int, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    """None and empty text leave no cell: a formula's criterion for blanks must find it blank."""
    made = []
    for position, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        if isinstance(cell, Formula):
            shown = formula_cell(cell.text.removeprefix("="), cell.value)
        elif cell is None or cell == "":
            continue
        else:
            shown = text_cell(cell) if isinstance(cell, str) else number_cell(cell)
        made.append((position, look.of_kind(column.kind), shown))
    sheet.write_whole_row(row, made)
