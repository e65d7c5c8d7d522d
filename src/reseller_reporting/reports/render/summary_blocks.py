"""Summary blocks: the small tables of the first sheet that its charts are drawn from, each figure a live formula.

By country, by what paid for the call, by day, by month with the months before, and what the total due is made of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.units import currency
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts, MonthFigures
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.period_text import first_day, last_day
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.formulas import CallRanges, Where, matches
from reseller_reporting.reports.render.grid import Grid, Value
from reseller_reporting.reports.render.local_time import serial_of_day
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY, Look
from reseller_reporting.reports.render.sheet import Formula
from reseller_reporting.reports.render.sheets_usage import (
    BURST,
    COUNTRY,
    CUSTOMER_COST,
    FLAT,
    PRICE,
    RESELLER_COST,
    RESELLER_TYPE,
    minutes_seconds,
)
from reseller_reporting.reports.render.sheets_usage import MINUTES as BILLING_MINUTES
from reseller_reporting.reports.render.summary_figures import CALLS, Tables, knows_reseller
from reseller_reporting.reports.usage import Figures, UsageSums

LAST_COLUMN = 7  # H
COUNTRIES_SHOWN = 8
# More days than these are shown by month.
DAYS_MAX = 62
_COURSE_HEIGHT = 20
_PLACES = 9

DATE_TIME, BILLING_SECONDS = "Date/time", "Billing Seconds"
_WHOLE_NUMBERS = {
    CALLS: "calls",
    words.FLAT_RATE: "flat_rate_seconds",
    words.PER_MINUTE: "per_minute_seconds",
    RESELLER_COST: "reseller_cost_units",
    CUSTOMER_COST: "customer_cost_units",
    PRICE: "price_micros",
}
_MINUTES = frozenset({BILLING_MINUTES, words.FLAT_RATE, words.PER_MINUTE, words.OTHER})


@dataclass(frozen=True, slots=True)
class Series:
    """A column of a block that a chart shows: its title, its place and its values."""

    title: str
    column: int
    values: list[float]


@dataclass(frozen=True, slots=True)
class Block:
    """Where a block stands, rows counted from 0, for the charts that show it."""

    first_row: int
    last_row: int
    categories: list[Any]
    series: list[Series]

    def of(self, title: str) -> Series:
        return next(series for series in self.series if series.title == title)


@dataclass(slots=True)
class Page:
    """Goes down the first sheet; `row` is the next free one."""

    sheet: Any
    look: Look
    grid: Grid
    row: int = 0
    figures: dict[str, tuple[str, Any]] = field(default_factory=dict)  # Cells of key figures with their values.

    def say(self, message: str, **named: object) -> str:
        return self.look.words.say(message, **named)

    def section(self, title: str) -> None:
        self.grid.height(self.row, 24)
        self.grid.put_across(self.row, 0, LAST_COLUMN, self.look.section)
        self.grid.put(self.row, 0, self.say(title), self.look.section)
        self.row += 1

    def header(self, titles: Sequence[str]) -> None:
        self.grid.height(self.row, 18)
        for column, title in enumerate(titles):
            look = self.look.header_right if column else self.look.header
            self.grid.put(self.row, column, self.say(title), look)
        self.row += 1

    def line(self, cells: Sequence[Value], formats: Sequence[Any]) -> None:
        for column, (cell, cell_format) in enumerate(zip(cells, formats, strict=True)):
            if cell is not None:
                self.grid.put(self.row, column, cell, cell_format)
        self.row += 1

    def total_line(self, first_row: int, values: Sequence[Any], formats: Sequence[str]) -> None:
        """The sums of the lines since `first_row`, under a rule."""
        self.grid.put(self.row, 0, self.say(words.TOTAL), self.look.total_label)
        for column, (value, number_format) in enumerate(zip(values, formats, strict=True), 1):
            letter = "ABCDEFGH"[column]
            formula = Formula(f"=SUM({letter}{first_row + 1}:{letter}{self.row})", value)
            self.grid.put(self.row, column, formula, self.look.total(number_format))
        self.row += 2


def without_noise(minutes: float) -> float:
    """What a difference of doubles is without its noise, which would show as -0.00."""
    return round(minutes, _PLACES)


def number_format(title: str) -> str:
    if title == CALLS:
        return COUNT
    return MINUTES if title in _MINUTES else MONEY


def shown(title: str, whole: int) -> Any:
    """Seconds as minutes, units and micros as amounts."""
    if title in _MINUTES:
        return whole / 60
    if title == PRICE:
        return micros_amount(whole)
    return whole if title == CALLS else currency(whole)


def measure_of(facts: AccountFacts, sums: UsageSums) -> str:
    """The one figure that says most of what is owed: price, else cost, else minutes."""
    if sums.total.price_micros is not None:
        return PRICE
    if facts.edition is Edition.CUSTOMER:
        return BILLING_MINUTES
    return RESELLER_COST if knows_reseller(facts, sums) else CUSTOMER_COST


def _money_titles(facts: AccountFacts, sums: UsageSums) -> list[str]:
    titles = []
    if facts.edition is Edition.INTERNAL:
        titles = [*([RESELLER_COST] if knows_reseller(facts, sums) else []), CUSTOMER_COST]
    return [*titles, *([PRICE] if sums.total.price_micros is not None else [])]


def write_countries_block(page: Page, facts: AccountFacts, sums: UsageSums, tables: Tables) -> Block:
    """The largest countries of both directions; what is left stands in one line, so that all add up."""
    titles, measure = [CALLS, BILLING_MINUTES, *_money_titles(facts, sums)], measure_of(facts, sums)
    wholes = {title: _by_country(facts, sums, title) for title in titles}
    ranked = sorted(wholes[measure], key=lambda code: (-wholes[measure][code], tables.country_labels[code]))
    top = ranked if len(ranked) <= COUNTRIES_SHOWN + 1 else ranked[:COUNTRIES_SHOWN]
    page.section(words.BY_COUNTRY)
    page.header([COUNTRY, *titles])
    first, ranges = page.row, tables.countries
    match = matches(tables.country_labels[code] for code in ranked)
    formats = [page.look.text_cell, *(page.look.number(number_format(title)) for title in titles)]
    for code in top:
        where = Where(COUNTRY, f"$A{page.row + 1}", match[tables.country_labels[code]])
        cells = [Formula(f"={ranges.total(title, where)}", shown(title, wholes[title][code])) for title in titles]
        page.line([tables.country_labels[code], *cells], formats)
    categories = [tables.country_labels[code] for code in top]
    if rest := ranked[len(top) :]:
        categories.append(page.say(words.OTHER_COUNTRIES, count=len(rest)))
        page.line([categories[-1], *_rest(page, first, ranges, titles, wholes, rest)], formats)
    last = page.row - 1
    totals = [shown(title, sum(of.values())) for title, of in wholes.items()]
    page.total_line(first, totals, [number_format(title) for title in titles])
    groups = [[*top], *([rest] if rest else [])]
    values = [float(shown(measure, wholes[measure][code])) for code in groups[0]]
    values += [float(shown(measure, sum(wholes[measure][code] for code in rest)))] if rest else []
    return Block(first, last, categories, [Series(measure, 1 + titles.index(measure), values)])


def _by_country(facts: AccountFacts, sums: UsageSums, title: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for (code, _), figures in sums.by_country.items():
        found[code] = found.get(code, 0) + _whole(facts, title, figures)
    return found


def _whole(facts: AccountFacts, title: str, figures: Figures) -> int:
    """Seconds, units or micros."""
    if title == BILLING_MINUTES:
        return minutes_seconds(facts.edition, figures)
    return getattr(figures, _WHOLE_NUMBERS[title]) or 0


def _rest(
    page: Page,
    first: int,
    ranges: CallRanges,
    titles: Sequence[str],
    wholes: Mapping[str, Mapping[str, int]],
    rest: Sequence[str],
) -> list[Formula]:
    """All less those above; rounded, since a difference of doubles carries noise."""
    cells = []
    for column, title in enumerate(titles, 1):
        letter = "ABCDEFGH"[column]
        value = shown(title, sum(wholes[title][code] for code in rest))
        value = without_noise(value) if isinstance(value, float) else value
        text = f"{ranges.total(title)}-SUM({letter}{first + 1}:{letter}{page.row})"
        cells.append(Formula(f"=ROUND({text},{_PLACES})", value))
    return cells


def write_payer_block(page: Page, sums: UsageSums) -> Block:
    """What the reseller's trunks carried, what its credit paid, and anything else."""
    total = sums.total
    assert total.flat_rate_seconds is not None
    assert total.per_minute_seconds is not None
    assert total.flat_rate_calls is not None
    assert total.per_minute_calls is not None
    page.section(words.BY_PAYER)
    page.header(["", CALLS, BILLING_MINUTES])
    first = page.row
    rows = [
        (words.FLAT_RATE, words.FLAT_RATE_CALLS, words.FLAT_RATE_MINUTES),
        (words.PER_MINUTE, words.PER_MINUTE_CALLS, words.PER_MINUTE_MINUTES),
    ]
    formats = [page.look.text_cell, page.look.number(COUNT), page.look.number(MINUTES)]
    for name, calls, minutes in rows:
        cells = [Formula(f"={page.figures[key][0]}", page.figures[key][1]) for key in (calls, minutes)]
        page.line([page.say(name), *cells], formats)
    rest_calls = total.calls - total.flat_rate_calls - total.per_minute_calls
    rest_seconds = total.billing_seconds - total.flat_rate_seconds - total.per_minute_seconds
    all_calls, all_minutes = page.figures[CALLS][0], page.figures[BILLING_MINUTES][0]
    cells = [
        Formula(f"={all_calls}-SUM(B{first + 1}:B{page.row})", rest_calls),
        Formula(f"=ROUND({all_minutes}-SUM(C{first + 1}:C{page.row}),{_PLACES})", without_noise(rest_seconds / 60)),
    ]
    page.line([page.say(words.OTHER), *cells], formats)
    last = page.row - 1
    page.total_line(first, [total.calls, total.billing_seconds / 60], [COUNT, MINUTES])
    seconds = [total.flat_rate_seconds, total.per_minute_seconds, rest_seconds]
    values = [each / 60 for each in seconds]
    names = [page.say(name) for name in (words.FLAT_RATE, words.PER_MINUTE, words.OTHER)]
    return Block(first, last, names, [Series(BILLING_MINUTES, 2, values)])


