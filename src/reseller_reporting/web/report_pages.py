"""The page that a month begins with: who, which period, where to; and one button that works as it stands."""

import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app import connections, groups
from reseller_reporting.app.extras import PRICED, Also, makes_pdf
from reseller_reporting.app.orders import Asked, has_price_plans, is_beyond_own, order_report
from reseller_reporting.app.tenancy import is_connected, this_house
from reseller_reporting.control import searching
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.control.models import Run
from reseller_reporting.control.plans import OWN
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.visibility import known_recipients, sees_everything
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web import choosing, periods
from reseller_reporting.web.access import needs
from reseller_reporting.web.report_form import ReportForm

_TYPED, _AGAIN = "report_typed", "again"  # In the session; in the address that shows it.
_EXTRAS = {
    Also.PDF: gettext_lazy("Statements as PDF"),
    Also.ACCOUNTING: gettext_lazy("Invoice lines for the books (CSV)"),
    Also.QUICKBOOKS: gettext_lazy("Invoices for QuickBooks"),
    Also.XERO: gettext_lazy("Invoices for Xero"),
    Also.CSV: gettext_lazy("Calls as CSV"),
    Also.PARQUET: gettext_lazy("Calls as Parquet"),
}


def home(request: Any) -> HttpResponseBase:
    """Whoever makes reports begins one; others come to see them."""
    asked = asking(request)
    if not may(asked.user, Action.MAKE_REPORTS):
        return redirect("runs")
    if request.method == "POST":
        return _order(asked)
    if _AGAIN in request.GET and (kept := request.session.get(_TYPED)):
        return _page(asked, ReportForm(asked, QueryDict(kept["form"])), problem=kept["problem"])
    request.session.pop(_TYPED, None)  # A new one is begun: thousands of chosen customers weigh on every request.
    return _page(asked, None)


def _page(asked: Asking, form: ReportForm | None, *, problem: str = "") -> HttpResponse:
    house, reseller = this_house(), asked.reseller
    accounts = choosing.choices(asked.user, reseller)
    last = Run.objects.filter(created_by=asked.user).order_by("-created_at").values_list("order", flat=True).first()
    stated = form.stated if form is not None else QueryDict()
    problems = form.problems() if form is not None else {}
    zone = str(stated.get("timezone") or reseller.timezone or "UTC")
    zone = zone if zone in periods.zones() else "UTC"
    total = accounts.count()
    customers = choosing.own_customers(accounts, asked.user, reseller).count()
    return render(
        asked,
        "report/report.html",
        {
            "form": form,
            "stated": stated,
            "problems": problems | {"page": [*problems.get("page", ()), *([problem] if problem else ())]},
            "chosen": ",".join(form.chosen[0]) if form is not None else "",
            "is_connected": is_connected(house, reseller),
            "is_tree_read": reseller.tree_read_at is not None,
            "is_branch": not sees_everything(asked.user),
            "total": total,
            "customers": customers,
            "sub_customers": total - customers,
            "groups": _shown_groups(asked),
            "presets": periods.presets(house.clock(), zone),
            "period": stated.get("period", "last-month"),
            "zone_options": _zone_options(zone),
            "recipients": known_recipients(asked.user),
            "email": stated.get("email", ", ".join((last or {}).get("email", []))),
            "has_mail": bool(house.settings.smtp_url),
            "has_plans": has_price_plans(reseller),
            "is_own": reseller.key == OWN,
            "edition": stated.get("edition", "internal"),
            "languages": settings.LANGUAGES,
            "language": stated.get("language") or _language(),
            "extras": _extras(stated.getlist("also")),
            "token": secrets.token_urlsafe(12),
        },
    )


def _language() -> str:
    """What the settings say; else what they read the page in."""
    return this_house().settings.language or get_language() or "en"


@lru_cache(maxsize=64)
def _zone_options(chosen: str) -> str:
    """Hundreds of them, the same on each page: a template would take longer for them than for all the rest."""
    return format_html_join(
        "\n",
        "<option{}>{}</option>",
        ((mark_safe(" selected") if name == chosen else "", name) for name in periods.zones()),
    )


def _extras(chosen: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "code": each.value,
            "label": label,
            "is_priced": each in PRICED,
            "is_chosen": each.value in chosen,
            "is_missing": each is Also.PDF and not makes_pdf(),
        }
        for each, label in _EXTRAS.items()
    ]


def _order(asked: Asking) -> HttpResponseBase:
    form = ReportForm(asked, asked.POST)
    if not form.is_valid():
        return _again(asked)
    stated, chosen = form.cleaned_data, form.accounts_wanted()
    includes = stated["include_sub_resellers"]
    if chosen is not None:
        includes = is_beyond_own(asked.reseller, chosen)
    try:
        job = order_report(
            this_house(),
            asked.reseller,
            Asked(
                period=form.period_wanted(),
                timezone=stated["timezone"],
                accounts=chosen,
                include_sub_resellers=includes,
                refresh=stated["refresh"],
                legs="all" if stated["all_legs"] else "billable",
                price_plans=stated["price_plans"],
                edition=stated["edition"],
                also=sorted(stated["also"]),
                language=stated["language"] or None,
                email=stated["email"],
            ),
            user=asked.user,
            address=asked.address,
            # The page that is sent twice orders once; another user's token is none of ours.
            key=f"page/{asked.user.pk}/{stated['token']}",
        )
    except ResellerReportingError as error:
        return _again(asked, error.sentence)
    if _TYPED in asked.session:
        # Whoever goes back to it finds what was ordered, no longer what was wrong with it.
        _keep_typed(asked, "")
    return redirect("run", job.run_id)


