"""November of an oversold reseller: three customers with five trunks each, on a pool of eight.

2 November, noon: each customer has four calls up at once, twelve in all. Each fits the customer's own five trunks.
The reseller has eight: in order of their start the first eight are flat-rate, the last four run over, and cost the
reseller by the minute what its customers never see. Each of the calls talks 600 s; at 0.01 a minute, 60/60, a call
that runs over costs the reseller 10 × 0.01 = 0.10, four of them 0.40.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running

if TYPE_CHECKING:
    from tests.conftest import Terminal

NOON = datetime(2025, 11, 2, 12, tzinfo=UTC)
US = Rate(units=100, increment=60, minimum=60, name="US")
DECK = "prefix,rate_cost,rate_increment,rate_minimum,rate_name\n1,0.01,60,60,US\n"
CUSTOMERS = ("Alice", "Bob", "Carol")
POOL, OWN = 8, 5


@pytest.fixture
def world() -> ScriptedWorld:
    """The switch tagged as its limits were: the customers' side flat, the reseller's side flat for the first eight."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    world.limits_of(acme, twoway_trunks=POOL)
    for place, name in enumerate(CUSTOMERS):
        account = world.customer(name, parent=acme, account_id=str(place + 1) * 32)
        world.limits_of(account, twoway_trunks=OWN)
        for call in range(4):
            # Alice's, Bob's and Carol's calls take turns, ten seconds apart.
            number = call * len(CUSTOMERS) + place
            tag = "flat_rate" if number < POOL else "per_minute"
            world.call(
                account,
                started_at=NOON + timedelta(seconds=10 * number),
                number=f"+1415555{1000 + number}",
                answered_seconds=600,
                rate=US,
                customer="flat_rate",
                reseller=tag,
            )
    return world


@pytest.fixture
def kazoo(world: ScriptedWorld) -> Iterator[SimulatedKazoo]:
    with running(world) as server:
        yield server


def rated(terminal: Terminal, kazoo: SimulatedKazoo, *options: str) -> dict[str, Any]:
    (terminal.folder / "deck.csv").write_text(DECK)
    terminal.connect(kazoo)
    assert terminal.run("sync", "--period", "2025-11").code == 0
    assert terminal.run("decks", "import", terminal.folder / "deck.csv", "--name", "buy").code == 0
    outcome = terminal.run("rate", "--period", "2025-11", "--out", "rated", "--json", *options)
    assert outcome.code == 0, outcome.err
    return outcome.document


def test_every_customer_fits_its_own_trunks(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    told = rated(terminal, kazoo)
    assert [(each["name"], each["flat_rate"], each["over"], each["cost"]) for each in told["accounts"]] == [
        (name, 4, 0, "0.0000") for name in CUSTOMERS
    ]
    # The switch said the same of every leg.
    assert {(each["tags_agree"], each["tags_differ"]) for each in told["accounts"]} == {(4, 0)}


def test_together_they_run_over_the_pool_and_cost_the_reseller(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    told = rated(terminal, kazoo, "--side", "reseller", "--audit")
    pool = told["pool"]
    assert (pool["peak"], pool["demand_peak"], pool["flat"], pool["over"]) == (8, 12, 8, 4)
    assert pool["over_seconds"] == 4 * 600
    # Alice's last call and Bob's are the tenth and eleventh of twelve: numbers 0 to 7 are on trunks.
    assert {each["name"]: each["over"] for each in told["accounts"]} == {"Alice": 1, "Bob": 1, "Carol": 2}
    # 10 minutes at 0.01 for each of the four, as the switch charged them.
    assert told["totals"]["cost"] == told["totals"]["stated_cost"] == "0.4000"
    assert told["totals"]["audit_disagreements"] == 0
    assert all(each["tags_differ"] == 0 for each in told["accounts"])


def test_twelve_trunks_would_have_carried_all(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    told = rated(terminal, kazoo, "--side", "reseller", "--trunks", "0/0/12/0")
    assert (told["pool"]["over"], told["totals"]["cost"]) == (0, "0.0000")
    # What was charged is still told: overselling cost 0.40 that four more trunks would have saved.
    assert told["totals"]["stated_cost"] == "0.4000"


def test_the_last_call_is_explained_with_the_trunks_at_its_second(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    rated(terminal, kazoo)
    with (terminal.folder / "rated" / "sums.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["Legs"] for row in csv.DictReader(file)] == ["4", "4", "4"]
    carols = next((terminal.folder / "rated" / "rated").glob("carol--*.csv"))
    with carols.open(encoding="utf-8-sig", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    steps = terminal.run(
        "explain", last["Call ID"], "--period", "2025-11", "--accounts", "Carol", "--deck", "buy", "--json"
    ).document["steps"]
    said = {step["what"]: step["value"] for step in steps}
    assert said["trunks"] == "0/0/5/0, with 0 inbound and 3 outbound calls on them"
    assert said["replay"] == "a trunk was free"
    assert (said["prefix"], said["billed seconds"], said["cost"]) == ("1", "600", "0.1000")