def write_make_up_block(page: Page, tables: Tables) -> Block:
    """The parts of the statement, as references to its subtotals."""
    assert tables.statement is not None
    page.section(words.MAKE_UP)
    page.header([words.PART, words.AMOUNT])
    first, subtotals = page.row, [each for each in tables.statement.subtotals if each[2]]
    for title, reference, value in subtotals:
        page.line([title, Formula(f"={reference}", value)], [page.look.text_cell, page.look.number(MONEY)])
    last = page.row - 1
    page.total_line(first, [tables.statement.total_value], [MONEY])
    values = [float(value) for _, _, value in subtotals]
    return Block(first, last, [title for title, _, _ in subtotals], [Series(words.AMOUNT, 1, values)])


@dataclass(frozen=True, slots=True)
class Step:
    """A day or a month of the period: where it begins, and up to where, as a formula over its first day's cell."""

    first: date
    end: Callable[[str], str]
    figures: Figures


def steps_of(period: ReportPeriod, by_day: Mapping[int, Figures], nothing: Figures) -> tuple[bool, list[Step]]:
    """Whether they are days, and each in order; those without a call, too."""
    first, last = first_day(period), last_day(period)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if len(days) <= DAYS_MAX:
        return True, [Step(day, "{}+1".format, by_day.get(serial_of_day(day), nothing)) for day in days]
    months: dict[date, list[Figures]] = {}
    for day in days:
        found = by_day.get(serial_of_day(day))
        months.setdefault(day.replace(day=1), []).extend([found] if found else [])
    return False, [
        Step(max(month, first), lambda cell: f"EDATE({cell}-DAY({cell})+1,1)", added(of_month, nothing))
        for month, of_month in months.items()
    ]


