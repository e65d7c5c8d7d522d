"""Every refusal of the API as problem+json: our errors by their kind, and what Django and Ninja raise.

Invariants
- What is not the asker's to see is answered as what does not exist.
- No answer holds a traceback, an SQL statement, a path of the server, or what was sent as a secret.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from reseller_reporting.control.refusals import problem
from reseller_reporting.model.errors import Kind, ResellerReportingError

STATUS_OF: dict[Kind, int] = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.DENIED: 403,
    Kind.UNAVAILABLE: 503,
}
_RETRY_AFTER_SECONDS = "30"
_CODE_OF_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ProblemDocument(Schema):
    """RFC 9457: `code` for programs, `detail` for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] | None = None  # What is wrong with which field, of a request that is not as described.


class Refused(Exception):
    """What the API itself refuses."""

    def __init__(self, status: int, code: str, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def register(api: NinjaAPI) -> None:
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(ResellerReportingError, _expected)
    api.add_exception_handler(Http404, not_found)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _plain)
    api.add_exception_handler(RequestDataTooBig, too_large)
    api.add_exception_handler(SuspiciousOperation, _suspicious)


def not_found(_request: HttpRequest, _error: Exception | type[Exception] | None = None) -> HttpResponse:
    return problem(404, "not_found", "There is no such thing, or it is not yours to see.")


def not_allowed(allowed: str) -> HttpResponse:
    answer = problem(405, "method_not_allowed", f"This address answers {allowed}.")
    answer.headers["Allow"] = allowed
    return answer


def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    answer = problem(error.status, error.code, error.detail)
    for name, value in error.headers.items():
        answer.headers[name] = value
    return answer


def _expected(_request: HttpRequest, error: Any) -> HttpResponse:
    answer = problem(STATUS_OF[error.kind], error.code, error.sentence)
    if error.kind is Kind.UNAVAILABLE:
        answer.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return answer


def _invalid(_request: HttpRequest, error: Any) -> HttpResponse:
    """Where and what, but never the value: it may be a password."""
    found = [{"field": _field(each["loc"]), "message": str(each["msg"])} for each in error.errors]
    told = "; ".join(f"{each['field']}: {each['message']}" for each in found[:5])
    return problem(422, "invalid_request", f"The request is not as described: {told}.", errors=found)


def _field(location: Sequence[Any]) -> str:
    """`body.accounts.0`, without the name of the argument that holds the body."""
    where, *rest = [str(part) for part in location]
    if where == "body":
        rest = rest[1:]
    return ".".join([where, *rest])


def _plain(_request: HttpRequest, error: Any) -> HttpResponse:
    code = _CODE_OF_STATUS.get(error.status_code, "refused")
    detail = "The body is no JSON." if error.status_code == 400 else str(error)
    return problem(error.status_code, code, detail)


def too_large(_request: HttpRequest | None = None, _error: Any = None) -> HttpResponse:
    return problem(413, "too_large", "The body is larger than anything that this API takes.")


def _suspicious(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(400, "bad_request", "The request cannot be understood.")
