"""A month that holds most of what can go wrong, and a run of it under faults."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import SimulatedKazoo, running

UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")
DEAR = Rate(units=300, surcharge=5000, name="UK_SPECIAL")
ACME, ALICE, BOB, CAROL = "a" * 32, "1" * 32, "2" * 32, "3" * 32


def at(text: str) -> datetime:
    """`06-03 12:00` of 2024, which is long over and final."""
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def world_of_june() -> ScriptedWorld:
    """Acme in June 2024: calls all over the month, over both of its ends, dear ones that need their documents."""
    world = ScriptedWorld()
    world.reseller("Acme", account_id=ACME)
    for name, account_id in (("Alice", ALICE), ("Bob", BOB), ("Carol", CAROL)):
        world.customer(name, parent=ACME, account_id=account_id)
        world.services_of(account_id, account={"devices": {"sip_device": 3}, "users": {"admin": 1}})
        # Over either end of the month: in the database of one month, saved in the other.
        for started in ("05-31 23:50", "06-30 23:40", "06-30 23:50"):
            world.call(account_id, started_at=at(started), number="+442071234567", answered_seconds=1200, rate=UK)
        world.call(account_id, started_at=at("06-10 10:00"), number="+448701234567", answered_seconds=61, rate=DEAR)
    world.services_of(
        BOB,
        account={"devices": {"sip_device": 3}, "users": {"admin": 1}},
        invoices=[invoice([invoice_item("devices", "sip_device", quantity=3, rate=6.99)])],
    )
    for number in range(60):
        moment = at("06-01 00:00") + timedelta(hours=11 * number)
        world.call(ALICE, started_at=moment, number="+442071234567", answered_seconds=60 + number, rate=UK)
    for number in range(9):
        world.on_net_leg(CAROL, started_at=at("06-05 00:00") + timedelta(days=number), answered_seconds=9)
    world.raw_row(
        CAROL, {"id": "202406-broken", "call_id": "broken", "timestamp": "63886000000"}, saved_at=at("06-12 12:00")
    )
    return world


@dataclass
class June:
    """One run of the month: what it said and what it left."""

    outcome: Any
    left: Any
    kazoo: SimulatedKazoo

    @property
    def files(self) -> dict[str, bytes]:
        return dict(self.left.files())

    def warnings(self, account_id: str) -> dict[str, str]:
        return {each["code"]: each["message"] for each in self.left.account(account_id)["warnings"]}


def ticking() -> Callable[[], float]:
    """A clock for buckets, on by 80 ms a request: four of five get through an empty bucket, and nobody waits."""
    ticks = count()
    return lambda: next(ticks) * 0.08


@pytest.fixture(scope="session")
def new_fault_clock() -> Callable[[], Callable[[], float]]:
    return ticking


@pytest.fixture(scope="session")
def run_june(new_terminal: Callable[[], Any]) -> Callable[..., June]:
    """Reports the month from a new store; pages are small, so that there are many."""

    def run(faults: str = "calm", *arguments: str, page_size: int = 10) -> June:
        terminal = new_terminal()
        with running(world_of_june(), faults=parse_faults(faults), fault_clock=ticking()) as kazoo:
            terminal.connect(kazoo).settings["KAZOO_PAGE_SIZE"] = str(page_size)
            outcome = terminal.run("run", "--period", "2024-06", "--out", "out", *arguments)
        assert (terminal.folder / "out").exists(), outcome.err
        return June(outcome, terminal.left(), kazoo)

    return run


@pytest.fixture(scope="session")
def calm_june(run_june: Callable[..., June]) -> June:
    return run_june()


@pytest.fixture(name="at", scope="session")
def at_fixture() -> Callable[[str], datetime]:
    return at


@pytest.fixture(scope="session")
def rate() -> Rate:
    return UK
