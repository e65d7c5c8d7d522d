"""Jobs as rows: queued, leased by compare-and-set, kept alive, ended. Plain functions over the table.

Times
- A lease lasts LEASE from its last heartbeat. `due_at` is the earliest moment; every moment is handed in.

Invariants
- Whoever holds a lease knows its chance text; every write names it, so that who lost it writes nothing more.
- A lost lease is queued again, and fails after as many tries as its kind has.
- What ends a job sets the state of its run, or of its message, in the same transaction; credentials that were typed for
  it are forgotten then, however it ends.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from reseller_reporting.control.models import Delivery, Job, JobItem, Reseller, Run, User
from reseller_reporting.control.scoping import across_resellers

LEASE = timedelta(seconds=30)
_ATTEMPTS_MAX = 3
_ATTEMPTS_MAX_OF = {"mail": 10}
_CANDIDATES = 8
WITHOUT_THE_STORE = "Writing workbooks"  # The stage of a report in which the next one may read calls.
_PACE_KNOWN_SECONDS = 2
# Of a message that may have left: sent by itself a second time, it might arrive twice.
NOBODY_KNOWS = "Nobody knows whether it arrived: ask the recipients, then send it again."


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """What a worker learns when it renews its lease."""

    HELD = "held"
    CANCEL = "cancel"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A job in a worker's hands."""

    id: UUID
    kind: str
    reseller_id: int
    lease: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the present stage goes, and how long it will take yet; None while nobody can know."""

    per_minute: int | None = None
    seconds_left: int | None = None


class LeaseLost(Exception):
    """Another worker has the job now: nothing of ours may be written."""


def attempts_max(kind: str) -> int:
    return _ATTEMPTS_MAX_OF.get(kind, _ATTEMPTS_MAX)


def enqueue(
    kind: str,
    reseller: Reseller,
    *,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    run: Run | None = None,
    user: User | None = None,
    unique_key: str | None = None,
) -> Job:
    """A new job; of two wishes with one unique key, the first one's."""
    stated: dict[str, Any] = {
        "kind": kind,
        "reseller": reseller,
        "payload": dict(payload or {}),
        "run": run,
        "created_by": user,
        "created_at": now,
        "due_at": now,
    }
    with across_resellers():
        if unique_key is None:
            job: Job = Job.objects.create(**stated)
        else:
            job, _ = Job.objects.get_or_create(unique_key=unique_key, defaults=stated)
    return job


def lease_next(*, owner: str, now: datetime) -> Leased | None:
    """The job that waits longest, if this worker gets it before another one does. A report waits for one of its
    reseller's that is being made: both write one store."""
    with across_resellers():
        waiting = Job.objects.filter(state=State.QUEUED, due_at__lte=now).exclude(_waits_for_another())
        for job in waiting.order_by("due_at", "created_at", "pk").only("pk", "kind", "reseller_id", "attempts")[
            :_CANDIDATES
        ]:
            lease = secrets.token_hex(16)
            # The state and the tries before are named: of two workers, one finds them no longer so.
            won = Job.objects.filter(pk=job.pk, state=State.QUEUED, attempts=job.attempts).update(
                state=State.RUNNING,
                lease=lease,
                owner=owner[:100],
                heartbeat_at=now,
                attempts=F("attempts") + 1,
                began_at=now,
                ended_at=None,
            )
            if won:
                return Leased(
                    id=job.pk, kind=job.kind, reseller_id=job.reseller_id, lease=lease, attempt=job.attempts + 1
                )
    return None


def heartbeat(job_id: UUID, lease: str, *, now: datetime) -> Standing:
    """Renews the lease, and tells whether the job is still wanted."""
    with across_resellers():
        if not _held(job_id, lease).update(heartbeat_at=now):
            return Standing.LOST
        asked = _held(job_id, lease).filter(cancel_asked=True).exists()
    return Standing.CANCEL if asked else Standing.HELD


def write(job_id: UUID, lease: str, **columns: Any) -> None:
    """Progress or a checkpoint, by whoever holds the lease; LeaseLost to everyone else."""
    with across_resellers():
        if not _held(job_id, lease).update(**columns):
            raise LeaseLost


def finish(job_id: UUID, lease: str, state: State, *, now: datetime, message: str) -> None:
    """The end of it, one way or the other."""
    with across_resellers(), transaction.atomic():
        ended: dict[str, Any] = {
            "state": state,
            "message": message,
            "ended_at": now,
            "lease": "",
            "cancel_asked": False,
        }
        if state is State.DONE:
            ended |= {"percent": 100}
        if not _held(job_id, lease).update(**ended):
            raise LeaseLost
        _forget_typed(job_id)
        _tell_run(Q(jobs=job_id), state)
        _tell_delivery(job_id, state, message)


