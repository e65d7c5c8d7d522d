"""Statements: each step with the arithmetic beside it, their order, days, and sums that are exact."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.account import Services
from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Plan, RecurringPrice
from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.rating.pricing_steps import STATEMENT_STEPS
from reseller_reporting.rating.pricing_terms import PricingSegment, Stretch
from reseller_reporting.rating.statement_charges import billable, monthly_micros
from reseller_reporting.rating.statement_lines import statement_of_lines
from reseller_reporting.rating.statement_terms import StatementTerms


def day(number: int) -> date:
    """Of October 2026; 32 is the first of November."""
    return date(2026, 10, number) if number < 32 else date(2026, 11, 1)


def at(number: int) -> datetime:
    return datetime.combine(day(number), datetime.min.time(), UTC)


def segment(from_day: int, to_day: int, **plan: Any) -> PricingSegment:
    return PricingSegment(
        plan=Plan.model_validate({"plan": "retail"} | plan),
        label=f"retail@{day(from_day)}",
        from_day=day(from_day),
        to_day=day(to_day),
        from_at=at(from_day),
        to_at=at(to_day),
    )


def services(**items: int) -> Services:
    return Services(account={("any", item): count for item, count in items.items()})


def quantity_of(item: str, of: Services) -> int:
    """What stands in for the items that a plan may name."""
    return of.account.get(("any", item), 0)


def stretch(from_day: int, to_day: int, **items: int) -> Stretch:
    return Stretch(from_day=day(from_day), to_day=day(to_day), services=services(**items))


def usage(micros: int) -> list[Line]:
    line = Line(
        kind=LineKind.USAGE,
        group="usage",
        key="calls",
        text="Calls",
        quantity=Decimal(1),
        unit="minutes",
        unit_price_micros=None,
        amount_micros=micros,
        evidence="",
    )
    return [line] if micros else []


def made(
    *segments: PricingSegment, of_usage: int = 0, stretches: Sequence[Stretch] = (), names: tuple[str, ...] = ()
) -> Statement:
    terms = StatementTerms(
        currency="USD",
        from_day=segments[0].from_day,
        to_day=segments[-1].to_day,
        segments=segments,
        stretches=tuple(stretches),
        quantity_of=quantity_of,
        names=names,
    )
    return statement_of_lines(usage(of_usage), terms)


def month(of_usage: int = 0, stretches: Sequence[Stretch] = (), names: tuple[str, ...] = (), **plan: Any) -> Statement:
    return made(segment(1, 32, **plan), of_usage=of_usage, stretches=stretches, names=names)


def lines(of: Statement, kind: LineKind) -> list[tuple[str, int]]:
    return [(line.key, line.amount_micros) for line in of.lines if line.kind is kind]


# --- recurring -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "quantity", "counted", "micros"),
    [
        ({"price": "1.50"}, 3, 3, 4_500_000),
        ({"price": "1.50", "included": 10}, 8, 0, 0),
        ({"price": "1.50", "included": 10}, 12, 2, 3_000_000),
        ({"price": "1.50", "minimum": 5}, 3, 5, 7_500_000),
        ({"price": "1.50", "minimum": 5, "included": 2}, 3, 3, 4_500_000),  # The minimum, then what is included.
        ({"price": "1.50", "maximum": 5, "included": 2}, 9, 3, 4_500_000),
    ],
)
def test_a_quantity_becomes_what_is_billable(item: dict[str, Any], quantity: int, counted: int, micros: int) -> None:
    read = RecurringPrice.model_validate(item)
    assert billable(Fraction(quantity), read) == counted
    assert monthly_micros(Fraction(counted), read) == micros


@pytest.mark.parametrize(
    ("kind", "quantity", "units"),
    [("graduated", 10, 120), ("graduated", 12, 120 + 18), ("volume", 10, 120), ("volume", 11, 99)],
)
def test_steps_are_graduated_or_a_volume(kind: str, quantity: int, units: int) -> None:
    steps = [{"to": 10, "price": "12"}, {"price": "9"}]
    item = RecurringPrice.model_validate({"tiers": {"kind": kind, "steps": steps}})
    assert monthly_micros(Fraction(quantity), item) == units * 1_000_000


TRUNKS: dict[str, Any] = {"recurring": {"trunks": Decimal("29.99")}}


def test_without_proration_the_last_version_and_the_quantity_at_the_end_count_whole() -> None:
    before, after = segment(1, 16, recurring={"trunks": 99}), segment(16, 32, **TRUNKS)
    got = made(before, after, stretches=[stretch(1, 20, trunks=4), stretch(20, 32, trunks=8)])
    assert lines(got, LineKind.RECURRING) == [("trunks", 8 * 29_990_000)]
    assert got.lines[0].evidence == "8 × 29.9900"
    assert got.plans == ("retail@2026-10-01", "retail@2026-10-16")


def test_with_days_each_version_and_each_quantity_counts_by_its_days() -> None:
    before = segment(1, 16, recurring={"trunks": 31}, proration="days")
    after = segment(16, 32, recurring={"trunks": 62}, proration="days")
    stretches = [stretch(1, 6, trunks=4), stretch(6, 20, trunks=4), stretch(20, 32, trunks=8)]
    got = made(before, after, stretches=stretches)
    # 4 × 31 × 15/31; 4 × 62 × 4/31; 8 × 62 × 12/31.
    assert lines(got, LineKind.RECURRING) == [("trunks", 60_000_000), ("trunks", 32_000_000), ("trunks", 192_000_000)]
    assert got.lines[1].evidence == "4 × 62.0000 × 4/31 of a month, 2026-10-16 to 2026-10-19"
    assert [line.plan for line in got.lines] == ["retail@2026-10-01", "retail@2026-10-16", "retail@2026-10-16"]


def test_a_quantity_of_ones_own_needs_no_services_and_an_unknown_one_is_told() -> None:
    support = {"support": {"price": 49, "quantity": "0.5", "text": "Support contract"}}
    got = month(recurring=support)
    assert [(line.text, line.quantity, line.amount_micros) for line in got.lines] == [
        ("Support contract", Decimal("0.5"), 24_500_000)
    ]
    for known in ([], [Stretch(from_day=day(1), to_day=day(32))]):
        with pytest.raises(CannotPrice, match="how many of it"):
            month(stretches=known, **TRUNKS)


# --- one-off ---------------------------------------------------------------------------------------------------------


def test_a_one_off_charge_is_of_its_day_its_version_and_its_customers() -> None:
    def charge(text: str, on: int, *customers: str) -> dict[str, Any]:
        return {"text": text, "amount": "-1.5", "on": day(on), "customers": customers}

    charges = [
        charge("ours", 5, "Blue*"),
        charge("by id", 5, "id1"),
        charge("all", 15),
        charge("theirs", 5, "Red Cafe"),
    ]
    got = made(
        segment(1, 16, one_off=charges),
        segment(16, 32, one_off=[*charges, charge("later", 31)]),
        names=("id1", "Blue Cafe"),
    )
    assert lines(got, LineKind.ONE_OFF) == [(text, -1_500_000) for text in ("ours", "by id", "all", "later")]


# --- discounts, minimum, taxes, rounding -----------------------------------------------------------------------------


def test_discounts_are_each_on_what_the_ones_before_left_and_never_below_nothing() -> None:
    discounts = {
        "loyal": {"text": "Loyal", "percent": 10},
        "again": {"text": "Again", "percent": 10},
        "voucher": {"text": "Voucher", "amount": 100},
        "late": {"text": "Late", "percent": 50},
    }
    got = month(of_usage=100_000_000, discounts=discounts)
    assert lines(got, LineKind.DISCOUNT) == [
        ("loyal", -10_000_000),
        ("again", -9_000_000),
        ("voucher", -81_000_000),
    ]
    assert got.total_micros == 0


def test_a_discount_of_several_groups_has_a_line_for_each() -> None:
    both = {"both": {"text": "Both", "percent": 5, "of": ["usage", "recurring"]}}
    got = month(of_usage=10_000_000, stretches=[stretch(1, 32, trunks=1)], discounts=both, recurring={"trunks": 40})
    assert [(line.group, line.amount_micros) for line in got.lines if line.kind is LineKind.DISCOUNT] == [
        ("usage", -500_000),
        ("recurring", -2_000_000),
    ]


@pytest.mark.parametrize(
    ("kind", "spent", "off"),
    [
        ("graduated", 100, 0),
        ("graduated", 150, 5),  # 10 % of what is beyond 100.
        ("graduated", 300, 10 + 20),
        ("volume", 100, 0),
        ("volume", 150, 15),
        ("volume", 300, 60),
    ],
)
def test_spend_discounts_are_graduated_or_a_volume(kind: str, spent: int, off: int) -> None:
    steps = [{"to": 100, "percent": 0}, {"to": 200, "percent": 10}, {"percent": 20}]
    got = month(of_usage=spent * 1_000_000, discounts={"s": {"text": "Spend", "tiers": {"kind": kind, "steps": steps}}})
    assert got.total_micros == (spent - off) * 1_000_000


def test_nobody_escapes_a_minimum_by_a_discount() -> None:
    got = month(of_usage=30_000_000, discounts={"d": {"text": "D", "percent": 50}}, minimum_spend=25)
    assert lines(got, LineKind.MINIMUM) == [("minimum_spend", 10_000_000)]
    assert got.total_micros == 25_000_000
    assert month(of_usage=30_000_000, minimum_spend=25).total_micros == 30_000_000


def test_a_minimum_counts_by_days_where_the_plan_does() -> None:
    halves = [segment(1, 16, minimum_spend=31, proration="days"), segment(16, 32, minimum_spend=62, proration="days")]
    # 31 × 15/31 + 62 × 16/31.
    assert made(*halves).total_micros == 47_000_000
    assert made(halves[0], segment(16, 32, minimum_spend=62)).total_micros == 62_000_000
    assert made(halves[0], segment(16, 32, proration="days")).total_micros == 15_000_000


def test_tax_is_due_on_what_is_owed_and_an_inclusive_one_only_shown() -> None:
    vat = {"vat": {"name": "VAT", "percent": 19}}
    got = month(of_usage=100_000_000, discounts={"d": {"text": "D", "percent": 10}}, minimum_spend=95, taxes=vat)
    assert (got.net_micros, got.tax_micros, got.total_micros) == (95_000_000, 18_050_000, 113_050_000)
    held = month(of_usage=119_000_000, taxes={"vat": vat["vat"] | {"inclusive": True}})
    assert (held.net_micros, held.tax_micros, held.total_micros) == (119_000_000, 0, 119_000_000)
    assert held.lines[-1].evidence == "19 % held by 119.0000: 19.0000"


def test_the_total_is_rounded_once_and_a_line_says_so() -> None:
    got = month(of_usage=10_004_900)
    assert lines(got, LineKind.ROUNDING) == [("total", -4_900)]
    assert (got.net_micros, got.total_micros) == (10_004_900, 10_000_000)
    assert lines(month(of_usage=10_010_000), LineKind.ROUNDING) == []


def test_the_order_of_the_steps_stands_in_one_place() -> None:
    assert [step.lines.__name__ for step in STATEMENT_STEPS] == [
        "recurring",
        "one_off",
        "discounts",
        "minimum_spend",
        "taxes",
        "rounding",
    ]
    assert all(step.reason for step in STATEMENT_STEPS)


def test_lines_stand_in_the_order_of_their_kinds() -> None:
    got = month(
        of_usage=10_000_000,
        stretches=[stretch(1, 32, trunks=1)],
        recurring={"trunks": 40},
        one_off=[{"text": "Installation", "amount": 150, "on": day(5)}],
        discounts={"d": {"text": "D", "percent": 10}},
        minimum_spend=25,
        taxes={"vat": {"name": "VAT", "percent": Decimal("19.01")}},
    )
    assert [line.kind for line in got.lines] == [
        LineKind.USAGE,
        LineKind.RECURRING,
        LineKind.ONE_OFF,
        LineKind.DISCOUNT,
        LineKind.MINIMUM,
        LineKind.TAX,
        LineKind.ROUNDING,
    ]


MONEY = st.decimals(0, 1000, places=6)
GROUPS = st.lists(st.sampled_from(["usage", "recurring", "one-off"]), min_size=1, max_size=3, unique=True)
PLAN = st.fixed_dictionaries(
    {
        "proration": st.sampled_from(["none", "days"]),
        "recurring": st.fixed_dictionaries({}, optional={"trunks": MONEY, "users": MONEY}),
        "one_off": st.lists(
            st.builds(lambda amount: {"text": "x", "amount": amount, "on": day(9)}, st.decimals(-50, 50, places=2)),
            max_size=2,
        ),
        "discounts": st.dictionaries(
            st.sampled_from("abc"),
            st.builds(lambda percent, of: {"text": "d", "percent": percent, "of": of}, st.integers(0, 100), GROUPS),
        ),
        "minimum_spend": st.one_of(st.none(), MONEY),
        "taxes": st.dictionaries(
            st.sampled_from("ab"),
            st.builds(
                lambda percent, of, inclusive: {"name": "t", "percent": percent, "of": of, "inclusive": inclusive},
                st.integers(0, 30),
                GROUPS,
                st.booleans(),
            ),
        ),
    }
)


@settings(max_examples=150, deadline=None)
@given(PLAN, PLAN, st.integers(0, 10**9), st.integers(0, 20))
def test_every_part_adds_up_to_the_total(first: dict[str, Any], last: dict[str, Any], spent: int, trunks: int) -> None:
    stretches = [stretch(1, 11, trunks=trunks, users=3), stretch(11, 32, trunks=2, users=5)]
    got = made(segment(1, 16, **first), segment(16, 32, **last), of_usage=spent, stretches=stretches)
    assert got.total_micros == sum(line.amount_micros for line in got.lines)
    rounding = sum(line.amount_micros for line in got.lines if line.kind is LineKind.ROUNDING)
    assert got.total_micros == got.net_micros + got.tax_micros + rounding
    assert got.total_micros % 10_000 == 0
    assert got.usage_micros == spent
    for group in ("usage", "recurring"):
        kept = sum(line.amount_micros for line in got.lines if line.group == group)
        assert kept >= 0


def test_a_month_cut_in_two_equal_versions_costs_what_it_costs_whole() -> None:
    plan: dict[str, Any] = {"recurring": {"trunks": 31}, "minimum_spend": 310, "proration": "days"}
    stretches = [stretch(1, 32, trunks=3)]
    whole = month(stretches=stretches, **plan)
    cut = made(segment(1, 16, **plan), segment(16, 32, **plan), stretches=stretches)
    assert whole.total_micros == cut.total_micros == (93 + 310) * 1_000_000
