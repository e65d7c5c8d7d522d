"""Whose calls, which legs, whose money: what the options of `run`, `accounts` and `sync` choose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running

if TYPE_CHECKING:
    from tests.conftest import Terminal

UK = Rate(units=300, increment=60, minimum=60, name="UK")
JUNE_3 = datetime(2024, 6, 3, 12, tzinfo=UTC)
RUN = ("run", "--period", "2024-06", "--out", "out", "--json")


def names(terminal: Terminal) -> list[str]:
    return [row["Name"] for row in terminal.left().summary]


@pytest.fixture
def twins(acme: ScriptedWorld) -> ScriptedWorld:
    """Two more customers of one name, one whose name holds a comma."""
    acme.customer("Twin", parent="a" * 32, account_id="3" * 32)
    acme.customer("Twin", parent="a" * 32, account_id="4" * 32)
    acme.customer("Comma, Inc.", parent="a" * 32, account_id="5" * 32)
    return acme


def test_two_of_one_name_have_a_row_and_a_workbook_each(twins: ScriptedWorld, connected: Terminal) -> None:
    assert connected.run(*RUN).code == 0
    assert names(connected) == ["Alice", "Bob", "Comma, Inc.", "Twin", "Twin"]
    assert [row["Account ID"][0] for row in connected.left().summary] == ["1", "2", "5", "3", "4"]
    files = {name for name in connected.left().files() if "twin" in name}
    assert files == {f"accounts/twin--{digit * 32}.xlsx" for digit in "34"}


def test_an_ambiguous_name_is_refused_with_the_ids(twins: ScriptedWorld, connected: Terminal) -> None:
    outcome = connected.run(*RUN, "--accounts", "Alice,Twin")
    assert (outcome.code, outcome.out) == (1, "")
    assert "3" * 32 in outcome.complaint
    assert "4" * 32 in outcome.complaint
    assert not (connected.folder / "out").exists()


def test_an_unknown_name_is_refused(connected: Terminal) -> None:
    outcome = connected.run(*RUN, "--accounts", "alice")
    assert (outcome.code, outcome.out) == (1, "")
    assert "'alice'" in outcome.complaint


CHOICES = [
    ("4" * 32, ["Twin"]),
    (f"Bob, {'1' * 32}", ["Alice", "Bob"]),
    ("Bob,Bob", ["Bob"]),
    ("@wanted", ["Alice", "Comma, Inc.", "Twin"]),
]


@pytest.mark.parametrize(("accounts", "expected"), CHOICES)
def test_ids_names_and_a_file_choose(
    twins: ScriptedWorld, connected: Terminal, accounts: str, expected: list[str]
) -> None:
    (connected.folder / "wanted").write_text(f"\ufeffComma, Inc.\r\n\r\n  {'4' * 32}\nAlice\n", encoding="utf-8")
    assert connected.run(*RUN, "--accounts", accounts).code == 0
    assert names(connected) == expected


def test_on_net_legs_are_listed_when_asked_for_and_never_summed(connected: Terminal) -> None:
    sums = ("calls", "billing_seconds", "charged_seconds", "reseller_cost", "customer_cost", "legs_read")
    assert connected.run(*RUN).code == 0
    billable = connected.left()
    assert len(billable.sheet("Alice", "Calls")) == 2
    before = {key: billable.account("Alice")[key] for key in sums}
    assert connected.run(*RUN, "--legs", "all").code == 0
    rows = connected.left().sheet("Alice", "Calls")
    assert len(rows) == 3
    # An on-net leg has no type, and no cost stands beside it.
    assert [row["Customer Call Type"] or "" for row in rows] == ["per_minute", "", "per_minute"]
    assert {key: connected.left().account("Alice")[key] for key in sums} == before
    assert connected.left().summary == billable.summary


def test_json_is_one_document_and_the_manifest(connected: Terminal) -> None:
    outcome = connected.run(*RUN)
    assert outcome.document == connected.left().manifest
    assert outcome.document == json.loads((connected.folder / "out" / "manifest.json").read_text())


def test_without_json_people_are_told_what_was_made(connected: Terminal) -> None:
    outcome = connected.run("run", "--period", "2024-06")
    assert outcome.code == 0
    assert str(connected.folder / "reports" / "2024-06") in outcome.out
    assert "2 customers, 3 calls" in outcome.out


def test_accounts_has_the_promised_keys(connected: Terminal) -> None:
    accounts = connected.run("accounts", "--json").document["accounts"]
    keys = {"id", "name", "realm", "parent_id", "reseller_id", "is_reseller"}
    assert [account.keys() for account in accounts] == [keys, keys]
    assert [(account["name"], account["parent_id"], account["is_reseller"]) for account in accounts] == [
        ("Alice", "a" * 32, False),
        ("Bob", "a" * 32, False),
    ]
    listed = connected.run("accounts")
    assert listed.out.splitlines() == [f"{'1' * 32}  Alice", f"{'2' * 32}  Bob"]


def test_accounts_of_the_store_are_those_that_kazoo_told(connected: Terminal) -> None:
    assert connected.run("sync", "--period", "2024-06").code == 0
    told = connected.run("accounts", "--json").document
    assert connected.run("accounts", "--json", "--source", "store").document == told


@pytest.fixture
def sub_reseller(acme: ScriptedWorld) -> ScriptedWorld:
    """Below Acme the sub-reseller Sub with its customer Carol, who called for 0.06."""
    acme.reseller("Sub", parent="a" * 32, account_id="5" * 32)
    carol = acme.customer("Carol", parent="5" * 32, account_id="6" * 32)
    acme.call(carol, started_at=JUNE_3, number="+442071234567", answered_seconds=61, rate=UK)
    return acme


def test_customers_of_a_sub_reseller_are_its_own(sub_reseller: ScriptedWorld, connected: Terminal) -> None:
    assert connected.run(*RUN).code == 0
    assert names(connected) == ["Alice", "Bob", "Sub"]
    outcome = connected.run(*RUN, "--accounts", "Carol")
    assert (outcome.code, outcome.out) == (1, "")


def test_customers_of_a_sub_reseller_are_shown_when_asked_for(sub_reseller: ScriptedWorld, connected: Terminal) -> None:
    assert connected.run(*RUN, "--include-sub-resellers").code == 0
    assert names(connected) == ["Alice", "Bob", "Carol", "Sub"]
    row = connected.left().row("6" * 32)
    # Her reseller's cost is Sub's affair, not ours.
    assert (row["Calls"], row["Customer Cost"], row["Reseller Cost"]) == ("1", "0.0600", "")


def test_an_account_that_is_no_reseller_reports_without_reseller_columns(
    acme: ScriptedWorld, terminal: Terminal
) -> None:
    login = acme.login("1" * 32)
    with running(acme) as kazoo:
        terminal.settings |= {"KAZOO_URL": kazoo.url, "KAZOO_API_KEY": login.api_key}
        assert terminal.run(*RUN).code == 0
        doctor = terminal.run("doctor")
    row = terminal.left().row("1" * 32)
    assert (row["Calls"], row["Customer Cost"]) == ("2", "0.1200")
    empty = ("Reseller Cost", "Reseller Recurring Cost", "Flat-rate Calls", "Flat-rate Minutes", "Per-minute Calls")
    assert {row[column] for column in empty} == {""}
    assert "no reseller" in row["Warnings"]
    assert terminal.left().manifest["totals"]["reseller_cost"] is None
    assert {call["Reseller Cost"] for call in terminal.left().sheet("1" * 32, "Calls")} == {None}
    assert doctor.code == 1
    assert "no reseller" in doctor.out


def cdr_requests(kazoo: SimulatedKazoo) -> int:
    return sum("/cdrs" in request.path for request in kazoo.requests)


def test_what_is_final_is_asked_for_once(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    assert connected.run("sync", "--period", "2024-06", "--json").document["legs"] == 4
    assert cdr_requests(kazoo) > 0
    kazoo.requests.clear()
    second = connected.run("sync", "--period", "2024-06", "--json")
    assert (second.code, second.document["legs"], second.document["failed"]) == (0, 0, [])
    assert connected.run(*RUN).code == 0
    assert cdr_requests(kazoo) == 0
    assert connected.run("sync", "--period", "2024-06", "--refresh").code == 0
    assert cdr_requests(kazoo) > 0


def test_the_store_alone_gives_the_same_report(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    assert connected.run(*RUN).code == 0
    kazoo.requests.clear()
    assert connected.run("run", "--period", "2024-06", "--out", "again", "--source", "store").code == 0
    assert kazoo.requests == []
    assert connected.left("again").files() == connected.left().files()


def test_a_failed_account_is_told_by_sync_too(acme: ScriptedWorld, connected: Terminal) -> None:
    acme.answer("2" * 32, "cdrs", status=403)
    outcome = connected.run("sync", "--period", "2024-06", "--json")
    assert outcome.code == 1
    assert [failed["id"] for failed in outcome.document["failed"]] == ["2" * 32]


def test_an_account_that_failed_is_read_by_the_next_run(acme: ScriptedWorld, terminal: Terminal) -> None:
    world = acme
    world.answer("2" * 32, "cdrs", status=403)
    with running(world) as kazoo:
        assert terminal.connect(kazoo).run(*RUN).code == 1
        assert terminal.left().row("2" * 32)["Calls"] == ""
        world.answer("2" * 32, "cdrs", status=200, data=[])
        assert terminal.run(*RUN).code == 0
        assert terminal.left().row("2" * 32)["Calls"] == "0"


def test_an_account_deleted_between_runs_takes_its_workbook_along(acme: ScriptedWorld, connected: Terminal) -> None:
    assert connected.run(*RUN).code == 0
    acme.forget_account("2" * 32)
    assert connected.run(*RUN).code == 0
    assert [name for name in connected.left().files() if name.startswith("accounts/")] == [
        f"accounts/alice--{'1' * 32}.xlsx"
    ]


def test_this_month_is_marked_as_not_complete(connected: Terminal) -> None:
    assert connected.run("run", "--period", "this-month", "--out", "out").code == 0
    left = connected.left()
    assert {row["Complete"] for row in left.summary} == {"no"}
    assert all("not over" in row["Warnings"] for row in left.summary)
    texts = [str(cell.value) for row in left.book("Alice")["Summary"].iter_rows() for cell in row]
    assert [text for text in texts if "not over" in text]


def test_a_leg_belongs_to_the_period_in_which_it_started(acme: ScriptedWorld, connected: Terminal) -> None:
    assert connected.run("run", "--period", "2024-06-04..2024-06-05", "--out", "out").code == 0
    assert [entry["calls"] for entry in connected.left().manifest["accounts"]] == [1, 0]
    # Noon in Greenwich on the 5th is the 6th on Kiritimati, 14 hours ahead.
    kiritimati = ("--timezone", "Pacific/Kiritimati")
    assert connected.run("run", "--period", "2024-06-06..2024-06-07", "--out", "out", *kiritimati).code == 0
    assert connected.left().manifest["period"]["from"] == "2024-06-06T00:00:00+14:00"
    assert [entry["calls"] for entry in connected.left().manifest["accounts"]] == [0, 1]


def test_the_currency_is_the_one_that_is_set(connected: Terminal) -> None:
    (connected.folder / "reseller-reporting.toml").write_text('currency = "eur"\n')
    assert connected.run(*RUN).code == 0
    assert {row["Currency"] for row in [*connected.left().summary, *connected.left().countries]} == {"EUR"}
