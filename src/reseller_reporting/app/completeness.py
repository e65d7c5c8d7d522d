"""Completeness: what the store knows of a period, customer by customer: what was asked, what came, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted
from reseller_reporting.app.stored import stored
from reseller_reporting.model.account import Account
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.store import coverage
from reseller_reporting.store.coverage import Covered, Span


class State(StrEnum):
    FINAL = "final"  # Read whole, and nothing of it can change any more.
    NOT_FINAL = "not final"  # Read as far as it has begun; the next run asks again for what may still change.
    PARTLY = "partly"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCoverage:
    account: Account
    state: State
    taken_at: datetime | None  # The oldest of the pulls that the figures come from.
    legs: int
    malformed: int
    missing: list[Span]  # Spans of start times that the next pull asks for.
    warnings: list[ReportWarning]
    windows: list[WindowRead]

    @property
    def failed_windows(self) -> list[WindowRead]:
        return [window for window in self.windows if window.failure]


def completeness(house: House, wanted: Wanted) -> tuple[Pulled, list[CustomerCoverage]]:
    """The wanted customers in the order of their names; nothing is asked of KAZOO."""
    known = stored(house, wanted)
    covered = coverage.read(house.lake, known.period)
    span = (known.period.from_at, known.period.to_at)
    windows = coverage.windows(house.lake, [account.id for account in known.selected], span)
    now = house.clock()
    return known, [
        _of(account, covered.get(account.id, []), windows.get(account.id, []), known.period, now)
        for account in sorted(known.selected, key=lambda each: (each.name, each.id))
    ]


def _of(
    account: Account, covered: list[Covered], windows: list[WindowRead], period: ReportPeriod, now: datetime
) -> CustomerCoverage:
    pulls = coverage.in_force(covered, period)
    missing = coverage.missing(pulls, period)
    return CustomerCoverage(
        account=account,
        state=_state(pulls, missing, period, now),
        taken_at=min((pull.taken_at for pull in pulls), default=None),
        legs=sum(pull.legs for pull in pulls),
        malformed=sum(pull.malformed for pull in pulls),
        missing=missing,
        warnings=[warning for pull in pulls for warning in pull.warnings],
        windows=windows,
    )


def _state(pulls: Sequence[Covered], missing: list[Span], period: ReportPeriod, now: datetime) -> State:
    if not missing:
        return State.FINAL
    if not pulls:
        return State.NEVER
    return State.PARTLY if coverage.gaps(pulls, period, until=now) else State.NOT_FINAL
