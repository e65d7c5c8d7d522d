"""Reports: the list of all that were made, one of them with its progress or its figures, and what is done with it."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reseller_reporting.app import past_runs
from reseller_reporting.app.orders import post
from reseller_reporting.app.recipients import check_recipients
from reseller_reporting.app.tenancy import house_of, run_folder, this_house
from reseller_reporting.control import audit, jobs
from reseller_reporting.control.asking import Asking
from reseller_reporting.control.models import Delivery, Job, Recipient, Run, RunFile
from reseller_reporting.control.roles import Action
from reseller_reporting.control.visibility import (
    changeable_runs,
    sees_everything,
    visible_accounts,
    visible_files,
    visible_runs,
)
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web import progress_page
from reseller_reporting.web.access import needs

_RUNS_A_PAGE = 25
_CUSTOMERS_A_PAGE = 50
_CHARTED = 10
_WHOLE = {"workbooks": ("workbook",), "summaries": ("summary", "countries", "margins", "manifest")}


@needs(Action.SEE_REPORTS)
def runs(asked: Asking) -> HttpResponse:
    text = asked.GET.get("q", "").strip()[:200]
    shows_deleted = "deleted" in asked.GET
    found = changeable_runs(asked.user) if shows_deleted else visible_runs(asked.user)
    found = _sought(asked, found.filter(deleted_at__isnull=not shows_deleted), text)
    page = _page(found.select_related("created_by").order_by("-created_at"), asked, _RUNS_A_PAGE)
    latest = _latest_jobs([run.pk for run in page]) if sees_everything(asked.user) else {}
    context = {
        "page": page,
        "rows": [(run, latest.get(run.pk)) for run in page],
        "q": text,
        "shows_deleted": shows_deleted,
        "shows_sums": sees_everything(asked.user),
        "currency": house_of(this_house(), asked.reseller).settings.currency,
    }
    if asked.headers.get("HX-Target") == "run-list":
        return render(asked, "run/_runs.html", context)
    undone = asked.GET.get("undo", "")
    context["undo"] = (
        changeable_runs(asked.user).exclude(deleted_at=None).filter(pk=undone).first() if _is_id(undone) else None
    )
    return render(asked, "run/runs.html", context)


def _sought(asked: Asking, found: QuerySet[Run], text: str) -> QuerySet[Run]:
    for each in text.split()[:8]:
        of_customer = visible_files(asked.user).filter(account_name__icontains=each).values("run_id")
        found = found.filter(
            Q(title__icontains=each)
            | Q(period_name__icontains=each)
            | Q(created_by__username__icontains=each)
            | Q(pk__in=of_customer)
        )
    return found


def _latest_jobs(run_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """The newest report job of each run."""
    found = Job.objects.filter(run_id__in=run_ids, kind="report").order_by("created_at")
    return {job.run_id: job for job in found if job.run_id is not None}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _page(rows: Any, asked: Asking, size: int) -> Page[Any]:
    return Paginator(rows, size).get_page(asked.GET.get("page"))


@needs(Action.SEE_REPORTS)
def run(asked: Asking, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(visible_runs(asked.user).select_related("created_by"), pk=run_id, deleted_at=None)
    may_change = changeable_runs(asked.user).filter(pk=run_id).exists()
    files = visible_files(asked.user).filter(run=found)
    customers = _customers(asked, found, files)
    context: dict[str, Any] = {
        "run": found,
        "may_change": may_change,
        "shows_sums": sees_everything(asked.user),
        "currency": house_of(this_house(), asked.reseller).settings.currency,
        "summaries": list(files.filter(account_id="").order_by("pk")),
        "workbooks": files.filter(kind="workbook").count(),
        "customers": _page(customers, asked, _CUSTOMERS_A_PAGE),
        "token": secrets.token_urlsafe(12),
        "q": asked.GET.get("q", ""),
    }
    if asked.headers.get("HX-Target") == "customers":
        return render(asked, "run/_customers.html", context)
    context |= progress_page.context(asked, found)
    if found.state == "made" and context["shows_sums"]:
        context |= _quick_look(found, customers)
    if may_change:
        context["deliveries"] = Delivery.objects.filter(run=found).order_by("-created_at")[:20]
        context["recipients"] = Recipient.objects.order_by("-last_used_at").values_list("address", flat=True)[:50]
        context["has_mail"] = bool(this_house().settings.smtp_url)
    return render(asked, "run/run.html", context)


def _customers(asked: Asking, found: Run, files: QuerySet[RunFile]) -> list[dict[str, Any]]:
    """A row a customer: with figures for the reseller's own people, else with the file alone."""
    text = asked.GET.get("q", "").strip().lower()
    if sees_everything(asked.user) and found.state == "made":
        by_name = dict(files.filter(kind="workbook").values_list("name", "pk"))
        rows = [
            {"name": each.name, "sums": each, "file": each.file if each.file in by_name else ""}
            for each in past_runs.customers(run_folder(this_house(), found.pk))
        ]
    else:
        listed = files.exclude(account_id="").order_by("account_name", "name").values_list("account_name", "name")
        rows = [{"name": name or file, "sums": None, "file": file} for name, file in listed]
    return [row for row in rows if text in str(row["name"]).lower()] if text else rows