def put_back(job_id: UUID, lease: str, *, now: datetime, due_at: datetime, message: str, is_counted: bool) -> State:
    """Into the queue again, with what was reached; a counted try too many fails it."""
    with across_resellers(), transaction.atomic():
        job = _held(job_id, lease).first()
        if job is None:
            raise LeaseLost
        if job.cancel_asked:
            finish(job_id, lease, State.CANCELLED, now=now, message="Cancelled.")
            return State.CANCELLED
        if is_counted and job.attempts >= attempts_max(job.kind):
            finish(job_id, lease, State.FAILED, now=now, message=message)
            return State.FAILED
        columns: dict[str, Any] = {"state": State.QUEUED, "lease": "", "due_at": due_at, "message": message}
        if not is_counted:
            columns["attempts"] = job.attempts - 1
        if not _held(job_id, lease).update(**columns):
            raise LeaseLost
    return State.QUEUED


def requeue_lost(*, now: datetime) -> int:
    """Jobs whose worker is gone go on with another one; returns how many there were."""
    with across_resellers():
        lost = list(Job.objects.filter(state=State.RUNNING, heartbeat_at__lt=now - LEASE).values_list("pk", "lease"))
        found = 0
        for job_id, lease in lost:
            # A heartbeat that comes meanwhile changes no lease: it is asked for once more, in the same statement.
            taken = secrets.token_hex(16)
            stale = _held(job_id, lease).filter(heartbeat_at__lt=now - LEASE)
            if stale.update(lease=taken):
                found += 1
                message = "The worker stopped in the middle of it."
                put_back(job_id, taken, now=now, due_at=now, message=message, is_counted=True)
    return found


def ask_cancel(job: Job, *, now: datetime) -> None:
    """A queued job is cancelled here; a running one by its worker, at its next heartbeat."""
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job.pk, state=State.QUEUED)
        if waiting.update(state=State.CANCELLED, ended_at=now, message="Cancelled."):
            _forget_typed(job.pk)
            _tell_run(Q(jobs=job.pk), State.CANCELLED)
            _tell_delivery(job.pk, State.CANCELLED, "Cancelled.")
        else:
            Job.objects.filter(pk=job.pk, state=State.RUNNING).update(cancel_asked=True)


def retry(job: Job, *, now: datetime) -> bool:
    """An ended job once more, from its start: what was pulled is not asked for again. False when it has not ended."""
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, state__in=(State.DONE, State.FAILED, State.CANCELLED))
        queued = ended.update(
            state=State.QUEUED,
            attempts=0,
            due_at=now,
            checkpoint={},
            percent=0,
            stage="",
            message="",
            cancel_asked=False,
            began_at=None,
            ended_at=None,
        )
        if queued:
            JobItem.objects.filter(job=job.pk).update(state="waiting", message="")
            Run.objects.filter(jobs=job.pk, state="failed").update(state="waiting")
    return bool(queued)


def pace(job: Job, *, now: datetime) -> Pace:
    if job.state != State.RUNNING or job.stage_began_at is None or not job.stage_done:
        return Pace()
    seconds = round((now - job.stage_began_at).total_seconds())
    if seconds < _PACE_KNOWN_SECONDS:
        return Pace()
    left = None if job.stage_total is None else max(0, job.stage_total - job.stage_done) * seconds // job.stage_done
    return Pace(job.stage_done * 60 // seconds, left)


def is_behind_another(job: Job) -> bool:
    """Whether it is a report that begins by itself when the one that is being made is done."""
    if job.state != State.QUEUED:
        return False
    with across_resellers():
        return Job.objects.filter(_waits_for_another(), pk=job.pk).exists()


def _waits_for_another() -> Q:
    running = Job.objects.filter(kind="report", state=State.RUNNING, reseller=OuterRef("reseller"))
    others = running.exclude(stage=WITHOUT_THE_STORE)
    return Q(Exists(others), kind="report")


def counts() -> dict[str, int]:
    """How many jobs are in each state, of all resellers: for metrics."""
    from django.db.models import Count

    with across_resellers():
        found = dict(Job.objects.values_list("state").annotate(count=Count("pk")))
    return {state.value: int(found.get(state.value, 0)) for state in State}


def _held(job_id: UUID, lease: str) -> Any:
    return Job.objects.filter(pk=job_id, state=State.RUNNING, lease=lease)


def _forget_typed(job_id: UUID) -> None:
    Job.objects.filter(pk=job_id, kind="connection").update(payload={})


def _tell_run(which: Q, state: State) -> None:
    if state in (State.FAILED, State.CANCELLED):
        Run.objects.filter(which, state="waiting", jobs__kind="report").update(state="failed")


def _tell_delivery(job_id: UUID, state: State, message: str) -> None:
    if state not in (State.FAILED, State.CANCELLED):
        return
    payload = Job.objects.filter(pk=job_id, kind="mail").values_list("payload", flat=True).first() or {}
    theirs = Delivery.objects.filter(pk=payload.get("delivery", 0))
    theirs.filter(state="waiting").update(state="failed", message=message)
    theirs.filter(state="sending").update(state="unknown", message=f"{message} {NOBODY_KNOWS}")
