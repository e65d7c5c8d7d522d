"""The first sheet: what is owed or earned, for what, against the month before, and whether it is complete; charts; then
the key figures, the report's own facts and the small tables below them.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from reseller_reporting.model.logo import Logo
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import first_day, last_day, spoken_period
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.grid import Grid, Link
from reseller_reporting.reports.render.local_time import day_of_serial
from reseller_reporting.reports.render.look import MINUTES, NEUTRAL, ROW_HEIGHT, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.sheet import SUMMARY_SHEET, Formula, below_zero, set_up_print, sheet_name
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
from reseller_reporting.reports.render.summary_charts import Place, add_bars, add_columns
from reseller_reporting.reports.render.summary_figures import Tables, key_figures, knows_reseller
from reseller_reporting.reports.usage import UsageSums

_WIDTHS = (26, 16, 15, 15, 15, 15, 15, 15)
_WIDTH_PIXELS = sum(width * 7 + 5 for width in _WIDTHS)
_CHARACTERS_PER_LINE = 125
_LINE_HEIGHT = 17
_LOGO_COLUMN, _LOGO_PIXELS = 6, 44
_CHART_ROWS, _DAYS_ROWS, _ROW_PIXELS, _GAP = 18, 15, 21, 12
# Sheets that follow another of their kind are reached from the first.
_LINKED = ("Calls", "Countries", "Rates", "Users", "Services", "Statement", "Trunks", "Problems")


def add_summary(workbook: Any, look: Look) -> Any:
    """The sheet, first in the workbook; it is filled last, when everything is known."""
    sheet = workbook.add_worksheet(sheet_name(look.words, SUMMARY_SHEET), PlainSheet)
    sheet.hide_gridlines(2)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    set_up_print(sheet, is_wide=False)
    return sheet


def write_summary_sheet(
    workbook: Any, sheet: Any, look: Look, facts: AccountFacts, sums: UsageSums, tables: Tables
) -> None:
    page = Page(sheet, look, Grid())
    _write_title(page, workbook, facts)
    if not facts.complete:
        _write_banner(page, facts.warnings)
    cards_row, charts_row = page.row, page.row + CARD_ROWS + 1
    has_calls = sums.total.calls > 0
    page.row = charts_row + (_CHART_ROWS + _DAYS_ROWS + 2 if has_calls else 2)
    if not has_calls:
        page.grid.put(charts_row, 0, page.say(words.NO_CALLS), look.value)
    months_row = page.row
    changes: list[Change] = []
    if facts.months_before:
        # Its formulas look at the key figures, which are placed below: so much room it takes.
        page.row += 4 + (2 if facts.edition is Edition.CUSTOMER else 3 + knows_reseller(facts, sums))
    if facts.complete and facts.warnings:
        _write_notes(page, facts.warnings)
    sheet.set_h_pagebreaks([page.row])
    _write_key_figures(page, facts, sums, tables)
    _write_pairs(page, words.REPORT, list(_report_pairs(page, facts)))
    if facts.months_before:
        after, page.row = page.row, months_row
        changes = write_months_block(page, facts, sums, tables.ranges)
        page.row = after
    if has_calls:
        _write_charted(page, workbook, facts, sums, tables, charts_row)
    write_cards(page, cards_row, facts, tables, changes)
    page.grid.write(sheet)
    sheet.print_area(0, 0, page.row, LAST_COLUMN)


def _write_title(page: Page, workbook: Any, facts: AccountFacts) -> None:
    grid, look = page.grid, page.look
    grid.height(0, 36)
    logo = look.style.brand.logo
    grid.put_merged(
        0, 0, _LOGO_COLUMN - 1 if logo else LAST_COLUMN, facts.account.name or str(facts.account.id), look.title
    )
    if logo:
        _add_logo(page.sheet, look.style.brand.company_or(facts.reseller.name), logo)
    grid.height(1, 20)
    grid.put(1, 0, page.say(words.TITLE, period=spoken_period(facts.period, look.words)), look.subtitle)
    grid.put_merged(1, 4, LAST_COLUMN, look.style.brand.company_or(facts.reseller.name) or None, look.sender)
    grid.height(2, 20)
    names = {sheet.name for sheet in workbook.worksheets()}
    grid.put_across(2, 0, LAST_COLUMN, look.link)
    for column, name in enumerate(name for name in map(page.say, _LINKED) if name in names):
        grid.put(2, column, Link(name, name), look.link)
    page.row = 4


def _add_logo(sheet: Any, name: str, logo: Logo) -> None:
    """In the upper right corner, as large as the row's height and two columns allow."""
    room = sum(width * 7 + 5 for width in _WIDTHS[_LOGO_COLUMN:])
    # Pixels of the picture as the writer counts them, whatever density the file claims to have.
    scale = min(_LOGO_PIXELS / logo.height, room / logo.width)
    sheet.insert_image(
        0,
        _LOGO_COLUMN,
        f"logo.{logo.kind}",
        {
            "image_data": BytesIO(logo.content),
            "x_scale": scale,
            "y_scale": scale,
            "x_offset": max(0, room - round(logo.width * scale)),
            "y_offset": 1,
            "description": name,
            "object_position": 2,
        },
    )


