"""Jobs done in this process: the work of one, with a report that asks no KAZOO."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sites import NOW, Site

if TYPE_CHECKING:
    from reseller_reporting.app.house import House
    from reseller_reporting.control.models import Job


def do_next(site: Site, kind: str, house: House | None = None) -> Job:
    """The job of this kind that waits longest, from its lease to its end."""
    from reseller_reporting.app.jobs import perform
    from reseller_reporting.control.jobs import Leased
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        job = Job.objects.filter(kind=kind, state="queued").order_by("due_at", "created_at").first()
        assert job is not None, f"no {kind} job waits"
        job.state, job.lease, job.attempts, job.heartbeat_at = "running", "l" * 32, job.attempts + 1, NOW
        job.save()
    perform(
        house or site.house,
        Leased(id=job.pk, kind=kind, reseller_id=job.reseller_id, lease=job.lease, attempt=job.attempts),
    )
    with across_resellers():
        job.refresh_from_db()
    return job


def make_reports_of_nothing(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None] = lambda: None) -> None:
    """A report job finds no customers; while it works, something else happens."""
    from reseller_reporting.app import report

    def run(house: Any, order: Any, _progress: Any) -> Any:
        folder: Path = order.out
        folder.mkdir(parents=True, exist_ok=True)
        totals: dict[str, Any] = {"calls": 0, "reseller_cost": "0.0000", "customer_cost": "0.0000"}
        document = {
            "accounts": [], "files": [], "totals": totals, "warnings": [], "edition": order.edition,
            "currency": house.settings.currency, "language": house.settings.language,
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(document))
        (folder / "summary.csv").write_text("Account ID,Name,Calls,Complete,Currency\n")
        (folder / "summary-by-country.csv").write_text("Account ID\n")
        meanwhile()
        return SimpleNamespace(
            folder=folder,
            manifest=document,
            entries=[],
            failed=[],
            kept_legs=(),
            reseller=SimpleNamespace(name="Acme"),
            period=SimpleNamespace(name=order.wanted.period, timezone="UTC"),
        )

    monkeypatch.setattr(report, "check", lambda _order: None)
    monkeypatch.setattr(report, "run", run)
