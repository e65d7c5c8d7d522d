"""Columns of rate decks: which header of the trade, or of KAZOO's own bulk import, means what.

Owns: the words, and whether a line is a header. Does not own: what a cell means (rating.deck_rows).
"""

import re
from collections.abc import Mapping, Sequence

# Our name of a column, and what it is called. Spaces stand for every run of other characters.
_NAMES: Mapping[str, Sequence[str]] = {
    "prefix": [
        "dial code",
        "dial codes",
        "dialcode",
        "dialcodes",
        "dialling code",
        "dialing code",
        "code",
        "codes",
        "destination code",
        "dial prefix",
        "destination prefix",
        "number prefix",
        "e164 prefix",
        "breakout code",
        "breakout codes",
        "prefix",
        "prefixes",
        "pattern",
        "dialed digits",
        "dialled digits",
    ],
    "country_digits": ["country code", "cc", "country dial code"],
    "area": ["area code", "area codes", "city code", "city codes", "ndc", "area"],
    "price": [
        "rate",
        "rates",
        "rate cost",
        "rate min",
        "rate per min",
        "rate per minute",
        "rate minute",
        "price",
        "price min",
        "price per min",
        "price per minute",
        "price minute",
        "price n",
        "cost",
        "cost min",
        "cost per minute",
        "per minute",
        "new rate",
        "new price",
        "current rate",
        "tariff",
        "sell rate",
        "buy rate",
        "charge per minute",
        "ppm",
    ],
    "first_price": ["price 1", "rate 1", "first price", "initial rate"],
    "billing": [
        "billing",
        "billing increment",
        "billing increments",
        "billing terms",
        "billing term",
        "increments",
        "interval",
        "intervals",
        "charging",
        "charging interval",
        "rounding",
        "min inc",
        "minimum increment",
        "billing cycle",
        "bill increments",
    ],
    "minimum": [
        "rate minimum",
        "minimum",
        "min",
        "min duration",
        "minimum duration",
        "min seconds",
        "interval 1",
        "first interval",
        "initial increment",
        "initial interval",
        "first increment",
        "initial period",
        "min charge",
        "min time",
    ],
    "increment": [
        "rate increment",
        "increment",
        "inc",
        "interval n",
        "next interval",
        "subsequent increment",
        "subsequent interval",
        "next increment",
        "additional increment",
        "recurring increment",
        "subsequent period",
    ],
    "surcharge": [
        "rate surcharge",
        "surcharge",
        "connect fee",
        "connection fee",
        "connect charge",
        "connection charge",
        "connectcost",
        "connect cost",
        "setup fee",
        "set up fee",
        "setup charge",
        "flag fall",
    ],
    "nocharge": ["rate nocharge time", "nocharge time", "grace", "grace period", "grace seconds", "free seconds"],
    "name": [
        "rate name",
        "name",
        "destination",
        "destinations",
        "destination name",
        "network",
        "operator",
        "breakout",
        "comment",
        "description",
        "area name",
        "zone",
        "route",
    ],
    "country": ["country", "country name"],
    "iso": ["iso country code", "iso", "iso code", "iso2", "country iso"],
    "effective": [
        "effective",
        "effective date",
        "effective from",
        "effective as of",
        "effective since",
        "valid from",
        "start date",
        "from date",
        "activation date",
        "begin date",
        "valid since",
        "date from",
    ],
    "currency": ["currency", "curr", "ccy"],
    "change": [
        "change",
        "changes",
        "status",
        "change type",
        "action",
        "rate status",
        "notes",
        "remark",
        "remarks",
        "comments",
    ],
    "forbidden": ["forbidden", "blocked", "barred"],
    "discontinued": ["discontinued", "closed", "deleted", "withdrawn"],
    "direction": ["direction", "directions"],
    "weight": ["weight"],
    "options": ["options"],
    "routes": ["routes"],
    "suffix": ["rate suffix"],
}
_COLUMN_OF = {word: column for column, words in _NAMES.items() for word in words}
_CURRENCIES = frozenset(
    [
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "CAD",
        "AUD",
        "NZD",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "JPY",
        "CNY",
        "INR",
        "BRL",
        "MXN",
        "ZAR",
        "SGD",
        "HKD",
        "AED",
    ]
)
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_OTHER = re.compile(r"[^a-z0-9]+")


def columns_of(cells: Sequence[str], *, currency: str | None = None) -> dict[int, str] | None:
    """Places and our names of a header's columns; None where the line is no header of a deck."""
    found: dict[int, str] = {}
    price_rank = -1
    for place, cell in enumerate(cells):
        column = _column(cell)
        if column == "price":
            # A new price outranks the present one beside it, and the asked currency all others.
            rank = 2 * (currency is not None and currency_in([cell]) == currency) + _words(cell).startswith("new")
            if rank > price_rank:
                found = {known: name for known, name in found.items() if name != "price"} | {place: column}
                price_rank = rank
        # Of two columns of one meaning the first is the more specific one in every deck seen.
        elif column is not None and column not in found.values():
            found[place] = column
    named = set(found.values())
    has_prefix = "prefix" in named or {"country_digits", "area"} <= named
    return found if has_prefix and ("price" in named or "first_price" in named) else None


def price_currencies(cells: Sequence[str]) -> list[str]:
    """The currencies that the header's columns of prices name, in order."""
    stated = (currency_in([cell]) for cell in cells if _column(cell) == "price")
    return list(dict.fromkeys(filter(None, stated)))


def _column(cell: str) -> str | None:
    """A column that is called by a currency alone holds prices."""
    return _COLUMN_OF.get(_words(cell)) or ("price" if cell.strip().upper() in _CURRENCIES else None)


def currency_in(cells: Sequence[str]) -> str:
    """A currency that a title line or a header names: `Currency:, USD per minute`, `Rate (EUR)`."""
    for cell in cells:
        for word in re.finditer(r"[A-Za-z]+", cell):
            if word[0] in _CURRENCIES:
                return word[0]
        for sign, currency in _SIGNS.items():
            if sign in cell:
                return currency
    return ""


def _words(cell: str) -> str:
    """`Rate/Min (USD)` as `rate min`: currencies and signs say nothing of a column's meaning."""
    text = _OTHER.sub(" ", cell.lower().replace("€", " ").replace("£", " ")).strip()
    kept = [word for word in text.split() if word.upper() not in _CURRENCIES]
    return " ".join(kept)
