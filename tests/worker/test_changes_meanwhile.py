"""What happens to a report while a worker is at it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from job_work import do_next, make_reports_of_nothing
from sites import NOW

from reseller_reporting.app import run_changes
from reseller_reporting.app.house import House
from reseller_reporting.app.orders import Asked, order_report, post
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.model.errors import NotAllowed, RunBusy

if TYPE_CHECKING:
    from sites import MadeRun, Site

    from reseller_reporting.control.models import Job


COLUMNS = "Account ID,Name,Calls,Answered Minutes,Billing Minutes,Reseller Cost,Customer Cost,Complete,Currency"


@pytest.fixture
def mailing(site: Site) -> Site:
    """Its mail server is never asked."""
    site.house = House(replace(site.house.settings, smtp_url="smtp://127.0.0.1:1"), clock=lambda: NOW)
    return site


def ordered(site: Site) -> tuple[Job, Doer]:
    admin = site.user(Role.RESELLER_ADMIN)
    with within(site.reseller):
        asked = Asked(period="2026-10", email=["clerk@example.com"])
        return order_report(site.house, site.reseller, asked, user=admin), Doer(admin, "")


def mails(site: Site) -> list[tuple[str, str]]:
    from reseller_reporting.control.models import Delivery, Job

    with within(site.reseller):
        states = Job.objects.filter(kind="mail").order_by("created_at").values_list("state", flat=True)
        return list(zip(states, Delivery.objects.order_by("pk").values_list("state", flat=True), strict=True))


def test_a_report_that_is_deleted_while_it_is_made_stays_deleted_and_is_not_mailed(
    mailing: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.control.models import Run

    _, doer = ordered(mailing)
    make_reports_of_nothing(monkeypatch, lambda: run_changes.delete(mailing.house, Run.objects.get(), doer))
    do_next(mailing, "report")
    with within(mailing.reseller):
        run = Run.objects.get()
        assert (run.deleted_at, run.state) == (NOW, "made")
        assert mails(mailing) == []
        # Brought back it is whole.
        run_changes.restore(mailing.house, run, doer)
        assert run.files.filter(kind="summary").exists()


def test_a_report_that_is_cancelled_at_its_very_end_is_not_mailed(
    mailing: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.control import jobs

    job, _ = ordered(mailing)
    make_reports_of_nothing(monkeypatch, lambda: jobs.ask_cancel(job, now=NOW))
    do_next(mailing, "report")
    assert mails(mailing) == []


def test_a_report_is_mailed_in_the_currency_and_the_language_that_it_was_made_in(
    mailing: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.app import mailing as mails_of
    from reseller_reporting.control.models import Run

    sent: list[Any] = []
    monkeypatch.setattr(mails_of, "send", lambda _house, message: sent.append(message))
    mailing.house = House(replace(mailing.house.settings, language="de", currency="CHF"), clock=lambda: NOW)
    ordered(mailing)
    make_reports_of_nothing(monkeypatch)
    do_next(mailing, "report")
    with within(mailing.reseller):
        assert Run.objects.get().totals["currency"] == "CHF"
    row = "1,Acme,0,0,0,0,0,yes,CHF\n"
    summary = next((mailing.house.settings.home / "runs").glob("*/summary.csv"))
    summary.write_text(f"{COLUMNS}\n{row}")
    mailing.house = House(replace(mailing.house.settings, language="en", currency="USD"), clock=lambda: NOW)
    do_next(mailing, "mail")
    assert [(message.currency, message.words.language) for message in sent] == [("CHF", "de")]


def test_mail_of_a_deleted_report_does_not_leave(
    mailing: Site, made_run: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.app import mailing as mails_of
    from reseller_reporting.control.models import Run

    sent: list[Any] = []
    monkeypatch.setattr(mails_of, "send", lambda _house, message: sent.append(message))
    doer = Doer(mailing.user(Role.RESELLER_ADMIN), "")
    with within(mailing.reseller):
        for key in ("first", "second"):
            post(mailing.house, made_run.run, ["clerk@example.com"], unique_key=key, user=None)
        run_changes.delete(mailing.house, made_run.run, doer)
        assert [job for job, _ in mails(mailing)] == ["cancelled", "cancelled"]
        # One that a worker holds already.
        Run.objects.update(deleted_at=None)
        post(mailing.house, made_run.run, ["clerk@example.com"], unique_key="third", user=None)
        Run.objects.update(deleted_at=NOW)
        job = do_next(mailing, "mail")
    assert (job.state, job.message) == ("failed", "The report was deleted before it was sent.")
    assert sent == []


def test_mail_that_failed_says_so_and_leaves_when_the_report_is_made_again(
    mailing: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.app import mailing as mails_of
    from reseller_reporting.control.models import Delivery, Run

    _, doer = ordered(mailing)
    make_reports_of_nothing(monkeypatch)
    do_next(mailing, "report")

    def refuse(_house: Any, _message: Any) -> None:
        raise NotAllowed("The mail server refuses it.")

    monkeypatch.setattr(mails_of, "send", refuse)
    do_next(mailing, "mail")
    assert mails(mailing) == [("failed", "failed")]
    with within(mailing.reseller):
        assert Delivery.objects.get().message == "The mail server refuses it."
        sent: list[Any] = []
        monkeypatch.setattr(mails_of, "send", lambda _house, message: sent.append(message))
        for _ in range(2):  # What has left does not leave again.
            run_changes.retry(mailing.house, Run.objects.get(), doer)
            do_next(mailing, "report")
            if not sent:
                do_next(mailing, "mail")
    assert mails(mailing) == [("done", "sent")]
    assert len(sent) == 1


@pytest.mark.parametrize(("before", "after"), [("waiting", "failed"), ("sending", "unknown"), ("sent", "sent")])
def test_a_message_whose_worker_is_gone_too_often_does_not_wait_for_ever(
    mailing: Site, made_run: MadeRun, before: str, after: str
) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Delivery, Job

    with within(mailing.reseller):
        post(mailing.house, made_run.run, ["clerk@example.com"], unique_key="k", user=None)
        Job.objects.filter(kind="mail").update(
            state="running", lease="l", attempts=10, heartbeat_at=NOW - jobs.LEASE * 2
        )
        Delivery.objects.update(state=before)
        assert jobs.requeue_lost(now=NOW) == 1
    assert mails(mailing) == [("failed", after)]


@pytest.mark.parametrize(
    ("meanwhile", "leaves", "after"),
    [
        ("nothing", True, ("done", "sent")),
        ("nothing", False, ("queued", "waiting")),
        ("held for lost", True, ("queued", "sent")),
        ("held for lost", False, ("queued", "waiting")),
        # Another worker found it being sent.
        ("given up", True, ("failed", "sent")),
        ("given up", False, ("failed", "failed")),
        ("cancelled", True, ("cancelled", "sent")),
        ("cancelled", False, ("cancelled", "failed")),
    ],
)
def test_what_became_of_a_message_is_kept_though_its_job_was_taken_away(
    mailing: Site, made_run: MadeRun, monkeypatch: pytest.MonkeyPatch, meanwhile: str, leaves: bool, after: Any
) -> None:
    from reseller_reporting.app import mailing as mails_of
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Delivery, Job
    from reseller_reporting.model.errors import MailFailed

    def send(_house: Any, _message: Any) -> None:
        monkeypatch.setattr(mails_of, "send", lambda *_: pytest.fail("it is sent twice"))
        if meanwhile != "nothing":
            Job.objects.filter(kind="mail").update(heartbeat_at=NOW - jobs.LEASE * 2)
            assert jobs.requeue_lost(now=NOW) == 1
        if meanwhile == "given up":
            do_next(mailing, "mail")
        elif meanwhile == "cancelled":
            jobs.ask_cancel(Job.objects.get(kind="mail"), now=NOW)
        if not leaves:
            raise MailFailed("The mail server is away.")

    monkeypatch.setattr(mails_of, "compose_letter", lambda *_: None)
    monkeypatch.setattr(mails_of, "send", send)
    with within(mailing.reseller):
        post(mailing.house, made_run.run, ["clerk@example.com"], unique_key="k", user=None)
        with suppress(jobs.LeaseLost):
            do_next(mailing, "mail")
        delivery = Delivery.objects.get()
    assert mails(mailing) == [after]
    assert (delivery.sent_at == NOW) is leaves
    if not leaves:
        assert delivery.message == "The mail server is away."


@pytest.mark.parametrize("is_read", [False, True])
def test_mail_of_a_report_whose_files_are_being_made_anew_waits(
    mailing: Site, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    """The manifest is away while a set is put into place; a file may go after that was read."""
    from reseller_reporting.app import mailing as mails_of

    ordered(mailing)
    make_reports_of_nothing(monkeypatch)
    do_next(mailing, "report")
    manifest = next((mailing.house.settings.home / "runs").glob("*/manifest.json"))
    if is_read:
        compose = mails_of.compose_letter

        def compose_and_lose(*arguments: Any) -> Any:
            message = compose(*arguments)
            (manifest.parent / "summary.csv").unlink()
            return message

        monkeypatch.setattr(mails_of, "compose_letter", compose_and_lose)
    else:
        manifest.unlink()
    job = do_next(mailing, "mail")
    assert mails(mailing) == [("queued", "waiting")]
    assert job.due_at > NOW
    assert ("could not be read" if is_read else "Files of the report are missing") in job.message


def test_nothing_is_published_while_a_mail_reads_the_folder(mailing: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from reseller_reporting.app import mailing as mails_of

    ordered(mailing)
    make_reports_of_nothing(monkeypatch)
    do_next(mailing, "report")
    held: list[bool] = []

    def look(_house: Any, message: Any) -> None:
        lock = message.folder / ".reseller-reporting.lock"
        with lock.open("ab") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(True)

    monkeypatch.setattr(mails_of, "send", look)
    do_next(mailing, "mail")
    assert held == [True]


def test_a_report_is_purged_when_it_cannot_be_brought_back_any_more_and_nothing_works_on_it(
    mailing: Site, made_run: MadeRun
) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Run

    doer = Doer(mailing.user(Role.RESELLER_ADMIN), "")

    def purge() -> bool:
        jobs.enqueue("purge", mailing.reseller, now=NOW)
        do_next(mailing, "purge")
        assert Run.objects.exists() == made_run.folder.exists()
        return not made_run.folder.exists()

    with within(mailing.reseller):
        assert not purge()
        Run.objects.update(deleted_at=NOW - run_changes.UNDO_FOR)
        assert not purge()
        run_changes.restore(mailing.house, made_run.run, doer)
        assert Run.objects.get().deleted_at is None
        # A worker is at it, though its time is over.
        Run.objects.update(created_at=NOW - timedelta(days=5000))
        job = jobs.enqueue("report", mailing.reseller, now=NOW, run=made_run.run)
        assert not purge()
        jobs.ask_cancel(job, now=NOW)
        # It was claimed by a purge that was killed.
        Run.objects.update(deleted_at=NOW - timedelta(days=5000))
        with pytest.raises(RunBusy, match="too long ago"):
            run_changes.restore(mailing.house, made_run.run, doer)
        assert purge()


def test_legs_that_were_converted_go_after_a_day_and_those_that_were_kept_stay(site: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control import jobs

    names = (".legs/a.parquet", ".legs-csv/old.csv", ".legs-csv/new.csv")
    for name in names:
        path = made_run.folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        written_at = (NOW - timedelta(hours=23 if "new" in name else 25)).timestamp()
        os.utime(path, (written_at, written_at))
    with within(site.reseller):
        jobs.enqueue("purge", site.reseller, now=NOW)
        assert do_next(site, "purge").state == "done"
    assert [name for name in names if not (made_run.folder / name).exists()] == [".legs-csv/old.csv"]


def test_the_purge_leaves_no_session_and_no_mail_job_that_is_over(site: Site) -> None:
    from django.contrib.sessions.models import Session

    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Job

    for name, lasts in (("over", timedelta(seconds=-1)), ("on", timedelta(seconds=1))):
        Session.objects.create(session_key=name, session_data="x", expire_date=NOW + lasts)
    with within(site.reseller):
        for days, user in ((31, "old"), (29, "new")):
            job = jobs.enqueue("password_mail", site.reseller, now=NOW, unique_key=user)
            Job.objects.filter(pk=job.pk).update(state="done", ended_at=NOW - timedelta(days=days))
        jobs.enqueue("purge", site.reseller, now=NOW)
        assert do_next(site, "purge").state == "done"
        assert list(Job.objects.filter(kind="password_mail").values_list("unique_key", flat=True)) == ["new"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["on"]


def test_a_report_that_is_made_again_begins_with_no_customer_made(mailing: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import JobItem

    with within(mailing.reseller):
        JobItem.objects.update(state="failed", message="No answer.")
        run_changes.retry(mailing.house, made_run.run, Doer(mailing.user(Role.RESELLER_ADMIN), ""))
        assert set(JobItem.objects.values_list("state", "message")) == {("waiting", "")}
