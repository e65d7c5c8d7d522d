"""What KAZOO's own code lists and exports, read back figure by figure."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reseller_reporting.model.units import units_from_currency
from reseller_reporting.sources.files import read_calls
from reseller_reporting.sources.kazoo.envelope import LISTING, read_page
from reseller_reporting.sources.listing import LegPage, Reading, leg_page

# They are not ours to copy, so they are read where they stand: beside the checkout, if at all.
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "vectors" / "cdr_listing.jsonl"
TAKEN = datetime(2026, 12, 1, tzinfo=UTC)
EPOCH = 62_167_219_200

pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="the recorded answers of KAZOO's own code are not here")


def answered() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in VECTORS.read_text().splitlines()] if VECTORS.exists() else []
    return [row for row in rows if "error" not in row]


def expected(listing: dict[str, Any]) -> dict[str, Any]:
    """The kept figures, each from the listing by its own name."""
    return {
        "leg_id": listing["id"],
        "call_id": listing["call_id"],
        "interaction_id": listing["interaction_id"],
        "other_leg_call_id": listing["other_leg_call_id"],
        "started_at": datetime.fromtimestamp(int(listing["timestamp"]) - EPOCH, UTC),
        "direction": listing["direction"],
        "duration_seconds": listing["duration_seconds"] or 0,
        "answered_seconds": listing["billing_seconds"] or 0,
        "caller_id_number": listing["caller_id_number"],
        "caller_id_name": listing["caller_id_name"],
        "callee_id_number": listing["callee_id_number"],
        "dialed_number": listing["dialed_number"],
        "calling_from": listing["calling_from"],
        "owner_id": listing["owner_id"],
        "authorizing_id": listing["authorizing_id"],
        "hangup_cause": listing["hangup_cause"],
        "customer_call_type": listing["call_type"],
        "customer_cost_units": int(listing["cost"]),
        "reseller_call_type": listing.get("reseller_call_type"),
        "reseller_cost_units": int(listing["reseller_cost"]) if "reseller_cost" in listing else None,
        "rate_units": units_from_currency(listing["rate"]),
        "rate_name": listing["rate_name"],
    }


def kept(page: LegPage) -> list[dict[str, Any]]:
    names = expected(answered()[0]["out"]["listing"]).keys()
    return [{name: leg[name] for name in names} for leg in page.legs.to_pylist()]


def reading() -> Reading:
    return Reading(account_id="a", source="s", origin="o", taken_at=TAKEN, fallback_seconds=63_900_000_000)


@pytest.mark.parametrize("row", answered(), ids=lambda row: row["id"])
def test_a_listed_record_is_read_figure_by_figure(row: dict[str, Any], tmp_path: Path) -> None:
    listing = row["out"]["listing"]
    page = read_page(json.dumps({"data": [listing], "page_size": "1"}).encode(), LISTING)
    assert page.rows is not None
    typed, untyped = leg_page(page.rows, page.records, reading()), leg_page(None, page.records, reading())
    if not listing["id"] or int(listing["timestamp"]) <= 0:
        reason = "no start" if listing["id"] else "no id"
        assert [each["reason"] for each in typed.problems.to_pylist()] == [reason]
        return
    assert kept(typed) == kept(untyped) == [expected(listing)]
    quoted = tmp_path / "calls.csv"
    quoted.write_text(quoted_csv(listing), newline="")
    assert [leg for page in read_file(quoted) for leg in kept(page)] == [expected(listing)]


@pytest.mark.parametrize("row", answered(), ids=lambda row: row["id"])
def test_an_unquoted_line_is_read_or_is_a_problem(row: dict[str, Any], tmp_path: Path) -> None:
    listing, line = row["out"]["listing"], row["out"]["csv_line"]
    path = tmp_path / "calls.csv"
    path.write_text(",".join(row["out"]["columns"]) + "\r\n" + line, newline="")
    pages = list(read_file(path))
    legs = [leg for page in pages for leg in kept(page)]
    text = [str(value) for value in listing.values() if not isinstance(value, list)]
    is_breakable = any("," in value or "\n" in value for value in text if value != listing["rfc_1036"])
    if is_breakable or not listing["id"] or int(listing["timestamp"]) <= 0:
        assert not legs
        assert sum(page.problems.num_rows for page in pages) >= 1
    else:
        assert legs == [expected(listing)]


def quoted_csv(listing: dict[str, Any]) -> str:
    """As `/cdrs` writes it: `id` renamed, every cell in quotes, line feeds."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["ID" if name == "id" else name for name in listing])
    writer.writerow([",".join(value) if isinstance(value, list) else value for value in listing.values()])
    return out.getvalue()


def read_file(path: Path) -> list[LegPage]:
    return list(read_calls(path, account_id="a", source="file:calls.csv", taken_at=TAKEN))
