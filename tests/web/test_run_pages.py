"""Past reports: who sees which, what is downloaded, what changed, and what is done with one."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from sites import HOSTILE, NOW, make_large_run, make_run

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.model.account import Account
from reseller_reporting.model.ids import AccountId

if TYPE_CHECKING:
    from sites import MadeRun, Site

FIRST, SECOND = "1" * 32, "0" * 31 + "a"


def job_of(made: MadeRun) -> Any:
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return Job.objects.get(run_id=made.run.pk, kind="report")


def test_a_report_shows_its_figures_before_any_download(tree: Site, made_run: MadeRun) -> None:
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get(f"/reports/{made_run.run.pk}/").content.decode()
    for said in ("October 2026", "12.50", "7.25", "United Kingdom", "France", "Download all", "echarts.bar.min.js"):
        assert said in page
    assert "<script>" not in page
    assert "<b>" not in page
    assert HOSTILE not in page


def test_the_list_is_searched_by_period_customer_and_person(tree: Site, made_run: MadeRun) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    for found in ("", "2026-10", "second", "SCRIPT"):
        assert "October 2026" in client.get("/reports/", {"q": found}).content.decode()
    none = client.get("/reports/", {"q": "<nothing>"}).content.decode()
    assert "Nothing is found for “&lt;nothing&gt;”" in none
    part = client.get("/reports/", headers={"HX-Request": "true", "HX-Target": "run-list"}).content.decode()
    assert "<html" not in part


def test_an_empty_list_says_what_to_do_next(site: Site) -> None:
    page = site.as_(site.user(Role.RESELLER_ADMIN)).get("/reports/").content.decode()
    assert "There are no reports yet" in page
    assert "New report" in page


# Who sees what.


@pytest.mark.parametrize(
    ("role", "stated", "edition", "sees_run", "sees_sums", "downloads"),
    [
        (Role.OPERATOR, {}, "internal", True, True, {FIRST, SECOND, "summary"}),
        (Role.RESELLER_ADMIN, {}, "internal", True, True, {FIRST, SECOND, "summary"}),
        (Role.RESELLER_VIEWER, {}, "internal", True, True, {FIRST, SECOND, "summary"}),
        (Role.RESELLER_VIEWER, {"account_id": FIRST}, "internal", True, False, {FIRST}),
        (Role.RESELLER_ADMIN, {"account_id": FIRST}, "internal", True, False, {FIRST}),
        (Role.CUSTOMER_ADMIN, {"account_id": FIRST}, "internal", False, False, set()),
        (Role.CUSTOMER_ADMIN, {"account_id": FIRST}, "customer", True, False, {FIRST}),
        (Role.CUSTOMER_ADMIN, {"account_id": f"{7:032x}"}, "customer", False, False, set()),
    ],
)
def test_everyone_sees_what_is_theirs(
    tree: Site, role: Role, stated: dict[str, Any], edition: str, sees_run: bool, sees_sums: bool, downloads: set[str]
) -> None:
    from reseller_reporting.control.models import KnownAccount
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):  # The second customer is beside the first one, not below it.
        KnownAccount.objects.filter(account_id=SECOND).update(lineage=f"/{'f' * 32}/{SECOND}/", parent_id="f" * 32)
    made = make_run(tree, edition=edition)
    client = tree.as_(tree.user(role, **stated))
    base = f"/reports/{made.run.pk}/"
    page = client.get(base)
    assert page.status_code == (200 if sees_run else 404)
    text = page.content.decode()
    assert ("7.25" in text) == sees_sums
    assert ("Second" in text) == (SECOND in downloads)
    assert ("October 2026" in client.get("/reports/").content.decode()) == sees_run
    names = {FIRST: f"accounts/{FIRST}.xlsx", SECOND: f"accounts/{SECOND}.xlsx", "summary": "summary.csv"}
    got = {key for key, name in names.items() if client.get(f"{base}files/{name}").status_code == 200}
    assert got == downloads
    archive = client.get(f"{base}zip")
    assert archive.status_code == (200 if downloads else 404)
    if downloads:
        listed = set(zipfile.ZipFile(io.BytesIO(b"".join(archive.streaming_content))).namelist())  # type: ignore[attr-defined]
        assert {names[key] for key in downloads} <= listed
        assert not {names[key] for key in names.keys() - downloads} & listed


@pytest.mark.parametrize(
    ("role", "stated"),
    [
        (Role.RESELLER_VIEWER, {}),
        (Role.CUSTOMER_ADMIN, {}),
        (Role.RESELLER_ADMIN, {"account_id": FIRST}),  # Sees a part of it; changing concerns all of it.
    ],
)
@pytest.mark.parametrize("what", ["cancel", "retry", "send", "delete", "undelete"])
def test_whoever_may_not_change_a_report_cannot(
    tree: Site, made_run: MadeRun, role: Role, stated: dict[str, Any], what: str
) -> None:
    client = tree.as_(tree.user(role, **stated))
    answer = client.post(f"/reports/{made_run.run.pk}/{what}", {"email": "a@example.com"})
    assert answer.status_code in {403, 404}
    made_run.run.refresh_from_db()
    assert made_run.run.deleted_at is None
    assert job_of(made_run).state == "done"


def test_of_another_reseller_nothing_is_there(tree: Site, made_run: MadeRun) -> None:
    base = f"/reports/{made_run.run.pk}/"
    client = tree.as_(tree.user(Role.RESELLER_ADMIN, reseller=tree.other))
    for path in ("", "zip", "files/summary.csv", "progress"):
        assert client.get(base + path).status_code == 404, path
    for path in ("cancel", "retry", "send", "delete", "undelete"):
        assert client.post(base + path).status_code == 404, path
    assert "October" not in client.get("/reports/").content.decode()
    assert client.get(f"/reports/compare?run={made_run.run.pk}&run={made_run.run.pk}").status_code == 302


def test_an_admin_of_a_branch_changes_what_they_made(tree: Site) -> None:
    user = tree.user(Role.RESELLER_ADMIN, account_id=FIRST)
    made = make_run(tree, created_by=user)
    client = tree.as_(user)
    assert "Delete this report" in client.get(f"/reports/{made.run.pk}/").content.decode()
    assert client.post(f"/reports/{made.run.pk}/delete").status_code == 302


@pytest.mark.parametrize("role", [Role.RESELLER_ADMIN, Role.RESELLER_VIEWER, Role.CUSTOMER_ADMIN])
@pytest.mark.parametrize("edition", ["internal", "customer"])
def test_the_resellers_workbook_is_nothing_to_whoever_belongs_to_one_account(
    tree: Site, role: Role, edition: str
) -> None:
    """Not even in a report that they ordered themselves: it tells of margins, and of the trunks that all share."""
    user = tree.user(role, account_id=FIRST)
    base = f"/reports/{make_run(tree, edition=edition, created_by=user).run.pk}/"
    client = tree.as_(user)
    assert client.get(f"{base}files/reseller.xlsx").status_code == 404
    assert "reseller.xlsx" not in client.get(base).content.decode()
    for query in ("", "?what=summaries", "?what=workbooks"):
        answer = client.get(f"{base}zip{query}")
        if answer.status_code == 200:
            archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
            assert "reseller.xlsx" not in archive.namelist()
    whole = tree.as_(tree.user(Role.RESELLER_VIEWER))
    assert whole.get(f"{base}files/reseller.xlsx").status_code == 200
    assert "reseller.xlsx" in whole.get(base).content.decode()


# Downloads.


def test_a_workbook_comes_as_it_lies_there(tree: Site, made_run: MadeRun) -> None:
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    answer = client.get(f"/reports/{made_run.run.pk}/files/accounts/{FIRST}.xlsx")
    assert b"".join(answer.streaming_content) == b"workbook of " + FIRST.encode()  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{FIRST}.xlsx"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "../../secret-key",
        "..%2f..%2fsecret-key",
        "accounts/../../../secret-key",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "accounts",
        "summary.csv%00.xlsx",
        "other.xlsx",
    ],
)
def test_no_name_leads_out_of_the_run(tree: Site, made_run: MadeRun, name: str) -> None:
    (tree.house.settings.home / "secret-key").write_text("secret")
    (made_run.folder / "other.xlsx").write_text("on disk, but no row")
    client = tree.as_(tree.user(Role.OPERATOR))
    assert client.get(f"/reports/{made_run.run.pk}/files/{name}").status_code == 404


def test_not_even_a_row_leads_out_of_the_run(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import RunFile

    (tree.house.settings.home / "secret-key").write_text("secret")
    RunFile.objects.create(
        run=made_run.run, reseller=tree.reseller, name="../../secret-key", kind="summary", size_bytes=1, sha256=""
    )
    client = tree.as_(tree.user(Role.OPERATOR))
    assert client.get(f"/reports/{made_run.run.pk}/files/../../secret-key").status_code == 404
    assert client.get(f"/reports/{made_run.run.pk}/zip").status_code == 404


def test_files_that_are_gone_are_said(tree: Site, made_run: MadeRun) -> None:
    for path in sorted(made_run.folder.rglob("*"), reverse=True):
        if path.is_file():
            path.unlink()
    client = tree.as_(tree.user(Role.OPERATOR))
    assert client.get(f"/reports/{made_run.run.pk}/").status_code == 200
    assert client.get(f"/reports/{made_run.run.pk}/files/summary.csv").status_code == 404


# What is done with one.


def test_deleting_is_undone(tree: Site, made_run: MadeRun) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    base = f"/reports/{made_run.run.pk}/"
    led = client.post(f"{base}delete").headers["Location"]
    assert "Undo" in client.get(led).content.decode()
    assert client.get(base).status_code == 404
    assert client.get(f"{base}files/summary.csv").status_code == 404
    assert "October 2026" not in client.get("/reports/").content.decode()
    assert "October 2026" in client.get("/reports/?deleted=1").content.decode()
    assert client.post(f"{base}undelete").headers["Location"] == base
    assert client.get(base).status_code == 200


def test_what_failed_is_tried_again_and_what_waits_is_cancelled(tree: Site, made_run: MadeRun) -> None:
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    base = f"/reports/{made_run.run.pk}/"
    client.post(f"{base}retry")
    assert job_of(made_run).state == "queued"
    assert "hx-trigger" in client.get(base).content.decode()
    client.post(f"{base}cancel")
    assert job_of(made_run).state == "cancelled"
    ended = client.get(f"{base}progress")
    assert ended.headers["HX-Refresh"] == "true"


def test_progress_names_stage_rate_and_customers(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Job, JobItem
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        Job.objects.update(
            state="running",
            stage="Reading calls",
            stage_done=30,
            stage_total=90,
            stage_began_at=NOW - timedelta(minutes=2),
            percent=40,
        )
        JobItem.objects.filter(account_id=SECOND).update(state="failed", message="KAZOO was <b>away</b>.")
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    part = client.get(f"/reports/{made_run.run.pk}/progress").content.decode()
    for said in ("Reading calls", "30 / 90", "15 a minute", "about 4 minutes left", "KAZOO was &lt;b&gt;away"):
        assert said in part
    assert "<html" not in part
    failed = client.get(f"/reports/{made_run.run.pk}/progress?state=failed").content.decode()
    assert "Second" in failed
    assert "alert(1)" not in failed


def test_customers_of_a_report_in_the_making_stand_where_people_look_for_them(tree: Site, made_run: MadeRun) -> None:
    from types import SimpleNamespace

    from reseller_reporting.app.job_progress import JobProgress
    from reseller_reporting.app.jobs import _settle_items
    from reseller_reporting.control.models import Job, JobItem

    names = ["Ångström", "apple", "Łódź", "Zebra", "mango", "Österreich"]
    accounts = [Account(id=AccountId(f"{place:032x}"), name=name) for place, name in enumerate(names)]
    wanted = ["Ångström", "apple", "Łódź", "mango", "Österreich", "Zebra"]
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))

    def shown() -> list[str]:
        page = client.get(f"/reports/{made_run.run.pk}/progress").content.decode()
        return re.findall(r'class="flex-fill">([^<]+)<', page)

    with within(tree.reseller):
        JobItem.objects.all().delete()
        Job.objects.update(state="running", lease="x")
        job = Job.objects.get(run=made_run.run)
    with JobProgress(job.pk, job.reseller_id, "x", lambda: NOW) as progress:
        progress.about(accounts)
    assert shown() == wanted
    ended: Any = [(SimpleNamespace(account=each, status="ok", warnings=()), None) for each in accounts]
    with within(tree.reseller):
        _settle_items(job, SimpleNamespace(entries=[*ended[3:], *ended[:3]]))  # type: ignore[arg-type]
        assert set(JobItem.objects.values_list("state", flat=True)) == {"made"}
    assert shown() == wanted


def test_a_report_is_sent_once_for_each_wish(tree: Site, made_run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    from reseller_reporting.control.models import Delivery
    from reseller_reporting.control.scoping import within

    mailing = replace(tree.house.settings, smtp_url="smtp://127.0.0.1:25", mail_from="reports@example.com")
    monkeypatch.setattr(settings, "HOUSE", replace(tree.house, settings=mailing))
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    url = f"/reports/{made_run.run.pk}/send"
    for _ in range(2):
        client.post(url, {"email": "a@example.com, b@example.com", "token": "once", "sure": "yes"})
    client.post(url, {"email": "a@example.com\r\nBcc: evil@example.com", "token": "twice", "sure": "yes"})
    client.post(url, {"email": " ", "token": "thrice"})
    with within(tree.reseller):
        assert [each.recipients for each in Delivery.objects.all()] == [["a@example.com", "b@example.com"]]


@pytest.mark.parametrize("edition", ["internal", "customer"])
def test_costs_leave_for_an_address_that_nobody_knows_only_when_asked_twice(
    tree: Site, monkeypatch: pytest.MonkeyPatch, edition: str
) -> None:
    """Summaries hold costs whatever the edition of the workbooks."""
    from django.conf import settings

    from reseller_reporting.control.models import Delivery, Recipient

    mailing = replace(tree.house.settings, smtp_url="smtp://127.0.0.1:25", mail_from="reports@example.com")
    monkeypatch.setattr(settings, "HOUSE", replace(tree.house, settings=mailing))
    made = make_run(tree, edition=edition)
    user = tree.user(Role.RESELLER_ADMIN)
    tree.user(Role.RESELLER_VIEWER, username="anna@example.com")
    Recipient.objects.create(reseller=tree.reseller, address="Books@example.com", last_used_at=NOW)
    client, url = tree.as_(user), f"/reports/{made.run.pk}/"
    assert "your costs" in client.get(url).content.decode()
    everyone = "anna@example.com, books@example.com, custmer@example.net"
    asked = client.post(f"{url}send", {"email": everyone, "token": "x"}).content.decode()
    assert "<strong>custmer@example.net</strong>" in asked
    assert "anna@example.com</strong>" not in asked
    assert "books@example.com</strong>" not in asked
    with within(tree.reseller):
        assert not Delivery.objects.exists()
    client.post(f"{url}send", {"email": "anna@example.com, books@example.com", "token": "y"})
    client.post(f"{url}send", {"email": everyone, "token": "x", "sure": "yes"})
    with within(tree.reseller):
        assert sorted(len(each.recipients) for each in Delivery.objects.all()) == [2, 3]


def test_a_report_that_is_cancelled_says_so_once(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Job

    client, url = tree.as_(tree.user(Role.RESELLER_ADMIN)), f"/reports/{made_run.run.pk}/"
    made_run.run.state = "waiting"
    made_run.run.save()
    with within(tree.reseller):
        Job.objects.update(state="running", stage="Reading calls", percent=15)
    assert "You may close this page" in client.get(url).content.decode()
    client.post(f"{url}cancel")
    stopping = client.get(url).content.decode()
    assert "Being cancelled" in stopping
    assert "You may close this page" not in stopping
    with within(tree.reseller):
        Job.objects.update(state="cancelled", stage="", message="Cancelled.")
    ended = client.get(url).content.decode()
    assert len(re.findall(r"Cancelled", ended)) == 1
    assert "15 %" not in ended
    assert "<progress" not in ended


def test_reports_are_found_by_periods_as_people_say_them(tree: Site, made_run: MadeRun) -> None:
    days = make_run(tree)
    days.run.period_name = days.run.title = "2026-09-18..2026-09-21"
    days.run.save()
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))

    def found(text: str, language: str = "en") -> set[Any]:
        page = client.get("/reports/", {"q": text}, headers={"Accept-Language": language}).content.decode()
        return {made.run.pk for made in (made_run, days) if f'value="{made.run.pk}"' in page}

    for text in ("October", "october 2026", "oct", "2026 Oct", "2026-10"):
        assert found(text) == {made_run.run.pk}, text
    for text in ("18 Sep", "20. September", "sep", "2026-09-18", "2026-09-20"):
        assert found(text) == {days.run.pk}, text
    assert found("Oktober 2026", "de") == found("October 2026", "de") == {made_run.run.pk}
    assert found("18. Sept", "de") == {days.run.pk}
    assert found("2026") == {made_run.run.pk, days.run.pk}
    for text in ("Oktober", "October 2025", "November", "tober", "21 Sep", "."):
        assert found(text) == set(), text


def test_the_list_tells_reports_apart(tree: Site) -> None:
    from reseller_reporting.control.models import AccountGroup

    AccountGroup.objects.create(reseller=tree.reseller, name="Berlin", account_ids=[FIRST, SECOND], updated_at=NOW)
    first, second, third = (make_run(tree, created_at=NOW + timedelta(seconds=each)) for each in (0, 7, 7))
    first.run.order |= {"accounts": [SECOND, FIRST], "language": "de"}
    second.run.order |= {"accounts": [FIRST], "edition": "customer", "language": "en"}
    for made in (first, second):
        made.run.save()
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.get("/reports/").content.decode()
    lines = [" ".join(re.sub("<[^>]+>", " ", each).split()) for each in page.split('<li class="list-group-item">')[1:]]
    line_of = {pk: line for line, pk in zip(lines, re.findall(r'name="run" value="([^"]+)"', page), strict=True)}
    for said in ("Berlin", "2 customers", "Deutsch", ":00"):
        assert said in line_of[str(first.run.pk)]
    assert "For customers" in line_of[str(second.run.pk)]
    assert "English" not in line_of[str(second.run.pk)]
    assert "All customers (2)" in line_of[str(third.run.pk)]
    twins = line_of[str(second.run.pk)], line_of[str(third.run.pk)]
    assert sorted(re.findall(r":07 \((\d)\)", " ".join(twins))) == ["1", "2"]


def test_a_branch_reads_nothing_of_an_order_that_is_not_theirs(tree: Site) -> None:
    made = make_run(tree, edition="customer")
    made.run.order |= {"language": "de"}
    made.run.save()
    page = tree.as_(tree.user(Role.CUSTOMER_ADMIN)).get("/reports/").content.decode()
    for said in ("All customers", "For customers", "Deutsch", "customers"):
        assert said not in page.split('id="run-list"')[1].split("</form>")[0]


def test_a_wrong_number_of_ticks_keeps_them(tree: Site, made_run: MadeRun) -> None:
    others = [make_run(tree, created_at=NOW + timedelta(minutes=each)) for each in (1, 2)]
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    ticked = [str(made.run.pk) for made in (made_run, others[0])]
    for runs in ([ticked[0]], [*ticked, str(others[1].run.pk)]):
        page = client.get("/reports/compare", {"run": runs, "q": "oct"}, follow=True).content.decode()
        assert "Choose two finished reports" in page
        boxes = re.findall(r'<input class="form-check-input[^>]*>', page)
        assert {box.split('value="')[1].split('"')[0] for box in boxes if " checked" in box} == set(runs)
        assert 'value="oct"' in page


def made_later_of_the_first_alone(tree: Site) -> MadeRun:
    """Its manifest holds the first customer, whoever was asked for."""
    later = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    manifest = later.folder / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    document["accounts"] = document["accounts"][:1]
    manifest.write_text(json.dumps(document), encoding="utf-8")
    return later


def test_customers_who_were_not_asked_for_are_not_compared(tree: Site, made_run: MadeRun) -> None:
    later = made_later_of_the_first_alone(tree)
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    url = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    gone = client.get(url).content.decode()
    assert "Gone" in gone  # Everyone was asked for.
    assert ">-1.00<" not in gone
    assert ">+6.50<" in gone.split("<tfoot>")[1]
    later.run.order |= {"accounts": [FIRST]}
    later.run.save()
    for address in (url, f"{url}&turned=1"):
        page = client.get(address).content.decode()
        assert "Gone" not in page
        assert "New<" not in page
        assert "Second" not in page
        assert "1 customer was asked for in one of the reports only" in page
        totals = page.split("<tfoot>")[1]
        assert (">−7.50<" if "turned" in address else ">+7.50<") in totals
    made_run.run.order |= {"accounts": ["Second", FIRST]}
    made_run.run.save()
    assert "Gone" not in client.get(url).content.decode()


def test_customers_of_sub_resellers_are_compared_where_both_asked_for_them(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import KnownAccount

    with within(tree.reseller):
        KnownAccount.objects.filter(account_id=SECOND).update(reseller_account_id="e" * 32)
    later = made_later_of_the_first_alone(tree)
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    url = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    assert "Gone" in client.get(url).content.decode()
    made_run.run.order |= {"include_sub_resellers": True}
    made_run.run.save()
    page = client.get(url).content.decode()
    assert "Gone" not in page
    assert "asked for in one of the reports only" in page


def test_the_older_one_comes_first_unless_turned_round(tree: Site, made_run: MadeRun) -> None:
    """By what they are of: September that was made after October is the earlier one."""
    older = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    older.run.period_name = "2026-09-01..2026-09-08"
    older.run.save()
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    url = f"/reports/compare?run={made_run.run.pk}&run={older.run.pk}"
    page = client.get(url).content.decode()
    assert page.index("7 Sep 2026") < page.index("October 2026")
    assert ">−7.50<" in page
    link = html.unescape(re.search(r'href="(/reports/compare\?[^"]*turned=1)"', page)[1])  # type: ignore[index]
    turned = client.get(link).content.decode()
    assert turned.index("October 2026") < turned.index("7 Sep 2026")
    assert ">+7.50<" in turned
    assert re.search(r'href="/reports/compare\?run=[^&"]+&amp;run=[^&"]+"', turned)  # And back again.


def test_what_changed_between_two_is_told_to_the_cent(tree: Site, made_run: MadeRun) -> None:
    later = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    page = client.get(f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}").content.decode()
    assert "+7.50" in page
    assert "1 customer is as before" in page
    assert "<script>" not in page
    for wrong in ("", "?run=1", f"?run={later.run.pk}", "?run=x&run=y"):
        assert client.get(f"/reports/compare{wrong}").status_code == 302
    assert tree.as_(tree.user(Role.CUSTOMER_ADMIN)).get("/reports/compare").status_code == 403


def test_what_changed_of_what_is_owed_is_told_although_no_call_did(tree: Site, made_run: MadeRun) -> None:
    """The fee of a month went up: its calls, costs and prices are those of before."""
    later = make_run(tree, created_at=NOW + timedelta(hours=1))
    url = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    plain = client.get(url).content.decode()
    assert "Nothing changed" in plain
    assert "Total due" not in plain
    for made in (made_run, later):
        with_statements(made)
    manifest = later.folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("168.8610", "180.7610"), encoding="utf-8")
    page = client.get(url).content.decode()
    head, rows = page.split("<tbody>")
    assert [head.index(f">{title}<") for title in ("Total due", "Price of calls", "Customer Cost")] == sorted(
        head.index(f">{title}<") for title in ("Total due", "Price of calls", "Customer Cost")
    )
    row, totals = rows.split("<tfoot>")
    for part in (row, totals):
        figures = re.findall(r'class="amount">([^<]*)<div[^>]*>([^<]*)<', part)
        assert figures[:2] == [("180.76", "+11.90"), ("27.53", "0.00")]
    assert "1 customer is as before" in page
    # In two currencies nothing is held against each other.
    made_run.run.totals |= {"currency": "EUR"}
    made_run.run.save()
    later.run.totals |= {"currency": "USD"}
    later.run.save()
    assert "11.90" not in client.get(url).content.decode()


def test_files_of_a_customer_stand_beside_them(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import RunFile

    statement = {"name": f"statements/{FIRST}.pdf", "kind": "statement", "account_id": FIRST, "account_name": HOSTILE}
    RunFile.objects.create(run=made_run.run, reseller=tree.reseller, size_bytes=1, sha256="", **statement)
    for account_id in ("", FIRST):
        page = (
            tree.as_(tree.user(Role.RESELLER_VIEWER, account_id=account_id))
            .get(f"/reports/{made_run.run.pk}/")
            .content.decode()
        )
        assert f"/files/statements/{FIRST}.pdf" in page
        assert "Statement" in page


@dataclass(frozen=True)
class Crowd:
    """A reseller of 5 000 accounts with two reports of all of them, hundreds of users and a long trail."""

    site: Site
    operator: Any
    paths: list[str]


@pytest.fixture
def crowd(tree: Site, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    from django.conf import settings

    from reseller_reporting.control.models import AuditEvent, KnownAccount, Run, User
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        KnownAccount.objects.all().delete()
    tree.grow(5000)
    first, second = make_large_run(tree), make_large_run(tree)
    mailing = replace(tree.house.settings, smtp_url="smtp://127.0.0.1:25", mail_from="reports@example.com")
    monkeypatch.setattr(settings, "HOUSE", replace(tree.house, settings=mailing))
    given: dict[str, Any] = {"reseller": tree.reseller, "created_at": NOW}
    User.objects.bulk_create(
        User(username=f"{number}@example.com", role="customer_admin", account_id=f"{number + 1:032x}", **given)
        for number in range(400)
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(reseller=tree.reseller, at=NOW, who="x", action="logged_in", subject=str(number))
        for number in range(500)
    )
    Run.objects.bulk_create(
        Run(reseller=tree.reseller, order={}, title="2026-09", period_name="2026-09", created_at=NOW)
        for number in range(100)
    )
    someone = tree.user(Role.RESELLER_VIEWER)
    paths = [
        *("/", "/report/accounts", "/report/accounts/ids", "/report/accounts?q=customer", "/reports/"),
        *("/reports/?q=customer", "/reports/?deleted=1", f"/reports/{first.run.pk}/"),
        *(f"/reports/{first.run.pk}/?q=0499", f"/reports/{first.run.pk}/?page=99", f"/reports/{first.run.pk}/progress"),
        *(f"/reports/compare?run={first.run.pk}&run={second.run.pk}", "/connection/", "/users/"),
        *(f"/users/{someone.pk}/", "/audit/", "/audit/?q=x", "/password/"),
    ]
    return Crowd(tree, tree.user(Role.OPERATOR), paths)


def test_no_page_asks_more_than_fifteen_questions_however_many_there_are(crowd: Crowd) -> None:
    client = crowd.site.as_(crowd.operator)
    for path in crowd.paths:
        client.get(path)  # What is asked once for all pages is not of this one. How long it takes: `benchmarks/web.py`.
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        assert answer.status_code == 200, path
        assert len(queries) <= 15, (path, [each["sql"][:120] for each in queries])


def test_whoever_sees_a_part_of_five_thousand_asks_no_more(crowd: Crowd) -> None:
    for role in (Role.RESELLER_ADMIN, Role.RESELLER_VIEWER, Role.CUSTOMER_ADMIN):
        client = crowd.site.as_(crowd.site.user(role, account_id=FIRST))
        for path in crowd.paths:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code in (200, 286, 302, 403, 404), path
            assert len(queries) <= 15, (role, path, [each["sql"][:120] for each in queries])


def test_a_report_that_is_made_again_shows_its_new_figures(tree: Site, made_run: MadeRun) -> None:
    client = tree.as_(tree.user(Role.OPERATOR))
    manifest = made_run.folder / "manifest.json"
    assert "12.50" in client.get(f"/reports/{made_run.run.pk}/?q=script").content.decode()
    beside = made_run.folder / "beside"
    beside.write_bytes(manifest.read_bytes().replace(b"12.5000", b"99.7500"))
    beside.replace(manifest)
    assert "99.75" in client.get(f"/reports/{made_run.run.pk}/?q=script").content.decode()


def priced(made: MadeRun, prices: dict[str, tuple[str, str]]) -> None:
    """As plans leave it: by account, price and margin on calls."""
    manifest = made.folder / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    for account in document["accounts"]:
        account["price"] = prices.get(account["id"], (None,))[0]
    manifest.write_text(json.dumps(document), encoding="utf-8")
    lines = [f"{id_},{margin},30.00" for id_, (_, margin) in prices.items()]
    (made.folder / "summary.csv").write_text(
        "\n".join(["Account ID,Margin,Billing Minutes", *lines, f"{SECOND},,12.50"]), encoding="utf-8"
    )
    (made.folder / "summary-by-country.csv").write_text(
        "Account ID,Name,Country Code,Country,Direction,Calls,Billing Minutes,Customer Cost,Price,Margin\n"
        f"{FIRST},A,GB,United Kingdom,outbound,4,10.50,2.5000,31.230000,21.110000\n"
        f"{SECOND},B,GB,United Kingdom,outbound,4,10.50,2.5000,,\n"
        f"{SECOND},B,FR,France,outbound,2,1.00,9.0000,,\n",
        encoding="utf-8",
    )
    made.run.totals |= {"price": "44.000000"}
    made.run.save()


def with_statements(made: MadeRun) -> None:
    """The first customer's calls come to 27.53; with what is due each month its statement says 168.86."""
    priced(made, {FIRST: ("27.530000", "20.280000")})
    manifest = made.folder / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    document["statements"] = [{"id": FIRST, "net": "141.9000", "total_due": "168.8610"}]
    manifest.write_text(json.dumps(document), encoding="utf-8")
    (made.folder / "margin.csv").write_text(
        f"Account ID,Net,Margin\n{FIRST},141.9000,99.9900\n{SECOND},,\n", encoding="utf-8"
    )
    made.run.totals |= {"price": "27.530000", "net": "141.9000", "total_due": "168.8610"}
    made.run.save()


