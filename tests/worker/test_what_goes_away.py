"""What a machine does to a worker: disk, database and mail server go and come back. The job says so, and goes on."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databases import Cluster, cluster
from django.db import connections
from mailboxes import taking_mail
from serving import Browser, listen_to, serving
from workers import WAIT_SECONDS_MAX, Office, check_done, kill, office_at, until

if TYPE_CHECKING:
    from tests.conftest import Terminal

ON_A_FILE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def due_at_once(office: Office) -> None:
    """As if the pause were over."""
    from reseller_reporting.control.models import Job

    Job.objects.filter(state="queued").update(due_at=office.house.clock())


# The disk.


@pytest.fixture
def small_disk(terminal: Terminal) -> Iterator[Path]:
    """HOME on a disk of four megabytes."""
    home = Path(terminal.settings["HOME"])
    home.mkdir(parents=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", home], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


def fill(disk: Path) -> Path:
    """All that there is; what is removed again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


@pytest.mark.slow
@ON_A_FILE
@pytest.mark.parametrize("listed", [1, 3])
def test_a_full_disk_is_said_and_the_report_goes_on_when_there_is_room(
    small_disk: Path, office: Office, listed: int
) -> None:
    office.order()
    filler: list[Path] = []

    def strike(now: int) -> None:
        if now == listed and not filler:
            filler.append(fill(small_disk))

    office.world.tell = strike
    with office.worker():
        until(lambda: "disk is full" in office.job().message)
        assert (office.job().state, office.job().attempts) == ("queued", 0)
        filler[0].unlink()
        due_at_once(office)
        office.settled()
    check_done(office)


# The mail server.


@pytest.mark.slow
@ON_A_FILE
def test_a_mail_server_that_is_down_is_said_and_the_mail_leaves_when_it_is_up(office: Office) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    office.terminal.settings["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    office.order()
    from reseller_reporting.control.models import Job

    with office.worker():
        until(lambda: Job.objects.filter(kind="mail", state="queued").exclude(message="").exists())
        until(lambda: office.job().state == "done")
        assert office.delivery().state == "waiting"
        assert f"127.0.0.1:{port}" in office.delivery().message
        with taking_mail(office.mailbox, port=port):
            due_at_once(office)
            office.settled()
    check_done(office)


# The database.


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def answered(browser: Browser, path: str) -> tuple[int, str]:
    try:
        return 200, browser.get(path)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def check_that_it_is_said(browser: Browser) -> None:
    assert answered(browser, "/healthz") == (200, "ok\n")
    code, text = answered(browser, "/readyz")
    assert (code, json.loads(text)) == (503, {"ready": False, "database": "away"})
    for path in ("/", "/reports/"):
        code, page = answered(browser, path)
        assert code == 503
        assert "The database cannot be reached just now. Nothing is lost; try again in a minute." in page
    code, text = answered(browser, "/api/v1/me")
    assert (code, json.loads(text)["code"]) == (503, "database_unavailable")
    # Needs no database, until somebody logs in.
    assert "Traceback" not in answered(Browser(browser.url), "/login/")[1]


@pytest.mark.slow
@pytest.mark.parametrize(("gone_seconds", "outlasts_it"), [(60, True), (12, False)])
def test_a_database_that_is_gone_for_a_minute_is_said_and_the_work_goes_on(
    own_cluster: Cluster, terminal: Terminal, gone_seconds: int, outlasts_it: bool
) -> None:
    """A job that is at work all the while, or comes to its end meanwhile, goes on where it is."""
    who = {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "a password of some length"}
    terminal.settings |= who
    with office_at(own_cluster.database("office"), terminal) as office, serving(terminal, "serve") as (process, said):
        listen_to(process)
        browser = Browser(said["url"])
        browser.log_in(*who.values())
        gone, back = threading.Event(), threading.Event()

        def strike(listed: int) -> None:
            if listed == 4:
                own_cluster.stop()
                gone.set()
                if outlasts_it:
                    back.wait(2 * gone_seconds)

        office.world.tell = strike
        office.order()
        connections.close_all()
        try:
            assert gone.wait(WAIT_SECONDS_MAX)
            back_at = time.monotonic() + gone_seconds
            while time.monotonic() < back_at:
                check_that_it_is_said(browser)
                time.sleep(0.5)
            own_cluster.start()
        finally:
            back.set()
        until(lambda: answered(browser, "/readyz")[0] == 200)
        assert answered(browser, "/")[0] == 200
        office.settled()
        check_done(office)
        assert office.job().attempts == 1


@pytest.mark.slow
@ON_A_FILE
def test_a_file_that_is_locked_for_longer_than_anyone_waits_stops_nothing(office: Office) -> None:
    locked = threading.Event()
    file = office.house.settings.database_url.removeprefix("sqlite:///")
    holder = sqlite3.connect(file, check_same_thread=False, isolation_level=None)

    def strike(listed: int) -> None:
        if listed == 2:
            holder.execute("BEGIN EXCLUSIVE")
            locked.set()

    office.world.tell = strike
    office.order()
    with office.worker():
        assert locked.wait(WAIT_SECONDS_MAX)
        time.sleep(35)  # They wait for thirty.
        holder.execute("ROLLBACK")
        holder.close()
        office.settled()
    check_done(office)


# The worker.


def at_a_path(part: str) -> Callable[[Office, Callable[[], None]], None]:
    def arm(office: Office, strike: Callable[[], None]) -> None:
        office.world.tell_path = lambda path: strike() if part in path else None

    return arm


def while_there_is(pattern: str) -> Callable[[Office, Callable[[], None]], None]:
    """As soon as a file of that name is being written."""

    def arm(office: Office, strike: Callable[[], None]) -> None:
        home = office.house.settings.home

        def is_there() -> bool:
            with suppress(FileNotFoundError):  # A folder that goes while it is listed, as one that is published does.
                return next(home.glob(pattern), None) is not None
            return False

        def watch() -> None:
            until(is_there, every_seconds=0.001)
            strike()

        threading.Thread(target=watch, daemon=True).start()

    return arm


STAGES: dict[str, Callable[[Office, Callable[[], None]], None]] = {
    "tree": at_a_path("descendants"),
    "services": at_a_path("services"),
    "ledgers": at_a_path("ledgers"),
    "calls": at_a_path("cdrs"),
    "workbooks": while_there_is("runs/*/.*/accounts/*.xlsx"),
    "manifest": while_there_is("runs/*/.*/manifest.json"),
    "published": while_there_is("runs/*/manifest.json"),
}


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker.child", "worker"])
@pytest.mark.parametrize("stage", STAGES)
def test_what_is_killed_in_any_stage_goes_on_and_sends_once(office: Office, stage: str, victim: str) -> None:
    killed = threading.Event()
    with office.worker() as process:

        def strike() -> None:
            if not killed.is_set():
                killed.set()
                kill(process, victim)

        STAGES[stage](office, strike)
        office.order()
        assert killed.wait(WAIT_SECONDS_MAX)
        office.goes_on_at_once(process, victim)
        office.settled()
    check_done(office)
    assert office.job().attempts in (1, 2)
    assert [each.name for each in (office.house.settings.home / "runs").iterdir()] == [str(office.job().run_id)]
