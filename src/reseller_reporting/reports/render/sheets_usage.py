"""The sheets of usage: countries, rates, users. Every figure is a live formula over the call sheets."""

from collections.abc import Callable, Mapping
from typing import Any

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.units import currency
from reseller_reporting.reports.order import country_order, rate_order
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.formulas import CallRanges, Where, matches
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, close_sheet, open_sheet, write_row
from reseller_reporting.reports.usage import Figures, UsageSums

# Columns of the call sheets that formulas speak of.
MINUTES, RATE, RATE_NAME, RESELLER_TYPE, RESELLER_COST = "E", "F", "G", "H", "I"
CUSTOMER_TYPE, CUSTOMER_COST, DIRECTION, COUNTRY, USER = "J", "K", "M", "N", "O"

FLAT, BURST = "flat_rate", "flat_rate_burst"
NO_KEY = "(none)"

_FIGURES = (
    Column("Calls", 10, "count"),
    Column("Billing Minutes", 16, "minutes"),
    Column("Flat-rate Minutes", 17, "minutes"),
    Column("Per-minute Minutes", 19, "minutes"),
    Column("Reseller Cost", 15, "money"),
    Column("Customer Cost", 15, "money"),
)
COUNTRY_SHEET_COLUMNS = (
    Column("Country Code", 14),
    Column("Country", 30),
    Column("Direction", 12),
    *_FIGURES,
    Column("Price", 12, "money"),
    Column("Margin", 12, "money"),
    Column("Currency", 10, "text_indented"),
)
_RATE_COLUMNS = (Column("Rate Name", 34), Column("Rate", 10, "money"), *_FIGURES)
_USER_COLUMNS = (Column("User", 34), *_FIGURES)


def _figure_cells(ranges: CallRanges, where: tuple[Where, ...], figures: Figures) -> list[Cell]:
    """In the order of `_FIGURES`; reseller figures leave no cell where they are unknown."""
    return [
        Formula(f"={ranges.count(*where)}", figures.calls),
        Formula(f"={ranges.total(MINUTES, *where)}", figures.billing_seconds / 60),
        _minutes_of_types(ranges, where, (FLAT, BURST), figures.flat_rate_seconds),
        _minutes_of_types(ranges, where, (PER_MINUTE,), figures.per_minute_seconds),
        _cost(ranges.total(RESELLER_COST, *where), figures.reseller_cost_units),
        _cost(ranges.total(CUSTOMER_COST, *where), figures.customer_cost_units),
    ]


def _minutes_of_types(
    ranges: CallRanges, where: tuple[Where, ...], tags: tuple[str, ...], seconds: int | None
) -> Formula | None:
    if seconds is None:
        return None
    parts = [ranges.total(MINUTES, *where, ranges.type_is(RESELLER_TYPE, tag)) for tag in tags]
    return Formula(f"={'+'.join(parts)}", seconds / 60)


def _cost(formula: str, units: int | None) -> Formula | None:
    return None if units is None else Formula(f"={formula}", currency(units))


def write_countries(
    workbook: Any, look: Look, ranges: CallRanges, sums: UsageSums, country: Callable[[str], str], money_code: str
) -> int:
    """Returns the number of rows."""
    sheet = open_sheet(workbook, look, "Countries", COUNTRY_SHEET_COLUMNS)
    groups = sorted(sums.by_country.items(), key=country_order)
    match = matches(country(code) for (code, _), _ in groups)
    for row, ((code, direction), figures) in enumerate(groups, 1):
        name = country(code)
        where = (Where(COUNTRY, f"$B{row + 1}", match[name]), Where(DIRECTION, f"$C{row + 1}"))
        cells = [code, name, direction, *_figure_cells(ranges, where, figures), None, None, money_code]
        write_row(sheet, look, row, COUNTRY_SHEET_COLUMNS, cells)
    close_sheet(sheet, COUNTRY_SHEET_COLUMNS, len(groups))
    return len(groups)


def write_rates(workbook: Any, look: Look, ranges: CallRanges, sums: UsageSums) -> None:
    sheet = open_sheet(workbook, look, "Rates", _RATE_COLUMNS)
    groups = sorted(sums.by_rate.items(), key=rate_order)
    match = matches(name for (name, _), _ in groups)
    for row, ((name, units), figures) in enumerate(groups, 1):
        where = (Where(RATE_NAME, f"$A{row + 1}", match[name]), Where(RATE, f"$B{row + 1}", "number"))
        cells = [name or NO_KEY, currency(units), *_figure_cells(ranges, where, figures)]
        write_row(sheet, look, row, _RATE_COLUMNS, cells)
    close_sheet(sheet, _RATE_COLUMNS, len(groups))


def write_users(workbook: Any, look: Look, ranges: CallRanges, sums: UsageSums, names: Mapping[str, str]) -> None:
    sheet = open_sheet(workbook, look, "Users", _USER_COLUMNS)
    labels = {owner: cell_text(names.get(owner) or owner) for owner in sums.by_owner}
    groups = sorted(sums.by_user(labels).items(), key=lambda group: (group[0] == "", group[0].casefold(), group[0]))
    match = matches(label for label, _ in groups)
    for row, (label, figures) in enumerate(groups, 1):
        where = (Where(USER, f"$A{row + 1}", match[label]),)
        write_row(sheet, look, row, _USER_COLUMNS, [label or NO_KEY, *_figure_cells(ranges, where, figures)])
    close_sheet(sheet, _USER_COLUMNS, len(groups))
