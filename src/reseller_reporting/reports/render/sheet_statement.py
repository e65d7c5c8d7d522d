"""The sheet Statement: what the customer owes, line by line; subtotals, net and total are live formulas over lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.reports.edition import Edition, evidence_shown, plan_shown
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.look_statement import StatementLook
from reseller_reporting.reports.render.sheet import Column, open_sheet
from reseller_reporting.reports.statement_page import AFTER_NET, TITLES, by_kind, line_text
from reseller_reporting.words.language import ENGLISH, Words

STATEMENT_SHEET = "Statement"
STATEMENT_COLUMNS = (
    Column("Text", 42),
    Column("Quantity", 13, "count"),
    Column("Unit", 11, "text_indented"),
    Column("Unit Price", 13, "money"),
    Column("Amount", 16, "money"),
    Column("Currency", 11, "text_indented"),
    Column("How", 70, "text_indented"),
    Column("Plan", 24, "text_indented"),
)
_TEXT, _QUANTITY, _UNIT, _UNIT_PRICE, _AMOUNT, _CURRENCY, _HOW, _PLAN = range(len(STATEMENT_COLUMNS))
AMOUNT_COLUMN = "E"
_MICROS_SCALE = 6


@dataclass(frozen=True, slots=True)
class StatementCells:
    """Where other sheets find the figures, as references for their formulas, each with its value."""

    total: str
    total_value: Decimal
    subtotals: tuple[tuple[str, str, Decimal], ...]  # Each with what it is of.


@dataclass(slots=True)
class _Writer:
    """Goes down the sheet row by row and remembers which rows hold what must be added up."""

    sheet: Any
    look: StatementLook
    words: Words
    currency: str
    row: int = 1
    subtotal_rows: list[int] = field(default_factory=list)  # As people count them, from 1.
    subtotals: list[tuple[str, str, Decimal]] = field(default_factory=list)

    def text(self, column: int, text: str, cell_format: Any) -> None:
        if text:
            self.sheet.write_string(self.row, column, cell_text(text), cell_format)

    def title(self, text: str) -> None:
        self.sheet.set_row(self.row, 22)
        for column in range(len(STATEMENT_COLUMNS)):
            self.sheet.write_blank(self.row, column, None, self.look.section)
        self.text(_TEXT, text, self.look.section)
        self.row += 1

    def line(self, line: Line, how: str, plan: str) -> None:
        look = self.look
        self.text(_TEXT, line_text(line, self.words), look.line_text)
        if line.quantity or line.unit:
            self.sheet.write_number(self.row, _QUANTITY, line.quantity, look.quantity)
        self.text(_UNIT, self.words.phrase(line.unit), look.unit)
        if line.unit_price_micros is not None:
            price = line.unit_price_micros.scaleb(-_MICROS_SCALE)
            self.sheet.write_number(self.row, _UNIT_PRICE, price, look.amount)
        self.sheet.write_number(self.row, _AMOUNT, micros_amount(line.amount_micros), look.amount)
        self.text(_CURRENCY, self.currency, look.unit)
        self.text(_HOW, self.words.phrase(how), look.how)
        self.text(_PLAN, plan, look.how)
        self.row += 1

    def sum(self, text: str, formula: str, micros: int, *, is_total: bool = False) -> None:
        look = self.look
        if is_total:
            self.sheet.set_row(self.row, 24)
        texts, amounts = (look.total_text, look.total) if is_total else (look.sum_text, look.sum)
        for column in range(_CURRENCY + 1):
            self.sheet.write_blank(self.row, column, None, texts)
        self.text(_TEXT, text, texts)
        self.sheet.write_formula(self.row, _AMOUNT, formula, amounts, micros_amount(micros))
        self.text(_CURRENCY, self.currency, look.total_unit if is_total else look.sum_unit)
        self.row += 1


def write_statement(
    workbook: Any, look: Look, statement: Statement, *, edition: Edition = Edition.INTERNAL
) -> StatementCells:
    """Add the sheet; returns where its total stands."""
    sheet = open_sheet(workbook, look, STATEMENT_SHEET, STATEMENT_COLUMNS, notes={}, is_filtered=False)
    writer = _Writer(sheet, StatementLook(look), look.words, statement.currency)
    groups = by_kind(statement)
    before_net: list[int] = []
    for kind, lines in groups.items():
        if kind in AFTER_NET and not before_net:
            before_net = _write_net(writer, groups)
        _write_group(writer, kind, lines, edition)
    total = sum(line.amount_micros for line in statement.lines)
    assert total == statement.total_micros, "the lines of a statement add up to its total"
    writer.row += 1
    writer.sum(look.words.say("Total due"), _added(writer.subtotal_rows), total, is_total=True)
    reference = _reference(sheet.name, writer.row)
    _write_notes(writer, look, statement, edition)
    return StatementCells(total=reference, total_value=micros_amount(total), subtotals=tuple(writer.subtotals))


def _reference(sheet_name: str, row: int) -> str:
    return f"'{sheet_name}'!${AMOUNT_COLUMN}${row}"


def _write_group(writer: _Writer, kind: LineKind, lines: Sequence[Line], edition: Edition) -> None:
    title = writer.words.say(TITLES[kind])
    writer.title(title)
    first = writer.row + 1
    for line in lines:
        writer.line(line, evidence_shown(line, edition), plan_shown(line.plan, edition))
    formula = f"=SUM({AMOUNT_COLUMN}{first}:{AMOUNT_COLUMN}{writer.row})"
    amount = sum(line.amount_micros for line in lines)
    group = title.lower() if writer.words == ENGLISH else title
    writer.sum(writer.words.say("Subtotal {group}", group=group), formula, amount)
    writer.subtotal_rows.append(writer.row)
    writer.subtotals.append((title, _reference(writer.sheet.name, writer.row), micros_amount(amount)))


def _write_net(writer: _Writer, groups: dict[LineKind, list[Line]]) -> list[int]:
    """What is owed before taxes on top and rounding; returns the rows that it adds up."""
    rows = list(writer.subtotal_rows)
    net = sum(line.amount_micros for kind, lines in groups.items() if kind not in AFTER_NET for line in lines)
    writer.row += 1
    writer.sum(writer.words.say("Net"), _added(rows), net)
    return rows or [0]


def _added(rows: Sequence[int]) -> str:
    return "=" + ("+".join(f"{AMOUNT_COLUMN}{row}" for row in rows) or "0")


def _write_notes(writer: _Writer, look: Look, statement: Statement, edition: Edition) -> None:
    writer.row += 1
    words = look.words
    shown = dict.fromkeys(plan_shown(label, edition) for label in statement.plans)
    plans = words.say("Price plans: {plans}", plans=", ".join(shown)) if shown else words.say("No price plan")
    writer.text(_TEXT, plans, look.label)
    if statement.unpriced_calls and edition is Edition.INTERNAL:
        writer.row += 1
        lacking = words.say_count(
            "{count} call has no price and is not in this statement: no rule of the plan fits.",
            "{count} calls have no price and are not in this statement: no rule of the plan fits.",
            statement.unpriced_calls,
        )
        writer.text(_TEXT, lacking, writer.look.warning)
