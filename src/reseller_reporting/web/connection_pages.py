"""The connection to KAZOO: typed, tried, kept. What is secret is never shown again."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app.connections import checked_login, keep_connection, order_test, stored_names, unreadable
from reseller_reporting.app.resellers import add_reseller
from reseller_reporting.app.tenancy import is_connected, this_house
from reseller_reporting.control.asking import Asking, doer_of
from reseller_reporting.control.models import Job, Reseller
from reseller_reporting.control.roles import Action, may
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web import periods
from reseller_reporting.web.access import needs
from reseller_reporting.web.forms import Styled
from reseller_reporting.web.middleware import CHOSEN_RESELLER

_KEY, _LOGIN = "key", "login"


def _secret(label: Any) -> forms.CharField:
    # `new-password` keeps browsers from putting the visitor's own password in.
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=False, max_length=500, strip=True, widget=widget)


class ConnectionForm(Styled, forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        help_text=gettext_lazy("Such as https://kazoo.example.com:8443/v2"),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Log in by"),
        choices=[(_KEY, gettext_lazy("API key")), (_LOGIN, gettext_lazy("User and password"))],
    )
    api_key = _secret(gettext_lazy("API key"))
    account_name = forms.CharField(label=gettext_lazy("Account name"), required=False, max_length=200)
    username = forms.CharField(label=gettext_lazy("User name"), required=False, max_length=200)
    password = _secret(gettext_lazy("Password"))
    timezone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=gettext_lazy("Currency"),
        required=False,
        max_length=3,
        error_messages={"invalid": gettext_lazy("Write its three letters, such as EUR.")},
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        zones: Any = self.fields["timezone"]
        zones.choices = [("", _("As KAZOO has it")), *((zone, zone) for zone in periods.zones())]
        self.fields["currency"].help_text = _(
            "Of KAZOO's amounts: three letters, such as EUR. Empty: %(currency)s."
        ) % {"currency": this_house().settings.currency}


@needs(Action.SEE_CONNECTION)
def connection(asked: Asking) -> HttpResponse:
    if asked.method == "POST":
        return _typed(asked)
    return _page(asked, ConnectionForm(initial=_stored(asked.reseller)))


def _stored(reseller: Reseller) -> dict[str, Any]:
    names = stored_names(this_house(), reseller)
    return {
        "url": reseller.kazoo_url,
        "method": _LOGIN if names else _KEY,
        "timezone": reseller.timezone,
        "currency": reseller.currency,
        **names,
    }


def _page(asked: Asking, form: ConnectionForm, *, job: Job | None = None, status: int = 200) -> HttpResponse:
    house, reseller = this_house(), asked.reseller
    may_choose = may(asked.user, Action.CHOOSE_RESELLER)
    return render(
        asked,
        "connection/connection.html",
        {
            "form": form,
            "job": job,
            "is_connected": is_connected(house, reseller),
            "is_stored": bool(reseller.sealed_credentials),
            "unreadable": unreadable(house, reseller),
            "kazoo_log_in": _kazoo_log_in(asked),
            "resellers": Reseller.objects.order_by("name", "pk") if may_choose else [],
        },
        status=status,
    )


def _kazoo_log_in(asked: Asking) -> str:
    """The address at which the reseller's people log in by their own KAZOO; "" while that cannot be asked."""
    house, reseller = this_house(), asked.reseller
    if not is_connected(house, reseller) or unreadable(house, reseller):
        return ""
    path = reverse("kazoo_login_of", args=[reseller.key]) if reseller.key else reverse("kazoo_login")
    return f"{house.settings.web_url or f'{asked.scheme}://{asked.get_host()}'}{path}"


def _typed(asked: Asking) -> HttpResponse:
    """Tried as it stands, or kept and tried."""
    if not may(asked.user, Action.KEEP_CONNECTION):
        raise PermissionDenied
    form, house = ConnectionForm(asked.POST), this_house()
    tries_stored = asked.POST.get("do") == "try-stored"
    if tries_stored:
        job = order_test(house, asked.reseller, doer_of(asked))
        return _page(asked, ConnectionForm(initial=_stored(asked.reseller)), job=job)
    if not form.is_valid():
        return _page(asked, form, status=422)
    stated = form.cleaned_data
    try:
        login = checked_login(
            house, asked.reseller, url=stated["url"], uses_key=stated["method"] == _KEY, stated=stated
        )
    except ResellerReportingError as error:
        form.add_error(None, error.sentence)
        return _page(asked, form, status=422)
    if asked.POST.get("do") == "test":
        return _page(asked, form, job=order_test(house, asked.reseller, doer_of(asked), login))
    job = keep_connection(
        house,
        asked.reseller,
        doer_of(asked),
        login,
        timezone=stated["timezone"],
        currency=stated["currency"].upper(),
    )
    messages.success(asked, _("The connection is kept; its customers are being read."))
    return _page(asked, ConnectionForm(initial=_stored(asked.reseller)), job=job)


@require_safe
@needs(Action.SEE_CONNECTION)
def tried(asked: Asking, job_id: UUID) -> HttpResponse:
    """A part of the page: what was found so far."""
    job = get_object_or_404(Job, pk=job_id, kind="connection")
    findings = job.checkpoint.get("findings", [])
    is_well = job.state == "done" and bool(findings) and all(each["ok"] for each in findings)
    return render(asked, "connection/_tried.html", {"job": job, "is_well": is_well})


@require_POST
@needs(Action.CHOOSE_RESELLER)
def choose_reseller(asked: Asking) -> HttpResponse:
    """An operator works for another one from here on, or for a new one."""
    if name := asked.POST.get("name", "").strip():
        try:
            reseller = add_reseller(this_house(), name, doer_of(asked))
        except ResellerReportingError as error:
            messages.error(asked, error.sentence)
            return redirect("connection")
    else:
        number = asked.POST.get("reseller", "")
        reseller = get_object_or_404(Reseller, pk=int(number) if number.isdecimal() and len(number) < 10 else 0)
    asked.session[CHOSEN_RESELLER] = str(reseller.pk)
    return redirect("connection")
