"""Rating stored and imported legs again, explaining a price, auditing: by the commands and the files they leave."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import Span

if TYPE_CHECKING:
    from tests.conftest import Terminal

DECK = "prefix,rate_cost,rate_increment,rate_minimum,rate_surcharge,rate_name\n1,0.01,60,60,,US\n44,0.02,6,30,0.5,=UK\n"
US = Rate(units=100, increment=60, minimum=60, name="US")
UK = Rate(units=300, increment=60, minimum=60, name="UK")
NOON = datetime(2024, 6, 5, 12, tzinfo=UTC)
ALICE, BOB, ACME = "1" * 32, "2" * 32, "a" * 32
MONTH = ("--period", "2024-06")


def world_of(name: str = "Alice") -> ScriptedWorld:
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id=ACME)
    world.customer(name, parent=acme, account_id=ALICE)
    return world


def synced(terminal: Terminal, world: ScriptedWorld) -> Terminal:
    with running(world) as kazoo:
        assert terminal.connect(kazoo).run("sync", *MONTH).code == 0
    return terminal


def with_deck(terminal: Terminal, text: str = DECK, name: str = "buy") -> None:
    (terminal.folder / "deck.csv").write_text(text)
    assert terminal.run("decks", "import", terminal.folder / "deck.csv", "--name", name).code == 0


def rate(terminal: Terminal, *options: str) -> dict[str, Any]:
    outcome = terminal.run("rate", *MONTH, "--out", "rated", "--json", *options)
    assert outcome.code == 0, outcome.err
    return outcome.document


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def problems(terminal: Terminal) -> list[dict[str, str]]:
    return rows(terminal.folder / "rated" / "problems.csv")


def steps(terminal: Terminal, *arguments: object) -> dict[str, str]:
    outcome = terminal.run("explain", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    return {step["what"]: step["value"] for step in outcome.document["steps"]}


def test_words_of_others_are_guarded_in_every_file(terminal: Terminal) -> None:
    world = world_of("=Alice")
    world.call(
        ALICE, started_at=NOON, number="+442071234567", answered_seconds=61, rate=UK, call_id="=cmd|' /C calc'!A1"
    )
    world.call(ALICE, started_at=NOON, number="+999123456789", answered_seconds=61, rate=UK, call_id="@x")
    synced(terminal, world)
    with_deck(terminal)
    (account,) = rate(terminal)["accounts"]
    files = [terminal.folder / "rated" / name for name in (account["file"], "sums.csv", "problems.csv")]
    for path in files:
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\n") == content.count(b"\r\n") > 1
    legs, (sums,), (problem,) = map(rows, files)
    assert [(leg["Call ID"], leg["To Number"], leg["Rate Name"]) for leg in legs] == [
        ("'=cmd|' /C calc'!A1", "'+442071234567", "'=UK"),
        ("'@x", "'+999123456789", ""),
    ]
    # 30 s and six steps of 6 are 66 s at 0.02, and 0.5 for connecting.
    assert (legs[0]["Rate"], legs[0]["Billed Seconds"], legs[0]["Cost"]) == ("0.0200", "66", "0.5220")
    assert sums["Name"] == "'=Alice"
    assert float(sums["Difference"]) == pytest.approx(0.5220 - 2 * 0.06)
    assert problem == {
        "Source": f"deck:{ALICE}",
        "Row": "",
        "Record ID": "202406-@x",
        "Reason": "no rate for +999123456789",
    }


def test_a_leg_without_a_rate_is_unrated_and_never_free(terminal: Terminal) -> None:
    world = world_of()
    world.call(ALICE, started_at=NOON, number="+999123456789", answered_seconds=600, rate=UK)
    synced(terminal, world)
    with_deck(terminal)
    told = rate(terminal)
    assert (told["totals"]["unrated"], told["totals"]["cost"]) == (1, "0.0000")
    (leg,) = rows(terminal.folder / "rated" / told["accounts"][0]["file"])
    assert (leg["Prefix"], leg["Cost"], leg["Billed Seconds"], leg["Paid By"]) == ("", "", "", "per_minute")


def test_rated_legs_as_parquet_keep_their_types(terminal: Terminal) -> None:
    world = world_of()
    world.call(ALICE, started_at=NOON, number="+14155552671", answered_seconds=61, rate=US)
    synced(terminal, world)
    with_deck(terminal)
    told = rate(terminal, "--format", "parquet")
    (leg,) = pq.read_table(terminal.folder / "rated" / told["accounts"][0]["file"]).to_pylist()
    assert (leg["number"], leg["prefix"], leg["cost_micros"], leg["started_at"]) == (
        "+14155552671",
        "1",
        20_000,
        NOON,
    )


def test_an_audit_lists_every_kind_of_disagreement_with_its_money(terminal: Terminal) -> None:
    world = world_of()
    world.call(ALICE, started_at=NOON, number="+14155550001", answered_seconds=60, rate=US)
    world.call(
        ALICE, started_at=NOON, number="+14155550002", answered_seconds=120, rate=US, ledger=False, call_id="unpaid"
    )
    world.call(
        ALICE, started_at=NOON, number="+14155550003", answered_seconds=60, rate=US, ledger=False, call_id="dear"
    )
    world.call(
        ALICE, started_at=NOON, number="+14155550004", answered_seconds=60, customer="flat_rate", call_id="carried"
    )
    for account, source, units in (
        (ALICE, "dear", -500),
        (ACME, "dear", -100),
        (ALICE, "carried", -700),
        (ALICE, "ghost", -900),
    ):
        world.ledger_entry(account, units=units, written_at=NOON, source_id=source, calling_account=ALICE)
    synced(terminal, world)
    told = rate(terminal, "--audit")
    # A deck is not needed, and without one nothing is priced.
    assert (told["deck"], told["totals"]["cost"], told["accounts"][0]["cost"]) == (None, None, None)
    audited = [row for row in problems(terminal) if row["Source"] == f"audit:{ALICE}"]
    assert [(row["Record ID"], row["Reason"]) for row in audited] == [
        ("202406-carried", "customer: listed 0.0000, ledger 0.0700, nothing due (flat_rate); difference 0.0700"),
        ("202406-dear", "customer: listed 0.0100, ledger 0.0500, by KAZOO's rule 0.0100; difference 0.0400"),
        ("202406-unpaid", "customer: listed 0.0200, no ledger entry, by KAZOO's rule 0.0200; difference -0.0200"),
        ("202406-unpaid", "reseller: listed 0.0200, no ledger entry, by KAZOO's rule 0.0200; difference -0.0200"),
        ("ghost", "customer: not listed, ledger 0.0900, no such call in the store; difference 0.0900"),
    ]
    # 0.07 + 0.04 - 0.02 + 0.09, and what the reseller did not pay.
    assert told["accounts"][0]["audit_difference"] == {"customer": "0.1800", "reseller": "-0.0200"}
    (sums,) = rows(terminal.folder / "rated" / "sums.csv")
    assert (sums["Audit Disagreements"], sums["Audit Customer Difference"], sums["Cost"]) == ("5", "0.1800", "")


def test_an_audit_of_a_month_that_agrees_lists_nothing(terminal: Terminal) -> None:
    world = world_of()
    world.limits_of(ALICE, twoway_trunks=1)
    world.call(ALICE, started_at=NOON, number="+14155550001", answered_seconds=60, rate=US)
    world.call(ALICE, started_at=NOON, number="+14155550002", answered_seconds=0, rate=US)
    world.call(
        ALICE, started_at=NOON, number="+14155550003", answered_seconds=60, customer="flat_rate", reseller="flat_rate"
    )
    synced(terminal, world)
    assert rate(terminal, "--audit")["totals"]["audit_disagreements"] == 0
    assert problems(terminal) == []


def exported(world: ScriptedWorld, path: Path) -> None:
    listed: list[Mapping[str, Any]] = []
    for cdr in world.cdrs(ALICE, "202406", Span((0, ""), (10**12, ""), descending=False)):
        row = cdr.row(is_reseller=True, utc_offset_seconds=0)
        assert isinstance(row, Mapping)
        listed.append(row)
    path.write_text(json.dumps({"data": listed, "status": "success"}))


def test_imported_legs_are_rated_and_what_is_not_known_of_them_is_said(terminal: Terminal) -> None:
    world = world_of()
    world.call(ALICE, started_at=NOON, number="+14155550001", answered_seconds=61, rate=US)
    exported(world, terminal.folder / "alice.json")
    assert terminal.run("import", "alice.json", "--account", "Alice").code == 0
    with_deck(terminal)
    told = rate(terminal, "--audit")
    assert (told["totals"]["legs"], told["totals"]["cost"], told["totals"]["stated_cost"]) == (1, "0.0200", "0.0200")
    # No file holds ledgers or limits: the one is left out of the audit, the other is told.
    assert told["totals"]["audit_disagreements"] == 0
    assert (told["accounts"][0]["trunks"], told["accounts"][0]["trunks_from"]) == ("0/0/0/0", "unknown")
    assert [each["code"] for each in told["warnings"]] == ["trunks_unknown"]
    assert [row["Source"].partition(":")[0] for row in problems(terminal)] == ["store"]
    told = rate(terminal, "--trunks", "0/0/1/0")
    assert (told["totals"]["cost"], told["accounts"][0]["trunks_from"], told["warnings"]) == ("0.0000", "given", [])


def test_the_same_legs_give_the_same_files(terminal: Terminal) -> None:
    world = world_of()
    for second in range(5):
        world.call(
            ALICE, started_at=NOON + timedelta(seconds=second), number="+14155550001", answered_seconds=9, rate=US
        )
    synced(terminal, world)
    with_deck(terminal)
    contents = []
    for out in ("one", "two"):
        assert terminal.run("rate", *MONTH, "--out", out).code == 0
        folder = terminal.folder / out
        contents.append({str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rate", *MONTH, "--deck", "nothing"), "no deck 'nothing'"),
        (("rate", *MONTH, "--trunks", "eight"), "inbound/outbound/two-way/burst"),
        (("rate", *MONTH, "--trunks", "1/2"), "inbound/outbound/two-way/burst"),
        (("rate", *MONTH, "--trunks", "1/2/-3/0"), "inbound/outbound/two-way/burst"),
        (("rate", *MONTH, "--accounts", "Nobody"), "Nobody"),
        (("rate", "--period", "2024-05"), "sync --period 2024-05"),
        (("rate", "--period", "June"), "June"),
        (("rate", *MONTH, "--timezone", "Nowhere"), "Nowhere"),
        (("rate", *MONTH, "--places", "9"), "places"),
        (("rate", *MONTH, "--out", "deck.csv"), "cannot be written"),
        (("explain",), "Explain what?"),
        (("explain", "a-call", "--number", "44"), "Explain what?"),
        (("explain", "--number", "44", "--direction", "up"), "inbound or outbound"),
        (("explain", "--number", "44", "--seconds", "-1"), "negative"),
        (("explain", "--number", "44", "--at", "noon"), "2026-10-05T12:00"),
        (("explain", "--number", "44", "--trunks", "0/0/1/0"), "Whose trunks?"),
        (("explain", "--number", "44", "--accounts", "Alice", *MONTH, "--at", "2023-01-01"), "outside 2024-06"),
        (("explain", "--number", "44", "--deck", "nothing"), "no deck 'nothing'"),
    ],
)
def test_what_cannot_be_rated_or_explained_is_said_at_once(
    connected: Terminal, arguments: tuple[str, ...], words: str
) -> None:
    assert connected.run("sync", *MONTH).code == 0
    with_deck(connected)
    outcome = connected.run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


def test_without_a_deck_or_among_several_one_must_be_named(connected: Terminal) -> None:
    assert connected.run("rate", *MONTH).code == 2
    connected.run("sync", *MONTH)
    outcome = connected.run("rate", *MONTH)
    assert (outcome.code, "decks import" in outcome.complaint) == (2, True)
    with_deck(connected)
    with_deck(connected, name="sell")
    outcome = connected.run("rate", *MONTH)
    assert (outcome.code, "one of buy, sell" in outcome.complaint) == (2, True)
    assert connected.run("rate", *MONTH, "--deck", "sell").code == 0


def test_a_call_that_is_not_there_is_no_wrong_usage(connected: Terminal) -> None:
    connected.run("sync", *MONTH)
    outcome = connected.run("explain", "no-such-call", *MONTH)
    assert (outcome.code, "holds no call 'no-such-call'" in outcome.complaint) == (1, True)


def test_a_number_is_explained_figure_by_figure(terminal: Terminal) -> None:
    with_deck(terminal, DECK + "4420,0.05,60,60,,London\n")
    outcome = terminal.run("explain", "--number", "+447700900123", "--seconds", "61")
    assert outcome.code == 0
    assert "prefix          44   (the longest with a price in force)" in outcome.out
    said = steps(terminal, "--number", "442071234567", "--seconds", "61")
    assert (said["number"], said["class"], said["rate"], said["surcharge"]) == (
        "+442071234567",
        "international",
        "0.0500 a minute",
        "0.0000",
    )
    assert (said["minimum"], said["increments"], said["billed seconds"], said["cost"]) == (
        "60 s",
        "1 × 60 s after the minimum",
        "120",
        "0.1000",
    )
    assert steps(terminal, "--number", "+999", "--seconds", "61")["cost"] == "unrated"


def test_a_number_is_explained_with_the_trunks_an_account_had(terminal: Terminal) -> None:
    world = world_of()
    world.customer("Bob", parent=ACME, account_id=BOB)
    world.limits_of(ACME, twoway_trunks=2)
    world.limits_of(ALICE, twoway_trunks=2)
    flat = {"answered_seconds": 600, "rate": US, "customer": "flat_rate", "reseller": "flat_rate"}
    world.call(ALICE, started_at=NOON, number="+14155550001", **flat)  # type: ignore[arg-type]
    world.call(BOB, started_at=NOON, number="+14155550002", **flat)  # type: ignore[arg-type]
    synced(terminal, world)
    with_deck(terminal)
    asked = ("--number", "+14155552671", *MONTH, "--accounts", "Alice", "--at", "2024-06-05T12:05")
    own = steps(terminal, *asked)
    assert (own["trunks"], own["replay"]) == (
        "0/0/2/0, with 0 inbound and 1 outbound calls on them",
        "a trunk was free",
    )
    pool = steps(terminal, *asked, "--side", "reseller")
    assert (pool["trunks"], pool["replay"]) == (
        "0/0/2/0, with 0 inbound and 2 outbound calls on them",
        "no trunk was free",
    )
    assert steps(terminal, *asked, "--trunks", "0/0/0/1")["replay"] == "no trunk was free"
    late = (*asked[:-1], "2024-06-05T12:30")
    assert steps(terminal, *late, "--side", "reseller")["replay"] == "a trunk was free"


def test_a_stored_call_is_explained_with_its_discount(terminal: Terminal) -> None:
    world = world_of()
    discounted = {"discount_percentage": "15"}
    world.call(
        ALICE, started_at=NOON, number="+442071234567", answered_seconds=61, rate=UK, channel=discounted, call_id="d"
    )
    synced(terminal, world)
    said = steps(terminal, "d", *MONTH)
    # Two minutes at 0.03 are 0.06, less 15 percent.
    assert (said["before the discount"], said["discount"], said["cost by KAZOO's rule"]) == ("0.0600", "15 %", "0.0510")


def test_a_small_customer_is_rated_without_the_compiler(connected: Terminal) -> None:
    connected.run("sync", *MONTH)
    with_deck(connected)
    outcome = connected.process("rate", *MONTH, "--json", PYTHONPROFILEIMPORTTIME="1")
    assert outcome.code == 0
    assert "reseller_reporting.rating.rerate" in outcome.err
    assert "llvmlite" not in outcome.err
    assert outcome.document["totals"]["legs"] == 3
