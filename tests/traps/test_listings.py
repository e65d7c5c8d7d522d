"""Traps of listings: what each page must repeat, what ends one, which ends of a range belong to it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running

ALICE, CAROL, ACME = "1" * 32, "3" * 32, "a" * 32
SPAN_MAX = 2_682_000


def queries(june: Any, account_id: str, path: str) -> list[dict[str, str]]:
    wanted = f"/v2/accounts/{account_id}/{path}"
    return [request.query for request in june.kazoo.requests if request.path == wanted]


@pytest.mark.parametrize("path", ["cdrs", "ledgers/per-minute-voip"])
def test_every_page_repeats_the_range_and_the_filters_of_the_first(path: str, calm_june: Any) -> None:
    """Without `created_*` KAZOO would go on in its default range, the last 31 days."""
    asked = queries(calm_june, ALICE, path)
    first = [query for query in asked if "start_key" not in query]
    later = [query for query in asked if "start_key" in query]
    assert len(later) > 3
    for query in later:
        assert {name: value for name, value in query.items() if name != "start_key"} in first
    for query in asked:
        assert query["created_from"].isdigit()
        assert query["created_to"].isdigit()


def test_listings_are_asked_for_in_one_piece_and_not_as_a_stream(calm_june: Any) -> None:
    """A stream says 200 and `success` before it fails, and then nothing tells that rows are missing."""
    listed = [request for request in calm_june.kazoo.requests if "created_from" in request.query]
    assert {request.query["is_chunked"] for request in listed} == {"false"}
    assert {request.query.get("paginate", "true") for request in listed} == {"true"}


def test_calls_are_asked_for_in_closed_ranges_and_ledgers_in_half_open_ones(run_june: Callable[..., Any]) -> None:
    june = run_june("range_seconds=86400")
    for path, step in (("cdrs", 1), ("ledgers/per-minute-voip", 0)):
        asked = [q for q in queries(june, ALICE, path) if "start_key" not in q and "ascending" not in q]
        spans = sorted({(int(q["created_from"]), int(q["created_to"])) for q in asked})
        allowed = [span for span in spans if span[1] - span[0] <= 86_400]
        assert len(allowed) > 30
        assert {after[0] - before[1] for before, after in pairwise(allowed)} == {step}


def test_what_was_saved_at_the_very_edge_of_a_range_is_counted_once(
    new_terminal: Callable[[], Any], at: Callable[[str], datetime], rate: Any
) -> None:
    """A closed range read as half-open loses the second at its end; the other way round it is read twice."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id=ACME)
    world.customer("Alice", parent=acme, account_id=ALICE)
    # Calls of 60 s that ring for 5 and are saved a second later: in the last, the first and the second second of days.
    for day in range(1, 29):
        for second in (-1, 0, 1):
            started_at = at(f"06-{day + 1:02} 00:00") + timedelta(seconds=second - 66)
            world.call(ALICE, started_at=started_at, number="+442071234567", answered_seconds=60, rate=rate)
    left = []
    for faults in ("calm", "range_seconds=86400", "range_seconds=86399", "range_seconds=172801"):
        terminal = new_terminal()
        with running(world, faults=parse_faults(faults)) as kazoo:
            terminal.connect(kazoo)
            assert terminal.run("run", "--period", "2024-06", "--out", "out").code == 0
        left.append(terminal.left())
    assert {each.row(ALICE)["Calls"] for each in left} == {"84"}
    # Two days after a month's end are within reach of the last range only; the others say that they cannot know.
    assert [each.row(ALICE)["Complete"] for each in left] == ["yes", "no", "no", "yes"]
    assert len({each.row(ALICE)["Ledgers Per Minute"] for each in left}) == 1
    assert left[0].account(ALICE)["customer_cost"] == "2.5200"  # 84 minutes of 0.0300.


def test_no_range_is_longer_than_31_days_and_an_hour(calm_june: Any) -> None:
    for account_id, path in ((ALICE, "cdrs"), (ALICE, "ledgers/per-minute-voip"), (ACME, "ledgers/per-minute-voip")):
        spans = [int(q["created_to"]) - int(q["created_from"]) for q in queries(calm_june, account_id, path)]
        assert 0 < max(spans) <= SPAN_MAX


def test_a_range_over_a_months_end_is_read_in_one_page(run_june: Callable[..., Any]) -> None:
    """One key pages two databases, so that a break of pages near the boundary may skip rows."""
    june = run_june(page_size=1)
    for account_id in (ALICE, CAROL):
        over_the_end = [q for q in queries(june, account_id, "cdrs") if "ascending" in q]
        assert len(over_the_end) > 2  # A page of one row is never enough.
        assert not any("start_key" in query for query in over_the_end)


def test_tables_without_an_envelope_and_sums_of_calls_are_never_asked_for(calm_june: Any) -> None:
    """CSV has no key to go on with, /cdrs/interaction shows the free leg, /cdrs/summary adds months up wrongly."""
    for request in calm_june.kazoo.requests:
        assert not request.path.endswith(("/cdrs/interaction", "/cdrs/summary", "/ledgers", "/transactions"))
        assert not {"accept", "file_name"} & request.query.keys()


@pytest.mark.parametrize(("fault", "code", "figures"), [
    ("count_wrong=1", "page_size_mismatch", r"announced \d+ rows and sent \d+"),
    ("lost_entries=0.3", "ledger_sum_differs", r"to -\d\.\d{4} for \d+ charged seconds, the entries it lists to -\d"),
    ("lost_entries=0.3", "customer_ledger_differs", r"listed \d\.\d{4}, in the ledger \d\.\d{4}"),
    ("lost_entries=0.3", "reseller_ledger_differs", r"listed \d\.\d{4}, in the ledger \d\.\d{4}"),
])  # fmt: skip
def test_a_difference_is_a_warning_with_both_figures_in_the_manifest_and_on_the_first_sheet(
    fault: str, code: str, figures: str, run_june: Callable[..., Any], calm_june: Any
) -> None:
    june = run_june(fault)
    assert june.outcome.code == 0
    assert code not in calm_june.warnings(ALICE)
    message = june.warnings(ALICE)[code]
    assert re.search(figures, message), message
    first_sheet = june.left.book(ALICE).worksheets[0]
    shown = [str(cell) for row in first_sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert any(message in each for each in shown)
    # The calls are all there, and cost what they cost.
    assert june.left.row(ALICE)["Customer Cost"] == calm_june.left.row(ALICE)["Customer Cost"]
    assert june.left.row(ALICE)["Calls"] == calm_june.left.row(ALICE)["Calls"]
