"""Logging in: by a password of ours or by KAZOO's, and the second step of those who have one.

Invariants
- Nobody has a session before the last step: until then the browser holds the mere right to type a code, for a while.
- Every way in is counted and closed after too many tries; what refuses says no reason.
"""

import re
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from django import forms
from django.contrib.auth import authenticate, load_backend
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from reseller_reporting.app import second_factor
from reseller_reporting.app.kazoo_people import connected_reseller
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.models import Reseller, User
from reseller_reporting.control.plans import OWN
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web.forms import LogInForm, Styled
from reseller_reporting.web.log_ins import forget_failures
from reseller_reporting.web.pages import locked_out

WAITING_FOR_CODE = "second_step"  # In the session, between the steps.
_CODE_WITHIN = timedelta(minutes=10)
_log = structlog.get_logger()


class _FirstStep(auth.LoginView):
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = cast("User", form.get_user())
        if not second_factor.has_one(user):
            return super().form_valid(form)
        # A key of its own, so that a session that somebody planted is not the one that is let go on.
        self.request.session.flush()
        self.request.session[WAITING_FOR_CODE] = {
            "user": user.pk,
            "backend": user.backend,  # Django's authenticate leaves it there.
            "hash": user.get_session_auth_hash(),
            "at": this_house().clock().isoformat(),
        }
        query = urlencode({self.redirect_field_name: self.get_redirect_url()}) if self.get_redirect_url() else ""
        return redirect(f"{reverse('second_step')}{'?' if query else ''}{query}")


@method_decorator(login_not_required, name="dispatch")
class LogIn(_FirstStep):
    form_class = LogInForm

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        return super().get_context_data(**named) | {"by_kazoo": connected_reseller(this_house(), OWN) is not None}


class KazooLogInForm(Styled, AuthenticationForm):
    """`reseller` is whose KAZOO is asked."""

    account = forms.CharField(
        label=_("Account"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "organization"}),
        help_text=_("Its name or its realm, as you log in to KAZOO with."),
    )
    field_order = ("account", "username", "password")
    error_messages = {  # noqa: RUF012 - Django's own way to say it.
        "invalid_login": _(
            "KAZOO does not let you in with this. Check account, user name and password; you need to be an "
            "administrator of the account."
        ),
        "no_answer": _("KAZOO does not answer just now. Try again in a few minutes, or ask your administrator."),
    }

    def __init__(self, *arguments: Any, reseller: Reseller, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reseller = reseller
        self.fields["username"].label = _("User name")
        self.fields["username"].widget.attrs.pop("autofocus", None)

    def clean(self) -> dict[str, Any]:
        stated = self.cleaned_data
        if {"account", "username", "password"} - stated.keys():
            return stated
        self.counted_as = f"{stated['username'].lower()}@{_as_kazoo_has_it(stated['account'])}"
        try:
            self.user_cache = authenticate(
                self.request,
                username=self.counted_as,
                kazoo_reseller=self._reseller,
                kazoo_account=stated["account"],
                kazoo_user=stated["username"],
                kazoo_password=stated["password"],
            )
        except ResellerReportingError as error:
            # Whoever stands before the door needs no address of what is behind it.
            _log.warning("KAZOO let nobody be asked for", why=error.sentence)
            raise forms.ValidationError(self.error_messages["no_answer"], code="no_answer") from None
        if self.user_cache is None:
            raise forms.ValidationError(self.error_messages["invalid_login"], code="invalid_login")
        return stated


def _as_kazoo_has_it(account: str) -> str:
    """KAZOO takes all that differ in other signs for one name: counted apart, each would be worth more guesses."""
    return re.sub(r"[^a-z0-9]", "", account.lower())


@method_decorator(login_not_required, name="dispatch")
class KazooLogIn(_FirstStep):
    """At `login/kazoo/` by the installation's own KAZOO, at `login/kazoo/<key>/` by that of the reseller of this key:
    a password is shown to the KAZOO alone whose address its owner chose."""

    form_class = KazooLogInForm
    template_name = "registration/kazoo_login.html"

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        reseller = connected_reseller(this_house(), str(named.get("key", OWN)))
        if reseller is None:
            raise Http404
        self._reseller = reseller
        return super().dispatch(request, *arguments, **named)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"reseller": self._reseller}

    def form_valid(self, form: Any) -> HttpResponse:
        forget_failures(self.request, form.counted_as)
        return super().form_valid(form)


class CodeForm(Styled, forms.Form):
    """`user` is who stands at the second step."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
        help_text=_("The six digits that your app shows now, or a recovery code."),
    )

    def __init__(self, request: HttpRequest, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request, self._user = request, user

    def get_user(self) -> User:
        return self._user

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if not second_factor.takes(this_house(), self._user, code):
            user_login_failed.send(
                sender=__name__, credentials={"username": self._user.username}, request=self._request
            )
            raise forms.ValidationError(_("This code is wrong, too old, or was used already."))
        return code


@method_decorator(login_not_required, name="dispatch")
class SecondStep(auth.LoginView):
    form_class = CodeForm  # type: ignore[assignment]  # It asks for less than Django's own.
    template_name = "registration/second_step.html"

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        user = _waiting_for_code(request)
        if user is None:
            return redirect("login")
        if second_factor.is_closed(this_house(), user):
            return locked_out(request)
        self._user = user
        return super().dispatch(request, *arguments, **named)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self._user}

    def form_valid(self, form: Any) -> HttpResponse:
        del self.request.session[WAITING_FOR_CODE]
        return super().form_valid(form)


def _waiting_for_code(request: HttpRequest) -> User | None:
    """Who has shown a password lately that still is theirs."""
    stated = request.session.get(WAITING_FOR_CODE)
    if not isinstance(stated, dict):
        return None
    if datetime.fromisoformat(stated["at"]) < this_house().clock() - _CODE_WITHIN:
        return None
    user = load_backend(stated["backend"]).get_user(stated["user"])
    if user is None or not constant_time_compare(stated["hash"], user.get_session_auth_hash()):
        return None
    user.backend = stated["backend"]  # Django's log-in reads it there.
    return user
