"""What an account had on the days of a period, from the snapshots that pulls left."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reseller_reporting.model.account import Account, InvoiceItem, Limits, Services, Snapshot
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import ReportPeriod, parse_period
from reseller_reporting.store import snapshots
from reseller_reporting.store.lake import Lake

LATE = timedelta(days=31)
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


@pytest.mark.parametrize("in_one_write", [True, False])
def test_two_snapshots_of_the_very_same_moment_are_one(tmp_path: Path, *, in_one_write: bool) -> None:
    lake, failed, full = Lake(tmp_path), taken("11-10", None), with_parts("11-10")
    for together in [[failed, full, full]] if in_one_write else [[full], [failed], [full]]:
        snapshots.write(lake, together, own_id="r")
    assert snapshots.read(lake, NOVEMBER)[0] == {"a": full}
    assert snapshots.history(lake, NOVEMBER, ["a"]) == {"a": [full]}


def test_which_snapshot_speaks_of_a_period_whatever_there_is(tmp_path: Path) -> None:
    """Against the definition: the last up to a month after the end, else the first later one, else the last before."""
    chance = random.Random(5)  # noqa: S311  # No secret.
    lake, end = Lake(tmp_path), NOVEMBER.to_at
    moments = {
        f"{number:03}": {end + timedelta(hours=chance.randrange(-3000, 3000)) for _ in range(chance.randrange(1, 5))}
        for number in range(60)
    }
    # To the second: the period's end itself, and a month after it.
    moments |= {"end": {end - timedelta(seconds=1), end}, "late": {end + LATE, end + LATE + timedelta(seconds=1)}}
    made = [at_moment(account_id, moment) for account_id, own in moments.items() for moment in own]
    chance.shuffle(made)
    for first in range(0, len(made), 40):
        snapshots.write(lake, made[first : first + 40], own_id="r")

    def speaking(own: set[datetime]) -> datetime:
        still, later = {each for each in own if end <= each <= end + LATE}, {each for each in own if each > end + LATE}
        return max(still) if still else min(later) if later else max(own)

    found, _ = snapshots.read(lake, NOVEMBER)
    assert {id_: each.taken_at for id_, each in found.items()} == {id_: speaking(own) for id_, own in moments.items()}
    for each in found.values():
        assert each.services is not None
        assert each.services.quantity("limits", "twoway_trunks") == each.taken_at.timestamp() // 1


def at_moment(account_id: str, moment: datetime) -> Snapshot:
    """Its trunks tell when it was taken."""
    services = Services(account={("limits", "twoway_trunks"): int(moment.timestamp())})
    account = Account(id=AccountId(account_id), name=account_id)
    return Snapshot(account=account, taken_at=moment, source="test", services=services)


def with_parts(day: str) -> Snapshot:
    """One with a row in every table."""
    one = Decimal(1)
    item = InvoiceItem(
        category="limits",
        item="twoway_trunks",
        name="Trunks",
        quantity=3,
        billable=3,
        rate=one,
        discount=0 * one,
        total=one,
        cascade=False,
    )
    plain = taken(day, 3)
    assert plain.services is not None
    services = replace(plain.services, items=(item, item), recurring=2 * one)
    return replace(plain, services=services, limits=Limits(), users={"u": "Ann"}, devices={"d": "Desk"})
