"""The first sheet: for whom, of when, from what, whether it is complete, and the key figures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.units import currency
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import micros_amount, noise_free
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.formulas import CallRanges
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY, ROW_HEIGHT, Look
from reseller_reporting.reports.render.sheet import Formula, PlainSheet, set_up_print
from reseller_reporting.reports.render.sheet_statement import StatementCells
from reseller_reporting.reports.render.sheets_record import RECURRING_COST, invoiced_total
from reseller_reporting.reports.render.sheets_usage import BURST, FLAT, RESELLER_TYPE, UsageView
from reseller_reporting.reports.usage import UsageSums

_WIDTHS = (28, 20, 11, 68)
_LAST_COLUMN = len(_WIDTHS) - 1
_CHARACTERS_PER_LINE = 118
_LINE_HEIGHT = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Where the other sheets' figures stand."""

    ranges: CallRanges
    view: UsageView
    country_count: int
    service_count: int
    statement: StatementCells | None


@dataclass(frozen=True, slots=True)
class _KeyFigure:
    name: str
    value: Formula | int | Decimal | None  # None: not known.
    number_format: str
    unit: str
    note: str


def add_summary(workbook: Any) -> Any:
    """The sheet, first in the workbook; it is filled last, when everything is known."""
    sheet = workbook.add_worksheet("Summary", PlainSheet)
    sheet.hide_gridlines(2)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    set_up_print(sheet)
    sheet.fit_to_pages(1, 1)
    return sheet


def write_summary_sheet(sheet: Any, look: Look, facts: AccountFacts, sums: UsageSums, tables: Tables) -> None:
    row = _write_title(sheet, look, facts)
    if not facts.complete:
        row = _write_banner(sheet, look, row, facts.warnings)
    row = _write_pairs(sheet, look, row, "Report", list(_report_pairs(facts)))
    row = _write_key_figures(sheet, look, row, list(_key_figures(facts, sums, tables)))
    if facts.complete and facts.warnings:
        _write_notes(sheet, look, row, facts.warnings)


def _write_title(sheet: Any, look: Look, facts: AccountFacts) -> int:
    sheet.set_row(0, 32)
    sheet.write_string(0, 0, cell_text(facts.account.name or facts.account.id), look.title)
    sheet.set_row(1, 20)
    sheet.write_string(1, 0, cell_text(f"Calls and costs, {spoken_period(facts.period)}"), look.subtitle)
    return 3


def _write_banner(sheet: Any, look: Look, row: int, warnings: list[ReportWarning]) -> int:
    headline = "This report is not complete: figures are missing or may still change."
    _write_line(sheet, row, headline, look.banner, padding=9)
    for warning in warnings:
        row += 1
        _write_line(sheet, row, _sentence(warning), look.banner_line, padding=3)
    return row + 2


def _write_notes(sheet: Any, look: Look, row: int, warnings: list[ReportWarning]) -> None:
    _write_section(sheet, look, row, "Notes")
    for warning in warnings:
        row += 1
        _write_line(sheet, row, _sentence(warning), look.wrapped, padding=3)


