"""Which calls a span gives, over months, pages and whatever a server does with them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reseller_reporting.model.errors import KazooDenied
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.sources.gregorian import gregorian

Asked = Any  # The fixture of conftest.py.
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
RATE = Rate(units=300)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def alice(world: ScriptedWorld) -> str:
    return world.customer("Alice", parent=world.reseller("Acme"))


def test_a_leg_is_given_by_its_start_and_only_once(asked: Asked, alice: str) -> None:
    inside = [
        asked.world.call(alice, started_at=at(f"2026-10-{day:02d} 12:00"), number="+442071234567", rate=RATE).id
        for day in range(1, 32)
    ]
    for outside in ("2026-09-30 23:50", "2026-11-01 00:00"):
        asked.world.call(alice, started_at=at(outside), number="+442071234567", rate=RATE)
    assert asked.leg_ids(alice, *OCTOBER) == sorted(inside)


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_a_call_over_the_months_end_is_not_missed(asked: Asked, alice: str, page_size: int) -> None:
    over = asked.world.call(
        alice, started_at=at("2026-10-31 23:50"), number="+442071234567", rate=RATE, answered_seconds=1800
    )
    before = asked.world.call(
        alice, started_at=at("2026-09-30 23:50"), number="+442071234567", rate=RATE, answered_seconds=1800
    )
    busy = [asked.world.call(alice, started_at=at(f"2026-11-01 0{hour}:00"), number="+1415") for hour in range(10)]
    asked.options["page_size"] = page_size
    assert asked.leg_ids(alice, *OCTOBER) == [over.id]
    september = at("2026-09-01 00:00"), at("2026-10-01 00:00")
    assert asked.leg_ids(alice, *september) == [before.id]
    november = at("2026-11-01 00:00"), at("2026-12-01 00:00")
    assert asked.leg_ids(alice, *november) == sorted(each.id for each in busy)


def test_a_leg_saved_a_day_late_is_read(asked: Asked, alice: str) -> None:
    late = asked.world.call(
        alice, started_at=at("2026-10-31 20:00"), number="+1415", answered_seconds=80_000, saved_after_seconds=80_000
    )
    assert asked.leg_ids(alice, *OCTOBER) == [late.id]


def test_a_leg_filed_by_its_end_is_read(asked: Asked, alice: str) -> None:
    """The second CDR writer files by the report's own time: id and database are of the later month."""
    started = at("2026-10-31 23:50")
    row = {
        "id": "202611-filed-by-end",
        "call_id": "filed-by-end",
        "direction": "outbound",
        "timestamp": str(gregorian(started)),
        "duration_seconds": 1200,
    }
    asked.world.raw_row(alice, row, saved_at=started + timedelta(seconds=1200), month="202611")
    assert asked.leg_ids(alice, *OCTOBER) == ["202611-filed-by-end"]


def test_pages_are_read_to_the_last(asked: Asked, alice: str) -> None:
    ids = [
        asked.world.call(alice, started_at=at("2026-10-05 12:00") + timedelta(minutes=m), number="+1415").id
        for m in range(23)
    ]
    asked.options["page_size"] = 5
    assert asked.leg_ids(alice, *OCTOBER) == sorted(ids)
    assert asked.kazoo is not None
    listings = [request for request in asked.kazoo.requests if request.path.endswith("/cdrs")]
    assert all({"created_from", "created_to", "page_size", "is_chunked"} <= set(each.query) for each in listings)
    assert {each.query["is_chunked"] for each in listings} == {"false"}


def test_a_shorter_maximum_range_is_minded(asked: Asked, alice: str) -> None:
    ids = [asked.world.call(alice, started_at=at(f"2026-10-{d:02d} 00:00"), number="+1415").id for d in range(1, 32)]
    asked.server_options["range_seconds_max"] = 3 * 86_400
    assert asked.leg_ids(alice, *OCTOBER) == sorted(ids)


def test_a_malformed_record_is_a_problem_and_stops_nothing(asked: Asked, alice: str) -> None:
    good = asked.world.call(alice, started_at=at("2026-10-05 12:00"), number="+1415", rate=RATE)
    row = {
        "id": "202610-bad",
        "call_id": "bad",
        "timestamp": str(gregorian(at("2026-10-05 12:59"))),
        "direction": "sideways",
        "call_type": "per_minute",
        "cost": True,
    }
    asked.world.raw_row(alice, row, saved_at=at("2026-10-05 13:00"))
    pages = asked.pages(alice, *OCTOBER)
    legs = [leg for page in pages for leg in page.legs["leg_id"].to_pylist()]
    problems = [problem for page in pages for problem in page.problems.to_pylist()]
    assert legs == [good.id]
    assert [(each["record_id"], each["reason"]) for each in problems] == [("202610-bad", "unknown direction: sideways")]


@pytest.mark.parametrize("month", ["2026-09", "2026-10", "2026-11"])
def test_a_record_without_a_start_is_in_one_period_only(asked: Asked, alice: str, month: str) -> None:
    asked.world.raw_row(
        alice, {"id": "202610-none", "direction": "inbound"}, saved_at=at("2026-11-01 10:00"), month="202610"
    )
    asked.world.raw_row(alice, {"direction": "inbound"}, saved_at=at("2026-10-31 10:00"), month="202610")
    begin = at(f"{month}-01")
    pages = asked.pages(alice, begin, begin.replace(month=begin.month + 1))
    reasons = sorted(each["reason"] for page in pages for each in page.problems.to_pylist())
    assert reasons == (["no id", "no start"] if month == "2026-10" else [])


def test_a_missing_view_is_no_data_and_a_warning(asked: Asked, alice: str) -> None:
    asked.world.answer(alice, "/cdrs", status=503)
    pages = asked.pages(alice, *OCTOBER)
    assert sum(page.legs.num_rows for page in pages) == 0
    assert {warning.code for page in pages for warning in page.warnings} == {"datastore_missing_view"}


def test_a_forbidden_account_is_denied(asked: Asked, alice: str) -> None:
    asked.world.answer(alice, "/cdrs", status=403)
    with pytest.raises(KazooDenied, match="does not permit"):
        asked.pages(alice, *OCTOBER)
