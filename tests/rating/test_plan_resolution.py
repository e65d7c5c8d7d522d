"""Versions, `extends`, `set` and assignments: which plan a customer has on which days."""

import pickle
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_texts import plan

from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.plan import Assignment, MinimumSpend, Plan, RecurringPrice
from reseller_reporting.rating.plan_resolution import (
    PlanBook,
    digest,
    figures,
    resolve,
    resolved_version,
    with_figures,
    with_overrides,
)

DAY = date(2026, 10, 16)
CAFE = Account(id=AccountId("c" * 32), name="Blue Cafe")
OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


def version(name: str, effective: str | None = None, price: str = "1", more: str = "") -> Plan:
    since = f"effective: {effective}\n" if effective else ""
    return plan(f"plan: {name}\n{since}{more}usage:\n  us: {{per_minute: {price}}}\n")


def line(name: str, customer: str = "*", effective: str | None = None, **own: object) -> Assignment:
    return Assignment.model_validate({"plan": name, "customer": customer, "effective": effective, "set": own})


def segments(book: PlanBook, account: Account = CAFE, days: tuple[date, date] = OCTOBER) -> list[tuple[str, int, int]]:
    """Label, first and last day of the month."""
    return [
        (each.label, each.from_day.day, (each.to_day - timedelta(days=1)).day) for each in resolve(book, account, *days)
    ]


# Versions.


def test_the_version_in_force_is_the_newest_that_has_begun() -> None:
    book = PlanBook((version("r", "2026-10-16", "2"), version("r", "2026-01-01")), (line("r"),))
    assert segments(book) == [("r@2026-01-01", 1, 15), ("r@2026-10-16", 16, 31)]


def test_a_version_without_a_date_is_since_ever_and_named_by_the_plan_alone() -> None:
    assert segments(PlanBook((version("r"),), (line("r"),))) == [("r", 1, 31)]


def test_before_a_plan_begins_there_is_no_segment() -> None:
    book = PlanBook((version("r", "2026-10-16"),), (line("r"),))
    assert segments(book) == [("r@2026-10-16", 16, 31)]
    assert segments(book, days=(date(2026, 9, 1), date(2026, 10, 1))) == []


def test_nothing_that_no_line_fits() -> None:
    assert segments(PlanBook((version("r"),), (line("r", "Bob"),))) == []
    assert segments(PlanBook()) == []


# Extends.

BASE = """
    plan: base
    name: Base
    currency: USD
    legs: charged
    rounding: {leg: {places: 6}, total: {places: 3}}
    usage:
      us: {countries: [US], per_minute: 1, minimum: 6}
      uk: {countries: [GB], per_minute: 2}
    recurring: {users: {price: 5, included: 3}}
    one_off: [{text: Setup, amount: 10, on: 2026-10-05}]
    discounts: {b: {text: B, percent: 1}, a: {text: A, percent: 2}}
    minimum_spend: 25
    """
CHILD = """
    plan: child
    extends: base
    legs: all
    rounding: {leg: {places: 2}}
    usage:
      us: {countries: [US], per_minute: 0.5}
      de: {countries: [DE], per_minute: 3}
    recurring: {users: 4}
    one_off: [{text: More, amount: 1, on: 2026-10-06}]
    discounts: {c: {text: C, percent: 3}, b: {text: B, percent: 9}}
    """


def resolved(*texts: str, name: str = "child", day: date = DAY) -> Plan:
    found = resolved_version(PlanBook(tuple(plan(text) for text in texts)), name, day)
    assert found is not None
    return found.plan


def test_extends_takes_over_what_is_not_stated_and_replaces_entries_whole() -> None:
    child = resolved(BASE, CHILD)
    assert list(child.usage) == ["us", "uk", "de"]
    assert (child.usage["us"].per_minute, child.usage["us"].minimum) == (Decimal("0.5"), 60)
    assert child.recurring == {"users": RecurringPrice(price=Decimal(4))}
    assert [each.text for each in child.one_off] == ["Setup", "More"]
    assert (child.rounding.leg.places, child.rounding.total.places) == (2, 3)
    assert child.minimum_spend == MinimumSpend(amount=Decimal(25))


