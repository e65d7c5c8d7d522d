"""The second step: switched on with a code, asked for at every log-in, taken once, and off again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from second_steps import code_of, codes_on, secret_on, switched_on
from sites import NOW, PASSWORD

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site

WRONG = "00000"  # No app shows five digits.


def at(site: Site, monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "HOUSE", replace(site.house, clock=lambda: NOW + later))


def enter(site: Site, code: str, **more: Any) -> Any:
    return site.client.post("/login/code/", {"code": code, **more})


def events() -> list[str]:
    from reseller_reporting.control.models import AuditEvent
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_it_is_switched_on_and_asked_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    client = site.as_(user)
    page = client.get("/second-step/").content.decode()
    assert "data:image/svg+xml" in page
    secret = secret_on(page)
    assert secret_on(client.get("/second-step/").content.decode()) == secret
    assert client.post("/second-step/", {"code": WRONG}).status_code == 422
    site.log_in(user)
    assert site.client.get("/").status_code == 200  # Not yet confirmed.
    site.client.post("/logout/")
    shown = client.post("/second-step/", {"code": code_of(secret)}).content.decode()
    assert len(codes_on(shown)) == 10
    for path in ("/second-step/", "/audit/", "/users/"):
        again = client.get(path).content.decode()
        assert secret not in again.replace(" ", "")
        assert not codes_on(again)

    at(site, monkeypatch, timedelta(minutes=1))
    answer = site.log_in(user, next="/reports/")
    assert answer.headers["Location"] == "/login/code/?next=%2Freports%2F"
    assert site.client.get("/").headers["Location"] == "/login/?next=/"
    assert site.client.get("/api/v1/me").status_code == 401
    assert "logged_in" not in events()[-1:]
    answer = enter(site, code_of(secret, timedelta(minutes=1)), next="/reports/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/reports/")
    assert site.client.get("/").status_code == 200
    assert events().count("second_factor_on") == 1
    assert events()[-1] == "logged_in"


def test_neither_secret_nor_recovery_codes_can_be_read_from_the_database(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    secret, codes = switched_on(site, user)
    home = site.house.settings.home
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    for text in (secret, *codes, codes[0].replace("-", "")):
        assert text.encode() not in kept


def test_a_code_is_taken_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    secret, _ = switched_on(site, user)
    site.log_in(user)
    assert "used already" in enter(site, code_of(secret)).content.decode()  # It switched it on.
    later = timedelta(seconds=30)
    at(site, monkeypatch, later)
    assert enter(site, code_of(secret, later)).status_code == 302
    site.client.post("/logout/")
    site.log_in(user)
    assert enter(site, code_of(secret, later)).status_code == 200
    assert enter(site, code_of(secret)).status_code == 200
    assert site.client.get("/").status_code == 302


@pytest.mark.parametrize(("later", "status"), [(-30, 302), (30, 302), (-61, 200), (61, 200)])
def test_a_phone_may_be_half_a_minute_off(site: Site, monkeypatch: pytest.MonkeyPatch, later: int, status: int) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    secret, _ = switched_on(site, user)
    hour = timedelta(hours=1)
    at(site, monkeypatch, hour)
    site.log_in(user)
    assert enter(site, code_of(secret, hour + timedelta(seconds=later))).status_code == status


def test_a_recovery_code_is_taken_once(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    _, codes = switched_on(site, user)
    site.log_in(user)
    assert enter(site, codes[3].upper().replace("-", " ")).status_code == 302
    assert "9 recovery codes are left" in site.client.get("/second-step/").content.decode()
    site.client.post("/logout/")
    site.log_in(user)
    assert enter(site, codes[3]).status_code == 200
    assert enter(site, codes[4]).status_code == 302


def test_wrong_codes_close_it_from_everywhere_for_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    secret, codes = switched_on(site, user)
    for number in range(5):
        site.client.defaults["REMOTE_ADDR"] = f"192.0.2.{number}"
        site.log_in(user)
        assert enter(site, WRONG).status_code == 200
    site.client.defaults["REMOTE_ADDR"] = "192.0.2.9"
    site.log_in(user)
    for code in (code_of(secret, timedelta(seconds=30)), codes[0]):
        assert enter(site, code).status_code == 429
    assert site.client.get("/").status_code == 302
    assert events().count("log_in_refused") == 5
    later = timedelta(minutes=16)
    at(site, monkeypatch, later)
    site.log_in(user)
    assert enter(site, code_of(secret, later)).status_code == 302


def test_wrong_codes_count_like_wrong_passwords(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    switched_on(site, user)
    for _ in range(3):
        site.log_in(user, "wrong")
    site.log_in(user)
    assert [enter(site, WRONG).status_code for _ in range(2)] == [200, 429]
    assert site.log_in(user).status_code == 429


def test_the_right_to_type_a_code_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    secret, _ = switched_on(site, user)
    assert site.client.get("/login/code/").headers["Location"] == "/login/"
    site.log_in(user)
    assert site.client.get("/login/code/").status_code == 200
    later = timedelta(minutes=11)
    at(site, monkeypatch, later)
    assert enter(site, code_of(secret, later)).headers["Location"] == "/login/"
    # And with the password that it was got by.
    site.log_in(user)
    user.set_password("another horse entirely")
    user.save()
    assert enter(site, code_of(secret, later)).headers["Location"] == "/login/"


def test_a_planted_session_is_not_the_one_that_goes_on(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    _, codes = switched_on(site, user)
    site.client.get("/login/")
    session = site.client.session
    session["planted"] = True
    session.save()
    keys = [session.session_key]
    site.client.cookies["reseller_reporting_session"] = str(keys[0])
    site.log_in(user)
    keys.append(site.client.cookies["reseller_reporting_session"].value)
    enter(site, codes[0])
    keys.append(site.client.cookies["reseller_reporting_session"].value)
    assert len(set(keys)) == 3


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(site: Site, next_page: str) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    _, codes = switched_on(site, user)
    assert site.log_in(user, next=next_page).headers["Location"] == "/login/code/"
    assert enter(site, codes[0], next=next_page).headers["Location"] == "/"


def test_it_is_switched_off_with_the_password(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    switched_on(site, user)
    client = site.as_(user)
    assert client.post("/second-step/off", {"password": "wrong"}).status_code == 422
    assert client.post("/second-step/off", {"password": PASSWORD}).status_code == 302
    assert site.log_in(user).headers["Location"] == "/"
    assert events()[-2:] == ["second_factor_off", "logged_in"]


def test_an_administrator_switches_it_off_for_someone(site: Site) -> None:
    someone, admin = site.user(Role.RESELLER_VIEWER), site.user(Role.RESELLER_ADMIN)
    switched_on(site, someone)
    switched_on(site, admin)
    client = site.as_(admin)
    assert "Switch the second step off" in client.get(f"/users/{someone.pk}/").content.decode()
    assert site.as_(someone).post(f"/users/{admin.pk}/second-step").status_code == 403
    stranger = site.as_(site.user(Role.RESELLER_ADMIN, reseller=site.other))
    assert stranger.post(f"/users/{someone.pk}/second-step").status_code == 404
    assert client.post(f"/users/{admin.pk}/second-step").status_code == 403
    assert client.post(f"/users/{someone.pk}/second-step").status_code == 302
    assert site.log_in(someone).headers["Location"] == "/"
    assert "second_factor_reset" in events()