def _again(asked: Asking, problem: str = "") -> HttpResponse:
    """To the page with what was typed, by an address of its own: a browser goes back to it without sending anything."""
    _keep_typed(asked, problem)
    response = redirect(f"{reverse('home')}?{_AGAIN}=1")
    response.status_code = 303  # Other than what leads to a report that was ordered.
    return response


def _keep_typed(asked: Asking, problem: str) -> None:
    typed = asked.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    asked.session[_TYPED] = {"form": typed.urlencode(), "problem": problem}


# The tree.


@require_safe
@needs(Action.MAKE_REPORTS)
def accounts(asked: Asking) -> HttpResponse:
    """A part of the page: a level of the tree, or what a search finds."""
    text = asked.GET.get("q", "").strip()[:200]
    below = asked.GET.get("below", "")[:64]
    start = _number(asked.GET.get("start"))
    if text:
        listed = choosing.search(asked.user, asked.reseller, text, start)
    else:
        listed = choosing.level(asked.user, asked.reseller, below, start)
    return render(asked, "report/_accounts.html", {"listed": listed, "q": text, "below": below})


@require_safe
@needs(Action.MAKE_REPORTS)
def account_ids(asked: Asking) -> HttpResponse:
    """The ids of what a button chooses: a branch, all that a search found, a group, the own customers, or all."""
    found = choosing.choices(asked.user, asked.reseller)
    if branch := asked.GET.get("branch"):
        found = found.filter(lineage__contains=f"/{branch[:64]}/")
    elif text := asked.GET.get("q", "").strip():
        found = searching.accounts(found, text[:200])
    elif "own" in asked.GET:
        found = choosing.own_customers(found, asked.user, asked.reseller)
    ids: Sequence[str] = list(found.order_by("account_id").values_list("account_id", flat=True))
    if group := asked.GET.get("group"):
        kept = set(get_object_or_404(groups.visible_groups(asked.user), pk=_number(group)).account_ids)
        ids = [account_id for account_id in ids if account_id in kept]
    return JsonResponse({"ids": ids})


@require_POST
@needs(Action.KEEP_GROUPS)
def keep_group(asked: Asking) -> HttpResponse:
    """The chosen accounts under a name; the group that has it is replaced by whoever says so."""
    name = " ".join(asked.POST.get("name", "").split())[:100]
    named = {part.strip() for part in asked.POST.get("accounts", "").split(",")}
    known = choosing.choices(asked.user, asked.reseller).values_list("account_id", flat=True)
    ids = sorted(named & set(known))
    before = groups.group_named(name)
    is_theirs = before is not None and groups.visible_groups(asked.user).filter(pk=before.pk).exists()
    is_replaced = is_theirs and before is not None and asked.POST.get("replace") == str(before.pk)
    if not name:
        return _groups(asked, problem=_("Give the group a name."))
    if not ids:
        return _groups(asked, name=name, problem=_("Choose at least one customer."))
    try:
        if is_theirs and before is not None and not is_replaced:
            groups.check_theirs(asked.user, before)
            return _groups(asked, name=name, before=before, count=len(ids))
        group = before if is_replaced else None
        groups.save_group(this_house(), asked.reseller, doer_of(asked), name=name, account_ids=ids, group=group)
    except ResellerReportingError as error:
        return _groups(asked, name=name, problem=error.sentence)
    return _groups(asked, saved=name)


def _groups(asked: Asking, **more: Any) -> HttpResponse:
    return render(asked, "report/_groups.html", {"groups": _shown_groups(asked), **more})


@require_POST
@needs(Action.KEEP_GROUPS)
def drop_group(asked: Asking, number: int) -> HttpResponse:
    group = get_object_or_404(groups.visible_groups(asked.user), pk=number)
    try:
        groups.delete_group(this_house(), group, doer_of(asked))
    except ResellerReportingError as error:
        return _groups(asked, problem=error.sentence)
    return _groups(asked)


def _shown_groups(asked: Asking) -> list[dict[str, Any]]:
    """Of each, how many accounts are theirs to see."""
    theirs = groups.visible_ids(asked.user)
    shown = groups.visible_groups(asked.user).order_by("name")
    return [{"pk": row.pk, "name": row.name, "count": len(groups.shown_ids(row, theirs))} for row in shown]


@require_POST
@needs(Action.MAKE_REPORTS)
def read_accounts(asked: Asking) -> HttpResponse:
    """KAZOO's tree once more; a read that waits already is not ordered again."""
    connections.read_accounts(this_house(), asked.reseller, asked.user)
    messages.info(asked, _("The accounts are being read. Load this page again in a moment."))
    return redirect("home")


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
