"""Reports by program: ordered once however often it is sent, followed, changed, fetched."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from api_site import ACME, BRANCH, LEAF, LEGS, ROOT, SHOP, SUMMARY
from sites import NOW

from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from api_site import ApiSite


def runs(api: ApiSite) -> list[Any]:
    from reseller_reporting.control.models import Run

    with within(api.site.reseller):
        return list(Run.objects.exclude(pk=api.run.pk).order_by("created_at"))


# Ordering.


def test_an_empty_order_is_last_month_of_everyone(api: ApiSite) -> None:
    answer = api.of("reseller_admin").post("/runs", {})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["period"], told["state"], told["order"]["accounts"]) == ("2026-10", "waiting", None)
    assert answer.headers["Location"] == f"/api/v1/runs/{told['id']}"
    assert api.of("reseller_viewer").get(f"/jobs/{told['job_id']}").json()["state"] == "queued"


def give_plans() -> None:
    from reseller_reporting.control.models import PlanAssignment

    PlanAssignment.objects.create(plan="gold", customer="*")


@pytest.mark.parametrize(
    ("asked", "is_priced"),
    [
        ({}, True),
        ({"price_plans": False}, False),
        ({"price_plans": True}, True),
        ({"edition": "customer"}, True),
        ({"also": ["csv"], "price_plans": False}, False),
        ({"also": ["xero"]}, True),
    ],
)
def test_what_prices_a_report_is_settled_as_it_is_ordered(api: ApiSite, asked: dict[str, Any], is_priced: bool) -> None:
    give_plans()
    order = api.of("reseller_admin").post("/runs", asked).json()["order"]
    assert order["price_plans"] is is_priced
    assert order["edition"] == asked.get("edition", "internal")


@pytest.mark.parametrize("asked", [{"price_plans": True}, {"edition": "customer"}, {"also": ["pdf"]}])
def test_without_plans_nothing_is_ordered_that_needs_prices(api: ApiSite, asked: dict[str, Any]) -> None:
    assert api.of("reseller_admin").post("/runs", {}).json()["order"]["price_plans"] is False
    answer = api.of("reseller_admin").post("/runs", asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    give_plans()
    # Plans are of the installation's own reseller.
    assert api.of("other_admin").post("/runs", asked).status_code == 422
    assert len(runs(api)) == 1


@pytest.mark.parametrize("asked", [{"edition": "customer"}, {"also": ["csv", "pdf"]}, {"also": ["xero"]}])
def test_what_is_made_of_prices_is_not_ordered_without_them(api: ApiSite, asked: dict[str, Any]) -> None:
    give_plans()
    admin = api.of("reseller_admin")
    answer = admin.post("/runs", {**asked, "price_plans": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert "`price_plans` is false" in answer.json()["detail"]
    assert runs(api) == []
    assert admin.post("/runs", asked).json()["order"]["price_plans"] is True
    told = admin.post("/runs", {"also": ["csv"], "price_plans": False}).json()
    assert told["order"]["price_plans"] is False


def test_statements_as_pdf_are_not_ordered_where_they_cannot_be_made(
    api: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_plans()
    admin = api.of("reseller_admin")
    with monkeypatch.context() as patch:
        patch.setattr("reseller_reporting.app.extras.find_spec", lambda _: None)
        answer = admin.post("/runs", {"also": ["pdf"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert "no statements as PDF" in answer.json()["detail"]
    assert runs(api) == []
    assert admin.post("/runs", {"also": ["pdf"]}).status_code == 202


def test_a_branch_orders_of_itself_alone_and_follows_what_it_ordered(api: ApiSite) -> None:
    admin = api.of("branch_admin")
    told = admin.post("/runs", {}).json()
    assert told["order"]["accounts"] == [BRANCH, LEAF]
    assert admin.get(f"/runs/{told['id']}/progress").status_code == 200
    assert admin.post(f"/runs/{told['id']}/cancel").status_code == 202
    assert admin.post("/runs", {"accounts": ["Leaf"]}).json()["order"]["accounts"] == [LEAF]
    for text in (ACME, "Shop", "nobody"):
        answer = admin.post("/runs", {"accounts": ["Leaf", text]})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account"), text
    assert len(runs(api)) == 2


def test_who_was_moved_to_another_branch_no_longer_sees_what_they_ordered_before(api: ApiSite) -> None:
    told = api.of("branch_admin").post("/runs", {}).json()
    person = api.person("branch_admin")
    person.account_id = SHOP
    person.save()
    assert api.of("branch_admin").get(f"/runs/{told['id']}").status_code == 404
    assert api.of("branch_admin").get(f"/jobs/{told['job_id']}").status_code == 404


def test_a_group_stands_for_its_accounts(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    group = admin.post("/groups", {"name": "North", "account_ids": [ACME, LEAF, ACME]}).json()
    assert group["account_ids"] == [ACME, LEAF]
    assert admin.post("/runs", {"group_id": group["id"]}).json()["order"]["accounts"] == [ACME, LEAF]
    assert admin.post("/runs", {"group_id": group["id"] + 1}).status_code == 404


def test_a_branch_orders_its_part_of_a_group_and_nobody_orders_what_is_gone(api: ApiSite) -> None:
    from reseller_reporting.control.models import KnownAccount

    admin, branch = api.of("reseller_admin"), api.of("branch_admin")
    both = admin.post("/groups", {"name": "Both", "account_ids": [ACME, LEAF, SHOP]}).json()["id"]
    foreign = admin.post("/groups", {"name": "Foreign", "account_ids": [ACME, SHOP]}).json()["id"]
    assert branch.post("/runs", {"group_id": both}).json()["order"]["accounts"] == [LEAF]
    answer = branch.post("/runs", {"group_id": foreign})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ACME not in answer.content.decode()
    with within(api.site.reseller):
        KnownAccount.objects.filter(account_id=ACME).delete()
        assert admin.post("/runs", {"group_id": both}).json()["order"]["accounts"] == [LEAF, SHOP]
        KnownAccount.objects.filter(account_id__in=[SHOP, LEAF]).delete()
    answer = admin.post("/runs", {"group_id": both})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account")


def read_tree(api: ApiSite) -> None:
    """As if the accounts of the site had just been read."""
    from reseller_reporting.control.models import Reseller

    Reseller.objects.filter(pk=api.site.reseller.pk).update(tree_read_at=NOW)


@pytest.mark.parametrize("who", ["reseller_admin", "operator", "branch_admin"])
def test_another_resellers_account_is_refused_at_once_as_what_there_is_not(api: ApiSite, who: str) -> None:
    from reseller_reporting.control.models import KnownAccount

    foreign, nobodys = "f" * 32, "9" * 32
    with within(api.site.other):
        KnownAccount.objects.create(
            reseller=api.site.other, account_id=foreign, name="Charlie Secret", lineage=f"/{foreign}/"
        )
    read_tree(api)
    caller, told = api.of(who), set()
    for text in (foreign, nobodys, "Charlie Secret", "Charlie Nobody"):
        answer = caller.post("/runs", {"accounts": [LEAF, text]})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account"), text
        assert "/api/v1/accounts/read" in answer.json()["detail"]
        told.add(answer.content.decode().replace(text, "…"))
    assert len(told) == 1
    assert runs(api) == []
    assert caller.post("/runs", {"accounts": [LEAF, "Leaf"]}).status_code == 202


def test_what_is_newer_than_the_tree_can_be_ordered_once_the_accounts_are_read_again(api: ApiSite) -> None:
    from reseller_reporting.control.models import KnownAccount

    read_tree(api)
    admin, new = api.of("reseller_admin"), "7" * 32
    assert admin.post("/runs", {"accounts": [new]}).status_code == 404
    assert admin.post("/accounts/read").status_code == 202
    with within(api.site.reseller):
        KnownAccount.objects.create(
            reseller=api.site.reseller, account_id=new, name="New", parent_id=ROOT, lineage=f"/{ROOT}/{new}/"
        )
    assert admin.post("/runs", {"accounts": [new]}).json()["order"]["accounts"] == [new]


def give_sub_reseller(api: ApiSite) -> None:
    """Shop is one; Leaf is its customer."""
    from reseller_reporting.control.models import KnownAccount

    api.site.reseller.account_id = ROOT
    api.site.reseller.save()
    read_tree(api)
    with within(api.site.reseller):
        KnownAccount.objects.update(reseller_account_id=ROOT)
        KnownAccount.objects.filter(account_id=ROOT).update(is_reseller=True)
        KnownAccount.objects.filter(account_id=LEAF).update(reseller_account_id=SHOP)


@pytest.mark.parametrize("named", [LEAF, "Leaf"])
def test_who_is_named_is_reported_on_though_a_sub_reseller_has_them(api: ApiSite, named: str) -> None:
    """The job would fail, with advice for the command line."""
    give_sub_reseller(api)
    admin = api.of("reseller_admin")
    for asked, ids, includes in (
        ({"accounts": [BRANCH, named]}, [BRANCH, LEAF], True),
        ({"accounts": [BRANCH]}, [BRANCH], False),
        ({"accounts": [BRANCH], "include_sub_resellers": True}, [BRANCH], True),
        ({}, None, False),
    ):
        order = admin.post("/runs", asked).json()["order"]
        assert (order["accounts"], order["include_sub_resellers"]) == (ids, includes), asked
    group = admin.post("/groups", {"name": "North", "account_ids": [BRANCH, LEAF]}).json()["id"]
    assert admin.post("/runs", {"group_id": group}).json()["order"]["include_sub_resellers"] is True


def test_the_reseller_itself_is_no_customer_and_refused_at_once(api: ApiSite) -> None:
    give_sub_reseller(api)
    admin = api.of("reseller_admin")
    for named in (ROOT, "Acme Reseller"):
        answer = admin.post("/runs", {"accounts": [named]})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account")
    group = admin.post("/groups", {"name": "All", "account_ids": [ROOT, BRANCH]}).json()["id"]
    assert admin.post("/runs", {"group_id": group}).json()["order"]["accounts"] == [BRANCH]


@pytest.mark.parametrize("who", ["reseller_admin", "branch_admin"])
def test_a_name_of_two_is_refused_at_once_with_their_ids(api: ApiSite, who: str) -> None:
    from reseller_reporting.control.models import KnownAccount

    give_sub_reseller(api)
    with within(api.site.reseller):
        KnownAccount.objects.filter(account_id__in=[BRANCH, LEAF]).update(name="Twin")
    asked = {"accounts": ["Twin"], "include_sub_resellers": True}
    answer = api.of(who).post("/runs", asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "ambiguous_account")
    assert answer.json()["detail"] == f"2 customers are named 'Twin': choose by id, one of {BRANCH}, {LEAF}."
    assert runs(api) == []
    if who == "reseller_admin":  # One of them is its own customer, the other one its sub-reseller's.
        assert api.of(who).post("/runs", {"accounts": ["Twin"]}).json()["order"]["accounts"] == [BRANCH]
        with within(api.site.reseller):
            KnownAccount.objects.filter(account_id=SHOP).update(name="Twin")
        assert api.of(who).post("/runs", {"accounts": ["Twin"]}).status_code == 409


def test_what_only_the_job_can_know_is_left_to_the_job(api: ApiSite) -> None:
    """As long as no tree was read; and accounts of files that were imported, which KAZOO's tree does not hold."""
    admin, unknown = api.of("reseller_admin"), "9" * 32
    assert admin.post("/runs", {"accounts": [unknown]}).status_code == 202
    read_tree(api)
    assert admin.post("/runs", {"accounts": [unknown], "source": "store"}).status_code == 202


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"period": "2026-13"}, 422, "no period"),
        ({"period": "2027-01"}, 422, "has not begun"),
        ({"period": "1980-01-01..2026-11-26"}, 422, "Reports begin with 2010 at the earliest"),
        ({"period": "2024-10-01..2026-10-02"}, 422, "A report is about 24 months at most"),
        ({"timezone": "../../etc/passwd"}, 422, "no time zone"),
        ({"timezone": "Mars/Olympus\x00"}, 422, "no time zone"),
        ({"accounts": []}, 422, "accounts"),
        ({"accounts": ["a\x00b"]}, 422, "accounts.0"),
        ({"accounts": ["x" * 501]}, 422, "accounts.0"),
        ({"email": ["clerk@example.com\r\nBcc: all@example.com"]}, 422, "email.0"),
        ({"email": ["not an address"]}, 422, "address"),
        ({"email": ["clerk@example.com"]}, 422, "mail server"),
        ({"source": "file:///etc/passwd"}, 422, "source"),
        ({"also": ["pickle"]}, 422, "also.0"),
        ({"group_id": 2**70}, 422, "group_id"),
        ({"acounts": ["Leaf"]}, 422, "body.acounts"),
        ([], 422, "valid dictionary"),
        ("{", 422, "valid dictionary"),
        (None, 422, "required"),
    ],
)
def test_a_wrong_order_is_told_and_nothing_is_ordered(api: ApiSite, body: Any, status: int, said: str) -> None:
    answer = api.of("reseller_admin").post("/runs", body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert runs(api) == []


def test_what_is_no_json_is_a_problem_too(api: ApiSite) -> None:
    caller = api.of("reseller_admin")
    for content in (b"{", b"\xff\xfe", b"[" * 100_000):
        answer = caller.client.post(
            "/api/v1/runs", data=content, content_type="application/json", headers=caller.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_body_that_is_too_large_is_refused(api: ApiSite) -> None:
    caller = api.of("reseller_admin")
    for more in ({}, {"Idempotency-Key": "large"}):
        answer = caller.client.post(
            "/api/v1/runs", data=b" " * 6_000_000, content_type="application/json", headers=caller.headers | more
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


# Asked twice.


def test_an_order_with_a_key_is_placed_once(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    first = admin.post("/runs", {}, Idempotency_Key="month-2026-10")
    again = admin.post("/runs", {}, Idempotency_Key="month-2026-10")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert len(runs(api)) == 1
    assert admin.post("/runs", {}, Idempotency_Key="another").json()["id"] != first.json()["id"]


def test_a_key_is_of_one_request_and_of_one_user(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    admin.post("/runs", {}, Idempotency_Key="k")
    other = admin.post("/runs", {"period": "2026-09"}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert api.of("branch_admin").post("/runs", {}, Idempotency_Key="k").status_code == 202
    assert api.of("other_admin").post("/runs", {}, Idempotency_Key="k").status_code == 202
    operator = api.of("operator")
    assert operator.post("/runs", {}, Idempotency_Key="k").status_code == 202
    elsewhere = operator.post("/runs", {}, Idempotency_Key="k", X_Reseller=str(api.site.other.pk))
    assert elsewhere.json()["code"] == "idempotency_key_reused"


def test_a_refusal_is_not_kept_and_leaves_nothing(api: ApiSite) -> None:
    from reseller_reporting.control.models import IdempotencyKey

    admin = api.of("reseller_admin")
    assert admin.post(f"/runs/{api.run.pk}/cancel", Idempotency_Key="c").status_code == 409
    with within(api.site.reseller):
        assert not IdempotencyKey.objects.exists()
    assert admin.post(f"/runs/{api.run.pk}/retry", Idempotency_Key="r").status_code == 202
    assert admin.post(f"/runs/{api.run.pk}/cancel", Idempotency_Key="c").status_code == 202


def test_what_breaks_in_the_middle_leaves_neither_the_key_nor_the_order(
    api: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.api import runs as subject

    def broken(*_: Any) -> None:
        raise RuntimeError("after the order was placed")

    admin = api.of("reseller_admin")
    with monkeypatch.context() as patch:
        patch.setattr(subject, "_one", broken)
        assert admin.post("/runs", {}, Idempotency_Key="k").json()["code"] == "unexpected"
        assert runs(api) == []
    assert admin.post("/runs", {}, Idempotency_Key="k").status_code == 202
    assert len(runs(api)) == 1


@pytest.mark.parametrize("key", ["x" * 201, "with space", "ümlaut", ""])
def test_a_key_that_is_none_is_refused(api: ApiSite, key: str) -> None:
    assert api.of("reseller_admin").post("/runs", {}, Idempotency_Key=key).status_code == 422
    assert runs(api) == []


# Changing.


def test_a_deleted_run_comes_back(api: ApiSite) -> None:
    admin = api.of("reseller_admin")
    gone = admin("DELETE", f"/runs/{api.run.pk}").json()
    assert (gone["deleted_at"], gone["undo_until"]) == ("2026-11-25T12:00:00Z", "2026-12-02T12:00:00Z")
    assert admin.get("/runs").json()["count"] == 0
    assert admin.get("/runs?deleted=true").json()["count"] == 1
    assert admin.post(f"/runs/{api.run.pk}/retry").json()["code"] == "run_state"
    assert admin.post(f"/runs/{api.run.pk}/restore").json()["deleted_at"] is None
    actions = [each["action"] for each in admin.get("/audit").json()["items"]]
    assert actions == ["report_restored", "report_deleted"]


def test_a_report_is_sent_again_each_time_it_is_asked_for(api: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from django.conf import settings

    from reseller_reporting.app.house import House

    house = api.site.house
    with_mail = House(replace(house.settings, smtp_url="smtp://localhost:25"), clock=house.clock)
    monkeypatch.setattr(settings, "HOUSE", with_mail)
    admin, path, body = api.of("reseller_admin"), f"/runs/{api.run.pk}/mail", {"recipients": ["clerk@example.com"]}
    assert admin.post(path, body).json()["state"] == "waiting"
    assert admin.post(path, body, Idempotency_Key="m").status_code == 202
    assert admin.post(path, body, Idempotency_Key="m").status_code == 202
    assert admin.get(path).json()["count"] == 2
    for hostile in ("a@example.com\nBcc: b@example.com", "a@example.com, b@example.com", "x"):
        assert admin.post(path, {"recipients": [hostile]}).status_code == 422
    for name, status in (
        ("branch_admin", 404),
        ("reseller_viewer", 403),
        ("customer_admin", 403),
        ("other_admin", 404),
    ):
        assert api.of(name).post(path, body).status_code == status


# Following.


def test_progress_has_its_rate_and_the_time_left(api: ApiSite) -> None:
    from datetime import timedelta

    from reseller_reporting.control.models import Job

    with within(api.site.reseller):
        Job.objects.update(
            state="running", stage="Calls", stage_done=30, stage_total=90, stage_began_at=NOW - timedelta(seconds=60)
        )
    told = api.of("reseller_viewer").get(f"/runs/{api.run.pk}/progress").json()
    assert (told["rate_per_minute"], told["seconds_left"], told["customers"]) == (30, 120, {"made": 1})
    customers = api.of("reseller_viewer").get(f"/jobs/{api.job.pk}/customers?state=made").json()
    assert [each["account_id"] for each in customers["items"]] == [ACME]


def test_events_end_with_their_job(api: ApiSite) -> None:
    answer = api.of("reseller_admin").get(f"/runs/{api.run.pk}/events")
    assert answer.headers["Content-Type"] == "text/event-stream"
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("retry: ")
    assert text.count("event: ended\ndata: {") == 1


def test_who_is_shut_out_hears_no_more(api: ApiSite) -> None:
    from reseller_reporting.control.models import Job

    with within(api.site.reseller):
        Job.objects.update(state="running")
    person = api.person("reseller_admin")
    answer = api.of("reseller_admin").get(f"/runs/{api.run.pk}/events")
    person.is_active = False
    person.save()
    text = b"".join(answer.streaming_content).decode()
    assert "data:" not in text


def test_a_key_that_ends_meanwhile_hears_no_more(api: ApiSite) -> None:
    from reseller_reporting.control.models import ApiKey, Job

    with within(api.site.reseller):
        Job.objects.update(state="running")
        answer = api.of("reseller_admin").get(f"/runs/{api.run.pk}/events")
        ApiKey.objects.update(expires_at=NOW)
    assert "data:" not in b"".join(answer.streaming_content).decode()


def test_streams_leave_the_server_to_others(api: ApiSite) -> None:
    admin, path = api.of("reseller_admin"), f"/runs/{api.run.pk}/events"
    opened = [admin.get(path) for _ in range(8)]
    refused = admin.get(path)
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (
        503,
        "too_many_streams",
        "5",
    )
    for each in opened:
        each.close()
    again = admin.get(path)
    assert again.status_code == 200
    again.close()


# Fetching.


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_download_is_the_file_with_its_digest(api: ApiSite) -> None:
    file = api.files["accounts/acme.xlsx"]
    answer = api.of("reseller_viewer").get(f"/runs/{api.run.pk}/files/{file.pk}")
    assert content(answer) == b"acme"
    assert answer.headers["ETag"] == f'"{file.sha256}"'
    assert answer.headers["Content-Disposition"] == 'attachment; filename="acme.xlsx"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "../../secret-key",
        "/etc/passwd",
        "accounts/../../../secret-key",
        "accounts\\..\\x",
        "link.csv",
        "linked/secret",
        "accounts",
        "pipe",
        "gone.xlsx",
        "a\0b",
    ],
)
def test_nothing_outside_of_the_runs_folder_is_ever_read(api: ApiSite, name: str) -> None:
    from reseller_reporting.control.models import RunFile

    home = api.site.house.settings.home
    folder = run_folder(api.site.house, api.run.pk)
    (home / "secret-key").write_text("geheim")
    (home / "outside").mkdir()
    (home / "outside" / "secret").write_text("geheim")
    (folder / "link.csv").symlink_to(home / "secret-key")
    (folder / "linked").symlink_to(home / "outside")
    os.mkfifo(folder / "pipe")
    row = api.files["accounts/acme.xlsx"]
    with within(api.site.reseller):
        RunFile.objects.filter(pk=row.pk).update(name=name)
    admin = api.of("reseller_admin")
    for path in (f"files/{row.pk}", "files.zip"):
        answer = admin.get(f"/runs/{api.run.pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")
        assert b"geheim" not in answer.content


@pytest.mark.parametrize(
    "path",
    [
        "files/../../../secret-key",
        "files/%2e%2e%2fsecret-key",
        "files/0",
        "files/-1",
        "files/99999999999999999999999",
        "files/1%00",
        "legs/..%2f..%2fsecret",
        "legs/%00",
        "summary?cursor=-1",
        "summary?format=../../secret-key",
        "summary?limit=1000000",
    ],
)
def test_path_tricks_find_nothing(api: ApiSite, path: str) -> None:
    assert api.of("operator").get(f"/runs/{api.run.pk}/{path}").status_code in (404, 422)


def test_a_summary_is_exact_in_every_form(api: ApiSite) -> None:
    viewer, path = api.of("reseller_viewer"), f"/runs/{api.run.pk}/summary"
    assert content(viewer.get(f"{path}?format=csv")) == SUMMARY.encode()
    told = viewer.get(path).json()
    assert told["columns"] == ["Account ID", "Name", "Calls", "Reseller Cost", "Currency"]
    assert [each["Name"] for each in told["rows"]] == ["=cmd|x", 'Two\r\nlines, "quoted"', "Leaf"]
    assert [each["Reseller Cost"] for each in told["rows"]] == ["0.0300", "-1.5", None]
    assert told["next"] is None

    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(viewer.get(f"{path}?format=parquet").content))
    assert table.column_names == told["columns"]
    assert [None if value is None else f"{value:f}" for value in table["Reseller Cost"].to_pylist()] == [
        "0.0300000000",
        "-1.5000000000",
        None,
    ]


@pytest.mark.parametrize("limit", [1, 2, 7, 24, 25, 26])
def test_legs_come_by_pages_of_any_size_each_once(api: ApiSite, limit: int) -> None:
    admin, rows, asked = api.of("reseller_admin"), [], 0
    cursor: str | None = ""
    while cursor is not None:
        told = admin.get(f"/runs/{api.run.pk}/legs/{BRANCH}?limit={limit}{cursor}").json()
        rows += told["rows"]
        asked += 1
        cursor = f"&cursor={told['next']}" if told["next"] else None
    assert [row["Called"] for row in rows] == [f"+4930{row:04}" for row in range(25)]
    assert asked == -(-25 // limit)
    assert content(admin.get(f"/runs/{api.run.pk}/legs/{BRANCH}?format=csv")) == LEGS.encode()


def test_a_cursor_of_ones_own_making_is_refused(api: ApiSite) -> None:
    for cursor in (1, 5, 40, 10_000_000):
        answer = api.of("reseller_admin").get(f"/runs/{api.run.pk}/legs/{BRANCH}?cursor={cursor}")
        assert answer.status_code == 422, cursor


@pytest.mark.parametrize(
    ("language", "of_person", "found"),
    [
        ("en", "", {"october", "October%202026", "oct", "2026-10", "18%20sep", "2026-09-18..2026-09-21"}),
        ("de", "", {"october", "October%202026", "oct", "2026-10", "18%20sep", "2026-09-18..2026-09-21", "Oktober"}),
        ("en", "de", {"october", "October%202026", "oct", "2026-10", "18%20sep", "2026-09-18..2026-09-21", "Oktober"}),
    ],
)
def test_runs_are_found_by_periods_as_people_say_them(
    api: ApiSite, language: str, of_person: str, found: set[str]
) -> None:
    from reseller_reporting.control.models import Run

    days = "2026-09-18..2026-09-21"
    Run.objects.create(reseller=api.site.reseller, order={}, title=days, period_name=days, created_at=NOW)
    admin = api.of("reseller_admin")
    person = api.person("reseller_admin")
    person.language = of_person
    person.save()
    for text in (*found, "Oktober", "october%202025", "tober", "2026-09-21", "21%20sep"):
        listed = admin.get(f"/runs?search={text}", Accept_Language=language).json()["items"]
        wanted = [] if text not in found else [days] if "sep" in text or days == text else ["2026-10"]
        assert [each["period"] for each in listed] == wanted, text
    assert len(admin.get("/runs?search=2026").json()["items"]) == 2


def test_a_file_comes_by_its_name_as_by_its_number(api: ApiSite) -> None:
    client, base = api.of("reseller_viewer"), f"/runs/{api.run.pk}/files"
    listed = client.get(base).json()["items"]
    assert len(listed) > 1
    for each in listed:
        assert content(client.get(f"{base}/{each['name']}")) == content(client.get(f"{base}/{each['id']}"))
    for wrong in ("summary", "../manifest.json", "accounts/", "accounts", "0", "9" * 30):
        assert client.get(f"{base}/{wrong}").status_code == 404


@pytest.mark.parametrize(("language", "status", "kept"), [("de", 202, "de"), (None, 202, "en"), ("xx", 422, "")])
def test_the_language_of_documents_is_ordered(api: ApiSite, language: str | None, status: int, kept: str) -> None:
    answer = api.of("reseller_admin").post("/runs", {"language": language})
    assert answer.status_code == status
    if kept:
        assert answer.json()["order"]["language"] == kept


def test_a_wrong_key_is_told_from_none(api: ApiSite) -> None:
    wrong = api.site.client.get("/api/v1/me", headers={"Authorization": "Bearer rrk_none"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "log_in_needed")
    assert "unknown or expired" in wrong.json()["detail"]
    assert "Send an API key" in api.site.client.get("/api/v1/me").json()["detail"]


def test_tables_that_are_taken_away_stand_in_the_audit_trail(api: ApiSite) -> None:
    from reseller_reporting.control.models import AuditEvent

    reader = api.of("reseller_viewer")
    tables = [f"/runs/{api.run.pk}/{name}" for name in ("summary", "countries", f"legs/{BRANCH}")]
    for path in tables:
        assert reader.get(f"{path}?format=csv").status_code == 200
        following = reader.get(f"{path}?limit=1").json()["next"]
        assert reader.get(f"{path}?limit=1&cursor={following}").status_code == 200
    assert reader.get(f"{tables[0]}?format=parquet").status_code == 200
    with within(api.site.reseller):
        subjects = sorted(AuditEvent.objects.filter(action="file_downloaded").values_list("subject", flat=True))
    twice = ["legs/branch.csv", "summary-by-country.csv", "summary.csv"]
    assert subjects == sorted([*twice, *twice, "summary.parquet"])
