"""A pull that ends in the middle, as a process of its own: killed, or by Ctrl-C. The next one makes the same files."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span, StoredCdr

if TYPE_CHECKING:
    from tests.conftest import Terminal

RUN = ("run", "--period", "2024-06", "--out", "out")


def slow(moment: int) -> Any:
    """A moment that is tried with the slow tests: some of each kind are enough for every day."""
    return pytest.param(moment, marks=pytest.mark.slow)


class Interrupting(ScriptedWorld):
    """Three customers; the process that asks gets a signal when so many of its questions about calls were answered."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = 0
        self.interrupt: Callable[[int], None] = lambda _: None
        acme = self.reseller("Acme", account_id="a" * 32)
        rate = Rate(units=300, surcharge=100, increment=60, minimum=60, name="UK_LANDLINE")
        for number in range(3):
            customer = self.customer(f"Customer {number}", parent=acme, account_id=f"{number + 1}" * 32)
            for hour in range(0, 24 * 30 + 3, 6):  # The last calls go over the month's end.
                started_at = datetime(2024, 6, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=59)
                self.call(customer, started_at=started_at, number="+442071234567", answered_seconds=4000, rate=rate)

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        self.listed += 1
        self.interrupt(self.listed)
        return super().cdrs(account_id, month, span)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=lambda sent: sent.name)
@pytest.mark.parametrize("after", [slow(1), 12, slow(24)])
def test_the_next_run_makes_the_files_of_an_undisturbed_one(
    new_terminal: Callable[[], Terminal], sent: signal.Signals, after: int
) -> None:
    world = Interrupting()
    with running(world) as kazoo:
        calm, disturbed = new_terminal().connect(kazoo), new_terminal().connect(kazoo)
        for terminal in (calm, disturbed):
            terminal.settings["KAZOO_PAGE_SIZE"] = "20"
        assert calm.run(*RUN).code == 0
        assert world.listed > 24
        world.listed = 0
        with disturbed.started(*RUN) as process:
            world.interrupt = lambda listed: os.kill(process.pid, sent) if listed == after else None
            _, said = process.communicate(timeout=60)
        assert process.returncode == (-signal.SIGKILL if sent == signal.SIGKILL else 1)
        assert "Traceback" not in said
        assert sent == signal.SIGKILL or said.endswith("run the same command again to go on.\n")
        assert not (disturbed.folder / "out" / "manifest.json").exists()
        world.interrupt = lambda _: None
        again = disturbed.run(*RUN)
    assert again.code == 0, again.err
    assert disturbed.left().files() == calm.left().files()
    store = disturbed.folder / "home" / "store"
    assert not [*store.glob("pull-*"), *store.glob("unfinished/*/*")]


def test_a_second_pull_at_once_is_told_which_process_holds_the_store(terminal: Terminal) -> None:
    world = Interrupting()
    with running(world) as kazoo:
        terminal.connect(kazoo)
        told = []

        def another(listed: int) -> None:
            if listed == 1:
                told.append(terminal.process("sync", "--period", "2024-05"))

        world.interrupt = another
        with terminal.started(*RUN) as process:
            process.communicate(timeout=60)
    (second,) = told
    assert (process.returncode, second.code) == (0, 1)
    assert f"process {process.pid}" in second.complaint


def test_customers_are_kept_after_a_while_however_few_they_are(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A KAZOO that throttles may take minutes for a few of them; those must not be asked about again."""
    monkeypatch.setattr("reseller_reporting.app.pull._KEPT_AFTER", timedelta(0))
    with running(Interrupting()) as kazoo:
        terminal.settings["KAZOO_CONCURRENCY"] = "1"
        assert terminal.connect(kazoo).run(*RUN).code == 0
    (commits,) = (terminal.folder / "home").rglob("coverage/_delta_log")
    assert len(list(commits.glob("*.json"))) == 3


def test_a_window_that_took_a_while_is_kept_however_few_its_calls(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    monkeypatch.setattr("reseller_reporting.app.pull._KEPT_AFTER", timedelta(0))
    monkeypatch.setattr(
        "reseller_reporting.store.unfinished.UnfinishedPull.keep", lambda *told: kept.append(told[2].records)
    )
    with running(Interrupting()) as kazoo:
        assert terminal.connect(kazoo).run(*RUN).code == 0
    assert len(kept) >= 3


@pytest.mark.parametrize("after", [each if each in (8, 17) else slow(each) for each in range(2, 30, 3)])
def test_windows_kept_of_a_broken_pull_lose_no_call_and_count_none_twice(
    new_terminal: Callable[[], Terminal], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Those over a month's end show part of what lies in their time: the others must still be asked for all of it."""
    monkeypatch.setattr("reseller_reporting.app.pull._KEPT_AFTER", timedelta(0))
    world = Interrupting()

    def gone(listed: int) -> None:
        if listed > after:
            raise RuntimeError("the database is gone")

    with running(world) as kazoo:
        calm, broken = new_terminal().connect(kazoo), new_terminal().connect(kazoo)
        for terminal in (calm, broken):
            terminal.settings["KAZOO_PAGE_SIZE"] = "20"
        assert calm.run(*RUN).code == 0
        world.listed, world.interrupt = 0, gone
        assert broken.run(*RUN).code == 1
        world.interrupt = lambda _: None
        assert broken.run(*RUN).code == 0
    assert broken.left().files_without_history() == calm.left().files_without_history()
