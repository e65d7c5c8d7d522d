"""When a worker takes another one's job for lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError

from reseller_reporting.control import jobs
from reseller_reporting.worker import loop

if TYPE_CHECKING:
    from sites import Site


@pytest.mark.parametrize(("fails_at", "rescued_at"), [(None, [0, 10, 20, 30, 40, 50]), (12, [0, 10, 43, 53])])
def test_after_an_outage_every_worker_may_renew_its_leases_before_any_is_taken_for_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch, fails_at: int | None, rescued_at: list[int]
) -> None:
    now, rescued = 0.0, list[float]()

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
    worker = loop.Worker(site.house, monotonic=lambda: now)
    worker.run()
    assert rescued == rescued_at
