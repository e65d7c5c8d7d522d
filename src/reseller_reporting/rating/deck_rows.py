"""Deck rows: the cells of one row of a rate deck as rates, or why they are none.

What is plain is accepted: lists and ranges of prefixes, `30/6`, dates in any usual spelling, decimal commas. What could
mean two things is refused with its reason, and nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

import msgspec

from reseller_reporting.model.rate import BOTH, Rate, micros_from_text
from reseller_reporting.rating.deck import PREFIX_DIGITS_MAX

_RANGE_MAX = 10_000
_SHOWN_MAX = 40
_DEFAULT_SECONDS = 60
_SECONDS_MAX = 86_400
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")
_PATTERN = re.compile(r"\^\\?\+?(\d+)\.?\*?\$?|\^(\d+)\.\*")
_CLOSED = re.compile(r"\b(closed|close|discontinued|withdrawn|deleted|delete|removed|blocked|barred)\b", re.IGNORECASE)
# A figure, with a currency's code or sign before or after it; spreadsheets write small ones as 5E-04.
_AMOUNT = re.compile(
    r"(?:([A-Z]{3}|[$€£]) ?)?(-?(?:\d[\d., ]*)?[.,]?\d+(?:[eE]-?\d+)?)"
    r"(?: ?([A-Z]{3}|[$€£]))?(?: ?(?:/|per) ?min(?:ute)?)?"
)
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
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


# Decks say the same prices, dates and intervals again and again.
_remembered = lru_cache(maxsize=16_384)


class RowRefused(Exception):
    """Why a row is no rate; the words are for the one who sent the deck. `kind` is the same for many rows."""

    def __init__(self, kind: str, stated: str = "") -> None:
        super().__init__(kind.replace("…", repr(stated[:_SHOWN_MAX])))
        self.kind = kind


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
        raise RowRefused(cells["broken"])
    prefixes = list(_prefixes(cells))
    if not prefixes:
        raise RowRefused("no prefix")
    minimum_seconds, increment_seconds = _selling(cells, context)
    is_closed = _is_closed(cells)
    price, currency = (0, "") if is_closed and not cells.get("price") else _price(cells)
    stated = (cells.get("currency", "") or currency or context.currency).upper()
    if stated and not re.fullmatch("[A-Z]{3}", stated):
        raise RowRefused("the currency … is no code of three letters", stated)
    common: dict[str, Any] = {
        "per_minute_micros": price,
        "surcharge_micros": _money(cells.get("surcharge", ""), "surcharge")[0],
        "minimum_seconds": minimum_seconds,
        "increment_seconds": increment_seconds,
        "nocharge_seconds": _seconds(cells.get("nocharge", ""), "no-charge time", absent=0),
        "name": _name(cells),
        "country_code": cells.get("iso", "").upper()[:2],
        "directions": _directions(cells.get("direction", "")),
        "effective_at": _effective(cells.get("effective", ""), context),
        "is_closed": is_closed,
        "weight": min(max(_seconds(cells.get("weight", ""), "weight", absent=100), 1), 100),
        "options": tuple(part for part in cells.get("options", "").split(",") if part),
        "currency": stated,
    }
    return [Rate(prefix=prefix, routes=_routes(cells, prefix), **common) for prefix in prefixes]


def _routes(cells: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    """One expression, or a JSON list of them; those that say no more than the prefix are left out."""
    cell = cells.get("routes", "")
    if not cell:
        return ()
    try:
        routes = tuple(msgspec.json.decode(cell, type=list[str])) if cell.startswith("[") else (cell,)
        for route in routes:
            re.compile(route)
    except (msgspec.DecodeError, re.error):
        raise RowRefused("the routes … are no regular expression", cell) from None
    return () if routes == (rf"^\+?{prefix}.+$",) else routes


# --- prefixes --------------------------------------------------------------------------------------------------------


def _prefixes(cells: Mapping[str, str]) -> Iterator[str]:
    """`44 20-22` is 4420, 4421, 4422; `49152, 49172-49174` four prefixes; `336 07` is 33607."""
    seen: set[str] = set()
    for prefix in _stated_prefixes(cells):
        digits = prefix.lstrip("+").removesuffix(".0")  # A spreadsheet took it for an amount.
        if digits.startswith("00"):
            digits = digits[2:]
        if not (digits.isascii() and digits.isdigit()):
            raise RowRefused("the prefix … is no number", prefix)
        if len(digits) > PREFIX_DIGITS_MAX:
            raise RowRefused(f"the prefix … has more than {PREFIX_DIGITS_MAX} digits", digits)
        if digits.startswith("0"):
            raise RowRefused("the prefix … begins with 0: write it with its country code", digits)
        if digits not in seen:
            seen.add(digits)
            yield digits


def _stated_prefixes(cells: Mapping[str, str]) -> Iterator[str]:
    if "country_digits" not in cells and cells.get("prefix", "").isdecimal():
        yield cells["prefix"]
        return
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
        raise RowRefused("the range … has no plain meaning", text)
    if int(last) - int(first) >= _RANGE_MAX:
        raise RowRefused(f"the range … holds more than {_RANGE_MAX} prefixes", text)
    width = len(first)
    yield from (f"{value:0{width}d}" for value in range(int(first), int(last) + 1))


# --- prices and seconds ----------------------------------------------------------------------------------------------


def _price(cells: Mapping[str, str]) -> tuple[int, str]:
    """The price of a minute in micros, and the currency that stands beside the figure."""
    first, later = cells.get("first_price", ""), cells.get("price", "") or cells.get("first_price", "")
    price = _money(later, "price", is_needed=True)
    if first and _money(first, "first price")[0] != price[0]:
        raise RowRefused("two prices, for the first interval and after it (…): no single price a minute", later)
    return price


@_remembered
def _money(text: str, what: str, *, is_needed: bool = False) -> tuple[int, str]:
    """Micros, and the currency beside the figure; nothing is 0 unless it is needed."""
    if not text:
        if is_needed:
            raise RowRefused(f"no {what}")
        return 0, ""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise RowRefused(f"the {what} … is no number", text)
    before, figure, after = match.groups("")
    stated = figure.replace(" ", "")
    # Where both signs stand, the last one is the decimal sign; a comma alone is.
    if stated.rfind(",") > stated.rfind("."):
        stated = stated.replace(".", "").replace(",", ".")
    stated = stated.replace(",", "")
    micros = micros_from_text(stated) if stated.count(".") <= 1 else None
    if micros is None:
        kind = "has more than six decimals" if stated.count(".") == 1 else "is no number"
        raise RowRefused(f"the {what} … {kind}", text)
    if micros < 0:
        raise RowRefused(f"the {what} … is negative", text)
    currency = before or after
    return micros, _SIGNS.get(currency, currency)


def _selling(cells: Mapping[str, str], context: DeckContext) -> tuple[int, int]:
    """Minimum and increment; `30/6` is a minimum of 30 and steps of 6, a single figure both."""
    stated = (cells.get(name, "") for name in ("billing", "minimum", "increment"))
    return _sold_by(*stated, is_kazoos=context.is_kazoos)


@_remembered
def _sold_by(billing: str, minimum: str, increment: str, *, is_kazoos: bool) -> tuple[int, int]:
    parts = [part for part in re.split(r"[/+:\s-]+", billing) if part]
    if len(parts) > 2 and len(set(parts[1:])) > 1:
        raise RowRefused("the billing … has no plain meaning", billing)
    first, later = (parts[0], parts[-1]) if parts else ("", "")
    minimum_seconds = _seconds(minimum or first, "minimum", absent=_DEFAULT_SECONDS)
    stated = increment or later
    increment_seconds = _seconds(stated, "increment", absent=_DEFAULT_SECONDS)
    # Without a minimum of its own, a deck that sells by steps sells the first one, too.
    if stated and not (minimum or first) and not is_kazoos:
        minimum_seconds = increment_seconds
    if increment_seconds == 0:
        if not is_kazoos:
            raise RowRefused("an increment of 0 seconds")
        increment_seconds = _DEFAULT_SECONDS
    return minimum_seconds, increment_seconds


@_remembered
def _seconds(text: str, what: str, *, absent: int) -> int:
    stated = re.sub(r"(?i)\s*(seconds|second|secs|sec|s)$", "", text.strip())
    if not stated:
        return absent
    if not re.fullmatch(r"\d+(\.0+)?", stated) or int(stated.partition(".")[0]) > _SECONDS_MAX:
        raise RowRefused(f"the {what} … is no count of seconds", text)
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
        raise RowRefused("the direction … is neither inbound nor outbound", text)
    return tuple(direction for direction in BOTH if direction in stated)


@_remembered
def _effective(text: str, context: DeckContext) -> datetime | None:
    """Midnight in UTC of the day named, or the moment; what is in force at once has no date of its own."""
    stated = text.strip()
    if stated.lower() in _AT_ONCE:
        return context.effective_at
    try:
        moment = datetime.fromisoformat(stated)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        day = _day(stated, context)
    if day is None:
        raise RowRefused("the date … cannot be read", text)
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
