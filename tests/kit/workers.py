"""An installation whose workers come and go: with its KAZOO, its mail server and an order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connections
from mailboxes import Mailbox, taking_mail

from reseller_reporting.app.house import House
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control import database
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import ForcedAnswer, Span, StoredCdr

if TYPE_CHECKING:
    from tests.conftest import Terminal

    from reseller_reporting.control.models import Delivery, Job, Reseller

WAIT_SECONDS_MAX = 60


class Telling(ScriptedWorld):
    """Three customers; somebody is told how many questions about calls were answered so far, and each path."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = 0
        self.tell: Callable[[int], None] = lambda _: None
        self.tell_path: Callable[[str], None] = lambda _: None
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

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        self.tell_path(path)
        return super().forced_answer(account_id, path)


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

    def goes_on_at_once(self, process: subprocess.Popen[str], victim: str) -> None:
        """Of a worker that was killed: once its children are gone, as if the time of its leases had passed."""
        from reseller_reporting.control.models import Job

        if victim != "worker":
            return
        until(lambda: not any("child" in command for command in below(process.pid).values()))
        Job.objects.filter(state="running").update(heartbeat_at=datetime(2000, 1, 1, tzinfo=UTC))

    def files(self, job: Job) -> set[str]:
        folder = self.house.settings.home / "runs" / str(job.run_id)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def until(holds: Callable[[], bool], *, every_seconds: float = 0.05) -> None:
    latest = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        assert time.monotonic() < latest, "it never came to that"
        time.sleep(every_seconds)


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


@contextmanager
def office_at(database_url: str, terminal: Terminal) -> Iterator[Office]:
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
KEPT = {f".legs/customer-{number}--{str(number + 1) * 32}.parquet" for number in range(3)}
FILES = {*BOOKS, *KEPT, "reseller.xlsx", "summary.csv", "summary-by-country.csv", "manifest.json"}


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
