"""The sheet Customers of the reseller's workbook: the columns of `summary.csv` as real numbers, figures first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.cell_xml import CellKind
from reseller_reporting.reports.render.column_help import CUSTOMERS_HELP
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, write_row
from reseller_reporting.reports.render.table_sheet import (
    TOTALS_GAP,
    close_table,
    letters_of,
    open_table,
    sum_of,
    write_totals,
)
from reseller_reporting.reports.summary import SUMMARY_COLUMNS, TEXT_COLUMNS, summary_row
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

SHEET = mark("Customers")
_FIRST = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("Complete", 11),
    Column("Calls", 10, "count"),
    Column("Billing Minutes", 13, "minutes"),
    Column("Flat-rate Calls", 11, "count"),
    Column("Flat-rate Minutes", 13, "minutes"),
    Column("Per-minute Calls", 12, "count"),
    Column("Per-minute Minutes", 13, "minutes"),
    Column("Reseller Cost", 14, "money"),
    Column("Customer Cost", 14, "money"),
    Column("Price", 14, "money"),
    Column("Margin", 14, "money"),
    Column("Reseller Recurring Cost", 15, "money"),
    Column("Customer Recurring Cost", 15, "money"),
    Column("Recurring Price", 14, "money"),
    Column("Ledgers Per Minute", 14, "money"),
    Column("Currency", 10, "text_indented"),
)
_LAST = (Column("Warnings", 80, "text_indented"),)
_TITLES_PLACED = {column.title for column in (*_FIRST, *_LAST)}
_COUNTED = tuple(Column(title, 12, "count") for title in SUMMARY_COLUMNS if title not in _TITLES_PLACED)
COLUMNS = (*_FIRST, *_COUNTED, *_LAST)
LETTERS = letters_of(COLUMNS)
# Of each column of minutes, the seconds that it shows.
_SECONDS = {
    "Billing Minutes": "billing_seconds",
    "Flat-rate Minutes": "flat_rate_seconds",
    "Per-minute Minutes": "per_minute_seconds",
}
_LINKS_MAX = 60_000  # A sheet may have little more.


@dataclass(frozen=True, slots=True)
class Customers:
    """Where the figures of the customers stand, and what they come to."""

    row_count: int
    totals: Mapping[str, Any]
    sheet: str  # As the reader sees it named.

    def column(self, title: str) -> str:
        """The cells of a column, for a formula on another sheet."""
        letter = LETTERS[title]
        return f"'{self.sheet}'!${letter}$2:${letter}${max(self.row_count, 1) + 1}"

    def cell(self, title: str, place: int) -> str:
        """Of the customer at that place, counted from 0."""
        return f"'{self.sheet}'!${LETTERS[title]}${place + 2}"


def shown_figures(facts: AccountFacts, sums: UsageSums) -> Figures:
    """What is ours to show of an account's calls."""
    return sums.total if facts.has_reseller_view else sums.total.without_reseller()


def write_customers(
    workbook: Any, look: Look, entries: Sequence[tuple[AccountFacts, UsageSums | None]], files: Mapping[str, str]
) -> Customers:
    """Returns where to find what."""
    sheet = open_table(workbook, look, SHEET, COLUMNS, CUSTOMERS_HELP)
    known: dict[str, list[Any]] = {column.title: [] for column in COLUMNS if column.kind in _SUMMED}
    for row, (facts, sums) in enumerate(entries, 1):
        cells = _cells(look.words, facts, sums, row)
        for column, cell in zip(COLUMNS, cells, strict=True):
            if column.title in known:
                known[column.title].append(cell.value if isinstance(cell, Formula) else cell)
        file = files.get(str(facts.account.id))
        if file is not None and row <= _LINKS_MAX:
            sheet.link_to_file(row, 0, file, look.link_in_rows, cell_text(str(cells[0])))
            cells[0] = None
        write_row(sheet, look, row, COLUMNS, cells)
    totals = {title: sum_of(values) for title, values in known.items()}
    write_totals(sheet, look, COLUMNS, len(entries), totals)
    _mark_incomplete(sheet, look, len(entries))
    close_table(sheet, look, COLUMNS, len(entries))
    # Quantities and warnings would make the page too small to read; they are for the screen.
    sheet.print_area(0, 0, len(entries) + TOTALS_GAP, len(_FIRST) - 1)
    return Customers(len(entries), totals, sheet.name)


_SUMMED: frozenset[CellKind] = frozenset({"count", "minutes", "money"})


def _cells(words: Words, facts: AccountFacts, sums: UsageSums | None, row: int) -> list[Cell]:
    texts = summary_row(facts, sums)
    figures = shown_figures(facts, sums) if sums is not None else None
    cells: list[Cell] = []
    for column in COLUMNS:
        text = texts[column.title]
        if column.title == "Name":
            cells.append(text if text.strip() else str(facts.account.id))
        elif column.title == "Complete":
            cells.append(words.say(text))
        elif column.title == "Warnings":
            cells.append(" | ".join(words.phrase(warning.message) for warning in facts.warnings))
        elif column.title in TEXT_COLUMNS:
            cells.append(text)
        elif column.title in _SECONDS:
            seconds = None if figures is None else getattr(figures, _SECONDS[column.title])
            cells.append(None if seconds is None else seconds / 60)
        elif column.title == "Margin" and text:
            formula = f"={LETTERS['Price']}{row + 1}-{LETTERS['Reseller Cost']}{row + 1}"
            cells.append(Formula(formula, Decimal(text)))
        else:
            cells.append(Decimal(text) if text else None)
    return cells


def _mark_incomplete(sheet: Any, look: Look, row_count: int) -> None:
    """A report that is not complete; the word says it, too."""
    place = [column.title for column in COLUMNS].index("Complete")
    is_no = {"type": "cell", "criteria": "==", "value": f'"{look.words.say("no")}"', "format": look.marked}
    sheet.conditional_format(1, place, max(row_count, 1), place, {**is_no, "stop_if_true": True})
