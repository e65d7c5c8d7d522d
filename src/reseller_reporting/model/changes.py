"""Changes: what differs between two reports of one period, customer by customer and leg by leg.

Invariant
- None is unknown (no reseller's view, no price), never 0.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class LegChange(StrEnum):
    """What became of a leg between two reports."""

    LATE = "late"  # Reported now, and not before.
    GONE = "gone"  # Reported before, and not now.
    CHANGED = "changed"  # In both, at other amounts.


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was reported of some billable legs."""

    calls: int
    billing_seconds: int
    reseller_cost_units: int | None
    customer_cost_units: int
    price_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLeg:
    kind: LegChange
    started_at: datetime
    call_id: str
    before: Amounts | None  # None: there was no such leg.
    now: Amounts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSums:
    """The legs of one kind of change; legs that are in one report only add nothing to the other."""

    legs: int
    before: Amounts
    now: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class LegChanges:
    """Of one customer: sums over all of its legs that differ, and the first of them."""

    sums: dict[LegChange, ChangedSums]  # Kinds of which there are none are left out.
    first: tuple[ChangedLeg, ...]

    @property
    def count(self) -> int:
        return sum(each.legs for each in self.sums.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAccount:
    """What one report said of an account. Without amounts it had failed."""

    id: str
    name: str
    amounts: Amounts | None
    legs: str | None  # The digest of its reported legs, by which they are kept.


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One report of a period over all customers. Two of one version say the same."""

    version: str
    accounts: tuple[ReportedAccount, ...]


CustomerState = Literal["new", "gone", "failed", "failed before", "renamed", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """A customer of whom the two reports do not say the same."""

    id: str
    name: str
    state: CustomerState
    before: ReportedAccount | None
    now: ReportedAccount | None
    legs: LegChanges | None  # None: not compared, for one of the reports has none of its legs.


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Since the last report that was made of other data."""

    before: Reported
    customers: tuple[CustomerChange, ...]
