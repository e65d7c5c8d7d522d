"""The page that a month begins with: who, which period, where to; and one button that works as it stands."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app import connections, groups
from reseller_reporting.app.extras import PRICED, Also
from reseller_reporting.app.orders import Asked, has_price_plans, is_beyond_own, order_report
from reseller_reporting.app.recipients import split_addresses
from reseller_reporting.app.tenancy import is_connected, this_house
from reseller_reporting.control import searching
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.control.models import KnownAccount, Run
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.visibility import known_recipients, sees_everything
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web import choosing, periods
from reseller_reporting.web.access import needs
from reseller_reporting.web.templatetags.humane import said

_ALL, _SOME = "all", "some"
_EXTRAS = {
    Also.PDF: gettext_lazy("Statements as PDF"),
    Also.ACCOUNTING: gettext_lazy("Invoice lines for the books (CSV)"),
    Also.QUICKBOOKS: gettext_lazy("Invoices for QuickBooks"),
    Also.XERO: gettext_lazy("Invoices for Xero"),
    Also.CSV: gettext_lazy("Calls as CSV"),
    Also.PARQUET: gettext_lazy("Calls as Parquet"),
}


class ReportForm(forms.Form):
    """What the page sends. Its look is the template's; whom it may name is checked against what the user sees."""

    scope = forms.ChoiceField(choices=[(_ALL, _ALL), (_SOME, _SOME)])
    accounts = forms.CharField(required=False)
    include_sub_resellers = forms.BooleanField(required=False)
    period = forms.CharField(max_length=20)
    first = forms.DateField(required=False)
    last = forms.DateField(required=False)
    timezone = forms.CharField(max_length=64)
    email = forms.CharField(required=False, max_length=4000)
    price_plans = forms.BooleanField(required=False)
    edition = forms.ChoiceField(choices=[("internal", "internal"), ("customer", "customer")])
    all_legs = forms.BooleanField(required=False)
    refresh = forms.BooleanField(required=False)
    also = forms.MultipleChoiceField(required=False, choices=[(each.value, each.value) for each in Also])
    language = forms.ChoiceField(required=False, choices=settings.LANGUAGES)
    token = forms.CharField(max_length=60)

    def clean_timezone(self) -> str:
        zone = str(self.cleaned_data["timezone"])
        if zone not in periods.zones():
            raise forms.ValidationError(gettext_lazy("Choose a time zone of the list."))
        return zone

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("period") == periods.RANGE:
            first, last = found.get("first"), found.get("last")
            if first is None or last is None or last < first:
                self.add_error("first", _("Say the first and the last day; the last is not before the first."))
            elif last.year > 9998:
                self.add_error("last", _("Say the first and the last day; the last is not before the first."))
        return found

    def period_wanted(self) -> str:
        stated = self.cleaned_data
        if stated["period"] == periods.RANGE:
            return periods.days(stated["first"], stated["last"] + timedelta(days=1))
        return str(stated["period"])


def home(request: Any) -> HttpResponseBase:
    """Whoever makes reports begins one; others come to see them."""
    asked = asking(request)
    if not may(asked.user, Action.MAKE_REPORTS):
        return redirect("runs")
    if request.method == "POST":
        return _order(asked)
    return _page(asked, None)


def _page(asked: Asking, form: ReportForm | None, *, status: int = 200, problem: str = "") -> HttpResponse:
    house, reseller = this_house(), asked.reseller
    accounts = choosing.choices(asked.user, reseller)
    last = Run.objects.filter(created_by=asked.user).order_by("-created_at").values_list("order", flat=True).first()
    stated = form.data if form is not None else {}
    zone = str(stated.get("timezone") or reseller.timezone or "UTC")
    zone = zone if zone in periods.zones() else "UTC"
    total = accounts.count()
    customers = choosing.own_customers(accounts, asked.user, reseller).count()
    is_branch = not sees_everything(asked.user)
    return render(
        asked,
        "report/report.html",
        {
            "form": form,
            "stated": stated,
            "problem": problem,
            "is_connected": is_connected(house, reseller),
            "is_tree_read": reseller.tree_read_at is not None,
            "is_branch": is_branch,
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
            "edition": stated.get("edition", "internal"),
            "languages": settings.LANGUAGES,
            "language": stated.get("language") or house.settings.language,
            "extras": _extras(asked.POST.getlist("also")),
            "token": secrets.token_urlsafe(12),
        },
        status=status,
    )


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
        {"code": each.value, "label": label, "is_priced": each in PRICED, "is_chosen": each.value in chosen}
        for each, label in _EXTRAS.items()
    ]


