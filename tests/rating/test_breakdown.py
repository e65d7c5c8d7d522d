"""The reseller's cost in words: exactly the forms that the contract promises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.rating.breakdown import Parts, breakdown
from reseller_reporting.rating.charge import kazoo_cost


def parts(
    rate: int = 300, increment: int = 60, minimum: int = 60, nocharge: int = 0, surcharge: int = 0, discount: int = 0
) -> Parts:
    return Parts(rate, increment, minimum, nocharge, surcharge, discount)


def words(
    answered: int,
    cost: int | None,
    of: Parts | None,
    *,
    call_type: str | None = "per_minute",
    rate: int = 300,
    name: str = "UK",
) -> str:
    return breakdown(
        reseller_call_type=call_type,
        reseller_cost_units=cost,
        answered_seconds=answered,
        rate_units=rate,
        rate_name=name,
        parts=of,
    )


@pytest.mark.parametrize(
    ("answered", "cost", "of", "said"),
    [
        (125, 900, parts(), "60 s min + 2 × 60 s @ 0.0300/min"),
        (60, 300, parts(), "60 s min @ 0.0300/min"),
        (7, 50, parts(rate=100, increment=6, minimum=30), "30 s min @ 0.0100/min"),
        (61, 5600, parts(surcharge=5000), "0.5000 + 60 s min + 1 × 60 s @ 0.0300/min"),
        (61, 567, parts(rate=333, discount=15), "60 s min + 1 × 60 s @ 0.0333/min − 15 % discount"),
        (125, 900, parts(minimum=0), "3 × 60 s @ 0.0300/min"),
        (61, 200, parts(rate=100, increment=0), "60 s min + 1 × 60 s @ 0.0100/min"),  # No increment is a minute.
        (5, 0, parts(nocharge=5), "within 5 s no-charge time"),
        (6, 300, parts(nocharge=5), "60 s min @ 0.0300/min"),
        (0, 0, parts(), "not answered"),
        (125, 600, parts(), "60 s min + 2 × 60 s @ 0.0300/min (KAZOO states 0.0600)"),
        (5, 300, parts(nocharge=5), "within 5 s no-charge time (KAZOO states 0.0300)"),
        (0, 300, parts(), "not answered (KAZOO states 0.0300)"),
    ],
)
def test_a_per_minute_leg_shows_the_parts_of_its_cost(answered: int, cost: int, of: Parts, said: str) -> None:
    assert words(answered, cost, of) == said


def test_without_parts_the_cost_stands_at_its_rate() -> None:
    assert words(125, 900, None) == "0.0900 @ 0.0300/min"


def test_a_leg_that_found_no_rate_says_so() -> None:
    free = parts(rate=0, minimum=0)
    assert words(61, 0, None, rate=0, name="") == "no rate"
    assert words(61, 0, free, rate=0, name="") == "no rate"
    assert words(61, 0, free, rate=0, name="Free") == "2 × 60 s @ 0.0000/min"


@pytest.mark.parametrize(
    ("call_type", "said"),
    [
        ("flat_rate", "trunk (flat_rate)"),
        ("flat_rate_burst", "trunk (flat_rate_burst)"),
        ("allotment_did_us", "allotment (allotment_did_us)"),
        ("limits_disabled", "not charged (limits_disabled)"),
        ("hard_limit", "not charged (hard_limit)"),
        ("Per_Minute", "not charged (Per_Minute)"),  # Only the exact tag costs money.
    ],
)
def test_a_leg_that_costs_the_reseller_nothing_names_the_reason(call_type: str, said: str) -> None:
    assert words(125, 0, parts(), call_type=call_type) == said


def test_a_leg_without_tag_or_without_the_resellers_view_says_nothing() -> None:
    assert words(125, 0, parts(), call_type="") == ""
    assert words(125, None, parts(), call_type=None) == ""
    assert words(125, None, parts()) == ""


@given(
    st.builds(
        Parts,
        rate_units=st.integers(0, 50_000),
        increment_seconds=st.sampled_from([0, 1, 6, 30, 60]),
        minimum_seconds=st.sampled_from([0, 1, 30, 50, 60]),
        nocharge_seconds=st.integers(0, 10),
        surcharge_units=st.integers(0, 10_000),
        discount_percent=st.integers(0, 100),
    ),
    st.integers(1, 7_200),
)
@settings(max_examples=100, deadline=None)
def test_what_kazoo_charges_by_the_parts_needs_no_second_figure(of: Parts, answered: int) -> None:
    charge = kazoo_cost(**of._asdict(), answered_seconds=answered)
    assert "KAZOO states" not in words(answered, charge.cost_units, of)
    assert words(answered, charge.cost_units + 1, of).endswith(")")
