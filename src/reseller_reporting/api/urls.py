"""The API as one object, and its address. A subject gets a module with a router, added here.

Who asks was found out before (`control/asking.py`): no router authenticates; `needs` names the scope of each operation.
"""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI, Schema
from ninja.openapi.docs import Swagger

from reseller_reporting import __version__
from reseller_reporting.api import (
    accounts,
    audit,
    connection,
    files,
    groups,
    jobs,
    keys,
    refusing,
    resellers,
    runs,
    users,
)
from reseller_reporting.api.passing import passing
from reseller_reporting.api.permission import PROBLEM_SCHEMA, SECURITY_SCHEMES, needs
from reseller_reporting.control.asking import asking

_DESCRIPTION = """Order reports, follow them, fetch what they made. Send an API key as `Authorization: Bearer rrk_…`.

Every refusal is a problem document (RFC 9457) with a `code`. A POST with an `Idempotency-Key` is done once, however
often it is sent. Times are ISO 8601 with an offset, money and minutes exact texts."""


class _Documentation(Swagger):
    """The library's own files. Its badge would ask another host, its requests need our token, and its links within the
    buttons that open an operation are nothing for a keyboard."""

    template = "api_documentation.html"

    def render_page(self, request: HttpRequest, api: NinjaAPI, **named: Any) -> HttpResponse:
        stated = self.default_settings | {
            "validatorUrl": None,
            "deepLinking": False,
            "url": self.get_openapi_url(api, named),
        }
        return render(request, self.template, {"swagger_settings": json.dumps(stated)})


class _Api(NinjaAPI):
    def get_openapi_schema(self, **named: Any) -> Any:
        schema = super().get_openapi_schema(**named)
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        schema["components"]["schemas"]["ProblemDocument"] = PROBLEM_SCHEMA
        return schema


api = _Api(
    title="Reseller Reporting",
    version=__version__,
    description=_DESCRIPTION,
    urls_namespace="api",
    docs=_Documentation(),
    docs_url="/docs",
)
refusing.register(api)
api.add_router("/accounts", accounts.router)
api.add_router("/groups", groups.router)
api.add_router("/runs", runs.router)
api.add_router("/runs", files.router)
api.add_router("/jobs", jobs.router)
api.add_router("/connection", connection.router)
api.add_router("/users", users.router)
api.add_router("/keys", keys.router)
api.add_router("/audit", audit.router)
api.add_router("/resellers", resellers.router)


class Me(Schema):
    username: str
    role: str
    reseller: str
    account_id: str
    scopes: list[str] | None  # Of the key; null for a session, which has all.


@api.get("/me", response=Me, summary="Who this key or session is", tags=["me"], **needs())
def me(request: HttpRequest) -> Me:
    asked = asking(request)
    user = asked.user
    return Me(
        username=user.username,
        role=user.role,
        reseller=asked.reseller.name,
        account_id=user.account_id,
        scopes=list(asked.api_key.scopes) if asked.api_key else None,
    )


def _nothing_here(request: HttpRequest, **_named: Any) -> HttpResponse:
    return refusing.not_found(request)


@cache
def _patterns() -> list[Any]:
    patterns = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in patterns:
        assert pattern.callback is not None, "an address has its view"
        # The root names the API for itself alone; Ninja's own answer to it is a page.
        pattern.callback = passing(_nothing_here if pattern.name == "api-root" else pattern.callback)
    return patterns


urlpatterns = [
    path("", (_patterns(), "ninja", api.urls_namespace)),
    re_path(r"^.*$", passing(_nothing_here)),
]
