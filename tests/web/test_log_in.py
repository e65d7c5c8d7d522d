"""Who comes in, and how: sessions, wrong passwords, lock-out, passwords that must be changed."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site


def events(action: str) -> list[str]:
    from reseller_reporting.control.models import AuditEvent
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return list(AuditEvent.objects.filter(action=action).values_list("who", flat=True))


def test_the_log_in_works_and_is_written_down(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    answer = site.log_in(user)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = site.client.get("/")
    assert page.status_code == 200
    assert user.username in page.content.decode()
    assert "Acme" in page.content.decode()
    site.client.post("/logout/")
    assert site.client.get("/").headers["Location"] == "/login/?next=/"
    assert events("logged_in") == events("logged_out") == [user.username]


def test_sessions_that_are_over_do_not_pile_up(site: Site) -> None:
    from django.contrib.sessions.models import Session

    for key, year in (("over", 2000), ("open", 9999)):
        Session.objects.create(session_key=key, session_data="", expire_date=datetime(year, 1, 1, tzinfo=UTC))
    assert site.log_in(site.user(Role.RESELLER_ADMIN)).status_code == 302
    keys = set(Session.objects.values_list("session_key", flat=True))
    assert ("over" in keys, "open" in keys, len(keys)) == (False, True, 2)


def test_capitals_and_blanks_around_a_name_do_not_matter(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    user.username = f"  {user.username.upper()} "
    assert site.log_in(user).status_code == 302


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_log_in_leads_nowhere_else(site: Site, next_page: str) -> None:
    assert site.log_in(site.user(Role.RESELLER_ADMIN), next=next_page).headers["Location"] == "/"


def test_a_session_that_someone_else_chose_is_not_the_one_that_is_logged_in(site: Site) -> None:
    site.client.get("/login/")
    session = site.client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    site.client.cookies["reseller_reporting_session"] = str(before)
    assert site.log_in(site.user(Role.RESELLER_ADMIN)).status_code == 302
    assert site.client.cookies["reseller_reporting_session"].value != before


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    wrong = site.log_in(user, "not it").content.decode()
    user.username = "nobody@example.com"
    unknown = site.log_in(user, "not it").content.decode()
    assert "This does not let you in." in wrong
    assert "This does not let you in." in unknown
    assert len(events("log_in_refused")) == 2


def test_after_five_wrong_passwords_the_right_one_does_not_help(site: Site) -> None:
    user, neighbour = site.user(Role.RESELLER_ADMIN), site.user(Role.RESELLER_VIEWER)
    answers = [site.log_in(user, f"guess {number}").status_code for number in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    locked = site.log_in(user)
    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()
    assert site.client.get("/").status_code == 302
    assert site.log_in(neighbour).status_code == 302


def test_it_is_closed_for_a_quarter_of_an_hour_however_often_somebody_tries_meanwhile(site: Site) -> None:
    """Else whoever shares an address with someone keeps them out for as long as they like."""
    from axes.models import AccessAttempt
    from django.db.models import F

    def pass_by(minutes: int) -> None:
        AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))

    user = site.user(Role.RESELLER_ADMIN)
    for number in range(5):
        site.log_in(user, f"guess {number}")
    pass_by(10)
    assert site.log_in(user, "guess 5").status_code == 429
    pass_by(4)
    assert site.log_in(user).status_code == 429
    pass_by(2)
    assert site.log_in(user).status_code == 302


def test_whoever_was_shut_out_is_out_at_once(site: Site) -> None:
    user = site.user(Role.RESELLER_ADMIN)
    client = site.as_(user)
    assert client.get("/").status_code == 200
    user.is_active = False
    user.save()
    assert client.get("/").status_code == 302
    assert site.log_in(user).status_code == 200


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "Dieses Passwort ist zu kurz. Es braucht mindestens 12 Zeichen."),
        ("qwerty123456", "Dieses Passwort benutzen viele."),
        ("123456789012", "Dieses Passwort ist zu leicht zu erraten."),
        ("passwordpassword", "Dieses Passwort ist zu leicht zu erraten."),
        (12 * " ", "Dieses Passwort ist zu leicht zu erraten."),
        ("erika.mustermann", "Dieses Passwort ähnelt Ihrem Namen oder Ihrer Mailadresse zu sehr."),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said_in_the_readers_language_where_it_is_chosen(
    site: Site, password: str, why: str
) -> None:
    user = site.user(Role.RESELLER_VIEWER, name="Erika Mustermann")
    client = site.as_(user)
    client.post("/language/", {"language": "de", "next": "/"})
    page = html.unescape(client.get("/password/").content.decode())
    for rule in ("Mindestens 12 Zeichen", "Keines, das viele benutzen.", "Ihrem Namen und Ihrer Mailadresse nicht"):
        assert f"<li>{rule}" in page
    stated = {"old_password": "correct horse battery", "new_password1": password, "new_password2": password}
    page = html.unescape(client.post("/password/", stated).content.decode())
    chosen, repeated = page.split('name="new_password2"')
    assert why in chosen
    assert "invalid-feedback" not in repeated


def test_a_password_that_was_made_for_someone_is_changed_first(site: Site) -> None:
    user = site.user(Role.OPERATOR, must_change_password=True)
    site.log_in(user)
    assert site.client.get("/").headers["Location"] == "/password/"
    assert site.client.get("/api/v1/me").status_code == 403
    old = {"old_password": "correct horse battery", "new_password1": "short", "new_password2": "short"}
    assert "too short" in site.client.post("/password/", old).content.decode()
    new = "another horse entirely"
    assert site.client.post("/password/", old | {"new_password1": new, "new_password2": new}).status_code == 302
    assert site.client.get("/").status_code == 200
    site.client.post("/logout/")
    assert site.log_in(user, new).status_code == 302
    assert events("password_changed") == [user.username]


def test_an_open_session_is_no_place_to_guess_passwords(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    new = "another horse entirely"
    guess = {"new_password1": new, "new_password2": new}
    answers = [
        client.post("/password/", guess | {"old_password": f"guess {number}"}).status_code for number in range(5)
    ]
    assert answers == [200, 200, 200, 200, 429]
    assert client.post("/password/", guess | {"old_password": "correct horse battery"}).status_code == 429
    assert len(events("log_in_refused")) >= 5


def test_nothing_that_was_typed_as_a_password_is_kept(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    typed = {"old_password": "correct horse batery", "new_password1": "eleven mice", "new_password2": "twelve mice"}
    client.post("/password/", typed)
    site.log_in(site.user(Role.RESELLER_ADMIN), "thirteen mice")
    kept = b"".join(file.read_bytes() for file in site.house.settings.home.rglob("*") if file.is_file())
    assert b"reseller_admin" in kept
    for text in (*typed.values(), "thirteen mice"):
        assert text.encode() not in kept


def test_a_form_from_elsewhere_is_refused(site: Site) -> None:
    site.client.handler.enforce_csrf_checks = True
    assert site.log_in(site.user(Role.RESELLER_ADMIN)).status_code == 403
