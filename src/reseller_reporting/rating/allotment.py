"""Allotments: buckets of seconds by class of number, drawn on before trunks and credit.

Times
- A cycle begins at a UTC minute, hour, day, Monday or first of the month; only the month's own records count.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reseller_reporting.rating.charge import undiscounted_cost_units
from reseller_reporting.rating.kazoo_number import integer

# A call in progress counts as if it went on for another minute.
RESERVED_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """What one bucket holds, in seconds, and how a call draws on it."""

    key: str  # `did_us`, or `outbound_did_us`.
    amount_seconds: int
    minimum_seconds: int = 0
    increment_seconds: int = 1
    no_consume_seconds: int = 0
    group_consume: tuple[str, ...] = ()  # Keys whose draw counts here, too.

    @property
    def tag(self) -> str:
        return f"allotment_{self.key}"

    def has_room(self, consumed_seconds: int) -> bool:
        return consumed_seconds <= self.amount_seconds - self.minimum_seconds

    def drawn_seconds(self, answered_seconds: int) -> int:
        """What a call takes from the bucket when it ends: the minimum, then whole increments."""
        if answered_seconds <= self.no_consume_seconds:
            return 0
        # A rate of 60 a minute makes KAZOO's price formula count seconds.
        return undiscounted_cost_units(
            rate_units=60,
            increment_seconds=self.increment_seconds,
            minimum_seconds=self.minimum_seconds,
            surcharge_units=0,
            seconds=answered_seconds,
        )


def allotment_for(limits: Mapping[str, object], direction: str, classification: str) -> Allotment | None:
    """The bucket for calls of this direction and class: its own, else that of the class."""
    configured = limits.get("allotments")
    if not isinstance(configured, Mapping):
        return None
    for key in (f"{direction}_{classification}", classification):
        stated = configured.get(key)
        if isinstance(stated, Mapping):
            return _allotment(key, stated)
    return None


def _allotment(key: str, stated: Mapping[str, object]) -> Allotment:
    group = stated.get("group_consume")
    return Allotment(
        key=key,
        amount_seconds=integer(stated.get("amount", 0)),
        minimum_seconds=integer(stated.get("minimum", 0)),
        increment_seconds=integer(stated.get("increment", 1)),
        no_consume_seconds=integer(stated.get("no_consume_time", 0)),
        group_consume=tuple(str(each) for each in group) if isinstance(group, list) else (),
    )
