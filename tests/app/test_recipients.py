"""Recipients as users type them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reseller_reporting.app.house import House
from reseller_reporting.app.recipients import check_recipients, split_addresses
from reseller_reporting.config import load_settings


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a@example.com", ["a@example.com"]),
        ("a@example.com, b@example.com;c@example.com", ["a@example.com", "b@example.com", "c@example.com"]),
        (" a@example.com \r\n\n;, b@example.com,", ["a@example.com", "b@example.com"]),
        (" ;, ", []),
    ],
)
def test_addresses_may_be_kept_apart_in_any_way(typed: str, expected: list[str]) -> None:
    assert split_addresses(typed) == expected


def test_whoever_is_named_twice_is_written_to_once(tmp_path: Path) -> None:
    settings = load_settings(
        {"RESELLER_REPORTING_HOME": str(tmp_path), "RESELLER_REPORTING_SMTP_URL": "smtp://mail.example.com"},
        working_folder=tmp_path,
    )
    house = House(settings, clock=lambda: datetime(2026, 11, 25, tzinfo=UTC))
    typed = ["a@example.com", "b@example.com", "A@Example.COM", "a@example.com"]
    assert check_recipients(house, typed) == ["a@example.com", "b@example.com"]
