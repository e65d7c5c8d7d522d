"""One customer with more billable legs than a sheet has rows: through the real store and the real document step.

    python benchmarks/large_customer.py [--legs 1100000]

The legs are made up and enter where a pull hands its rows to the store; the pull itself is measured by main_job.py.
The rows of the call sheets are counted in the file, streamed as XML.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from measuring import HEADER, step
from reseller_reporting.model.account import Account, Limits, Services, Snapshot
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.tables import LEDGER_ENTRIES, LEGS
from reseller_reporting.rating.billed_columns import needing_documents
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.coverage import Covered
from reseller_reporting.store.lake import Lake
from reseller_reporting.store.spool import Spool

ROWS_OF_A_SHEET = 1_048_576
ROWS_OF_A_PAGE = 1_000
FROM_AT, TO_AT = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
TAKEN_AT = datetime(2026, 11, 10, tzinfo=UTC)
RESELLER, CUSTOMER = AccountId("a" * 32), AccountId("c" * 32)
SOURCE = "kazoo:made-up"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--legs", type=int, default=1_100_000)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)  # The first step, in a process of its own.
    asked = parser.parse_args()
    if asked.fill:
        _fill(Lake(asked.fill / "store"), asked.legs)
        return
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), asked.legs)


def _measure(folder: Path, legs: int) -> None:
    home, out = folder / "home", folder / "out"
    variables = {**os.environ, "RESELLER_REPORTING_HOME": str(home)}
    print(HEADER)
    filling = [sys.executable, __file__, "--fill", str(home), "--legs", str(legs)]
    step("rows into the store", filling, variables)
    asked = ["run", "--source", "store", "--period", "2026-10", "--timezone", "UTC", "--out", str(out)]
    step("`run --source store`", [sys.executable, "-m", "reseller_reporting", *asked], variables)
    totals = json.loads((out / "manifest.json").read_text("utf-8"))["totals"]
    (workbook,) = (out / "accounts").glob("*.xlsx")
    rows = call_rows(workbook)
    print(f"\n{totals['legs_read']} legs; {workbook.stat().st_size / 1e6:.0f} MB; rows with header: {rows}")
    assert totals["legs_read"] == legs, "a leg is lost"
    assert sum(rows.values()) == legs + len(rows), "a leg has no row"
    assert max(rows.values()) <= ROWS_OF_A_SHEET, "more rows than Excel opens"


# --- the store ---------------------------------------------------------------------------------------------------


def _fill(lake: Lake, count: int) -> None:
    """As a pull does it: spools, whole partitions, the look for legs that need documents, coverage last."""
    legs, entries = (
        Spool(schema, lake.folder / f"{name}.parquet") for name, schema in (("legs", LEGS), ("entries", LEDGER_ENTRIES))
    )
    for page in _pages(count):
        legs.add(pa.RecordBatch.from_pylist(page, schema=LEGS))
        charged = [_entry(leg) for leg in page if leg["customer_call_type"] == "per_minute"]
        entries.add(pa.RecordBatch.from_pylist(charged, schema=LEDGER_ENTRIES))
    for table, spool in (("legs", legs), ("ledger_entries", entries)):
        calls.replace_span(lake, table, [spool], account_ids=[CUSTOMER], from_at=FROM_AT, to_at=TO_AT)
        spool.close()
    where = calls.pin(lake).calls([CUSTOMER], from_at=FROM_AT, to_at=TO_AT, reseller_id=RESELLER)
    with calls.reading(where, spill=lake.folder / "spill") as reader:
        assert not any(needing_documents(batch).num_rows for batch in reader.undocumented())
    _tell_accounts(lake)
    taken = Covered(
        account_id=CUSTOMER,
        from_at=FROM_AT,
        to_at=TO_AT,
        taken_at=TAKEN_AT,
        source=SOURCE,
        legs=count,
        malformed=0,
        has_ledger=True,
    )
    coverage.record(lake, [taken])


def _pages(count: int) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, count, ROWS_OF_A_PAGE):
        yield [_leg(number, count) for number in range(first, min(count, first + ROWS_OF_A_PAGE))]


def _leg(number: int, count: int) -> dict[str, Any]:
    """Every third leg costs by the minute; the store must put them in order, so they come out of it."""
    text = {field.name: "" for field in LEGS if field.type == pa.string()}
    mixed = number * 7_919 % count
    seconds, per_minute = mixed % 600 + 1, mixed % 3 == 0
    cost_units = -(-seconds // 60) * 100 if per_minute else 0
    return text | {
        "month": "2026-10",
        "account_id": CUSTOMER,
        "leg_id": f"202610-{number:032x}",
        "call_id": f"{mixed:032x}@192.0.2.1",
        "started_at": FROM_AT + (TO_AT - FROM_AT) / count * mixed,
        "direction": "inbound" if mixed % 2 else "outbound",
        "duration_seconds": seconds + 8,
        "answered_seconds": seconds,
        "caller_id_number": f"+1415555{mixed % 10_000:04d}",
        "dialed_number": f"+4930{mixed % 10_000_000:07d}",
        "owner_id": f"{mixed % 500:032x}",
        "hangup_cause": "NORMAL_CLEARING",
        "customer_call_type": "per_minute" if per_minute else "flat_rate",
        "customer_cost_units": cost_units,
        "reseller_call_type": "per_minute" if per_minute else "flat_rate",
        "reseller_cost_units": cost_units,
        "rate_units": 100,
        "rate_name": f"RATE-{mixed % 200}",
        "source": SOURCE,
        "taken_at": TAKEN_AT,
    }


def _entry(leg: dict[str, Any]) -> dict[str, Any]:
    return {
        "month": "2026-10",
        "account_id": CUSTOMER,
        "ledger_account_id": CUSTOMER,
        "entry_id": f"entry-{leg['leg_id']}",
        "service": "per-minute-voip",
        "call_id": leg["call_id"],
        "period_start_at": min(leg["started_at"] + timedelta(seconds=leg["duration_seconds"]), TO_AT - timedelta(1)),
        "amount_units": -leg["customer_cost_units"],
        "charged_seconds": -(-leg["answered_seconds"] // 60) * 60,
        "answered_seconds": leg["answered_seconds"],
        "rate_units": leg["rate_units"],
        "rate_increment_seconds": 60,
        "rate_minimum_seconds": 60,
        "rate_nocharge_seconds": 0,
        "rate_name": leg["rate_name"],
        "source": SOURCE,
        "taken_at": TAKEN_AT,
    }


def _tell_accounts(lake: Lake) -> None:
    own = Account(id=RESELLER, name="Brightline Telecom", is_reseller=True)
    customer = Account(id=CUSTOMER, name="Large", parent_id=RESELLER, reseller_id=RESELLER, tree=(RESELLER,))
    taken = [
        Snapshot(
            account=account,
            taken_at=TAKEN_AT,
            source=SOURCE,
            services=Services(),
            limits=Limits(),
            users={f"{number:032x}": f"User {number}" for number in range(500)},
            devices={},
        )
        for account in (own, customer)
    ]
    snapshots.write(lake, taken, own_id=RESELLER)


# --- the file ----------------------------------------------------------------------------------------------------


def call_rows(workbook: Path) -> dict[str, int]:
    """Rows of each call sheet, counted without holding them."""
    with zipfile.ZipFile(workbook) as parts:
        names = re.findall(r'<sheet name="([^"]*)"', parts.read("xl/workbook.xml").decode())
        return {
            name: _rows(parts, f"xl/worksheets/sheet{number}.xml")
            for number, name in enumerate(names, 1)
            if name == "Calls" or re.fullmatch(r"Calls \d+", name)
        }


def _rows(parts: zipfile.ZipFile, name: str) -> int:
    count, rest = 0, b""
    with parts.open(name) as sheet:
        while piece := sheet.read(1 << 20):
            whole = rest + piece
            count += whole.count(b"<row ")
            rest = whole[-4:]  # Shorter than what is counted, so nothing is counted twice.
    return count


if __name__ == "__main__":
    main()
