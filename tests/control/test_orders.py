"""Orders at the same moment, on a real PostgreSQL: SQLite lets one write at a time by itself."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from reseller_reporting.app.house import House
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control import database, jobs


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_orders_with_one_key_one_run_stands(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(load_settings({f"{PREFIX}HOME": str(tmp_path)}, working_folder=tmp_path))
    with database.opened(database_url):
        from django.db import connection

        from reseller_reporting.app.orders import Asked, order_report
        from reseller_reporting.control.models import AuditEvent, Job, Reseller, Run
        from reseller_reporting.control.scoping import within

        acme = Reseller.objects.create(key="", name="Acme", created_at=house.clock())

        def order() -> Job:
            with within(acme):
                return order_report(house, acme, Asked(period="2024-06"), user=None, key="page/1/once")

        enqueue, others = jobs.enqueue, list[Any]()

        def order_elsewhere() -> None:
            others.append(order())
            connection.close()

        def enqueue_late(*arguments: Any, **named: Any) -> Job:
            """Both have looked whether the key is known; the other one is done first."""
            monkeypatch.setattr(jobs, "enqueue", enqueue)
            other = Thread(target=order_elsewhere)
            other.start()
            other.join()
            return enqueue(*arguments, **named)

        monkeypatch.setattr(jobs, "enqueue", enqueue_late)
        job = order()
        assert [each.pk for each in others] == [job.pk]
        with within(acme):
            assert Run.objects.get().pk == job.run_id
            assert AuditEvent.objects.filter(action="report_ordered").count() == 1
