"""Rates: what a prefix costs, in a deck of them. Prices are whole micros, 1/1 000 000 of the currency, never floats.

Owns: `Rate`, and the way from a price's text to micros. Does not own: which rate a number gets (rating.deck,
rating.selection), what a leg then costs (rating.charge).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

MICROS_PER_CURRENCY = 1_000_000
MICROS_PER_UNIT = 100
INBOUND = "inbound"
OUTBOUND = "outbound"
BOTH = (INBOUND, OUTBOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One price of one prefix from one moment on.

    KAZOO's further conditions stand in `routes` (regular expressions on the number, none for the prefix's own) and
    `options` (flags); a deck of the trade's has neither.
    """

    prefix: str  # Leading digits of E.164, without a plus.
    per_minute_micros: int
    surcharge_micros: int = 0  # Per answered call.
    minimum_seconds: int = 60
    increment_seconds: int = 60
    nocharge_seconds: int = 0
    name: str = ""
    country_code: str = ""  # ISO 3166-1 alpha-2 where the deck says it.
    directions: tuple[str, ...] = BOTH
    effective_at: datetime | None = None  # None: since ever.
    is_closed: bool = False  # Withdrawn from `effective_at` on: the prefix then has no price of its own.
    rate_id: str = ""
    weight: int = 100  # KAZOO: of equal prefixes the lower weight goes first.
    routes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    currency: str = ""  # ISO 4217 where the deck says it.


def micros_from_text(text: str) -> int | None:
    """A price with a point as decimal sign in micros; None when it is no number or has a seventh decimal."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount.adjusted() > 9:
        return None
    micros = amount * MICROS_PER_CURRENCY
    return int(micros) if micros == micros.to_integral_value() else None


def units_from_micros(micros: int) -> int:
    """KAZOO's units, rounded half away from zero as KAZOO rounds a price at its door."""
    whole, rest = divmod(abs(micros), MICROS_PER_UNIT)
    units = whole + (rest * 2 >= MICROS_PER_UNIT)
    return units if micros >= 0 else -units


def micros_text(micros: int) -> str:
    """Plain decimal text with at least four decimals: 49 500 is `0.0495`, 4 950 is `0.00495`."""
    whole, part = divmod(abs(micros), MICROS_PER_CURRENCY)
    decimals = f"{part:06d}"
    shown = decimals[:4] + decimals[4:].rstrip("0")
    return f"{'-' if micros < 0 else ''}{whole}.{shown}"