def added(several: Sequence[Figures], nothing: Figures) -> Figures:
    """Of a month what of its days; unknown stays unknown."""
    if not several:
        return nothing
    by_name = {name: [getattr(each, name) for each in several] for name in Figures.__dataclass_fields__}
    summed: dict[str, Any] = {name: None if None in values else sum(values) for name, values in by_name.items()}
    return Figures(**summed)


def write_days_block(page: Page, facts: AccountFacts, sums: UsageSums, ranges: CallRanges) -> tuple[bool, Block]:
    """By day, or by month where the period is long. Returns which."""
    nothing = Figures() if knows_reseller(facts, sums) else Figures().without_reseller()
    are_days, steps = steps_of(facts.period, sums.by_day, nothing)
    by_payer = facts.edition is Edition.INTERNAL and knows_reseller(facts, sums)
    of_payer = [words.FLAT_RATE, words.PER_MINUTE, words.OTHER] if by_payer else []
    money = [title for title in _money_titles(facts, sums) if title != CUSTOMER_COST or not by_payer][:2]
    titles = [CALLS, BILLING_MINUTES, *of_payer, *money]
    page.section(words.BY_DAY if are_days else words.BY_PERIOD_MONTH)
    page.header([words.DAY if are_days else words.MONTH, *titles])
    first = page.row
    formats = [page.look.day if are_days else page.look.month]
    formats += [page.look.number(number_format(title)) for title in titles]
    for step in steps:
        cell = f"$A{page.row + 1}"
        where = (Where(DATE_TIME, cell, "from"), Where(DATE_TIME, step.end(cell), "before"))
        cells = [_of_step(facts, title, page.row, ranges, where, step.figures) for title in titles]
        page.line([serial_of_day(step.first), *cells], formats)
    last = page.row - 1
    values = {title: [_step_value(facts, title, step.figures) for step in steps] for title in titles}
    page.total_line(first, [sum(values[title]) for title in titles], [number_format(title) for title in titles])
    series = [Series(title, 1 + titles.index(title), [float(v) for v in values[title]]) for title in titles]
    return are_days, Block(first, last, [serial_of_day(step.first) for step in steps], series)


