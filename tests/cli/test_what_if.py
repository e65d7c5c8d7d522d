"""A stored month under other plans: the same figures as two runs, to the last digit, and nothing guessed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.app import what_if as use_case
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Outcome, Terminal

ALICE, BOB, CAROL, DORA, SUB, DEEP = (digit * 32 for digit in "123456")
LONDON, MOBILE, NEW_YORK, PARIS = "+442071234567", "+447911123456", "+12125550123", "+33140205050"
OWN = "+12125550199"
UK = Rate(units=300, increment=60, minimum=60, name="UK")
US = Rate(units=100, increment=6, minimum=6, name="US")


def at(text: str) -> datetime:
    """`06-03 12:00` of 2024, which is long over and final."""
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def stored(new_terminal: Callable[[], Terminal]) -> Terminal:
    """May and June 2024 of Acme in the store. Carol lies below Alice; Deep is a sub-reseller's; Dora never called."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    alice = world.customer("Alice", parent=acme, account_id=ALICE)
    bob = world.customer("Bob, Ltd", parent=acme, account_id=BOB)
    carol = world.customer("Carol", parent=alice, account_id=CAROL)
    world.customer("Dora", parent=acme, account_id=DORA)
    sub = world.reseller("Sub", parent=acme, account_id=SUB)
    deep = world.customer("Deep", parent=sub, account_id=DEEP)
    world.services_of(
        acme,
        cascade={"limits": {"twoway_trunks": 7}},
        invoices=[invoice([invoice_item("limits", "twoway_trunks", quantity=7, rate=7.99, cascade=True)])],
    )
    for place, account in enumerate((alice, bob, carol, sub, deep)):
        world.services_of(account, account={"limits": {"twoway_trunks": place + 1}, "users": {"user": 9 + place}})
        world.limits_of(account, twoway_trunks=1)
        for month in (5, 6):
            for day in range(1, 6 + place):
                for minute, number, rate in ((0, LONDON, UK), (1, NEW_YORK, US), (2, MOBILE, UK), (9, PARIS, UK)):
                    world.call(
                        account,
                        started_at=at(f"{month:02}-{day:02} 12:{minute:02}"),
                        number=number,
                        answered_seconds=31 * day + 17 * place + 40 * minute,
                        rate=rate,
                        reseller="flat_rate" if minute == 1 else "per_minute",
                    )
            world.call(account, started_at=at(f"{month:02}-07 12:00"), number=OWN, direction="inbound", rate=UK)
    terminal = new_terminal()
    with running(world) as kazoo:
        terminal.connect(kazoo)
        for name in ("2024-05", "2024-06"):
            assert terminal.run("sync", "--period", name, "--include-sub-resellers").code == 0
    deck = "prefix,rate_cost,rate_increment,rate_minimum,rate_name\n33,0.0200,30,30,France\n44,0.0300,60,60,UK\n"
    (terminal.folder / "deck.csv").write_text(deck)
    assert terminal.run("decks", "import", "deck.csv", "--name", "gold").code == 0
    return terminal


USAGE = """\
plan: retail
usage:
  uk: {prefixes: ["44"], per_minute: 0.0471, minimum: 30, increment: 6}
  us: {countries: [US], direction: outbound, tiers: {steps: [{to_minutes: 10, per_minute: 0.02}, {per_minute: 0.0133}]}}
  world: {direction: outbound, deck: gold, markup: {percent: 17}}
  rest: {direction: inbound, markup: {percent: 33}}
"""
FREE = "plan: retail\nusage: {all: {free: true}}\n"
RECURRING = """\
recurring:
  twoway_trunks: 29.99
  users: {tiers: {kind: volume, steps: [{to: 10, price: 12.00}, {price: 9.50}]}}
proration: days
"""
MONEY = """\
discounts: {loyal: {text: Loyal, percent: 7, of: [usage]}}
minimum_spend: {amount: 3.5, of: usage}
taxes: {vat: {name: VAT, percent: 19, inclusive: true}}
one_off: [{text: Installation, amount: 11.11, on: 2024-06-05, customers: [Alice]}]
"""
BUNDLE = "bundles:\n  free: {minutes: 7, direction: outbound, countries: [GB, US]}\n"
POOL = BUNDLE.replace("minutes: 7", "minutes: 7, pooled: true")
CARRIED = BUNDLE.replace("minutes: 7", "minutes: 30, carry_over_months: 1")
ON_COST = """\
plan: retail
usage:
  all: {markup: {percent: 40, absolute: 0.0011}}
  us: {countries: [US], direction: outbound, per_minute: 0.02}
"""


