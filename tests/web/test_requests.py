"""What every request must prove or keep to: where a form comes from, how large it is, where it may lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.urls import URLResolver, get_resolver

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site

_FILLED = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "a/b"}
# These change nothing that is anyone's.
_WITHOUT_CHANGE = {"healthz", "readyz", "metrics"}


def paths(resolver: Any = None, before: str = "/") -> list[tuple[str, str]]:
    found = []
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            found += paths(each, path)
        else:
            filled = re.sub(r"<(?:(\w+):)?\w+>", lambda match: _FILLED.get(match[1], "a"), path)
            found.append((each.name or "", filled.replace("^.*$", "nothing")))
    return found


def test_no_address_takes_a_form_from_elsewhere(site: Site) -> None:
    """Of a browser that is logged in; a page that takes no forms at all may say that first."""
    client = site.as_(site.user(Role.OPERATOR))
    client.handler.enforce_csrf_checks = True
    asked = 0
    for name, path in paths():
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(path)
            if name not in _WITHOUT_CHANGE:
                assert answer.status_code == 403, (method, path)
                asked += 1
    assert asked > 200
    assert client.get("/").status_code == 200  # Nor is anyone logged out by it.


@pytest.mark.parametrize("path", ["/login/", "/password/forgot/", "/users/", "/nowhere", "/api/v1/runs"])
@pytest.mark.parametrize("is_in", [False, True])
def test_what_is_huge_is_not_read(site: Site, path: str, is_in: bool) -> None:
    client = site.as_(site.user(Role.OPERATOR)) if is_in else site.client

    class Unread:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("it was read")

        readline = read

    for content_type in ("multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded"):
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_LENGTH": "10000001",
            "CONTENT_TYPE": content_type,
            "wsgi.input": Unread(),
        }
        assert client.request(PATH_INFO=path, **environ).status_code == 413


def test_many_fields_and_long_forms_are_refused(site: Site) -> None:
    client = site.as_(site.user(Role.OPERATOR))
    assert client.post("/users/", {f"field{number}": "" for number in range(12_001)}).status_code == 400
    assert client.post("/users/", {"name": "x" * 5_000_001}).status_code == 400


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_no_form_leads_elsewhere(site: Site, next_page: str) -> None:
    client = site.as_(site.user(Role.OPERATOR))
    asked = [
        client.post("/language/", {"language": "de", "next": next_page}),
        client.get(f"/login/?next={next_page}"),
        client.post(f"/logout/?next={next_page}", {"next": next_page}),
    ]
    for answer in asked:
        assert answer.status_code == 302
        assert "evil" not in answer.headers["Location"]
        assert "javascript" not in answer.headers["Location"]


@pytest.mark.parametrize(
    "path",
    [
        "/audit/?q=a%00b",
        "/reports/?q=a%00b",
        "/users/?q=%00",
        "/report/accounts?q=a%00b",
        "/login/?next=%00",
        "/?a%00=b",
    ],
)
def test_a_query_with_a_zero_byte_is_refused(tree: Site, path: str) -> None:
    """PostgreSQL keeps none in a text: it would be a failure of ours."""
    assert tree.as_(tree.user(Role.OPERATOR)).get(path).status_code == 400


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        ("/connection/reseller", {"name": "Del\0ta"}),
        ("/report/groups", {"name": "No\0rth", "accounts": "1" * 32}),
        ("/login/", {"username": "a\0b", "password": "x"}),
        ("/", {"timezone\0": "UTC"}),
    ],
)
def test_a_form_with_a_zero_byte_is_refused(tree: Site, path: str, stated: dict[str, str]) -> None:
    from reseller_reporting.control.models import Reseller

    client = tree.as_(tree.user(Role.OPERATOR))
    assert client.post(path, stated).status_code == 400
    plain = client.post(path, urlencode(stated), content_type="application/x-www-form-urlencoded")
    assert plain.status_code == 400
    assert not Reseller.objects.filter(name__contains="ta").exists()


def test_no_address_and_no_cookie_with_a_zero_byte_gets_to_the_database(tree: Site) -> None:
    from django.http import HttpResponse
    from django.test import RequestFactory

    from reseller_reporting.web.middleware import Legible

    assert tree.as_(tree.user(Role.OPERATOR)).get("/login/kazoo/a%00b/").status_code == 404
    request = RequestFactory().get("/")
    request.COOKIES = {"reseller_reporting_session": "a\0b", "django_language": "de"}
    Legible(lambda _request: HttpResponse())(request)
    assert request.COOKIES == {"django_language": "de"}
