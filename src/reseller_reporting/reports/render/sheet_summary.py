"""The first sheet: what is owed or earned, for what, against the month before, and whether it is complete; charts; then
the key figures, the report's own facts and the small tables below them.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.look import MINUTES, NEUTRAL, Look
from reseller_reporting.reports.render.sheet import Formula, below_zero
from reseller_reporting.reports.render.sheets_usage import MINUTES as BILLING_MINUTES
from reseller_reporting.reports.render.summary_blocks import (
    LAST_COLUMN,
    Block,
    Change,
    Page,
    measure_of,
    write_countries_block,
    write_days_block,
    write_make_up_block,
    write_months_block,
    write_payer_block,
)
from reseller_reporting.reports.render.summary_cards import CARD_ROWS, write_cards
from reseller_reporting.reports.render.summary_charts import Place, add_bars
from reseller_reporting.reports.render.summary_figures import Tables, key_figures, knows_reseller
from reseller_reporting.reports.render.summary_page import (
    CHART_PIXELS,
    CHART_ROWS,
    DAYS_ROWS,
    GAP,
    WIDTH_PIXELS,
    chart_days,
    open_page,
    two_places,
    write_figure,
    write_line,
    write_pairs,
    write_title,
)
from reseller_reporting.reports.usage import UsageSums

# Sheets that follow another of their kind are reached from the first.
_LINKED = ("Calls", "Countries", "Rates", "Users", "Services", "Statement", "Trunks", "Problems")


def write_summary_sheet(
    workbook: Any, sheet: Any, look: Look, facts: AccountFacts, sums: UsageSums, tables: Tables
) -> None:
    page = open_page(sheet, look)
    write_title(
        page,
        workbook,
        title=facts.account.name or str(facts.account.id),
        subtitle=page.say(words.TITLE, period=spoken_period(facts.period, look.words)),
        sender=look.style.brand.company_or(facts.reseller.name),
        linked=_LINKED,
    )
    if not facts.complete:
        _write_banner(page, facts.warnings)
    cards_row, charts_row = page.row, page.row + CARD_ROWS + 1
    has_calls = sums.total.calls > 0
    page.row = charts_row + (CHART_ROWS + DAYS_ROWS + 2 if has_calls else 2)
    if not has_calls:
        page.grid.put(charts_row, 0, page.say(words.NO_CALLS), look.value)
    months_row = page.row
    changes: list[Change] = []
    if facts.months_before:
        # Its formulas look at the key figures, which are placed below: so much room it takes.
        page.row += 4 + (2 if facts.edition is Edition.CUSTOMER else 3 + knows_reseller(facts, sums))
    if facts.complete and facts.warnings:
        _write_notes(page, facts.warnings)
    breaks = [page.row]
    _write_key_figures(page, facts, sums, tables)
    write_pairs(page, words.REPORT, _report_pairs(page, facts))
    if facts.months_before:
        after, page.row = page.row, months_row
        changes = write_months_block(page, facts, sums, tables.ranges)
        page.row = after
    if has_calls:
        breaks.append(_write_charted(page, workbook, facts, sums, tables, charts_row))
    sheet.set_h_pagebreaks(breaks)
    write_cards(page, cards_row, facts, tables, changes)
    page.grid.write(sheet)
    sheet.print_area(0, 0, page.row, LAST_COLUMN)


def _write_banner(page: Page, warnings: list[ReportWarning]) -> None:
    write_line(page, page.say(words.NOT_COMPLETE), page.look.banner, padding=9)
    for warning in warnings:
        write_line(page, _sentence(page, warning), page.look.banner_line, padding=3)
    page.row += 1


def _write_notes(page: Page, warnings: list[ReportWarning]) -> None:
    page.section(words.NOTES)
    for warning in warnings:
        write_line(page, _sentence(page, warning), page.look.wrapped, padding=3)
    page.row += 1


def _write_key_figures(page: Page, facts: AccountFacts, sums: UsageSums, tables: Tables) -> None:
    """Each with its unit and what it is; other blocks refer to their cells."""
    page.section(words.KEY_FIGURES)
    first = page.row
    figures = list(key_figures(facts, sums, tables))
    cells = {figure.name: f"$B${row + 1}" for row, figure in enumerate(figures, first)}
    for figure in figures:
        value = figure.value
        if figure.less and isinstance(value, Decimal):
            value = Formula(f"={'-'.join(cells[name] for name in figure.less)}", value)
        write_figure(page, figure.name, value, figure.number_format, figure.unit, page.say(figure.note))
    page.sheet.conditional_format(first, 1, page.row - 1, 1, below_zero(page.look))
    page.row += 1


def _write_charted(
    page: Page, workbook: Any, facts: AccountFacts, sums: UsageSums, tables: Tables, charts_row: int
) -> int:
    """The blocks that charts show, and the charts in the room that was left for them. Returns where the days begin."""
    countries = write_countries_block(page, facts, sums, tables)
    by_payer = facts.edition is Edition.INTERNAL and knows_reseller(facts, sums)
    second = write_payer_block(page, sums) if by_payer else None
    if second is None and tables.statement is not None and tables.statement.total_value:
        second = write_make_up_block(page, tables)
    days_row = page.row
    are_days, days = write_days_block(page, facts, sums, tables.ranges)
    left = (WIDTH_PIXELS - GAP) * 11 // 20 if second else WIDTH_PIXELS
    measure, code = measure_of(facts, sums), facts.currency
    _chart_countries(page, workbook, countries, Place(charts_row, 0, left, CHART_PIXELS), measure, code)
    if second:
        place = Place(charts_row, left + GAP, WIDTH_PIXELS - GAP - left, CHART_PIXELS)
        _chart_second(page, workbook, second, place, facts, tables, by_payer=by_payer)
    titles = (words.FLAT_RATE, words.PER_MINUTE, words.OTHER) if by_payer else (BILLING_MINUTES,)
    chart_days(page, workbook, charts_row + CHART_ROWS, days, titles, facts.period, are_days=are_days)
    return days_row


def _chart_countries(page: Page, workbook: Any, block: Block, place: Place, measure: str, code: str) -> None:
    values = block.series[0].values
    unit = page.say(words.MINUTES_UNIT) if measure == BILLING_MINUTES else code
    alt = page.say(
        words.ALT_COUNTRY,
        measure=page.say(measure),
        largest=block.categories[0],
        amount=two_places(page, values[0]),
        total=two_places(page, sum(values)),
        currency=unit,
    )
    title = page.say(words.CHART_COUNTRY, measure=page.say(measure), currency=unit)
    add_bars(workbook, page.sheet, page.look, place, block, title=title, alt=alt, number_format=_short(measure))


def _chart_second(
    page: Page, workbook: Any, block: Block, place: Place, facts: AccountFacts, tables: Tables, *, by_payer: bool
) -> None:
    if by_payer:
        flat, per_minute, other = (two_places(page, value) for value in block.series[0].values)
        alt = page.say(words.ALT_PAYER, flat=flat, per_minute=per_minute, other=other)
        colours = (page.look.accent, page.look.warm, NEUTRAL)
        add_bars(
            workbook,
            page.sheet,
            page.look,
            place,
            block,
            title=page.say(words.CHART_PAYER),
            alt=alt,
            number_format=MINUTES,
            colours=colours,
        )
        return
    assert tables.statement is not None
    total = two_places(page, tables.statement.total_value)
    alt = page.say(words.ALT_MAKE_UP, total=total, currency=facts.currency)
    title = page.say(words.CHART_MAKE_UP, currency=facts.currency)
    add_bars(workbook, page.sheet, page.look, place, block, title=title, alt=alt, number_format="#,##0.00")


def _short(measure: str) -> str:
    """Beside a bar: two decimals are enough, the table below has them all."""
    return MINUTES if measure == BILLING_MINUTES else "#,##0.00"


def _report_pairs(page: Page, facts: AccountFacts) -> Iterator[tuple[str, str]]:
    period = facts.period
    yield words.ACCOUNT, facts.account.name
    yield words.ACCOUNT_ID, facts.account.id
    if facts.account.realm:
        yield words.REALM, facts.account.realm
    brand = page.look.style.brand
    yield words.RESELLER, f"{brand.company_or(facts.reseller.name)} ({facts.reseller.id})"
    if brand.address:
        yield words.ADDRESS, brand.address
    yield words.FROM, page.look.words.moment(period.from_local)
    yield words.TO, page.look.words.moment(period.to_local)
    yield words.TIME_ZONE, period.timezone
    if facts.edition is Edition.INTERNAL:
        yield words.DATA_FROM, facts.data_from or page.say(words.NO_SOURCE)
    yield words.CURRENCY, facts.currency
    yield words.COMPLETE_LABEL, page.say(words.YES if facts.complete else words.NO_AS_SAID)
    if facts.edition is Edition.INTERNAL:
        yield words.CALLS_LISTED, page.say(words.LISTED[facts.legs_listed])


def _sentence(page: Page, warning: ReportWarning) -> str:
    message = page.look.words.phrase(warning.message)
    return f"{message} (×{warning.count})" if warning.count > 1 else message