@dataclass(frozen=True)
class Case:
    """A plan, the figures that are set, and the text that they stand for."""

    before: str
    figures: tuple[str, ...]
    after: str
    options: tuple[str, ...] = ()


def changed(before: str, *figures: tuple[str, str, str], options: tuple[str, ...] = ()) -> Case:
    """Each figure as path and value, the text that it takes the place of, and the new text."""
    after = before
    for _, old, new in figures:
        assert after.count(old) == 1, old
        after = after.replace(old, new)
    return Case(before, tuple(path for path, _, _ in figures), after, options)


TRUNKS = ("recurring.twoway_trunks=27.50", "twoway_trunks: 29.99", "twoway_trunks: 27.50")
CASES = {
    "a recurring price": changed(USAGE + RECURRING + MONEY, TRUNKS),
    "a nested price": changed(
        USAGE + RECURRING,
        ("usage.uk.per_minute=0.0517", "0.0471", "0.0517"),
        ("usage.us.tiers.steps.0.per_minute=0.03", "per_minute: 0.02}", "per_minute: 0.03}"),
        ("recurring.users.tiers.steps.0.price=11", "price: 12.00", "price: 11"),
    ),
    "discount, minimum, tax": changed(
        USAGE + MONEY,
        ("discounts.loyal.percent=9.5", "percent: 7", "percent: 9.5"),
        ("minimum_spend=4.25", "{amount: 3.5, of: usage}", "{amount: 4.25, of: usage}"),
        ("taxes.vat.percent=25", "percent: 19", "percent: 25"),
    ),
    "a markup on a deck": changed(USAGE, ("usage.world.markup.percent=3.3", "percent: 17", "percent: 3.3")),
    "a bundle": changed(USAGE + BUNDLE, ("bundles.free.minutes=3", "minutes: 7", "minutes: 3")),
    "a pool": changed(USAGE + POOL, ("bundles.free.minutes=23", "minutes: 7", "minutes: 23")),
    "a pool of a customer that nobody asked for": changed(
        USAGE + POOL, ("bundles.free.minutes=23", "minutes: 7", "minutes: 23"), options=("--accounts", "Carol")
    ),
    "what is carried over": changed(USAGE + CARRIED, ("bundles.free.minutes=20", "minutes: 30", "minutes: 20")),
    "carried over, and only a recurring price": changed(USAGE + CARRIED + RECURRING, TRUNKS),
    "on cost": changed(ON_COST, ("usage.all.markup.percent=20", "percent: 40", "percent: 20")),
    "on cost, drawn by charged seconds": changed(
        ON_COST + BUNDLE, ("usage.all.markup.percent=20", "percent: 40", "percent: 20")
    ),
    "only what the reseller paid for": changed("legs: all\n" + USAGE, ("legs=charged", "legs: all", "legs: charged")),
    "only calls over trunks": changed("legs: all\n" + USAGE, ("legs=over-trunks", "legs: all", "legs: over-trunks")),
    "rounding": changed("rounding: {leg: {places: 4}}\n" + USAGE, ("rounding.leg.places=2", "places: 4", "places: 2")),
    "customers of a sub-reseller": changed(
        USAGE + RECURRING,
        ("usage.uk.per_minute=0.0517", "0.0471", "0.0517"),
        options=("--include-sub-resellers",),
    ),
}


def write(terminal: Terminal, name: str, text: str) -> Path:
    path = terminal.folder / name
    path.write_text(text, "utf-8")
    return path


def run(terminal: Terminal, *options: object) -> Outcome:
    return terminal.run("what-if", "--period", "2024-06", *options)


def told(terminal: Terminal, *options: object, code: int = 0) -> dict[str, Any]:
    outcome = run(terminal, *options, "--json")
    assert outcome.code == code, outcome.err
    return outcome.document


