"""Reports: the list of all that were made, one of them with its progress or its figures, and what is done with it."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app import past_runs, run_changes
from reseller_reporting.app.recipients import split_addresses
from reseller_reporting.app.run_files import note_download, open_file, zipped
from reseller_reporting.app.tenancy import run_folder, this_house
from reseller_reporting.control import searching
from reseller_reporting.control.asking import Asking, doer_of
from reseller_reporting.control.models import Delivery, Job, Run, RunFile
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.visibility import (
    changeable_runs,
    known_recipients,
    strangers_among,
    visible_files,
    visible_jobs,
    visible_runs,
    with_wholeness,
)
from reseller_reporting.model.errors import FileGone, ResellerReportingError
from reseller_reporting.web import progress_page, run_rows
from reseller_reporting.web.access import needs
from reseller_reporting.web.namesakes import short_ids
from reseller_reporting.web.templatetags.humane import term
from reseller_reporting.words.alphabet import by_name

_RUNS_A_PAGE = 25
_CUSTOMERS_A_PAGE = 50
_CHARTED = 10


@require_safe
@needs(Action.SEE_REPORTS)
def runs(asked: Asking) -> HttpResponse:
    text = asked.GET.get("q", "").strip()[:200]
    shows_deleted = "deleted" in asked.GET
    found = changeable_runs(asked.user) if shows_deleted else visible_runs(asked.user)
    found = searching.runs(found.filter(deleted_at__isnull=not shows_deleted), text, asked.user)
    found = with_wholeness(found, asked.user).select_related("created_by")
    page = _page(found.order_by("-created_at", "pk"), asked, _RUNS_A_PAGE)
    latest = _latest_jobs(asked, [run.pk for run in page])
    context = {
        "page": page,
        "rows": run_rows.rows(asked, list(page), latest),
        "ticked": asked.GET.getlist("run"),
        "q": text,
        "shows_deleted": shows_deleted,
    }
    if asked.headers.get("HX-Target") == "run-list":
        return render(asked, "run/_runs.html", context)
    undone = asked.GET.get("undo", "")
    context["undo"] = (
        changeable_runs(asked.user).exclude(deleted_at=None).filter(pk=undone).first()
        if run_rows.is_id(undone)
        else None
    )
    return render(asked, "run/runs.html", context)


def _latest_jobs(asked: Asking, run_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """The newest report job of each run, where progress is theirs to see."""
    found = visible_jobs(asked.user).filter(run_id__in=run_ids, kind="report").order_by("created_at")
    return {job.run_id: job for job in found if job.run_id is not None}


def _page(rows: Any, asked: Asking, size: int) -> Page[Any]:
    return Paginator(rows, size).get_page(asked.GET.get("page"))


@require_safe
@needs(Action.SEE_REPORTS)
def run(asked: Asking, run_id: UUID) -> HttpResponse:
    visible = with_wholeness(visible_runs(asked.user), asked.user).select_related("created_by")
    found = get_object_or_404(visible, pk=run_id, deleted_at=None)
    may_change = found.is_whole and may(asked.user, Action.MAKE_REPORTS)
    files = visible_files(asked.user).filter(run=found)
    context: dict[str, Any] = {
        "run": found,
        "may_change": may_change,
        "shows_sums": found.is_whole,
        "currency": run_rows.currency_of_run(asked, found),
        "summaries": list(files.filter(account_id="").order_by("pk")),
        "workbooks": files.filter(kind="workbook").count(),
        "customers": _customers(asked, found, files),
        "earned": past_runs.all_earned(_earned(found).values()),
        "token": secrets.token_urlsafe(12),
        "q": asked.GET.get("q", ""),
    }
    if asked.headers.get("HX-Target") == "customers":
        return render(asked, "run/_customers.html", context)
    context |= progress_page.context(asked, found)
    if found.state == "made" and context["shows_sums"]:
        context |= _quick_look(found)
    if may_change:
        context["deliveries"] = Delivery.objects.filter(run=found).order_by("-created_at")[:20]
        context["recipients"] = known_recipients(asked.user)
        context["has_mail"] = bool(this_house().settings.smtp_url)
    return render(asked, "run/run.html", context)


def _customers(asked: Asking, found: Any, files: QuerySet[RunFile]) -> Page[Any]:
    """A row a customer: with figures for those who see the whole run, else with the files alone. Files are looked for
    of the customers that are shown, not of all of them."""
    text = asked.GET.get("q", "").strip().lower()
    everyone: Sequence[past_runs.CustomerSums]
    if found.is_whole and found.state == "made":
        everyone = past_runs.customers(run_folder(this_house(), found.pk))
    else:
        named = files.exclude(account_id="").values_list("account_id", "account_name").distinct()
        everyone = [
            past_runs.unknown_sums(account_id, name or account_id)
            for account_id, name in sorted(named, key=lambda each: by_name(each[1], each[0]))
        ]
    told_apart = short_ids((each.account_id, each.name) for each in everyone)
    page = _page(
        [each for each in everyone if text in each.name.lower()] if text else everyone, asked, _CUSTOMERS_A_PAGE
    )
    of_customer: defaultdict[str, list[RunFile]] = defaultdict(list)
    for file in files.filter(account_id__in=[each.account_id for each in page]).order_by("pk"):
        of_customer[file.account_id].append(file)
    is_shown = found.is_whole and found.state == "made"
    folder = run_folder(this_house(), found.pk)
    earned = _earned(found)
    seconds = past_runs.billing_seconds(folder) if is_shown else {}
    page.object_list = [
        {
            "sums": each,
            "files": of_customer[each.account_id],
            "earned": earned.get(each.account_id, past_runs.NOTHING_EARNED),
            "seconds": seconds.get(each.account_id),
            "short_id": told_apart.get(each.account_id, ""),
        }
        for each in page
    ]
    return page


def _earned(found: Any) -> Mapping[str, past_runs.Earned]:
    is_shown = found.is_whole and found.state == "made"
    return past_runs.earned(run_folder(this_house(), found.pk)) if is_shown else {}


def _quick_look(found: Any) -> dict[str, Any]:
    folder = run_folder(this_house(), found.pk)
    countries, earned = past_runs.countries(folder), _earned(found)
    seconds = past_runs.billing_seconds(folder)
    has_whole = any(each.margin is not None for each in earned.values())
    is_known = attrgetter("margin" if has_whole else "margin_on_calls")
    return {
        "margin_count": sum(is_known(each) is not None for each in earned.values()),
        "billing_seconds": sum(seconds.values()) if seconds else None,
        "countries": countries[:_CUSTOMERS_A_PAGE],
        "countries_count": len(countries),
        "chart": _chart(found, earned),
    }


def _chart(found: Run, earned: Mapping[str, past_runs.Earned]) -> dict[str, Any] | None:
    """A picture of who owes most, or cost most: the table beside it has the exact figures."""
    customers = past_runs.customers(run_folder(this_house(), found.pk))
    if not customers:
        return None
    title, amount_of = _charted(found, earned)
    dearest = sorted(((amount_of(each) or Decimal(), each) for each in customers), key=lambda each: -each[0])[:_CHARTED]
    told_apart = short_ids((each.account_id, each.name) for each in customers)
    return {
        "title": _("%(figure)s, by customer") % {"figure": term(title)},
        # In a line each, of which every one is cut by itself.
        "names": [f"{each.name}\n{told_apart.get(each.account_id, '')}".rstrip("\n") for _amount, each in dearest],
        "values": [str(amount) for amount, _each in dearest],
        "shown": len(dearest),
        "of": len(customers),
    }


def _charted(
    found: Run, earned: Mapping[str, past_runs.Earned]
) -> tuple[str, Callable[[past_runs.CustomerSums], Decimal | None]]:
    """What is owed; where no statement is known, the price of calls; without plans, what KAZOO charged."""

    def owed(customer: past_runs.CustomerSums) -> past_runs.Earned:
        return earned.get(customer.account_id, past_runs.NOTHING_EARNED)

    known = past_runs.all_earned(earned.values())
    if known.total_due is not None:
        return "Total due", lambda customer: owed(customer).total_due
    if known.net is not None:
        return "Net", lambda customer: owed(customer).net
    if found.totals.get("price") is not None:
        return "Price of calls", attrgetter("price")
    return "Customer Cost", attrgetter("customer_cost")


# Downloads.


@require_safe
@needs(Action.SEE_REPORTS)
def download(asked: Asking, run_id: UUID, name: str) -> HttpResponseBase:
    """A file that is a row of someone who may see it; no other name leads to the disk."""
    found = get_object_or_404(visible_runs(asked.user), pk=run_id)
    file = get_object_or_404(visible_files(asked.user), run=found, name=name)
    with _gone_is_not_found():
        opened = open_file(this_house(), file)
    note_download(this_house(), found, doer_of(asked), file.name)
    return FileResponse(opened, as_attachment=True, filename=PurePosixPath(file.name).name)


@require_safe
@needs(Action.SEE_REPORTS)
def download_zip(asked: Asking, run_id: UUID) -> HttpResponseBase:
    """All that they may see of a run, the workbooks or the summaries alone; streamed."""
    found = get_object_or_404(visible_runs(asked.user), pk=run_id, deleted_at=None)
    rows = visible_files(asked.user).filter(run=found)
    what = asked.GET.get("what", "")
    if what == "workbooks":
        rows = rows.filter(kind="workbook")
    elif what == "summaries":
        rows = rows.filter(account_id="")
    files = list(rows.order_by("name"))
    if not files:
        raise Http404
    with _gone_is_not_found():
        parts = zipped(this_house(), files)
    note_download(this_house(), found, doer_of(asked), f"{len(files)} files")
    response = StreamingHttpResponse(parts, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="report-{found.period_name}.zip"'
    return response


@contextmanager
def _gone_is_not_found() -> Iterator[None]:
    try:
        yield
    except FileGone:
        raise Http404 from None


# What is done with a run.


@require_POST
@needs(Action.MAKE_REPORTS)
def send(asked: Asking, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id, state="made", deleted_at=None)
    named = split_addresses(asked.POST.get("email", ""))
    if not named:
        messages.error(asked, _("Say to whom it shall be sent."))
        return redirect("run", run_id)
    strangers = strangers_among(asked.user, named)
    if strangers and "sure" not in asked.POST:
        told = {"run": found, "strangers": strangers, "email": ", ".join(named), "token": asked.POST.get("token", "")}
        return render(asked, "run/send.html", told)
    try:
        delivery = run_changes.send(this_house(), found, named, doer_of(asked), token=asked.POST.get("token", "")[:60])
    except ResellerReportingError as error:
        messages.error(asked, error.sentence)
        return redirect("run", run_id)
    recipients = ", ".join(delivery.recipients)
    messages.success(asked, _("It is on its way to %(recipients)s.") % {"recipients": recipients})
    return redirect("run", run_id)


@require_POST
@needs(Action.MAKE_REPORTS)
def delete(asked: Asking, run_id: UUID) -> HttpResponse:
    """Out of sight; the files stay for some days, in which it can be undone."""
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id, deleted_at=None)
    run_changes.delete(this_house(), found, doer_of(asked))
    response = redirect("runs")
    response.headers["Location"] += f"?undo={found.pk}"
    return response


@require_POST
@needs(Action.MAKE_REPORTS)
def undelete(asked: Asking, run_id: UUID) -> HttpResponse:
    found = get_object_or_404(changeable_runs(asked.user), pk=run_id)
    try:
        run_changes.restore(this_house(), found, doer_of(asked))
    except ResellerReportingError as error:
        messages.error(asked, error.sentence)
        return redirect("runs")
    messages.success(asked, _("The report is back."))
    return redirect("run", run_id)
