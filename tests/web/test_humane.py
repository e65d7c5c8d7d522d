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


@pytest.mark.parametrize(
    ("seconds", "shown"), [(90, "1.50"), (20, "0.33"), (100, "1.67"), (None, "–"), (6_000_000, "100,000.00")]
)
def test_minutes_are_rounded(seconds: int | None, shown: str) -> None:
    with translation.override("en"):
        assert humane.minutes(seconds) == shown


def test_a_person_of_kazoo_is_shown_by_the_name_they_log_in_with() -> None:
    account = "b5748" + "0" * 27
    assert humane.person_name(f"user1001@acme.example.com@{account}:1") == "user1001@acme.example.com"
    assert humane.person_name(f"user1001@{account}:12") == "user1001"
    assert humane.account_id_of_person(f"user1001@{account}:12") == account
    for other in ("anna@example.com", "system", f"user1001@{account}"):
        assert humane.person_name(other) == other
        assert humane.account_id_of_person(other) == ""
