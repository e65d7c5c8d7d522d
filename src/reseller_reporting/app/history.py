"""History: what the store holds of the months before a report's month, for the comparison on its first sheet.

Owns: which months may be compared. Does not own: how the store adds them up, how they are shown.

Invariants
- A month is compared only where all of it was read; of several they follow each other up to the report's month.
- Nothing is asked of KAZOO: what the store lacks is not compared.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled
from reseller_reporting.model.period import ReportPeriod, months_between, parse_period
from reseller_reporting.reports.facts import MonthFigures
from reseller_reporting.store import coverage
from reseller_reporting.store.calls import MonthSums, Pinned, month_sums
from reseller_reporting.store.coverage import Covered

MONTHS_MAX = 5
# These say nothing against the list of calls, which is all that is compared.
_HARMLESS = frozenset({"ledger_unread", "reseller_ledger_unread", "ledger_entry_unreadable", "documents_unread"})


def read_history(
    house: House, pinned: Pinned, pulled: Pulled, covered: Mapping[str, list[Covered]]
) -> dict[str, list[MonthSums]]:
    """Of each selected account the months before, the oldest first."""
    months = _months_before(pulled.period, house)
    held = {str(a.id): _held(covered.get(a.id, []), months) for a in pulled.selected if a.id not in pulled.failed}
    held = {id_: of_account for id_, of_account in held.items() if of_account}
    if not held:
        return {}
    spans = {month.name: (month.from_at, month.to_at) for month in months}
    utc_months = months_between(months[0].from_at, months[-1].to_at)
    sums = month_sums(pinned.legs.of(utc_months, held), spans)
    return {
        id_: [sums.get((id_, month.name), MonthSums(month=month.name)) for month in of_account]
        for id_, of_account in held.items()
    }


def month_figures(history: Sequence[MonthSums], *, has_reseller_view: bool) -> tuple[MonthFigures, ...]:
    """As the account's documents say them: by the customer's tags alone where the reseller's view is not theirs.

    A month that was listed without the reseller's view counts other legs, and ends the comparison.
    """
    figures: list[MonthFigures] = []
    for each in reversed(history):
        if has_reseller_view and each.reseller_cost_units is None:
            break
        figures.append(
            MonthFigures(
                month=each.month,
                calls=each.calls if has_reseller_view else each.customer_calls,
                answered_seconds=each.answered_seconds if has_reseller_view else each.customer_answered_seconds,
                customer_cost_units=each.customer_cost_units,
                reseller_cost_units=each.reseller_cost_units if has_reseller_view else None,
            )
        )
    return tuple(reversed(figures))


def _months_before(period: ReportPeriod, house: House) -> list[ReportPeriod]:
    """The oldest first; none where the period is no calendar month."""
    months: list[ReportPeriod] = []
    if not period.is_month:
        return months
    first = date.fromisoformat(f"{period.name}-01")
    for _ in range(MONTHS_MAX):
        first = (first - timedelta(days=1)).replace(day=1)
        months.insert(0, parse_period(f"{first:%Y-%m}", timezone=period.timezone, now=house.clock()))
    return months


def _held(covered: list[Covered], months: Sequence[ReportPeriod]) -> list[ReportPeriod]:
    held: list[ReportPeriod] = []
    for month in reversed(months):
        pulls = coverage.in_force(covered, month)
        is_doubtful = any(warning.code not in _HARMLESS for pull in pulls for warning in pull.warnings)
        if is_doubtful or coverage.gaps(pulls, month, until=month.to_at):
            break
        held.insert(0, month)
    return held
