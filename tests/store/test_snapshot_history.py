"""What an account had on the days of a period, from the snapshots that pulls left."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reseller_reporting.model.account import Account, Services, Snapshot
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import ReportPeriod, parse_period
from reseller_reporting.store import snapshots
from reseller_reporting.store.lake import Lake

NOVEMBER = parse_period("2025-11", timezone="UTC", now=datetime(2026, 1, 1, tzinfo=UTC))


def taken(day: str, trunks: int | None, account_id: str = "a") -> Snapshot:
    services = None if trunks is None else Services(account={("limits", "twoway_trunks"): trunks})
    at = datetime.fromisoformat(f"2025-{day}T12:00:00+00:00")
    return Snapshot(
        account=Account(id=AccountId(account_id), name="Alice"), taken_at=at, source="test", services=services
    )


def seen(lake: Lake, period: ReportPeriod = NOVEMBER) -> list[tuple[str, int]]:
    found = snapshots.history(lake, period, ["a"]).get("a", [])
    told = []
    for each in found:
        assert each.services is not None
        told.append((f"{each.taken_at:%m-%d}", each.services.quantity("limits", "twoway_trunks")))
    return told


@pytest.mark.parametrize(
    ("days", "told"),
    [
        # Of the earlier ones only the last speaks of the period's first day.
        ([("10-01", 1), ("10-20", 2), ("11-10", 3), ("11-20", 4), ("12-02", 5)], ["10-20", "11-10", "11-20"]),
        ([("12-02", 5), ("12-20", 6)], ["12-02"]),  # Nothing before or within: the first one after.
        ([("10-20", 2), ("12-02", 5)], ["10-20"]),
        ([("11-10", None), ("11-20", 4)], ["11-20"]),  # One whose services could not be read tells nothing.
        ([], []),
    ],
)
def test_the_snapshots_that_tell_of_a_period(
    tmp_path: Path, days: list[tuple[str, int | None]], told: list[str]
) -> None:
    lake = Lake(tmp_path)
    snapshots.write(lake, [taken(day, trunks) for day, trunks in days], own_id="r")
    snapshots.write(lake, [taken("11-15", 9, "b")], own_id="r")
    trunks_of = dict(days)
    assert seen(lake) == [(day, trunks_of[day]) for day in told]


def test_what_a_report_shows_is_the_last_one_within_a_month_of_the_end(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    snapshots.write(lake, [taken("11-10", 3), taken("12-02", 5), taken("12-20", 6)], own_id="r")
    found, own_id = snapshots.read(lake, NOVEMBER)
    assert own_id is None
    assert f"{found['a'].taken_at:%m-%d}" == "12-20"
