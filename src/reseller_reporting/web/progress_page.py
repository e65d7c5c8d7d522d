"""Progress of a run, from its job's row: so it survives a reload, and a worker that stops."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app import run_changes
from reseller_reporting.app.progress import PREPARING, STAGES
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import jobs
from reseller_reporting.control.asking import Asking, doer_of
from reseller_reporting.control.models import Job, JobItem, Run
from reseller_reporting.control.roles import Action
from reseller_reporting.control.visibility import changeable_runs, visible_jobs, visible_runs
from reseller_reporting.model.errors import RunBusy
from reseller_reporting.web.access import needs
from reseller_reporting.web.namesakes import short_ids

_ITEMS_A_PAGE = 50
_STATES = ("failed", "waiting", "read", "made")
_SOON = timedelta(seconds=20)
_SECONDS_A_MINUTE = 60


def context(asked: Asking, run: Run) -> dict[str, Any]:
    """For the page of a run and for its part that is asked for again and again."""
    job = visible_jobs(asked.user).filter(run=run, kind="report").order_by("-created_at").first()
    if job is None:
        return {"job": None}
    items = JobItem.objects.filter(job=job)
    counts = dict(items.values_list("state").annotate(count=Count("pk")).order_by())
    is_open = job.state in ("queued", "running")
    # When all is over, those come first whom something is to be done about.
    state = asked.GET.get("state") or ("failed" if counts.get("failed") and not is_open else "")
    shown = items.filter(state=state) if state in _STATES else items
    now = this_house().clock()
    is_behind = jobs.is_behind_another(job)
    return {
        "job": job,
        "is_open": is_open,
        "is_behind_another": is_behind,
        "is_slow_to_begin": job.state == "queued" and not is_behind and now - job.due_at > _SOON,
        "states": [(one, counts[one]) for one in _STATES if counts.get(one)],
        "state": state if state in _STATES else "",
        "items_count": sum(counts.values()),
        "failed_count": counts.get("failed", 0),
        "items": _told_apart(Paginator(shown.order_by("state", "pk"), _ITEMS_A_PAGE), items, asked),
        "rate": rate(job, now),
        "stage": stage_of(job),
        "stages": stages(job),
    }


def _told_apart(pages: "Paginator[JobItem]", everyone: QuerySet[JobItem], asked: Asking) -> Page[Any]:
    """The page that is asked for: each item, and its short id where another customer of the job bears its name."""
    page: Page[Any] = pages.get_page(asked.GET.get("items"))
    alike = everyone.filter(name__in={item.name for item in page}).values_list("account_id", "name")
    told_apart = short_ids(alike)
    page.object_list = [(item, told_apart.get(item.account_id, "")) for item in page]
    return page


def stage_of(job: Job) -> str:
    """Where a running one is: one that a worker just took has said nothing yet."""
    return (job.stage or PREPARING) if job.state == "running" else ""


def stages(job: Job) -> list[tuple[str, str]]:
    """All of a report, with how each stands: the short ones are seen, too, when they are over."""
    stage = stage_of(job)
    if stage not in STAGES:
        return []
    now_at = STAGES.index(stage)
    return [
        (name, "over" if place < now_at else "now" if place == now_at else "to_come")
        for place, name in enumerate(STAGES)
    ]


def rate(job: Job, now: datetime) -> str:
    """How fast the stage goes and how long it will yet take; nothing while nobody can know."""
    pace = jobs.pace(job, now=now)
    if pace.per_minute is None or pace.seconds_left is None:
        return ""
    if pace.seconds_left < _SECONDS_A_MINUTE:
        remaining = _("less than a minute left")
    else:
        minutes = round(pace.seconds_left / _SECONDS_A_MINUTE)
        remaining = ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    return _("%(n)d a minute, %(left)s in this stage") % {"n": pace.per_minute, "left": remaining}


@require_safe
@needs(Action.SEE_REPORTS)
def progress(asked: Asking, run_id: UUID) -> HttpResponse:
    run = get_object_or_404(visible_runs(asked.user), pk=run_id, deleted_at=None)
    found = context(asked, run)
    if found["job"] is None:
        return HttpResponse(status=286)  # htmx: ask no more.
    response = render(asked, "run/_progress.html", found | {"run": run, "may_change": _may_change(asked, run_id)})
    if not found["is_open"]:
        response.headers["HX-Refresh"] = "true"  # The page with what came of it.
    return response


@require_POST
@needs(Action.MAKE_REPORTS)
def cancel(asked: Asking, run_id: UUID) -> HttpResponse:
    run = get_object_or_404(changeable_runs(asked.user), pk=run_id)
    with suppress(RunBusy):  # It ended meanwhile: the page says how.
        run_changes.cancel(this_house(), run, doer_of(asked))
    return redirect("run", run_id)


@require_POST
@needs(Action.MAKE_REPORTS)
def retry(asked: Asking, run_id: UUID) -> HttpResponse:
    """Once more, for those who failed: what was read of the others is in the store and not asked for again."""
    run = get_object_or_404(changeable_runs(asked.user), pk=run_id, deleted_at=None)
    with suppress(RunBusy):  # It is under way: the page shows it.
        run_changes.retry(this_house(), run, doer_of(asked))
    return redirect("run", run_id)


def _may_change(asked: Asking, run_id: UUID) -> bool:
    return changeable_runs(asked.user).filter(pk=run_id).exists()