def test_a_value_that_the_child_states_wins_even_where_it_is_the_default() -> None:
    assert resolved(BASE, CHILD).legs.value == "all"
    silent = resolved(BASE, "plan: child\nextends: base\n")
    assert (silent.legs.value, silent.currency) == ("charged", "USD")


def test_id_name_and_date_are_a_plans_own() -> None:
    child = resolved(BASE, CHILD)
    assert (child.plan, child.name, child.effective, child.extends) == ("child", "", None, None)


def test_discounts_keep_their_order_the_replaced_ones_their_place() -> None:
    assert list(resolved(BASE, CHILD).discounts) == ["b", "a", "c"]


def test_null_takes_away_what_is_taken_over() -> None:
    assert resolved(BASE, "plan: child\nextends: base\nminimum_spend: null\n").minimum_spend is None


def test_what_is_extended_may_extend_again() -> None:
    grandchild = resolved(BASE, CHILD, "plan: g\nextends: child\nusage:\n  uk: {free: true}\n", name="g")
    assert list(grandchild.usage) == ["us", "uk", "de"]
    assert grandchild.usage["uk"].free


def test_a_new_version_of_what_is_extended_splits_the_period_under_a_name_of_its_own() -> None:
    base = [version("base", "2026-01-01"), version("base", "2026-10-20", "2")]
    child = plan("plan: child\nextends: base\neffective: 2026-02-01\nminimum_spend: 5\n")
    book = PlanBook((*base, child), (line("child"),))
    assert segments(book) == [("child@2026-02-01", 1, 19), ("child@2026-10-20", 20, 31)]
    first, second = resolve(book, CAFE, *OCTOBER)
    assert (first.plan.usage["us"].per_minute, second.plan.usage["us"].per_minute) == (Decimal(1), Decimal(2))
    assert first.version != second.version


def test_a_circle_raises_with_its_chain() -> None:
    book = PlanBook((plan("plan: a\nextends: b\n"), plan("plan: b\nextends: a\n")), (line("a"),))
    with pytest.raises(InvalidPlan, match="a → b → a"):
        resolve(book, CAFE, *OCTOBER)


# Overrides.

PRICED = """
    plan: r
    usage:
      us: {countries: [US], per_minute: 1, minimum: 6}
      v1.2: {countries: [GB], tiers: {steps: [{to_minutes: 5, per_minute: 2}, {per_minute: 1}]}}
    recurring: {users: {price: 5, included: 3}, did_us: 1.50, devices/_all: 2}
    minimum_spend: {amount: 25, text: At least}
    taxes: {vat: {name: VAT, percent: 19}}
    """


def overridden(**own: object) -> Plan:
    return with_overrides(plan(PRICED), own)


OVERRIDES: list[tuple[str, Any, str, str]] = [
    ("usage.us.per_minute", "0.5", "usage.us.per_minute", "0.5"),
    ("usage.us.per_minute", Decimal("0.50"), "usage.us.per_minute", "0.5"),
    ("usage.us.connect_fee", "0.01", "usage.us.connect_fee", "0.01"),
    ("usage.v1.2.tiers.steps.0.per_minute", "3", "usage.v1.2.tiers.steps[0].per_minute", "3"),
    ("recurring.users.price", "4", "recurring.users.price", "4"),
    ("recurring.users", "4", "recurring.users.price", "4"),
    ("recurring.did_us", "1", "recurring.did_us.price", "1"),
    ("recurring.did_us.included", "2", "recurring.did_us.included", "2"),
    ("recurring.devices/_all.price", "3", "recurring.devices/_all.price", "3"),
    ("minimum_spend", "30", "minimum_spend.amount", "30"),
    ("minimum_spend.of", "recurring", "minimum_spend.of", "recurring"),
    ("taxes.vat.percent", "0", "taxes.vat.percent", "0"),
    ("taxes.vat.inclusive", True, "taxes.vat.inclusive", "true"),
    ("taxes.vat.inclusive", "true", "taxes.vat.inclusive", "true"),
    ("trunks.twoway", "5", "trunks.twoway", "5"),
    ("proration", "days", "proration", "days"),
    ("rounding.total.places", "3", "rounding.total.places", "3"),
]


