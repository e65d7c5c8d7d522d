"""The entries of a month against KAZOO's own sum of it: a difference is told with both figures, and stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Terminal

RATE = Rate(units=300, name="UK_LANDLINE")
SUMMARY = "/ledgers/summary/202406"


@pytest.fixture
def world() -> ScriptedWorld:
    """Alice called for three minutes at 0.03 in each half of June."""
    world = ScriptedWorld()
    alice = world.customer("Alice", parent=world.reseller("Acme", account_id="a" * 32), account_id="1" * 32)
    for day in (5, 25):
        started_at = datetime(2024, 6, day, 12, tzinfo=UTC)
        world.call(alice, started_at=started_at, number="+442071234567", answered_seconds=125, rate=RATE)
    return world


def told(terminal: Terminal, world: ScriptedWorld, *options: str) -> list[str]:
    with running(world) as kazoo:
        assert terminal.connect(kazoo).run("run", "--period", "2024-06", "--out", "out", *options).code == 0
    alice = terminal.left().account("Alice")
    return [each["message"] for each in alice["warnings"] if each["code"] == "ledger_sum_differs"]


def summary(amount: float, quantity: int) -> dict[str, Any]:
    sums = {"per-minute-voip": {"amount": amount, "usage": {"type": "voice", "quantity": quantity, "unit": "sec"}}}
    return {"summary": sums, "breakdown": []}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_sums_that_agree_are_not_spoken_of(terminal: Terminal, world: ScriptedWorld, zone: str) -> None:
    assert told(terminal, world, "--timezone", zone) == []


def test_an_entry_that_kazoo_sums_but_does_not_list_is_told_with_both_figures(
    terminal: Terminal, world: ScriptedWorld
) -> None:
    world.answer("1" * 32, SUMMARY, status=200, data=summary(-0.27, 540))
    (message,) = told(terminal, world, "--timezone", "America/New_York")
    assert "2024-06 (UTC) up to -0.2700 for 540 charged seconds" in message
    assert "the entries it lists to -0.1800 for 360" in message
    assert terminal.left().row("1" * 32)["Complete"] == "no"


def test_noise_of_doubles_in_a_sum_is_no_difference(terminal: Terminal, world: ScriptedWorld) -> None:
    world.answer("1" * 32, SUMMARY, status=200, data=summary(-0.17999999999999999, 360))
    assert told(terminal, world) == []


@pytest.mark.parametrize("data", [{"account": {}}, [], {"summary": {}}])
def test_a_summary_whose_part_failed_is_held_against_nothing(
    terminal: Terminal, world: ScriptedWorld, data: object
) -> None:
    world.answer("1" * 32, SUMMARY, status=200, data=data)
    assert told(terminal, world) == []


def test_a_summary_that_is_refused_is_held_against_nothing(terminal: Terminal, world: ScriptedWorld) -> None:
    world.answer("1" * 32, SUMMARY, status=404)
    assert told(terminal, world) == []


def test_half_a_month_is_not_held_against_the_sum_of_all_of_it(terminal: Terminal, world: ScriptedWorld) -> None:
    world.answer("1" * 32, SUMMARY, status=200, data=summary(-9, 1))
    with running(world) as kazoo:
        out = ("--out", "half")
        assert terminal.connect(kazoo).run("run", "--period", "2024-06-10..2024-06-20", *out).code == 0
    codes = {each["code"] for each in terminal.left("half").account("Alice")["warnings"]}
    assert "ledger_sum_differs" not in codes
