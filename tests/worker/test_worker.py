"""The worker as people run it: a report with its mail, and the same after a `kill -9` of anything at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from mailboxes import Mailbox, taking_mail
from months import plans

from reseller_reporting.app.house import House
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control import database
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span, StoredCdr

if TYPE_CHECKING:
    from tests.conftest import Terminal

    from reseller_reporting.control.models import Delivery, Job, Reseller

WAIT_SECONDS_MAX = 60


class Telling(ScriptedWorld):
    """Three customers; somebody is told how many questions about calls were answered so far."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = 0
        self.tell: Callable[[int], None] = lambda _: None
        acme = self.reseller("Acme", account_id="a" * 32)
        rate = Rate(units=300, surcharge=100, increment=60, minimum=60, name="UK_LANDLINE")
        for number in range(3):
            customer = self.customer(f"Customer {number}", parent=acme, account_id=f"{number + 1}" * 32)
            for hour in range(0, 24 * 30, 12):
                started_at = datetime(2024, 6, 1, 0, 59, tzinfo=UTC) + timedelta(hours=hour)
                self.call(customer, started_at=started_at, number="+442071234567", answered_seconds=4000, rate=rate)

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        self.listed += 1
        self.tell(self.listed)
        return super().cdrs(account_id, month, span)


@dataclass
class Office:
    """An installation with its KAZOO, its mail server and one order; workers come and go."""

    terminal: Terminal
    house: House
    world: Telling
    mailbox: Mailbox
    acme: Reseller

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """`reseller-reporting worker`, which ends with the test."""
        with self.terminal.started("worker") as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=WAIT_SECONDS_MAX)
                assert process.returncode == 0, said

    def order(self, **asked: Any) -> Job:
        from reseller_reporting.app.orders import Asked, order_report

        given: dict[str, Any] = {"period": "2024-06", "email": ["bills@example.com"]} | asked
        return order_report(self.house, self.acme, Asked(**given), user=None)

    def job(self, kind: str = "report") -> Job:
        from reseller_reporting.control.models import Job

        return Job.objects.select_related("run").get(kind=kind)

    def delivery(self) -> Delivery:
        from reseller_reporting.control.models import Delivery

        return Delivery.objects.get()

    def settled(self) -> None:
        """Every job of the order has ended."""
        from reseller_reporting.control.models import Job

        open_jobs = Job.objects.filter(kind__in=("report", "mail"), state__in=("queued", "running"))
        until(lambda: not open_jobs.exists())

    def forget_leases(self) -> None:
        """As if their time had passed."""
        from reseller_reporting.control.models import Job

        Job.objects.filter(state="running").update(heartbeat_at=datetime(2000, 1, 1, tzinfo=UTC))

    def files(self, job: Job) -> set[str]:
        folder = self.house.settings.home / "runs" / str(job.run_id)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def until(holds: Callable[[], bool]) -> None:
    latest = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        assert time.monotonic() < latest, "it never came to that"
        time.sleep(0.05)


