"""What the page New report sends: each mistake at its own field, all of them at once.

Whom it may name is checked against what the user sees. Its look is the template's.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reseller_reporting.app.extras import Also
from reseller_reporting.app.orders import FIRST_DAY, MONTHS_MAX, check_bounds
from reseller_reporting.app.recipients import check_recipients, mistakes_in, split_addresses
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.asking import Asking
from reseller_reporting.model.errors import InvalidSettings, ResellerReportingError
from reseller_reporting.web import choosing, periods

ALL, SOME = "all", "some"


class ReportForm(forms.Form):
    scope = forms.ChoiceField(choices=[(ALL, ALL), (SOME, SOME)])
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

    def __init__(self, asked: Asking, stated: QueryDict) -> None:
        super().__init__(stated)
        self._asked, self.stated = asked, stated

    @cached_property
    def chosen(self) -> tuple[list[str], int]:
        """Of the named accounts those that are theirs to see, and how many are not, or not there."""
        named = {part.strip() for part in self.data.get("accounts", "").split(",")} - {""}
        known = choosing.choices(self._asked.user, self._asked.reseller)
        ids = known.order_by("account_id").values_list("account_id", flat=True)
        found = [account_id for account_id in ids if account_id in named]
        return found, len(named) - len(found)

    def clean_timezone(self) -> str:
        zone = str(self.cleaned_data["timezone"])
        if zone not in periods.zones():
            raise forms.ValidationError(gettext_lazy("Choose a time zone of the list."))
        return zone

    def clean_email(self) -> list[str]:
        addresses = split_addresses(self.cleaned_data["email"])
        if wrong := mistakes_in(addresses):
            raise forms.ValidationError(wrong)
        try:
            return check_recipients(this_house(), addresses)
        except ResellerReportingError as error:
            raise forms.ValidationError(error.sentence) from None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("scope") == SOME:
            chosen, unknown_count = self.chosen
            if unknown_count:
                # Ordered without a word, the report would lack someone. What is left is on the page to be looked at.
                self.add_error("accounts", _not_known(unknown_count))
            elif not chosen:
                self.add_error("accounts", _("Choose at least one customer."))
        if found.get("period") == periods.RANGE:
            why = _wrong_days(found.get("first"), found.get("last"), self._today(found.get("timezone")))
            if why:
                self.add_error("period", why)
        return found

    def _today(self, zone: str | None) -> date:
        return this_house().clock().astimezone(ZoneInfo(zone or "UTC")).date()

    def accounts_wanted(self) -> list[str] | None:
        """None is all of them."""
        return None if self.cleaned_data["scope"] == ALL else self.chosen[0]

    def period_wanted(self) -> str:
        stated = self.cleaned_data
        if stated["period"] == periods.RANGE:
            return periods.days(stated["first"], stated["last"] + timedelta(days=1))
        return str(stated["period"])

    def problems(self) -> dict[str, Sequence[str]]:
        """By the part of the page that they belong to; what has no part of its own stands above all."""
        parts: dict[str, list[str]] = {}
        for name, errors in self.errors.items():
            # A date that is none is said as the days that are lacking.
            part = "period" if name in ("first", "last") else name
            if name in ("first", "last") and "period" in self.errors:
                continue
            sentences = parts.setdefault(part if part in _PARTS else "page", [])
            sentences += [str(error) for error in errors]
        return {part: list(dict.fromkeys(sentences)) for part, sentences in parts.items()}


_PARTS = ("accounts", "period", "timezone", "email")


def _wrong_days(first: date | None, last: date | None, today: date) -> str:
    """Why these days are no period; "" when they are."""
    if first is None or last is None or last < first:
        return _("Choose the first and the last day, the first not after the last.")
    if first > today:
        return _("The first day, %(day)s, is yet to come. Choose days up to today.") % {"day": _shown(first)}
    if first < FIRST_DAY:
        return _("The first day is %(day)s at the earliest: KAZOO has no calls from before.") % {
            "day": _shown(FIRST_DAY)
        }
    try:
        check_bounds(first, last + timedelta(days=1))
    except (InvalidSettings, OverflowError):
        return _("A report is about %(n)d months at most. Make several, one after the other.") % {"n": MONTHS_MAX}
    return ""


def _shown(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))


def _not_known(count: int) -> str:
    text = ngettext(
        "%(n)s chosen customer is not among those that were read last, and is no longer chosen. Check whom the report "
        "is about; who is new can be chosen once the customers are read again.",
        "%(n)s chosen customers are not among those that were read last, and are no longer chosen. Check whom the "
        "report is about; who is new can be chosen once the customers are read again.",
        count,
    )
    return text % {"n": count}
