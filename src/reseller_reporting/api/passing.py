"""What every request of the API passes before its operation: the rate limit, and POSTs that are asked twice.

Invariants
- An `Idempotency-Key` and what it did stand or fall in one transaction: a crash in the middle leaves neither.
- Only what was done is kept; a refusal did nothing, and is decided anew.
- What is shown once is not kept: asked again, the answer lacks it.
"""

import hashlib
import hmac
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse

from reseller_reporting.api.refusing import not_allowed, too_large
from reseller_reporting.app.tenancy import seal, this_house
from reseller_reporting.control.asking import Asking, asking
from reseller_reporting.control.models import ApiKey, IdempotencyKey
from reseller_reporting.control.refusals import problem
from reseller_reporting.control.scoping import across_resellers, within

KEPT_FOR = timedelta(hours=24)
READS_A_MINUTE, WRITES_A_MINUTE = 600, 120
SHOWN_ONCE = ("key", "password")
_WINDOW = timedelta(minutes=1)
_ASKERS_MAX = 10_000
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_SAFE = ("GET", "HEAD", "OPTIONS")

View = Callable[..., HttpResponseBase]


class RateLimit:
    """How many requests an asker made since a minute began. Of this process: another one counts for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[tuple[str, bool], tuple[datetime, int]] = OrderedDict()

    def seconds_to_wait(self, asker: str, *, is_read: bool, now: datetime) -> int:
        """0: it may pass."""
        limit = READS_A_MINUTE if is_read else WRITES_A_MINUTE
        with self._lock:
            began, count = self._counts.pop((asker, is_read), (now, 0))
            if now - began >= _WINDOW:
                began, count = now, 0
            self._counts[asker, is_read] = (began, count + 1)
            while len(self._counts) > _ASKERS_MAX:
                self._counts.popitem(last=False)
        if count < limit:
            return 0
        return max(1, round((began + _WINDOW - now).total_seconds()))

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


rate_limit = RateLimit()


def passing(view: View) -> View:
    """Around a view of Ninja's."""

    @wraps(view)
    def passed(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        asked = asking(request)
        is_read = request.method in _SAFE
        now = this_house().clock()
        asker = f"key {asked.api_key.pk}" if asked.api_key else f"user {asked.user.pk}"
        wait = rate_limit.seconds_to_wait(asker, is_read=is_read, now=now)
        if wait:
            answer: HttpResponse = problem(429, "too_many_requests", f"Too many requests: go on in {wait} seconds.")
            answer.headers["Retry-After"] = str(wait)
            return answer
        if asked.api_key:
            _note_use(asked.api_key, now)

        def answered() -> HttpResponseBase:
            response = view(request, *arguments, **named)
            return not_allowed(response["Allow"]) if isinstance(response, HttpResponseNotAllowed) else response

        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return answered()
        if not _KEY.fullmatch(key):
            return problem(422, "invalid_request", "An Idempotency-Key is 1 to 200 visible ASCII characters.")
        try:
            assert request.body is not None, "read before anything is done"
        except RequestDataTooBig:
            return too_large()
        with across_resellers():  # A user's keys are one row of names, whichever reseller an operator works for.
            return _once(asked, key, answered)

    return passed


def _once(asked: Asking, key: str, answered: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    now = this_house().clock()
    digest = _digest(asked)
    # A second one with this key waits: on PostgreSQL at its insert, on SQLite at its beginning.
    with transaction.atomic():
        IdempotencyKey.objects.filter(user=asked.user, key=key, created_at__lte=now - KEPT_FOR).delete()
        row, is_new = IdempotencyKey.objects.get_or_create(
            user=asked.user,
            key=key,
            defaults={"reseller": asked.reseller, "request_digest": digest, "created_at": now},
        )
        if not is_new:
            return _again(row, digest)
        with within(asked.reseller):
            response = answered()
        if not 200 <= response.status_code < 300 or not isinstance(response, HttpResponse):
            transaction.set_rollback(True)
            return response
        row.status = response.status_code
        row.answer = {"body": _kept(response), "location": response.headers.get("Location")}
        row.save(update_fields=["status", "answer"])
    return response


def _again(row: IdempotencyKey, digest: str) -> HttpResponse:
    if row.request_digest != digest:
        return problem(
            409, "idempotency_key_reused", "This Idempotency-Key was sent with another request. Use a new one."
        )
    assert row.status is not None, "it was kept with its answer"
    assert row.answer is not None, "it was kept with its status"
    body, location = row.answer["body"], row.answer["location"]
    answer = HttpResponse(status=row.status) if body is None else JsonResponse(body, status=row.status, safe=False)
    if location is not None:
        answer.headers["Location"] = location
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _kept(response: HttpResponse) -> Any:
    if not response.content:
        return None
    document = json.loads(response.content)
    if isinstance(document, dict):
        document |= {name: None for name in SHOWN_ONCE if name in document}
    return document


def _digest(asked: Asking) -> str:
    """With a key of ours: the body may hold a password, which a bare digest would let guess."""
    stated = f"{asked.method} {asked.get_full_path()} {asked.reseller.pk}\n".encode()
    return hmac.digest(seal(this_house()).derived("idempotency").encode(), stated + asked.body, hashlib.sha256).hex()


def _note_use(key: ApiKey, now: datetime) -> None:
    """Once a minute is enough to find keys that nobody uses."""
    if key.last_used_at is None or now - key.last_used_at >= _WINDOW:
        with across_resellers():
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
