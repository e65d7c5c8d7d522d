"""Look: the one visual language of the workbooks. Ink and one quiet grey; blue for what is told, orange for what costs
by the minute; amber for what the reader must not miss. Text stands off its ground by 4.5 to 1, charts by 3 to 1.
"""

from dataclasses import dataclass, field
from typing import Any

from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.words.language import Words

# Excel, LibreOffice and Google Sheets all have it, or its double of the same widths.
FONT, FONT_SIZE = "Arial", 10
INK, QUIET, RULE, SHADE, STRIPE, NOTE = "#1B2A41", "#566074", "#C9D1DC", "#EEF2F7", "#F6F8FB", "#FFFFFF"
ACCENT, ACCENT_INK, WARM, NEUTRAL = "#1F6FB2", "#185A91", "#D9731A", "#7F8A9C"
AMBER, AMBER_INK = "#FFE9B8", "#7A4A00"
HEAT, AMBER_FULL = "#9DBFE0", "#FFD27A"  # The most of a scale that begins white, and where it is full.

MONEY, MINUTES, COUNT, DATE_TIME = "#,##0.0000", "#,##0.00", "#,##0", "yyyy-mm-dd hh:mm:ss"
_MICROS_IN_ROWS = "0.000000"

ROW_HEIGHT = 15

_HEADER: dict[str, Any] = {
    "bold": True,
    "font_color": INK,
    "bg_color": SHADE,
    "bottom": 2,
    "valign": "vcenter",
}


