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
    below: tuple[str, ...] = ()  # Pages that are reached from it.


ENTRIES = (
    Entry(_("New report"), "home", "report", Action.MAKE_REPORTS),
    Entry(_("Reports"), "runs", "folder", Action.SEE_REPORTS, ("run", "compare")),
    Entry(_("Connection"), "connection", "plug", Action.SEE_CONNECTION),
    Entry(_("Users"), "users", "users", Action.KEEP_USERS, ("user",)),
    Entry(_("Audit"), "audit", "history", Action.SEE_AUDIT),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template: the entries, where we are, for which reseller."""
    reseller: Reseller | None = getattr(request, "reseller", None)
    found: dict[str, Any] = {"product_version": __version__, "reseller": reseller, "entries": []}
    if reseller is not None and request.user.is_authenticated:
        user = request.user
        found["entries"] = [entry for entry in ENTRIES if may(user, entry.action)]
        match = request.resolver_match
        view = match.view_name if match else ""
        found["here"] = next((entry.view for entry in ENTRIES if view == entry.view or view in entry.below), "")
        found["may"] = {action.value: may(user, action) for action in Action}
    return found
