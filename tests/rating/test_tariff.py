"""What one leg costs, by every kind of rule: small sums with the arithmetic beside them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseller_reporting.model.plan import Markup, MinuteStep, MinuteTiers, RoundingRule, TierKind, UsageRule
from reseller_reporting.model.rate import Rate
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating.exact_charge import billed_seconds as deck_billed_seconds
from reseller_reporting.rating.exact_charge import exact_charge
from reseller_reporting.rating.tariff import (
    Tariff,
    billed_seconds,
    exact_price,
    rounded,
    tariff_of_cost,
    tariff_of_rate,
    tariff_of_rule,
)

FOUR = RoundingRule()


def rule(per_minute: str | None = "0.0300", selling: str = "60/60", **more: Any) -> UsageRule:
    minimum, increment = selling.split("/")
    money = None if per_minute is None else Decimal(per_minute)
    return UsageRule(per_minute=money, minimum=int(minimum), increment=int(increment), **more)


def price(tariff: Tariff, answered: int, rounding: RoundingRule = FOUR, *, bundled: int = 0, **tiers: int) -> int:
    billed = billed_seconds(tariff, answered)
    return rounded(exact_price(tariff, billed=billed, rest=billed - bundled, **tiers), rounding)


@pytest.mark.parametrize(
    ("selling", "grace", "answered", "billed"),
    [
        ("30/6", 0, 0, 0),  # Never answered, never billed.
        ("30/6", 0, 1, 30),
        ("30/6", 0, 32, 36),
        ("30/6", 0, 57, 60),
        ("30/6", 0, 75, 78),
        ("60/60", 0, 61, 120),
        ("30/60", 0, 40, 90),  # Increments count from the minimum's end.
        ("0/1", 0, 1, 1),
        ("60/60", 5, 5, 0),  # Grace is inclusive.
        ("60/60", 5, 6, 60),
    ],
)
def test_the_minimum_and_then_whole_increments_are_billed(selling: str, grace: int, answered: int, billed: int) -> None:
    assert billed_seconds(tariff_of_rule(rule(selling=selling, grace=grace)), answered) == billed


@pytest.mark.parametrize(
    ("of", "answered", "micros"),
    [
        (rule("0.0300"), 125, 90_000),  # 3 minutes.
        (rule("0.0900", "30/6", connect_fee=Decimal("0.0500")), 57, 140_000),  # 0.05 + 60 s.
        (rule("0.0100", "1/1"), 7, 1_200),  # 0.0011666… once, not seven times 0.0002.
        (rule(None, free=True), 600, 0),
        (rule("0.0300", grace=5, connect_fee=Decimal(1)), 5, 0),
        (rule("0.0300", connect_fee=Decimal(1)), 0, 0),
    ],
)
def test_a_call_costs_its_connect_fee_and_its_billed_minutes(of: UsageRule, answered: int, micros: int) -> None:
    assert price(tariff_of_rule(of), answered) == micros


@pytest.mark.parametrize(
    ("micros", "places", "way", "expected"),
    [
        ("174000", 2, Rounding.DOWN, 170_000),
        ("174000", 2, Rounding.HALF_UP, 170_000),
        ("174000", 2, Rounding.UP, 180_000),
        ("175000", 2, Rounding.HALF_UP, 180_000),
        ("175000", 3, Rounding.UP, 175_000),  # Nothing to round.
        ("1/3", 6, Rounding.UP, 1),
        ("1/2", 6, Rounding.HALF_UP, 1),
        ("-175000", 2, Rounding.HALF_UP, -180_000),  # A credit is rounded like a charge.
        ("-174000", 2, Rounding.DOWN, -170_000),
    ],
)
def test_a_price_is_rounded_once_and_the_plan_says_which_way(
    micros: str, places: int, way: Rounding, expected: int
) -> None:
    assert rounded(Fraction(micros), RoundingRule(places=places, way=way)) == expected


def test_a_markup_on_a_decks_rate_is_percent_then_absolute_then_floor() -> None:
    rate = Rate(prefix="44", per_minute_micros=12_345, surcharge_micros=50_000, minimum_seconds=30, increment_seconds=6)
    twenty = tariff_of_rate(rate, Markup(percent=Decimal("20.0001"), absolute=Decimal("0.001")))
    # 0.012345 × 1.200001 + 0.001 = 0.015814012345 a minute; 36 s; connect 0.05.
    assert exact_price(twenty, billed=36, rest=36) == 50_000 + Fraction(15_814_012_345, 1_000_000) * 36 / 60
    floor = tariff_of_rate(rate, Markup(percent=Decimal(-100), floor=Decimal("0.02")))
    assert price(floor, 60) == 50_000 + 20_000
    cheaper = tariff_of_rate(rate, Markup(absolute=Decimal(-1)))
    assert price(cheaper, 60) == 50_000  # Below nothing there is nothing.


@given(
    st.builds(
        Rate,
        prefix=st.just("44"),
        per_minute_micros=st.integers(0, 10**7),
        surcharge_micros=st.integers(0, 10**6),
        minimum_seconds=st.integers(0, 90),
        increment_seconds=st.integers(1, 90),
        nocharge_seconds=st.integers(0, 9),
    ),
    st.integers(-1, 7_200),
    st.sampled_from(Rounding),
    st.integers(0, 6),
)
def test_a_deck_without_a_markup_costs_what_the_exact_charge_says(
    rate: Rate, answered: int, way: Rounding, places: int
) -> None:
    tariff = tariff_of_rate(rate, None)
    assert billed_seconds(tariff, answered) == deck_billed_seconds(rate, answered)
    charge = exact_charge(rate, answered, places=places, rounding=way)
    assert price(tariff, answered, RoundingRule(places=places, way=way)) == charge.cost_micros


@pytest.mark.parametrize(
    ("cost_micros", "markup", "micros"),
    [
        (90_000, Markup(percent=Decimal(30)), 117_000),
        (90_000, Markup(percent=Decimal(30), absolute=Decimal("0.01")), 127_000),
        (90_000, Markup(percent=Decimal(30), floor=Decimal("0.2")), 200_000),
        (0, Markup(percent=Decimal(30), absolute=Decimal("0.01"), floor=Decimal("0.2")), 0),
    ],
)
def test_a_markup_on_cost_is_by_the_call_and_nothing_where_the_reseller_paid_nothing(
    cost_micros: int, markup: Markup, micros: int
) -> None:
    assert price(tariff_of_cost(UsageRule(markup=markup), cost_micros), 125) == micros


def test_a_markup_on_cost_bills_what_the_reseller_was_charged_for() -> None:
    tariff = tariff_of_cost(UsageRule(markup=Markup(percent=Decimal(30)), grace=3), 90_000)
    assert [billed_seconds(tariff, 125, charged) for charged in (180, 0, None)] == [180, 125, 125]
    assert billed_seconds(tariff, 3, 180) == 0
    assert exact_price(tariff, billed=180, rest=60) == 39_000  # A third of 0.117.


def test_a_call_that_a_bundle_covers_whole_costs_nothing_and_in_part_the_rest_with_its_connect_fee() -> None:
    tariff = tariff_of_rule(rule("0.0600", connect_fee=Decimal("0.05")))
    assert [price(tariff, 120, bundled=bundled) for bundled in (0, 1, 60, 120)] == [170_000, 169_000, 110_000, 0]


STEPS = (
    MinuteStep(to_minutes=10, per_minute=Decimal("0.03")),
    MinuteStep(to_minutes=11, per_minute=Decimal("0.02")),
    MinuteStep(per_minute=Decimal("0.01")),
)


@pytest.mark.parametrize(
    ("before", "micros"),
    [
        (0, 90_000),
        (7 * 60, 90_000),  # The tenth minute is still of the first step.
        (8 * 60, 30_000 * 2 + 20_000),
        (9 * 60, 30_000 + 20_000 + 10_000),  # One call in all three.
        (9 * 60 + 30, 15_000 + 20_000 + 15_000),
        (11 * 60, 30_000),
    ],
)
def test_graduated_tiers_price_each_second_in_the_step_that_it_lies_in(before: int, micros: int) -> None:
    tariff = tariff_of_rule(rule(None, tiers=MinuteTiers(steps=STEPS)))
    assert price(tariff, 180, before=before) == micros


@pytest.mark.parametrize(("total", "micros"), [(600, 90_000), (601, 60_000), (660, 60_000), (9_999, 30_000)])
def test_volume_tiers_price_all_of_a_rule_by_the_step_that_its_sum_reaches(total: int, micros: int) -> None:
    tariff = tariff_of_rule(rule(None, tiers=MinuteTiers(kind=TierKind.VOLUME, steps=STEPS)))
    assert price(tariff, 180, before=0, total=total) == micros


@given(
    st.integers(0, 5_000), st.integers(0, 600), st.sampled_from(["60/60", "30/6", "1/1", "0/7"]), st.integers(0, 9_000)
)
def test_a_longer_call_never_costs_less(answered: int, longer: int, selling: str, before: int) -> None:
    for of in (rule(selling=selling, grace=7), rule(None, selling=selling, tiers=MinuteTiers(steps=STEPS))):
        tariff = tariff_of_rule(of)
        assert price(tariff, answered, before=before) <= price(tariff, answered + longer, before=before)