def tiles(page: str) -> dict[str, str]:
    found = re.findall(r'card-body"><div class="text-secondary">([^<]+)</div><div class="h2 mb-0">([^ <]+)', page)
    return dict(found)


def chart_of(page: str) -> Any:
    return json.loads(page.split('id="chart-data" type="application/json">')[1].split("</script>", maxsplit=1)[0])


def test_a_priced_report_shows_price_and_margin_of_calls_by_the_words_of_the_documents(
    tree: Site, made_run: MadeRun
) -> None:
    url, client = f"/reports/{made_run.run.pk}/", tree.as_(tree.user(Role.RESELLER_ADMIN))
    plain = client.get(url).content.decode()
    assert "Customer Cost, by customer" in plain
    assert tiles(plain) == {"Reseller Cost": "7.25", "Customer Cost": "12.50", "Calls": "12"}
    assert "Price of calls" not in plain
    assert "Margin" not in plain
    priced(made_run, {FIRST: ("44.000000", "40.375000")})
    page = client.get(url).content.decode()
    for said in ("Price of calls, by customer", "31.23", "21.11", "1 of 2 customers"):
        assert said in page
    assert tiles(page).items() >= {"Price of calls": "44.00", "Margin on calls": "40.38"}.items()
    assert ">Margin<" not in page
    assert "Total due" not in page
    assert chart_of(page)["values"] == ["44.000000", "0"]


