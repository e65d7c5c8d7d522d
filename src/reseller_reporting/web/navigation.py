"""The way around: the entries of the bar, each for those whose role allows it. A new page adds its line here."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reseller_reporting import __version__
from reseller_reporting.control.models import Reseller
from reseller_reporting.control.roles import Action, may


@dataclass(frozen=True, slots=True)
class Entry:
    label: str | Promise
    view: str  # The name of its URL.
    icon: str
    action: Action


ENTRIES = (Entry(_("Home"), "home", "home", Action.SEE_REPORTS),)


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template: the entries, where we are, for which reseller."""
    reseller: Reseller | None = getattr(request, "reseller", None)
    found: dict[str, Any] = {"product_version": __version__, "reseller": reseller, "entries": []}
    if reseller is not None and request.user.is_authenticated:
        user = request.user
        found["entries"] = [entry for entry in ENTRIES if may(user, entry.action)]
        found["may"] = {action.value: may(user, action) for action in Action}
    return found
