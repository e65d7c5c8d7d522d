"""The log-in by KAZOO: its administrators come in for their own account, and nothing of their password stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from second_steps import switched_on

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from sites import Site

SECRET = "4 horses & a Möhre"
REFUSED = "KAZOO does not let you in with this"


@dataclass
class Door:
    """A site before a KAZOO with people; its tree was read."""

    site: Site
    world: ScriptedWorld
    url: str
    acme: str
    alice: str
    stranger: str

    def person(self, account_id: str, username: str, level: str = "admin", password: str = SECRET) -> str:
        """A user of KAZOO with a password; their id."""
        login = self.world.login(account_id, username=username, password=password)
        user_id = self.world.user(account_id, "Ann", "O'Hara", username=username, level=level)
        self.world.logins[self.world.logins.index(login)] = replace(login, owner_id=user_id)
        return user_id

    def try_in(self, username: str = "Ann", account: str = "Acme", password: str = SECRET, path: str = "") -> Any:
        stated = {"account": account, "username": username, "password": password}
        return self.site.client.post(f"/login/kazoo/{path}", stated)

    def users(self) -> list[Any]:
        from reseller_reporting.control.models import User

        return list(User.log_ins.order_by("pk"))


@pytest.fixture
def door(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    from django.conf import settings

    from reseller_reporting.app.tenancy import read_tree

    world = ScriptedWorld()
    acme = world.reseller("Acme")
    alice = world.customer("Alice Inc", parent=acme)
    stranger = world.reseller("Stranger")
    with running(world) as kazoo:
        settled = replace(site.house.settings, kazoo_url=kazoo.url, kazoo_api_key=kazoo.api_key)
        monkeypatch.setattr(settings, "HOUSE", replace(site.house, settings=settled))
        site.house = settings.HOUSE
        found = Door(site, world, kazoo.url, acme, alice, stranger)
        with within(site.reseller):
            read_tree(site.house, site.reseller)
        yield found


def test_an_administrator_of_the_resellers_account_comes_in_as_its_admin(door: Door) -> None:
    kazoo_id = door.person(door.acme, "ann")
    answer = door.try_in()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    (user,) = door.users()
    assert (user.role, user.account_id, user.source, user.kazoo_user_id) == ("reseller_admin", "", "kazoo", kazoo_id)
    assert not user.has_usable_password()
    page = door.site.client.get("/").content.decode()
    assert "Ann O&#x27;Hara" in page
    assert "Change password" not in page
    door.site.client.post("/logout/")
    assert door.try_in().status_code == 302
    assert len(door.users()) == 1


def test_an_administrator_of_a_customer_sees_that_customer(door: Door) -> None:
    door.person(door.alice, "ann")
    record = door.world.account(door.alice)
    assert record is not None
    for account in ("alice inc", record.realm, "ALICE-INC"):
        door.site.client.post("/logout/")
        assert door.try_in(account=account).status_code == 302
    (user,) = door.users()
    assert (user.role, user.account_id, user.reseller_id) == ("customer_admin", door.alice, door.site.reseller.pk)
    assert door.site.client.get("/users/").status_code == 403


def test_whoever_may_not_come_in_is_told_the_same(door: Door) -> None:
    door.person(door.acme, "ann")
    door.person(door.acme, "clerk", level="user")
    door.person(door.stranger, "eve")
    answers = [
        door.try_in(password="wrong"),
        door.try_in(username="nobody"),
        door.try_in(account="No such account"),
        door.try_in(username="clerk"),
        door.try_in(username="eve", account="Stranger"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert REFUSED in answer.content.decode()
    assert door.users() == []
    assert door.site.client.get("/").status_code == 302


def test_nothing_of_the_password_is_kept_or_logged(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    door.person(door.acme, "ann")
    door.try_in(password=SECRET + "x")
    assert door.try_in().status_code == 302
    digest = hashlib.md5(f"ann:{SECRET}".encode(), usedforsecurity=False).hexdigest()
    home = Path(door.site.house.settings.home)
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    told = "".join(capfd.readouterr())
    for secret in (SECRET, SECRET + "x", digest):
        assert secret.encode() not in kept
        assert secret not in told


def test_after_five_wrong_passwords_the_right_one_does_not_help(door: Door) -> None:
    door.person(door.acme, "ann")
    assert [door.try_in(password="wrong").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert door.try_in().status_code == 429
    assert door.try_in(username="ben").status_code == 200


def test_one_account_written_in_many_ways_is_counted_once(door: Door) -> None:
    """KAZOO takes all of these for one name: each would be worth five more guesses."""
    door.person(door.alice, "ann")
    names = ("Alice Inc", "alice-inc", "A.l.i.c.e Inc", "aliceinc", "ALICE / INC", "alice_inc")
    answers = [door.try_in(account=name, password="wrong").status_code for name in names]
    assert answers == [200, 200, 200, 200, 429, 429]
    assert door.try_in(account="al ice inc").status_code == 429


def test_whoever_came_in_begins_to_be_counted_anew(door: Door) -> None:
    door.person(door.acme, "ann")
    for _ in range(2):
        assert [door.try_in(password="wrong").status_code for _ in range(4)] == [200] * 4
        assert door.try_in().status_code == 302
        door.site.client.post("/logout/")


def test_a_kazoo_that_is_away_is_said_and_counts_for_nobody(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    away = replace(door.site.house.settings, kazoo_url="http://127.0.0.1:1/v2")
    monkeypatch.setattr(settings, "HOUSE", replace(door.site.house, settings=away))
    for _ in range(7):
        answer = door.try_in()
        assert answer.status_code == 200
        assert "does not answer just now" in answer.content.decode()
        assert "127.0.0.1" not in answer.content.decode()


def test_whoever_was_shut_out_stays_out(door: Door) -> None:
    door.person(door.acme, "ann")
    door.try_in()
    (user,) = door.users()
    admin = door.site.as_(door.site.user(Role.RESELLER_ADMIN))
    assert admin.post(f"/users/{user.pk}/active", {"active": "no"}).status_code == 302
    assert door.site.client.get("/").status_code == 302
    assert REFUSED in door.try_in().content.decode()


def test_what_kazoo_says_of_them_is_not_changed_here(door: Door) -> None:
    door.person(door.alice, "ann")
    door.try_in(account="Alice Inc")
    (user,) = door.users()
    admin = door.site.as_(door.site.user(Role.RESELLER_ADMIN))
    stated = {"role": "reseller_admin", "name": "Ann", "account": ""}
    assert "KAZOO says what they are" in admin.post(f"/users/{user.pk}/", stated).content.decode()
    assert "It is changed there" in admin.post(f"/users/{user.pk}/password", follow=True).content.decode()
    assert (
        admin.post(f"/users/{user.pk}/", stated | {"role": "customer_admin", "account": door.alice}).status_code == 302
    )
    page = door.site.client.get("/password/", follow=True)
    assert "Change it there" in page.content.decode()
    user.refresh_from_db()
    assert (user.role, user.account_id, user.has_usable_password()) == ("customer_admin", door.alice, False)


def test_who_someone_is_goes_by_kazoos_id_and_not_by_the_name(door: Door) -> None:
    first = door.person(door.acme, "ann")
    door.try_in()
    door.site.client.post("/logout/")
    # Ann is gone, and another Ann has the name.
    second = door.person(door.acme, "ann", password="another secret")
    assert door.try_in(password="another secret").status_code == 302
    assert [each.kazoo_user_id for each in door.users()] == [first, second]
    assert len({each.username for each in door.users()}) == 2
    # The first one comes back by another name and is who she was.
    door.world.logins[-2] = replace(door.world.logins[-2], username="anna")
    next(each for each in door.world.users(door.acme) if each["id"] == first)["username"] = "anna"
    door.site.client.post("/logout/")
    assert door.try_in(username="anna").status_code == 302
    assert [each.username.partition("@")[0] for each in door.users()] == ["anna", "ann"]


def test_the_kazoo_of_one_reseller_says_nothing_of_anothers_people(door: Door) -> None:
    """Charlie's KAZOO, which may say whatever Charlie likes, claims to have Acme's account."""
    from reseller_reporting.app.tenancy import KazooLogin, keep_login

    evil = ScriptedWorld()
    acme = evil.reseller("Acme", account_id=door.acme)
    evil.login(acme, username="ann", password=SECRET)
    with running(evil) as kazoo:
        evil.logins[-1] = replace(evil.logins[-1], owner_id=evil.user(acme, "Ann", username="ann", level="admin"))
        keep_login(door.site.house, door.site.other, KazooLogin(url=kazoo.url, api_key=kazoo.api_key))
        assert "does not answer" in door.try_in(path="charlie/").content.decode()  # No private network is asked.
        from django.conf import settings

        allowing = replace(door.site.house.settings, kazoo_private_networks="allowed")
        settings.HOUSE = replace(door.site.house, settings=allowing)
        assert REFUSED in door.try_in(path="charlie/").content.decode()
    assert door.users() == []


def test_the_second_door_is_there_where_a_kazoo_is(door: Door, site: Site) -> None:
    assert "/login/kazoo/" in site.client.get("/login/").content.decode()
    assert site.client.get("/login/kazoo/charlie/").status_code == 404
    assert site.client.get("/login/kazoo/nobody/").status_code == 404
    from django.conf import settings

    settings.HOUSE = replace(site.house, settings=replace(site.house.settings, kazoo_url=None))
    assert "/login/kazoo/" not in site.client.get("/login/").content.decode()
    assert site.client.get("/login/kazoo/").status_code == 404


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(door: Door, next_page: str) -> None:
    door.person(door.acme, "ann")
    stated = {"account": "Acme", "username": "ann", "password": SECRET, "next": next_page}
    assert door.site.client.post("/login/kazoo/", stated).headers["Location"] == "/"


def test_a_session_that_someone_else_chose_is_not_the_one_that_is_logged_in(door: Door) -> None:
    door.person(door.acme, "ann")
    door.site.client.get("/login/")
    session = door.site.client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    door.site.client.cookies["reseller_reporting_session"] = str(before)
    assert door.try_in().status_code == 302
    assert door.site.client.cookies["reseller_reporting_session"].value != before


def test_it_is_written_down(door: Door) -> None:
    from reseller_reporting.control.models import AuditEvent
    from reseller_reporting.control.scoping import across_resellers

    door.person(door.acme, "ann")
    door.try_in(password="wrong")
    door.try_in()
    with across_resellers():
        told = list(AuditEvent.objects.order_by("pk").values_list("action", "who"))
    (user,) = door.users()
    assert told == [("log_in_refused", "ann@acme"), ("user_added", user.username), ("logged_in", user.username)]


def test_a_second_step_is_asked_for_and_switched_off_with_the_password_of_kazoo(door: Door) -> None:
    for account, name in ((door.acme, "Acme"), (door.alice, "Alice Inc")):
        door.person(account, "ann")
        door.try_in(account=name)
        user = door.users()[-1]
        _, codes = switched_on(door.site, user)
        door.site.client.post("/logout/")
        assert door.try_in(account=name).headers["Location"] == "/login/code/"
        assert door.site.client.get("/").status_code == 302
        assert door.site.client.post("/login/code/", {"code": codes[0]}).status_code == 302
        off = "/second-step/off"
        assert door.site.client.post(off, {"password": "wrong"}).status_code == 422
        assert door.site.client.post(off, {"password": SECRET}).status_code == 302
        door.site.client.post("/logout/")
        assert door.try_in(account=name).headers["Location"] == "/"
        door.site.client.post("/logout/")
