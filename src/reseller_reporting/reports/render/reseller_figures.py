"""The sheets Countries and Margins of the reseller's workbook: across all customers, and customer by customer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.margins import MARGIN_TEXT_COLUMNS
from reseller_reporting.reports.render.column_help import COUNTRIES_HELP, MARGINS_HELP
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, write_row
from reseller_reporting.reports.render.sheet_calls import country_label
from reseller_reporting.reports.render.table_sheet import close_table, letters_of, open_table, sum_of, write_totals
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.message import mark

COUNTRIES = "Countries"
_COUNTRY_COLUMNS = (
    Column("Country", 30),
    Column("Country Code", 10),
    Column("Direction", 12),
    Column("Customers", 11, "count"),
    Column("Calls", 10, "count"),
    Column("Billing Minutes", 14, "minutes"),
    Column("Flat-rate Minutes", 14, "minutes"),
    Column("Per-minute Minutes", 14, "minutes"),
    Column("Reseller Cost", 15, "money"),
    Column("Customer Cost", 15, "money"),
    Column("Price", 14, "money"),
    Column("Margin", 14, "money"),
    Column("Currency", 10, "text_indented"),
)
_LETTERS = letters_of(_COUNTRY_COLUMNS)


@dataclass(slots=True)
class CountrySums:
    """Of one country and direction, over the customers. A figure that none of them knows is None."""

    customers: int = 0
    calls: int = 0
    billing_seconds: int = 0
    customer_cost_units: int = 0
    flat_rate_seconds: int | None = None
    per_minute_seconds: int | None = None
    reseller_cost_units: int | None = None
    price_micros: int | None = None
    margin_micros: int | None = None
    margin_is_difference: bool = True  # Of the two sums; not where a customer's price or cost is not known.

    def add(self, figures: Figures) -> None:
        self.customers += 1
        self.calls += figures.calls
        self.billing_seconds += figures.billing_seconds
        self.customer_cost_units += figures.customer_cost_units
        for name in ("flat_rate_seconds", "per_minute_seconds", "reseller_cost_units", "price_micros", "margin_micros"):
            setattr(self, name, sum_of([getattr(self, name), getattr(figures, name)]))
        self.margin_is_difference = self.margin_is_difference and figures.margin_micros is not None


@dataclass(frozen=True, slots=True)
class Countries:
    """The rows of the sheet in its order."""

    rows: tuple[tuple[str, str, str, CountrySums], ...]  # Name, code, direction as it is shown.
    sheet: str  # As the reader sees it named.

    def cell(self, title: str, place: int) -> str:
        return f"'{self.sheet}'!${_LETTERS[title]}${place + 2}"


def write_countries(
    workbook: Any,
    look: Look,
    entries: Sequence[tuple[AccountFacts, UsageSums | None]],
    country_name: Callable[[str], str],
    money_code: str,
) -> Countries:
    """Dearest first; then by code and direction."""
    groups: dict[tuple[str, str], CountrySums] = {}
    for facts, sums in entries:
        for key, figures in sums.by_country.items() if sums is not None else ():
            shown = figures if facts.has_reseller_view else figures.without_reseller()
            groups.setdefault(key, CountrySums()).add(shown)
    ordered = sorted(groups.items(), key=lambda group: (-(group[1].reseller_cost_units or 0), *group[0]))
    name = country_label(country_name)
    said = look.words.phrase
    rows = tuple((name(code), code, said(direction), sums) for (code, direction), sums in ordered)
    sheet = open_table(workbook, look, COUNTRIES, _COUNTRY_COLUMNS, COUNTRIES_HELP)
    for row, (label, code, direction, together) in enumerate(rows, 1):
        write_row(sheet, look, row, _COUNTRY_COLUMNS, [label, code, direction, *_figures(together, row), money_code])
    write_totals(sheet, look, _COUNTRY_COLUMNS, len(rows), _country_totals([sums for *_, sums in rows]))
    close_table(sheet, look, _COUNTRY_COLUMNS, len(rows))
    return Countries(rows, sheet.name)


def _figures(sums: CountrySums, row: int) -> list[Cell]:
    margin: Cell = _micros(sums.margin_micros)
    if isinstance(margin, Decimal) and sums.margin_is_difference:
        margin = Formula(f"={_LETTERS['Price']}{row + 1}-{_LETTERS['Reseller Cost']}{row + 1}", margin)
    return [
        sums.customers,
        sums.calls,
        sums.billing_seconds / 60,
        _minutes(sums.flat_rate_seconds),
        _minutes(sums.per_minute_seconds),
        _units(sums.reseller_cost_units),
        currency(sums.customer_cost_units),
        _micros(sums.price_micros),
        margin,
    ]


def _country_totals(rows: Sequence[CountrySums]) -> dict[str, Any]:
    def total(name: str) -> Any:
        return sum_of([getattr(each, name) for each in rows])

    return {
        "Calls": total("calls"),
        "Billing Minutes": _minutes(total("billing_seconds")),
        "Flat-rate Minutes": _minutes(total("flat_rate_seconds")),
        "Per-minute Minutes": _minutes(total("per_minute_seconds")),
        "Reseller Cost": _units(total("reseller_cost_units")),
        "Customer Cost": _units(total("customer_cost_units")),
        "Price": _micros(total("price_micros")),
        "Margin": _micros(total("margin_micros")),
    }


def _minutes(seconds: int | None) -> float | None:
    return None if seconds is None else seconds / 60


def _units(units: int | None) -> Decimal | None:
    return None if units is None else currency(units)


def _micros(micros: int | None) -> Decimal | None:
    return None if micros is None else micros_amount(micros)


MARGINS = mark("Margins")
_MARGIN_COLUMNS = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("Usage Price", 14, "money"),
    Column("Reseller Cost", 14, "money"),
    Column("Usage Margin", 14, "money"),
    Column("Recurring Price", 14, "money"),
    Column("Reseller Recurring Cost", 15, "money"),
    Column("Recurring Margin", 14, "money"),
    Column("One-off", 12, "money"),
    Column("Discounts", 12, "money"),
    Column("Minimum", 12, "money"),
    Column("Net", 14, "money"),
    Column("Margin", 14, "money"),
    Column("Margin Percent", 10, "minutes"),
    Column("Priced Calls", 10, "count"),
    Column("Unpriced Calls", 10, "count"),
    Column("Calls Below Cost", 10, "count"),
    Column("Loss On These", 13, "money"),
    Column("Currency", 10, "text_indented"),
    Column("Plans", 40, "text_indented"),
)
_OF_MARGINS = letters_of(_MARGIN_COLUMNS)
# Each difference by the columns that it is made of: the first less the others.
_DIFFERENCES = {
    "Usage Margin": ("Usage Price", "Reseller Cost"),
    "Recurring Margin": ("Recurring Price", "Reseller Recurring Cost"),
    "Margin": ("Net", "Reseller Cost", "Reseller Recurring Cost"),
}


@dataclass(frozen=True, slots=True)
class MarginSums:
    """Of the columns `Net` and `Margin` what they come to, live, where every customer's is known."""

    net: Formula | None = None
    margin: Formula | None = None


