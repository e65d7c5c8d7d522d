"""Permission: each operation names the one scope that it needs; the scope names the action of the role.

Invariants
- A session has every scope; a key those that it was made with, and never more than its user's role.
"""

from collections.abc import Sequence
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


def needs(scope: Scope | None = None, *, instead: Sequence[Scope] = (), **extra: Any) -> dict[str, Any]:
    """For the decorator of an operation: `@router.get("", **needs(Scope.RUNS_READ))`. None: whoever is logged in.

    A key with one of `instead` alone is let in, too: to what that one opens, which the operation sees to by `has`.
    """
    scopes = [each.value for each in (scope, *instead) if each]
    responses: dict[Any, Any] = {"default": PROBLEM_RESPONSE} | extra.pop("responses", {})
    security: list[dict[str, list[str]]] = [{"key": [each]} for each in scopes] or [{"key": []}]
    stated = {"security": [*security, {"session": []}], "responses": responses} | extra
    if scope:
        stated["x-scope"] = scope.value
    return {"auth": _Needed(scope, instead) if scope else _anyone, "openapi_extra": stated}


def has(request: HttpRequest, scope: Scope) -> bool:
    """Whether the key was made with it; a session has all of them."""
    key = asking(request).api_key
    return key is None or scope.value in key.scopes


def require(request: HttpRequest, scope: Scope) -> None:
    asked = asking(request)
    if not may(asked.user, ACTION_OF[scope]):
        raise Refused(403, "not_allowed", f"Your role, {asked.user.role}, does not allow this.")
    if not has(request, scope):
        raise Refused(403, "scope_missing", f"This key lacks the scope {scope.value}. Make one that has it.")


class _Needed:
    """What Ninja calls before it reads anything of the request."""

    def __init__(self, scope: Scope, instead: Sequence[Scope]) -> None:
        self._scope, self._instead = scope, instead

    def __call__(self, request: HttpRequest) -> bool:
        held = (each for each in (self._scope, *self._instead) if has(request, each))
        require(request, next(held, self._scope))
        return True


def _anyone(_request: HttpRequest) -> bool:
    return True
