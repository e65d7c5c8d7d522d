"""What the store knows of a period: what was asked, what came, what failed; and a half-read account that goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span, StoredCdr

if TYPE_CHECKING:
    from tests.conftest import Terminal

JUNE = ("--period", "2024-06")
CALLS_A_DAY = 40


class BusyWorld(ScriptedWorld):
    """Alice calls forty times a day in June; from a moment on her calls cannot be listed."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = 0
        self.listable = 10**9
        self.alice = self.customer("Alice", parent=self.reseller("Acme", account_id="a" * 32), account_id="1" * 32)
        rate = Rate(units=300, name="UK_LANDLINE")
        for day in range(30):
            for number in range(CALLS_A_DAY):
                at = datetime(2024, 6, 1, 6, tzinfo=UTC) + timedelta(days=day, minutes=13 * number)
                seconds = 30 + 7 * number + day
                self.call(self.alice, started_at=at, number="+442071234567", answered_seconds=seconds, rate=rate)

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        self.listed += 1
        if self.listed > self.listable:
            raise RuntimeError("the database is gone")
        return super().cdrs(account_id, month, span)


@pytest.fixture
def busy(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> BusyWorld:
    monkeypatch.setattr("reseller_reporting.app.pull.WORTH_KEEPING", 30)
    terminal.settings |= {"KAZOO_PAGE_SIZE": "25"}
    return BusyWorld()


def test_what_was_asked_and_what_came_is_told_window_by_window(terminal: Terminal, busy: BusyWorld) -> None:
    with running(busy) as kazoo:
        assert terminal.connect(kazoo).run("sync", *JUNE).code == 0
    outcome = terminal.run("coverage", *JUNE, "--json")
    assert outcome.code == 0
    (alice,) = outcome.document["accounts"]
    assert (alice["state"], alice["legs"], alice["missing"]) == ("final", 30 * CALLS_A_DAY, [])
    calls = [window for window in alice["windows"] if window["listing"] == "cdrs"]
    assert sum(window["kept"] for window in calls) == 30 * CALLS_A_DAY
    assert not any(window["failure"] for window in alice["windows"])
    # The entries of the calls are read from their own listing, and every one of them is kept.
    entries = [window for window in alice["windows"] if window["listing"] == "per-minute-voip"]
    assert sum(window["kept"] for window in entries) == 30 * CALLS_A_DAY
    assert re.search(r"^final +Alice +1200 legs  read ", terminal.run("coverage", *JUNE).out, re.MULTILINE)


def test_a_month_never_asked_for_is_told_as_such(terminal: Terminal, busy: BusyWorld) -> None:
    with running(busy) as kazoo:
        assert terminal.connect(kazoo).run("sync", *JUNE).code == 0
    outcome = terminal.run("coverage", "--period", "2024-05")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "1 never"


def test_a_half_read_account_goes_on_where_it_was(
    terminal: Terminal, busy: BusyWorld, new_terminal: Callable[[], Terminal]
) -> None:
    with running(busy) as kazoo:
        undisturbed = new_terminal().connect(kazoo)
        undisturbed.settings |= {"KAZOO_PAGE_SIZE": "25"}
        assert undisturbed.run("run", *JUNE, "--out", "out").code == 0
        asked_undisturbed, busy.listed = busy.listed, 0
        busy.listable = asked_undisturbed * 2 // 3
        broken = terminal.connect(kazoo).run("run", *JUNE, "--out", "out")
        assert broken.code == 1
        (alice,) = terminal.run("coverage", *JUNE, "--json").document["accounts"]
        assert alice["state"] == "never"
        assert [window["failure"] for window in alice["windows"] if window["failure"]]
        busy.listed, busy.listable = 0, 10**9
        assert terminal.run("run", *JUNE, "--out", "out").code == 0
    assert busy.listed < asked_undisturbed // 2 + 5
    assert terminal.left().files_without_history() == undisturbed.left().files_without_history()
    assert not list((terminal.folder / "home").rglob("unfinished/*/*"))


def test_a_refresh_asks_for_everything_again(terminal: Terminal, busy: BusyWorld) -> None:
    with running(busy) as kazoo:
        terminal.connect(kazoo)
        busy.listable = 40
        assert terminal.run("sync", *JUNE).code == 1
        busy.listed, busy.listable = 0, 10**9
        assert terminal.run("sync", *JUNE, "--refresh").code == 0
    assert busy.listed > 30 * CALLS_A_DAY // 25
