"""Users: who comes in, as what, and how far they see. A password that is made here is shown once."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from reseller_reporting.app import people, second_factor
from reseller_reporting.app.people import Person
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import searching
from reseller_reporting.control.asking import Asking, doer_of
from reseller_reporting.control.models import KnownAccount, User
from reseller_reporting.control.roles import Action, Role
from reseller_reporting.control.visibility import visible_accounts, visible_users
from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.web.access import needs
from reseller_reporting.web.forms import Styled
from reseller_reporting.web.templatetags.humane import word

_OFFERED, _NAMESAKES = 20, 5
_TO_CHOOSE = (Role.RESELLER_ADMIN, Role.RESELLER_VIEWER, Role.CUSTOMER_ADMIN)


class UserForm(Styled, forms.Form):
    """`asked` says what may be given: nobody gives more than they have."""

    username = forms.CharField(label=gettext_lazy("Mail address"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    account = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=500,
        required=False,
        help_text=gettext_lazy(
            "Type a part of its name and choose: they see it and what is below. Empty: the whole reseller."
        ),
    )

    def __init__(self, asked: Asking, *arguments: Any, of: User | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._asked, self._of = asked, of
        roles = [*([Role.OPERATOR] if asked.user.role == Role.OPERATOR else []), *_TO_CHOOSE]
        chooser: Any = self.fields["role"]
        chooser.choices = [(role.value, word(role.value)) for role in roles]
        self.fields["account"].widget.attrs |= {
            "list": "accounts",
            "autocomplete": "off",
            "hx-get": reverse("user_accounts"),
            "hx-trigger": "input changed delay:150ms, focus once",
            "hx-target": "#accounts",
        }
        if of is not None:
            del self.fields["username"]

    def clean_username(self) -> str:
        try:
            address = people.check_email(str(self.cleaned_data["username"]))
        except ResellerReportingError as error:
            raise forms.ValidationError(error.sentence) from None
        # Names are one for the whole installation; whose it is, is nobody else's to know.
        if User.log_ins.filter(username=address).exists():
            raise forms.ValidationError(gettext_lazy("This address is taken."))
        return address

    def clean_account(self) -> str:
        text = str(self.cleaned_data["account"]).strip()
        if not text:
            return ""
        known = visible_accounts(self._asked.user)
        found = list(known.filter(account_id=text)[:1]) or list(known.filter(name=text)[: _NAMESAKES + 1])
        if len(found) > 1:
            ids = ", ".join(each.account_id for each in found[:_NAMESAKES])
            raise forms.ValidationError(
                _("Several accounts have this name. Type the id of one: %(ids)s") % {"ids": ids}
            )
        if not found:
            raise forms.ValidationError(gettext_lazy("None of your accounts is called so. Choose one of the list."))
        return str(found[0].account_id)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        role, account = found.get("role"), found.get("account")
        if "account" in found and not account:
            if role == Role.CUSTOMER_ADMIN:
                self.add_error("account", _("A customer needs an account."))
            elif self._asked.user.account_id and role != Role.OPERATOR:
                self.add_error("account", _("Name an account of yours."))
        return found

    def person(self) -> Person:
        """As the form has them; what it does not ask for stays."""
        stated, of = self.cleaned_data, self._of
        return Person(
            role=Role(stated["role"]),
            account_id=stated["account"],
            name=stated["name"],
            language=of.language if of else "",
            is_active=of.is_active if of else True,
        )


@needs(Action.KEEP_USERS)
def users(asked: Asking) -> HttpResponse:
    form = UserForm(asked, asked.POST or None, initial={"role": Role.RESELLER_ADMIN.value})
    if asked.method == "POST" and form.is_valid() and (made := _add(asked, form)) is not None:
        return made
    found = list(visible_users(asked.user).order_by("-is_active", "username")[:500])
    ids = {each.account_id for each in found if each.account_id}
    names = dict(KnownAccount.objects.filter(account_id__in=ids).values_list("account_id", "name"))
    rows = [(each, names.get(each.account_id, each.account_id)) for each in found]
    return render(asked, "user/users.html", {"form": form, "rows": rows}, status=422 if form.is_bound else 200)


@require_safe
@needs(Action.KEEP_USERS)
def accounts(asked: Asking) -> HttpResponse:
    """What the field Account offers as one types: names, and whole ids where a name is not one account's alone."""
    text = asked.GET.get("account", "").strip()[:200]
    found = searching.accounts(visible_accounts(asked.user), text).order_by("name", "account_id")[:_OFFERED]
    rows = [(_account_typed(asked.user, row), row) for row in found]
    return render(asked, "user/_accounts.html", {"rows": rows})


def _account_typed(viewer: User, account: KnownAccount) -> str:
    is_alone = visible_accounts(viewer).filter(name=account.name).count() == 1
    return str(account.name if account.name and is_alone else account.account_id)


def _add(asked: Asking, form: UserForm) -> HttpResponse | None:
    """None: it cannot be, and the form says why."""
    try:
        added, password = people.add_person(
            this_house(), asked.reseller, form.cleaned_data["username"], form.person(), doer_of(asked)
        )
    except ResellerReportingError as error:
        form.add_error(None, error.sentence)
        return None
    return render(asked, "user/password.html", {"someone": added, "password": password})


@needs(Action.KEEP_USERS)
def user(asked: Asking, number: int) -> HttpResponse:
    someone = _another(asked, number)
    account = visible_accounts(asked.user).filter(account_id=someone.account_id).first() if someone.account_id else None
    typed = _account_typed(asked.user, account) if account else someone.account_id
    initial = {"name": someone.name, "role": someone.role, "account": typed}
    form = UserForm(asked, asked.POST or None, of=someone, initial=initial)
    if asked.method == "POST" and form.is_valid():
        try:
            people.change_person(this_house(), someone, form.person(), doer_of(asked))
        except ResellerReportingError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(asked, _("It is kept."))
            return redirect("users")
    context = {
        "form": form,
        "someone": someone,
        "account": account,
        "has_second_step": second_factor.has_one(someone),
    }
    return render(asked, "user/user.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(Action.KEEP_USERS)
def new_password(asked: Asking, number: int) -> HttpResponse:
    """Their sessions end by it."""
    someone = _another(asked, number)
    try:
        password = people.renew_password(this_house(), someone, doer_of(asked))
    except ResellerReportingError as error:
        messages.error(asked, error.sentence)
        return redirect("user", someone.pk)
    return render(asked, "user/password.html", {"someone": someone, "password": password})


@require_POST
@needs(Action.KEEP_USERS)
def reset_second_step(asked: Asking, number: int) -> HttpResponse:
    """For someone whose phone is gone."""
    someone = _another(asked, number)
    second_factor.reset(this_house(), someone, doer_of(asked))
    messages.success(asked, _("Their second step is switched off: they log in by the password alone."))
    return redirect("user", someone.pk)


@require_POST
@needs(Action.KEEP_USERS)
def set_active(asked: Asking, number: int) -> HttpResponse:
    """Shut out, or let in again: the one undoes the other."""
    is_active = asked.POST.get("active") == "yes"
    people.let_in(this_house(), _another(asked, number), doer_of(asked), is_active=is_active)
    return redirect("users")


def _another(asked: Asking, number: int) -> User:
    """Nobody changes themselves here: the last administrator would lock the door behind them."""
    someone: User = get_object_or_404(visible_users(asked.user).select_related("reseller"), pk=number)
    if someone.pk == asked.user.pk:
        raise PermissionDenied
    return someone
