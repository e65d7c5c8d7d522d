"""The footer of a printed page says whose it is, and runs no command that a name smuggles in."""

import pytest

from reseller_reporting.reports.render.sheet import page_footer


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Blue Cafe", "&L&9 Blue Cafe · 2026-10&C"),
        ("Ampersand & Sons", "&L&9 Ampersand && Sons · 2026-10&C"),
        ("24 Hours", "&L&9 24 Hours · 2026-10&C"),  # No type size of 924.
        ("line\nbreak\x00", "&L&9 linebreak · 2026-10&C"),
    ],
)
def test_a_page_says_whose_it_is(name: str, shown: str) -> None:
    assert page_footer(name, "2026-10").startswith(shown)


def test_a_long_name_stays_within_what_a_footer_may_hold() -> None:
    assert len(page_footer("&" * 500, "2026-10-01..2026-10-16")) < 255
