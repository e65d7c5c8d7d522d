"""Blocks of the first sheet of the reseller's workbook: dearest customers and countries, days, months; their charts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reseller_reporting.model.account import Account
from reseller_reporting.model.changes import Changes
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import AccountFacts, MonthFigures
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.render import summary_words as texts
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.local_time import serial_of_day
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY
from reseller_reporting.reports.render.reseller_customers import SHEET, Customers, shown_figures
from reseller_reporting.reports.render.reseller_figures import COUNTRIES, Countries, MarginSums
from reseller_reporting.reports.render.sheet import Formula
from reseller_reporting.reports.render.summary_blocks import (
    Block,
    CourseRow,
    Page,
    Series,
    added,
    steps_of,
    without_noise,
)
from reseller_reporting.reports.render.summary_charts import Place, add_bars
from reseller_reporting.reports.render.summary_page import (
    CHART_PIXELS,
    CHART_ROWS,
    GAP,
    WIDTH_PIXELS,
    chart_days,
)
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.message import mark

_TOP = 6  # More would make bars of two series too thin to read.
_NAME_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySources:
    """What the sheet is made of, and where the other sheets' figures stand."""

    reseller: Account
    period: ReportPeriod
    currency: str
    entries: Sequence[tuple[AccountFacts, UsageSums | None]]
    customers: Customers
    countries: Countries
    margins: MarginSums
    changes: Changes | None
    not_compared: str


def has_calls(sources: SummarySources) -> bool:
    return any(sums is not None and sums.total.calls for _, sums in sources.entries)


def write_charted(page: Page, workbook: Any, sources: SummarySources, charts_row: int) -> int:
    """The tables that charts show, and the charts in the room left for them. Returns where the days begin."""
    half = (WIDTH_PIXELS - GAP) // 2
    customers, countries = _customers(page, sources), _countries(page, sources)
    for block, left, title in ((customers, 0, _BY_CUSTOMER), (countries, half + GAP, _BY_COUNTRY)):
        if block is not None:
            place = Place(charts_row, left, half, CHART_PIXELS)
            add_bars(
                workbook,
                page.sheet,
                page.look,
                place,
                block,
                title=f"{page.say(title)}, {sources.currency}",
                alt=page.say(
                    "Bars of {series} for {count} lines of the table below, the dearest first.",
                    series=", ".join(page.say(series.title) for series in block.series),
                    count=len(block.categories),
                ),
                number_format="#,##0.00",
            )
    days_row = page.row
    if by_day := _by_day(sources):
        _write_days(page, workbook, sources, charts_row + CHART_ROWS, by_day)
    return days_row


_BY_CUSTOMER, _BY_COUNTRY = mark("Customers by cost"), mark("Countries by cost")


@dataclass(frozen=True, slots=True)
class _Bar:
    """One line of a chart's table: its name, and of each column the cell that it shows, with its value."""

    name: str
    cells: dict[str, tuple[str, Any] | None]


def _customers(page: Page, sources: SummarySources) -> Block | None:
    columns = _columns(sources)
    made = [
        (place, facts, shown_figures(facts, sums))
        for place, (facts, sums) in enumerate(sources.entries)
        if sums is not None
    ]
    made.sort(key=lambda each: (_rank(each[2]), each[0]))
    cell = sources.customers.cell
    bars = [
        _Bar(
            shown(facts.account.name, facts.account.id),
            {title: _told(cell(title, place), amount_of(title, figures)) for title in columns},
        )
        for place, facts, figures in made[:_TOP]
    ]
    return _block(page, _BY_CUSTOMER, SHEET, len(made), columns, bars)


def _countries(page: Page, sources: SummarySources) -> Block | None:
    columns, rows = _columns(sources), sources.countries.rows
    ordered = sorted(enumerate(rows), key=lambda each: (_rank(each[1][3]), each[0]))
    cell = sources.countries.cell
    bars = [
        _Bar(
            f"{name}, {direction}",
            {title: _told(cell(title, place), amount_of(title, sums)) for title in columns},
        )
        for place, (name, _, direction, sums) in ordered[:_TOP]
    ]
    return _block(page, _BY_COUNTRY, COUNTRIES, len(rows), columns, bars)


def _columns(sources: SummarySources) -> tuple[str, ...]:
    is_priced = sources.customers.totals.get("Price") is not None
    return ("Reseller Cost", "Price", "Margin") if is_priced else ("Reseller Cost", "Customer Cost")


def _block(
    page: Page, title: str, first: str, count: int, columns: Sequence[str], bars: Sequence[_Bar]
) -> Block | None:
    """The first of them as live figures. A margin is what lies between the bars, and has none of its own."""
    if not bars:
        return None
    name = page.say(title)
    more = page.say("{title}, the first {count} of {all}", title=name, count=len(bars), all=count)
    page.section(more if count > len(bars) else name)
    page.header([first, *columns])
    top = page.row
    formats = [page.look.text_cell, *(page.look.number(MONEY) for _ in columns)]
    for bar in bars:
        told = (bar.cells[title] for title in columns)
        page.line([bar.name, *(Formula(f"={each[0]}", each[1]) if each else None for each in told)], formats)
    last = page.row - 1
    page.row += 1
    series = [
        Series(title, place, [float(one[1]) if (one := bar.cells[title]) else 0.0 for bar in bars])
        for place, title in enumerate(columns[:2], 1)
    ]
    known = [each for each in series if any(bar.cells[each.title] for bar in bars)]
    return Block(top, last, [bar.name for bar in bars], known)


