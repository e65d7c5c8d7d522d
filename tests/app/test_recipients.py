"""Recipients as users type them."""

import pytest

from reseller_reporting.app.recipients import split_addresses


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