@dataclass(slots=True)
class Look:
    """The cell formats of one workbook, made once."""

    workbook: Any
    style: Style = PRODUCT_STYLE
    _made: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)
    _by_kind: dict[str, Any] = field(default_factory=dict)

    @property
    def accent(self) -> str:
        return self.style.brand.accent or ACCENT

    @property
    def accent_ink(self) -> str:
        """For words; a colour of the reseller's own is dark enough for them."""
        return self.style.brand.accent or ACCENT_INK

    @property
    def warm(self) -> str:
        return self.style.brand.second or WARM

    @property
    def _header(self) -> dict[str, Any]:
        return {**_HEADER, "bottom_color": self.accent}

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
        return self._format(**self._header)

    @property
    def header_right(self) -> Any:
        """Over numbers, which stand on the right; one too long for its column is shown smaller."""
        return self._format(**self._header, align="right", shrink=True)

    def header_of(self, kind: str, *, is_link: bool = False, is_wrapped: bool = False, is_filtered: bool = True) -> Any:
        """Of a table's column: a filter's button covers the cell's right end. The first leads back."""
        parts = {**self._header, **({"text_wrap": True} if is_wrapped else {})}
        if is_link:
            return self._format(**{**parts, "font_color": self.accent_ink, "underline": 1})
        if kind in ("text_indented", "text_shrunk"):
            return self._format(**parts, align="left", indent=1)
        if kind in ("text", "date_time"):
            return self._format(**parts)
        return self._format(**parts, align="right", indent=2 if is_filtered else 0)

    @property
    def stripe(self) -> Any:
        return self._format(bg_color=STRIPE)

    @property
    def marked(self) -> Any:
        """What a condition finds: the reader should look at it."""
        return self._format(bold=True, font_color=AMBER_INK, bg_color=AMBER)

    @property
    def link(self) -> Any:
        return self._format(font_color=self.accent_ink, underline=1, valign="vcenter")

    @property
    def link_in_rows(self) -> Any:
        """At the height of the cells beside it."""
        return self._format(font_color=self.accent_ink, underline=1)

    @property
    def text(self) -> Any:
        return None

    @property
    def text_indented(self) -> Any:
        """Text to the right of a number, which would touch it otherwise."""
        return self._format(align="left", indent=1)

    @property
    def text_shrunk(self) -> Any:
        """A sentence beside other text: whole on paper, if smaller. Wrapped, a row would grow for one cell."""
        return self._format(align="left", indent=1, shrink=True)

    @property
    def money(self) -> Any:
        return self._format(num_format=MONEY)

    @property
    def money_micros(self) -> Any:
        return self._format(num_format=_MICROS_IN_ROWS)

    @property
    def minutes(self) -> Any:
        return self._format(num_format=MINUTES)

    @property
    def count(self) -> Any:
        return self._format(num_format=COUNT, align="right")

    @property
    def date_time(self) -> Any:
        return self._format(num_format=DATE_TIME, align="left")

    @property
    def title(self) -> Any:
        return self._format(bold=True, font_size=20, font_color=INK, align="left", valign="vcenter")

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

    @property
    def sender(self) -> Any:
        return self._format(font_color=QUIET, align="right", valign="vcenter")

    @property
    def small(self) -> Any:
        return self._format(font_color=QUIET, font_size=8, valign="vcenter")

    @property
    def text_cell(self) -> Any:
        return self._format(font_color=INK, align="left")

    def number(self, num_format: str) -> Any:
        return self._format(font_color=INK, num_format=num_format)

    @property
    def day(self) -> Any:
        return self._format(font_color=INK, num_format="yyyy-mm-dd", align="left")

    @property
    def month(self) -> Any:
        return self._format(font_color=INK, num_format="mmm yyyy", align="left")

    @property
    def header_month(self) -> Any:
        return self._format(**self._header, align="right", indent=1, num_format="mmm yyyy")

    def before_line(self, num_format: str) -> Any:
        """A number that keeps off the line of its course beside it."""
        return self._format(font_color=INK, num_format=num_format, align="right", indent=1)

    @property
    def total_label(self) -> Any:
        return self._format(bold=True, font_color=INK, top=1, top_color=RULE)

    def total(self, num_format: str) -> Any:
        return self._format(bold=True, font_color=INK, top=1, top_color=RULE, num_format=num_format)

    @property
    def sparkline(self) -> dict[str, Any]:
        """What a line of a few months looks like; the months stand beside it as numbers."""
        return {"type": "column", "series_color": self.accent, "last_point": True, "last_color": self.warm, "min": 0}

    # Cards: a light ground under a blue edge, and white between them.

    @property
    def card_title(self) -> Any:
        return self._format(
            shrink=True, **_CARD, top=5, top_color=self.accent, **_CARD_END, font_size=9, font_color=QUIET, indent=1
        )

    def card_figure(self, num_format: str, *, is_amber: bool) -> Any:
        ground = {"bg_color": AMBER, "font_color": AMBER_INK} if is_amber else {"font_color": INK}
        parts = {**_CARD, **_CARD_END, **ground}
        return self._format(**parts, bold=True, font_size=18, align="left", indent=1, num_format=num_format)

    @property
    def card_missing(self) -> Any:
        return self._format(**_CARD, **_CARD_END, font_size=14, font_color=QUIET, align="left", indent=1)

    def card_label(self, *, is_last: bool) -> Any:
        return self._format(shrink=True, **_card_line(is_last=is_last), font_color=QUIET, align="left", indent=1)

    def card_words(self, *, is_last: bool) -> Any:
        return self._format(
            shrink=True, **_card_line(is_last=is_last), **_CARD_END, font_color=QUIET, align="left", indent=1
        )

    def card_value(self, num_format: str, *, is_last: bool) -> Any:
        parts = _card_line(is_last=is_last)
        return self._format(**parts, **_CARD_END, font_color=INK, align="right", indent=1, num_format=num_format)


_CARD: dict[str, Any] = {"bg_color": SHADE, "valign": "vcenter"}
_CARD_END: dict[str, Any] = {"right": 5, "right_color": "#FFFFFF"}


def _card_line(*, is_last: bool) -> dict[str, Any]:
    return {**_CARD, "font_size": 9, "valign": "top" if is_last else "vcenter"}
