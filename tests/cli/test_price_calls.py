"""A plain list of calls and a plan file: prices, words, refusals, and the disputes that everybody knows."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Outcome, Terminal

HEADER = "id,direction,number,started_at,seconds"
LONDON = "+442071234567"
GOLD = "prefix,rate_cost,rate_increment,rate_minimum,rate_name\n33,0.0100,60,60,France\n"


def calls(*seconds: int, number: str = LONDON) -> str:
    """Outbound calls of so many seconds, one an hour."""
    return "\n".join(
        f"c{place},outbound,{number},2026-10-05T{place:02}:00:00+00:00,{talked}" for place, talked in enumerate(seconds)
    )


def priced(
    terminal: Terminal, plan: str, rows: str, *options: object, header: str = HEADER, code: int = 0
) -> list[dict[str, str]]:
    outcome = run(terminal, plan, rows, *options, header=header)
    assert outcome.code == code, outcome.err
    with (terminal.folder / "priced.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(terminal: Terminal, plan: str, rows: str, *options: object, header: str = HEADER) -> Outcome:
    (terminal.folder / "plan.yaml").write_text(f"plan: retail\n{plan}", "utf-8")
    (terminal.folder / "calls.csv").write_text(f"{header}\n{rows}\n", "utf-8")
    return terminal.run("price-calls", "--plan", "plan.yaml", "--calls", "calls.csv", "--out", "priced.csv", *options)


def told(rows: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


# --- disputes --------------------------------------------------------------------------------------------------------


def test_thirty_six_bills_32_57_and_75_seconds_as_36_60_and_78(terminal: Terminal) -> None:
    """30/6: thirty seconds at least, then steps of six from the thirtieth on."""
    rows = priced(terminal, "usage: {uk: {per_minute: 0.10, minimum: 30, increment: 6}}", calls(32, 57, 75))
    assert told(rows, "billed_seconds", "price", "explanation") == [
        ("36", "0.0600", "30 s min + 1 × 6 s @ 0.1000/min"),
        ("60", "0.1000", "30 s min + 5 × 6 s @ 0.1000/min"),
        ("78", "0.1300", "30 s min + 8 × 6 s @ 0.1000/min"),
    ]


@pytest.mark.parametrize(("way", "price", "said"), [("half-up", "0.1700", "half up"), ("up", "0.1800", "up")])
def test_a_connect_fee_and_minutes_are_rounded_together_by_the_plans_rule(
    terminal: Terminal, way: str, price: str, said: str
) -> None:
    """0.05 + 2 × 0.062 is 0.174. Rounding the parts would make it 0.18 (0.05 + 0.13) or 0.17 (0.05 + 0.12)."""
    plan = (
        f"rounding: {{leg: {{places: 2, way: {way}}}}}\n"
        "usage: {uk: {per_minute: 0.062, minimum: 60, increment: 60, connect_fee: 0.05}}"
    )
    (row,) = priced(terminal, plan, calls(100))
    assert row["price"] == price
    assert row["explanation"] == (
        f"0.0500 + 60 s min + 1 × 60 s @ 0.0620/min = 0.174, rounded {said} to {Decimal(price):.2f}"
    )


def test_by_the_second_a_call_is_rounded_once_and_not_each_second(terminal: Terminal) -> None:
    """0.10 a minute is 0.001666… a second: rounded each second to cents, 90 seconds would cost nothing."""
    plan = "rounding: {leg: {places: 2}}\nusage: {uk: {per_minute: 0.10, minimum: 1, increment: 1}}"
    rows = priced(terminal, plan, calls(90, 89, 3))
    assert told(rows, "price") == [("0.1500",), ("0.1500",), ("0.0100",)]
    assert rows[0]["explanation"] == "1 s min + 89 × 1 s @ 0.1000/min"
    assert rows[1]["explanation"].endswith("= 0.1483333333…, rounded half up to 0.15")


# --- rules, bundles, decks, trunks -----------------------------------------------------------------------------------

PLAN = """
usage:
  us: {countries: [US], direction: outbound, per_minute: 0.0150, minimum: 6, increment: 6}
  world: {direction: outbound, deck: gold, markup: {percent: 20}}
  inbound: {direction: inbound, free: true}
  rest: {direction: outbound, markup: {percent: 30}}
bundles:
  us-2: {text: 2 minutes to the US, minutes: 2, countries: [US]}