def _write_days(
    page: Page, workbook: Any, sources: SummarySources, chart_row: int, by_day: Mapping[int, Figures]
) -> None:
    """Sums over the customers, whose own workbooks have them as live figures."""
    are_days, steps = steps_of(sources.period, by_day, Figures())
    by_payer = all(step.figures.flat_rate_seconds is not None for step in steps)
    stacked = (texts.FLAT_RATE, texts.PER_MINUTE, texts.OTHER) if by_payer else ()
    titles = ("Calls", "Billing Minutes", *stacked)
    page.section(texts.BY_DAY if are_days else texts.BY_PERIOD_MONTH)
    page.header([texts.DAY if are_days else texts.MONTH, *titles])
    first, formats = page.row, [COUNT, *(MINUTES for _ in titles[1:])]
    looks = [page.look.day if are_days else page.look.month, *map(page.look.number, formats)]
    rows = [_of_step(step.figures) for step in steps]
    for step, row in zip(steps, rows, strict=True):
        page.line([serial_of_day(step.first), *(row[title] for title in titles)], looks)
    last = page.row - 1
    page.total_line(first, [sum(row[title] for row in rows) for title in titles], formats)
    series = [Series(title, 1 + place, [float(row[title]) for row in rows]) for place, title in enumerate(titles)]
    block = Block(first, last, [serial_of_day(step.first) for step in steps], series)
    shown_titles = stacked or ("Billing Minutes",)
    chart_days(page, workbook, chart_row, block, shown_titles, sources.period, are_days=are_days)


def _of_step(figures: Figures) -> dict[str, Any]:
    flat, per_minute = figures.flat_rate_seconds or 0, figures.per_minute_seconds or 0
    return {
        "Calls": figures.calls,
        "Billing Minutes": figures.billing_seconds / 60,
        texts.FLAT_RATE: flat / 60,
        texts.PER_MINUTE: per_minute / 60,
        texts.OTHER: without_noise((figures.billing_seconds - flat - per_minute) / 60),
    }


def _by_day(sources: SummarySources) -> dict[int, Figures]:
    """Over all customers; what is not known of one of them is not known of the day."""
    days: dict[int, list[Figures]] = {}
    for facts, sums in sources.entries:
        for day, figures in sums.by_day.items() if sums is not None else ():
            days.setdefault(day, []).append(figures if facts.has_reseller_view else figures.without_reseller())
    return {day: added(several, Figures()) for day, several in days.items()}


def months_before_all(sources: SummarySources) -> list[MonthFigures]:
    """The months before that are known of every customer, added up; none where a customer's are not."""
    of_all = [facts.months_before if facts.status == "ok" else () for facts, _ in sources.entries]
    length = min(map(len, of_all), default=0)
    return [_added_month([months[len(months) - length + place] for months in of_all]) for place in range(length)]


def _added_month(of_all: Sequence[MonthFigures]) -> MonthFigures:
    costs = [each.reseller_cost_units for each in of_all]
    return MonthFigures(
        month=of_all[0].month,
        calls=sum(each.calls for each in of_all),
        answered_seconds=sum(each.answered_seconds for each in of_all),
        customer_cost_units=sum(each.customer_cost_units for each in of_all),
        reseller_cost_units=None if None in costs else sum(cost or 0 for cost in costs),
    )


def course_rows(
    sources: SummarySources, months: Sequence[MonthFigures], figures: Mapping[str, tuple[str, Any]]
) -> list[CourseRow]:
    """This month's figures are the key figures, where these are placed already."""

    def now(title: str) -> Formula:
        reference, value = figures.get(title, ("", 0))
        return Formula(f"={reference}", value)

    answered = sum(sums.total.answered_seconds for _, sums in sources.entries if sums is not None)
    rows = [
        CourseRow("Calls", texts.CALLS_BY_MONTH, [each.calls for each in months], now("Calls")),
        CourseRow(
            "Billing Minutes", texts.MINUTES_BY_MONTH, [each.answered_seconds / 60 for each in months], answered / 60
        ),
    ]
    costs = [each.reseller_cost_units for each in months]
    if None not in costs and sources.customers.totals.get("Reseller Cost") is not None:
        known = [currency(cost or 0) for cost in costs]
        rows.append(CourseRow("Reseller Cost", texts.RESELLER_COST_BY_MONTH, known, now("Reseller Cost")))
    own = [currency(each.customer_cost_units) for each in months]
    return [*rows, CourseRow("Customer Cost", texts.CUSTOMER_COST_BY_MONTH, own, now("Customer Cost"))]


def shown(name: str, id_: str) -> str:
    """A name short enough for a chart, without what no chart can hold."""
    plain = "".join(character if character.isprintable() else " " for character in cell_text(name))
    plain = plain.strip() or "".join(character for character in cell_text(str(id_)) if character.isprintable())
    return plain if len(plain) <= _NAME_MAX else f"{plain[: _NAME_MAX - 1]}…"


def _rank(figures: Any) -> tuple[int, int]:
    """Dearest first; by what the customers paid where the reseller's cost is not known."""
    return -(figures.reseller_cost_units or 0), -figures.customer_cost_units


_AMOUNTS: dict[str, Callable[[Any], Any]] = {
    "Reseller Cost": lambda figures: _of(figures.reseller_cost_units, currency),
    "Customer Cost": lambda figures: currency(figures.customer_cost_units),
    "Price": lambda figures: _of(figures.price_micros, micros_amount),
    "Margin": lambda figures: _of(figures.margin_micros, micros_amount),
}


def amount_of(title: str, figures: Figures | Any) -> Any:
    return _AMOUNTS[title](figures)


def _of(number: int | None, amount: Callable[[int], Any]) -> Any:
    return None if number is None else amount(number)


def _told(cell: str, value: Any) -> tuple[str, Any] | None:
    return None if value is None else (cell, value)
