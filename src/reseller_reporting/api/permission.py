"""Permission: each operation names the one scope that it needs; the scope names the action of the role.

Invariants
- A session has every scope; a key those that it was made with, and never more than its user's role.
"""

from typing import Any

from django.http import HttpRequest

from reseller_reporting.api.refusing import ProblemDocument, Refused
from reseller_reporting.control.api_keys import ACTION_OF, Scope
from reseller_reporting.control.asking import asking
from reseller_reporting.control.roles import may

SECURITY_SCHEMES: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer rrk_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "reseller_reporting_session",
        "description": "The session of a browser; what changes something needs `X-CSRFToken`, too.",
    },
}
PROBLEM_RESPONSE = {
    "description": "Refused; `code` says why for programs, `detail` for people.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
PROBLEM_SCHEMA = ProblemDocument.model_json_schema()


def needs(scope: Scope | None = None, **extra: Any) -> dict[str, Any]:
    """For the decorator of an operation: `@router.get("", **needs(Scope.RUNS_READ))`. None: whoever is logged in."""
    scopes = [scope.value] if scope else []
    responses: dict[Any, Any] = {"default": PROBLEM_RESPONSE} | extra.pop("responses", {})
    stated = {"security": [{"key": scopes}, {"session": []}], "responses": responses} | extra
    if scope:
        stated["x-scope"] = scope.value
    return {"auth": _Needed(scope) if scope else _anyone, "openapi_extra": stated}


def require(request: HttpRequest, scope: Scope) -> None:
    asked = asking(request)
    if not may(asked.user, ACTION_OF[scope]):
        raise Refused(403, "not_allowed", f"Your role, {asked.user.role}, does not allow this.")
    key = asked.api_key
    if key is not None and scope.value not in key.scopes:
        raise Refused(403, "scope_missing", f"This key lacks the scope {scope.value}. Make one that has it.")


class _Needed:
    """What Ninja calls before it reads anything of the request."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __call__(self, request: HttpRequest) -> bool:
        require(request, self._scope)
        return True


def _anyone(_request: HttpRequest) -> bool:
    return True
