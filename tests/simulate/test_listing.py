"""The listing rows: what the real billing code listed of the same documents."""

import json
from pathlib import Path

import pytest

from reseller_reporting.simulate.listing import Document, listing_row

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "vectors" / "cdr_listing.jsonl"

RESELLER_LEG: Document = {
    "_id": "202406-b-leg-1@10.0.0.5",
    "call_id": "b-leg-1@10.0.0.5",
    "call_direction": "outbound",
    "timestamp": 63_884_817_152,
    "duration_seconds": 140,
    "billing_seconds": 125,
    "channel_created_time": 1_717_597_812_071_108,
    "to": "+442071234567@carrier.example",
    "from_uri": "+14155550100@blue.example",
    "custom_channel_vars": {
        "account_id": "aaaa",
        "authorizing_id": "aaaa",
        "account_billing": "per_minute",
        "reseller_billing": "flat_rate",
        "rate": "300",
        "rate_increment": "60",
        "rate_minimum": "60",
    },
}


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not on this machine")
def test_rows_are_those_of_the_real_kazoo_in_its_column_order() -> None:
    vectors = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]
    listed = [vector for vector in vectors if "out" in vector]
    assert len(listed) > 50
    for vector in listed:
        asked, wanted = vector["in"], vector["out"]
        row = listing_row(asked["doc"], asked["is_reseller"], int(asked.get("utc_offset") or 0))
        assert row == wanted["listing"], vector["id"]
        assert list(row) == wanted["columns"], vector["id"]


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not on this machine")
def test_what_kazoo_cannot_list_is_an_error() -> None:
    for vector in map(json.loads, VECTORS.read_text(encoding="utf-8").splitlines()):
        if "error" in vector:
            with pytest.raises(ValueError, match="KAZOO"):
                listing_row(vector["in"]["doc"], vector["in"]["is_reseller"])


def test_cost_is_in_units_and_rate_in_currency() -> None:
    row = listing_row(RESELLER_LEG, is_reseller=True)
    assert (row["cost"], row["rate"]) == ("900", "0.03")
    assert (row["reseller_cost"], row["reseller_call_type"]) == ("0", "flat_rate")


def test_time_is_that_of_the_start_and_the_offset_moves_only_datetime() -> None:
    row = listing_row(RESELLER_LEG, is_reseller=False, utc_offset_seconds=3600)
    assert row["timestamp"] == "63884817012"
    assert row["datetime"] == "2024-06-05_15:30:12"
    assert row["iso_8601_combined"] == "2024-06-05T14:30:12Z"
    assert row["rfc_1036"] == "Wed, 05 Jun 2024 14:30:12 GMT"


def test_an_account_that_authorises_itself_is_no_device() -> None:
    assert listing_row(RESELLER_LEG, is_reseller=False)["authorizing_id"] == ""
    assert len(listing_row(RESELLER_LEG, is_reseller=False)) == 35
