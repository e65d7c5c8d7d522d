"""What every request passes: it is counted and logged, gets strict headers, and is let in by one door.

Invariants
- Without a log-in nothing is reached but views marked `login_not_required`: pages lead to the log-in, the API says 401.
- Whoever is let in works within the scope of one reseller; of others no table answers.
- A request with a session that changes something proves that it comes from our pages; one with a key need not.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict, UnreadablePostError
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.api_keys import find_key
from reseller_reporting.control.models import ApiKey, Reseller, User
from reseller_reporting.control.refusals import problem
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.scoping import within
from reseller_reporting.web import metrics
from reseller_reporting.web.client_address import FORWARDED_PROTO, client_address, is_forwarded_https
from reseller_reporting.web.log_ins import address_of

Answer = Callable[[HttpRequest], HttpResponse]
API = "/api/"
CHOSEN_RESELLER = "reseller"  # In the session of an operator.
_ZERO_BYTE = "\0"
_RESET = "/password/reset/"
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
# What supervisors ask is answered without asking the database who they are: it may be what they want to know of.
OF_SUPERVISORS = ("/healthz", "/readyz", "/metrics")
_PAGE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")  # What browsers send; others would be taken for one of these.

_log = structlog.get_logger()

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Tabler's own arrows and ticks.
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API)


def is_static(request: HttpRequest) -> bool:
    return request.path.startswith(str(settings.STATIC_URL))


def path_to_log(request: HttpRequest) -> str:
    """Of the page where a new password is chosen, the form: its path lets whoever reads it choose one."""
    begin, found, _ = request.path.partition(_RESET)
    return f"{begin}{found}…" if found else request.path


class Watched:
    """A line and a measurement each."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(process="web")
        _settle_where_from(request)
        request.address = address_of(request)  # type: ignore[attr-defined]
        response = self._answer(request)
        seconds = time.perf_counter() - began
        view = request.resolver_match.view_name if request.resolver_match else ""
        metrics.requested(view or "other", response.status_code, seconds)
        if view not in ("healthz", "readyz", "metrics") and not is_static(request):
            _log.info(
                "request",
                method=request.method,
                path=path_to_log(request),
                status=response.status_code,
                milliseconds=round(seconds * 1000),
                address=address_of(request),
            )
        return response


def _settle_where_from(request: HttpRequest) -> None:
    """Everyone reads it from here: the audit trail, the log, the lock after wrong passwords; and Django, whether the
    request is a secure one."""
    peer, trusted = address_of(request), this_house().settings.trusted_proxies
    is_https = is_forwarded_https(peer, request.META.pop(FORWARDED_PROTO, ""), trusted)
    if is_https:
        request.META[FORWARDED_PROTO] = "https"
    request.META["REMOTE_ADDR"] = client_address(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""), trusted)


class Headers:
    """Strict headers on everything; pages are kept by no cache, since they hold what only their reader may see."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if not is_static(request):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Small:
    """No page takes a file, and no form is larger than this: what says that it is goes unread, whoever sends it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if length.isdecimal() and int(length) <= settings.REQUEST_BYTES_MAX:
            return self._answer(request)
        if is_api(request):
            return problem(413, "too_large", "The body is larger than anything that this API takes.")
        return HttpResponse(render_to_string("413.html"), status=413)