def _of_step(
    facts: AccountFacts, title: str, row: int, ranges: CallRanges, where: tuple[Where, ...], figures: Figures
) -> Formula:
    value = _step_value(facts, title, figures)
    if title == CALLS:
        return Formula(f"={ranges.count(*where)}", value)
    if title == words.OTHER:
        return Formula(f"=ROUND(C{row + 1}-D{row + 1}-E{row + 1},{_PLACES})", value)
    tags = {words.FLAT_RATE: (FLAT, BURST), words.PER_MINUTE: (PER_MINUTE,)}.get(title)
    if tags is None:
        return Formula(f"={ranges.total(title, *where)}", value)
    parts = [ranges.total(BILLING_MINUTES, *where, ranges.type_is(RESELLER_TYPE, tag)) for tag in tags]
    return Formula(f"={'+'.join(parts)}", value)


def _step_value(facts: AccountFacts, title: str, figures: Figures) -> Any:
    if title == words.OTHER:
        rest = figures.billing_seconds - (figures.flat_rate_seconds or 0) - (figures.per_minute_seconds or 0)
        return without_noise(rest / 60)
    return shown(title, _whole(facts, title, figures))


@dataclass(frozen=True, slots=True)
class Change:
    """Of one measure since the month before: a formula with its value, or words where there was nothing before."""

    title: str
    cell: Formula | str


