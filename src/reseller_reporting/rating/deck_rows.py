"""Deck rows: the cells of one row of a rate deck as rates, or why they are none.

What is plain is accepted: lists and ranges of prefixes, `30/6`, dates in any usual spelling, decimal commas. What could
mean two things is refused with its reason, and nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from reseller_reporting.model.rate import BOTH, Rate, micros_from_text
from reseller_reporting.rating.deck import PREFIX_DIGITS_MAX

_RANGE_MAX = 10_000
_DEFAULT_SECONDS = 60
_SECONDS_MAX = 86_400
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")
_PATTERN = re.compile(r"\^\\?\+?(\d+)\.?\*?\$?|\^(\d+)\.\*")
_CLOSED = re.compile(r"\b(closed|close|discontinued|withdrawn|deleted|delete|removed|blocked|barred)\b", re.IGNORECASE)
_SLASHES = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_MONTHS = {
    name: place
    for place, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_NAMED_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ ,-]+(\d{4}|\d{2})")
_AT_ONCE = frozenset({"", "asap", "immediate", "immediately", "now", "-", "n/a"})
_TRUE = frozenset({"1", "yes", "y", "true", "x"})


class RowRefused(Exception):
    """Why a row is no rate; the words are for the one who sent the deck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckContext:
    """What holds for every row of a file."""

    is_kazoos: bool
    is_day_first: bool
    currency: str
    effective_at: datetime | None  # Of rows that name no date.


def is_note(cells: Mapping[str, str]) -> bool:
    """A line of text below or between the prices: nothing stands where prefix or price would."""
    has_prefix = any(cells.get(name) for name in ("prefix", "country_digits", "area"))
    has_price = any(cells.get(name) for name in ("price", "first_price"))
    return not (has_prefix and has_price) and not any(_digits(cells.get(name, "")) for name in ("prefix", "price"))


def rates_of(cells: Mapping[str, str], context: DeckContext) -> list[Rate]:
    """One rate a prefix of the row; `RowRefused` says why there is none."""
    if "broken" in cells:
        raise RowRefused(f"the row cannot be read: {cells['broken']}")
    prefixes = list(_prefixes(cells))
    if not prefixes:
        raise RowRefused("no prefix")
    minimum_seconds, increment_seconds = _selling(cells, context)
    is_closed = _is_closed(cells)
    rate = Rate(
        prefix="",
        per_minute_micros=0 if is_closed and not cells.get("price") else _price(cells),
        surcharge_micros=_money(cells.get("surcharge", ""), "surcharge", absent=0),
        minimum_seconds=minimum_seconds,
        increment_seconds=increment_seconds,
        nocharge_seconds=_seconds(cells.get("nocharge", ""), "no-charge time", absent=0),
        name=_name(cells),
        country_code=cells.get("iso", "").upper()[:2],
        directions=_directions(cells.get("direction", "")),
        effective_at=_effective(cells.get("effective", ""), context),
        is_closed=is_closed,
        weight=min(max(_seconds(cells.get("weight", ""), "weight", absent=100), 1), 100),
        options=tuple(part for part in cells.get("options", "").split(",") if part),
        currency=(cells.get("currency") or context.currency).upper()[:3],
    )
    return [_with_prefix(rate, prefix, cells) for prefix in prefixes]


def _with_prefix(rate: Rate, prefix: str, cells: Mapping[str, str]) -> Rate:
    stated = {name: getattr(rate, name) for name in rate.__dataclass_fields__}
    routes = cells.get("routes", "")
    default = rf"^\+?{prefix}.+$"
    return Rate(**stated | {"prefix": prefix, "routes": (routes,) if routes and routes != default else ()})


# --- prefixes --------------------------------------------------------------------------------------------------------


def _prefixes(cells: Mapping[str, str]) -> Iterator[str]:
    """`44 20-22` is 4420, 4421, 4422; `49152, 49172-49174` four prefixes; `336 07` is 33607."""
    seen: set[str] = set()
    for prefix in _stated_prefixes(cells):
        digits = prefix.lstrip("+")
        if digits.startswith("00"):
            digits = digits[2:]
        if not (digits.isascii() and digits.isdigit()):
            raise RowRefused(f"the prefix {prefix[:40]!r} is no number")
        if len(digits) > PREFIX_DIGITS_MAX:
            raise RowRefused(f"the prefix {digits[:40]} has more than {PREFIX_DIGITS_MAX} digits")
        if digits.startswith("0"):
            raise RowRefused(f"the prefix {digits} begins with 0: write it with its country code")
        if digits not in seen:
            seen.add(digits)
            yield digits


def _stated_prefixes(cells: Mapping[str, str]) -> Iterator[str]:
    country, area, stated = cells.get("country_digits", ""), cells.get("area", ""), cells.get("prefix", "")
    if country and _digits(country):
        text = area or stated
        base = "".join(filter(str.isdigit, country))
        parts = [part.strip() for part in re.split(r"[,;|]", text) if part.strip()]
        for part in parts or [""]:
            yield from (base + each for each in _expanded(part)) if part else [base]
        return
    if match := _PATTERN.fullmatch(stated):
        yield match[1] or match[2]
        return
    for part in filter(None, (part.strip() for part in re.split(r"[,;|]", stated))):
        # A space parts the country's code from what follows it, a range as well: `44 20-22`.
        head, _, tail = part.rpartition(" ")
        base = head.replace(" ", "") if head else ""
        yield from (base + each for each in _expanded(tail)) if base else _expanded(part)


