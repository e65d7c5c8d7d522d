"""Jobs: how far work is; asked for again and again, or as a stream of events.

Times
- A stream ends with its job, or after STREAM_SECONDS_MAX; whoever listens asks again, as browsers do by themselves.

Invariants
- A stream opens a scope of its own, asks anew who may see the job each time, and holds no connection while it waits.
- Streams leave most threads of the server to everyone else.
"""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema

from reseller_reporting.api.permission import has, needs
from reseller_reporting.api.refusing import Refused
from reseller_reporting.api.schemas import Page, Paging, Text, page_of
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import jobs
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking
from reseller_reporting.control.models import ApiKey, Job, JobItem, User
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.scoping import across_resellers, within
from reseller_reporting.control.visibility import visible_jobs

router = Router(tags=["progress"])

STREAM_SECONDS_MAX = 60
_LOOK_EVERY_SECONDS = 1
_STREAMS_MAX = 8  # Of the 24 threads of the web process.
_ENDED = ("done", "failed", "cancelled")

_streams = threading.BoundedSemaphore(_STREAMS_MAX)


class JobTold(Schema):
    """`rate_per_minute` and `seconds_left` are of the present stage, null until they can be told."""

    id: UUID
    kind: str
    run_id: UUID | None
    state: str  # queued, running, done, failed, cancelled
    is_cancel_asked: bool
    stage: str
    stage_done: int
    stage_total: int | None
    percent: int
    message: str
    rate_per_minute: int | None
    seconds_left: int | None
    customers: dict[str, int]  # How many are waiting, read, made, failed.
    findings: list[dict[str, Any]] | None  # Of the test of a connection.
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


class CustomerTold(Schema):
    account_id: str
    name: str
    state: str  # waiting, read, made, failed
    message: str


class CustomerQuery(Paging):
    state: Text = ""


# Whoever may test a connection follows that.
_OF_TESTS = (Scope.CONNECTION_READ, Scope.CONNECTION_WRITE)


@router.get(
    "/{job_id}",
    response=JobTold,
    summary="How far a job is; `connection:read` and `connection:write` open tests of a connection alone",
    **needs(Scope.RUNS_READ, instead=_OF_TESTS),
)
def one_job(request: HttpRequest, job_id: UUID) -> JobTold:
    return told_job(_opened(request, job_id), asking(request).user)


@router.get(
    "/{job_id}/customers", response=Page[CustomerTold], summary="How far each customer is", **needs(Scope.RUNS_READ)
)
def customers(request: HttpRequest, job_id: UUID, query: Query[CustomerQuery]) -> Page[CustomerTold]:
    job = get_object_or_404(visible_jobs(asking(request).user), pk=job_id)
    items = JobItem.objects.filter(job=job)
    if query.state:
        items = items.filter(state=query.state)
    return page_of(items.order_by("name", "account_id"), query, _told_customer)


EVENT_STREAM = {200: {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@router.get(
    "/{job_id}/events",
    response={200: None},
    summary="The same, as server-sent events",
    **needs(Scope.RUNS_READ, instead=_OF_TESTS, responses=EVENT_STREAM),
)
def events(request: HttpRequest, job_id: Annotated[UUID, Path()]) -> StreamingHttpResponse:
    """An event `progress` with each change, the last one `ended`; what they hold is what the job answers."""
    return stream(asking(request), _opened(request, job_id).pk)


def _opened(request: HttpRequest, job_id: UUID) -> Job:
    opened = visible_jobs(asking(request).user)
    if not has(request, Scope.RUNS_READ):
        opened = opened.filter(kind="connection")
    job: Job = get_object_or_404(opened, pk=job_id)
    return job


def stream(asked: Asking, job_id: UUID) -> StreamingHttpResponse:
    """Of a job that was found to be theirs to see."""
    if not _streams.acquire(blocking=False):
        raise Refused(
            503, "too_many_streams", "Too many listen already. Ask for the job itself now and then.", Retry_After="5"
        )
    answer = StreamingHttpResponse(_Events(asked, job_id), content_type="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


class _Events:
    """Gives its place back however it ends: Django closes what it streamed."""

    def __init__(self, asked: Asking, job_id: UUID) -> None:
        self._asked, self._job_id = asked, job_id
        self._told = self._events()
        self._lock, self._is_open = threading.Lock(), True

    def __iter__(self) -> Iterator[bytes]:
        return self._told

    def close(self) -> None:
        with self._lock:
            if self._is_open:
                self._is_open = False
                _streams.release()

    def _events(self) -> Iterator[bytes]:
        try:
            until = time.monotonic() + STREAM_SECONDS_MAX
            said = ""
            yield b"retry: 2000\n\n"
            while True:
                told = self._look()
                if told is None:
                    return
                text = told.model_dump_json()
                is_over = told.state in _ENDED
                if text != said or is_over:
                    name = "ended" if is_over else "progress"
                    yield f"event: {name}\ndata: {text}\n\n".encode()
                    said = text
                else:
                    yield b": still there\n\n"
                if is_over or time.monotonic() >= until:
                    return
                time.sleep(_LOOK_EVERY_SECONDS)
        finally:
            self.close()

    def _look(self) -> JobTold | None:
        """Within a scope of its own, and as the asker stands now: who was shut out hears no more."""
        try:
            with within(self._asked.reseller):
                user = User.log_ins.filter(pk=self._asked.user.pk, is_active=True).first()
                if user is None or not _is_key_good(self._asked.api_key):
                    return None
                job = visible_jobs(user).filter(pk=self._job_id).first()
                return told_job(job, user) if job else None
        finally:
            connection.close()


def _is_key_good(key: ApiKey | None) -> bool:
    if key is None:
        return True
    with across_resellers():
        good = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
        return good.filter(Q(expires_at=None) | Q(expires_at__gt=this_house().clock())).exists()


def told_job(job: Job, user: User) -> JobTold:
    """Called within the job's scope."""
    states = JobItem.objects.filter(job=job).values_list("state").annotate(count=Count("pk")).order_by("state")
    pace = jobs.pace(job, now=this_house().clock())
    is_shown = job.kind == "connection" and may(user, Action.SEE_CONNECTION)
    findings = job.checkpoint.get("findings") if is_shown else None
    return JobTold(
        id=job.pk,
        kind=job.kind,
        run_id=job.run_id,
        state=job.state,
        is_cancel_asked=job.cancel_asked,
        stage=job.stage,
        stage_done=job.stage_done,
        stage_total=job.stage_total,
        percent=job.percent,
        message=job.message,
        rate_per_minute=pace.per_minute,
        seconds_left=pace.seconds_left,
        customers=dict(states),
        findings=findings,
        created_at=job.created_at,
        began_at=job.began_at,
        ended_at=job.ended_at,
    )


def _told_customer(item: JobItem) -> CustomerTold:
    return CustomerTold(account_id=item.account_id, name=item.name, state=item.state, message=item.message)