def _order(asked: Asking) -> HttpResponseBase:
    form = ReportForm(asked.POST)
    if not form.is_valid():
        # Each by itself: two sentences together have no shape.
        sentences = [str(said(error)) for errors in form.errors.values() for error in errors]
        return _page(asked, form, status=422, problem=" ".join(dict.fromkeys(sentences)))
    stated = form.cleaned_data
    accounts = choosing.choices(asked.user, asked.reseller)
    chosen, unknown_count = _chosen(form, accounts)
    if unknown_count:
        # Ordered without a word, the report would lack someone. What is left is on the page to be looked at.
        left = asked.POST.copy()
        left["accounts"] = ",".join(chosen or ())
        form.data = left
        return _page(asked, form, status=422, problem=_not_known(unknown_count))
    if chosen is not None and not chosen:
        return _page(asked, form, status=422, problem=_("Choose at least one customer."))
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
                email=split_addresses(stated["email"]),
            ),
            user=asked.user,
            address=asked.address,
            # The page that is sent twice orders once; another user's token is none of ours.
            key=f"page/{asked.user.pk}/{stated['token']}",
        )
    except ResellerReportingError as error:
        return _page(asked, form, status=422, problem=error.sentence)
    return redirect("run", job.run_id)


def _chosen(form: ReportForm, accounts: QuerySet[KnownAccount]) -> tuple[list[str] | None, int]:
    """None is all of them; and how many are chosen that are not theirs to see, or not there."""
    stated = form.cleaned_data
    if stated["scope"] == _ALL:
        return None, 0
    named = {part.strip() for part in stated["accounts"].split(",")} - {""}
    known = accounts.order_by("account_id").values_list("account_id", flat=True)
    chosen = [account_id for account_id in known if account_id in named]
    return chosen, len(named) - len(chosen)


def _not_known(count: int) -> str:
    text = ngettext(
        "%(n)s chosen customer is not among those that were read last, and is no longer chosen. Check whom the report "
        "is about; who is new can be chosen once the customers are read again.",
        "%(n)s chosen customers are not among those that were read last, and are no longer chosen. Check whom the "
        "report is about; who is new can be chosen once the customers are read again.",
        count,
    )
    return text % {"n": count}


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
    """The chosen accounts under a name; the same name takes the place of the group before."""
    name = " ".join(asked.POST.get("name", "").split())[:100]
    named = {part.strip() for part in asked.POST.get("accounts", "").split(",")}
    known = choosing.choices(asked.user, asked.reseller).values_list("account_id", flat=True)
    ids = sorted(named & set(known))
    problem = ""
    if not name:
        problem = _("Give the group a name.")
    elif not ids:
        problem = _("Choose at least one customer.")
    else:
        try:
            groups.keep_group(this_house(), asked.reseller, doer_of(asked), name=name, account_ids=ids)
        except ResellerReportingError as error:
            problem = error.sentence
    return render(asked, "report/_groups.html", {"groups": _shown_groups(asked), "problem": problem})


@require_POST
@needs(Action.KEEP_GROUPS)
def drop_group(asked: Asking, number: int) -> HttpResponse:
    group, problem = get_object_or_404(groups.visible_groups(asked.user), pk=number), ""
    try:
        groups.delete_group(this_house(), group, doer_of(asked))
    except ResellerReportingError as error:
        problem = error.sentence
    return render(asked, "report/_groups.html", {"groups": _shown_groups(asked), "problem": problem})


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