def test_what_is_owed_and_what_is_earned_are_those_of_the_statement(tree: Site, made_run: MadeRun) -> None:
    with_statements(made_run)
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.get(f"/reports/{made_run.run.pk}/").content.decode()
    assert tiles(page).items() >= {"Total due": "168.86", "Margin": "99.99", "Price of calls": "27.53"}.items()
    assert "Total due, by customer" in page
    assert chart_of(page)["values"] == ["168.8610", "0"]
    table = page.split('id="customers"')[1].split("Countries")[0]
    first, second = re.findall(r'<tr[^>]*><th class="fw-normal".*?</tr>', table, re.DOTALL)
    owed, other = (first, second) if "script" in first else (second, first)
    assert re.findall(r'class="amount">([^<]*)<', owed)[:3] == ["168.86", "99.99", "27.53"]
    assert "Net 141.90" in owed
    assert re.findall(r'class="amount">([^<]*)<', other)[:3] == ["–", "–", "–"]
    assert "Total due 168.86" in client.get("/reports/").content.decode()


def test_billing_minutes_are_of_one_kind_and_add_up(tree: Site, made_run: MadeRun) -> None:
    """30 minutes and 20 seconds, and 20 and a half: thirds are rounded in files, and whole again in the sum."""
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get(f"/reports/{made_run.run.pk}/").content.decode()
    assert page.count("Billing Minutes") >= 3
    for said in ("30.33<", "20.50<", "50.83<"):
        assert said in page
    assert "Answered" not in page