def margins(terminal: Terminal, plans: Path, *options: str) -> dict[str, dict[str, str]]:
    """What a run with these plans says of each customer."""
    out = f"run-{plans.stem}"
    outcome = terminal.run(
        "run", "--source", "store", "--period", "2024-06", "--price-plans", plans, "--out", out, *options
    )
    assert outcome.code == 0, outcome.err
    return {row["Account ID"]: row for row in rows_of(terminal.folder / out / "margin.csv")}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def assert_as_runs_say(
    document: dict[str, Any], before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> None:
    assert [each["id"] for each in document["customers"]] == list(before) == list(after)
    for each in document["customers"]:
        one, other = before[each["id"]], after[each["id"]]
        assert each["usage"] == {"before": one["Usage Price"], "after": other["Usage Price"]}
        assert each["recurring"] == {"before": one["Recurring Price"], "after": other["Recurring Price"]}
        assert each["net"] == {"before": one["Net"], "after": other["Net"]}
        assert each["margin"] == {"before": one["Margin"] or None, "after": other["Margin"] or None}
        assert (each["reseller_cost"] or "") == one["Reseller Cost"]
        assert (each["reseller_recurring_cost"] or "") == one["Reseller Recurring Cost"]
        assert Decimal(each["difference"]) == Decimal(other["Net"]) - Decimal(one["Net"])
        counts = {"unpriced_calls": "Unpriced Calls", "calls_below_cost": "Calls Below Cost"}
        for key, column in counts.items():
            shown = {side: "" if count is None else str(count) for side, count in each[key].items()}
            assert shown == {"before": one[column], "after": other[column]}


# One of each kind for every day, the others with the slow tests: each case is five commands.
EVERY_DAY = ("a recurring price", "a bundle", "a pool", "what is carried over", "only calls over trunks")
TRIED = [
    pytest.param(case, id=name, marks=() if name in EVERY_DAY else pytest.mark.slow) for name, case in CASES.items()
]


@pytest.mark.parametrize("case", TRIED)
def test_a_figure_changed_comes_to_what_two_runs_come_to(stored: Terminal, case: Case) -> None:
    before, after = write(stored, "before.yaml", case.before), write(stored, "after.yaml", case.after)
    sets = [word for figure in case.figures for word in ("--set", figure)]
    document = told(stored, "--price-plans", before, *sets, *case.options)
    expected = margins(stored, before, *case.options), margins(stored, after, *case.options)
    assert expected[0] != expected[1], "the case changes nothing"
    assert_as_runs_say(document, *expected)
    # The other plan in place of the first says the same.
    again = told(stored, "--price-plans", before, "--against", after, *case.options)
    assert_as_runs_say(again, *expected)
    assert again["totals"] == document["totals"]


def test_processes_say_what_one_says(stored: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are cut so that a pool stays together, and put together again in the order of names."""
    case = CASES["a pool"]
    options = ("--price-plans", write(stored, "before.yaml", case.before), "--set", *case.figures)
    alone = told(stored, *options)
    monkeypatch.setattr(use_case, "_LEGS_WORTH_A_POOL", 1)
    monkeypatch.setattr(use_case, "available_processes", lambda: 2)
    assert told(stored, *options) == alone


# --- sums, files, words ----------------------------------------------------------------------------------------------


def test_totals_are_the_sums_of_the_rows_of_the_file(stored: Terminal) -> None:
    plan = write(stored, "plan.yaml", USAGE + RECURRING + MONEY)
    sets = ("--set", "recurring.twoway_trunks=27.50", "--set", "usage.uk.per_minute=0.9")
    totals = told(stored, "--price-plans", plan, *sets, "--out", "changes.csv")["totals"]
    rows = rows_of(stored.folder / "changes.csv")
    assert [row["Name"] for row in rows] == ["Alice", "Bob, Ltd", "Carol", "Dora", "Sub"]

    def total(column: str) -> Decimal:
        return sum((Decimal(row[column]) for row in rows), Decimal(0))

    for name in ("Usage", "Recurring", "Net", "Margin"):
        assert Decimal(totals[name.lower()]["before"]) == total(f"{name} Before")
        assert Decimal(totals[name.lower()]["after"]) == total(f"{name} After")
    assert Decimal(totals["difference"]) == total("Difference")
    for row in rows:
        assert Decimal(row["Net After"]) - Decimal(row["Net Before"]) == Decimal(row["Difference"])
        assert Decimal(row["Margin After"]) - Decimal(row["Margin Before"]) == Decimal(row["Difference"])
        assert (row["Plans Before"], row["Plans After"]) == ("retail", "retail+what-if")


def test_a_person_sees_who_pays_more_and_who_pays_less(stored: Terminal) -> None:
    """Alice, Bob, Carol and Sub have one to four trunks, each 2.49 cheaper, and nine users at least, each dearer."""
    plan = write(
        stored, "plan.yaml", "plan: retail\nrecurring: {twoway_trunks: 29.99, users: {price: 1, maximum: 9}}\n"
    )
    outcome = run(
        stored, "--price-plans", plan, "--set", "recurring.twoway_trunks=27.50", "--set", "recurring.users=1.5"
    )
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    cells = {line.split("  ")[0]: line.split() for line in lines if " -> " in line}
    assert cells["Alice"][-2:] == ["+2.0100", "more"]
    assert cells["Sub"][-2:] == ["-5.4600", "less"]
    assert list(cells) == ["Alice", "Bob, Ltd", "Carol", "Sub", "In all, 5"]
    # Half a unit for each of nine users is 4.50: less 2.49, 4.98, 7.47, 9.96 for one to four trunks.
    assert any(
        line.startswith("1 would pay more (+2.0100), 3 less (-8.9100), 1 the same; in all -6.9000") for line in lines
    )
    bars = [line for line in lines if line.endswith(("█", "░"))]
    assert [bar.split()[0] for bar in bars] == ["Sub", "Carol", "Alice", "Bob,"]
    assert [bar.count("░") + bar.count("█") for bar in bars] == [40, 21, 14, 3]


def test_a_change_that_changes_nothing_says_so(stored: Terminal) -> None:
    plan = write(stored, "plan.yaml", USAGE)
    outcome = run(stored, "--price-plans", plan, "--set", "usage.uk.per_minute=0.0471")
    assert outcome.code == 0
    assert "0 would pay more (0.0000), 0 less (0.0000), 5 the same; in all 0.0000." in outcome.out
    assert "->" not in outcome.out


# --- which plans a figure is for -------------------------------------------------------------------------------------


def folder_of(terminal: Terminal, name: str, **texts: str) -> Path:
    folder = terminal.folder / name
    folder.mkdir(exist_ok=True)
    for stem, text in texts.items():
        (folder / f"{stem}.yaml").write_text(text, "utf-8")
    return folder


def test_a_plan_without_a_place_for_the_figure_stays_as_it_is(stored: Terminal) -> None:
    folder = folder_of(
        stored,
        "two",
        retail="plan: retail\nrecurring: {twoway_trunks: 30}\n",
        bare="plan: bare\nrecurring: {users: 2}\n",
        customers="customers: [{plan: retail}, {plan: bare, customer: 'Bob, Ltd'}]\n",
    )
    document = told(stored, "--price-plans", folder, "--set", "recurring.twoway_trunks=31")
    found = {each["name"]: (each["difference"], list(each["plans"]["after"])) for each in document["customers"]}
    assert found["Bob, Ltd"] == ("0.0000", ["bare"])
    assert found["Carol"] == ("3.0000", ["retail+what-if"])


def test_a_figure_tried_goes_before_a_customers_own(stored: Terminal) -> None:
    folder = folder_of(
        stored,
        "own",
        retail="plan: retail\nrecurring: {twoway_trunks: 30}\n",
        customers="customers: [{plan: retail}, {plan: retail, customer: Carol, set: {recurring.twoway_trunks: 25}}]\n",
    )
    document = told(stored, "--price-plans", folder, "--set", "recurring.twoway_trunks=31", "--accounts", "Carol")
    (carol,) = document["customers"]
    assert carol["recurring"] == {"before": "75.0000", "after": "93.0000"}


def test_a_change_in_the_middle_of_the_month_is_priced_by_both_versions(stored: Terminal) -> None:
    folder = folder_of(
        stored,
        "turn",
        old="plan: retail\nusage: {rest: {per_minute: 0.01}}\n",
        new="plan: retail\neffective: 2024-06-03\nusage: {rest: {per_minute: 0.02}}\nrecurring: {twoway_trunks: 30}\n",
    )
    after = folder_of(
        stored,
        "turned",
        old="plan: retail\nusage: {rest: {per_minute: 0.03}}\n",
        new="plan: retail\neffective: 2024-06-03\nusage: {rest: {per_minute: 0.03}}\nrecurring: {twoway_trunks: 31}\n",
    )
    sets = ("--set", "usage.rest.per_minute=0.03", "--set", "recurring.twoway_trunks=31")
    document = told(stored, "--price-plans", folder, *sets)
    assert_as_runs_say(document, margins(stored, folder), margins(stored, after))


# --- refusals --------------------------------------------------------------------------------------------------------

REFUSED = {
    "an unknown path": (
        "recurring.twoway_trunk=27.50",
        "retail: set.recurring.twoway_trunk: there is no `twoway_trunk` in recurring; did you mean `twoway_trunks`?",
    ),
    "a negative price": ("usage.uk.per_minute=-1", "--set in retail: set.usage.uk.per_minute: "),
    "no number": ("recurring.twoway_trunks=cheap", "--set in retail: set.recurring.twoway_trunks: "),
    "no such deck": ("usage.world.deck=silver", "there is no deck `silver`; there is gold"),
    "a rule with two prices": ("usage.uk.free=true", "several prices for one call"),
    "another currency": ("currency=EUR", "`currency` belongs to the plan"),
    "no path": ("27.50", "--set takes PATH=VALUE"),
}


@pytest.mark.parametrize(("figure", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_figure_that_may_not_stand_there_prices_nothing(stored: Terminal, figure: str, sentence: str) -> None:
    plan = write(stored, "plan.yaml", USAGE + RECURRING)
    outcome = run(stored, "--price-plans", plan, "--set", figure, "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert sentence in outcome.complaint


def test_what_is_to_be_other_must_be_said(stored: Terminal) -> None:
    outcome = run(stored, "--price-plans", write(stored, "plan.yaml", USAGE))
    assert (outcome.code, "--against" in outcome.complaint) == (2, True)


def test_without_plans_there_is_nothing_to_compare_with(stored: Terminal) -> None:
    outcome = run(stored, "--set", "recurring.twoway_trunks=1")
    assert (outcome.code, "--price-plans" in outcome.complaint) == (2, True)


def test_an_empty_store_is_said(terminal: Terminal) -> None:
    plan = write(
        terminal, "plan.yaml", USAGE.replace("  world: {direction: outbound, deck: gold, markup: {percent: 17}}\n", "")
    )
    outcome = run(terminal, "--price-plans", plan, "--set", "usage.uk.per_minute=1")
    assert outcome.code == 2
    assert outcome.complaint.startswith("The store is empty.")


def test_a_file_that_cannot_be_written_is_seen_before_anything_is_priced(stored: Terminal) -> None:
    plan = write(stored, "plan.yaml", USAGE)
    outcome = run(stored, "--price-plans", plan, "--set", "usage.uk.per_minute=1", "--out", "nowhere/changes.csv")
    assert (outcome.code, outcome.out) == (2, "")
    assert "nowhere/changes.csv cannot be written" in outcome.complaint


# --- who cannot be priced --------------------------------------------------------------------------------------------


def test_a_customer_without_a_plan_on_one_side_is_named_and_in_no_sum(stored: Terminal) -> None:
    before = write(stored, "plan.yaml", f"{FREE}recurring: {{twoway_trunks: 30}}\n")
    after = folder_of(
        stored,
        "some",
        retail=f"{FREE}recurring: {{twoway_trunks: 31}}\n",
        customers="customers: [{plan: retail, customer: Carol}]\n",
    )
    options = ("--price-plans", before, "--against", after)
    document = told(stored, *options, "--out", "changes.csv")
    assert [each["name"] for each in document["customers"]] == ["Carol"]
    assert {each["name"]: each["not_compared"] for each in document["not_compared"]} == dict.fromkeys(
        ("Alice", "Bob, Ltd", "Dora", "Sub"), "After: No price plan is given to this customer."
    )
    # What is known of one side is told, and in no sum.
    assert next(each["net"] for each in document["not_compared"]) == {"before": "30.0000", "after": None}
    assert document["totals"]["net"] == {"before": "90.0000", "after": "93.0000"}
    assert [each["code"] for each in document["warnings"]] == ["not_compared"]
    alice, *_ = rows_of(stored.folder / "changes.csv")
    assert (alice["Net Before"], alice["Net After"], alice["Difference"], alice["Margin Before"]) == ("", "", "", "")
    assert alice["Not Compared"] == "After: No price plan is given to this customer."
    lines = run(stored, *options).out
    assert f"Not compared: Alice ({ALICE}): After: No price plan is given to this customer." in lines


def test_where_nobody_can_be_compared_the_command_ends_with_1(stored: Terminal) -> None:
    before = folder_of(
        stored,
        "dora",
        retail="plan: retail\nrecurring: {twoway_trunks: 30}\n",
        customers="customers: [{plan: retail, customer: Dora}]\n",
    )
    after = write(stored, "plan.yaml", "plan: retail\nrecurring: {twoway_trunks: 31}\n")
    document = told(stored, "--price-plans", before, "--against", after, "--accounts", "Alice,Carol", code=1)
    assert document["customers"] == []
    assert document["totals"]["margin"] == {"before": None, "after": None}


def test_calls_without_a_price_are_counted_on_either_side(stored: Terminal) -> None:
    before = write(stored, "plan.yaml", 'plan: retail\nusage: {uk: {prefixes: ["44"], per_minute: 1}}\n')
    after = write(stored, "after.yaml", "plan: retail\nusage: {all: {per_minute: 1}}\n")
    document = told(stored, "--price-plans", before, "--against", after, "--accounts", "Alice")
    (alice,) = document["customers"]
    # Five days' calls to New York and Paris, and the one inbound.
    assert alice["unpriced_calls"] == {"before": 11, "after": 0}
    assert [(each["code"], each["count"]) for each in document["warnings"]] == [("unpriced_calls", 11)]


@pytest.mark.parametrize(
    ("before", "after", "beside"),
    [
        ("2024-06-01", "2024-06-01", "; in all 0.0000."),
        # Four calls a day and one on the seventh, of which those before the plan begins have no price.
        (
            *("2024-06-01", "2024-06-03"),
            ", but the sides do not compare: 0 calls before and 8 after are without a price, and in no figure.",
        ),
        ("2024-06-02", "2024-06-02", "; in all 0.0000, without 4 calls that have no price on either side."),
    ],
)
def test_beside_the_sum_stands_how_many_calls_it_leaves_out(
    stored: Terminal, before: str, after: str, beside: str
) -> None:
    text = "plan: retail\neffective: {}\nusage: {{all: {{direction: both, per_minute: 1}}}}\n"
    one, other = (write(stored, f"{name}.yaml", text.format(day)) for name, day in (("v1", before), ("v2", after)))
    outcome = run(stored, "--price-plans", one, "--against", other, "--accounts", "Alice")
    assert outcome.code == 0, outcome.err
    (headline,) = [line for line in outcome.out.splitlines() if "would pay more" in line]
    assert headline.endswith(beside)


def test_the_margin_of_a_sub_resellers_customer_is_not_ours_to_know(stored: Terminal) -> None:
    plan = write(stored, "plan.yaml", f"{FREE}recurring: {{twoway_trunks: 30}}\n")
    options = ("--price-plans", plan, "--set", "recurring.twoway_trunks=31", "--include-sub-resellers")
    document = told(stored, *options)
    (deep,) = [each for each in document["customers"] if each["name"] == "Deep"]
    assert (deep["margin"], deep["difference"]) == ({"before": None, "after": None}, "5.0000")
    known = [each for each in document["customers"] if each["margin"]["after"] is not None]
    assert Decimal(document["totals"]["margin"]["after"]) == sum(Decimal(each["margin"]["after"]) for each in known)
    assert [(each["code"], each["count"]) for each in document["warnings"]] == [("margin_unknown", 1)]


def test_a_month_that_was_never_pulled_says_so(stored: Terminal) -> None:
    plan = write(stored, "plan.yaml", USAGE)
    outcome = stored.run(
        "what-if", "--period", "2024-03", "--price-plans", plan, "--set", "usage.uk.per_minute=1", "--json"
    )
    assert outcome.code == 0, outcome.err
    assert [each["code"] for each in outcome.document["warnings"]] == ["not_pulled"]
