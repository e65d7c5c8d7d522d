"""Runs: a report is ordered, followed, cancelled, retried, sent again, deleted and brought back.

Invariants
- Of a run that is not wholly theirs, someone sees that it is there and their own files; not its sums, nor its order.
- Changes need the whole run: a branch changes what it ordered itself.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.jobs import EVENT_STREAM, JobTold, stream, told_job
from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import Given, Page, Paging, RowId, Text, page_of
from reseller_reporting.app import groups, run_changes
from reseller_reporting.app.extras import Also
from reseller_reporting.app.orders import Asked, needs_prices, order_report
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import searching
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.control.models import Delivery, Job, Run, User
from reseller_reporting.control.visibility import (
    changeable_runs,
    reportable,
    visible_accounts,
    visible_jobs,
    visible_runs,
    with_wholeness,
)
from reseller_reporting.model.errors import InvalidSettings, UnknownAccount
from reseller_reporting.model.period import RELATIVE

router = Router(tags=["runs"])

_ACCOUNTS_MAX = 10_000
_RECIPIENTS_MAX = 50
Recipient = Annotated[str, Field(min_length=3, max_length=320, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ReportOrder(Given):
    """Everything has a default: `{}` orders last month, of all accounts."""

    period: str = Field(
        "last-month", max_length=60, description=f"2026-10, 2026-10-01..2026-10-16, {', '.join(RELATIVE)}"
    )
    timezone: str | None = Field(None, max_length=64, description="Such as Europe/Berlin; the reseller's without")
    accounts: list[Text] | None = Field(
        None, min_length=1, max_length=_ACCOUNTS_MAX, description="Ids or exact names; all of them without"
    )
    group_id: RowId | None = Field(None, description="A saved group, in the place of `accounts`")
    include_sub_resellers: bool = False
    refresh: bool = Field(False, description="Ask KAZOO again for what is in the store")
    source: Literal["kazoo", "store"] = "kazoo"
    legs: Literal["billable", "all"] = Field("billable", description="Which legs the call sheets list")
    price_plans: bool | None = Field(
        None, description="Price by the stored plans; without, where there are some, or where prices are needed"
    )
    edition: Literal["internal", "customer"] = Field(
        "internal", description="customer: without what the reseller pays; needs price plans"
    )
    also: list[Also] = Field(
        [],
        max_length=len(Also),
        description="Files of the rated legs of each account, csv or parquet (`legs` answers without them, too); what "
        "needs price plans: statements as pdf, files for the books",
    )
    email: list[Recipient] = Field([], max_length=_RECIPIENTS_MAX)
    language: Literal["en", "de", "fr", "es", "nl", "it", "pt"] | None = Field(
        None, description="Of the documents; as the settings say without"
    )


class RunTold(Schema):
    id: UUID
    title: str
    period: str
    timezone: str
    state: str  # waiting, made, failed
    is_complete: bool | None
    accounts_count: int | None
    failed_count: int | None
    totals: dict[str, Any] | None
    order: dict[str, Any] | None
    job_id: UUID | None  # How far it is: /jobs/{job_id}, or /runs/{id}/progress.
    created_by: str | None
    created_at: datetime
    made_at: datetime | None
    deleted_at: datetime | None
    undo_until: datetime | None


class RunQuery(Paging):
    search: Text = Field(
        "", description="In the period as people say it (october 2026, 18 sep), customers and who ordered"
    )
    period: Text = Field("", description="This very one, such as 2026-10")
    state: Literal["", "waiting", "made", "failed"] = ""
    deleted: bool = False  # Those that can be brought back, in the place of the others.


class DeliveryTold(Schema):
    id: int
    recipients: list[str]
    state: str  # waiting, sending, sent, failed, unknown
    message: str
    created_at: datetime
    sent_at: datetime | None


class MailOrder(Given):
    recipients: list[Recipient] = Field(min_length=1, max_length=_RECIPIENTS_MAX)


@router.post("", response={202: RunTold}, summary="Order a report", **needs(Scope.RUNS_WRITE))
def order(request: HttpRequest, response: HttpResponse, given: ReportOrder) -> Status[RunTold]:
    asked = asking(request)
    if given.price_plans is False and needs_prices(given.edition, given.also):
        raise InvalidSettings(
            "The customer edition, statements and files for the books are made of prices, and `price_plans` is false. "
            "Leave that out, or order none of those."
        )
    wish = Asked(
        period=given.period,
        timezone=given.timezone,
        accounts=_accounts(asked, given),
        include_sub_resellers=given.include_sub_resellers,
        refresh=given.refresh,
        source=given.source,
        legs=given.legs,
        price_plans=given.price_plans,
        edition=given.edition,
        email=given.email,
        also=sorted(set(given.also)),
        language=given.language,
    )
    job = order_report(this_house(), asked.reseller, wish, user=asked.user, address=asked.address)
    response.headers["Location"] = f"{request.path}/{job.run_id}"
    return Status(202, _one(asked.user, job.run_id))


@router.get("", response=Page[RunTold], summary="Runs, the newest first", **needs(Scope.RUNS_READ))
def list_runs(request: HttpRequest, query: Query[RunQuery]) -> Page[RunTold]:
    user = asking(request).user
    runs = _with_more(visible_runs(user), user).filter(deleted_at__isnull=not query.deleted)
    runs = searching.runs(runs, query.search, user)
    if query.period:
        runs = runs.filter(period_name=query.period)
    if query.state:
        runs = runs.filter(state=query.state)
    return page_of(runs.order_by("-created_at", "pk"), query, _told)


@router.get("/{run_id}", response=RunTold, summary="One run", **needs(Scope.RUNS_READ))
def one_run(request: HttpRequest, run_id: UUID) -> RunTold:
    return _one(asking(request).user, run_id)


@router.get("/{run_id}/progress", response=JobTold, summary="How far it is", **needs(Scope.RUNS_READ))
def progress(request: HttpRequest, run_id: UUID) -> JobTold:
    user = asking(request).user
    return told_job(_job(user, run_id), user)


@router.get(
    "/{run_id}/events",
    response={200: None},
    summary="How far it is, as server-sent events",
    **needs(Scope.RUNS_READ, responses=EVENT_STREAM),
)
def events(request: HttpRequest, run_id: UUID) -> StreamingHttpResponse:
    asked = asking(request)
    return stream(asked, _job(asked.user, run_id).pk)


@router.post("/{run_id}/cancel", response={202: RunTold}, summary="Call it off", **needs(Scope.RUNS_WRITE))
def cancel(request: HttpRequest, run_id: UUID) -> Status[RunTold]:
    asked = asking(request)
    run_changes.cancel(this_house(), _changeable(asked, run_id), doer_of(asked))
    return Status(202, _one(asked.user, run_id))


@router.post(
    "/{run_id}/retry",
    response={202: RunTold},
    summary="Make it again; only what is missing is read",
    **needs(Scope.RUNS_WRITE),
)
def retry(request: HttpRequest, run_id: UUID) -> Status[RunTold]:
    asked = asking(request)
    run_changes.retry(this_house(), _changeable(asked, run_id), doer_of(asked))
    return Status(202, _one(asked.user, run_id))


@router.delete("/{run_id}", response=RunTold, summary="Delete it; it can be brought back", **needs(Scope.RUNS_WRITE))
def delete(request: HttpRequest, run_id: UUID) -> RunTold:
    asked = asking(request)
    run_changes.delete(this_house(), _changeable(asked, run_id), doer_of(asked))
    return _one(asked.user, run_id)


@router.post("/{run_id}/restore", response=RunTold, summary="Bring it back", **needs(Scope.RUNS_WRITE))
def restore(request: HttpRequest, run_id: UUID) -> RunTold:
    asked = asking(request)
    run_changes.restore(this_house(), _changeable(asked, run_id), doer_of(asked))
    return _one(asked.user, run_id)


@router.post("/{run_id}/mail", response={202: DeliveryTold}, summary="Send it again", **needs(Scope.RUNS_WRITE))
def send(request: HttpRequest, run_id: UUID, given: MailOrder) -> Status[DeliveryTold]:
    asked = asking(request)
    return Status(
        202,
        _told_delivery(run_changes.send(this_house(), _changeable(asked, run_id), given.recipients, doer_of(asked))),
    )


@router.get("/{run_id}/mail", response=Page[DeliveryTold], summary="What was sent of it", **needs(Scope.RUNS_WRITE))
def deliveries(request: HttpRequest, run_id: UUID, query: Query[Paging]) -> Page[DeliveryTold]:
    sent = Delivery.objects.filter(run=_changeable(asking(request), run_id))
    return page_of(sent.order_by("-created_at", "-pk"), query, _told_delivery)


def _accounts(asked: Asking, given: ReportOrder) -> list[str] | None:
    """Of a group, those that are theirs and that KAZOO still has, as pages choose them."""
    if given.group_id is None:
        return given.accounts
    group = get_object_or_404(groups.visible_groups(asked.user), pk=given.group_id)
    chosen = set(reportable(visible_accounts(asked.user), asked.reseller).values_list("account_id", flat=True))
    present = [account_id for account_id in groups.present_ids(group, asked.user) if account_id in chosen]
    found = [*dict.fromkeys([*present, *(given.accounts or ())])]
    if not found:
        raise UnknownAccount("The group holds no account that KAZOO still has. Change the group, or name accounts.")
    return found


def _changeable(asked: Asking, run_id: UUID) -> Run:
    run: Run = get_object_or_404(changeable_runs(asked.user).select_related("reseller"), pk=run_id)
    return run


def _job(user: User, run_id: UUID) -> Job:
    run = get_object_or_404(visible_runs(user), pk=run_id)
    job: Job | None = visible_jobs(user).filter(run=run, kind="report").order_by("created_at").first()
    if job is None:
        raise Http404
    return job


def _one(user: User, run_id: Any) -> RunTold:
    return _told(get_object_or_404(_with_more(visible_runs(user), user), pk=run_id))


def _with_more(runs: QuerySet[Run], user: User) -> QuerySet[Any]:
    """Each with its job, too."""
    of_it = Job.objects.filter(run=OuterRef("pk"), kind="report").order_by("created_at")
    told = with_wholeness(runs, user).select_related("created_by")
    return told.annotate(job_id=Subquery(of_it.values("pk")[:1]))  # type: ignore[no-any-return]


def _told(run: Any) -> RunTold:
    whole = run.is_whole
    return RunTold(
        id=run.pk,
        title=run.title,
        period=run.period_name,
        timezone=run.timezone,
        state=run.state,
        is_complete=run.is_complete if whole else None,
        accounts_count=run.accounts_count if whole else None,
        failed_count=run.failed_count if whole else None,
        totals=run.totals if whole else None,
        order=run.order if whole else None,
        job_id=run.job_id if whole else None,
        created_by=run.created_by.username if whole and run.created_by else None,
        created_at=run.created_at,
        made_at=run.made_at,
        deleted_at=run.deleted_at,
        undo_until=run.deleted_at + run_changes.UNDO_FOR if run.deleted_at else None,
    )


def _told_delivery(row: Delivery) -> DeliveryTold:
    return DeliveryTold(
        id=row.pk,
        recipients=row.recipients,
        state=row.state,
        message=row.message,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
