"""Money at the door: whole units in, exact text out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseller_reporting.model.units import currency, currency_text, units_from_currency, units_from_text


@pytest.mark.parametrize(
    ("listed", "units"),
    [("900", 900), (900, 900), ("0", 0), ("-5", -5), ("900.0", 900), ("abc", None), ("", None), (None, None)],
)
def test_a_cost_is_text_or_number(listed: object, units: int | None) -> None:
    assert units_from_text(listed) == units


@pytest.mark.parametrize(
    ("listed", "units"),
    [("NaN", None), ("Infinity", None), ("900.5", None), (True, None), ("9" * 30, None)],
)
def test_a_cost_is_a_whole_number_of_units_or_nothing(listed: object, units: int | None) -> None:
    assert units_from_text(listed) == units


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        ("0.03", 300),
        (-0.09, -900),
        (Decimal("0.0899999999999999967"), 900),
        ("0.00005", 1),
        ("x", None),
        (float("nan"), None),
    ],
)
def test_an_amount_in_currency_becomes_units_without_its_noise(amount: object, units: int | None) -> None:
    assert units_from_currency(amount) == units


@given(st.integers(-(10**15), 10**15))
def test_text_says_exactly_what_the_units_are(units: int) -> None:
    assert Decimal(currency_text(units)) == currency(units) == Decimal(units) / 10_000
    assert units_from_currency(currency_text(units)) == units
