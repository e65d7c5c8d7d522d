"""Nothing missed, nothing twice: what a made-up KAZOO stores against what we read of it, page size by page size."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import month_start
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span
from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.kazoo.client import RetryPolicy
from reseller_reporting.sources.kazoo.source import Credentials, KazooSource

NOW = datetime(2026, 12, 10, 12, tzinfo=UTC)
MONTHS = ("202608", "202609", "202610", "202611", "202612")
EVERYTHING = Span((0, ""), (10**12, "\U0010ffff"), False)


def stored_ids(world: Any, account_id: str, from_at: datetime, to_at: datetime) -> list[str]:
    """The ids of all legs that began in the span, whichever month's database holds them."""
    rows = [
        (cdr.id, json.loads(msgspec.json.encode(cdr.row(is_reseller=True, utc_offset_seconds=0))))
        for month in MONTHS
        for cdr in world.cdrs(account_id, month, EVERYTHING)
        if cdr.saved <= gregorian(NOW)
    ]
    return sorted(id_ for id_, row in rows if gregorian(from_at) <= int(row["timestamp"]) < gregorian(to_at))


def read_ids(world: Any, account_id: str, from_at: datetime, to_at: datetime, page_size: int) -> list[str]:
    async def run(url: str, api_key: str) -> list[str]:
        credentials = Credentials(url=url, api_key=api_key)
        policy = RetryPolicy(attempts=2, wait_initial_seconds=0, wait_max_seconds=0)
        async with KazooSource(credentials, retry=policy, page_size=page_size, clock=lambda: NOW) as source:
            pages = [page async for page in source.legs(AccountId(account_id), from_at, to_at)]
        assert not [warning for page in pages for warning in page.warnings]
        return sorted(i for page in pages for i in page.legs["leg_id"].to_pylist())

    with running(world, clock=NOW.timestamp) as kazoo:
        return asyncio.run(run(kazoo.url, kazoo.api_key))


@pytest.mark.parametrize("month", ["2026-09", "2026-10", "2026-11"])
def test_every_leg_of_a_made_up_month_is_read_once(month: str) -> None:
    world = GeneratedWorld(seed=3, accounts=2, calls=600)
    account_id = world.descendants(world.logins[0].account_id)[0].id
    from_at = month_start(month) + timedelta(hours=5)  # As a report in New York cuts it.
    to_at = month_start(f"2026-{int(month[5:]) + 1:02d}") + timedelta(hours=5)
    expected = stored_ids(world, account_id, from_at, to_at)
    assert len(expected) > 20
    assert read_ids(world, account_id, from_at, to_at, 50) == expected


@pytest.mark.parametrize("page_size", [1, 7, 1000])
@pytest.mark.parametrize("hours", [0, 5, -9])
def test_every_leg_around_a_months_end_is_read_once(page_size: int, hours: int) -> None:
    """Unanswered, long and very long calls, saved at once or most of a day late, on either side of the boundary."""
    world = ScriptedWorld()
    alice = world.customer("Alice", parent=world.reseller("Acme"))
    boundary = month_start("2026-11")
    for step in range(-30, 31, 3):
        started_at = boundary + timedelta(hours=step)
        for seconds in (0, 3600 * 5, 3600 * 23):
            late = 3600 * 23 if step % 2 else 1
            world.call(alice, started_at=started_at, number="+1415", answered_seconds=seconds, saved_after_seconds=late)
    from_at, to_at = month_start("2026-10") + timedelta(hours=hours), boundary + timedelta(hours=hours)
    october = read_ids(world, alice, from_at, to_at, page_size)
    november = read_ids(world, alice, to_at, month_start("2026-12") + timedelta(hours=hours), page_size)
    assert october == stored_ids(world, alice, from_at, to_at)
    assert len(october) + len(november) == len({*october, *november}) == 63
