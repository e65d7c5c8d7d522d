"""Summary charts: native charts over the blocks of the first sheet, with values for readers that do not calculate.

Each says in its alternative text what it shows; what its colours tell stands in its words, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.cell_text import one_line
from reseller_reporting.reports.render.look import FONT, INK, NEUTRAL, QUIET, RULE, Look
from reseller_reporting.reports.render.summary_blocks import Block, Series

_LABEL = {"name": FONT, "size": 9, "color": QUIET}
_VALUE = {"name": FONT, "size": 9, "color": INK}
_TITLE = {"name": FONT, "size": 11, "bold": True, "color": INK}
_LABELS_MAX = 31
_TITLE_TOP, _LEGEND_TOP, _BOTTOM = 0.13, 0.19, 0.96  # Of a chart's height.
_ALT_MAX = 1_000
_BAR_PIXELS_MAX, _GAP_MAX = 32, 500  # No program takes a wider gap.
_GRID = {"visible": True, "line": {"color": RULE, "width": 0.5}}


def _colours(look: Look) -> dict[str, str]:
    return {
        words.FLAT_RATE: look.accent,
        words.PER_MINUTE: look.warm,
        words.OTHER: NEUTRAL,
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chart stands, and how large it is, in pixels."""

    row: int
    left: int
    width: int
    height: int


def add_bars(
    workbook: Any,
    sheet: Any,
    look: Look,
    place: Place,
    block: Block,
    *,
    title: str,
    alt: str,
    number_format: str,
    colours: Sequence[str] = (),
) -> None:
    """Lying bars, the first on top, each with its figure; several series stand side by side under their legend."""
    chart = workbook.add_chart({"type": "bar"})
    points = {"points": [{"fill": {"color": colour}} for colour in colours]} if colours else {}
    top = _LEGEND_TOP if len(block.series) > 1 else _TITLE_TOP
    gap = _gap(place.height * (_BOTTOM - top) / max(len(block.categories), 1), len(block.series))
    # What is paid stands before what comes in.
    of_series = (look.warm, look.accent) if len(block.series) > 1 else (look.accent,)
    for series, colour in zip(block.series, of_series, strict=True):
        chart.add_series(
            {
                **_data(sheet, block, series),
                **points,
                **({"name": look.words.say(series.title)} if len(block.series) > 1 else {}),
                "fill": {"color": colour},
                "gap": gap,
                "data_labels": {"value": True, "font": _VALUE, "num_format": number_format},
            }
        )
    # Each bar tells its figure. Programs that show the scale of a hidden axis all the same show whole numbers.
    scale = {"num_format": "#,##0", "num_font": _LABEL, "label_position": "none", "major_tick_mark": "none"}
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, **scale})
    chart.set_y_axis(
        {
            "reverse": True,
            "interval_unit": 1,
            "num_font": _LABEL,
            "line": {"color": RULE},
            "major_tick_mark": "none",
            "label_position": "low",
            "major_gridlines": {"visible": False},
        }
    )
    chart.set_legend({"position": "top", "font": _LABEL} if len(block.series) > 1 else {"none": True})
    # Room for the names: some programs run them over the edge, or leave every other one out.
    chart.set_plotarea({"layout": {"x": 0.33, "y": top, "width": 0.55, "height": _BOTTOM - top}})
    _insert(sheet, chart, place, title, alt)


def _gap(line_pixels: float, series_count: int) -> int:
    """Between the lines, in percent of a bar: as little as may be, but few lines make no blocks of their bars."""
    return min(max(45, round(100 * (line_pixels / _BAR_PIXELS_MAX - series_count))), _GAP_MAX)


def add_columns(
    workbook: Any,
    sheet: Any,
    look: Look,
    place: Place,
    block: Block,
    shown: Sequence[Series],
    *,
    title: str,
    alt: str,
    date_format: str,
) -> None:
    """Standing columns over time, one series upon the other, in the order of the legend."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    for series in shown:
        chart.add_series(
            {
                **_data(sheet, block, series),
                "name": look.words.say(series.title),
                "fill": {"color": _colours(look).get(series.title, look.accent)},
                "gap": 40,
            }
        )
    chart.set_x_axis(
        {
            "num_font": _LABEL,
            "num_format": date_format,
            "text_axis": True,
            "interval_unit": 1 if len(block.categories) <= _LABELS_MAX else 2,
            "line": {"color": RULE},
            "major_tick_mark": "none",
        }
    )
    chart.set_y_axis({"num_font": _LABEL, "num_format": "#,##0", "major_gridlines": _GRID, "line": {"none": True}})
    chart.set_legend({"position": "top", "font": _LABEL} if len(shown) > 1 else {"none": True})
    _insert(sheet, chart, place, title, alt)


def _data(sheet: Any, block: Block, series: Series) -> dict[str, Any]:
    return {
        "categories": [sheet.name, block.first_row, 0, block.last_row, 0],
        "values": [sheet.name, block.first_row, series.column, block.last_row, series.column],
        "categories_data": [one_line(each, 255) if isinstance(each, str) else each for each in block.categories],
        "values_data": series.values,
    }


def _insert(sheet: Any, chart: Any, place: Place, title: str, alt: str) -> None:
    chart.set_title({"name": title, "name_font": _TITLE, "overlay": False})
    chart.set_chartarea({"border": {"color": RULE}})
    chart.set_size({"width": place.width, "height": place.height})
    sheet.insert_chart(
        place.row, 0, chart, {"x_offset": place.left, "description": one_line(alt, _ALT_MAX), "object_position": 2}
    )
