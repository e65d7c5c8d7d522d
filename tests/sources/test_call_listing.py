"""Which record is a leg, which is malformed, and that the fast way and the slow way agree."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.kazoo.envelope import LISTING, read_page
from reseller_reporting.sources.listing import LegPage, Reading, leg_page, month_of_id

START = gregorian(datetime(2026, 10, 1, tzinfo=UTC))
READING = Reading(
    account_id="a",
    source="kazoo:h",
    origin="kazoo:cdrs",
    taken_at=datetime(2026, 11, 2, tzinfo=UTC),
    fallback_seconds=START + 86_400,
)


def record(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": "202610-x@1.2.3.4",
        "call_id": "x@1.2.3.4",
        "timestamp": str(START + 60),
        "direction": "outbound",
        "duration_seconds": 70,
        "billing_seconds": 60,
        "call_type": "per_minute",
        "cost": "300",
        "rate": "0.03",
        "reseller_cost": "300",
        "reseller_call_type": "per_minute",
    }
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def read(*records: object, reading: Reading = READING) -> LegPage:
    page = read_page(json.dumps({"data": records}).encode(), LISTING)
    return leg_page(page.rows, page.records, reading)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ...}, "no id"),
        ({"id": ""}, "no id"),
        ({"id": "  "}, "no id"),
        ({"id": None}, "no id"),
        ({"timestamp": ...}, "no start"),
        ({"timestamp": ""}, "no start"),
        ({"timestamp": "0"}, "no start"),
        ({"timestamp": -5}, "no start"),
        ({"timestamp": "62167219200"}, "no start"),
        ({"timestamp": "yesterday"}, "timestamp is not a time: yesterday"),
        ({"timestamp": 1_798_761_600_000_000}, "timestamp is not a time: 1798761600000000"),
        ({"direction": ...}, "no direction"),
        ({"direction": ""}, "no direction"),
        ({"direction": "sideways"}, "unknown direction: sideways"),
        ({"billing_seconds": -5}, "billing_seconds is negative: -5"),
        ({"duration_seconds": "-1"}, "duration_seconds is negative: -1"),
        ({"billing_seconds": "abc"}, "billing_seconds is not a number of seconds: abc"),
        ({"billing_seconds": True}, "billing_seconds is not a number of seconds: true"),
        ({"billing_seconds": 1.5}, "billing_seconds is not a number of seconds: 1.5"),
        ({"billing_seconds": "NaN"}, "billing_seconds is not a number of seconds: NaN"),
        ({"billing_seconds": float("nan")}, "billing_seconds is not a number of seconds: NaN"),
        ({"billing_seconds": float("inf")}, "billing_seconds is not a number of seconds: Infinity"),
        ({"billing_seconds": 10**30}, f"billing_seconds is not a number of seconds: {10**30}"),
        ({"cost": "much"}, "cost is not a number: much"),
        ({"cost": ""}, "call_type is per_minute without cost"),
        ({"cost": ...}, "call_type is per_minute without cost"),
        ({"reseller_cost": "?"}, "reseller_cost is not a number: ?"),
        ({"reseller_cost": None}, "reseller_call_type is per_minute without reseller_cost"),
    ],
)
def test_a_malformed_record_is_a_problem_with_its_reason(changes: dict[str, object], reason: str) -> None:
    good = record(id="202610-good")
    page = read(record(**changes), good)
    assert page.legs["leg_id"].to_pylist() == ["202610-good"]
    [problem] = page.problems.to_pylist()
    assert problem["reason"] == reason
    assert problem["record_id"] == ("x@1.2.3.4" if reason == "no id" else "202610-x@1.2.3.4")
    assert problem["origin"] == "kazoo:cdrs"
    assert problem["row"] is None


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"billing_seconds": ""}, "answered_seconds", 0),
        ({"billing_seconds": ...}, "answered_seconds", 0),
        ({"duration_seconds": None}, "duration_seconds", 0),
        ({"billing_seconds": "61"}, "answered_seconds", 61),
        ({"billing_seconds": 61.0}, "answered_seconds", 61),
        ({"timestamp": START + 60}, "started_at", datetime(2026, 10, 1, 0, 1, tzinfo=UTC)),
        ({"call_type": "flat_rate", "cost": "900"}, "customer_cost_units", 0),
        ({"call_type": "flat_rate", "cost": "?"}, "customer_cost_units", 0),
        ({"call_type": ...}, "customer_call_type", ""),
        ({"cost": 300}, "customer_cost_units", 300),
        ({"cost": "-300"}, "customer_cost_units", -300),
        ({"reseller_cost": ..., "reseller_call_type": ...}, "reseller_cost_units", None),
        ({"reseller_cost": ..., "reseller_call_type": ...}, "reseller_call_type", None),
        ({"reseller_cost": "0", "reseller_call_type": ...}, "reseller_call_type", ""),
        ({"reseller_cost": "900", "reseller_call_type": "flat_rate"}, "reseller_cost_units", 0),
        ({"rate": "0.0"}, "rate_units", 0),
        ({"rate": "dear"}, "rate_units", 0),
        ({"rate": 0.03}, "rate_units", 300),
        ({"rate": "0.0105"}, "rate_units", 105),
        ({"caller_id_name": 'Zoë, "the" Ünal\n'}, "caller_id_name", 'Zoë, "the" Ünal\n'),
        ({"caller_id_name": None}, "caller_id_name", ""),
        ({"dialed_number": 911}, "dialed_number", "911"),
        ({"owner_id": "\ud800x"}, "owner_id", "?x"),
        ({"media_recordings": ["a", "b"], "anything": {"else": 1}}, "month", "2026-10"),
    ],
)
def test_a_leg_reads_what_stands_there(changes: dict[str, object], column: str, value: object) -> None:
    page = read(record(**changes))
    assert page.problems.num_rows == 0
    assert page.legs[column].to_pylist() == [value]


def test_a_record_without_a_start_is_placed_by_its_window_within_the_month_of_its_id() -> None:
    def placed(record_id: str) -> datetime:
        page = read(record(id=record_id, timestamp="0"))
        return page.problems["at"].to_pylist()[0]  # type: ignore[no-any-return]

    assert placed("202610-x") == datetime(2026, 10, 2, tzinfo=UTC)
    assert placed("202609-x") == datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC)
    assert placed("202611-x") == datetime(2026, 11, 1, tzinfo=UTC)
    assert placed("nothing") == datetime(2026, 10, 2, tzinfo=UTC)


def test_the_record_is_kept_as_it_came() -> None:
    page = read(record(direction="?", amount=6.9900000000000002132))
    assert json.loads(page.problems["record"].to_pylist()[0]) == record(direction="?", amount=6.99)


@pytest.mark.parametrize(
    ("leg_id", "month"),
    [("202406-b", "2024-06"), ("202413-b", None), ("2024-06b", None), ("", None), ("202406", None), ("x02406-b", None)],
)
def test_an_id_names_the_month_of_its_database(leg_id: str, month: str | None) -> None:
    assert month_of_id(leg_id) == month


SECONDS = st.one_of(st.integers(-3, 9999), st.sampled_from(["", "12", None, "x", "1_0", "٣"]))
UNITS = st.one_of(st.integers(-3, 10**20).map(str), st.sampled_from(["", None, 7, "x", "1_0", "9.0", "٣"]))
TYPES = st.sampled_from(["per_minute", "flat_rate", "", None])
RECORDS = st.builds(
    record,
    id=st.sampled_from(["202610-a", "202610-b", "c", "", " "]),
    timestamp=st.one_of(st.integers(START - 99, START + 99).map(str), st.sampled_from(["0", "", "x", START, None])),
    direction=st.sampled_from(["inbound", "outbound", "outbound", "", "up"]),
    duration_seconds=SECONDS,
    billing_seconds=SECONDS,
    call_type=TYPES,
    cost=UNITS,
    rate=st.sampled_from(["0.03", "0.0", "", None, 1, "x"]),
    reseller_call_type=st.one_of(TYPES, st.just(...)),
    reseller_cost=st.one_of(UNITS, st.just(...)),
)


@given(st.lists(RECORDS, max_size=4), st.booleans())
def test_the_fast_way_gives_what_the_slow_way_gives(records: list[dict[str, Any]], is_cut: bool) -> None:
    span: dict[str, Any] = {"from_seconds": START, "to_seconds": START + 50, "skip": {"c"}} if is_cut else {}
    reading = Reading(account_id="a", source="s", origin="o", taken_at=READING.taken_at, fallback_seconds=START, **span)
    page = read_page(json.dumps({"data": records}).encode(), LISTING)
    fast, slow = leg_page(page.rows, page.records, reading), leg_page(None, page.records, reading)
    assert fast.legs.to_pylist() == slow.legs.to_pylist()
    assert fast.problems.to_pylist() == slow.problems.to_pylist()
    if not is_cut:
        assert fast.legs.num_rows + fast.problems.num_rows == len(
            {json.dumps(r) if not r["id"] else r["id"] for r in records}
        )