def _expanded(text: str) -> Iterator[str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        yield text.replace(" ", "")
        return
    first, last = match[1], match[2]
    if len(last) < len(first):
        last = first[: len(first) - len(last)] + last  # 447400-9 is 447400 to 447409.
    if len(last) != len(first) or int(last) < int(first):
        raise RowRefused(f"the range {text} has no plain meaning")
    if int(last) - int(first) >= _RANGE_MAX:
        raise RowRefused(f"the range {text} holds more than {_RANGE_MAX} prefixes")
    width = len(first)
    yield from (f"{value:0{width}d}" for value in range(int(first), int(last) + 1))


# --- prices and seconds ----------------------------------------------------------------------------------------------


def _price(cells: Mapping[str, str]) -> int:
    first, later = cells.get("first_price", ""), cells.get("price", "") or cells.get("first_price", "")
    price = _money(later, "price", absent=None)
    if first and _money(first, "first price", absent=None) != price:
        raise RowRefused(f"two prices, {first} for the first interval and {later} after it: no single price a minute")
    return price


def _money(text: str, what: str, *, absent: int | None) -> int:
    stated = re.sub(r"[A-Za-z$€£\s]", "", text)
    if not stated:
        if absent is None or text.strip():
            raise RowRefused(f"no {what}" if not text.strip() else f"the {what} {text[:40]!r} is no number")
        return absent
    if "," in stated:
        # A comma before at most two thousands' groups is a decimal sign unless a point stands there, too.
        stated = stated.replace(",", "") if "." in stated else stated.replace(",", ".")
    if not re.fullmatch(r"-?\d*\.?\d+", stated):
        raise RowRefused(f"the {what} {text[:40]!r} is no number")
    micros = micros_from_text(stated)
    if micros is None:
        raise RowRefused(f"the {what} {text[:40]} has more than six decimals")
    if micros < 0:
        raise RowRefused(f"the {what} {text[:40]} is negative")
    return micros


def _selling(cells: Mapping[str, str], context: DeckContext) -> tuple[int, int]:
    """Minimum and increment; `30/6` is a minimum of 30 and steps of 6, a single figure both."""
    parts = [part for part in re.split(r"[/+:\s-]+", cells.get("billing", "")) if part]
    if len(parts) > 2 and len(set(parts[1:])) > 1:
        raise RowRefused(f"the billing {cells['billing'][:40]!r} has no plain meaning")
    first, later = (parts[0], parts[-1]) if parts else ("", "")
    minimum = _seconds(cells.get("minimum", "") or first, "minimum", absent=_DEFAULT_SECONDS)
    # Without a minimum of its own, a deck that sells by steps sells the first one, too.
    stated = cells.get("increment", "") or later
    increment = _seconds(stated, "increment", absent=_DEFAULT_SECONDS)
    if stated and not (cells.get("minimum") or first) and not context.is_kazoos:
        minimum = increment
    if increment == 0:
        if not context.is_kazoos:
            raise RowRefused("an increment of 0 seconds")
        increment = _DEFAULT_SECONDS
    return minimum, increment


def _seconds(text: str, what: str, *, absent: int) -> int:
    stated = re.sub(r"(?i)\s*(seconds|second|secs|sec|s)$", "", text.strip())
    if not stated:
        return absent
    if not re.fullmatch(r"\d+(\.0+)?", stated) or int(stated.partition(".")[0]) > _SECONDS_MAX:
        raise RowRefused(f"the {what} {text[:40]!r} is no count of seconds")
    return int(stated.partition(".")[0])


# --- the rest --------------------------------------------------------------------------------------------------------


def _is_closed(cells: Mapping[str, str]) -> bool:
    flags = (cells.get("forbidden", ""), cells.get("discontinued", ""))
    return any(flag.lower() in _TRUE for flag in flags) or bool(_CLOSED.search(cells.get("change", "")))


def _name(cells: Mapping[str, str]) -> str:
    country, name = cells.get("country", ""), cells.get("name", "")
    return name if not country or country in name else f"{country} {name}".strip()


def _directions(text: str) -> tuple[str, ...]:
    stated = {part.strip().lower() for part in re.split(r"[,;|]", text) if part.strip()}
    if not stated or stated == {"both"}:
        return BOTH
    if not stated <= set(BOTH):
        raise RowRefused(f"the direction {text[:40]!r} is neither inbound nor outbound")
    return tuple(direction for direction in BOTH if direction in stated)


def _effective(text: str, context: DeckContext) -> datetime | None:
    """Midnight in UTC of the day named; what is in force at once has no date of its own."""
    stated = text.strip()
    if stated.lower() in _AT_ONCE:
        return context.effective_at
    day = _day(stated, context)
    if day is None:
        raise RowRefused(f"the date {text[:40]!r} cannot be read")
    return datetime.combine(day, time(), UTC)


def _day(text: str, context: DeckContext) -> date | None:
    try:
        if match := re.match(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ]|$)", text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _SLASHES.match(text):
            first, second, year = int(match[1]), int(match[2]), _year(match[3])
            is_day_first = first > 12 or (context.is_day_first and second <= 12)
            return date(year, second, first) if is_day_first else date(year, first, second)
        if match := _NAMED_MONTH.match(text):
            return date(_year(match[3]), _MONTHS[match[2].lower()], int(match[1]))
    except (ValueError, KeyError):
        return None
    return None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _digits(text: str) -> bool:
    return any(character.isdigit() for character in text)
