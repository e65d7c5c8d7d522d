"""The sheets of usage: countries, rates, users. Every figure is a live formula over the call sheets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.units import currency
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.order import country_order, priced_country_order, rate_order
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.cell_xml import column_letters
from reseller_reporting.reports.render.column_help import help_for
from reseller_reporting.reports.render.formulas import CallRanges, Where, matches
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, close_sheet, open_sheet, write_row
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.message import mark

# Columns of the call sheets that formulas speak of, by their titles.
MINUTES, RATE, RATE_NAME = "Billing Minutes", "Rate", "Rate Name"
RESELLER_TYPE, RESELLER_COST = "Reseller Call Type", "Reseller Cost"
CUSTOMER_TYPE, CUSTOMER_COST = "Customer Call Type", "Customer Cost"
DIRECTION, COUNTRY, USER, PRICE, MARGIN = "Direction", "Country", "User", "Price", "Margin"

FLAT, BURST = "flat_rate", "flat_rate_burst"
NO_KEY = mark("(none)")

_CALLS, _MINUTES = Column("Calls", 10, "count"), Column("Billing Minutes", 16, "minutes")
_AS_BILLED = (
    _CALLS,
    _MINUTES,
    Column("Flat-rate Minutes", 17, "minutes"),
    Column("Per-minute Minutes", 19, "minutes"),
    Column("Reseller Cost", 15, "money"),
    Column("Customer Cost", 15, "money"),
)
_PRICE, _MARGIN = Column(PRICE, 13, "money"), Column(MARGIN, 13, "money")
_COUNTRY_KEYS = (Column("Country Code", 14), Column("Country", 30), Column("Direction", 12))
_CURRENCY = Column("Currency", 10, "text_indented")


def minutes_seconds(edition: Edition, figures: Figures) -> int:
    """What minutes are made of. A customer's are those of its plan, and say nothing of what the provider counts."""
    if edition is Edition.INTERNAL:
        return figures.billing_seconds
    return figures.answered_seconds if figures.billed_seconds is None else figures.billed_seconds


@dataclass(frozen=True, slots=True)
class UsageView:
    """Which figures the reader of a workbook sees."""

    edition: Edition
    is_priced: bool

    @property
    def columns(self) -> tuple[Column, ...]:
        if self.edition is Edition.CUSTOMER:
            return (_CALLS, _MINUTES, _PRICE)
        return (*_AS_BILLED, _PRICE, _MARGIN) if self.is_priced else _AS_BILLED

    @property
    def country_columns(self) -> tuple[Column, ...]:
        figures = self.columns if self.edition is Edition.CUSTOMER else (*_AS_BILLED, _PRICE, _MARGIN)
        return (*_COUNTRY_KEYS, *figures, _CURRENCY)

    def minutes_seconds(self, figures: Figures) -> int:
        return minutes_seconds(self.edition, figures)

    def letter(self, title: str) -> str:
        """Of a column of the sheet Countries."""
        return column_letters([column.title for column in self.country_columns].index(title))

    def cells(
        self, ranges: CallRanges, where: tuple[Where, ...], figures: Figures, *, row: int, first: int
    ) -> list[Cell]:
        """In the order of `columns`, of which the first is the column `first`; what is unknown leaves no cell."""
        made: dict[str, Cell] = {
            "Calls": Formula(f"={ranges.count(*where)}", figures.calls),
            "Billing Minutes": Formula(f"={ranges.total(MINUTES, *where)}", self.minutes_seconds(figures) / 60),
        }
        if self.edition is Edition.INTERNAL:
            made["Flat-rate Minutes"] = _minutes_of_types(ranges, where, (FLAT, BURST), figures.flat_rate_seconds)
            made["Per-minute Minutes"] = _minutes_of_types(ranges, where, (PER_MINUTE,), figures.per_minute_seconds)
            made["Reseller Cost"] = _cost(ranges.total(RESELLER_COST, *where), figures.reseller_cost_units)
            made["Customer Cost"] = _cost(ranges.total(CUSTOMER_COST, *where), figures.customer_cost_units)
        if self.is_priced and figures.price_micros is not None:
            made[PRICE] = Formula(f"={ranges.total(PRICE, *where)}", micros_amount(figures.price_micros))
        titles = [column.title for column in self.columns]
        if MARGIN in titles and figures.margin_micros is not None:
            price, cost = (
                f"{column_letters(first + titles.index(title))}{row + 1}" for title in (PRICE, RESELLER_COST)
            )
            made[MARGIN] = Formula(f"={price}-{cost}", micros_amount(figures.margin_micros))
        return [made.get(title) for title in titles]


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
    workbook: Any,
    look: Look,
    ranges: CallRanges,
    sums: UsageSums,
    view: UsageView,
    country: Callable[[str], str],
    money_code: str,
) -> int:
    """Returns the number of rows."""
    columns = view.country_columns
    sheet = open_sheet(workbook, look, "Countries", columns, notes=help_for(view.edition))
    order = country_order if view.edition is Edition.INTERNAL else priced_country_order
    groups = sorted(sums.by_country.items(), key=order)
    match = matches(country(code) for (code, _), _ in groups)
    first = len(_COUNTRY_KEYS)
    for row, ((code, direction), figures) in enumerate(groups, 1):
        name = country(code)
        where = (Where(COUNTRY, f"$B{row + 1}", match[name]), Where(DIRECTION, f"$C{row + 1}"))
        cells = view.cells(ranges, where, figures, row=row, first=first)
        # Price and margin have their columns here whether or not there is a plan.
        empty: list[Cell] = [None] * (len(columns) - first - 1 - len(cells))
        write_row(sheet, look, row, columns, [code, name, look.words.phrase(direction), *cells, *empty, money_code])
    close_sheet(sheet, look, columns, len(groups))
    return len(groups)


def write_rates(workbook: Any, look: Look, ranges: CallRanges, sums: UsageSums, view: UsageView) -> None:
    columns = (Column("Rate Name", 34), Column("Rate", 10, "money"), *view.columns)
    sheet = open_sheet(workbook, look, "Rates", columns)
    groups = sorted(sums.by_rate.items(), key=rate_order)
    match = matches(name for (name, _), _ in groups)
    for row, ((name, units), figures) in enumerate(groups, 1):
        where = (Where(RATE_NAME, f"$A{row + 1}", match[name]), Where(RATE, f"$B{row + 1}", "number"))
        cells = view.cells(ranges, where, figures, row=row, first=2)
        write_row(sheet, look, row, columns, [name or look.words.say(NO_KEY), currency(units), *cells])
    close_sheet(sheet, look, columns, len(groups))


def write_users(
    workbook: Any, look: Look, ranges: CallRanges, sums: UsageSums, view: UsageView, names: Mapping[str, str]
) -> None:
    columns = (Column("User", 34), *view.columns)
    sheet = open_sheet(workbook, look, "Users", columns, notes=help_for(view.edition))
    labels = {owner: cell_text(names.get(owner) or owner) for owner in sums.by_owner}
    groups = sorted(sums.by_user(labels).items(), key=lambda group: (group[0] == "", group[0].casefold(), group[0]))
    match = matches(label for label, _ in groups)
    for row, (label, figures) in enumerate(groups, 1):
        where = (Where(USER, f"$A{row + 1}", match[label]),)
        cells = view.cells(ranges, where, figures, row=row, first=1)
        write_row(sheet, look, row, columns, [label or look.words.say(NO_KEY), *cells])
    close_sheet(sheet, look, columns, len(groups))
