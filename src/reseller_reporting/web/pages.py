"""What is said when something is refused; and what machines ask: health and metrics."""

import sys
from contextlib import suppress
from typing import Any

import structlog
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from reseller_reporting.control.refusals import problem
from reseller_reporting.web import metrics
from reseller_reporting.web.middleware import is_api, path_to_log

_log = structlog.get_logger()
_BEFORE_LOG_IN = ("login", "kazoo_login", "kazoo_login_of", "second_step", "password_forgot", "password_reset")
_AWAY = "The database cannot be reached just now. Nothing is lost; try again in a minute."


def locked_out(request: HttpRequest, *_arguments: Any, **_named: Any) -> HttpResponse:
    """Said alike whether the name exists or not."""
    response = render(request, "registration/locked_out.html", status=429)
    response.headers["Retry-After"] = "900"
    return response


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Before the log-in a page that stood open too long is simply made anew: nothing but a try is lost by it."""
    view = request.resolver_match.view_name if request.resolver_match else ""
    is_stale = reason.startswith("CSRF token") and "csrfmiddlewaretoken" in request.POST
    if view not in _BEFORE_LOG_IN or not is_stale:
        return render(request, "403_csrf.html", status=403)
    messages.warning(request, _("This page was open for too long. Please try once more."))
    leads_to = request.POST.get("next", "")
    return redirect(f"{request.path}?{urlencode({'next': leads_to})}" if leads_to else request.get_full_path())


def failed(request: HttpRequest) -> HttpResponse:
    """What could not be expected: the log has the cause. A database that is away is said as that."""
    cause = sys.exc_info()[1]
    is_away = isinstance(cause, OperationalError | InterfaceError)
    if is_away:  # Every request says so until it is back: a line each.
        _log.error("the control database is away", path=path_to_log(request), cause=" ".join(str(cause).split()))
    else:
        _log.error("request failed", path=path_to_log(request), exc_info=cause)
    status, code = (503, "database_unavailable") if is_away else (500, "unexpected")
    with suppress(DatabaseError):
        connection.close()
    if is_api(request):
        detail = _AWAY if is_away else "Something unexpected went wrong; the log of the server has the cause."
        response: HttpResponse = problem(status, code, detail)
    else:
        # Without the request: what stands around a page would ask the database again.
        response = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if is_away:
        response.headers["Retry-After"] = "30"
    return response


@login_not_required
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(_request: HttpRequest) -> HttpResponse:
    """And its database does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return JsonResponse({"ready": False, "database": "away"}, status=503)
    return JsonResponse({"ready": True, "database": "ok"})


@login_not_required
def prometheus(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
