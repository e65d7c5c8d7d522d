"""A request of which it is known who asks: what the web application's middleware puts on it, for pages and the API."""

from typing import cast

from django.http import HttpRequest

from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import ApiKey, Reseller, User


class Asking(HttpRequest):
    """Every view that needs a log-in gets one; its queries run within the scope of `reseller`."""

    user: User
    reseller: Reseller
    api_key: ApiKey | None  # None: a person with a session, who has every scope of their role.
    address: str  # Where it came from, for the audit trail.


def asking(request: HttpRequest) -> Asking:
    """The same request, in a view that only those who are logged in reach."""
    assert getattr(request, "reseller", None) is not None, "a view that anyone may reach asked who asks"
    return cast("Asking", request)


def doer_of(asked: Asking) -> Doer:
    return Doer(asked.user, asked.address)
