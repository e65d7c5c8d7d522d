"""What a plan may not say although each of its parts may: the finding, its place, and what to write instead."""

from decimal import Decimal

import pytest
from plan_texts import plan

from reseller_reporting.model.account import Services
from reseller_reporting.model.counted_items import COUNTED_ITEMS
from reseller_reporting.model.plan import Assignment, Plan
from reseller_reporting.model.plan_findings import place_text
from reseller_reporting.rating.plan_check import Surroundings, check_book, check_plan
from reseller_reporting.rating.plan_items import items_of, quantity_of
from reseller_reporting.rating.plan_resolution import PlanBook

AROUND = Surroundings(currency="USD", decks={"gold": "USD", "euro": "EUR", "bare": ""})


def told(text: str) -> list[str]:
    found = check_plan(plan(f"plan: x\n{text}"), AROUND)
    return [f"{place_text(finding.place)}: {finding.sentence}" for finding in found]


def usage(*rules: str) -> str:
    return "usage:\n" + "".join(f"  {name}: {{{rule}}}\n" for name, rule in zip("abcdef", rules, strict=False))


def test_a_plan_of_every_kind_has_no_finding() -> None:
    assert (
        told(
            usage(
                "direction: outbound, prefixes: ['447'], per_minute: 0.09, minimum: 30, connect_fee: 0.05, grace: 3",
                "direction: inbound, prefixes: ['447'], free: true",
                "direction: outbound, classes: [did_us], tiers: {steps: [{to_minutes: 5, per_minute: 1}, {per_minute: 0.5}]}",
                "direction: outbound, deck: gold, markup: {percent: 20}",
                "direction: outbound, markup: {percent: 30}, grace: 3",
                "direction: inbound, deck: bare",
            )
        )
        == []
    )


CLAIMS = [
    ("prefixes: ['44', '447']", "b.prefixes[1]: the prefix 447 is `a`'s already, for outbound calls"),
    ("classes: [did_us]", "b.classes[0]: the class did_us is `a`'s already, for outbound calls"),
    ("countries: [DE, US]", "b.countries[1]: the country US is `a`'s already, for outbound calls"),
]


@pytest.mark.parametrize(("other", "sentence"), CLAIMS)
def test_two_rules_that_claim_the_same_are_refused(other: str, sentence: str) -> None:
    first = "direction: outbound, prefixes: ['447'], classes: [did_us], countries: [US], per_minute: 1"
    (finding,) = told(usage(first, f"direction: both, {other}, free: true"))
    assert finding.startswith(f"usage.{sentence}")


@pytest.mark.parametrize(("other", "sentence"), CLAIMS)
def test_rules_of_other_directions_share_a_claim(other: str, sentence: str) -> None:
    first = "direction: outbound, prefixes: ['447'], classes: [did_us], countries: [US], per_minute: 1"
    assert told(usage(first, f"direction: inbound, {other}, free: true")) == []


def test_everything_else_has_one_rule_with_a_deck_and_one_without() -> None:
    assert told(usage("deck: gold", "per_minute: 1")) == []
    (two,) = told(usage("per_minute: 1", "direction: inbound, free: true"))
    assert two.startswith("usage.b: everything else is `a`'s already, for inbound calls")
    (decks,) = told(usage("deck: gold", "direction: outbound, deck: bare"))
    assert decks.startswith("usage.b: every call that a deck has a price for is `a`'s already")


