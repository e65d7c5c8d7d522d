"""Calls from files: the same report as from KAZOO, no call twice, every broken row told."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.world import Span

if TYPE_CHECKING:
    from tests.conftest import Terminal

RUN = ("run", "--period", "2024-06", "--out", "out", "--source", "store")


def listed(world: ScriptedWorld, account_id: str) -> list[Mapping[str, Any]]:
    rows = []
    for cdr in world.cdrs(account_id, "202406", Span((0, ""), (10**12, ""), descending=False)):
        row = cdr.row(is_reseller=True, utc_offset_seconds=0)
        assert isinstance(row, Mapping)
        rows.append(row)
    assert rows
    return rows


@pytest.fixture
def with_files(acme: ScriptedWorld, terminal: Terminal) -> Terminal:
    """Alice's month, exported in each way."""
    rows = listed(acme, "1" * 32)
    with (terminal.folder / "alice.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (terminal.folder / "alice.json").write_text(json.dumps({"data": rows, "status": "success"}))
    (terminal.folder / "alice.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (terminal.folder / "alice.csv.gz").write_bytes(gzip.compress((terminal.folder / "alice.csv").read_bytes()))
    return terminal


@pytest.mark.parametrize("name", ["alice.csv", "alice.json", "alice.jsonl", "alice.csv.gz"])
def test_an_export_gives_the_report(with_files: Terminal, name: str) -> None:
    outcome = with_files.run("import", name, "--account", "Alice", "--json")
    (read,) = outcome.document["files"]
    assert (outcome.code, read["file"], read["legs"], read["malformed"]) == (0, name, 3, 0)
    assert with_files.run(*RUN).code == 0
    alice = with_files.left().account("Alice")
    assert (alice["legs_read"], alice["calls"], alice["billing_seconds"]) == (3, 2, 185)
    assert (alice["reseller_cost"], alice["customer_cost"]) == ("0.1200", "0.1200")
    row = with_files.left().row(alice["id"])
    # A file has no ledger and no services, and what is not known is not zero.
    assert (row["Ledgers Per Minute"], row["SIP Devices"], row["Complete"]) == ("", "", "no")


def test_a_second_import_changes_nothing(with_files: Terminal) -> None:
    for name in ("alice.csv", "alice.csv", "alice.json"):
        assert with_files.run("import", name, "--account", "Alice").code == 0
    assert with_files.run(*RUN).code == 0
    alice = with_files.left().account("Alice")
    assert (alice["legs_read"], alice["malformed"], alice["reseller_cost"]) == (3, 0, "0.1200")


def test_a_broken_row_is_told_with_its_file_and_number(with_files: Terminal) -> None:
    lines = (with_files.folder / "alice.csv").read_text().splitlines()
    (with_files.folder / "alice.csv").write_text("\r\n".join([*lines, lines[1].replace("outbound", "sideways")]))
    outcome = with_files.run("import", "alice.csv", "--account", "Alice", "--json")
    (read,) = outcome.document["files"]
    assert (read["legs"], read["malformed"]) == (3, 1)
    assert with_files.run(*RUN).code == 0
    alice = with_files.left().account("Alice")
    ((source, row),) = [(problem["source"], problem["row"]) for problem in alice["problems"]]
    assert ("alice.csv" in source, row) == (True, 4)
    assert alice["calls"] == 2


def test_an_import_for_a_customer_that_kazoo_told(with_files: Terminal, connected: Terminal) -> None:
    assert connected.run("sync", "--period", "2024-06", "--accounts", "Bob").code == 0
    assert (
        connected.run("import", "alice.csv", "--account", "Bob", "--json").document["files"][0]["account_id"]
        == "2" * 32
    )
    assert connected.run(*RUN, "--accounts", "Bob").code == 0
    assert connected.left().account("Bob")["calls"] == 3


def test_a_period_that_the_store_does_not_hold_is_not_complete(connected: Terminal) -> None:
    assert connected.run("sync", "--period", "2024-06").code == 0
    assert connected.run("run", "--period", "2024-05", "--out", "out", "--source", "store").code == 0
    assert {row["Complete"] for row in connected.left().summary} == {"no"}
    assert all("store" in row["Warnings"] for row in connected.left().summary)


def test_a_record_that_a_later_file_brings_mended_is_a_leg_and_no_problem(with_files: Terminal) -> None:
    whole = (with_files.folder / "alice.csv").read_text()
    (with_files.folder / "broken.csv").write_text(whole.replace("outbound", "sideways", 1))
    assert with_files.run("import", "broken.csv", "--account", "Alice").code == 0
    assert with_files.run(*RUN).code == 0
    assert with_files.left().account("Alice")["malformed"] == 1
    assert with_files.run("import", "alice.csv", "--account", "Alice").code == 0
    assert with_files.run(*RUN).code == 0
    alice = with_files.left().account("Alice")
    assert (alice["legs_read"], alice["malformed"]) == (3, 0)


def test_charges_that_a_file_does_not_explain_are_told(with_files: Terminal) -> None:
    assert with_files.run("import", "alice.csv", "--account", "Alice").code == 0
    assert with_files.run(*RUN).code == 0
    warnings = {each["code"]: each["count"] for each in with_files.left().account("Alice")["warnings"]}
    assert warnings["charge_unexplained"] == 2  # Neither ledger nor document stands in the file.


def test_an_account_that_only_files_speak_of_stays_after_a_pull(with_files: Terminal, connected: Terminal) -> None:
    assert connected.run("sync", "--period", "2024-06").code == 0
    assert with_files.run("import", "alice.csv", "--account", "Red Cafe").code == 0
    assert with_files.run(*RUN, "--accounts", "Red Cafe").code == 0
    assert with_files.left().account("Red Cafe")["calls"] == 2
