"""A rate deck: which price a prefix has in force at a moment, and the longest prefix of a number.

Owns: dated versions of a price, and the choice among prefixes. Does not own: KAZOO's own choice with its filters over
stored documents (selection), what a leg then costs (exact_charge, charge), where decks are kept.

Times
- A price is in force from its `effective_at` until the next one of the same prefix and direction; a leg is priced by
  the moment it started.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property, lru_cache

from reseller_reporting.model.rate import Rate

PREFIX_DIGITS_MAX = 15  # E.164 allows no longer number.


class Deck:
    """Rates of one name; the order in which they are given does not matter."""

    def __init__(self, name: str, rates: Iterable[Rate]) -> None:
        self.name = name
        self.rates = tuple(sorted(rates, key=_order))

    def find(self, digits: str, direction: str, at: datetime, *, flags: tuple[str, ...] = ()) -> Rate | None:
        """The rate of the longest prefix that has a price in force; None leaves the call unrated.

        `digits` is the number in E.164 without its plus.
        """
        for length in range(min(len(digits), PREFIX_DIGITS_MAX), 0, -1):
            for rate in self._in_force(digits[:length], direction, at):
                if _applies(rate, digits, flags):
                    return rate
        return None

    def changes(self, from_at: datetime, to_at: datetime) -> list[datetime]:
        """The moments within `(from_at, to_at)` at which any price of the deck changes, in order."""
        moments = {rate.effective_at for rate in self.rates if rate.effective_at is not None}
        return sorted(moment for moment in moments if from_at < moment < to_at)

    def edition(self, direction: str, at: datetime) -> list[Rate]:
        """Every rate in force at a moment for a direction, best first where prefixes are equal."""
        return [rate for prefix in self._by_prefix for rate in self._in_force(prefix, direction, at)]

    def _in_force(self, prefix: str, direction: str, at: datetime) -> list[Rate]:
        """Rates of this very prefix, best first: of each line of prices the newest that has begun, if not closed."""
        newest: dict[tuple[object, ...], Rate] = {}
        for rate in self._by_prefix.get(prefix, ()):
            if direction in rate.directions and (rate.effective_at is None or rate.effective_at <= at):
                newest[rate.rate_id, rate.routes, rate.options] = rate  # Later ones come later.
        return sorted((rate for rate in newest.values() if not rate.is_closed), key=lambda rate: rate.weight)

    @cached_property
    def _by_prefix(self) -> dict[str, list[Rate]]:
        found: dict[str, list[Rate]] = {}
        for rate in self.rates:
            found.setdefault(rate.prefix, []).append(rate)
        return found


def _applies(rate: Rate, digits: str, flags: tuple[str, ...]) -> bool:
    """A rate without routes is for every number of its prefix, the prefix itself included."""
    if rate.options and flags and not set(flags) <= set(rate.options):
        return False
    return not rate.routes or any(_pattern(route).search(f"+{digits}") for route in rate.routes)


def _order(rate: Rate) -> tuple[str, bool, str, str]:
    """By prefix, then time; what is in force since ever comes first."""
    moment = "" if rate.effective_at is None else rate.effective_at.isoformat()
    return rate.prefix, rate.effective_at is not None, moment, rate.rate_id


@lru_cache(maxsize=65_536)
def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(route)
