"""How KAZOO reads a figure: whole numbers from whatever a document holds, and money at its doors.

Owns: KAZOO's conversions, to the last digit. Does not own: how money of ours is read (model.units, model.rate).

Doubles are meant here: KAZOO multiplies and truncates them, and another arithmetic gives another unit.
"""

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.model.units import UNITS_PER_CURRENCY


def integer(value: object) -> int:
    """A whole number, rounded half away from zero where it is none; what is no number at all is refused."""
    match value:
        case bool():
            pass
        case int():
            return value
        case float():
            return half_away(value)
        case str():
            return _integer_of_text(value)
    raise KazooHasNoAnswer(f"{value!r} is no number")


def half_away(number: float) -> int:
    """Rounded half away from zero, where Python rounds half to even."""
    whole = int(number)
    if abs(number - whole) < 0.5:
        return whole
    return whole + (1 if number > 0 else -1)


def units_of_dollars(dollars: float | str) -> int:
    """An amount in currency as units: 0.00015 is 1 unit, since the double times 10 000 lies below 1.5."""
    return half_away(number(dollars) * UNITS_PER_CURRENCY)


def limit_units(value: object, absent: int) -> int:
    """An amount of a limits document: a whole number is units, a fraction is currency; its sign says nothing."""
    match value:
        case bool():
            return absent
        case int():
            return abs(value)
        case float():
            return units_of_dollars(abs(value))
    return absent


def dollars_of_units(units: float | str) -> float:
    """Units in currency, whole units only."""
    whole = integer(units) if isinstance(units, str) else int(units)
    return whole / UNITS_PER_CURRENCY


def number(value: object) -> float:
    """Any number as a double."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise KazooHasNoAnswer(f"{value!r} is no number")
    try:
        return float(value)
    except ValueError:
        raise KazooHasNoAnswer(f"{value!r} is no number") from None


def _integer_of_text(text: str) -> int:
    if not text.isascii() or "_" in text or text != text.strip():
        raise KazooHasNoAnswer(f"{text!r} is no number")
    try:
        return int(text)
    except ValueError:
        return half_away(number(text))
