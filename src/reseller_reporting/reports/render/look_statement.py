"""The look of the sheet Statement: lines, the sums under them, and the total that is due."""

from dataclasses import dataclass
from typing import Any

from reseller_reporting.reports.render.look import AMBER_INK, INK, MONEY, QUIET, RULE, SHADE, Look

_QUANTITY = "#,##0.00##"  # Whole ones too, so that the points stand below each other.


@dataclass(frozen=True, slots=True)
class StatementLook:
    """Made of the workbook's own formats, so that one is never made twice."""

    base: Look

    @property
    def section(self) -> Any:
        return self.base.section

    @property
    def line_text(self) -> Any:
        return self.base.made(align="left", indent=1, valign="top", text_wrap=True)

    @property
    def quantity(self) -> Any:
        return self.base.made(num_format=_QUANTITY, valign="top")

    @property
    def unit(self) -> Any:
        return self.base.made(font_color=QUIET, align="left", indent=1, valign="top")

    @property
    def amount(self) -> Any:
        return self.base.made(num_format="#,##0.0000##", valign="top")

    @property
    def how(self) -> Any:
        return self.base.made(font_color=QUIET, align="left", indent=1, text_wrap=True, valign="top")

    @property
    def sum_text(self) -> Any:
        return self.base.made(font_color=QUIET, top=1, top_color=RULE, align="left", indent=1)

    @property
    def sum_unit(self) -> Any:
        return self.base.made(font_color=QUIET, top=1, top_color=RULE, align="left", indent=1)

    @property
    def sum(self) -> Any:
        return self.base.made(bold=True, font_color=INK, top=1, top_color=RULE, num_format=MONEY)

    @property
    def total_text(self) -> Any:
        return self.base.made(bold=True, font_size=13, font_color=INK, bg_color=SHADE, valign="vcenter")

    @property
    def total_unit(self) -> Any:
        return self.base.made(
            bold=True, font_size=13, font_color=INK, bg_color=SHADE, valign="vcenter", align="left", indent=1
        )

    @property
    def total(self) -> Any:
        return self.base.made(
            bold=True, font_size=13, font_color=INK, bg_color=SHADE, valign="vcenter", num_format="#,##0.00####"
        )

    @property
    def warning(self) -> Any:
        return self.base.made(font_color=AMBER_INK, italic=True)
