"""Summary page: what the first sheets of all workbooks have in common: their columns, title, logo, links, sentences,
key figures, facts, and the chart of days.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from reseller_reporting.model.logo import Logo
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.reports.period_text import first_day, last_day
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.grid import Grid, Link
from reseller_reporting.reports.render.local_time import day_of_serial
from reseller_reporting.reports.render.look import ROW_HEIGHT, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.sheet import SUMMARY_SHEET, Formula, set_up_print, sheet_name
from reseller_reporting.reports.render.sheets_usage import MINUTES as BILLING_MINUTES
from reseller_reporting.reports.render.summary_blocks import LAST_COLUMN, Block, Page
from reseller_reporting.reports.render.summary_charts import Place, add_columns

# A card has two of them, a wide one for what a figure is called.
_WIDTHS = (26, 16, 19, 13, 19, 13, 19, 13)
# A chart as wide as all columns would lose its right edge on paper.
WIDTH_PIXELS = sum(width * 7 + 5 for width in _WIDTHS) - 3
CHART_ROWS, DAYS_ROWS, GAP = 18, 15, 12
LINE_HEIGHT = 17
_ROW_PIXELS = 21
CHART_PIXELS, DAYS_PIXELS = CHART_ROWS * _ROW_PIXELS - GAP, DAYS_ROWS * _ROW_PIXELS
_CHARACTERS_PER_LINE = 130
_LOGO_COLUMN, _LOGO_PIXELS = 6, 44


def add_summary(workbook: Any, look: Look) -> Any:
    """The sheet, first in the workbook; it is filled last, when everything is known."""
    sheet = workbook.add_worksheet(sheet_name(look.words, SUMMARY_SHEET), PlainSheet)
    sheet.hide_gridlines(2)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    set_up_print(sheet, is_wide=False)
    return sheet


def open_page(sheet: Any, look: Look) -> Page:
    return Page(sheet, look, Grid())


def write_title(page: Page, workbook: Any, *, title: str, subtitle: str, sender: str, linked: Sequence[str]) -> None:
    """Whose it is and of when, who sends it, and links to those of the named sheets that there are."""
    grid, look = page.grid, page.look
    grid.height(0, 36)
    logo = look.style.brand.logo
    grid.put_merged(0, 0, _LOGO_COLUMN - 1 if logo else LAST_COLUMN, title, look.title)
    if logo:
        _add_logo(page.sheet, sender, logo)
    grid.height(1, 20)
    grid.put(1, 0, subtitle, look.subtitle)
    grid.put_merged(1, 4, LAST_COLUMN, sender or None, look.sender)
    grid.height(2, 20)
    names = {sheet.name for sheet in workbook.worksheets()}
    grid.put_across(2, 0, LAST_COLUMN, look.link)
    for column, name in enumerate(name for name in map(page.say, linked) if name in names):
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


def write_line(page: Page, text: str, cell_format: Any, *, padding: int) -> None:
    """A sentence over the whole width, as high as it needs."""
    lines = sum(max(1, -(-len(part) // _CHARACTERS_PER_LINE)) for part in text.split("\n"))
    page.grid.height(page.row, min(lines * ROW_HEIGHT + padding, 400))
    page.grid.put_merged(page.row, 0, LAST_COLUMN, text, cell_format)
    page.row += 1


def write_pairs(page: Page, title: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Facts of the report, a label and a text each."""
    page.section(title)
    for label, value in pairs:
        page.grid.height(page.row, LINE_HEIGHT)
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


def write_figure(page: Page, name: str, value: Any, number_format: str, unit: str, note: str) -> None:
    """A key figure, its unit, and what it is, in words that are said already; others refer to its cell."""
    grid, look, row = page.grid, page.look, page.row
    grid.height(row, LINE_HEIGHT)
    grid.put(row, 0, page.say(name), look.label)
    if value is None:
        grid.put(row, 1, page.say(words.NOT_AVAILABLE), look.missing)
    else:
        grid.put(row, 1, value, look.figure(number_format))
        page.figures[name] = (f"$B${row + 1}", value.value if isinstance(value, Formula) else value)
    grid.put(row, 2, page.say(unit), look.note)
    grid.put(row, 3, note or None, look.note)
    page.row += 1


def chart_days(
    page: Page, workbook: Any, row: int, days: Block, titles: Sequence[str], period: ReportPeriod, *, are_days: bool
) -> None:
    """Minutes by day, or by month; of the series that are named, those that show anything."""
    series = [days.of(title) for title in titles]
    minutes = days.of(BILLING_MINUTES).values
    most = max(range(len(minutes)), key=minutes.__getitem__)
    day = day_of_serial(days.categories[most])
    add_columns(
        workbook,
        page.sheet,
        page.look,
        Place(row, 0, WIDTH_PIXELS, DAYS_PIXELS),
        days,
        [each for each in series if any(each.values)] or series[:1],
        title=page.say(words.CHART_DAY if are_days else words.CHART_MONTH),
        alt=page.say(
            words.ALT_DAY if are_days else words.ALT_MONTH,
            minutes=two_places(page, minutes[most]),
            day=page.look.words.day(day) if are_days else page.look.words.month(day),
            total=two_places(page, sum(minutes)),
        ),
        date_format=_day_format(period) if are_days else "mmm yyyy",
    )


def two_places(page: Page, figure: float | Decimal) -> str:
    return page.look.words.number(Decimal(f"{figure:.2f}"), places=2)


def _day_format(period: ReportPeriod) -> str:
    """The day alone within one month, which the title names."""
    first, last = first_day(period), last_day(period)
    return "d" if (first.year, first.month) == (last.year, last.month) else "d mmm"