@pytest.mark.parametrize(("path", "value", "place", "figure"), OVERRIDES)
def test_an_override_changes_its_figure(path: str, value: object, place: str, figure: str) -> None:
    assert figures(overridden(**{path: value}))[place] == figure


@pytest.mark.parametrize(("path", "value", "place", "figure"), OVERRIDES)
def test_an_override_changes_nothing_else(path: str, value: object, place: str, figure: str) -> None:
    before, after = figures(plan(PRICED)), figures(overridden(**{path: value}))
    alike = {key for key in before if before[key] == after.get(key)}
    # A price alone becomes the part that it stands for.
    assert before.keys() - alike <= {place, path, place.rpartition(".")[0]}


def test_a_price_alone_keeps_what_else_an_entry_says() -> None:
    changed = overridden(**{"recurring.users": "4", "recurring.did_us.included": "2"})
    assert changed.recurring["users"] == RecurringPrice(price=Decimal(4), included=3)
    assert changed.recurring["did_us"] == RecurringPrice(price=Decimal("1.50"), included=2)
    minimum = overridden(minimum_spend="30").minimum_spend
    assert minimum == MinimumSpend(amount=Decimal(30), text="At least")


def test_the_order_of_overrides_does_not_matter() -> None:
    own = {"recurring.users": "4", "recurring.users.price": "3"}
    assert overridden(**own) == overridden(**dict(reversed(own.items())))


def test_all_paths_that_lead_nowhere_are_told() -> None:
    with pytest.raises(InvalidPlan) as caught:
        overridden(**{"usage.uk.per_minute": "1", "recurring.user": "1", "usage.v1.2.tiers.steps.7.per_minute": "1"})
    assert [finding.sentence for finding in caught.value.findings] == [
        "there is no `user` in recurring; did you mean `users`?",
        "there is no `uk` in usage; there are us, v1.2",
        "`usage.v1.2.tiers.steps` is a list of 2; name an entry by 0 to 1",
    ]


def test_the_plan_itself_is_left_as_it_was() -> None:
    book = PlanBook((version("r"),), (line("r"), line("r", "Blue Cafe", None, **{"usage.us.per_minute": "9"})))
    resolve(book, CAFE, *OCTOBER)
    (other,) = resolve(book, Account(id=AccountId("d"), name="Bob"), *OCTOBER)
    assert other.plan.usage["us"].per_minute == Decimal(1)


def test_a_customers_own_figures_have_a_label_of_their_own_from_their_day_on() -> None:
    own = line("r", "Blue Cafe", "2026-10-16", **{"usage.us.per_minute": "0.5"})
    book = PlanBook((version("r", "2026-01-01"),), (line("r"), own))
    assert segments(book) == [("r@2026-01-01", 1, 15), ("r@2026-10-16+Blue Cafe", 16, 31)]


def test_a_line_without_figures_of_its_own_splits_nothing() -> None:
    book = PlanBook((version("r", "2026-01-01"),), (line("r"), line("r", "Blue Cafe", "2026-10-16")))
    assert segments(book) == [("r@2026-01-01", 1, 31)]


# Who gets which.


def chosen(*lines: Assignment, account: Account = CAFE, day: date = DAY) -> str | None:
    plans = tuple(version(name) for name in sorted({each.plan for each in lines}))
    found = resolve(PlanBook(plans, lines), account, day, day + timedelta(days=1))
    return found[0].label if found else None


