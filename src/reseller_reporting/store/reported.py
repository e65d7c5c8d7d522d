"""Reported: what the last reports of a period said, leg by leg, so that the next one can tell what changed since.

Owns: a line of reports (one period, one kind of run) and its files. Does not own: which runs are compared.

Invariants
- A line keeps two reports: the last one, and the last one before it that was made of other data. A report is compared
  with the last of another version, so that the same one made again is compared with the same one, and says the same.
- Legs are kept by the digest of their file, once, however many reports said them.
- Only a published report is kept. What is missing or unreadable here is no earlier report, and stops nothing.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reseller_reporting.model.changes import (
    Amounts,
    ChangedLeg,
    ChangedSums,
    LegChange,
    LegChanges,
    Reported,
    ReportedAccount,
)
from reseller_reporting.model.row_blocks import RowBlocks
from reseller_reporting.model.tables import REPORTED_LEGS
from reseller_reporting.store.lake import connect, scan

# A sheet of more tells no more than the first.
CHANGED_LEGS_MAX = 200
_INDEX, _LOCK = "reports.json", ".lock"
_ROWS_PER_GROUP = 65_536
_MONTH_LENGTH = len("202610-")
_AMOUNTS = ("billing_seconds", "reseller_cost_units", "customer_cost_units", "price_micros")


class ReportedLegsFile:
    """Takes RATED_LEGS or PRICED_LEGS and writes the billable ones as REPORTED_LEGS."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks = RowBlocks(_ROWS_PER_GROUP)
        self._writer = pq.ParquetWriter(path, REPORTED_LEGS, compression="zstd", compression_level=1)

    def add(self, batch: pa.RecordBatch) -> None:
        self._write(self._blocks.add(_reported(batch.filter(batch.column("is_billable")))))

    def finish(self) -> str:
        """The digest of the file, which stands there whole now."""
        self._write(self._blocks.rest())
        self.close()
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        self._writer.close()

    def _write(self, blocks: Iterator[pa.Table]) -> None:
        for block in blocks:
            self._writer.write_table(block, row_group_size=_ROWS_PER_GROUP)