def test_both_directions_of_one_claim_are_one_finding() -> None:
    assert len(told(usage("countries: [US], free: true", "countries: [US], free: true"))) == 1


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("countries: [US]", "usage.a: the rule has no price; add one of per_minute, tiers, deck"),
        ("free: false", "usage.a: the rule has no price"),
        ("per_minute: 1, free: true", "usage.a: per_minute and free are several prices for one call; keep one"),
        ("per_minute: 1, deck: gold", "usage.a: per_minute and deck are several"),
        ("per_minute: 1, markup: {percent: 1}", "usage.a: per_minute and markup are several"),
        ("deck: gold, minimum: 6", "usage.a.minimum: `minimum` would count for nothing: with a deck it is the deck's own"),
        ("deck: gold, markup: {percent: 1}, connect_fee: 1", "usage.a.connect_fee: `connect_fee` would count for nothing"),
        ("markup: {percent: 1}, increment: 6", "usage.a.increment: `increment` would count for nothing: a markup on cost"),
        ("free: true, connect_fee: 1", "usage.a.connect_fee: `connect_fee` would count for nothing: a free call"),
        ("deck: gold, grace: 3", "usage.a.grace: `grace` would count for nothing: with a deck"),
        ("deck: golden", "usage.a.deck: there is no deck `golden`; did you mean `gold`?"),
        ("deck: euro", "usage.a.deck: the deck `euro` is in EUR, the plan in USD"),
        ("tiers: {steps: [{per_minute: 1}, {per_minute: 2}]}", "usage.a.tiers.steps[0]: only the last step has no end"),
        ("tiers: {steps: [{to_minutes: 5, per_minute: 1}]}", "usage.a.tiers.steps[0].to_minutes: the last step goes on"),
        (
            "tiers: {steps: [{to_minutes: 5, per_minute: 1}, {to_minutes: 5, per_minute: 2}, {per_minute: 3}]}",
            "usage.a.tiers.steps[1].to_minutes: 5 is not above 5, where the step before ends",
        ),
    ],
)  # fmt: skip
def test_a_rule_has_exactly_one_price_and_no_field_without_a_meaning(rule: str, sentence: str) -> None:
    (finding,) = told(usage(rule))
    assert finding.startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: nothing\n", ": the plan has no price; add `usage`, `recurring`, `one_off` or `minimum_spend`"),
        ("discounts:\n  d: {text: D, percent: 5}\n", ": the plan has no price"),
        ("currency: EUR\nminimum_spend: 5\n", "currency: the plan is in EUR, the reseller in USD"),
        ("recurring:\n  twoway_trunk: 5\n", "recurring.twoway_trunk: `twoway_trunk` is nothing that KAZOO counts; did you mean `twoway_trunks`?"),
        ("recurring:\n  s: {item: user, price: 5, quantity: 1}\n", "recurring.s.quantity: `item` is counted by KAZOO"),
        ("recurring:\n  s: {item: a/b/c, price: 5}\n", "recurring.s.item: `a/b/c` is nothing that KAZOO counts"),
        ("recurring:\n  users: {included: 5}\n", "recurring.users: the entry has no price; add `price` or `tiers`"),
        ("recurring:\n  users: {price: 5, tiers: {steps: [{price: 1}]}}\n", "recurring.users.price: `price` and `tiers` are two"),
        ("recurring:\n  users: {tiers: {steps: [{to: 9, price: 1}, {to: 3, price: 1}, {price: 2}]}}\n", "recurring.users.tiers.steps[1].to: 3 is not above 9"),
        ("recurring:\n  users: {price: 5, minimum: 5, maximum: 3}\n", "recurring.users.maximum: the maximum of 3 is below the minimum of 5"),
        ("minimum_spend: 5\ndiscounts:\n  d: {text: D}\n", "discounts.d: the discount takes nothing off"),
        ("minimum_spend: 5\ndiscounts:\n  d: {text: D, percent: 5, amount: 1}\n", "discounts.d: percent and amount are several discounts"),
        ("minimum_spend: 5\ndiscounts:\n  d: {text: D, amount: 1, of: [usage, recurring]}\n", "discounts.d.of: an amount is taken off one group only"),
        ("minimum_spend: 5\ndiscounts:\n  d: {text: D, percent: 1, of: [usage, usage]}\n", "discounts.d.of: `usage` stands twice"),
        ("minimum_spend: 5\ndiscounts:\n  d: {text: D, tiers: {steps: [{to: 5, percent: 1}]}}\n", "discounts.d.tiers.steps[0].to: the last step goes on"),
        ("minimum_spend: 5\ntaxes:\n  t: {name: T, percent: 1, of: [usage, usage]}\n", "taxes.t.of: `usage` stands twice"),
    ],
)  # fmt: skip
def test_rules_between_places_of_a_plan(text: str, sentence: str) -> None:
    (finding,) = told(text)
    assert finding.startswith(sentence)


def test_a_call_can_draw_on_so_many_bundles_and_no_more() -> None:
    def bundles(count: int) -> str:
        return "usage: {all: {per_minute: 1}}\nbundles:\n" + "".join(f"  b{n}: {{minutes: 1}}\n" for n in range(count))

    assert told(bundles(62)) == []
    (finding,) = told(bundles(63))
    assert finding.startswith("bundles: 63 bundles are more than a call can draw on; let it be 62 at most")


def test_without_a_deck_a_person_is_told_how_to_bring_one() -> None:
    found = check_plan(plan("plan: x\nusage:\n  a: {deck: gold}\n"), Surroundings(currency="USD", decks={}))
    assert found[0].sentence == "there is no deck `gold`; none is stored, `decks import` brings one"


# Books.


def of_book(plans: list[Plan], *assignments: Assignment) -> list[str]:
    found = check_book(PlanBook(tuple(plans), assignments), AROUND)
    return [f"{place_text(each.finding.place)}: {each.finding.sentence}" for each in found]


BASE = "plan: base\nusage:\n  us: {countries: [US], per_minute: 1}\n"


def test_a_circle_is_named_as_it_goes() -> None:
    circle = [plan(f"plan: {name}\nextends: {above}\nminimum_spend: 1\n") for name, above in ("ab", "bc", "ca")]
    found = of_book(circle)
    assert "extends: plans extend each other in a circle: a → b → c → a" in found
    assert of_book([plan("plan: a\nextends: a\nminimum_spend: 1\n")]) == [
        "extends: plans extend each other in a circle: a → a"
    ]