def test_an_id_goes_before_a_name_before_a_pattern_before_everyone() -> None:
    lines = [line("everyone"), line("pattern", "Blue*"), line("name", "Blue Cafe"), line("id", "c" * 32)]
    names = []
    while lines:
        names.append(chosen(*lines))
        lines.pop()
    assert names == ["id", "name", "pattern", "everyone"]


def test_the_longer_pattern_goes_before_the_shorter() -> None:
    assert chosen(line("short", "Blue*"), line("long", "Blue C*")) == "long"
    assert chosen(line("long", "*e"), line("one", "?lue Cafe")) == "one"


def test_of_one_kind_the_newest_that_has_begun_counts() -> None:
    lines = [line("old", "Blue*"), line("new", "Blue*", "2026-10-16"), line("later", "Blue*", "2026-10-17")]
    assert (chosen(*lines), chosen(*lines, day=date(2026, 10, 15))) == ("new", "old")


def test_of_two_patterns_of_one_length_the_newer_line_counts() -> None:
    assert chosen(line("one", "Blue*"), line("two", "*Cafe", "2026-01-01")) == "two"


def test_a_name_that_has_not_begun_leaves_it_to_the_pattern() -> None:
    lines = [line("everyone"), line("name", "Blue Cafe", "2026-10-16")]
    assert chosen(*lines, day=date(2026, 10, 15)) == "everyone"


def test_an_assigned_plan_that_has_not_begun_is_not_made_up_for_by_another() -> None:
    book = PlanBook((version("r"), version("late", "2026-10-20")), (line("r"), line("late", "Blue Cafe")))
    assert segments(book) == [("late@2026-10-20", 20, 31)]


@pytest.mark.parametrize("name", ["Blue [Cafe]", "Blue.Cafe", "blue cafe", "A Blue Cafe"])
def test_patterns_know_no_other_signs_and_names_are_exact(name: str) -> None:
    other = Account(id=AccountId("x"), name=name)
    assert chosen(line("p", "Blue [C]afe*"), line("n", "Blue Cafe"), line("q", "Blue Caf?"), account=other) is None


def test_assignments_split_a_period() -> None:
    book = PlanBook((version("a"), version("b")), (line("a"), line("b", "Blue Cafe", "2026-10-10")))
    assert segments(book) == [("a", 1, 9), ("b", 10, 31)]


# Labels, digests, pickling.


def test_the_digest_knows_content_not_its_clothes() -> None:
    one = plan("plan: x\nusage:\n  us: {per_minute: 0.10}\n")
    same = plan("usage:\n  us: {direction: both, per_minute: '0.1'}\nplan: x\n")
    other = plan("plan: x\nusage:\n  us: {per_minute: 0.11}\n")
    assert digest(one) == digest(same) != digest(other)
    assert len(digest(one)) == 12


def test_the_digest_knows_the_order_in_which_bundles_are_drawn() -> None:
    one = plan("plan: x\nbundles: {a: {minutes: 1}, b: {minutes: 2}}\n")
    other = plan("plan: x\nbundles: {b: {minutes: 2}, a: {minutes: 1}}\n")
    assert digest(one) != digest(other)


def test_a_book_goes_to_any_process() -> None:
    book = PlanBook((version("r"),), (line("r"), line("r", "Blue*")))
    before = resolve(book, CAFE, *OCTOBER)
    assert resolve(pickle.loads(pickle.dumps(book)), CAFE, *OCTOBER) == before  # noqa: S301 - our own bytes.


DATES = st.one_of(st.none(), st.dates(date(2026, 9, 20), date(2026, 11, 10)).map(date.isoformat))