def _reported(billable: pa.RecordBatch) -> pa.RecordBatch:
    leg_ids, call_ids = billable.column("leg_id"), billable.column("call_id")
    is_told = pc.equal(pc.utf8_slice_codeunits(leg_ids, _MONTH_LENGTH), call_ids)
    has_prices = "price_micros" in billable.schema.names
    columns = [
        leg_ids,
        pc.if_else(is_told, pa.scalar(None, pa.string()), call_ids),
        billable.column("started_at"),
        pc.coalesce(billable.column("charged_seconds"), billable.column("answered_seconds")),
        billable.column("reseller_cost_units"),
        billable.column("customer_cost_units"),
        billable.column("price_micros") if has_prices else pa.nulls(billable.num_rows, pa.int64()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REPORTED_LEGS)


class ReportedLine:
    """The reports of one period and kind, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """One run at a time reads the line, publishes and is kept."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def earlier(self, version: str) -> Reported | None:
        """The last report of another version."""
        return next((each for each in self._kept() if each.version != version), None)

    def legs(self, digest: str) -> Path:
        return self._folder / f"{digest}.parquet"

    def keep(self, now: Reported, made: Mapping[str, Path]) -> None:
        """`now` is the last report from here on; `made` are files of its legs by their digests."""
        kept = [now, *(each for each in (self.earlier(now.version),) if each)]
        wanted = {account.legs for report in kept for account in report.accounts if account.legs}
        for digest in sorted(wanted):
            if not self.legs(digest).is_file():
                _copy(made[digest], self.legs(digest))
        text = json.dumps({"reports": [asdict(each) for each in kept]}, indent=1)
        partial = self._folder / f"{_INDEX}.partial"
        partial.write_text(text, encoding="ascii")
        partial.replace(self._folder / _INDEX)
        for path in self._folder.glob("*.parquet*"):
            if path.name.partition(".")[0] not in wanted:
                path.unlink(missing_ok=True)

    def _kept(self) -> Iterator[Reported]:
        told: list[Any] = []
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = list(json.loads((self._folder / _INDEX).read_bytes())["reports"])
        for each in told:
            with suppress(ValueError, KeyError, TypeError):
                report = _report(each)
                if all(self.legs(account.legs).is_file() for account in report.accounts if account.legs):
                    yield report


def _copy(source: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial")
    shutil.copyfile(source, partial)
    partial.replace(target)


def _report(told: Any) -> Reported:
    accounts = (
        ReportedAccount(**{**each, "amounts": None if each["amounts"] is None else Amounts(**each["amounts"])})
        for each in told["accounts"]
    )
    return Reported(version=str(told["version"]), accounts=tuple(accounts))


def compare(before: Path, now: Path, *, spill: Path | None = None) -> LegChanges:
    """What differs between two files of REPORTED_LEGS."""
    names = ("calls", *_AMOUNTS)
    of_both = [(side, name) for side in ("b", "n") for name in names]
    columns = ", ".join(f"{side}.{name} AS {side}_{name}" for side, name in of_both)
    said, says = (", ".join(f"{side}.{name}" for name in names) for side in ("b", "n"))
    kind = "CASE WHEN b.calls IS NULL THEN 'late' WHEN n.calls IS NULL THEN 'gone' ELSE 'changed' END"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE changed_legs AS
        SELECT {kind} AS kind, coalesce(n.started_at, b.started_at) AS started_at,
            coalesce(n.call_id, b.call_id) AS call_id, leg_id, {columns}
        FROM {_legs(before)} AS b FULL JOIN {_legs(now)} AS n USING (leg_id)
        WHERE ({said}) IS DISTINCT FROM ({says})
    """
    summed = ", ".join(_sum(f"{side}_{name}") for side, name in of_both)
    shown = ", ".join(f"{side}_{name}" for side, name in of_both)
    with connect(spill=spill) as con:
        con.execute(sql)
        by_kind = con.execute(f"SELECT kind, count(*), {summed} FROM changed_legs GROUP BY kind").fetchall()
        first = con.execute(
            f"SELECT kind, started_at, call_id, {shown} FROM changed_legs "
            f"ORDER BY started_at, call_id, leg_id LIMIT {CHANGED_LEGS_MAX}"
        ).fetchall()
        con.execute("DROP TABLE changed_legs")
    found = {LegChange(row[0]): row[1:] for row in by_kind}
    return LegChanges(
        sums={
            each: ChangedSums(legs=found[each][0], before=_summed(found[each][1:6]), now=_summed(found[each][6:]))
            for each in LegChange
            if each in found
        },
        first=tuple(
            ChangedLeg(
                kind=LegChange(row[0]),
                started_at=row[1],
                call_id=row[2],
                before=_amounts(row[3:8]),
                now=_amounts(row[8:]),
            )
            for row in first
        ),
    )


def _legs(path: Path) -> str:
    """One row a leg id. Should two legs bear one id, they are one here."""
    call_id = f"coalesce(call_id, substr(leg_id, {_MONTH_LENGTH + 1}))"
    sums = ", ".join(f"{_sum(name)} AS {name}" for name in _AMOUNTS)
    rows = scan([str(path)], REPORTED_LEGS)
    return (
        f"(SELECT leg_id, min({call_id}) AS call_id, min(started_at) AS started_at, count(*) AS calls, {sums} "
        f"FROM {rows} GROUP BY leg_id)"
    )


def _sum(column: str) -> str:
    """Null where no leg knows it; a leg without a price adds nothing to those that have one."""
    return f"sum({column})::HUGEINT"


def _summed(row: tuple[Any, ...]) -> Amounts:
    calls, seconds, reseller, customer, price = row
    return Amounts(calls or 0, seconds or 0, reseller, customer or 0, price)


def _amounts(row: tuple[Any, ...]) -> Amounts | None:
    return None if row[0] is None else _summed(row)
