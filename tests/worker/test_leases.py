"""When a worker takes another one's job for lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError

from reseller_reporting.control import database, jobs
from reseller_reporting.model.errors import DatabaseUnavailable
from reseller_reporting.worker import loop

if TYPE_CHECKING:
    from sites import Site


@pytest.mark.parametrize(
    ("away_until", "fails_at", "rescued_at"),
    [(0, None, [0, 10, 20, 30, 40, 50]), (0, 12, [0, 10, 43, 53]), (3, None, [33, 43, 53]), (3, 12, [43, 53])],
)
def test_after_an_outage_every_worker_may_renew_its_leases_before_any_is_taken_for_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch, away_until: int, fails_at: int | None, rescued_at: list[int]
) -> None:
    now, rescued = 0.0, list[float]()

    def prepare(_url: str) -> None:
        nonlocal now
        if now < away_until:
            now += 1
            raise DatabaseUnavailable("It is away.")

    def lease_next(**_named: object) -> None:
        nonlocal now
        if now == fails_at:
            now += 1
            raise OperationalError("It is away.")
        now += 1
        if now > 55:
            worker.stop()

    monkeypatch.setattr(loop, "POLL_SECONDS", 0)
    monkeypatch.setattr(loop, "_AWAY_SECONDS", 0)
    monkeypatch.setattr(loop, "rescue", lambda _house: rescued.append(now))
    monkeypatch.setattr(loop, "schedule", lambda _house: None)
    monkeypatch.setattr(jobs, "lease_next", lease_next)
    monkeypatch.setattr(database, "prepare", prepare)
    worker = loop.Worker(site.house, monotonic=lambda: now)
    worker.reach_database()
    worker.run()
    assert rescued == rescued_at
