"""How figures are shown on pages: rounded half up, never cut off."""

import pytest
from django.utils import translation

from reseller_reporting.web.templatetags import humane


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        *[("44.6777", "44.68"), ("8.475", "8.48"), ("2.5949", "2.59"), ("-0.005", "−0.01"), ("-0.004", "0.00")],
        *[("1234567.891", "1,234,567.89"), ("", "–"), (None, "–"), ("much", "much"), ("0", "0.00")],
    ],
)
def test_money_is_rounded(amount: str | None, shown: str) -> None:
    with translation.override("en"):
        assert humane.money(amount) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(90, "2"), (89, "1"), (150, "3"), (None, "–"), (6_000_000, "100,000")])
def test_minutes_are_rounded(seconds: int | None, shown: str) -> None:
    with translation.override("en"):
        assert humane.minutes(seconds) == shown
