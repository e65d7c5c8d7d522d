"""November of an oversold reseller: three customers with five trunks each, on a pool of eight.

2 November, noon: each customer has four calls up at once, twelve in all. Each fits the customer's own five trunks.
The reseller has eight: in order of their start the first eight are flat-rate, the last four run over, and cost the
reseller by the minute what its customers never see. Each of the calls talks 600 s; at 0.01 a minute, 60/60, a call
that runs over costs the reseller 10 × 0.01 = 0.10, four of them 0.40.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from reseller_reporting.app import report
from reseller_reporting.config import PREFIX
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


# --- the workbooks of a run ------------------------------------------------------------------------------------------

OWN_BLOCK = "The account's own trunks, replayed"
POOL_BLOCK = "The reseller's trunks, replayed over all its accounts"
PEAK, DEMAND = "Peak: most calls at once on a trunk", "Demand peak: most that wanted one"


class TrunksSheet:
    """The sheet of one customer's workbook: blocks by title, and the peaks beside them."""

    def __init__(self, folder: Path, name: str) -> None:
        (path,) = (folder / "accounts").glob(f"{name.lower()}--*.xlsx")
        book = openpyxl.load_workbook(path, data_only=True)
        self.rows: list[tuple[Any, ...]] = (
            [tuple(row) for row in book["Trunks"].iter_rows(values_only=True)] if "Trunks" in book else []
        )
        book.close()

    def block(self, title: str) -> dict[Any, tuple[Any, ...]]:
        begin = next(place for place, row in enumerate(self.rows) if row[0] == title)
        found: dict[Any, tuple[Any, ...]] = {}
        for row in self.rows[begin + 1 : begin + 18]:
            found.setdefault(row[0], row[1:6])
        return found

    def peaks(self, title: str) -> dict[tuple[str, int], int]:
        """The cells above 0, by weekday and hour."""
        begin = next(place for place, row in enumerate(self.rows) if row[0] == title) + 1
        days = self.rows[begin][8:15]
        rows = self.rows[begin + 1 : begin + 25]
        return {(day, row[7]): row[8 + place] for row in rows for place, day in enumerate(days) if row[8 + place]}

    def differences(self) -> list[tuple[Any, ...]]:
        """Call id, tag and replay of the legs listed at the end."""
        begins = [place for place, row in enumerate(self.rows) if "says another thing" in str(row[0])]
        listed = [row for begin in begins for row in self.rows[begin + 2 :]]
        return [(row[1], row[5], row[7]) for row in listed if row[1] and row[1] != "Call ID"]


def ran(terminal: Terminal, kazoo: SimulatedKazoo, *options: str, out: str = "out") -> Path:
    outcome = terminal.connect(kazoo).run("run", "--period", "2025-11", "--out", out, *options)
    assert outcome.code == 0, outcome.err
    return terminal.folder / out


def test_each_workbook_shows_the_customers_own_trunks_and_its_share_of_the_pool(
    terminal: Terminal, kazoo: SimulatedKazoo
) -> None:
    folder = ran(terminal, kazoo)
    for name, on_pool, over in (("Alice", 3, 1), ("Bob", 3, 1), ("Carol", 2, 2)):
        sheet = TrunksSheet(folder, name)
        own = sheet.block(OWN_BLOCK)
        # Four calls of ten minutes, at most four at once on five trunks; a fifth one would have fitted at any second.
        assert own["flat_rate"][2:] == (4, 40, 0)
        assert own["over"][2:] == (0, 0, 0)
        assert (own[PEAK][2], own[DEMAND][2], own["Seconds at the limit"][2]) == (4, 4, 0)
        assert "The switch's tags agree with the replay on all 4 legs." in own
        pool = sheet.block(POOL_BLOCK)
        # Of all twelve, eight on trunks and four over; the customer's own beside them, ten minutes a call.
        assert pool["flat_rate"][1:] == (8, on_pool, 10 * on_pool, 0)
        # Ten minutes at 0.01 each.
        assert pool["over"][1:] == (4, over, 10 * over, pytest.approx(0.1 * over))
        # The eighth call begins at second 70; the first one, 5 s ringing and 600 s talk, ends at second 605.
        assert (pool[PEAK][2], pool[DEMAND][2], pool["Seconds at the limit"][2]) == (8, 12, 605 - 70)
        assert pool[PEAK][3] == "of 8 trunks, first at 2025-11-02 12:01:10"
        assert "The switch's tags agree with the replay on all 4 legs." in pool
        # 2 November is a Sunday.
        assert sheet.peaks(OWN_BLOCK) == {("Sun", 12): 4}
        assert sheet.peaks(POOL_BLOCK) == {("Sun", 12): 8}
        assert sheet.differences() == []


