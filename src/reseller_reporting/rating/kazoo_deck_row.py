"""A row of KAZOO's bulk import of rates: the document that its task saves, and the rate we read from one.

Owns: defaults and spellings of that task. Does not own: finding rows in a file (sources.decks), choosing among rates.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.model.rate import BOTH, Rate, micros_from_text
from reseller_reporting.rating.kazoo_number import dollars_of_units, integer, number
from reseller_reporting.rating.selection import constrained_weight, default_route

_SECONDS = ("rate_increment", "rate_minimum", "rate_nocharge_time")
_AMOUNTS = ("rate_cost", "rate_surcharge", "internal_rate_cost")
_TEXTS = (
    "account_id",
    "carrier",
    "description",
    "iso_country_code",
    "rate_name",
    "rate_version",
    "ratedeck_id",
)
_WEIGHT_PER_DIGIT = 10
_NO_COUNTRY = "XX"
# What the schema of rates gives a document without these.
_DEFAULT_SECONDS = 60


def rate_document(row: Mapping[str, str]) -> dict[str, object]:
    """The document of one row, by KAZOO's column names; empty cells count as absent."""
    given = {name: cell for name, cell in row.items() if cell}
    prefix = _prefix(given)
    document: dict[str, object] = {"prefix": prefix}
    document |= {name: given[name] for name in _TEXTS if name in given}
    document |= {name: integer(given[name]) for name in _SECONDS if name in given}
    document |= {name: number(given[name]) for name in _AMOUNTS if name in given}
    document.setdefault("rate_surcharge", 0.0)
    directions = _directions(given)
    suffix = f"-{given['rate_suffix']}" if "rate_suffix" in given else ""
    country = given.get("iso_country_code")
    document["direction"] = directions
    document["rate_suffix"] = suffix
    document["_id"] = f"{country or _NO_COUNTRY}-{prefix}{suffix}"
    document.setdefault("rate_name", "_".join([*directions, *([country] if country else []), str(prefix)]))
    document["routes"] = _routes(given, prefix)
    if "options" in given:
        document["options"] = _listed(given["options"])
    if "caller_id_numbers" in given:
        document["caller_id_numbers"] = ":".join(default_route(each) for each in given["caller_id_numbers"].split(":"))
    stated = given.get("weight")
    document["weight"] = constrained_weight(_default_weight(document) if stated is None else integer(stated))
    return document


def rate_of_document(document: Mapping[str, object]) -> Rate:
    """A rate document in our nouns; routes that say no more than the prefix are left out."""
    prefix = str(integer(document.get("prefix")))
    routes = tuple(map(str, _texts(document.get("routes"))))
    return Rate(
        prefix=prefix,
        per_minute_micros=_micros(document.get("rate_cost", 0)),
        surcharge_micros=_micros(document.get("rate_surcharge", 0)),
        minimum_seconds=integer(document.get("rate_minimum", _DEFAULT_SECONDS)),
        increment_seconds=integer(document.get("rate_increment", _DEFAULT_SECONDS)) or _DEFAULT_SECONDS,
        nocharge_seconds=integer(document.get("rate_nocharge_time", 0)),
        name=str(document.get("rate_name") or ""),
        country_code=str(document.get("iso_country_code") or ""),
        directions=tuple(str(each) for each in _texts(document.get("direction"))) or BOTH,
        rate_id=str(document.get("_id") or document.get("id") or ""),
        weight=constrained_weight(integer(document.get("weight", 100))),
        routes=() if routes == (default_route(prefix),) else routes,
        options=tuple(str(each) for each in _texts(document.get("options"))),
    )


def _prefix(given: Mapping[str, str]) -> int:
    if "rate_cost" not in given:
        raise KazooHasNoAnswer("the row has no rate_cost")
    return integer(given.get("prefix", ""))


def _directions(given: Mapping[str, str]) -> list[str]:
    """One word or none; there is no word for both."""
    stated = given.get("direction")
    if stated is not None and stated not in BOTH:
        raise KazooHasNoAnswer(f"the direction {stated!r} is neither inbound nor outbound")
    return list(BOTH) if stated is None else [stated]


def _routes(given: Mapping[str, str], prefix: int) -> list[str]:
    """A JSON list, or else the whole cell is one expression, commas and all; other JSON counts for nothing."""
    cell = given.get("routes")
    if cell is None:
        return [default_route(prefix)]
    try:
        decoded = msgspec.json.decode(cell)
    except msgspec.DecodeError:
        decoded = cell
    if isinstance(decoded, list):
        return [str(each) for each in decoded]
    return [decoded] if isinstance(decoded, str) else [default_route(prefix)]


def _default_weight(document: Mapping[str, object]) -> int:
    """A longer prefix weighs more. The cost is taken for units, so that only dear ones weigh a little less."""
    cost = number(document.get("internal_rate_cost")) if "internal_rate_cost" in document else 0
    units = cost or number(document["rate_cost"])
    return len(str(document["prefix"])) * _WEIGHT_PER_DIGIT - int(dollars_of_units(units) * 100)


def _listed(cell: str) -> list[str]:
    """One value, several by commas, or a JSON list."""
    if cell.startswith("["):
        try:
            return [str(each) for each in msgspec.json.decode(cell, type=list[str])]
        except msgspec.MsgspecError:
            pass
    return [part for part in cell.split(",") if part] if not cell.startswith("^") else [cell]


def _texts(value: object) -> Sequence[object]:
    if isinstance(value, list | tuple):
        return value
    return [value] if isinstance(value, str) and value else []


def _micros(value: object) -> int:
    micros = micros_from_text(str(Decimal(str(value))))
    if micros is None:
        raise KazooHasNoAnswer(f"{value!r} is no price of at most six decimals")
    return micros
