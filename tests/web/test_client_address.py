"""Whose address it is, and whether it came by TLS, when a proxy stands before us; a stranger makes nothing up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control.roles import Role
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.web.client_address import client_address, is_forwarded_https
from reseller_reporting.web.opening import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from sites import Site

PROXIES = "127.0.0.1/32,10.0.0.0/8,::1/128"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"),
        # What a stranger wrote stands before what the proxy added.
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.9.9.9, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:127.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, <script>", "127.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_whom_a_proxy_of_ours_speaks_for(peer: str, forwarded_for: str, expected: str) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == expected
    assert client_address(peer, forwarded_for, "") == peer


@pytest.mark.parametrize(("trusted", "expected"), [("", "127.0.0.1"), ("127.0.0.0/8", "198.51.100.7")])
def test_the_audit_trail_and_the_lock_mean_the_client(
    site: Site, monkeypatch: pytest.MonkeyPatch, trusted: str, expected: str
) -> None:
    from axes.models import AccessAttempt
    from django.conf import settings

    from reseller_reporting.control.models import AuditEvent
    from reseller_reporting.control.scoping import across_resellers

    house = replace(site.house, settings=replace(site.house.settings, trusted_proxies=trusted))
    monkeypatch.setattr(settings, "HOUSE", house)
    user = site.user(Role.RESELLER_ADMIN)
    site.client.post(
        "/login/",
        {"username": user.username, "password": "wrong"},
        headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"},
    )
    with across_resellers():
        assert AuditEvent.objects.get(action="log_in_refused").address == expected
    assert AccessAttempt.objects.get().ip_address == expected


@pytest.mark.parametrize(
    ("peer", "forwarded_proto", "expected"),
    [
        ("127.0.0.1", "https", True),
        ("::ffff:10.1.2.3", "HTTPS", True),
        ("127.0.0.1", "https, https", True),
        # What a stranger wrote stands before what the proxy added.
        ("127.0.0.1", "https, http", False),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", "", False),
        ("198.51.100.7", "https", False),
        ("", "https", False),
    ],
)
def test_who_says_that_it_came_by_tls(peer: str, forwarded_proto: str, expected: bool) -> None:
    assert is_forwarded_https(peer, forwarded_proto, PROXIES) is expected
    assert is_forwarded_https(peer, forwarded_proto, "") is False


@pytest.mark.parametrize(
    ("trusted", "forwarded", "is_secure"),
    [
        ("127.0.0.0/8", {"X-Forwarded-Proto": "https"}, True),
        ("127.0.0.0/8", {"X-Forwarded-Proto": "http"}, False),
        ("127.0.0.0/8", {}, False),
        # The peer alone counts, not for whom it says that it speaks.
        ("198.51.100.0/24", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}, False),
        ("", {"X-Forwarded-Proto": "https"}, False),
    ],
)
def test_a_request_is_secure_when_a_trusted_proxy_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch, trusted: str, forwarded: dict[str, str], is_secure: bool
) -> None:
    from django.conf import settings

    stated = replace(site.house.settings, trusted_proxies=trusted, web_url="https://reports.example.com")
    of_https = settings_of(replace(site.house, settings=stated))
    for name in ("HOUSE", "SECURE_PROXY_SSL_HEADER", "SECURE_HSTS_SECONDS", "ALLOWED_HOSTS"):
        monkeypatch.setattr(settings, name, of_https[name])
    answer = site.client.get("/login/", headers={"Host": "reports.example.com", **forwarded})
    assert answer.status_code == 200
    # Sent in answer to a secure request alone.
    assert ("Strict-Transport-Security" in answer.headers) is is_secure
    assert answer.wsgi_request.is_secure() is is_secure


def test_the_setting_takes_addresses_and_networks(tmp_path: Path) -> None:
    def load(text: str) -> str:
        environ = {f"{PREFIX}HOME": str(tmp_path), f"{PREFIX}TRUSTED_PROXIES": text}
        return load_settings(environ, working_folder=tmp_path).trusted_proxies

    assert load("127.0.0.1, 10.0.0.0/8,::1") == "127.0.0.1/32,10.0.0.0/8,::1/128"
    for text in ("proxy.example.com", "10.0.0.1/8", "127.0.0.1;::1"):
        with pytest.raises(InvalidSettings, match="such as 127"):
            load(text)
