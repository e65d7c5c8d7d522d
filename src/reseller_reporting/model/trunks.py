"""Trunk figures: what the replay of trunks says of an account, in numbers that a report shows."""

from dataclasses import dataclass, replace
from datetime import datetime

from reseller_reporting.model.account import Limits


@dataclass(frozen=True, slots=True)
class Ran:
    """Legs of which the same became. A cost of None is not known."""

    legs: int
    answered_seconds: int
    cost_units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDifference:
    """One leg whose tag says another thing than the replay."""

    started_at: datetime
    call_id: str
    direction: str
    number: str
    said: str  # The tag.
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkFigures:
    """The account's legs on one party's trunks, and how full those were with the legs of all that share them."""

    limits: Limits
    flat: Ran
    burst: Ran
    over: Ran
    not_asked: Ran  # Their number may use no trunk, or something else settled them before.
    calls_max: int | None  # Calls at once that all trunks together hold; None is no limit.
    peak: int
    peak_at: datetime | None
    demand_peak: int
    full_seconds: int
    peak_by_hour: tuple[tuple[int, ...], ...]  # By weekday, Monday first, and hour of day.
    agreeing: int | None  # Legs whose tag says what the replay says; None where the tags are not known.
    differing: int | None
    differences: tuple[TagDifference, ...]  # The first of them.
    accounts: int = 1  # That share the trunks.
    legs_of_all: tuple[int, int, int, int] | None = None  # Flat, burst, over, not asked, where others share them.

    def without_statements(self) -> "TrunkFigures":
        flat, burst, over, not_asked = (
            replace(each, cost_units=None) for each in (self.flat, self.burst, self.over, self.not_asked)
        )
        return replace(
            self,
            flat=flat,
            burst=burst,
            over=over,
            not_asked=not_asked,
            agreeing=None,
            differing=None,
            differences=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunks:
    """Figures, or a sentence that says why there are none, or None where there is nothing to say."""

    own: TrunkFigures | str | None = None
    pool: TrunkFigures | str | None = None  # The reseller's trunks, over all its accounts at once.

    def without_reseller(self) -> "Trunks":
        """The same, where some legs came without the reseller's view: its costs and tags are not known."""
        if not isinstance(self.pool, TrunkFigures):
            return self
        return replace(self, pool=self.pool.without_statements())


NO_TRUNKS = Trunks()
