"""What is kept through the API: accounts to choose from, groups, users, keys, connections; and who asks too often."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from api_site import ACME, BRANCH, LEAF, ROOT, SHOP
from job_work import do_next
from sites import NOW

from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from api_site import ApiSite


# Accounts.


def test_the_tree_has_those_alone_that_are_theirs(api: ApiSite) -> None:
    (root,) = api.of("reseller_viewer").get("/accounts/tree").json()
    assert root["id"] == ROOT
    assert {each["id"] for each in root["children"]} == {ACME, BRANCH, SHOP}
    (branch,) = api.of("customer_admin").get("/accounts/tree").json()
    assert (branch["id"], [each["id"] for each in branch["children"]]) == (BRANCH, [LEAF])
    assert api.of("other_admin").get("/accounts/tree").json() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=söhne", [BRANCH]),
        ("search=SÖHNE%20branch", [BRANCH]),
        ("search=%25", []),
        (f"search={LEAF}", [LEAF]),
        (f"parent_id={BRANCH}", [LEAF]),
        (f"below={BRANCH}", [BRANCH, LEAF]),
        ("below=/", []),
        ("page_size=2&page=3", [SHOP]),
        ("page=1000000", []),
    ],
)
def test_accounts_are_searched(api: ApiSite, query: str, found: list[str]) -> None:
    listed = api.of("reseller_viewer").get(f"/accounts?{query}").json()["items"]
    assert [each["id"] for each in listed] == found


@pytest.mark.parametrize("query", ["page=0", "page=x", "page_size=100000", "search=%00", "search=" + "x" * 501])
def test_a_wrong_question_is_told(api: ApiSite, query: str) -> None:
    assert api.of("reseller_viewer").get(f"/accounts?{query}").json()["code"] == "invalid_request"


# Groups.


def test_groups_are_kept_by_admins_and_seen_by_those_who_see_accounts_of_it(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    group = admin.post("/groups", {"name": " North ", "account_ids": [ACME, LEAF]}).json()
    assert group["name"] == "North"
    assert admin.post("/groups", {"name": "North", "account_ids": []}).json()["code"] == "group_exists"
    assert admin.post("/groups", {"name": "\u202e\n", "account_ids": []}).status_code == 422
    assert admin.post("/groups", {"name": "NORTH", "account_ids": []}).json()["code"] == "group_exists"
    assert admin.post("/groups", {"name": "No\u202erth", "account_ids": []}).status_code == 422
    assert admin.post("/keys", {"name": "a\u202eb", "scopes": ["runs:read"]}).status_code == 422
    assert admin.post("/groups", {"name": "x", "account_ids": ["nobody"]}).json()["code"] == "unknown_account"
    path = f"/groups/{group['id']}"
    branch = api.of("branch_admin")
    assert branch.get("/groups").json()["items"][0]["account_ids"] == [LEAF]
    assert branch("PUT", path, {"name": "Mine", "account_ids": [LEAF]}).status_code == 403
    assert branch("DELETE", path).status_code == 403
    assert branch.post("/groups", {"name": "Mine", "account_ids": [ACME]}).status_code == 404
    for name, status in (("reseller_viewer", 403), ("customer_admin", 403), ("other_admin", 404)):
        assert api.of(name)("DELETE", path).status_code == status
        assert api.of(name)("PUT", path, {"name": "x", "account_ids": []}).status_code == status
    assert admin("PUT", path, {"name": "South", "account_ids": [SHOP]}).json()["account_ids"] == [SHOP]
    assert admin("DELETE", path).status_code == 204
    assert admin.get("/groups").json()["count"] == 0


def test_of_groups_of_others_nobody_learns_the_name(api: ApiSite) -> None:
    admin, branch = api.of("reseller_admin"), api.of("branch_admin")
    number = admin.post("/groups", {"name": "Pays late", "account_ids": [ACME, SHOP]}).json()["id"]
    empty = admin.post("/groups", {"name": "Empty", "account_ids": []}).json()["id"]
    admin.post("/groups", {"name": "Half", "account_ids": [SHOP, LEAF]})
    assert [each["name"] for each in admin.get("/groups").json()["items"]] == ["Empty", "Half", "Pays late"]
    for name, seen in (("reseller_viewer", 3), ("branch_admin", 1), ("branch_viewer", 1), ("customer_admin", 0)):
        assert api.of(name).get("/groups").json()["count"] == seen, name
    for hidden in (number, empty):
        assert branch("DELETE", f"/groups/{hidden}").status_code == 404
        assert branch("PUT", f"/groups/{hidden}", {"name": "Mine", "account_ids": [LEAF]}).status_code == 404
    mine = branch.post("/groups", {"name": "Mine", "account_ids": []}).json()["id"]
    assert branch("PUT", f"/groups/{mine}", {"name": "Mine", "account_ids": [LEAF]}).status_code == 200


# Users.


def user(api: ApiSite, name: str, body: dict[str, Any]) -> Any:
    return api.of(name).post("/users", {"email": "new@example.com"} | body)


def test_a_new_user_logs_in_with_what_was_shown_once(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    given = {"email": "New@Example.com", "role": "reseller_viewer"}
    made = admin.post("/users", given, Idempotency_Key="u").json()
    answer = api.site.client.post("/login/", {"username": "new@example.com", "password": made["password"]})
    assert answer.status_code == 302
    assert api.site.client.get("/").headers["Location"] == "/password/"
    assert admin.post("/users", given, Idempotency_Key="u").json() == made | {"password": None}
    assert admin.post("/users", given).json()["code"] == "user_exists"
    assert "password" not in admin.get(f"/users/{made['id']}").json()


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("operator", {"role": "operator"}, 201),
        ("reseller_admin", {"role": "operator"}, 403),
        ("reseller_admin", {"role": "customer_admin"}, 422),
        ("reseller_admin", {"role": "customer_admin", "account_id": LEAF}, 201),
        ("reseller_admin", {"role": "customer_admin", "account_id": "nobody"}, 404),
        ("branch_admin", {"role": "reseller_admin"}, 404),
        ("branch_admin", {"role": "reseller_admin", "account_id": ACME}, 404),
        ("branch_admin", {"role": "reseller_admin", "account_id": LEAF}, 201),
        ("reseller_viewer", {"role": "reseller_viewer"}, 403),
        ("customer_admin", {"role": "customer_admin", "account_id": LEAF}, 403),
        ("other_admin", {"role": "customer_admin", "account_id": LEAF}, 404),
        ("other_admin", {"role": "reseller_viewer"}, 201),
        ("reseller_admin", {"role": "root"}, 422),
        ("reseller_admin", {"role": "reseller_viewer", "email": "x\r\nBcc: a@example.com"}, 422),
    ],
)
def test_nobody_gives_more_than_they_have(api: ApiSite, who: str, body: dict[str, Any], status: int) -> None:
    assert user(api, who, body).status_code == status


def test_people_are_changed_and_shut_out_by_others_alone(api: ApiSite) -> None:
    admin, viewer = api.of("reseller_admin"), api.person("reseller_viewer")
    key = api.of("reseller_viewer")
    own = f"/users/{api.person('reseller_admin').pk}"
    assert admin("PATCH", own, {"name": "Ada"}).json()["name"] == "Ada"
    changes: list[dict[str, Any]] = [{"is_active": False}, {"role": "reseller_viewer"}, {"account_id": ACME}]
    for body in changes:
        assert admin("PATCH", own, body).json()["code"] == "not_allowed", body
    assert admin("PATCH", f"/users/{viewer.pk}", {"role": "operator"}).status_code == 403
    assert api.of("branch_admin")("PATCH", f"/users/{viewer.pk}", {"is_active": False}).status_code == 404
    assert api.of("other_admin")("PATCH", f"/users/{viewer.pk}", {"is_active": False}).status_code == 404
    assert admin("PATCH", f"/users/{viewer.pk}", {"is_active": False}).json()["is_active"] is False
    assert key.get("/me").status_code == 401
    # Whoever comes back makes new keys.
    assert admin("PATCH", f"/users/{viewer.pk}", {"is_active": True}).json()["is_active"] is True
    assert key.get("/me").status_code == 401


def test_a_new_password_is_made_by_another_one_and_shown_once(api: ApiSite) -> None:
    viewer = api.person("reseller_viewer")
    path = f"/users/{viewer.pk}/password"
    for name, status in (
        ("reseller_viewer", 403),
        ("customer_admin", 403),
        ("branch_admin", 404),
        ("other_admin", 404),
    ):
        assert api.of(name).post(path).status_code == status
    own = f"/users/{api.person('reseller_admin').pk}/password"
    assert api.of("reseller_admin").post(own).json()["code"] == "not_allowed"
    made = api.of("reseller_admin").post(path, Idempotency_Key="p").json()
    assert api.of("reseller_admin").post(path, Idempotency_Key="p").json() == made | {"password": None}
    log_in = {"username": viewer.username, "password": made["password"]}
    assert api.site.client.post("/login/", log_in).status_code == 302


def test_a_second_step_is_switched_off_by_another_one(api: ApiSite) -> None:
    from reseller_reporting.app import second_factor
    from reseller_reporting.control.audit import Doer

    viewer, house = api.person("reseller_viewer"), api.site.house
    secret = second_factor.new_secret()
    code = pyotp.TOTP(secret).at(house.clock())
    second_factor.switch_on(house, viewer, secret, code, Doer(viewer, ""))
    path = f"/users/{viewer.pk}/second-step"
    for name, status in (
        ("reseller_viewer", 403),
        ("customer_admin", 403),
        ("branch_admin", 404),
        ("other_admin", 404),
    ):
        assert api.of(name)("DELETE", path).status_code == status
    admin = api.of("reseller_admin")
    own = f"/users/{api.person('reseller_admin').pk}/second-step"
    assert admin("DELETE", own).json()["code"] == "not_allowed"
    assert admin.get(f"/users/{viewer.pk}").json()["has_second_step"] is True
    assert [each["has_second_step"] for each in admin.get("/users").json()["items"]].count(True) == 1
    assert admin("DELETE", path).json()["has_second_step"] is False
    assert api.site.log_in(viewer).headers["Location"] == "/"


def test_whoever_comes_by_kazoo_is_shut_out_and_no_more(api: ApiSite) -> None:
    viewer = api.person("reseller_viewer")
    viewer.source = "kazoo"
    viewer.save()
    admin, path = api.of("reseller_admin"), f"/users/{viewer.pk}"
    assert "changed there" in admin.post(f"{path}/password").json()["detail"]
    assert admin("PATCH", path, {"role": "reseller_admin"}).json()["code"] == "not_allowed"
    assert admin("PATCH", path, {"account_id": BRANCH}).json()["code"] == "not_allowed"
    assert admin("PATCH", path, {"is_active": False}).json()["is_active"] is False


# Keys.


def test_a_key_is_shown_once_and_does_what_it_was_made_for(api: ApiSite) -> None:
    from api_site import Caller

    from reseller_reporting.control.models import IdempotencyKey

    admin = api.of("reseller_admin")
    given = {"name": "books", "scopes": ["runs:read"], "expires_in_days": 30}
    made = admin.post("/keys", given, Idempotency_Key="k").json()
    assert made["expires_at"] == "2026-12-25T12:00:00Z"
    assert admin.post("/keys", given, Idempotency_Key="k").json() == made | {"key": None}
    with within(api.site.reseller):
        assert made["key"] not in str(list(IdempotencyKey.objects.values()))
    caller = Caller({"Authorization": f"Bearer {made['key']}"})
    assert caller.get("/runs").status_code == 200
    assert caller.post("/runs", {}).json()["code"] == "scope_missing"
    listed = {each["id"]: each for each in admin.get("/keys").json()["items"]}
    assert listed[made["id"]]["last_used_at"] == "2026-11-25T12:00:00Z"
    assert "key" not in listed[made["id"]]
    assert admin("DELETE", f"/keys/{made['id']}").status_code == 204
    assert caller.get("/runs").status_code == 401


def test_a_key_makes_none_that_does_more_or_outlives_it(api: ApiSite) -> None:
    narrow = api.of("reseller_admin", ["keys:write", "runs:read"], expires_at=NOW + timedelta(days=1))
    assert narrow.post("/keys", {"name": "x", "scopes": ["runs:write"]}).json()["code"] == "scope_missing"
    made = narrow.post("/keys", {"name": "x", "scopes": ["runs:read"], "expires_in_days": None}).json()
    assert made["expires_at"] == "2026-11-26T12:00:00Z"
    viewer = api.of("reseller_viewer")
    assert viewer.post("/keys", {"name": "x", "scopes": ["runs:write"]}).json()["code"] == "not_allowed"
    wrong: list[dict[str, Any]] = [
        {"scopes": ["everything"]},
        {"scopes": []},
        {"scopes": ["runs:read"], "expires_in_days": 0},
    ]
    for body in wrong:
        assert viewer.post("/keys", {"name": "x"} | body).status_code == 422


@pytest.mark.parametrize("named", ["0", "-1", "999999", "9" * 30, "charlie", "", "\u0663".encode().decode("latin-1")])
def test_a_reseller_that_there_is_not_is_never_taken_for_the_operators_own(api: ApiSite, named: str) -> None:
    operator = api.of("operator")
    for answer in (operator.get("/runs", X_Reseller=named), operator.post("/runs", {}, X_Reseller=named)):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_reseller")
    assert operator.get("/runs").json()["count"] == 1


def test_an_operators_keys_are_where_they_belong_whichever_reseller_they_work_for(api: ApiSite) -> None:
    operator, other = api.of("operator"), str(api.site.other.pk)
    made = operator.post("/keys", {"name": "x", "scopes": ["runs:read"]}, X_Reseller=other).json()
    assert made["id"] in [each["id"] for each in operator.get("/keys", X_Reseller=other).json()["items"]]
    assert operator("DELETE", f"/keys/{made['id']}", X_Reseller=other).status_code == 204


# The connection.


def test_a_connection_is_told_without_its_secrets(api: ApiSite) -> None:
    from reseller_reporting.app.tenancy import KazooLogin, keep_login

    admin = api.of("reseller_admin")
    assert admin.get("/connection").json()["uses"] == "nothing"
    keep_login(
        api.site.house, api.site.reseller, KazooLogin(url="https://user:hidden@kazoo.example.com/v2", api_key="geheim")
    )
    answer = admin.get("/connection")
    assert (answer.json()["kazoo_url"], answer.json()["uses"]) == ("https://kazoo.example.com/v2", "api_key")
    assert b"hidden" not in answer.content
    assert b"geheim" not in answer.content


def test_a_test_of_the_connection_is_a_job_whose_findings_are_for_its_keepers(api: ApiSite) -> None:
    job = api.of("reseller_admin").post("/connection/test").json()
    do_next(api.site, "connection")
    told = api.of("reseller_admin").get(f"/jobs/{job['id']}").json()
    assert (told["state"], told["findings"][0]["name"], told["findings"][0]["ok"]) == ("done", "kazoo settings", False)
    assert "RESELLER_REPORTING_KAZOO_URL" in told["findings"][0]["message"]
    assert api.of("reseller_viewer").get(f"/jobs/{job['id']}").json()["findings"] is None
    assert api.of("branch_admin").get(f"/jobs/{job['id']}").status_code == 404


PUBLIC = "https://93.184.215.14/v2"


@pytest.mark.parametrize(
    "given", [{"api_key": "geheim"}, {"uses": "password"}, {"kazoo_url": "", "username": "a"}, {"api_key": ""}]
)
def test_a_log_in_of_nowhere_is_not_taken_for_the_stored_one(api: ApiSite, given: dict[str, str]) -> None:
    from reseller_reporting.control.models import Job

    admin = api.of("reseller_admin")
    refused = admin.post("/connection/test", given)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_settings")
    assert "`kazoo_url` is missing" in refused.json()["detail"]
    with within(api.site.reseller):
        assert not Job.objects.filter(kind="connection").exists()
    for nothing in (None, {}, {"kazoo_url": ""}):
        assert admin.post("/connection/test", nothing).status_code == 202


@pytest.mark.parametrize("scopes", [["connection:write"], ["connection:read"], ["connection:read", "connection:write"]])
def test_who_may_test_a_connection_follows_that_and_no_other_job(api: ApiSite, scopes: list[str]) -> None:
    job = api.of("reseller_admin", ["connection:write"]).post("/connection/test").json()
    do_next(api.site, "connection")
    keeper = api.of("reseller_admin", scopes)
    assert keeper.get(f"/jobs/{job['id']}").json()["findings"]
    told = b"".join(keeper.get(f"/jobs/{job['id']}/events").streaming_content).decode()
    assert "event: ended" in told
    assert "kazoo settings" in told
    for path in (f"/jobs/{api.job.pk}", f"/jobs/{api.job.pk}/events"):
        assert keeper.get(path).status_code == 404
    assert keeper.get(f"/jobs/{job['id']}/customers").json()["code"] == "scope_missing"
    for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/events"):
        assert api.of("reseller_admin", ["users:read"]).get(path).json()["code"] == "scope_missing"
        assert api.of("reseller_viewer", scopes).get(path).status_code == 403


def test_another_connection_is_kept_and_its_secret_never_told(api: ApiSite) -> None:
    from reseller_reporting.control.models import IdempotencyKey, Job

    admin, given = api.of("reseller_admin"), {"kazoo_url": PUBLIC, "api_key": "geheim", "currency": "eur"}
    answers = [
        admin("POST", "/connection/test", given, Idempotency_Key="tried"),
        admin("PUT", "/connection", given | {"timezone": "Europe/Berlin"}),
        admin.get("/connection"),
    ]
    assert [answer.status_code for answer in answers] == [422, 202, 200]  # A test keeps no currency.
    assert admin.post("/connection/test", {"kazoo_url": PUBLIC, "api_key": "geheim"}).status_code == 202
    assert (answers[2].json()["kazoo_url"], answers[2].json()["uses"]) == (PUBLIC, "api_key")
    assert not any(b"geheim" in answer.content for answer in answers)
    api.site.reseller.refresh_from_db()
    assert (api.site.reseller.timezone, api.site.reseller.currency) == ("Europe/Berlin", "EUR")
    with within(api.site.reseller):
        kept = [str(row.payload) for row in Job.objects.all()] + [
            str(row.answer) for row in IdempotencyKey.objects.all()
        ]
        assert kept
        assert not any("geheim" in row for row in kept)
    assert "connection_kept" in [event["action"] for event in admin.get("/audit").json()["items"]]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"kazoo_url": "http://127.0.0.1:8000/v2"}, "private"),
        ({"kazoo_url": "ftp://kazoo.example.com"}, "http"),
        ({"api_key": ""}, "Enter the API key"),
        ({"uses": "password", "username": "a", "password": "b"}, "all three"),
        ({"timezone": "Mars/Base"}, "time zone"),
        ({"currency": "EURO"}, "currency"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_and_nothing_kept(
    api: ApiSite, stated: dict[str, str], said: str
) -> None:
    given = {"kazoo_url": PUBLIC, "api_key": "geheim"} | stated
    refused = api.of("reseller_admin")("PUT", "/connection", given)
    assert refused.status_code == 422
    assert said in refused.json()["detail"]
    api.site.reseller.refresh_from_db()
    assert api.site.reseller.kazoo_url == ""


def test_an_operator_adds_a_reseller_and_connects_it(api: ApiSite) -> None:
    operator = api.of("operator")
    made = operator.post("/resellers", {"name": "東京電話"})
    assert made.status_code == 201
    assert operator.post("/resellers", {"name": "東京電話"}).json()["code"] == "reseller_exists"
    number = str(made.json()["id"])
    given = {"kazoo_url": PUBLIC, "api_key": "geheim"}
    assert operator("PUT", "/connection", given, X_Reseller=number).status_code == 202
    assert operator.get("/connection", X_Reseller=number).json()["kazoo_url"] == PUBLIC
    assert operator.get("/connection").json()["kazoo_url"] == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [("Acme & Co", "Acme Co"), ("x" * 60 + " north", "x" * 60 + " south"), ("ACME Ltd.", "Acme-Ltd"), ("電話", "東京")],
)
def test_resellers_whose_names_differ_are_two(api: ApiSite, first: str, second: str) -> None:
    from reseller_reporting.control.models import Reseller

    operator = api.of("operator")
    for name in (first, second):
        assert operator.post("/resellers", {"name": name}).status_code == 201
    for name in (first, f" {second} ", second.upper()):
        refused = operator.post("/resellers", {"name": name})
        assert (refused.status_code, refused.json()["code"]) == (409, "reseller_exists")
    keys = list(Reseller.objects.filter(name__in=[first, second]).values_list("key", flat=True))
    assert len(set(keys)) == 2
    assert all(0 < len(key) <= 60 for key in keys)


# Audit.


def test_the_audit_trail_tells_a_branch_of_its_own_people_alone(api: ApiSite) -> None:
    api.of("reseller_admin").post("/runs", {})
    api.of("branch_admin").post("/runs", {})
    assert api.of("reseller_admin").get("/audit?action=report_ordered").json()["count"] == 2
    (event,) = api.of("branch_admin").get("/audit").json()["items"]
    assert event["who"] == api.person("branch_admin").username
    assert api.of("other_admin").get("/audit").json()["count"] == 0
    admin = api.of("reseller_admin")
    assert admin.get("/audit?from_at=2026-11-25T12:00:01Z").json()["count"] == 0
    assert admin.get("/audit?to_at=2026-11-25").status_code == 422
    assert admin.get("/audit?from_at=0001-01-01T00:00:00%2B14:00").status_code == 422
    assert admin.get("/audit?to_at=9999-12-31T23:59:59-14:00").status_code == 422


# Rates.


def test_who_asks_too_often_is_told_when_to_go_on(api: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from reseller_reporting.api import passing

    monkeypatch.setattr(passing, "READS_A_MINUTE", 3)
    monkeypatch.setattr(passing, "WRITES_A_MINUTE", 1)
    caller, other = api.of("reseller_viewer"), api.of("reseller_viewer")
    assert [caller.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = caller.get("/nowhere")
    assert (refused.json()["code"], refused.headers["Retry-After"]) == ("too_many_requests", "60")
    assert other.get("/me").status_code == 200
    assert [caller.post("/runs", {}).status_code for _ in range(2)] == [403, 429]


def test_a_minute_later_they_may_go_on(api: ApiSite) -> None:
    from reseller_reporting.api.passing import RateLimit

    limit, asked = RateLimit(), [0] * 3
    for _ in range(121):
        asked[0] = limit.seconds_to_wait("a", is_read=False, now=NOW)
    asked[1] = limit.seconds_to_wait("a", is_read=False, now=NOW + timedelta(seconds=59))
    asked[2] = limit.seconds_to_wait("a", is_read=False, now=NOW + timedelta(seconds=60))
    assert asked == [60, 1, 0]


# The documentation.


def test_the_documentation_asks_no_other_host(api: ApiSite) -> None:
    page = api.of("reseller_viewer").get("/docs").content.decode()
    assert '"validatorUrl": null' in page
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<style| style=|<script>", page)
    assert "/static/" in page


def test_the_description_is_openapi_3_1_and_every_operation_names_its_refusals_and_its_scope(api: ApiSite) -> None:
    from reseller_reporting.control.api_keys import Scope

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), names
        return dict(pairs)

    # Readers of YAML, such as the documentation's, refuse a name that stands twice.
    schema = json.loads(api.of("reseller_viewer").get("/openapi.json").content, object_pairs_hook=once)
    assert schema["openapi"].startswith("3.1")
    operations = [each for path in schema["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all("default" in each["responses"] for each in operations)
    assert {each.get("x-scope") for each in operations} == {*(scope.value for scope in Scope), None}
