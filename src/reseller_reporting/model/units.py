"""Units: KAZOO's money, whole numbers of 1/10 000 of the currency, and their decimal text.

Owns: the way from outside figures to units and back to text. Does not own: prices of our own, display formats.

Invariants
- Money at rest is an int of units or a Decimal, never a float.
- Text is made from the integer, never through a division of floats.
"""

from decimal import Decimal, InvalidOperation

UNITS_PER_CURRENCY = 10_000
_INT64_MAX = 2**63 - 1
# KAZOO prints doubles: 0.09 may arrive as 0.089999999999999996. More noise than this is not noise.
_NOISE = Decimal("0.001")


def units_from_text(value: object) -> int | None:
    """A count of units as KAZOO lists it (`"900"`); None when it is no whole number of units."""
    return _whole(_decimal(value))


def units_from_currency(value: object) -> int | None:
    """An amount in currency (`-0.09`, `"0.03"`) in units; None when it is no number.

    Doubles carry noise and KAZOO rounds half away from zero at this door, so do we.
    """
    amount = _decimal(value)
    if amount is None:
        return None
    units = (amount * UNITS_PER_CURRENCY).quantize(Decimal(1), rounding="ROUND_HALF_UP")
    return int(units) if abs(units) <= _INT64_MAX else None


def currency(units: int) -> Decimal:
    """Units as an exact amount with four decimals."""
    return Decimal(units).scaleb(-4)


def currency_text(units: int) -> str:
    """Units as plain decimal text: `900` is `0.0900`, `-25` is `-0.0025`."""
    whole, part = divmod(abs(units), UNITS_PER_CURRENCY)
    return f"{'-' if units < 0 else ''}{whole}.{part:04d}"


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        # A float goes through its shortest text, which is the number KAZOO meant.
        number = Decimal(value if isinstance(value, int | Decimal) else str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 25 else None


def _whole(number: Decimal | None) -> int | None:
    if number is None:
        return None
    nearest = number.to_integral_value()
    if abs(nearest - number) > _NOISE or abs(nearest) > _INT64_MAX:
        return None
    return int(nearest)
