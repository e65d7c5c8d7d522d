"""Every recorded answer of KAZOO's own billing code, row by row, against ours.

The files are not ours to copy: they are read where they stand, or where RESELLER_REPORTING_VECTORS says.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from vectors_authorisation import check_authz_timeline, check_number_eligibility, check_trunk_authorize
from vectors_charge import check_call_cost
from vectors_import import check_rate_import
from vectors_selection import check_rate_selection
from vectors_services import check_service_plan_items

from reseller_reporting.rating.selection import KazooDeck
from reseller_reporting.simulate.listing import listing_row

_NAMED = os.environ.get("RESELLER_REPORTING_VECTORS")
VECTORS = Path(_NAMED) if _NAMED else Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "vectors"

Row = Mapping[str, Any]


def rows(name: str) -> Iterator[Row]:
    path = VECTORS / f"{name}.jsonl"
    if not path.exists():
        # A folder that somebody names must hold them all.
        assert _NAMED is None, f"{path} is missing"
        pytest.skip(f"the recorded answers of KAZOO's own code are not here: {path}")
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def check_cdr_listing(row: Row) -> None:
    asked = row["in"]
    list_it = partial(listing_row, asked["doc"], asked["is_reseller"], int(asked.get("utc_offset") or 0))
    if "error" in row:
        with pytest.raises(ValueError, match="KAZOO"):
            list_it()
        return
    listed = list_it()
    assert listed == row["out"]["listing"]
    assert list(listed) == row["out"]["columns"]


def assert_every_row(name: str, check: Callable[[Row], None]) -> None:
    """All rows are tried, and the failing ones named."""
    count, failing = 0, {}
    for row in rows(name):
        count += 1
        try:
            check(row)
        except (AssertionError, Exception) as error:  # noqa: BLE001  # Whatever goes wrong is that row's failure.
            failing[row["id"]] = repr(error)[:300]
    assert count > 0, f"{name} holds no row"
    assert not failing, f"{len(failing)} of {count} rows of {name}: {dict(list(failing.items())[:5])}"


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("call_cost", check_call_cost),
        ("number_eligibility", check_number_eligibility),
        ("trunk_authorize", check_trunk_authorize),
        ("authz_timelines", check_authz_timeline),
        ("rate_import", check_rate_import),
        ("cdr_listing", check_cdr_listing),
        ("service_plan_items", check_service_plan_items),
    ],
)
def test_every_row_is_answered_as_kazoo_answers_it(name: str, check: Callable[[Row], None]) -> None:
    assert_every_row(name, check)


def test_every_choice_of_a_rate_is_kazoos() -> None:
    decks = {row["deck"]: KazooDeck(row["deck"], row["rates"]) for row in rows("ratedecks")}
    assert_every_row("rate_selection", partial(check_rate_selection, decks=decks))
