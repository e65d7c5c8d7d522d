"""The tenant matrix: every address with every method, by every role, for what is theirs and for what is another's."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tenants import Tenant, furnished

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site

# What is answered to each of ROLES for what is the first reseller's. ANY: whatever the method; a method that does not
# stand here is refused to all of them. For what is the other reseller's, what an address names is not found.
ROLES = ("operator", "admin", "viewer", "branch_admin", "customer", "stranger", "nobody")
MATRIX = """
GET    /                                              200 200 302 200 302 200 302
POST   /                                              302 302 302 303 302 303 302
GET    /report/accounts                               200 200 403 200 403 200 302
GET    /report/accounts/ids                           200 200 403 200 403 200 302
POST   /report/accounts/read                          302 302 403 302 403 302 302
POST   /report/groups                                 200 200 403 200 403 200 302
POST   /report/groups/<int:number>/delete             200 200 403 200 403 404 302
GET    /reports/                                      200 200 200 200 200 200 302
GET    /reports/compare                               302 302 302 302 403 302 302
GET    /reports/<uuid:run_id>/                        200 200 200 200 200 404 302
GET    /reports/<uuid:run_id>/progress                200 200 200 286 286 404 302
POST   /reports/<uuid:run_id>/cancel                  302 302 403 404 403 404 302
POST   /reports/<uuid:run_id>/retry                   302 302 403 404 403 404 302
POST   /reports/<uuid:run_id>/send                    302 302 403 404 403 404 302
POST   /reports/<uuid:run_id>/delete                  302 302 403 404 403 404 302
POST   /reports/<uuid:run_id>/undelete                302 302 403 404 403 404 302
GET    /reports/<uuid:run_id>/zip                     200 200 200 200 200 404 302
GET    /reports/<uuid:run_id>/files/<path:name>       200 200 200 404 404 404 302
GET    /connection/                                   200 200 403 403 403 200 302
POST   /connection/                                   200 200 403 403 403 200 302
GET    /connection/test/<uuid:job_id>                 200 200 403 403 403 404 302
POST   /connection/reseller                           302 403 403 403 403 403 302
GET    /users/                                        200 200 403 200 403 200 302
POST   /users/                                        200 200 403 422 403 422 302
GET    /users/accounts                                200 200 403 200 403 200 302
GET    /users/<int:number>/                           200 200 403 404 403 404 302
POST   /users/<int:number>/                           302 302 403 404 403 404 302
POST   /users/<int:number>/password                   200 200 403 404 403 404 302
POST   /users/<int:number>/active                     302 302 403 404 403 404 302
POST   /users/<int:number>/second-step                302 302 403 404 403 404 302
GET    /audit/                                        200 200 403 200 403 200 302
GET    /login/                                        302 302 302 302 302 302 200
POST   /login/                                        302 302 302 302 302 302 200
GET    /login/code/                                   302 302 302 302 302 302 302
POST   /login/code/                                   302 302 302 302 302 302 302
GET    /login/kazoo/                                  302 302 302 302 302 302 200
POST   /login/kazoo/                                  302 302 302 302 302 302 200
GET    /login/kazoo/<slug:key>/                       404 404 404 404 404 404 404
POST   /login/kazoo/<slug:key>/                       404 404 404 404 404 404 404
POST   /logout/                                       302 302 302 302 302 302 302
GET    /password/                                     200 200 200 200 200 200 302
POST   /password/                                     200 200 200 200 200 200 302
GET    /password/forgot/                              200 200 200 200 200 200 200
POST   /password/forgot/                              200 200 200 200 200 200 200
GET    /password/reset/<uidb64>/<token>/              200 200 200 200 200 200 200
POST   /password/reset/<uidb64>/<token>/              200 200 200 200 200 200 200
GET    /second-step/                                  200 200 200 200 200 200 302
POST   /second-step/                                  422 422 422 422 422 422 302
POST   /second-step/off                               422 422 422 422 422 422 302
GET    /language/                                     302 302 302 302 302 302 302
POST   /language/                                     302 302 302 302 302 302 302
ANY    /api/v1/openapi.json                           200 200 200 200 200 200 401
ANY    /api/v1/docs                                   200 200 200 200 200 200 401
GET    /api/v1/me                                     200 200 200 200 200 200 401
GET    /api/v1/accounts                               200 200 200 200 200 200 401
GET    /api/v1/accounts/tree                          200 200 200 200 200 200 401
POST   /api/v1/accounts/read                          202 202 403 202 403 202 401
GET    /api/v1/accounts/<account_id>                  200 200 200 200 200 404 401
GET    /api/v1/groups                                 200 200 200 200 200 200 401
POST   /api/v1/groups                                 201 201 403 404 403 404 401
PUT    /api/v1/groups/<group_id>                      200 200 403 403 403 404 401
DELETE /api/v1/groups/<group_id>                      204 204 403 403 403 404 401
GET    /api/v1/runs                                   200 200 200 200 200 200 401
POST   /api/v1/runs                                   202 202 403 404 403 202 401
GET    /api/v1/runs/<run_id>                          200 200 200 200 200 404 401
DELETE /api/v1/runs/<run_id>                          200 200 403 404 403 404 401
GET    /api/v1/runs/<run_id>/progress                 200 200 200 404 404 404 401
GET    /api/v1/runs/<run_id>/events                   200 200 200 404 404 404 401
POST   /api/v1/runs/<run_id>/cancel                   409 409 403 404 403 404 401
POST   /api/v1/runs/<run_id>/retry                    202 202 403 404 403 404 401
POST   /api/v1/runs/<run_id>/restore                  200 200 403 404 403 404 401
GET    /api/v1/runs/<run_id>/mail                     200 200 403 404 403 404 401
POST   /api/v1/runs/<run_id>/mail                     202 202 403 404 403 404 401
GET    /api/v1/runs/<run_id>/files                    200 200 200 200 200 404 401
GET    /api/v1/runs/<run_id>/files.zip                200 200 200 200 200 404 401
GET    /api/v1/runs/<run_id>/files/<path:file>        200 200 200 404 404 404 401
GET    /api/v1/runs/<run_id>/summary                  200 200 200 404 404 404 401
GET    /api/v1/runs/<run_id>/countries                200 200 200 404 404 404 401
GET    /api/v1/runs/<run_id>/legs/<account_id>        200 200 200 200 200 404 401
GET    /api/v1/jobs/<job_id>                          200 200 200 404 404 404 401
GET    /api/v1/jobs/<job_id>/customers                200 200 200 404 404 404 401
GET    /api/v1/jobs/<job_id>/events                   200 200 200 404 404 404 401
GET    /api/v1/connection                             200 200 403 403 403 200 401
PUT    /api/v1/connection                             202 202 403 403 403 202 401
POST   /api/v1/connection/test                        202 202 403 403 403 202 401
GET    /api/v1/users                                  200 200 403 200 403 200 401
POST   /api/v1/users                                  201 201 403 201 403 404 401
GET    /api/v1/users/<user_id>                        200 200 403 404 403 404 401
PATCH  /api/v1/users/<user_id>                        200 200 403 404 403 404 401
POST   /api/v1/users/<user_id>/password               200 200 403 404 403 404 401
DELETE /api/v1/users/<user_id>/second-step            200 200 403 404 403 404 401
GET    /api/v1/keys                                   200 200 200 200 200 200 401
POST   /api/v1/keys                                   201 201 201 201 201 201 401
DELETE /api/v1/keys/<key_id>                          404 404 404 404 404 404 401
GET    /api/v1/audit                                  200 200 403 200 403 200 401
GET    /api/v1/resellers                              200 403 403 403 403 403 401
POST   /api/v1/resellers                              201 403 403 403 403 403 401
ANY    /api/v1/                                       404 404 404 404 404 404 401
ANY    /api/v1/^.*$                                   404 404 404 404 404 404 401
GET    /healthz                                       200 200 200 200 200 200 200
POST   /healthz                                       200 200 200 200 200 200 200
GET    /readyz                                        200 200 200 200 200 200 200
POST   /readyz                                        200 200 200 200 200 200 200
GET    /metrics                                       200 200 200 200 200 200 200
POST   /metrics                                       200 200 200 200 200 200 200
"""
# For what is the other's, where the body names it, or where another refusal comes first among one's own.
FOREIGN = """
POST   /                                              303 303 302 303 302 302 302
POST   /users/                                        422 422 403 422 403 200 302
GET    /password/reset/<uidb64>/<token>/              200 200 200 200 200 200 200
POST   /password/reset/<uidb64>/<token>/              200 200 200 200 200 200 200
POST   /api/v1/groups                                 404 404 403 404 403 201 401
PUT    /api/v1/groups/<group_id>                      404 404 403 404 403 200 401
DELETE /api/v1/groups/<group_id>                      404 404 403 404 403 204 401
POST   /api/v1/users                                  404 404 403 404 403 201 401
"""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def read(text: str) -> dict[tuple[str, str], list[int]]:
    lines = [line.split() for line in text.strip().splitlines()]
    return {(method, route): [int(code) for code in codes] for method, route, *codes in lines}


DECLARED, DECLARED_FOREIGN = read(MATRIX), read(FOREIGN)
Asked = tuple[str, str]  # Method and route.


def routes(resolver: Any = None, before: str = "/") -> Iterator[str]:
    """Every address that there is, as it is written."""
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, path)
        elif isinstance(each, URLPattern):
            yield path


@dataclass
class Market:
    """Two resellers with one of everything. `stranger` is the other one's admin; the others are of the first."""

    site: Site
    own: Tenant
    other: Tenant
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, role: str) -> Client:
        if role not in self.clients:
            first = self.own.first
            people: dict[str, tuple[Role, dict[str, Any]]] = {
                "operator": (Role.OPERATOR, {}),
                "admin": (Role.RESELLER_ADMIN, {}),
                "viewer": (Role.RESELLER_VIEWER, {}),
                "branch_admin": (Role.RESELLER_ADMIN, {"account_id": first}),
                "customer": (Role.CUSTOMER_ADMIN, {"account_id": first}),
                "stranger": (Role.RESELLER_ADMIN, {"reseller": self.site.other}),
            }
            known = people.get(role)
            named: dict[str, Any] = {"username": f"{role}@example.com"}
            client = self.site.as_(self.site.user(known[0], **named, **known[1])) if known else Client()
            self.clients[role] = client
        return self.clients[role]

    def ask(self, role: str, method: str, route: str, of: Tenant) -> tuple[int, str]:
        """What is answered, and all of its text. Nothing of it stays: each finds everything as it was."""
        from reseller_reporting.api.passing import rate_limit

        rate_limit.forget()
        path, body = filled(route, of), bodies(of).get((method, route))
        more: dict[str, Any] = {}
        if body is not None and route.startswith("/api/"):
            more = {"data": json.dumps(body), "content_type": "application/json"}
        elif body is not None:
            more = {"data": body}
        client = Client(raise_request_exception=False)  # A log-out or another language is of one request alone.
        client.cookies.update(self.client(role).cookies)
        ask = getattr(client, method.lower())
        with transaction.atomic():
            answer = ask(path, **more)
            transaction.set_rollback(True)
        # A stream goes on after its request, and closes its connection.
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as opened:
                content = b"".join(name.encode() + opened.read(name) for name in opened.namelist())
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        return answer.status_code, f"{headers}\n{content.decode(errors='replace')}"


