"""Passwords: changed with the old one, or made anew by a link that is mailed to whoever forgot theirs."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reseller_reporting.app import password_reset
from reseller_reporting.app.kazoo_people import KAZOO
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import audit
from reseller_reporting.control.asking import asking
from reseller_reporting.control.models import User
from reseller_reporting.web.forms import ChangePasswordForm, OwnPasswordWords, Styled
from reseller_reporting.web.log_ins import address_of
from reseller_reporting.web.pages import locked_out


class ChangePassword(auth.PasswordChangeView):
    form_class = ChangePasswordForm
    template_name = "registration/password_change.html"
    success_url = reverse_lazy("home")

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        if asking(request).user.source == KAZOO:
            messages.error(request, _("You log in by KAZOO, which keeps your password. Change it there."))
            return redirect("home")
        return super().dispatch(request, *arguments, **named)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)  # Other sessions of this user end by it; this one gets a new key.
        asked = asking(self.request)
        _is_their_own(asked.user, "password_changed", asked.address)
        messages.success(self.request, _("Your password is changed."))
        return response


class ForgotForm(Styled, forms.Form):
    email = forms.CharField(
        label=gettext_lazy("Mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


@login_not_required
def forgot(request: HttpRequest) -> HttpResponse:
    """What is answered is the same for every address."""
    house = this_house()
    if not password_reset.can_mail(house):
        return render(request, "registration/forgot.html", {"can_mail": False})
    form = ForgotForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "registration/forgot.html", {"form": form, "can_mail": True})
    address = address_of(request)
    if password_reset.too_often(house, address):
        return locked_out(request)
    password_reset.ask(
        house,
        form.cleaned_data["email"],
        subject=_("A new password for Reseller Reporting"),
        text=_(
            "Someone, perhaps you, asked for a new password for Reseller Reporting.\n\n"
            "Choose it here within an hour:\n\n{link}\n\n"
            "If it was not you, do nothing: your password stays as it is."
        ),
        address=address,
    )
    return render(request, "registration/forgot_sent.html")


class NewPasswordForm(OwnPasswordWords, Styled, SetPasswordForm):  # type: ignore[type-arg]  # Django itself takes none.
    pass


@method_decorator(login_not_required, name="dispatch")
class ResetPassword(auth.PasswordResetConfirmView):
    """The token moves from the address into the session before anything is shown, so that no other page hears of it."""

    form_class = NewPasswordForm
    template_name = "registration/reset.html"
    success_url = reverse_lazy("login")

    def dispatch(self, *arguments: Any, **named: Any) -> HttpResponseBase:
        self.token_generator = password_reset.Tokens(this_house())
        return super().dispatch(*arguments, **named)

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user is not None and user.source != KAZOO and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)  # Every session of theirs ends by it.
        _is_their_own(cast("User", form.user), "password_reset", address_of(self.request))
        messages.success(self.request, _("Your new password is kept. Log in with it."))
        return response


def _is_their_own(user: User, action: str, address: str) -> None:
    """The password is one that they chose."""
    user.must_change_password = False
    user.save(update_fields=["must_change_password"])
    audit.record(action, at=this_house().clock(), reseller=user.reseller, user=user, address=address)
