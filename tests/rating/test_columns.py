"""Columns against the scalar rules: random decks, random numbers, both arithmetics, every leg the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.rate import BOTH, Rate
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating import columns
from reseller_reporting.rating.columns import NO_RATE, Arithmetic, Edition, charge, country_codes
from reseller_reporting.rating.country import country_code
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.number import rated_digits

AT = datetime(2026, 10, 1, tzinfo=UTC)
PREFIXES = st.text("0123456789", min_size=1, max_size=9).filter(lambda text: text[0] != "0")


@pytest.fixture(autouse=True)
def always_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "SCALAR_LEGS_MAX", 0)


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    prefix = draw(PREFIXES)
    return Rate(
        prefix=prefix,
        per_minute_micros=draw(st.integers(0, 3_000_000)),
        surcharge_micros=draw(st.sampled_from([0, 0, 12_345, 500_000])),
        minimum_seconds=draw(st.sampled_from([0, 1, 6, 30, 60])),
        increment_seconds=draw(st.sampled_from([1, 6, 30, 60])),
        nocharge_seconds=draw(st.sampled_from([0, 0, 5])),
        effective_at=draw(st.sampled_from([None, AT - timedelta(days=9), AT, AT + timedelta(days=9)])),
        is_closed=draw(st.sampled_from([False, False, False, True])),
        directions=draw(st.sampled_from([BOTH, ("outbound",), ("inbound",)])),
        routes=draw(st.sampled_from([(), (), (), (rf"^\+?{prefix}.+$",), (rf"^\+{prefix}1",)])),
    )


NUMBERS = st.one_of(
    st.builds(lambda prefix, rest: f"+{prefix}{rest}", PREFIXES, st.text("0123456789", max_size=12)),
    st.sampled_from(
        [
            "",
            "+",
            "911",
            "anonymous",
            "4155552671",
            "01144207",
            "00442071838750",
            "+0441",
            "+44 20",
            "+٤٤",
            "+" + "9" * 20,
        ]
    ),
)
LEGS = st.lists(st.tuples(NUMBERS, st.integers(-5, 7_200)), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(rates(), max_size=25),
    LEGS,
    st.sampled_from(Arithmetic),
    st.sampled_from(Rounding),
    st.sampled_from([2, 4, 6]),
)
def test_every_leg_costs_what_the_scalar_rules_say(
    deck_rates: list[Rate], legs: list[tuple[str, int]], arithmetic: Arithmetic, rounding: Rounding, places: int
) -> None:
    deck = Deck("any", deck_rates)
    edition = Edition(deck, "outbound", AT)
    numbers, answered = pa.array([number for number, _ in legs]), np.array([talked for _, talked in legs], np.int64)
    rated = edition.rate(numbers, answered, arithmetic=arithmetic, rounding=rounding, places=places)
    for (number, talked), row, seconds, cost in zip(legs, rated.rows, rated.seconds, rated.costs, strict=True):
        rate = deck.find(rated_digits(number), "outbound", AT)
        assert (None if row == NO_RATE else edition.rates[row]) is rate
        expected = (0, 0) if rate is None else charge(rate, talked, arithmetic, places, rounding)
        assert (seconds, cost) == expected


def test_prices_too_large_for_the_kernel_are_exact_all_the_same() -> None:
    dear = Rate(prefix="44", per_minute_micros=10**16, minimum_seconds=0, increment_seconds=1)
    edition = Edition(Deck("dear", [dear]), "outbound", AT)
    rated = edition.rate(pa.array(["+447", "+337"]), np.array([60, 60]), arithmetic=Arithmetic.EXACT)
    assert (rated.rows.tolist(), rated.costs.tolist()) == ([0, -1], [10**16, 0])


def test_slices_nulls_and_large_text_are_read() -> None:
    edition = Edition(Deck("uk", [Rate(prefix="44", per_minute_micros=60_000)]), "outbound", AT)
    column = pa.array(["+1", None, "+442", "+33"], pa.large_string()).slice(1)
    assert edition.rate(column, np.array([60, 60, 60])).rows.tolist() == [-1, 0, -1]


@settings(max_examples=200, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_every_country_is_that_of_the_scalar_rule(numbers: list[str]) -> None:
    assert country_codes(pa.array(numbers)).to_pylist() == [country_code(number) for number in numbers]


@pytest.mark.parametrize("number", ["+14155552671", "+1415555", "+18765550123", "+881234567", "+12", "+447911123456"])
def test_a_country_by_columns(number: str) -> None:
    assert country_codes(pa.array([number])).to_pylist() == [country_code(number)]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 40_000),
    st.sampled_from([0, 1, 6, 30, 59, 60, 61]),
    st.sampled_from([0, 1, 6, 13, 30, 59, 60]),
    st.integers(0, 10_000),
    st.integers(0, 4_000),
)
def test_the_kernels_doubles_are_kazoos(rate: int, increment: int, minimum: int, surcharge: int, talked: int) -> None:
    """Rates in units, where truncation tells apart any other order of the same steps."""
    stated = Rate(
        prefix="1",
        per_minute_micros=rate * 100,
        surcharge_micros=surcharge * 100,
        minimum_seconds=minimum,
        increment_seconds=increment,
    )
    rated = Edition(Deck("one", [stated]), "outbound", AT).rate(pa.array(["+12"]), np.array([talked]))
    expected = charge(stated, talked, Arithmetic.KAZOO, 4, Rounding.DOWN)
    assert (rated.seconds[0], rated.costs[0]) == expected