def write_margins(workbook: Any, look: Look, rows: Sequence[Mapping[str, str]]) -> MarginSums:
    """The rows of `margin.csv`; what is made of other columns is a live formula."""
    sheet = open_table(workbook, look, MARGINS, _MARGIN_COLUMNS, MARGINS_HELP)
    for row, texts in enumerate(rows, 1):
        write_row(
            sheet, look, row, _MARGIN_COLUMNS, [_margin_cell(column.title, texts, row) for column in _MARGIN_COLUMNS]
        )
    totals = {
        column.title: sum_of([Decimal(texts[column.title]) for texts in rows if texts[column.title]])
        for column in _MARGIN_COLUMNS
        if column.title not in MARGIN_TEXT_COLUMNS and column.title != "Margin Percent"
    }
    write_totals(sheet, look, _MARGIN_COLUMNS, len(rows), totals)
    losses = ("Usage Margin", "Recurring Margin", "Margin Percent")
    close_table(sheet, look, _MARGIN_COLUMNS, len(rows), losses=losses)

    def live(title: str) -> Formula | None:
        letter = _OF_MARGINS[title]
        if not all(texts[title] for texts in rows):
            return None
        return Formula(f"=SUM('{sheet.name}'!${letter}$2:${letter}${len(rows) + 1})", totals[title])

    return MarginSums(live("Net"), live("Margin"))


def _margin_cell(title: str, texts: Mapping[str, str], row: int) -> Cell:
    text = texts[title]
    if title == "Name":
        return text if text.strip() else texts["Account ID"]
    if title in MARGIN_TEXT_COLUMNS or not text:
        return text or None
    if title in _DIFFERENCES:
        cells = [f"{_OF_MARGINS[part]}{row + 1}" for part in _DIFFERENCES[title]]
        return Formula(f"={'-'.join(cells)}", Decimal(text))
    if title == "Margin Percent":
        margin, net = (f"{_OF_MARGINS[part]}{row + 1}" for part in ("Margin", "Net"))
        return Formula(f"=100*{margin}/{net}", 100 * Decimal(texts["Margin"]) / Decimal(texts["Net"]))
    return Decimal(text)