def test_tags_that_say_another_thing_are_listed(
    terminal: Terminal, world: ScriptedWorld, kazoo: SimulatedKazoo
) -> None:
    # At three o'clock nobody else calls, and still the switch took money for the reseller's side of the first call,
    # and let the second one burst, of which the limits know nothing.
    alice = "1" * 32
    at = NOON + timedelta(hours=3)
    usual: dict[str, Any] = {"number": "+14155552000", "answered_seconds": 60, "rate": US, "customer": "flat_rate"}
    world.call(alice, started_at=at, call_id="charged@1", reseller="per_minute", **usual)
    world.call(alice, started_at=at, call_id="burst@1", reseller="flat_rate_burst", **usual)
    sheet = TrunksSheet(ran(terminal, kazoo), "Alice")
    assert sheet.differences() == [
        ("burst@1", "flat_rate_burst", "flat_rate"),
        ("charged@1", "per_minute", "flat_rate"),
    ]
    pool = sheet.block(POOL_BLOCK)
    # Five on trunks; what one of them cost all the same: a minute at 0.01.
    assert pool["flat_rate"][2:] == (5, 32, pytest.approx(0.01))
    assert "The switch's tags differ from the replay on 2 of 6 legs." in pool
    assert "The switch's tags agree with the replay on all 6 legs." in sheet.block(OWN_BLOCK)


def test_what_an_allotment_paid_takes_no_trunk_and_is_no_difference(
    terminal: Terminal, world: ScriptedWorld, kazoo: SimulatedKazoo
) -> None:
    number = "+14155552000"
    world.call("1" * 32, started_at=NOON, number=number, customer="allotment_did_us", reseller="flat_rate", rate=US)
    sheet = TrunksSheet(ran(terminal, kazoo), "Alice")
    own = sheet.block(OWN_BLOCK)
    assert (own["not asked"][2], own[PEAK][2], own["Legs whose tag differs"][2]) == (1, 4, 0)


def test_a_pool_of_which_a_part_was_never_read_is_not_known_until_it_is(
    terminal: Terminal, kazoo: SimulatedKazoo
) -> None:
    alone = ran(terminal, kazoo, "--accounts", "Alice")
    said = TrunksSheet(alone, "Alice").block(POOL_BLOCK)
    (sentence,) = [label for label in said if str(label).startswith("Not known: all of the reseller's accounts")]
    assert "for 2 of the 3" in sentence
    ran(terminal, kazoo, out="all")
    again = ran(terminal, kazoo, "--accounts", "Alice", out="again")
    assert TrunksSheet(again, "Alice").block(POOL_BLOCK)["over"][1:3] == (4, 1)


def test_a_call_of_another_account_changes_the_store_version_where_it_changes_the_pool(
    terminal: Terminal, world: ScriptedWorld, kazoo: SimulatedKazoo
) -> None:
    ran(terminal, kazoo)
    folder = ran(terminal, kazoo, "--accounts", "Alice", out="first")
    usual: dict[str, Any] = {"number": "+14155552000", "answered_seconds": 600, "rate": US}
    world.call("2" * 32, started_at=NOON, customer="flat_rate", reseller="flat_rate", **usual)
    ran(terminal, kazoo, "--accounts", "Bob", "--refresh", out="bob")
    ran(terminal, kazoo, "--accounts", "Alice", out="second")
    first, second = (terminal.left(out).manifest for out in ("first", "second"))
    assert first["store_version"] != second["store_version"]
    # With one more of Bob's at noon the pool is full a call sooner: that one is Bob's, too.
    assert TrunksSheet(folder, "Alice").block(POOL_BLOCK)["over"][2] == 1
    assert TrunksSheet(terminal.folder / "second", "Alice").block(POOL_BLOCK)["over"][1:3] == (5, 1)


def test_a_reseller_without_trunks_has_no_pool(terminal: Terminal, world: ScriptedWorld, kazoo: SimulatedKazoo) -> None:
    world.limits_of("a" * 32, twoway_trunks=0)
    pool = TrunksSheet(ran(terminal, kazoo), "Alice").block(POOL_BLOCK)
    assert "None: the reseller's limits, as KAZOO shows them, hold no trunks." in pool


def test_a_pool_of_processes_gives_the_same_bytes(
    terminal: Terminal, kazoo: SimulatedKazoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(terminal, kazoo)
    monkeypatch.setattr(report, "_LEGS_WORTH_A_POOL", 0)
    monkeypatch.setattr(report, "available_processes", lambda: 2)
    ran(terminal, kazoo, out="again")
    assert terminal.left("again").files() == terminal.left().files()


def test_few_legs_do_not_wake_the_compiler(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    terminal.connect(kazoo)
    code = (
        "import sys\n"
        "from reseller_reporting.cli import main\n"
        "sys.argv = ['x', 'run', '--period', '2025-11', '--out', 'out']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'numba' not in sys.modules\n"
    )
    environment = {**os.environ, **{PREFIX + name: value for name, value in terminal.settings.items()}}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=terminal.folder, timeout=60)
