"""The door that every request passes: nothing is reached without a log-in, and of other resellers nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from sites import NOW

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site

_FILLED = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "a/b"}
OPEN = {"login", "set_language", "healthz", "readyz", "metrics", "password_forgot", "password_reset"}
OPEN_LATER = {"second_step", "kazoo_login", "kazoo_login_of"}  # To the second step leads the first; no KAZOO, no door.


def addresses(resolver: Any = None, before: str = "/") -> Iterator[tuple[str, str]]:
    """Every address that there is, with something in the place of what it asks for."""
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each, path)
        elif isinstance(each, URLPattern):
            yield each.name or "", re.sub(r"<(?:(\w+):)?\w+>", lambda found: _FILLED.get(found[1], "a"), path)


def test_a_stranger_reaches_the_open_addresses_alone(site: Site) -> None:
    reached = set()
    for name, path in addresses():
        answer = site.client.get(path)
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.headers["Content-Type"] == "application/problem+json"
        elif answer.status_code == 302 and answer.headers["Location"].startswith("/login/?next="):
            continue
        elif name in OPEN_LATER:
            assert answer.status_code == 404 or answer.headers["Location"] == "/login/"
        else:
            reached.add(name)
    assert reached == OPEN


def test_a_part_of_a_page_leads_the_whole_page_to_the_log_in(site: Site) -> None:
    page = "http://testserver/reports/?q=october"
    answer = site.client.get("/", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login/?next=/reports/%3Fq%3Doctober")


@pytest.mark.parametrize(
    ("referer", "leads_to"),
    [("http://testserver/reports/?page=2", "/reports/%3Fpage%3D2"), ("https://evil.example/x", "/"), ("", "/")],
)
def test_what_is_sent_after_the_session_ended_is_told_and_leads_back_to_its_page(
    site: Site, referer: str, leads_to: str
) -> None:
    answer = site.client.post("/report/accounts/read", headers={"Referer": referer})
    assert answer.headers["Location"] == f"/login/?next={leads_to}"
    assert "what you sent was not taken" in site.client.get(answer.headers["Location"]).content.decode()


def test_a_log_in_page_that_stood_open_too_long_is_made_anew(site: Site) -> None:
    site.client.handler.enforce_csrf_checks = True
    site.client.get("/login/")
    stale = {"username": "a@example.com", "password": "x", "next": "/audit/", "csrfmiddlewaretoken": "x" * 64}
    answer = site.client.post("/login/", stale)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=%2Faudit%2F")
    page = site.client.get(answer.headers["Location"]).content.decode()
    assert "This page was open for too long. Please try once more." in page
    assert 'name="next" value="/audit/"' in page
    # Without any cookie there is nothing to renew: going round would never end.
    site.client.cookies.clear()
    assert site.client.post("/login/", stale).status_code == 403


@pytest.mark.parametrize("path", ["/login/", "/", "/nowhere", "/api/v1/me", "/healthz"])
def test_every_answer_has_the_strict_policy(site: Site, path: str) -> None:
    answer = site.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_page_asks_another_host_nor_has_scripts_of_its_own(site: Site) -> None:
    for client, path in ((site.client, "/login/"), (site.as_(site.user(Role.OPERATOR)), "/")):
        page = client.get(path).content.decode()
        assert "//" not in page.replace("http://www.w3.org/2000/svg", "")
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page


def test_health_and_metrics_are_for_machines(site: Site) -> None:
    assert site.client.get("/healthz").content == b"ok\n"
    assert site.client.get("/readyz").json() == {"ready": True, "database": "ok"}
    metrics = site.client.get("/metrics").content.decode()
    assert 'reseller_reporting_jobs{state="queued"} 0.0' in metrics
    assert "Acme" not in metrics


def test_a_database_that_is_away_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    client = site.as_(site.user(Role.OPERATOR))

    def away(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", away)
        for path, said in (("/", "Just a moment"), ("/api/v1/me", "database_unavailable")):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
            assert said in answer.content.decode()
        # Whoever asks: a browser brings its session along.
        for asking in (site.client, client):
            assert asking.get("/readyz").status_code == 503
            assert asking.get("/readyz").json() == {"ready": False, "database": "away"}
            assert asking.get("/healthz").content == b"ok\n"
    assert client.get("/").status_code == 200


# The API.


def key_for(site: Site, **stated: Any) -> tuple[Any, str]:
    from reseller_reporting.control.api_keys import make_key

    given: dict[str, Any] = {"name": "books", "scopes": ["runs:read"], "now": NOW, "expires_at": None} | stated
    return make_key(site.user(Role.RESELLER_ADMIN), **given)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_a_key_opens_the_api_and_no_page(site: Site) -> None:
    row, text = key_for(site)
    assert site.client.get("/api/v1/me", headers=bearer(text)).json()["username"] == row.user.username
    assert site.client.get("/", headers=bearer(text)).status_code == 302
    assert text not in row.digest + row.prefix


def test_keys_that_ended_open_nothing(site: Site) -> None:
    row, text = key_for(site, expires_at=NOW)
    assert site.client.get("/api/v1/me", headers=bearer(text)).status_code == 401
    row, text = key_for(site, expires_at=NOW + timedelta(seconds=1))
    assert site.client.get("/api/v1/me", headers=bearer(text)).status_code == 200
    row.revoked_at = NOW
    row.save()
    assert site.client.get("/api/v1/me", headers=bearer(text)).status_code == 401
    assert site.client.get("/api/v1/me", headers=bearer(text[:-1])).status_code == 401


def test_a_session_changes_nothing_through_the_api_without_our_token(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.handler.enforce_csrf_checks = True
    assert client.get("/api/v1/me").status_code == 200
    assert client.post("/api/v1/me").status_code == 403
    _, text = key_for(site)
    assert client.post("/api/v1/me", headers=bearer(text)).status_code == 405


def test_an_operator_chooses_the_reseller_and_nobody_else_does(site: Site) -> None:
    for role, seen in ((Role.OPERATOR, "Charlie"), (Role.RESELLER_ADMIN, "Acme")):
        answer = site.as_(site.user(role)).get("/api/v1/me", headers={"X-Reseller": str(site.other.pk)})
        assert answer.json()["reseller"] == seen
