"""Pricing terms: by what a customer's legs of a period are priced, and a statement is made. Values only.

Times
- `from_at` and `to_at` are moments, for legs; `from_day` and `to_day` the same bounds as days of the report's zone, for
  what counts by the day. Ends are exclusive.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

from reseller_reporting.model.account import Services
from reseller_reporting.model.plan import BundlePer, Plan
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.plan_items import quantity_of
from reseller_reporting.rating.trunk import TrunkLimits


class Days(Protocol):
    """Anything that lasts from a day on, until another one."""

    @property
    def from_day(self) -> date: ...

    @property
    def to_day(self) -> date: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingSegment:
    """A stretch of the period in which one version of a plan is in force."""

    plan: Plan
    label: str  # `retail@2026-10-16`
    from_day: date
    to_day: date
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days on which a customer's quantities stood still. None: they could not be read, which is not zero."""

    from_day: date
    to_day: date
    services: Services | None = None
    trunks: int | None = None  # Inbound, outbound and two-way.
    users: int | None = None
    devices: int | None = None

    def count(self, per: BundlePer) -> int | None:
        """By what the minutes of a bundle are multiplied."""
        return {
            BundlePer.PLAN: 1,
            BundlePer.TRUNK: self.trunks,
            BundlePer.USER: self.users,
            BundlePer.DEVICE: self.devices,
        }[per]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTerms:
    """What one customer's legs are priced by. Segments and stretches in order of time, without overlap."""

    segments: tuple[PricingSegment, ...]
    decks: Mapping[str, Deck] = field(default_factory=dict)
    # The state (replay.State, as int8) of each leg on so many trunks; needed where a rule is for legs over trunks.
    replayed: Callable[[TrunkLimits], Any] | None = None
    limits: TrunkLimits | None = None  # The customer's own trunks; None: not known.
    stretches: tuple[Stretch, ...] = ()
    # What earlier periods left in each bundle: (age in periods, seconds).
    carried: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)


def month_share(from_day: date, to_day: date) -> Fraction:
    """Days as a part of their month, summed over the months that they lie in: all of October is 1, a day of it 1/31."""
    share = Fraction(0)
    day = from_day
    while day < to_day:
        days = monthrange(day.year, day.month)[1]
        end = min(to_day, day.replace(day=1) + timedelta(days=days))
        share += Fraction((end - day).days, days)
        day = end
    return share


def common_days(one: Days, other: Days) -> tuple[date, date] | None:
    """The days that both last."""
    from_day, to_day = max(one.from_day, other.from_day), min(one.to_day, other.to_day)
    return (from_day, to_day) if from_day < to_day else None


def stretches(
    seen: Sequence[tuple[date, Services | None, int | None]], from_day: date, to_day: date
) -> tuple[Stretch, ...]:
    """Quantities day by day, of what was seen in order of time: services and trunks, each with its day.

    A day's are the last ones seen by its end; before the first, the first.
    """
    found: list[Stretch] = []
    turns = [from_day, *sorted({day for day, _, _ in seen if from_day < day < to_day}), to_day]
    for first, end in pairwise(turns):
        until = [each for each in seen if each[0] <= first] or [*seen[:1]]
        _, services, trunks = until[-1] if until else (first, None, None)
        last = found[-1] if found else None
        if last is not None and (last.services, last.trunks) == (services, trunks):
            found[-1] = replace(last, to_day=end)
        else:
            found.append(
                Stretch(
                    from_day=first,
                    to_day=end,
                    services=services,
                    trunks=trunks,
                    users=None if services is None else quantity_of("users", services),
                    devices=None if services is None else quantity_of("devices", services),
                )
            )
    return tuple(found)