def test_words_of_figures_are_those_of_the_documents_in_each_language(tree: Site, made_run: MadeRun) -> None:
    with_statements(made_run)
    user = tree.user(Role.RESELLER_ADMIN)
    said = {
        "de": ("Gesamtbetrag", "Reseller-Kosten", "Abrechnungsminuten", "Preis der Anrufe"),
        "fr": ("Total à payer", "Coût revendeur", "Minutes facturées", "Prix des appels"),
    }
    for language, words in said.items():
        page = tree.as_(user).get(f"/reports/{made_run.run.pk}/", headers={"Accept-Language": language})
        for word in words:
            assert word in page.content.decode(), (language, word)


def test_a_chart_of_some_customers_says_so(tree: Site, made_run: MadeRun) -> None:
    large = make_large_run(tree, 12, countries=1)
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    page = client.get(f"/reports/{large.run.pk}/").content.decode()
    assert "The first 10 of 12 customers." in page
    assert len(chart_of(page)["values"]) == 10
    assert "The first" not in client.get(f"/reports/{made_run.run.pk}/").content.decode()


def test_people_find_names_where_they_look_for_them(tree: Site, made_run: MadeRun) -> None:
    manifest = made_run.folder / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    one = document["accounts"][0]
    names = ["Spring", "Łódź", "Ångström", "alpha", "Mike", "Zulu", "Œuvre"]
    document["accounts"] = [one | {"id": str(place), "name": name} for place, name in enumerate(names)]
    manifest.write_text(json.dumps(document), encoding="utf-8")
    page = tree.as_(tree.user(Role.RESELLER_ADMIN)).get(f"/reports/{made_run.run.pk}/").content.decode()
    shown = re.findall(r'<th class="fw-normal" scope="row">([^<]+)<', page.split('id="customers"')[1])
    assert shown[: len(names)] == ["alpha", "Ångström", "Łódź", "Mike", "Œuvre", "Spring", "Zulu"]


