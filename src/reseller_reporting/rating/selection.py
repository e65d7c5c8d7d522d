"""Selection: which rate document KAZOO takes for a call, from candidates by prefix to the reply it publishes.

Owns: both ways of finding candidates, the filters in their order, and the order of equals. Does not own: what the
call then costs (charge), decks of the trade (deck).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.model.rate import BOTH
from reseller_reporting.rating.kazoo_call import base_cost_units
from reseller_reporting.rating.kazoo_number import integer, number, units_of_dollars
from reseller_reporting.rating.number import normalise

Document = Mapping[str, object]
WEIGHT_WORST = 100
DEFAULT_RATE_SECONDS = 60  # Of increment and minimum, where the document has none.
_LENGTH_MIN = 2
_NOT_DIALLED = re.compile(r"[^0-9+]")


class Mode(StrEnum):
    COUCH = "couch"  # Every prefix of the number is looked up.
    TRIE = "trie"  # Only the longest one that the deck has.


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRequest:
    """What rating is asked: numbers as they come, `direction` where it is known."""

    to_number: str
    direction: str | None = None
    flags: tuple[str, ...] = ()  # Options and outbound flags of the call.


class KazooDeck:
    """Rate documents of one deck, as stored."""

    def __init__(self, name: str, documents: Iterable[Document]) -> None:
        self.name = name
        self.by_id = {str(document["_id"]): document for document in documents}

    @cached_property
    def _ids_by_prefix(self) -> dict[int, list[str]]:
        """Document ids in order. A prefix is a whole number: leading zeros do not count."""
        found: dict[int, list[str]] = {}
        for id_ in sorted(self.by_id):
            found.setdefault(integer(self.by_id[id_]["prefix"]), []).append(id_)
        return found

    def candidates(self, to_number: str, mode: Mode) -> list[str] | None:
        """Ids by prefix, longest first; None where the number is too short to look for one."""
        dialled = _NOT_DIALLED.sub("", normalise(to_number))
        if len(dialled) < _LENGTH_MIN:
            return None
        digits = dialled.replace("+", "")
        if mode is Mode.TRIE and (longest := self._longest(digits)):
            return longest
        prefixes = dict.fromkeys(int(digits[:length]) for length in range(len(digits), 0, -1))
        return [id_ for prefix in prefixes for id_ in self._ids_by_prefix.get(prefix, ())]

    def _longest(self, digits: str) -> list[str]:
        """The trie gives equals in the reverse of the order in which they went in."""
        for length in range(len(digits), 0, -1):
            prefix = digits[:length]
            # The trie knows prefixes as text, so that a leading zero finds nothing.
            if not prefix.startswith("0") and (ids := self._ids_by_prefix.get(int(prefix))):
                return ids[::-1]
        return []

    def matching(self, request: RateRequest, candidates: Sequence[str]) -> list[str]:
        """Those candidates that pass every filter: direction, then options, then routes."""
        left = [id_ for id_ in candidates if _has_direction(self.by_id[id_], request.direction)]
        left = [id_ for id_ in left if _has_options(self.by_id[id_], request.flags)]
        to_number = normalise(request.to_number)
        return [id_ for id_ in left if any(_route(route).search(to_number) for route in _routes(self.by_id[id_]))]

    def in_order(self, matching: Sequence[str], *, by_weight: bool = True) -> list[str]:
        """Best first: longer prefix, then lower weight or else higher price. Equals come out in reverse."""

        def rank(id_: str) -> tuple[int, float]:
            document = self.by_id[id_]
            second = weight(document) if by_weight else -number(document.get("rate_cost", 0))
            return -len(str(integer(document["prefix"]))), second

        return sorted(matching[::-1], key=rank)  # noqa: C415  # The sort is stable: equals stay in reverse.

    def choose(self, request: RateRequest, *, mode: Mode = Mode.COUCH, by_weight: bool = True) -> Document | None:
        candidates = self.candidates(request.to_number, mode)
        if candidates is None:
            return None
        chosen = self.in_order(self.matching(request, candidates), by_weight=by_weight)
        return self.by_id[chosen[0]] if chosen else None


def rate_reply(document: Document, deck_name: str) -> dict[str, object]:
    """What rating puts on the channel: money in units as text, seconds as they are."""
    minimum_seconds = _seconds(document, "rate_minimum", DEFAULT_RATE_SECONDS)
    surcharge = number(document.get("rate_surcharge", 0))
    rate = number(document.get("rate_cost", 0))
    reply: dict[str, object] = {
        "Update-Callee-ID": False,
        "Surcharge": str(units_of_dollars(surcharge)),
        "Ratedeck-ID": document.get("ratedeck_id", deck_name),
        "Rate-NoCharge-Time": _seconds(document, "rate_nocharge_time", 0),
        "Rate-Name": document.get("rate_name"),
        "Rate-Minimum": str(minimum_seconds),
        "Rate-Increment": _seconds(document, "rate_increment", DEFAULT_RATE_SECONDS),
        "Rate-Description": document.get("description"),
        "Rate-Version": document.get("rate_version"),
        "Rate-ID": document["_id"],
        "Rate": str(units_of_dollars(rate)),
        "Pvt-Cost": str(units_of_dollars(number(document.get("pvt_internal_rate_cost", 0)))),
        "Prefix": integer(document["prefix"]),
        "Base-Cost": str(base_cost_units(rate, minimum_seconds, surcharge)),
    }
    return {key: value for key, value in reply.items() if value is not None}


def weight(document: Document) -> int:
    """1 is best, 100 worst, and the default."""
    return constrained_weight(integer(document.get("weight", WEIGHT_WORST)))


def constrained_weight(stated: int) -> int:
    return min(max(stated, 1), WEIGHT_WORST)


def default_route(prefix: int | str) -> str:
    """Numbers of this prefix; at least one digit must follow it."""
    return rf"^\+?{prefix}.+$"


def _has_direction(document: Document, direction: str | None) -> bool:
    stated = document.get("direction", list(BOTH))
    allowed = stated if isinstance(stated, list) else [stated]
    return direction is None or direction in allowed


def _has_options(document: Document, flags: Sequence[str]) -> bool:
    if not flags:
        return True
    options = document.get("options")
    if not isinstance(options, list):
        raise KazooHasNoAnswer(f"KAZOO stops on a call with flags when rate {document['_id']} has no list of options")
    return not options or all(flag in options for flag in flags)


def _routes(document: Document) -> list[str]:
    routes = document.get("routes")
    return [str(route) for route in routes] if isinstance(routes, list) else []


@lru_cache(maxsize=65_536)
def _route(route: str) -> re.Pattern[str]:
    try:
        return re.compile(route)
    except re.error as error:
        raise KazooHasNoAnswer(f"{route!r} is no regular expression: {error}") from None


def _seconds(document: Document, name: str, default: int) -> int:
    value = document.get(name)
    return default if value is None else integer(value)