@pytest.fixture
def market(site: Site, monkeypatch: pytest.MonkeyPatch) -> Market:
    from django.conf import settings

    mailing = replace(site.house.settings, smtp_url="smtp://127.0.0.1:25", mail_from="reports@example.com")
    monkeypatch.setattr(settings, "HOUSE", replace(site.house, settings=mailing))
    return Market(
        site,
        own=furnished(site, site.reseller, "zebra", "a"),
        other=furnished(site, site.other, "quagga", "b"),
    )


def filled(route: str, of: Tenant) -> str:
    rows = of.rows
    found: dict[str, object] = {
        "run_id": rows["run"].pk,
        "job_id": rows["tested" if route.startswith("/connection") else "job"].pk,
        "account_id": of.first,
        "group_id": rows["group"].pk,
        "user_id": rows["user"].pk,
        "number": rows["user" if route.startswith("/users") else "group"].pk,
        "file": rows["files"]["summary.csv"].pk,
        "key_id": 1,
        "name": "summary.csv",
        "key": "nowhere",  # Of a log-in that no reseller has.
        "uidb64": "MQ",
        "token": "x",
    }
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda each: str(found[each[1]]), route)
    return path.replace("^.*$", "nowhere")


def bodies(of: Tenant) -> dict[tuple[str, str], Any]:
    """What is sent where something is made or changed; elsewhere nothing."""
    person = {"role": "customer_admin", "account_id": of.first}
    return {
        ("POST", "/"): {
            "scope": "some", "accounts": of.second, "period": "last-month", "timezone": "UTC", "edition": "internal",
            "token": "x",
        },
        ("POST", "/report/groups"): {"name": "New", "accounts": of.second},
        ("POST", "/reports/<uuid:run_id>/send"): {"email": "a@example.com", "token": "x", "sure": "yes"},
        ("POST", "/connection/"): {"do": "try-stored"},
        ("POST", "/connection/reseller"): {"reseller": of.reseller.pk},
        ("POST", "/users/"): {"username": "n@example.com", "role": "customer_admin", "account": of.second},
        ("POST", "/users/<int:number>/"): {"role": "reseller_viewer", "name": "New"},
        ("POST", "/users/<int:number>/active"): {"active": "no"},
        ("POST", "/language/"): {"language": "de", "next": "/login/"},
        ("POST", "/api/v1/runs"): {"accounts": [of.second]},
        ("POST", "/api/v1/runs/<run_id>/mail"): {"recipients": ["a@example.com"]},
        ("POST", "/api/v1/groups"): {"name": "New", "account_ids": [of.second]},
        ("PUT", "/api/v1/groups/<group_id>"): {"name": "New", "account_ids": [of.first]},
        ("POST", "/api/v1/users"): person | {"email": "n@example.com"},
        ("PATCH", "/api/v1/users/<user_id>"): {"name": "New"},
        ("POST", "/api/v1/connection/test"): {},
        ("PUT", "/api/v1/connection"): {"kazoo_url": "https://93.184.215.14/v2", "api_key": "0" * 64},
        ("POST", "/api/v1/resellers"): {"name": "New"},
        ("POST", "/api/v1/keys"): {"name": "books", "scopes": ["runs:read"]},
    }  # fmt: skip