def test_what_is_extended_must_be_there_and_have_begun() -> None:
    child = plan("plan: child\nextends: base\neffective: 2026-01-01\n")
    assert of_book([child, plan("plan: bass\nminimum_spend: 1\n")]) == [
        "extends: there is no plan `base`; did you mean `bass`?"
    ]
    late = plan(BASE + "effective: 2026-06-01\n")
    (finding,) = of_book([child, late])
    assert finding.startswith("extends: `base` begins only on 2026-06-01, after this plan does")


def test_a_plan_is_checked_as_it_comes_out_of_what_it_extends() -> None:
    child = plan("plan: child\nextends: base\nusage:\n  mine: {countries: [US], free: true}\n")
    assert of_book([plan(BASE), child]) == [
        "usage.mine.countries[0]: the country US is `us`'s already, for inbound calls; each may have one rule only"
    ]


def test_a_later_version_of_what_is_extended_is_checked_too() -> None:
    later = plan("plan: base\neffective: 2026-06-01\nusage:\n  mine: {deck: none}\n")
    found = of_book([plan(BASE), later, plan("plan: child\nextends: base\n")])
    assert [each.split(":")[0] for each in found] == ["usage.mine.deck"] * 2


def test_two_documents_for_one_version_are_refused() -> None:
    (finding,) = of_book([plan(BASE), plan(BASE)])
    assert finding.startswith("plan: base is there twice")


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ({"plan": "bas"}, "customers[0].plan: there is no plan `bas`; did you mean `base`?"),
        ({"plan": "base", "set": {"usage.us.per_minut": "1"}}, "customers[0].set.usage.us.per_minut: there is no `per_minut` in usage.us; did you mean `per_minute`?"),
        ({"plan": "base", "set": {"usage.uk.per_minute": "1"}}, "customers[0].set.usage.uk.per_minute: there is no `uk` in usage; there is us"),
        ({"plan": "base", "set": {"recurring.users": "1"}}, "customers[0].set.recurring.users: there is no `users` in recurring; there is none"),
        ({"plan": "base", "set": {"usage.us": "1"}}, "customers[0].set.usage.us: this is more than one value; say which"),
        ({"plan": "base", "set": {"usage.us.per_minute": "cheap"}}, "customers[0].set.usage.us.per_minute: 'cheap' is no number"),
        ({"plan": "base", "set": {"usage.us.per_minute.x": "1"}}, "customers[0].set.usage.us.per_minute.x: `usage.us.per_minute` is one value"),
        ({"plan": "base", "set": {"currency": "EUR"}}, "customers[0].set.currency: `currency` belongs to the plan"),
        ({"plan": "base", "set": {"usage.us.deck": "golden"}}, "customers[0].set: usage.us: per_minute and deck are several"),
    ],
)  # fmt: skip
def test_lines_of_customers_are_checked_against_the_plan(assignment: dict[str, object], sentence: str) -> None:
    found = of_book([plan(BASE)], Assignment.model_validate(assignment))
    assert found[0].startswith(sentence)


def test_two_lines_for_one_customer_from_one_day_are_refused() -> None:
    lines = [Assignment(plan="base", customer="A"), Assignment(plan="base", customer="A")]
    assert of_book([plan(BASE)], *lines) == [
        "customers[1]: 'A' has a plan from the beginning already; keep one of the two lines"
    ]


# Items.

SERVICES = Services(
    account={
        ("users", "user"): 7,
        ("users", "admin"): 2,
        ("number_services", "e911"): 3,
        ("number_services", "dash_e911"): 4,
        ("qubicle", "pro_queue"): 5,
        ("devices", "sip_device"): 9,
    },
    manual={("devices", "sip_device"): 1, ("devices", "ata"): 6},
)


@pytest.mark.parametrize(
    ("item", "quantity"),
    [
        ("user", 7),
        ("users", 9),
        ("e911", 7),  # By whatever provider's name.
        ("sip_device", 1),  # Set by hand.
        ("devices", 7),
        ("devices/_all", 7),
        ("qubicle/pro_queue", 5),
        ("qubicle/other", 0),
        ("did_us", 0),
    ],
)
def test_quantities_of_recurring_prices(item: str, quantity: int) -> None:
    assert quantity_of(item, SERVICES) == quantity


def test_every_short_name_is_known_and_nothing_else() -> None:
    assert all(items_of(name) for name in COUNTED_ITEMS)
    assert [items_of(name) for name in ("", "usr", "/x", "x/", "a/b/c")] == [None] * 5


def test_a_negative_quantity_is_none() -> None:
    assert quantity_of("user", Services(account={("users", "user"): -3})) == 0


def test_prices_are_decimals() -> None:
    assert plan("plan: x\nrecurring: {users: 1.10}\n").recurring["users"] == Decimal("1.10")