def _quick_look(found: Run, customers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    countries = past_runs.countries(run_folder(this_house(), found.pk))
    sums = [row["sums"] for row in customers if row["sums"] is not None]
    dearest = sorted(sums, key=lambda each: -(each.customer_cost or 0))[:_CHARTED]
    chart = {
        "title": _("What customers cost"),
        "names": [each.name for each in dearest],
        # A picture of them: the table beside it has the exact figures.
        "values": [str(each.customer_cost or 0) for each in dearest],
    }
    return {
        "countries": countries[:_CUSTOMERS_A_PAGE],
        "countries_count": len(countries),
        "chart": chart if dearest else None,
    }


@needs(Action.SEE_INTERNAL_EDITION)
def compare(asked: Asking) -> HttpResponse:
    """What changed between two runs, customer by customer."""
    wanted = [text for text in asked.GET.getlist("run") if _is_id(text)]
    made = visible_runs(asked.user).filter(pk__in=wanted, state="made", deleted_at=None)
    found = list(made.order_by("period_name", "created_at"))  # A month that was made again is still the earlier one.
    if len(found) != 2:
        messages.info(asked, _("Choose two finished reports to compare."))
        return redirect("runs")
    before, after = found
    sums = [past_runs.customers(run_folder(this_house(), each.pk)) for each in found]
    if not sees_everything(asked.user):
        own = set(visible_accounts(asked.user).values_list("account_id", flat=True))
        sums = [[each for each in one if each.account_id in own] for one in sums]
    changes = past_runs.compare(*sums)
    changed = [each for each in changes if each.is_changed]
    return render(
        asked,
        "run/compare.html",
        {
            "before": before,
            "after": after,
            "page": _page(changed, asked, _CUSTOMERS_A_PAGE),
            "unchanged": len(changes) - len(changed),
            "query": f"run={before.pk}&run={after.pk}",
            "has_prices": any(each.price is not None for one in sums for each in one),
        },
    )


# Downloads.


@needs(Action.SEE_REPORTS)
def download(asked: Asking, run_id: UUID, name: str) -> HttpResponseBase:
    """A file that is a row of someone who may see it; no other name leads to the disk."""
    file = get_object_or_404(visible_files(asked.user), run_id=run_id, name=name)
    path = _on_disk(run_id, file.name)
    _record(asked, "file_downloaded", run_id, subject=file.name)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


@needs(Action.SEE_REPORTS)
def download_zip(asked: Asking, run_id: UUID) -> HttpResponseBase:
    """All that they may see of a run, the workbooks or the summaries alone; streamed."""
    found = get_object_or_404(visible_runs(asked.user), pk=run_id, deleted_at=None)
    files = visible_files(asked.user).filter(run=found)
    if (what := asked.GET.get("what", "")) in _WHOLE:
        files = files.filter(kind__in=_WHOLE[what])
    names = list(files.order_by("name").values_list("name", flat=True))
    if not names:
        raise Http404
    for name in names:
        _on_disk(run_id, name)
    _record(asked, "file_downloaded", run_id, subject=f"{len(names)} files")
    response = StreamingHttpResponse(
        past_runs.zipped(run_folder(this_house(), run_id), names), content_type="application/zip"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="report-{found.period_name}.zip"'
    return response


def _on_disk(run_id: UUID, name: str) -> Path:
    """Below the run's folder, whatever the row says."""
    folder = run_folder(this_house(), run_id).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Http404
    return path


# What is done with a run.


@require_POST
@needs(Action.MAKE_REPORTS)
def send(asked: Asking, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id, state="made", deleted_at=None)
    named = [part for part in asked.POST.get("email", "").replace(";", ",").split(",") if part.strip()]
    if not named:
        messages.error(asked, _("Say to whom it shall be sent."))
        return redirect("run", run_id)
    house = this_house()
    try:
        recipients = check_recipients(house, named)
    except ResellerReportingError as error:
        messages.error(asked, error.sentence)
        return redirect("run", run_id)
    token = asked.POST.get("token", "")[:60] or secrets.token_urlsafe(12)
    post(house, found, recipients, unique_key=f"{found.pk}/{token}", user=asked.user, address=asked.address)
    for recipient in recipients:
        Recipient.objects.update_or_create(
            reseller=asked.reseller, address=recipient, defaults={"last_used_at": house.clock()}
        )
    messages.success(asked, _("It is on its way to %(recipients)s.") % {"recipients": ", ".join(recipients)})
    return redirect("run", run_id)


@require_POST
@needs(Action.MAKE_REPORTS)
def delete(asked: Asking, run_id: UUID) -> HttpResponse:
    """Out of sight; the files stay for some days, in which it can be undone."""
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id, deleted_at=None)
    for job in Job.objects.filter(run=found, kind="report", state__in=("queued", "running")):
        jobs.ask_cancel(job, now=this_house().clock())
    Run.objects.filter(pk=found.pk, deleted_at=None).update(deleted_at=this_house().clock())
    _record(asked, "report_deleted", run_id, subject=found.title)
    response = redirect("runs")
    response.headers["Location"] += f"?undo={found.pk}"
    return response


@require_POST
@needs(Action.MAKE_REPORTS)
def undelete(asked: Asking, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id)
    Run.objects.filter(pk=found.pk).update(deleted_at=None)
    _record(asked, "report_brought_back", run_id, subject=found.title)
    messages.success(asked, _("The report is back."))
    return redirect("run", run_id)


def _record(asked: Asking, action: str, run_id: UUID, *, subject: str) -> None:
    audit.record(
        action,
        at=this_house().clock(),
        reseller=asked.reseller,
        user=asked.user,
        address=asked.address,
        subject=subject,
        run=str(run_id),
    )
