"""Users and the audit trail: nobody gives more than they have, and what was done is written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sites import HOSTILE, NOW

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from sites import Site

FIRST = "1" * 32


def new(**stated: Any) -> dict[str, Any]:
    return {"username": "New@Example.com", "name": HOSTILE, "role": "reseller_viewer", "account": ""} | stated


def named(username: str) -> Any:
    from reseller_reporting.control.models import User

    return User.log_ins.filter(username=username).first()


def password_on(page: str) -> str:
    found = re.search(r'id="made-password">([^<]+)<', page)
    assert found is not None
    return found[1]


def test_someone_is_added_and_logs_in_with_a_password_that_is_shown_once(tree: Site) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.post("/users/", new()).content.decode()
    password = password_on(page)
    added = named("new@example.com")
    assert (added.role, added.must_change_password, added.reseller_id) == ("reseller_viewer", True, tree.reseller.pk)
    for path in ("/users/", "/audit/", f"/users/{added.pk}/"):
        shown = client.get(path).content.decode()
        assert password not in shown
        assert "<script>" not in shown
    assert tree.log_in(added, password).status_code == 302
    assert tree.client.get("/reports/").headers["Location"] == "/password/"


@pytest.mark.parametrize(
    "stated",
    [
        {"username": "nobody"},
        {"username": "a@example.com\r\nBcc: b@example.com"},
        {"role": "operator"},
        {"role": "king"},
        {"role": "customer_admin"},
        {"role": "customer_admin", "account": "e" * 32},
    ],
)
def test_what_cannot_be_is_said_and_not_added(tree: Site, stated: dict[str, Any]) -> None:
    from reseller_reporting.control.models import User

    client, before = tree.as_(tree.user(Role.RESELLER_ADMIN)), User.log_ins.count()
    assert client.post("/users/", new(**stated)).status_code == 422
    assert User.log_ins.count() == before


def test_an_address_that_is_taken_elsewhere_is_not_given_twice(tree: Site) -> None:
    tree.user(Role.RESELLER_ADMIN, reseller=tree.other, username="new@example.com")
    answer = tree.as_(tree.user(Role.RESELLER_ADMIN)).post("/users/", new())
    assert answer.status_code == 422
    assert "Charlie" not in answer.content.decode()


def test_an_admin_of_a_branch_keeps_to_it(tree: Site) -> None:
    boss = tree.user(Role.RESELLER_ADMIN, username="boss@example.com")
    client = tree.as_(tree.user(Role.RESELLER_ADMIN, account_id=FIRST))
    assert "boss@example.com" not in client.get("/users/").content.decode()
    assert "boss@example.com" not in client.get("/audit/").content.decode()
    for path in ("", "password", "active"):
        assert client.post(f"/users/{boss.pk}/{path}").status_code == 404
    assert client.post("/users/", new()).status_code == 422
    assert client.post("/users/", new(account="Customer 00010")).status_code == 422
    assert client.post("/users/", new(account="Customer 00005")).status_code == 200
    assert named("new@example.com").account_id == f"{5:032x}"


def test_operators_are_nothing_to_resellers(tree: Site) -> None:
    operator = tree.user(Role.OPERATOR)
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert operator.username not in client.get("/users/").content.decode()
    assert client.post(f"/users/{operator.pk}/password").status_code == 404
    someone = tree.user(Role.RESELLER_VIEWER)
    assert client.post(f"/users/{someone.pk}/", {"role": "operator", "name": "", "account": ""}).status_code == 422


def test_of_another_reseller_nobody_is_there(tree: Site) -> None:
    stranger = tree.user(Role.RESELLER_VIEWER, reseller=tree.other)
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert stranger.username not in client.get("/users/").content.decode()
    assert client.get(f"/users/{stranger.pk}/").status_code == 404
    for path in ("", "password", "active"):
        assert client.post(f"/users/{stranger.pk}/{path}").status_code == 404


def test_shut_out_and_let_in_again(tree: Site) -> None:
    someone = tree.user(Role.RESELLER_VIEWER)
    theirs, client = tree.as_(someone), tree.as_(tree.user(Role.RESELLER_ADMIN))
    client.post(f"/users/{someone.pk}/active", {"active": "no"})
    assert theirs.get("/reports/").status_code == 302
    client.post(f"/users/{someone.pk}/active", {"active": "yes"})
    assert tree.as_(someone).get("/reports/").status_code == 200
    page = client.get("/audit/?q=" + someone.username).content.decode()
    assert "User shut out" in page
    assert "User let in" in page


def test_a_new_password_ends_the_old_one_and_its_sessions(tree: Site) -> None:
    someone = tree.user(Role.RESELLER_VIEWER)
    tree.log_in(someone)
    assert tree.client.get("/reports/").status_code == 200
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).post(f"/users/{someone.pk}/password").content.decode()
    assert tree.client.get("/reports/").headers["Location"].startswith("/login/")
    assert tree.log_in(someone).status_code == 200
    assert tree.log_in(someone, password_on(page)).status_code == 302


def test_nobody_changes_themselves_here(tree: Site) -> None:
    user = tree.user(Role.RESELLER_ADMIN)
    client = tree.as_(user)
    for path in ("", "password", "active"):
        assert client.post(f"/users/{user.pk}/{path}", {"role": "reseller_viewer"}).status_code == 403
    user.refresh_from_db()
    assert (user.role, user.is_active) == ("reseller_admin", True)


@pytest.mark.parametrize("role", [Role.RESELLER_VIEWER, Role.CUSTOMER_ADMIN])
def test_whoever_keeps_no_users_sees_none(tree: Site, role: Role) -> None:
    client = tree.as_(tree.user(role))
    for path in ("/users/", "/users/1/", "/audit/"):
        assert client.get(path).status_code == 403
    for path in ("/users/1/password", "/users/1/active"):
        assert client.post(path).status_code == 403


def test_the_audit_trail_is_searched_and_of_one_reseller(tree: Site) -> None:
    from reseller_reporting.control import audit

    audit.record("report_ordered", at=NOW, reseller=tree.reseller, who="anna", subject=HOSTILE, address="192.0.2.1")
    audit.record("report_ordered", at=NOW, reseller=tree.other, who="otto", subject="theirs")
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.get("/audit/").content.decode()
    assert "anna" in page
    assert "otto" not in page
    assert HOSTILE not in page
    assert "anna" in client.get("/audit/?q=192.0.2").content.decode()
    assert "anna" not in client.get("/audit/?q=otto").content.decode()


def test_the_field_account_offers_names_and_whole_ids_of_namesakes(tree: Site) -> None:
    from reseller_reporting.control.models import KnownAccount

    with within(tree.reseller):
        KnownAccount.objects.filter(account_id__in=[f"{2:032x}", f"{3:032x}"]).update(name="Twin", sought="twin")
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    offered = client.get("/users/accounts?account=twin").content.decode()
    assert f'value="{2:032x}"' in offered
    assert f'value="{3:032x}"' in offered
    assert 'value="Customer 00007"' in client.get("/users/accounts?account=00007").content.decode()
    stated = {"username": "new@example.com", "role": "customer_admin", "account": "Twin"}
    page = client.post("/users/", stated).content.decode()
    assert f"Several accounts have this name. Type the id of one: {2:032x}, {3:032x}" in page
    assert "Choose one of the list" in client.post("/users/", stated | {"account": "Nobody"}).content.decode()


def test_people_of_kazoo_stand_by_what_they_are_called(tree: Site) -> None:
    tree.user(Role.CUSTOMER_ADMIN, username=f"user1001@realm.example@{'1' * 32}:1", source="kazoo", kazoo_user_id="9")
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get("/users/").content.decode()
    assert "<strong>user1001@realm.example</strong>" in page
    assert ":1<" not in page
    assert "Customer 00000" in page


@pytest.mark.parametrize("role", [Role.RESELLER_ADMIN])
def test_nobody_is_called_what_nobody_sees(tree: Site, role: Role) -> None:
    client = tree.as_(tree.user(role))
    stated = {"username": "new@example.com", "role": "reseller_admin", "name": "Ad\u202emin"}
    assert "A name holds no invisible characters" in client.post("/users/", stated).content.decode()


def test_people_of_kazoo_stand_in_the_audit_trail_with_their_account(tree: Site) -> None:
    from reseller_reporting.control import audit

    audit.record("logged_in", at=NOW, reseller=tree.reseller, who=f"user1001@{'1' * 32}:{tree.reseller.pk}")
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get("/audit/").content.decode()
    assert ">user1001<" in page
    assert "Customer 00000" in page
    assert "1" * 32 not in page