def below(pid: int) -> dict[int, str]:
    """The processes that this one started, and theirs, with their command lines."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(stat[1])
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # It has just ended.
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: commands[each] for each in found - {pid}}


def kill(process: subprocess.Popen[str], module: str) -> None:
    victims = [pid for pid, command in below(process.pid).items() if f"reseller_reporting.{module} " in command]
    assert victims
    for victim in victims:
        os.kill(victim, signal.SIGKILL)


def do_daily_work(acme: Reseller, house: House) -> None:
    """As if it had been done: a process each, in the way of what is tried here."""
    from reseller_reporting.app.upkeep import schedule
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import within

    schedule(house)
    with within(acme):
        Job.objects.update(state="done")


@pytest.fixture
def office(database_url: str, terminal: Terminal) -> Iterator[Office]:
    from reseller_reporting.control.models import Reseller
    from reseller_reporting.control.scoping import within

    world, mailbox = Telling(), Mailbox()
    with running(world) as kazoo, taking_mail(mailbox) as smtp_url:
        terminal.connect(kazoo).settings |= {
            "DATABASE_URL": database_url,
            "SMTP_URL": smtp_url,
            "KAZOO_PAGE_SIZE": "20",
        }
        environ = {PREFIX + name: value for name, value in terminal.settings.items()}
        house = House(load_settings(environ, working_folder=terminal.folder))
        database.prepare(database_url)
        acme = Reseller.objects.create(key="", name="Acme", created_at=house.clock())
        do_daily_work(acme, house)
        try:
            with within(acme):
                yield Office(terminal, house, world, mailbox, acme)
        finally:
            connections.close_all()


BOOKS = {f"accounts/customer-{number}--{str(number + 1) * 32}.xlsx" for number in range(3)}
FILES = {*BOOKS, "reseller.xlsx", "summary.csv", "summary-by-country.csv", "manifest.json"}


def check_done(office: Office) -> None:
    """One run, whole, known file by file; one message."""
    from reseller_reporting.control.models import JobItem, RunFile

    report = office.job()
    assert (report.state, report.percent, report.message) == ("done", 100, "The report is ready.")
    assert report.run is not None
    assert (report.run.state, report.run.accounts_count, report.run.is_complete) == ("made", 3, True)
    assert office.files(report) == set(RunFile.objects.values_list("name", flat=True)) == FILES
    whose = dict(RunFile.objects.filter(kind__in=("workbook", "reseller")).values_list("name", "account_id"))
    assert whose == {name: name.partition("--")[2].removesuffix(".xlsx") for name in (*BOOKS, "reseller.xlsx")}
    assert set(JobItem.objects.values_list("state", flat=True)) == {"made"}
    assert office.job("mail").state == "done"
    assert office.delivery().state == "sent"
    assert len(office.mailbox.received) == 1


ON_A_FILE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_A_FILE
def test_an_order_becomes_a_report_and_one_mail(office: Office) -> None:
    office.order()
    with office.worker():
        office.settled()
    check_done(office)


@ON_A_FILE
def test_a_priced_order_becomes_what_is_for_the_customers_and_for_the_books(office: Office) -> None:
    from reseller_reporting.control.models import RunFile

    plan = "plan: retail\ncurrency: USD\nusage:\n  uk: {direction: outbound, countries: [GB], per_minute: 0.05}\n"
    plans(office.terminal, {"retail": plan})
    assert office.terminal.run("plans", "import", "plans").code == 0
    assert office.terminal.run("plans", "assign", "retail").code == 0
    also = ["accounting", "csv", "parquet", "pdf", "quickbooks", "xero"]
    office.order(edition="customer", also=also)
    with office.worker():
        office.settled()
    report = office.job()
    assert (report.state, report.message) == ("done", "The report is ready.")
    assert report.run is not None
    # Of each, 60 calls of 67 begun minutes.
    assert report.run.totals["price"] == "603.0000"
    kinds = Counter(RunFile.objects.values_list("kind", flat=True))
    assert {kind: count for kind, count in kinds.items() if count > 1} == {
        "workbook": 3, "legs": 6, "statement": 3, "accounting": 3,
    }  # fmt: skip
    assert office.files(report) == set(RunFile.objects.values_list("name", flat=True))
    editions = set(RunFile.objects.exclude(account_id="").values_list("edition", flat=True))
    assert editions == {"customer"}
    left = office.terminal.left(str(office.house.settings.home / "runs" / str(report.run_id)))
    assert {each["price"] for each in left.manifest["accounts"]} == {"201.0000"}
    headings = {name for sheet in left.book("Customer 1") for name in next(sheet.iter_rows(values_only=True))}
    assert "Price" in headings
    assert not {"Reseller Cost", "Margin"} & headings
    assert len(office.mailbox.received) == 1


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker.child", "worker"])
def test_what_is_killed_in_the_middle_goes_on(office: Office, victim: str) -> None:
    office.order()
    with office.worker() as process:
        killed = threading.Event()

        def strike(listed: int) -> None:
            if listed == 5:
                kill(process, victim)
                killed.set()

        office.world.tell = strike
        assert killed.wait(WAIT_SECONDS_MAX)
        if victim == "worker":
            until(lambda: not any("child" in command for command in below(process.pid).values()))
            office.forget_leases()
        office.settled()
    check_done(office)
    assert office.job().attempts == 2


@ON_A_FILE
def test_a_mail_whose_worker_is_killed_as_it_leaves_is_not_sent_twice(office: Office) -> None:
    office.order()
    with office.worker() as process:
        office.mailbox.on_message = lambda: kill(process, "worker.child")
        office.settled()
    assert len(office.mailbox.received) == 1
    assert office.delivery().state == "unknown"
    mail = office.job("mail")
    assert mail.state == "failed"
    assert "ask the recipients, then send it again" in mail.message
    assert office.job().state == "done"


@ON_A_FILE
def test_a_mail_server_that_says_not_now_is_asked_again_later(office: Office) -> None:
    office.mailbox.answer = "451 Come back later"
    office.order()
    with office.worker():
        until(lambda: bool(office.mailbox.received))
        until(lambda: office.job("mail").state == "queued")
    assert office.delivery().state == "waiting"
    assert "Come back later" in office.job("mail").message
    assert office.job("mail").due_at > office.house.clock()
    from reseller_reporting.control.models import Job

    office.mailbox.answer = "250 OK"
    office.mailbox.received.clear()
    Job.objects.filter(kind="mail").update(due_at=office.house.clock())
    with office.worker():
        office.settled()
    check_done(office)


@ON_A_FILE
def test_a_stop_puts_the_job_back_and_the_next_worker_goes_on(office: Office) -> None:
    office.order()
    with office.worker() as process:
        begun = threading.Event()

        def stop(listed: int) -> None:
            if listed == 5:
                process.send_signal(signal.SIGTERM)
                begun.set()

        office.world.tell = stop
        assert begun.wait(WAIT_SECONDS_MAX)
        process.wait(WAIT_SECONDS_MAX)
    assert (office.job().state, office.job().attempts) == ("queued", 0)
    with office.worker():
        office.settled()
    check_done(office)


@ON_A_FILE
def test_a_cancelled_job_leaves_no_files_and_can_be_taken_up_again(office: Office) -> None:
    from reseller_reporting.control import jobs

    office.order(email=[])
    hold = threading.Event()

    def ask(listed: int) -> None:
        if listed == 1:
            hold.set()
            time.sleep(0)

    office.world.tell = ask
    with office.worker():
        assert hold.wait(WAIT_SECONDS_MAX)
        jobs.ask_cancel(office.job(), now=office.house.clock())
        office.settled()
        # It may have been done before anyone could stop it.
        state = office.job().state
        assert state in ("cancelled", "done")
        assert office.files(office.job()) == (FILES if state == "done" else set())
        assert jobs.retry(office.job(), now=office.house.clock())
        office.settled()
    assert office.job().state == "done"
    assert office.files(office.job()) == FILES