def test_what_is_for_customers_is_said_to_the_office_alone(tree: Site) -> None:
    made = make_run(tree, edition="customer")
    for user, is_told in ((tree.user(Role.RESELLER_VIEWER), True), (tree.user(Role.CUSTOMER_ADMIN), False)):
        page = tree.as_(user).get(f"/reports/{made.run.pk}/").content.decode()
        assert ("For customers: your prices alone" in page) == is_told


def test_customers_of_one_name_are_told_apart(tree: Site, made_run: MadeRun) -> None:
    manifest = made_run.folder / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    url, client = f"/reports/{made_run.run.pk}/", tree.as_(tree.user(Role.RESELLER_ADMIN))
    assert "11111…11111" not in client.get(url).content.decode()
    document = json.loads(text)
    for account in document["accounts"]:
        account["name"] = "Twin"
    manifest.write_text(json.dumps(document), encoding="utf-8")
    page = client.get(url).content.decode()
    assert "11111…11111" in page
    assert "00000…0000a" in page


def test_stages_that_are_over_are_seen(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import within

    with within(tree.reseller):
        Job.objects.update(state="running", stage="Reading services", percent=4)
    part = tree.as_(tree.user(Role.RESELLER_ADMIN)).get(f"/reports/{made_run.run.pk}/progress").content.decode()
    stages = ("Getting ready", "Logging in", "Reading the account tree", "Reading services", "Writing workbooks")
    places = [part.index(f" {stage}</li>") for stage in stages]
    assert places == sorted(places)
    assert part.count("Done: ") == 3
    assert part.count('aria-current="step"') == 1


def test_a_comparison_has_totals_and_says_what_is_not_complete(tree: Site, made_run: MadeRun) -> None:
    later = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    url = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    page = client.get(url).content.decode()
    totals = page.split("<tfoot>")[1].split("</tfoot>")[0]
    for said in ("All customers", ">12<", ">21.00<", ">+7.50<"):
        assert said in totals
    assert "is not complete" not in page
    made_run.run.is_complete = False
    made_run.run.save()
    assert client.get(url).content.decode().count("is not complete: some of what changed") == 1


def test_amounts_of_old_reports_keep_their_currency(site: Site, made_run: MadeRun) -> None:
    site.reseller.currency = "EUR"
    site.reseller.save()
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    paths = (f"/reports/{made_run.run.pk}/", "/reports/")
    for path in paths:  # Nothing is known of it.
        assert currencies(client.get(path)) == {"EUR"}, path
    (made_run.folder / "summary.csv").write_text("Account ID,Currency\n1,CHF\n")
    for path in paths:
        assert currencies(client.get(path)) == {"CHF"}, path
    made_run.run.totals |= {"currency": "SEK"}
    made_run.run.save()
    for path in paths:
        assert currencies(client.get(path)) == {"SEK"}, path


def currencies(answer: Any) -> set[str]:
    """Whole words of the page: a token made by chance may hold any three letters."""
    return set(re.findall(r"\b(?:CHF|EUR|SEK)\b", answer.content.decode()))


def test_amounts_of_two_currencies_are_not_held_against_each_other(tree: Site, made_run: MadeRun) -> None:
    later = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    for made, currency in ((made_run, "EUR"), (later, "USD")):
        made.run.totals |= {"currency": currency}
        made.run.save()
    document = json.loads((later.folder / "manifest.json").read_bytes())
    document["accounts"][1]["calls"] = 9
    (later.folder / "manifest.json").write_text(json.dumps(document))
    client = tree.as_(tree.user(Role.RESELLER_VIEWER))
    url = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    page = client.get(url).content.decode()
    assert "The first report is in EUR, the second in USD" in page
    assert page.count("±") == 1  # Of calls.
    assert ">+3<" in page
    assert "7.50" not in page
    assert "1 customer is as before" in page  # Only its amounts differ, as the currencies do.
    made_run.run.totals |= {"currency": "USD"}
    made_run.run.save()
    page = client.get(url).content.decode()
    assert "Amounts in USD." in page
    assert ">+7.50<" in page


def test_namesakes_are_told_apart_and_nobody_else(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Job, JobItem

    later = make_run(tree, customer_cost="20.0000", created_at=NOW + timedelta(hours=1))
    client = tree.as_(tree.user(Role.RESELLER_ADMIN))
    compared = f"/reports/compare?run={later.run.pk}&run={made_run.run.pk}"
    report = f"/reports/{later.run.pk}/"
    progress = f"{report}progress"
    ids = ("11111…11111", "00000…0000a")
    for url in (compared, report, progress):
        page = client.get(url).content.decode()
        assert not any(id_ in page for id_ in ids), url
    document = json.loads((later.folder / "manifest.json").read_bytes())
    for each in document["accounts"]:
        each["name"] = "Hotel"
        each["calls"] += 1
    (later.folder / "manifest.json").write_text(json.dumps(document))
    with within(tree.reseller):
        job = Job.objects.get(run=later.run, kind="report")
        JobItem.objects.filter(job=job).update(name="Hotel")
    for url in (compared, report, progress):
        page = client.get(url).content.decode()
        assert all(id_ in page for id_ in ids), url
    found = client.get(report, {"q": "hotel"}, headers={"HX-Request": "true", "HX-Target": "customers"})
    assert all(id_ in found.content.decode() for id_ in ids)
    chart = json.loads(
        client.get(report).content.decode().split('id="chart-data" type="application/json">')[1].split("<")[0]
    )
    assert chart["names"] == [f"Hotel\n{id_}" for id_ in ids]


def test_a_report_that_waits_for_another_says_that_and_nothing_of_processes(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Job

    client, path = tree.as_(tree.user(Role.RESELLER_ADMIN)), f"/reports/{made_run.run.pk}/progress"
    waits = "It waits for another report that is being made, and begins by itself."
    with within(tree.reseller):
        made_run.run.state = "waiting"
        made_run.run.save()
        mine = Job.objects.filter(run=made_run.run)
        mine.update(state="queued", due_at=NOW - timedelta(minutes=5))
        other = Job.objects.create(
            reseller=tree.reseller, kind="report", state="running", due_at=NOW, created_at=NOW, lease="x"
        )
    part = client.get(path).content.decode()
    assert waits in part
    assert "No worker has begun it yet" not in part
    with within(tree.reseller):
        other.delete()
        # Held by a command line, which no row tells of: the worker was told by the store.
        mine.update(
            message="The store /x is being written by process 21349. Wait for it to end, or use another "
            "RESELLER_REPORTING_HOME."
        )
    part = client.get(path).content.decode()
    assert waits in part
    for technical in ("/x", "21349", "RESELLER_REPORTING"):
        assert technical not in part.partition("</p>")[2]
    with within(tree.reseller):
        mine.update(message="")
    assert waits not in client.get(path).content.decode()
