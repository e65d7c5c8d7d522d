"""Brand: how a reseller's documents look like its own: name, address, logo, colours, a line at the foot."""

import re
from dataclasses import dataclass
from decimal import Decimal

from reseller_reporting.model.logo import Logo

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
# What text needs against its ground to be read by nearly everyone (WCAG 2, level AA).
CONTRAST_LEAST = Decimal("4.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Empty where nothing was set: the reseller's name as KAZOO has it, and the product's own colours."""

    company: str = ""
    address: str = ""
    footer: str = ""
    logo: Logo | None = None
    accent: str = ""  # `#0B6E6E`: headings and what must be seen first.
    second: str = ""

    def company_or(self, name: str) -> str:
        return self.company or name


PLAIN = Brand()


def is_colour(text: str) -> bool:
    return _COLOUR.fullmatch(text) is not None


def contrast_to_white(colour: str) -> Decimal:
    """From 1, for white, to 21, for black."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    luminance = red * Decimal("0.2126") + green * Decimal("0.7152") + blue * Decimal("0.0722")
    return Decimal("1.05") / (luminance + Decimal("0.05"))


def _linear(level: int) -> Decimal:
    share = Decimal(level) / 255
    if share <= Decimal("0.04045"):
        return share / Decimal("12.92")
    return Decimal(((share + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4"))