def write_months_block(page: Page, facts: AccountFacts, sums: UsageSums, ranges: CallRanges) -> list[Change]:
    """The months before beside this one, with a line of their course where a spreadsheet can draw it."""
    before = facts.months_before
    rows = [
        CourseRow(title, label, [shown(title, of_month(each)) for each in before], now)
        for title, label, of_month, now in _month_rows(page, facts, sums, ranges)
    ]
    return write_course(page, [each.month for each in before], facts.period.name, rows)


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A measure of the months before, in their order, and of this one."""

    title: str
    label: str
    before: list[Any]
    now: Formula | float


def write_course(page: Page, months_before: Sequence[str], month: str, rows: Sequence[CourseRow]) -> list[Change]:
    """A line for each measure; how it changed since the last of the months before."""
    page.section(words.MONTHS)
    first_column = LAST_COLUMN - 1 - len(months_before)
    header = {0: "", LAST_COLUMN: page.say(words.TREND)}
    page.grid.height(page.row, 18)
    for column in range(LAST_COLUMN + 1):
        page.grid.put(page.row, column, header.get(column) or None, page.look.header_right)
    for column, each in enumerate([*months_before, month], first_column):
        page.grid.put(page.row, column, _serial_of_month(each), page.look.header_month)
    page.row += 1
    changes = []
    for row in rows:
        title, values, now = row.title, row.before, row.now
        page.grid.height(page.row, _COURSE_HEIGHT)
        page.grid.put(page.row, 0, page.say(row.label), page.look.text_cell)
        cells: list[Value] = [*values, now]
        for column, cell in enumerate(cells, first_column):
            page.grid.put(page.row, column, cell, page.look.before_line(number_format(title)))
        letters = "ABCDEFGH"
        last, place = letters[LAST_COLUMN - 1], page.row + 1
        course = f"{letters[first_column]}{place}:{last}{place}"
        page.sheet.add_sparkline(page.row, LAST_COLUMN, {"range": course, **page.look.sparkline})
        value = float(now.value if isinstance(now, Formula) else now)
        change: Formula | str = page.say(words.FROM_NOTHING if value else words.UNCHANGED)
        if values[-1]:
            previous = letters[LAST_COLUMN - 2]
            change = Formula(f"={last}{place}/{previous}{place}-1", value / float(values[-1]) - 1)
        changes.append(Change(words.ANSWERED_MINUTES if title == BILLING_MINUTES else title, change))
        page.row += 1
    page.grid.put(page.row, 0, page.say(words.MONTHS_NOTE), page.look.small)
    page.row += 2
    return changes


def _month_rows(
    page: Page, facts: AccountFacts, sums: UsageSums, ranges: CallRanges
) -> list[tuple[str, str, Callable[[MonthFigures], int], Formula]]:
    """What is compared: what it is like, its label, its figure of an earlier month, and this month's."""
    total = sums.total
    countries = page.figures
    rows: list[tuple[str, str, Callable[[MonthFigures], int], Formula]] = [
        (CALLS, words.CALLS_BY_MONTH, lambda each: each.calls, _same(countries[CALLS])),
        (
            BILLING_MINUTES,
            words.MINUTES_BY_MONTH,
            lambda each: each.answered_seconds,
            Formula(f"=({ranges.total(BILLING_SECONDS)})/60", total.answered_seconds / 60),
        ),
    ]
    if facts.edition is Edition.CUSTOMER:
        return rows
    if knows_reseller(facts, sums) and all(each.reseller_cost_units is not None for each in facts.months_before):
        cost = _same(countries[RESELLER_COST])
        rows.append((RESELLER_COST, words.RESELLER_COST_BY_MONTH, lambda each: each.reseller_cost_units or 0, cost))
    own = _same(countries[CUSTOMER_COST])
    return [*rows, (CUSTOMER_COST, words.CUSTOMER_COST_BY_MONTH, lambda each: each.customer_cost_units, own)]


def _same(figure: tuple[str, Any]) -> Formula:
    return Formula(f"={figure[0]}", figure[1])


def _serial_of_month(month: str) -> int:
    return serial_of_day(date.fromisoformat(f"{month}-01"))
