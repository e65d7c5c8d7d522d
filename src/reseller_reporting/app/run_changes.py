"""Changes of a run that was ordered: cancel, retry, delete and undo, send again. Called within the reseller's scope.

Invariants
- Each stands in the audit trail, in the transaction of what it did.
- A deleted run keeps its files until they are purged; until then it can be brought back.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from reseller_reporting.app.house import House
from reseller_reporting.app.orders import post
from reseller_reporting.app.recipients import check_recipients
from reseller_reporting.control import audit, jobs
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import Delivery, Job, Run
from reseller_reporting.model.errors import InvalidSettings, RunBusy

UNDO_FOR = timedelta(days=7)


def report_job(run: Run) -> Job | None:
    job: Job | None = Job.objects.filter(run=run, kind="report").order_by("created_at").first()
    return job


def cancel(house: House, run: Run, doer: Doer) -> None:
    job = report_job(run)
    if job is None or job.state not in (jobs.State.QUEUED, jobs.State.RUNNING):
        raise RunBusy("There is nothing to cancel: no work on this report is going on.")
    with transaction.atomic():
        jobs.ask_cancel(job, now=house.clock())
        _record(house, "report_cancelled", run, doer)


def retry(house: House, run: Run, doer: Doer) -> None:
    """What was pulled is not asked for again: of a report with failed customers, those are read anew."""
    if run.deleted_at is not None:
        raise RunBusy("This report is deleted. Bring it back first.")
    job = report_job(run)
    with transaction.atomic():
        if job is None or not jobs.retry(job, now=house.clock()):
            raise RunBusy("Work on this report is still going on. Cancel it first, or wait for its end.")
        _record(house, "report_retried", run, doer)


def delete(house: House, run: Run, doer: Doer) -> None:
    """Asked twice it is deleted once. Work on it is called off, and mail that has not left."""
    now = house.clock()
    with transaction.atomic():
        # The jobs first, as whoever ends one takes them: each waits for the other, and neither for both.
        for job in Job.objects.filter(run=run, state__in=(jobs.State.QUEUED, jobs.State.RUNNING)).order_by("pk"):
            jobs.ask_cancel(job, now=now)
        if not Run.objects.filter(pk=run.pk, deleted_at=None).update(deleted_at=now):
            return
        _record(house, "report_deleted", run, doer)


def restore(house: House, run: Run, doer: Doer) -> None:
    with transaction.atomic():
        deleted = Run.objects.filter(pk=run.pk).exclude(deleted_at=None)
        if deleted.filter(deleted_at__gte=house.clock() - UNDO_FOR).update(deleted_at=None):
            _record(house, "report_restored", run, doer)
        elif deleted.exists():
            raise RunBusy("This report was deleted too long ago to be brought back. Order it anew.")


def send(house: House, run: Run, recipients: Sequence[str], doer: Doer, *, token: str = "") -> Delivery:
    """Each time it is asked for; a form that is sent twice has one token."""
    if run.state != "made" or run.deleted_at is not None:
        raise RunBusy("Only a report that is ready can be sent.")
    checked = check_recipients(house, recipients)
    if not checked:
        raise InvalidSettings("Name at least one recipient.")
    key = f"{run.pk}/again/{token or secrets.token_hex(8)}"
    return post(house, run, checked, unique_key=key, user=doer.user, address=doer.address)


def _record(house: House, action: str, run: Run, doer: Doer) -> None:
    audit.record(
        action,
        at=house.clock(),
        reseller=run.reseller,
        user=doer.user,
        address=doer.address,
        subject=run.title,
        run=str(run.pk),
    )