def expected(asked: Asked, role: str, *, is_foreign: bool) -> int:
    number = ROLES.index(role)
    if is_foreign and asked in DECLARED_FOREIGN:
        return DECLARED_FOREIGN[asked][number]
    own = DECLARED[asked][number]
    is_refused = own in (401, 403) or role == "nobody"
    return 404 if is_foreign and "<" in asked[1] and not is_refused else own


def cases() -> Iterator[Asked]:
    """Each once, with a method that it takes; ANY is tried with one that makes and one that shows."""
    for method, route in DECLARED:
        yield from ([("GET", route), ("DELETE", route)] if method == "ANY" else [(method, route)])


def stated(asked: Asked) -> Asked:
    return asked if asked in DECLARED else ("ANY", asked[1])


def test_every_address_stands_in_the_matrix() -> None:
    assert set(routes()) == {route for _, route in DECLARED}


def secrets_before(market: Market, role: str, sent: str) -> list[str]:
    """What this role reads nowhere; what it said itself may come back to it."""
    own, other = market.own, market.other
    found = {
        "operator": [*other.words],
        "admin": [*other.words, "Charlie"],
        "viewer": [*other.words, "Charlie"],
        "branch_admin": [*other.words, "Charlie", *own.seconds_words, *own.whole_words],
        "customer": [*other.words, "Charlie", *own.seconds_words, *own.whole_words, own.cost],
        "stranger": [*own.words, "Acme"],
        "nobody": [*own.words, *other.words, "Acme", "Charlie"],
    }[role]
    return [word for word in found if word not in sent]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_answered_what_the_matrix_says_and_reads_nothing_of_others(market: Market, role: str) -> None:
    found: dict[tuple[str, str, bool], int] = {}
    wanted: dict[tuple[str, str, bool], int] = {}
    leaks: list[tuple[str, str, bool, str]] = []
    for asked in cases():
        method, route = asked
        for of in (market.own, market.other):
            is_foreign = of is market.other
            body = bodies(of).get(asked)
            if is_foreign and "<" not in route and body is None:
                continue
            code, text = market.ask(role, method, route, of)
            found[(*asked, is_foreign)] = code
            if role == "stranger" and is_foreign:
                wanted[(*asked, is_foreign)] = code  # It is theirs.
            else:
                wanted[(*asked, is_foreign)] = expected(stated(asked), role, is_foreign=is_foreign)
            words = secrets_before(market, role, f"{filled(route, of)} {body}")
            leaks += [(*asked, is_foreign, word) for word in words if word in text]
    if role == "operator":  # Their list of resellers has them all.
        leaks = [each for each in leaks if each[1] != "/api/v1/resellers"]
    assert found == wanted
    assert leaks == []


@pytest.mark.parametrize("role", ["admin", "nobody"])
def test_methods_that_an_address_does_not_take_are_refused(market: Market, role: str) -> None:
    taken = {route: {method for method, each in DECLARED if each == route} for _, route in DECLARED}
    for route, methods in taken.items():
        for method in METHODS:
            if method not in methods and "ANY" not in methods:
                code, _ = market.ask(role, method, route, market.own)
                refusals = (405,) if role == "admin" else (302, 401, 405)
                assert code in refusals, (method, route, code)
