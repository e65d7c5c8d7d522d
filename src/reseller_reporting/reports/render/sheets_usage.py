"""The sheets of usage: countries, rates, users. Every figure is a live formula over the call sheets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
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


# Stands for the row's number in a formula, which no name of a sheet holds.
_ROW = "\0"


@dataclass(slots=True)
class UsageRows:
    """The figures of a sheet's rows. Formulas of rows that are compared alike differ in the row's number alone."""

    view: UsageView
    ranges: CallRanges
    first: int  # The column of the first figure.
    _formulas: dict[tuple[Where, ...], dict[str, str]] = field(default_factory=dict)

    def cells(self, where: tuple[Where, ...], figures: Figures, *, row: int) -> list[Cell]:
        """In the order of the view's columns; what is unknown leaves no cell. Operands name their row `_ROW`."""
        formulas = self._formulas.get(where)
        if formulas is None:
            formulas = self._formulas[where] = self._formulas_of(where)
        values, number = self._values(figures), str(row + 1)
        made: list[Cell] = []
        for title, formula in formulas.items():
            value = values[title]
            made.append(None if value is None else Formula(formula.replace(_ROW, number), value))
        return made

    def _formulas_of(self, where: tuple[Where, ...]) -> dict[str, str]:
        """By the titles of all columns, in their order."""
        total, titles = self.ranges.total, [column.title for column in self.view.columns]
        made = {"Calls": self.ranges.count(*where), "Billing Minutes": total(MINUTES, *where)}
        if self.view.edition is Edition.INTERNAL:
            made["Flat-rate Minutes"] = self._minutes_of_types(where, (FLAT, BURST))
            made["Per-minute Minutes"] = self._minutes_of_types(where, (PER_MINUTE,))
            made["Reseller Cost"] = total(RESELLER_COST, *where)
            made["Customer Cost"] = total(CUSTOMER_COST, *where)
        if PRICE in titles:
            made[PRICE] = total(PRICE, *where) if self.view.is_priced else ""
        if MARGIN in titles:
            price, cost = (column_letters(self.first + titles.index(title)) for title in (PRICE, RESELLER_COST))
            made[MARGIN] = f"{price}{_ROW}-{cost}{_ROW}"
        return {title: f"={made[title]}" for title in titles}

    def _minutes_of_types(self, where: tuple[Where, ...], tags: tuple[str, ...]) -> str:
        return "+".join(self.ranges.total(MINUTES, *where, self.ranges.type_is(RESELLER_TYPE, tag)) for tag in tags)

    def _values(self, figures: Figures) -> dict[str, int | float | Decimal | None]:
        price, margin = figures.price_micros, figures.margin_micros
        return {
            "Calls": figures.calls,
            "Billing Minutes": self.view.minutes_seconds(figures) / 60,
            "Flat-rate Minutes": None if figures.flat_rate_seconds is None else figures.flat_rate_seconds / 60,
            "Per-minute Minutes": None if figures.per_minute_seconds is None else figures.per_minute_seconds / 60,
            "Reseller Cost": None if figures.reseller_cost_units is None else currency(figures.reseller_cost_units),
            "Customer Cost": currency(figures.customer_cost_units),
            PRICE: micros_amount(price) if self.view.is_priced and price is not None else None,
            MARGIN: None if margin is None else micros_amount(margin),
        }


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
    rows = UsageRows(view, ranges, first)
    for row, ((code, direction), figures) in enumerate(groups, 1):
        name = country(code)
        where = (Where(COUNTRY, f"$B{_ROW}", match[name]), Where(DIRECTION, f"$C{_ROW}"))
        cells = rows.cells(where, figures, row=row)
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
    rows = UsageRows(view, ranges, first=2)
    for row, ((name, units), figures) in enumerate(groups, 1):
        where = (Where(RATE_NAME, f"$A{_ROW}", match[name]), Where(RATE, f"$B{_ROW}", "number"))
        cells = rows.cells(where, figures, row=row)
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
    rows = UsageRows(view, ranges, first=1)
    for row, (label, figures) in enumerate(groups, 1):
        where = (Where(USER, f"$A{_ROW}", match[label]),)
        cells = rows.cells(where, figures, row=row)
        write_row(sheet, look, row, columns, [label or look.words.say(NO_KEY), *cells])
    close_sheet(sheet, look, columns, len(groups))