"""
MIXED = """late,outbound,+14155550100,2026-10-05T12:00:00+02:00,90
early,outbound,+14155550100,2026-10-05T09:00:00+00:00,60
france,outbound,+33123456789,2026-10-05T09:00:00+00:00,61
in,inbound,+14155550100,2026-10-05T09:00:00+00:00,61"""


def test_a_mixed_list_comes_out_in_its_own_order_with_rules_bundles_and_a_deck_from_a_file(terminal: Terminal) -> None:
    (terminal.folder / "gold.csv").write_text(GOLD, "utf-8")
    rows = priced(terminal, PLAN, MIXED, "--deck", "gold=gold.csv")
    assert told(rows, "id", "rule", "price", "explanation") == [
        ("late", "us", "0.0075", '60 of 90 s from "2 minutes to the US"; 30 s @ 0.0150/min'),
        ("early", "us", "0.0000", '60 s from "2 minutes to the US"'),
        ("france", "world", "0.0240", "60 s min + 1 × 60 s @ 0.0120/min (0.0100 + 20 %)"),
        ("in", "inbound", "0.0000", "free"),
    ]


def test_a_stored_deck_is_found_by_its_name_and_a_missing_one_is_told(terminal: Terminal) -> None:
    outcome = run(terminal, PLAN, MIXED)
    assert (outcome.code, "gold" in outcome.complaint) == (2, True)
    (terminal.folder / "gold.csv").write_text(GOLD, "utf-8")
    assert terminal.run("decks", "import", "gold.csv", "--name", "gold").code == 0
    assert priced(terminal, PLAN, MIXED)[2]["price"] == "0.0240"
    strange = run(terminal, PLAN, MIXED, "--deck", "silver=gold.csv")
    assert strange.complaint == "The plan names no deck silver; it names gold."


def test_cost_and_country_may_stand_in_the_list_and_other_columns_are_kept(terminal: Terminal) -> None:
    plan = "usage: {gb: {countries: [GB], per_minute: 1}, rest: {markup: {percent: 30}}}"
    rows = priced(
        terminal,
        plan,
        'a,inbound,+1,2026-10-05T09:00:00+00:00,60,gb,,"x, y"\nb,inbound,+1,2026-10-05T09:00:00+00:00,60,,0.123456,z',
        header=f"{HEADER},Country,reseller_cost,note",
    )
    assert told(rows, "id", "note", "price", "explanation") == [
        ("a", "x, y", "1.0000", "60 s min @ 1.0000/min"),
        ("b", "z", "0.1605", "reseller cost 0.123456 + 30 % = 0.1604928, rounded half up to 0.1605"),
    ]


def test_over_trunks_replays_the_list_on_the_trunks_that_are_named(terminal: Terminal) -> None:
    plan = "legs: over-trunks\nusage: {all: {per_minute: 0.06}}"
    together = "\n".join(f"c{n},outbound,+14155550100,2026-10-05T09:00:0{n}+00:00,60" for n in range(3))
    rows = priced(terminal, plan, together, "--trunks", "0/0/2/0")
    assert told(rows, "price", "explanation") == [
        ("0.0000", "covered by a trunk"),
        ("0.0000", "covered by a trunk"),
        ("0.0600", "60 s min @ 0.0600/min"),
    ]
    outcome = run(terminal, plan, together)
    assert (outcome.code, "how many there are is not known" in outcome.complaint) == (1, True)


def test_a_bundle_for_each_user_needs_to_know_how_many_there_are(terminal: Terminal) -> None:
    plan = "usage: {all: {per_minute: 0.06}}\nbundles: {u: {minutes: 1, per: user}}"
    assert "per user" in run(terminal, plan, calls(60, 60, 60)).complaint
    assert told(priced(terminal, plan, calls(60, 60, 60), "--users", 2), "price") == [
        ("0.0000",),
        ("0.0000",),
        ("0.0600",),
    ]


# --- what is wrong is told --------------------------------------------------------------------------------------------


BROKEN = {
    "x,outbound,+44,2026-10-05T09:00:00Z": "the row has 4 cells where the header has 5",
    ",outbound,+44,2026-10-05T09:00:00Z,60": "no id",
    "x,sideways,+44,2026-10-05T09:00:00Z,60": "neither inbound nor outbound",
    "x,outbound,,2026-10-05T09:00:00Z,60": "no number",
    "x,outbound,+44,yesterday,60": "is not written as 2026-10-05T12:00:00+00:00",
    "x,outbound,+44,2026-10-05T09:00:00Z,-1": "no whole number of seconds",
    "x,outbound,+44,2026-10-05T09:00:00Z,1.5": "no whole number of seconds",
    "c0,outbound,+44,2026-10-05T09:00:00Z,60": "the id stands in row 1 already",
    'x,"outbound,+44,2026-10-05T09:00:00Z,60': "a quote is not closed",
}


@pytest.mark.parametrize(("row", "reason"), BROKEN.items())
def test_a_row_that_is_no_call_is_refused_by_itself(terminal: Terminal, row: str, reason: str) -> None:
    first, second = calls(60, 120).splitlines()
    outcome = run(terminal, "usage: {uk: {per_minute: 0.03}}", f"{first}\n{row}\n{second}", "--problems", "bad.csv")
    assert outcome.code == 1
    assert "row 2: " in outcome.err
    assert reason in outcome.err
    with (terminal.folder / "bad.csv").open(encoding="utf-8", newline="") as file:
        assert [(each["Row"], reason in each["Reason"]) for each in csv.DictReader(file)] == [("2", True)]
    with (terminal.folder / "priced.csv").open(encoding="utf-8", newline="") as file:
        assert [(each["id"], each["price"]) for each in csv.DictReader(file)] == [("c0", "0.0300"), ("c1", "0.0600")]


def test_a_call_that_no_rule_fits_keeps_its_row_with_an_empty_price(terminal: Terminal) -> None:
    outcome = run(
        terminal, "usage: {us: {countries: [US], per_minute: 1}}", calls(60), "--problems", "bad.csv", "--json"
    )
    assert (outcome.code, outcome.document["unpriced"], outcome.document["total"]) == (0, 1, "0.0000")
    assert "no rule of the plan fits" in (terminal.folder / "bad.csv").read_text("utf-8")
    with (terminal.folder / "priced.csv").open(encoding="utf-8", newline="") as file:
        assert [(each["price"], each["rule"], each["explanation"]) for each in csv.DictReader(file)] == [("", "", "")]


def test_times_without_an_offset_are_utc_and_said_to_be(terminal: Terminal) -> None:
    rows = "a,outbound,+44,2026-10-05T09:00:00,60\nb,outbound,+44,2026-10-05T09:00:00+05:00,60"
    outcome = run(terminal, "usage: {uk: {per_minute: 0.03}}", rows)
    assert "1 time had no offset and was read as UTC." in outcome.err


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("usage: {uk: {per_minut: 1}}", "usage.uk.per_minut"),
        ("usage: [", "plan.yaml:2"),
        ("extends: base", "there is no plan `base`"),
    ],
)
def test_a_plan_that_is_none_is_refused(terminal: Terminal, plan: str, sentence: str) -> None:
    outcome = run(terminal, plan, calls(60))
    assert outcome.code == 2
    assert sentence in outcome.complaint
    assert not (terminal.folder / "priced.csv").exists()


def test_a_list_without_its_columns_is_refused(terminal: Terminal) -> None:
    outcome = run(terminal, "usage: {rest: {free: true}}", "a,b", header="id,when")
    assert outcome.code == 2
    assert "has no column direction, number, started_at, seconds" in outcome.complaint


def test_a_refused_row_of_a_deck_is_told_too(terminal: Terminal) -> None:
    (terminal.folder / "gold.csv").write_text(GOLD + "44,0.01,60,60,a\n44,0.02,60,60,b\nx,1,60,60,c\n", "utf-8")
    plan = "usage: {world: {deck: gold}}"
    rows = priced(terminal, plan, calls(60, number="+33123456789"), "--deck", "gold=gold.csv", code=1)
    assert told(rows, "price") == [("0.0100",)]


def test_semicolons_a_byte_order_mark_and_foreign_bytes_pass_through(terminal: Terminal) -> None:
    (terminal.folder / "plan.yaml").write_text("plan: x\nusage: {uk: {per_minute: 0.03}}", "utf-8")
    row = b"a;outbound;+44;2026-10-05T09:00:00Z;60;caf\xe9"
    (terminal.folder / "calls.csv").write_bytes(
        b"\xef\xbb\xbf" + HEADER.replace(",", ";").encode() + b";note\r\n" + row + b"\r\n"
    )
    outcome = terminal.run("price-calls", "--plan", "plan.yaml", "--calls", "calls.csv", "--out", "priced.csv")
    assert outcome.code == 0, outcome.err
    assert (terminal.folder / "priced.csv").read_bytes().splitlines()[1] == row + b";60;0.0300;uk;60 s min @ 0.0300/min"


def test_the_sum_and_the_lines_are_told(terminal: Terminal) -> None:
    document: dict[str, Any] = run(terminal, "usage: {uk: {per_minute: 0.03}}", calls(60, 61), "--json").document
    assert document["total"] == "0.0900"
    assert [(line["key"], line["calls"], line["amount"]) for line in document["lines"]] == [("uk", 2, "0.0900")]


def test_an_empty_list_is_priced_too(terminal: Terminal) -> None:
    assert priced(terminal, "usage: {uk: {per_minute: 0.03}}", "") == []


def test_one_of_anything_is_told_in_the_singular(terminal: Terminal) -> None:
    outcome = run(terminal, "usage: {uk: {per_minute: 0.03}}", "a,outbound,+44,2026-10-05T09:00:00,60")
    assert outcome.out == "uk: 0.0300 (1 call, 1 minute billed)\n1 call, 0.0300 in all, written to priced.csv\n"
    (terminal.folder / "deck.csv").write_text("prefix,rate_cost\n44,0.02\nnone,0.02\n")
    outcome = terminal.run("decks", "import", "deck.csv", "--name", "gold")
    assert outcome.out == "1 rate read into 'gold', which now holds 1; 1 row refused.\n"
    assert terminal.run("decks", "list").out.startswith("gold: 1 rate of 1 prefix")
