"""Allotments: buckets of seconds by class of number, drawn on before trunks and credit.

Times
- A cycle begins at a UTC minute, hour, day, Monday or first of the month; only the month's own records count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.charge import undiscounted_cost_units
from reseller_reporting.rating.kazoo_number import integer

# A call in progress counts as if it went on for another minute.
RESERVED_SECONDS = 60


class Cycle(StrEnum):
    """How long what was drawn counts."""

    MINUTELY = "minutely"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def span_seconds(self) -> int:
        """A month is the average one, there as here."""
        return {"minutely": 60, "hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_629_743}[self.value]

    def began(self, now: int) -> int:
        moment = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0)
        if self is not Cycle.MINUTELY:
            moment = moment.replace(minute=0)
        if self not in (Cycle.MINUTELY, Cycle.HOURLY):
            moment = moment.replace(hour=0)
        if self is Cycle.WEEKLY:
            moment -= timedelta(days=moment.weekday())
        if self is Cycle.MONTHLY:
            moment = moment.replace(day=1)
        return int(moment.timestamp())

    def live_seconds(self, answered: int | None, now: int) -> int:
        """What a call in progress counts for."""
        if answered is None:
            return RESERVED_SECONDS
        return min(now - max(answered, self.began(now)) + RESERVED_SECONDS, self.span_seconds)


@dataclass(slots=True)
class Draws:
    """What ended calls took from the buckets of one party."""

    by_key: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # When, and how many seconds.

    def add(self, key: str, now: int, seconds: int) -> None:
        if seconds:
            self.by_key.setdefault(key, []).append((now, seconds))

    def seconds(self, key: str, cycle: Cycle, now: int) -> int:
        """Taken in this cycle; only the month's own records are looked at, whatever the cycle."""
        begin = cycle.began(now)
        since = max(begin, Cycle.MONTHLY.began(now))
        taken = [(at, seconds) for at, seconds in self.by_key.get(key, ()) if since <= at <= begin + cycle.span_seconds]
        # Of a call that began before the cycle, only what lies in it counts.
        return sum(min(seconds, at - begin) for at, seconds in taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """What one bucket holds, in seconds, and how a call draws on it."""

    TAG: ClassVar = "allotment_"

    key: str  # `did_us`, or `outbound_did_us`.
    amount_seconds: int
    minimum_seconds: int = 0
    increment_seconds: int = 1
    no_consume_seconds: int = 0
    group_consume: tuple[str, ...] = ()  # Keys whose draw counts here, too.
    cycle: Cycle = Cycle.MONTHLY

    @property
    def tag(self) -> str:
        return f"{self.TAG}{self.key}"

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
        cycle=_cycle(stated.get("cycle") or Cycle.MONTHLY),
    )


def _cycle(stated: object) -> Cycle:
    if stated not in tuple(Cycle):
        raise KazooHasNoAnswer(f"KAZOO stops on an allotment whose cycle is {stated!r}")
    return Cycle(str(stated))