class Legible:
    """No database keeps a zero byte in a text, and nobody types one: pages take it in no form, no query and no address.
    The API says so by field."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if _ZERO_BYTE in value]:
            del request.COOKIES[name]
        return self._answer(request)

    def process_view(self, request: HttpRequest, _view: Any, _arguments: list[Any], _named: dict[str, Any]) -> None:
        if is_api(request):
            return
        if _ZERO_BYTE in request.path_info:
            raise Http404
        with suppress(UnreadablePostError):  # As the form that proves nothing, it is refused next.
            if _has_zero_byte(request.GET) or _has_zero_byte(request.POST):
                raise BadRequest


def _has_zero_byte(given: QueryDict) -> bool:
    return any(_ZERO_BYTE in text for name, texts in given.lists() for text in (name, *texts))


class WhoAsks:
    """The door: finds out who asks and for which reseller, and opens that reseller's scope for the view."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in OF_SUPERVISORS:
            return self._answer(request)
        key = _key_of(request)
        if key is not None:
            request.user = key.user
        request.api_key = key  # type: ignore[attr-defined]
        user = request.user
        if not user.is_authenticated:
            request.reseller = None  # type: ignore[attr-defined]
            return self._answer(request)
        reseller = _reseller_of(request, user)
        if reseller is None:
            return problem(404, "unknown_reseller", "X-Reseller names no reseller: it takes the number of one.")
        request.reseller = reseller  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(tenant=reseller.key or "own", user=user.pk)
        # Moments are shown by the clock of those who read them.
        with within(reseller), timezone.override(_zone_of(reseller)):
            return self._answer(request)

    def process_view(
        self, request: HttpRequest, view: Any, _arguments: list[Any], _named: dict[str, Any]
    ) -> HttpResponse | None:
        if request.method not in _PAGE_METHODS and not is_api(request):
            return HttpResponseNotAllowed(_PAGE_METHODS)
        if not getattr(view, "login_required", True):
            return None
        user = request.user
        if not user.is_authenticated:
            return _refused(request)
        if is_api(request) and request.api_key is None and request.method not in _SAFE and check_csrf(request):  # type: ignore[attr-defined]
            return problem(
                403, "csrf", "This session's request carries no X-CSRFToken of ours. Programs use an API key."
            )
        if user.must_change_password and request.api_key is None:  # type: ignore[attr-defined]
            return _must_change_password(request)
        return None


def _key_of(request: HttpRequest) -> ApiKey | None:
    """The API alone takes keys: a page that did would be a way around the proof of where a form came from."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if not is_api(request) or scheme.lower() != "bearer" or not text:
        return None
    return find_key(text.strip(), now=this_house().clock())


def _reseller_of(request: HttpRequest, user: User) -> Reseller | None:
    """One's own; an operator works for one at a time, which the session remembers. A program says which with each
    request: None when there is no such one, for what it asks is not meant for the operator's own."""
    if not may(user, Action.CHOOSE_RESELLER):
        return user.reseller
    if not is_api(request):
        return _numbered(str(request.session.get(CHOSEN_RESELLER) or "")) or user.reseller
    stated = request.headers.get("X-Reseller")
    return user.reseller if stated is None else _numbered(stated.strip())


def _numbered(text: str) -> Reseller | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return Reseller.objects.filter(pk=int(text)).first() if is_number else None


def _zone_of(reseller: Reseller) -> ZoneInfo:
    """KAZOO may have a zone that is none: then the pages still open."""
    try:
        return ZoneInfo(reseller.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _refused(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        is_sent = bool(request.headers.get("Authorization"))
        sentence = (
            "This API key is unknown or expired, or is not sent as 'Authorization: Bearer rrk_…'. Make a new one."
            if is_sent
            else "Send an API key as 'Authorization: Bearer …', or log in."
        )
        response: HttpResponse = problem(401, "log_in_needed", sentence)
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if is_sent else "Bearer"
        return response
    if request.method not in _SAFE:
        messages.warning(
            request, _("You are not logged in any more: what you sent was not taken. Log in and repeat it.")
        )
    to_login = redirect_to_login(_page_of(request), reverse(settings.LOGIN_URL))
    if not getattr(request, "htmx", False):
        return cast("HttpResponse", to_login)
    # A part of a page would get the whole log-in page put into it.
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = to_login.url
    return response


def _page_of(request: HttpRequest) -> str:
    """Where whoever asks stands: what a part, or a form, was sent to is no page that can be gone to."""
    is_htmx = bool(getattr(request, "htmx", False))
    if request.method in _SAFE and not is_htmx:
        return request.get_full_path()
    stated = urlsplit(request.headers.get("HX-Current-URL" if is_htmx else "Referer", ""))
    if stated.netloc != request.get_host():
        return reverse(settings.LOGIN_REDIRECT_URL)
    return urlunsplit(("", "", stated.path or "/", stated.query, ""))


def _must_change_password(request: HttpRequest) -> HttpResponse | None:
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name in ("password_change", "logout", "set_language"):
        return None
    if is_api(request):
        return problem(403, "password_change_needed", "Log in with a browser and choose a password of your own first.")
    return redirect("password_change")
