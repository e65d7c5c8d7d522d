"""Jobs as rows, on SQLite and on a real PostgreSQL: one worker gets each, a lost one goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.app.progress import CALLS, WORKBOOKS
from reseller_reporting.control import database

if TYPE_CHECKING:
    from reseller_reporting.control.models import Job, Reseller

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def acme(database_url: str) -> Iterator[Reseller]:
    from reseller_reporting.control.models import Reseller
    from reseller_reporting.control.scoping import within

    with database.opened(database_url):
        reseller = Reseller.objects.create(key="", name="Acme", created_at=NOW)
        with within(reseller):
            yield reseller


def report_job(acme: Reseller, **stated: Any) -> Job:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Run

    run = Run.objects.create(reseller=acme, order={}, created_at=NOW)
    return jobs.enqueue("report", acme, now=NOW, run=run, **stated)


CLIENT = """
import sys
from datetime import UTC, datetime
from reseller_reporting.control import database
with database.opened(sys.argv[1]):
    from reseller_reporting.control import jobs
    sys.stdin.readline()
    while leased := jobs.lease_next(owner=sys.argv[2], now=datetime(2026, 11, 25, 12, tzinfo=UTC)):
        print(leased.id, flush=True)
"""


def test_of_many_workers_one_gets_each_job(acme: Reseller, database_url: str) -> None:
    from reseller_reporting.control import jobs

    wanted = {str(jobs.enqueue("accounts", acme, now=NOW).pk) for _ in range(40)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENT, database_url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for worker in workers:  # All are there before any begins.
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    got: list[str] = []
    for worker in workers:
        out, complaint = worker.communicate(timeout=120)
        assert worker.returncode == 0, complaint
        got += out.split()
    assert sorted(got) == sorted(wanted)


def test_a_job_is_leased_once_and_not_before_it_is_due(acme: Reseller) -> None:
    from reseller_reporting.control import jobs

    job = jobs.enqueue("accounts", acme, now=NOW + SECOND)
    assert jobs.lease_next(owner="a", now=NOW) is None
    leased = jobs.lease_next(owner="a", now=NOW + SECOND)
    assert leased is not None
    assert (leased.id, leased.attempt) == (job.pk, 1)
    assert jobs.lease_next(owner="b", now=NOW + SECOND) is None


def test_a_lost_lease_is_another_workers_and_the_first_one_writes_no_more(acme: Reseller) -> None:
    from reseller_reporting.control import jobs

    report_job(acme)
    first = jobs.lease_next(owner="a", now=NOW)
    assert first is not None
    jobs.write(first.id, first.lease, checkpoint={"at": 7})
    assert jobs.requeue_lost(now=NOW + jobs.LEASE) == 0
    assert jobs.heartbeat(first.id, first.lease, now=NOW + SECOND) is jobs.Standing.HELD
    assert jobs.requeue_lost(now=NOW + jobs.LEASE + SECOND) == 0
    later = NOW + jobs.LEASE + 2 * SECOND
    assert jobs.requeue_lost(now=later) == 1
    second = jobs.lease_next(owner="b", now=later)
    assert second is not None
    assert second.attempt == 2
    assert jobs.heartbeat(first.id, first.lease, now=later) is jobs.Standing.LOST
    with pytest.raises(jobs.LeaseLost):
        jobs.write(first.id, first.lease, percent=99)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(first.id, first.lease, jobs.State.DONE, now=later, message="")
    from reseller_reporting.control.models import Job

    job = Job.objects.get(pk=first.id)
    assert (job.state, job.percent, job.checkpoint) == ("running", 0, {"at": 7})


def test_what_lost_its_worker_three_times_has_failed_and_so_has_its_run(acme: Reseller) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Job

    job, now = report_job(acme), NOW
    for _ in range(3):
        assert jobs.lease_next(owner="a", now=now) is not None
        now += jobs.LEASE + SECOND
        assert jobs.requeue_lost(now=now) == 1
    assert jobs.lease_next(owner="a", now=now) is None
    failed = Job.objects.select_related("run").get(pk=job.pk)
    assert failed.state == "failed"
    assert "The worker stopped" in failed.message
    assert failed.run is not None
    assert failed.run.state == "failed"
    assert jobs.retry(failed, now=now)
    assert jobs.lease_next(owner="a", now=now) is not None
    assert Job.objects.select_related("run").get(pk=job.pk).run.state == "waiting"  # type: ignore[union-attr]


def test_a_stop_costs_no_try(acme: Reseller) -> None:
    from reseller_reporting.control import jobs

    report_job(acme)
    for _ in range(5):
        leased = jobs.lease_next(owner="a", now=NOW)
        assert leased is not None
        assert leased.attempt == 1
        put = jobs.put_back(leased.id, leased.lease, now=NOW, due_at=NOW, message="", is_counted=False)
        assert put is jobs.State.QUEUED


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_by_its_worker(acme: Reseller) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Job

    queued = report_job(acme)
    jobs.ask_cancel(queued, now=NOW)
    assert jobs.lease_next(owner="a", now=NOW) is None
    running = report_job(acme)
    leased = jobs.lease_next(owner="a", now=NOW)
    assert leased is not None
    jobs.ask_cancel(running, now=NOW)
    assert jobs.heartbeat(leased.id, leased.lease, now=NOW) is jobs.Standing.CANCEL
    put = jobs.put_back(leased.id, leased.lease, now=NOW, due_at=NOW, message="", is_counted=False)
    assert put is jobs.State.CANCELLED
    assert set(Job.objects.values_list("state", "run__state")) == {("cancelled", "failed")}
    assert jobs.counts()["cancelled"] == 2


def test_two_wishes_with_one_key_are_one_job(acme: Reseller) -> None:
    from reseller_reporting.control import jobs

    first = jobs.enqueue("purge", acme, now=NOW, unique_key="purge/2026-11-25")
    assert jobs.enqueue("purge", acme, now=NOW, unique_key="purge/2026-11-25") == first
    assert jobs.enqueue("purge", acme, now=NOW) != first


def test_a_report_waits_for_the_one_of_its_reseller_that_is_being_made(acme: Reseller) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Reseller as Tenant

    other = Tenant.objects.create(key="other", name="Other", created_at=NOW)
    first = jobs.enqueue("report", acme, now=NOW)
    second = jobs.enqueue("report", acme, now=NOW + SECOND)
    mail = jobs.enqueue("mail", acme, now=NOW + 2 * SECOND)
    theirs = jobs.enqueue("report", other, now=NOW + 3 * SECOND)
    later = NOW + 4 * SECOND
    begun = jobs.lease_next(owner="a", now=later)
    assert begun is not None
    assert begun.id == first.pk
    assert jobs.is_behind_another(second)
    assert not jobs.is_behind_another(theirs)
    # All else goes on meanwhile.
    assert [job.id for _ in range(2) if (job := jobs.lease_next(owner="b", now=later))] == [mail.pk, theirs.pk]
    assert jobs.lease_next(owner="b", now=later) is None
    # As soon as it only writes workbooks, the store is free.
    jobs.write(begun.id, begun.lease, stage=WORKBOOKS)
    assert not jobs.is_behind_another(second)
    jobs.write(begun.id, begun.lease, stage=CALLS)
    assert jobs.is_behind_another(second)
    jobs.finish(begun.id, begun.lease, jobs.State.DONE, now=later, message="")
    assert not jobs.is_behind_another(second)
    again = jobs.lease_next(owner="b", now=later)
    assert again is not None
    assert again.id == second.pk