@st.composite
def books(draw: st.DrawFn) -> PlanBook:
    """Plans with several versions, one extending the other, and lines of every kind."""
    dates = [*draw(st.sets(DATES, min_size=1, max_size=3)), *draw(st.sets(DATES, max_size=2))]
    base = [version("base", day, str(number)) for number, day in enumerate(sorted({None, *dates}, key=str))]
    child = [
        version("child", day, str(number), "extends: base\n")
        for number, day in enumerate(draw(st.lists(DATES, unique=True, max_size=3)))
    ]
    names = ["base", "child"] if child else ["base"]
    keys = draw(st.sets(st.tuples(st.sampled_from(["*", "Blue*", "Blue Cafe", "c" * 32]), DATES), max_size=6))
    lines = [
        line(
            draw(st.sampled_from(names)),
            customer,
            day,
            **draw(st.sampled_from([{}, {"usage.us.per_minute": "7"}, {"usage.us.minimum": "7"}])),
        )
        for customer, day in sorted(keys, key=str)
    ]
    return PlanBook((*base, *child), tuple(lines))


@given(books())
def test_segments_are_in_order_apart_and_say_what_each_of_their_days_says(book: PlanBook) -> None:
    found = resolve(book, CAFE, *OCTOBER)
    by_day = {}
    for each in found:
        assert each.from_day < each.to_day
        for number in range((each.to_day - each.from_day).days):
            day = each.from_day + timedelta(days=number)
            assert day not in by_day
            by_day[day] = each
    for number in range(31):
        day = OCTOBER[0] + timedelta(days=number)
        alone = resolve(book, CAFE, day, day + timedelta(days=1))
        assert [each.version for each in alone] == ([by_day[day].version] if day in by_day else [])


@given(books())
def test_one_label_means_one_plan(book: PlanBook) -> None:
    labels: dict[str, str] = {}
    for account in (CAFE, Account(id=AccountId("d"), name="Bob"), Account(id=AccountId("e"), name="Blue Bar")):
        for each in resolve(book, account, date(2026, 9, 1), date(2026, 12, 1)):
            assert labels.setdefault(each.label, each.version) == each.version


# Figures that are only tried.


def test_figures_are_tried_on_every_plan_that_has_a_place_for_them() -> None:
    book = PlanBook(
        (version("r"), plan("plan: bare\nrecurring: {users: 1}\n")),
        (line("r"), line("bare", customer="Blue Cafe", effective="2026-10-16")),
        {"usage.us.per_minute": "2"},
    )
    first, second = resolve(book, CAFE, *OCTOBER)
    assert (first.label, first.plan.usage["us"].per_minute) == ("r+what-if", Decimal(2))
    assert (second.label, second.plan.usage) == ("bare", {})
    assert first.version != digest(version("r"))


def test_a_figure_that_is_tried_goes_before_a_customers_own() -> None:
    own = line("r", customer="Blue Cafe", **{"usage.us.per_minute": "3"})
    (segment,) = resolve(PlanBook((version("r"),), (own,), {"usage.us.per_minute": "2"}), CAFE, *OCTOBER)
    assert (segment.label, segment.plan.usage["us"].per_minute) == ("r+Blue Cafe+what-if", Decimal(2))


def test_a_path_that_leads_nowhere_leaves_nothing_behind() -> None:
    """`trunks` is a part that the plan leaves open: opened on the way to nothing, it would be four trunks of 0."""
    base = version("r")
    changed, nowhere = with_figures(base, {"trunks.twoways": "4", "usage.us.per_minute": "2"})
    assert list(nowhere) == ["trunks.twoways"]
    assert changed == with_overrides(base, {"usage.us.per_minute": "2"})
    assert changed.trunks is None
    assert with_figures(base, {"trunks.twoways": "4"})[0] is base


def test_customers_of_one_line_share_one_plan() -> None:
    book = PlanBook((version("r"),), (line("r"),))
    one, other = (resolve(book, Account(id=AccountId(id_), name=id_), *OCTOBER)[0] for id_ in "ab")
    assert one.plan is other.plan
