"""The list of calls against the ledgers: a difference is told with its figures, and stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Terminal

RATE = Rate(units=300, name="UK_LANDLINE")
AT = datetime(2024, 6, 5, 12, tzinfo=UTC)


def differences(terminal: Terminal, world: ScriptedWorld) -> tuple[dict[str, Any], str]:
    with running(world) as kazoo:
        terminal.connect(kazoo)
        assert terminal.run("run", "--period", "2024-06", "--out", "out").code == 0
    alice = terminal.left().account("Alice")
    told = {each["code"]: (each["count"], each["message"]) for each in alice["warnings"] if "differs" in each["code"]}
    return told, terminal.left().row(alice["id"])["Complete"]


def world_of_alice() -> tuple[ScriptedWorld, str]:
    world = ScriptedWorld()
    return world, world.customer("Alice", parent=world.reseller("Acme"))


def test_ledgers_that_agree_are_not_spoken_of(terminal: Terminal) -> None:
    world, alice = world_of_alice()
    world.call(alice, started_at=AT, number="+442071234567", answered_seconds=125, rate=RATE)
    assert differences(terminal, world) == ({}, "yes")


def test_a_call_without_its_entries_is_told_for_both_parties(terminal: Terminal) -> None:
    world, alice = world_of_alice()
    world.call(alice, started_at=AT, number="+442071234567", answered_seconds=125, rate=RATE, ledger=False)
    told, complete = differences(terminal, world)
    assert {code: count for code, (count, _) in told.items()} == {
        "customer_ledger_differs": 1,
        "reseller_ledger_differs": 1,
    }
    # 125 s are three minutes at 0.03.
    assert "listed 0.0900, in the ledger 0.0000" in told["customer_ledger_differs"][1]
    assert complete == "yes"


def test_an_entry_without_its_call_is_told(terminal: Terminal) -> None:
    world, alice = world_of_alice()
    world.ledger_entry(alice, units=-500, written_at=AT, source_id="nobody-knows")
    told, _ = differences(terminal, world)
    assert told["customer_ledger_differs"][0] == 1
    assert "listed 0.0000, in the ledger 0.0500" in told["customer_ledger_differs"][1]


def test_an_entry_of_a_call_that_began_before_the_period_is_no_difference(terminal: Terminal) -> None:
    world, alice = world_of_alice()
    late = datetime(2024, 5, 31, 23, 59, tzinfo=UTC)
    world.call(alice, started_at=late, number="+442071234567", answered_seconds=600, rate=RATE)
    assert differences(terminal, world)[0] == {}
