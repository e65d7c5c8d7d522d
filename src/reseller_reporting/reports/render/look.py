"""Look: the one visual language of the workbooks. Ink, one quiet grey, and amber for what the reader must not miss."""

from dataclasses import dataclass, field
from typing import Any

from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.words.language import Words

INK, QUIET, RULE, SHADE = "#1F2A44", "#6B7280", "#C9CFDA", "#EEF1F6"
AMBER, AMBER_INK = "#FFE9B8", "#7A4A00"
HEAT, AMBER_FULL = "#9DB2DC", "#FFD27A"  # The most of a scale that begins white, and where it is full.

MONEY, MINUTES, COUNT, DATE_TIME = "#,##0.0000", "#,##0.00", "#,##0", "yyyy-mm-dd hh:mm:ss"
_MONEY_IN_ROWS, _MICROS_IN_ROWS, _MINUTES_IN_ROWS = "0.0000", "0.000000", "0.00"

ROW_HEIGHT = 15


@dataclass(slots=True)
class Look:
    """The cell formats of one workbook, made once."""

    workbook: Any
    style: Style = PRODUCT_STYLE
    _made: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)
    _by_kind: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        return self.style.words

    def of_kind(self, kind: str) -> Any:
        """The format of cells of this kind, which is one of the names below."""
        if kind not in self._by_kind:
            self._by_kind[kind] = getattr(self, kind)
        return self._by_kind[kind]

    def _format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self.workbook.add_format(properties)
        return self._made[key]

    @property
    def header(self) -> Any:
        return self._format(bold=True, font_color=INK, bg_color=SHADE, bottom=1, bottom_color=RULE, valign="vcenter")

    @property
    def header_indented(self) -> Any:
        return self._format(
            bold=True,
            font_color=INK,
            bg_color=SHADE,
            bottom=1,
            bottom_color=RULE,
            valign="vcenter",
            align="left",
            indent=1,
        )

    @property
    def header_right(self) -> Any:
        """Over numbers, which stand on the right."""
        return self._format(
            bold=True, font_color=INK, bg_color=SHADE, bottom=1, bottom_color=RULE, valign="vcenter", align="right"
        )

    @property
    def text(self) -> Any:
        return None

    @property
    def text_indented(self) -> Any:
        """Text to the right of a number, which would touch it otherwise."""
        return self._format(align="left", indent=1)

    @property
    def money(self) -> Any:
        return self._format(num_format=_MONEY_IN_ROWS)

    @property
    def money_micros(self) -> Any:
        return self._format(num_format=_MICROS_IN_ROWS)

    @property
    def minutes(self) -> Any:
        return self._format(num_format=_MINUTES_IN_ROWS)

    @property
    def count(self) -> Any:
        return self._format(num_format=COUNT, align="right")

    @property
    def date_time(self) -> Any:
        return self._format(num_format=DATE_TIME, align="left")

    @property
    def title(self) -> Any:
        return self._format(bold=True, font_size=18, font_color=INK, valign="vcenter")

    @property
    def subtitle(self) -> Any:
        return self._format(font_size=11, font_color=QUIET, valign="vcenter")

    @property
    def section(self) -> Any:
        return self._format(bold=True, font_size=12, font_color=INK, bottom=1, bottom_color=RULE)

    @property
    def label(self) -> Any:
        return self._format(font_color=QUIET, valign="vcenter")

    @property
    def value(self) -> Any:
        return self._format(font_color=INK, align="left", valign="vcenter")

    @property
    def note(self) -> Any:
        return self._format(font_color=QUIET, align="left", indent=1, valign="vcenter")

    @property
    def quiet(self) -> Any:
        return self._format(font_color=QUIET)

    @property
    def warned(self) -> Any:
        """A sentence that the reader must not miss, over whatever cells are free beside it."""
        return self._format(font_color=AMBER_INK, bold=True)

    @property
    def full(self) -> Any:
        """Of a table of peaks: every trunk was taken."""
        return self._format(font_color=AMBER_INK, bold=True)

    @property
    def hour(self) -> Any:
        """Of the day: 7 is 07:00."""
        return self._format(font_color=QUIET, num_format='00":00"', align="left")

    @property
    def missing(self) -> Any:
        return self._format(font_color=AMBER_INK, italic=True, align="right", valign="vcenter")

    @property
    def banner(self) -> Any:
        return self._format(
            bold=True, font_size=12, font_color=AMBER_INK, bg_color=AMBER, text_wrap=True, valign="vcenter", indent=1
        )

    @property
    def banner_line(self) -> Any:
        return self._format(font_color=AMBER_INK, bg_color=AMBER, text_wrap=True, valign="vcenter", indent=1)

    @property
    def wrapped(self) -> Any:
        return self._format(font_color=INK, text_wrap=True, valign="vcenter")

    def figure(self, num_format: str) -> Any:
        """A key figure on the first sheet."""
        return self._format(bold=True, font_color=INK, num_format=num_format, valign="vcenter")

    def made(self, **properties: Any) -> Any:
        """Any other format, for a sheet with a look of its own."""
        return self._format(**properties)