def _write_banner(page: Page, warnings: list[ReportWarning]) -> None:
    _write_line(page, page.say(words.NOT_COMPLETE), page.look.banner, padding=9)
    for warning in warnings:
        _write_line(page, _sentence(page, warning), page.look.banner_line, padding=3)
    page.row += 1


def _write_notes(page: Page, warnings: list[ReportWarning]) -> None:
    page.section(words.NOTES)
    for warning in warnings:
        _write_line(page, _sentence(page, warning), page.look.wrapped, padding=3)
    page.row += 1


def _write_line(page: Page, text: str, cell_format: Any, *, padding: int) -> None:
    """A sentence over the whole width, as high as it needs."""
    lines = sum(max(1, -(-len(part) // _CHARACTERS_PER_LINE)) for part in text.split("\n"))
    page.grid.height(page.row, min(lines * ROW_HEIGHT + padding, 400))
    page.grid.put_merged(page.row, 0, LAST_COLUMN, text, cell_format)
    page.row += 1


def _write_pairs(page: Page, title: str, pairs: list[tuple[str, str]]) -> None:
    page.section(title)
    for label, value in pairs:
        page.grid.height(page.row, _LINE_HEIGHT)
        page.grid.put(page.row, 0, page.say(label), page.look.label)
        page.grid.put_merged(page.row, 1, LAST_COLUMN, value, page.look.value)
        if label == words.COMPLETE_LABEL:
            not_yes = {
                "type": "cell",
                "criteria": "!=",
                "value": f'"{page.say(words.YES)}"',
                "format": page.look.marked,
            }
            page.sheet.conditional_format(page.row, 1, page.row, 1, not_yes)
        page.row += 1
    page.row += 1


def _write_key_figures(page: Page, facts: AccountFacts, sums: UsageSums, tables: Tables) -> None:
    """Each with its unit and what it is; other blocks refer to their cells."""
    look = page.look
    page.section(words.KEY_FIGURES)
    first = page.row
    for figure in key_figures(facts, sums, tables):
        row = page.row
        page.grid.height(row, _LINE_HEIGHT)
        page.grid.put(row, 0, page.say(figure.name), look.label)
        value = figure.value
        if value is None:
            page.grid.put(row, 1, page.say(words.NOT_AVAILABLE), look.missing)
        else:
            page.grid.put(row, 1, value, look.figure(figure.number_format))
            page.figures[figure.name] = (f"$B${row + 1}", value.value if isinstance(value, Formula) else value)
        page.grid.put(row, 2, page.say(figure.unit), look.note)
        page.grid.put(row, 3, page.say(figure.note), look.note)
        page.row += 1
    page.sheet.conditional_format(first, 1, page.row - 1, 1, below_zero(look))
    page.row += 1


def _write_charted(
    page: Page, workbook: Any, facts: AccountFacts, sums: UsageSums, tables: Tables, charts_row: int
) -> None:
    """The blocks that charts show, and the charts in the room that was left for them."""
    countries = write_countries_block(page, facts, sums, tables)
    by_payer = facts.edition is Edition.INTERNAL and knows_reseller(facts, sums)
    second = write_payer_block(page, sums) if by_payer else None
    if second is None and tables.statement is not None and tables.statement.total_value:
        second = write_make_up_block(page, tables)
    are_days, days = write_days_block(page, facts, sums, tables.ranges)
    height = _CHART_ROWS * _ROW_PIXELS - _GAP
    left = (_WIDTH_PIXELS - _GAP) * 11 // 20 if second else _WIDTH_PIXELS
    measure, code = measure_of(facts, sums), facts.currency
    _chart_countries(page, workbook, countries, Place(charts_row, 0, left, height), measure, code)
    if second:
        place = Place(charts_row, left + _GAP, _WIDTH_PIXELS - _GAP - left, height)
        _chart_second(page, workbook, second, place, facts, tables, by_payer=by_payer)
    place = Place(charts_row + _CHART_ROWS, 0, _WIDTH_PIXELS, _DAYS_ROWS * _ROW_PIXELS)
    stacked = [words.FLAT_RATE, words.PER_MINUTE, words.OTHER]
    series = [days.of(title) for title in (stacked if by_payer else [BILLING_MINUTES])]
    minutes = days.of(BILLING_MINUTES).values
    most = max(range(len(minutes)), key=minutes.__getitem__)
    day: date = day_of_serial(days.categories[most])
    add_columns(
        workbook,
        page.sheet,
        page.look,
        place,
        days,
        [each for each in series if any(each.values)] or series[:1],
        title=page.say(words.CHART_DAY if are_days else words.CHART_MONTH),
        alt=page.say(
            words.ALT_DAY if are_days else words.ALT_MONTH,
            minutes=_two_places(page, minutes[most]),
            day=page.look.words.day(day) if are_days else page.look.words.month(day),
            total=_two_places(page, sum(minutes)),
        ),
        date_format=_day_format(facts.period) if are_days else "mmm yyyy",
    )


def _chart_countries(page: Page, workbook: Any, block: Block, place: Place, measure: str, code: str) -> None:
    values = block.series[0].values
    unit = page.say(words.MINUTES_UNIT) if measure == BILLING_MINUTES else code
    alt = page.say(
        words.ALT_COUNTRY,
        measure=page.say(measure),
        largest=block.categories[0],
        amount=_two_places(page, values[0]),
        total=_two_places(page, sum(values)),
        currency=unit,
    )
    title = page.say(words.CHART_COUNTRY, measure=page.say(measure), currency=unit)
    add_bars(workbook, page.sheet, page.look, place, block, title=title, alt=alt, number_format=_short(measure))


def _chart_second(
    page: Page, workbook: Any, block: Block, place: Place, facts: AccountFacts, tables: Tables, *, by_payer: bool
) -> None:
    if by_payer:
        flat, per_minute, other = (_two_places(page, value) for value in block.series[0].values)
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
    total = _two_places(page, tables.statement.total_value)
    alt = page.say(words.ALT_MAKE_UP, total=total, currency=facts.currency)
    title = page.say(words.CHART_MAKE_UP, currency=facts.currency)
    add_bars(workbook, page.sheet, page.look, place, block, title=title, alt=alt, number_format="#,##0.00")


def _two_places(page: Page, figure: float | Decimal) -> str:
    return page.look.words.number(Decimal(f"{figure:.2f}"), places=2)


def _short(measure: str) -> str:
    """Beside a bar: two decimals are enough, the table below has them all."""
    return MINUTES if measure == BILLING_MINUTES else "#,##0.00"


def _day_format(period: ReportPeriod) -> str:
    """The day alone within one month, which the title names."""
    first, last = first_day(period), last_day(period)
    return "d" if (first.year, first.month) == (last.year, last.month) else "d mmm"


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
