"""Figure text: money and minutes as plain decimal text, made from exact numbers."""

from decimal import ROUND_HALF_EVEN, Decimal

from reseller_reporting.model.units import currency_text

# Doubles that KAZOO prints carry noise beyond this; the shares of a split item do not go as far.
_PLACES_MAX = 12
_MICRO_PLACES = 6


def money_text(units: int | None) -> str:
    """Units with four decimals; empty where unknown."""
    return "" if units is None else currency_text(units)


def noise_free(amount: Decimal) -> Decimal:
    """At least four decimals, more where the amount has more, without trailing zeros or the noise of doubles."""
    if int(amount.as_tuple().exponent) < -_PLACES_MAX:
        amount = amount.quantize(Decimal(1).scaleb(-_PLACES_MAX), rounding=ROUND_HALF_EVEN)
    shortest = amount.normalize()
    places = max(-int(shortest.as_tuple().exponent), 4)
    return shortest.quantize(Decimal(1).scaleb(-places))


def amount_text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{noise_free(amount):f}"


def minutes_text(seconds: int | None) -> str:
    """Sixtieths with two to six decimals: 750 is `12.50`, 20 is `0.333333`."""
    if seconds is None:
        return ""
    millionths = (abs(seconds) * 1_000_000 + 30) // 60
    whole, part = divmod(millionths, 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if seconds < 0 else ''}{whole}.{decimals}"


def seconds_of(minutes: str) -> int:
    """What `minutes_text` made the text of: thirds of minutes were rounded, but they were whole seconds."""
    return round(Decimal(minutes) * 60)


def count_text(count: int | None) -> str:
    return "" if count is None else str(count)


def micros_amount(micros: int) -> Decimal:
    """Millionths of the currency as an exact amount."""
    return Decimal(micros).scaleb(-_MICRO_PLACES)


def micros_text(micros: int | None, *, places_least: int = 4) -> str:
    """An exact amount with so many decimals, and more only where it has more; empty where unknown."""
    if micros is None:
        return ""
    whole, part = divmod(abs(micros), 10**_MICRO_PLACES)
    decimals = f"{part:06d}".rstrip("0").ljust(places_least, "0")
    return f"{'-' if micros < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def decimal_text(number: Decimal) -> str:
    """Plain digits without trailing zeros or an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
