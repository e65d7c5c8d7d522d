"""Log-ins in the audit trail: who came, who went, who was refused, who was locked out."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from reseller_reporting.app.kazoo_people import KAZOO, knows_password
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import audit
from reseller_reporting.control.models import User


def watch() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="web")
    user_logged_out.connect(_logged_out, dispatch_uid="web")
    user_login_failed.connect(_refused, dispatch_uid="web")


def address_of(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""


def is_password_of(request: HttpRequest, user: User, password: str) -> bool:
    """Asked of someone who is logged in; wrong ones count as they do at the log-in."""
    if user.source != KAZOO:
        return authenticate(request, username=user.username, password=password) is not None
    counted_as = {"username": user.username}
    request.axes_locked_out = not AxesProxyHandler.is_allowed(request, counted_as)  # type: ignore[attr-defined]
    if not request.axes_locked_out and knows_password(this_house(), user, password):  # type: ignore[attr-defined]
        return True
    user_login_failed.send(sender=__name__, credentials=counted_as, request=request)
    return False


def forget_failures(request: HttpRequest, name: str) -> None:
    """Those counted under a name that is not the user's own, once it has let them in."""
    AxesProxyHandler.reset_attempts(username=name, ip_address=address_of(request))


def _logged_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    # Sessions of those who never logged out, by the clock that they run by.
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    _record("logged_in", request, user)


def _logged_out(*, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _record("logged_out", request, user)


def _refused(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = str(credentials.get("username") or "").strip().lower()
    # The name alone says whose it is; what was typed as a password is nobody's to keep.
    user = User.log_ins.select_related("reseller").filter(username=name).first()
    audit.record(
        "log_in_refused",
        at=this_house().clock(),
        reseller=user.reseller if user else None,
        user=user,
        who=name or "nobody",
        address=address_of(request),
    )


def _record(action: str, request: HttpRequest, user: User) -> None:
    audit.record(action, at=this_house().clock(), reseller=user.reseller, user=user, address=address_of(request))
