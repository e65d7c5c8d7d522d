"""One's own second step: switched on with a picture and a code, switched off with the password."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from reseller_reporting.app import second_factor
from reseller_reporting.app.tenancy import seal, this_house
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web.forms import Styled
from reseller_reporting.web.log_ins import is_password_of

_NEW_SECRET = "new_second_factor"  # noqa: S105 - The name under which the session has it, sealed.


class FirstCodeForm(Styled, forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text=gettext_lazy("The six digits that your app shows now."),
    )


class PasswordForm(Styled, forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def second_step(request: HttpRequest) -> HttpResponse:
    asked = asking(request)
    if second_factor.has_one(asked.user):
        return _kept_page(asked, PasswordForm())
    if asked.method != "POST":
        return _new_page(asked, FirstCodeForm())
    form = FirstCodeForm(asked.POST)
    if not form.is_valid():
        return _new_page(asked, form)
    try:
        codes = second_factor.switch_on(
            this_house(), asked.user, _secret(asked), form.cleaned_data["code"], doer_of(asked)
        )
    except ResellerReportingError:
        form.add_error("code", _("This is not the code that the app shows now. Check the clock of the phone."))
        return _new_page(asked, form)
    del asked.session[_NEW_SECRET]
    asked.session.cycle_key()
    return render(asked, "user/recovery_codes.html", {"codes": codes})


@require_POST
def switch_off(request: HttpRequest) -> HttpResponse:
    asked = asking(request)
    form = PasswordForm(asked.POST)
    if form.is_valid() and not _is_right(asked, form):
        form.add_error("password", _("This is not your password."))
    if not form.is_valid():
        return _kept_page(asked, form)
    second_factor.switch_off(this_house(), asked.user, doer_of(asked))
    messages.success(asked, _("The second step is switched off."))
    return redirect("own_second_step")


def _is_right(asked: Asking, form: PasswordForm) -> bool:
    try:
        return is_password_of(asked, asked.user, form.cleaned_data["password"])
    except ResellerReportingError as error:
        form.add_error(None, error.sentence)
        return True  # Not known to be wrong; the other error keeps it from going on.


def _new_page(asked: Asking, form: FirstCodeForm) -> HttpResponse:
    secret = _secret(asked)
    picture = segno.make(second_factor.address_of(asked.user, secret)).svg_data_uri(scale=5, border=3, light="white")
    groups = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    context: dict[str, Any] = {"form": form, "picture": picture, "secret": groups}
    return render(asked, "user/second_step_new.html", context, status=422 if form.is_bound else 200)


def _kept_page(asked: Asking, form: PasswordForm) -> HttpResponse:
    left = second_factor.recovery_codes_left(asked.user)
    context = {"form": form, "left": left}
    return render(asked, "user/second_step.html", context, status=422 if form.is_bound else 200)


def _secret(asked: Asking) -> str:
    """The same one until it is confirmed, however often the page is opened."""
    sealing = seal(this_house())
    if sealed := asked.session.get(_NEW_SECRET):
        return sealing.unseal(sealed)
    secret = second_factor.new_secret()
    asked.session[_NEW_SECRET] = sealing.seal(secret)
    return secret