def _write_line(sheet: Any, row: int, text: str, cell_format: Any, *, padding: int) -> None:
    """A sentence over the whole width, as high as it needs."""
    lines = sum(max(1, -(-len(part) // _CHARACTERS_PER_LINE)) for part in text.split("\n"))
    sheet.set_row(row, min(lines * ROW_HEIGHT + padding, 400))
    sheet.merge_range(row, 0, row, _LAST_COLUMN, "", cell_format)
    sheet.write_string(row, 0, cell_text(text), cell_format)


def _write_section(sheet: Any, look: Look, row: int, title: str) -> None:
    sheet.set_row(row, 22)
    sheet.write_string(row, 0, title, look.section)
    for position in range(1, _LAST_COLUMN + 1):
        sheet.write_blank(row, position, None, look.section)


def _write_pairs(sheet: Any, look: Look, row: int, title: str, pairs: list[tuple[str, str]]) -> int:
    _write_section(sheet, look, row, title)
    for row, (label, value) in enumerate(pairs, row + 1):  # noqa: B020, PLR1704 - The count goes on.
        sheet.set_row(row, _LINE_HEIGHT)
        sheet.write_string(row, 0, label, look.label)
        sheet.write_string(row, 1, cell_text(value), look.value)
    return row + 2


def _write_key_figures(sheet: Any, look: Look, row: int, figures: list[_KeyFigure]) -> int:
    _write_section(sheet, look, row, "Key figures")
    for figure in figures:
        row += 1
        sheet.set_row(row, _LINE_HEIGHT)
        sheet.write_string(row, 0, figure.name, look.label)
        if figure.value is None:
            sheet.write_string(row, 1, "not available", look.missing)
        elif isinstance(figure.value, Formula):
            sheet.write_formula(row, 1, figure.value.text, look.figure(figure.number_format), figure.value.value)
        else:
            sheet.write_number(row, 1, figure.value, look.figure(figure.number_format))
        sheet.write_string(row, 2, cell_text(figure.unit), look.note)
        sheet.write_string(row, 3, figure.note, look.note)
    return row + 2


def _report_pairs(facts: AccountFacts) -> Iterator[tuple[str, str]]:
    period = facts.period
    yield "Account", facts.account.name
    yield "Account ID", facts.account.id
    if facts.account.realm:
        yield "Realm", facts.account.realm
    yield "Reseller", f"{facts.reseller.name} ({facts.reseller.id})"
    yield "From", _moment(period.from_local)
    yield "To (exclusive)", _moment(period.to_local)
    yield "Time zone", period.timezone
    if facts.edition is Edition.INTERNAL:
        yield "Data from", facts.data_from or "no source"
    yield "Currency", facts.currency
    yield "Complete", "yes" if facts.complete else "no, as said above"
    if facts.edition is Edition.INTERNAL:
        yield "Calls listed", _LISTED[facts.legs_listed]


_LISTED = {
    "billable": "billable legs: those that bear a billing tag",
    "all": "all legs; on-net ones are listed and count in no figure",
}


def _key_figures(facts: AccountFacts, sums: UsageSums, tables: Tables) -> Iterator[_KeyFigure]:
    total = sums.total

    def of_countries(title: str, value: float | Decimal) -> Formula:
        column = tables.view.letter(title)
        return Formula(f"=SUM('Countries'!${column}$2:${column}${max(tables.country_count, 1) + 1})", value)

    yield _KeyFigure(
        "Calls", of_countries("Calls", total.calls), COUNT, "legs", "Billable legs that started in the period"
    )
    yield _KeyFigure(
        "Billing Minutes",
        of_countries("Billing Minutes", tables.view.minutes_seconds(total) / 60),
        MINUTES,
        "minutes",
        "Charged seconds / 60; answered seconds / 60 where none are charged"
        if facts.edition is Edition.INTERNAL
        else "As the price plan bills them, bundles included",
    )
    yield from _prices(facts, sums, tables, of_countries)
    if facts.edition is Edition.INTERNAL:
        yield from _as_billed(facts, sums, tables, of_countries)
        yield from _recurring(facts, tables)
        yield _KeyFigure(
            "On-net legs", sums.legs_on_net, COUNT, "legs", "Read, without a billing tag; in no figure above"
        )
        yield _KeyFigure("Malformed records", len(facts.problems), COUNT, "records", "No legs; in no figure above")


_OfCountries = Callable[[str, float | Decimal], Formula]


def _prices(facts: AccountFacts, sums: UsageSums, tables: Tables, of_countries: _OfCountries) -> Iterator[_KeyFigure]:
    """By the reseller's own plan; without one there is nothing to say."""
    if facts.prices is None or tables.statement is None:
        return
    statement, code = facts.prices.statement, facts.currency
    total = Formula(f"={tables.statement.total}", tables.statement.total_value)
    yield _KeyFigure("Total due", total, MONEY, code, "What the statement comes to, taxes included")
    micros = sums.total.price_micros
    price = None if micros is None else of_countries("Price", micros_amount(micros))
    yield _KeyFigure("Price", price, MONEY, code, "Of the calls, by the price plan")
    recurring = micros_amount(statement.recurring_micros)
    yield _KeyFigure("Recurring Price", recurring, MONEY, code, "Of services, by the price plan")
    if facts.edition is Edition.INTERNAL:
        margin = sums.total.margin_micros
        cell = None if margin is None else of_countries("Margin", micros_amount(margin))
        yield _KeyFigure("Margin", cell, MONEY, code, "Price of the calls less reseller cost")


def _as_billed(
    facts: AccountFacts, sums: UsageSums, tables: Tables, of_countries: _OfCountries
) -> Iterator[_KeyFigure]:
    total, money_code = sums.total, facts.currency
    known = facts.has_reseller_view and sums.has_reseller_view

    def of_types(value: int | None, *tags: str) -> Formula | None:
        counts = [tables.ranges.count(tables.ranges.type_is(RESELLER_TYPE, tag)) for tag in tags]
        return Formula(f"={'+'.join(counts)}", value) if known and value is not None else None

    def minutes(title: str, seconds: int | None) -> Formula | None:
        return of_countries(title, seconds / 60) if known and seconds is not None else None

    trunk = "Carried by the reseller's trunks, burst included"
    yield _KeyFigure("Flat-rate Calls", of_types(total.flat_rate_calls, FLAT, BURST), COUNT, "legs", trunk)
    flat = minutes("Flat-rate Minutes", total.flat_rate_seconds)
    yield _KeyFigure("Flat-rate Minutes", flat, MINUTES, "minutes", trunk)
    credit = "Paid by the minute from the reseller's credit"
    yield _KeyFigure("Per-minute Calls", of_types(total.per_minute_calls, PER_MINUTE), COUNT, "legs", credit)
    by_minute = minutes("Per-minute Minutes", total.per_minute_seconds)
    yield _KeyFigure("Per-minute Minutes", by_minute, MINUTES, "minutes", credit)
    reseller_units = total.reseller_cost_units if known else None
    yield _KeyFigure(
        "Reseller Cost",
        None if reseller_units is None else of_countries("Reseller Cost", currency(reseller_units)),
        MONEY,
        money_code,
        "What the provider charged the reseller for these calls",
    )
    yield _KeyFigure(
        "Customer Cost",
        of_countries("Customer Cost", currency(total.customer_cost_units)),
        MONEY,
        money_code,
        "What the platform charged the customer's own credit",
    )


def _recurring(facts: AccountFacts, tables: Tables) -> Iterator[_KeyFigure]:
    money_code = facts.currency
    share = "Its share of the reseller's own invoice: a whole month's, as it stood when read"
    yield _KeyFigure("Reseller Recurring Cost", _amount(facts.reseller_recurring), MONEY, money_code, share)
    yield _KeyFigure(
        "Customer Recurring Cost",
        _customer_recurring(facts, tables),
        MONEY,
        money_code,
        "Its own invoices: a whole month's, as they stood when read",
    )
    units = facts.ledger_per_minute_units
    yield _KeyFigure(
        "Ledgers Per Minute",
        None if units is None else currency(max(units, 0)),
        MONEY,
        money_code,
        "Net debit of the account's per-minute ledger in the period",
    )


def _customer_recurring(facts: AccountFacts, tables: Tables) -> Formula | Decimal | None:
    """Live where the items of the sheet Services add up to it, as they should."""
    amount = _amount(facts.customer_recurring)
    services = facts.snapshot.services if facts.snapshot else None
    if amount is None or not tables.service_count or noise_free(invoiced_total(services)) != amount:
        return amount
    last_row = tables.service_count + 1
    return Formula(f"=SUM('Services'!${RECURRING_COST}$2:${RECURRING_COST}${last_row})", amount)


def _amount(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else noise_free(amount)


def _sentence(warning: ReportWarning) -> str:
    return f"{warning.message} (×{warning.count})" if warning.count > 1 else warning.message


def _moment(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")
