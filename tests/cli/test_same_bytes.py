"""The same rows give the same bytes: again, elsewhere, in another zone, and after a kill at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span, StoredCdr

if TYPE_CHECKING:
    from tests.conftest import Terminal

UK = Rate(units=300, increment=60, minimum=60, name="UK")
RUN = ("run", "--period", "2024-06", "--out", "out")
CUSTOMERS = 10


class WatchedWorld(ScriptedWorld):
    """Ten customers who called; `on_asked` is told how often calls were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.on_asked: Callable[[int], None] = lambda _count: None
        acme = self.reseller("Acme", account_id="a" * 32)
        for number in range(CUSTOMERS):
            customer = self.customer(f"Customer {number:02}", parent=acme)
            self.services_of(customer, account={"devices": {"sip_device": number}})
            for day in range(1, 10):
                started_at = datetime(2024, 6, day, 12, number, tzinfo=UTC)
                # A discount, so that some documents are asked for too.
                rate = UK if day % 3 else Rate(units=300, discount=10, name="UK")
                self.call(customer, started_at=started_at, number="+442071234567", answered_seconds=day * 50, rate=rate)

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        self.asked += 1
        self.on_asked(self.asked)
        return super().cdrs(account_id, month, span)


@pytest.fixture(scope="module")
def undisturbed(new_terminal: Callable[[], Terminal]) -> dict[str, bytes]:
    terminal = new_terminal()
    with running(WatchedWorld()) as kazoo:
        assert terminal.connect(kazoo).run(*RUN).code == 0
    return terminal.left().files()


@pytest.mark.slow
def test_another_home_port_zone_language_and_hash_seed_change_no_byte(
    undisturbed: dict[str, bytes], terminal: Terminal
) -> None:
    with running(WatchedWorld()) as kazoo:
        elsewhere = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
        outcome = terminal.connect(kazoo).process(*RUN, **elsewhere)
    assert outcome.code == 0, outcome.err
    assert terminal.left().files() == undisturbed


def test_the_same_run_again_changes_no_byte(undisturbed: dict[str, bytes], terminal: Terminal) -> None:
    with running(WatchedWorld()) as kazoo:
        terminal.connect(kazoo)
        terminal.settings["KAZOO_PAGE_SIZE"] = "3"
        assert terminal.run(*RUN).code == 0
        assert terminal.left().files() == undisturbed
        terminal.settings["KAZOO_PAGE_SIZE"] = "1000"
        assert terminal.run(*RUN, "--refresh").code == 0
    assert terminal.left().files() == undisturbed


def killed_when_calls_are_asked(world: WatchedWorld, process: subprocess.Popen[str], times: int) -> None:
    world.on_asked = lambda count: os.kill(process.pid, signal.SIGKILL) if count == times else None
    process.communicate(timeout=60)


def killed_at_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stderr is not None
    for told in process.stderr:
        if told.startswith(line):
            process.kill()
            break
    process.communicate(timeout=60)


MOMENTS = [1, CUSTOMERS, "Asking for", "Writing workbooks: 4 of", "Writing workbooks: 10 of"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_leaves_no_half_file_and_the_next_is_as_if_nothing_was(
    undisturbed: dict[str, bytes], terminal: Terminal, moment: int | str
) -> None:
    world = WatchedWorld()
    with running(world) as kazoo:
        process = terminal.connect(kazoo).started(*RUN)
        if isinstance(moment, int):
            killed_when_calls_are_asked(world, process, moment)
        else:
            killed_at_line(process, moment)
        # On a busy machine the last kill may come too late.
        assert process.returncode in (-signal.SIGKILL, 0)
        world.on_asked = lambda _count: None
        visible = {path for path in (terminal.folder / "out").rglob("*") if path.is_file()}
        final = {str(path.relative_to(terminal.folder / "out")): path for path in visible}
        # What stands under a final name is whole: the bytes that an undisturbed run gives.
        assert all(path.read_bytes() == undisturbed[name] for name, path in final.items() if name in undisturbed)
        assert "manifest.json" not in final or final.keys() >= undisturbed.keys()
        outcome = terminal.run(*RUN)
    assert outcome.code == 0, outcome.err
    assert terminal.left().files() == undisturbed


@pytest.mark.slow
def test_ctrl_c_stops_cleanly(terminal: Terminal) -> None:
    world = WatchedWorld()
    with running(world) as kazoo:
        process = terminal.connect(kazoo).started(*RUN)
        world.on_asked = lambda count: process.send_signal(signal.SIGINT) if count == CUSTOMERS else None
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "Traceback" not in err
    assert err.rstrip().splitlines()[-1].startswith("reseller-reporting: Stopped")
    assert not (terminal.folder / "out").exists()
