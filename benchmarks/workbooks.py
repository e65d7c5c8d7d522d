"""Call sheets and workbooks at size: the product's writer against XlsxWriter's, and a month of many customers.

    python benchmarks/workbooks.py [--rows 200000] [--many-rows 1000000] [--customers 1000] [--legs-each 10000]

Each way runs in a process of its own, so that its peak of memory is its own. Everything is measured in this one run:
read the ratios. Legs are made up: random call ids and numbers, a third of them by the minute.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from reseller_reporting.engines.local import map_units
from reseller_reporting.model.account import Account
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import parse_period
from reseller_reporting.model.tables import EXPLAINED_LEGS
from reseller_reporting.rating import as_billed, billed_columns
from reseller_reporting.rating.country import country_name
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_xlsx import assemble, write_workbook
from reseller_reporting.reports.render.column_help import HELP
from reseller_reporting.reports.render.frame import Frame
from reseller_reporting.reports.render.local_time import local_clock
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.render.sheet import header_formats
from reseller_reporting.reports.render.sheet_calls import (
    CALL_COLUMNS,
    ROWS_PER_SHEET_MAX,
    CallSheets,
    country_label,
    user_label,
)

PERIOD = parse_period("2026-10", timezone="Europe/Berlin", now=datetime(2026, 11, 2, tzinfo=UTC))
USERS = {f"{number:032x}": f"User {number}" for number in range(40)}
ROWS_OF_A_BATCH = 8_192


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--many-rows", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--legs-each", type=int, default=10_000)
    parser.add_argument("--step", help=argparse.SUPPRESS)  # One step, in a process of its own.
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked.folder, asked)))
        return
    with tempfile.TemporaryDirectory() as folder:
        run = partial(_step, Path(folder), asked)
        _compare_sheets(run, asked.rows, asked.many_rows)
        _compare_rating(run, asked.rows)
        _make_many(run, asked.customers, asked.legs_each)


def _step(folder: Path, asked: argparse.Namespace, name: str) -> dict[str, Any]:
    sizes = [
        *("--rows", str(asked.rows), "--many-rows", str(asked.many_rows)),
        *("--customers", str(asked.customers), "--legs-each", str(asked.legs_each)),
    ]
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), *sizes]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return told


# --- what is printed ---------------------------------------------------------------------------------------------


def _compare_sheets(run: Callable[[str], dict[str, Any]], rows: int, many_rows: int) -> None:
    run("make")
    print(f"{rows} call rows, {len(CALL_COLUMNS)} columns\n")
    print("Ratios are of wall time, and of CPU time.\n")
    print("| way | wall s | CPU s | rows/s | times table | times constant memory | MB | of its size | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    table, constant = run("table"), run("constant")
    ways = {
        "XlsxWriter, table": table,
        "XlsxWriter, constant memory, filter": constant,
        "**ours**": run("fast"),
        "ours, zlib 1 (no ISA-L)": run("zlib"),
        "ours, zlib 6 (`small`)": run("small"),
        "deflating that XML alone": run("deflate"),
    }
    for name, told in ways.items():
        _print_way(name, told, rows, table, constant)
    _print_way(f"ours, {many_rows} rows", run("many"), many_rows, table, constant, is_like=False)


def _print_way(
    name: str,
    told: dict[str, Any],
    rows: int,
    table: dict[str, Any],
    constant: dict[str, Any],
    *,
    is_like: bool = True,
) -> None:
    wall = told["wall"]
    cpu_ratios = [other["cpu"] / told["cpu"] for other in (table, constant)]
    wall_ratios = [other["wall"] / wall for other in (table, constant)]
    ratios = [f"{a:.1f}, {b:.1f}" if is_like else "" for a, b in zip(wall_ratios, cpu_ratios, strict=True)]
    size = f"{told['size'] / constant['size']:.2f}" if is_like else ""
    figures = [f"{wall:.2f}", f"{told['cpu']:.2f}", f"{rows / wall:,.0f}", *ratios, f"{told['size'] / 1e6:.1f}", size]
    print(f"| {name} | {' | '.join(figures)} | {told['peak_mb']:.0f} |", flush=True)


def _compare_rating(run: Callable[[str], dict[str, Any]], rows: int) -> None:
    told = run("rating")
    print(f"\nStored legs explained, charged and placed, {rows} legs\n")
    print("| way | CPU s | legs/s | times |\n| --- | --- | --- | --- |")
    for name in ("row by row", "columns"):
        print(f"| {name} | {told[name]:.2f} | {rows / told[name]:,.0f} | {told['row by row'] / told[name]:.1f} |")


def _make_many(run: Callable[[str], dict[str, Any]], customers: int, legs_each: int) -> None:
    run("make_many")
    told = run("workbooks")
    print(f"\n{customers} workbooks of {legs_each} legs each, from rated columns, two processes\n")
    print("| wall s | CPU s | legs/s | MB | peak MB of the largest process |\n| --- | --- | --- | --- | --- |")
    legs = customers * legs_each
    print(
        f"| {told['wall']:.1f} | {told['cpu']:.1f} | {legs / told['wall']:,.0f} "
        f"| {told['size'] / 1e6:.0f} | {told['peak_mb']:.0f} |"
    )


# --- the steps ---------------------------------------------------------------------------------------------------


def _make(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    for name, rows in (("explained", asked.rows), ("many", asked.many_rows)):
        _write_legs(folder / f"{name}.parquet", _pieces(rows), is_rated=name == "many")
    _write_legs(folder / "rated.parquet", _pieces(asked.rows), is_rated=True)
    return {}


def _pieces(rows: int) -> list[int]:
    """Row groups are read whole: large ones would be what takes the memory."""
    return [min(50_000, rows - start) for start in range(0, rows, 50_000)]


def _make_customers(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Columns as they are in memory, mapped: what reading and rating take is measured by `main_job.py`."""
    with pa.OSFile(str(folder / "customers.arrow"), "wb") as file:
        writer = None
        for number in range(asked.customers):
            legs = billed_columns.rate_batch(made_up_legs(np.random.default_rng(number), asked.legs_each))
            writer = writer or pa.ipc.new_file(file, legs.schema)
            writer.write_batch(legs)
        assert writer is not None
        writer.close()
    return {}


def _write_legs(path: Path, counts: list[int], *, is_rated: bool) -> None:
    """A row group for each count of legs."""
    writer = None
    for number, count in enumerate(counts):
        legs = made_up_legs(np.random.default_rng(number), count)
        table = pa.Table.from_batches([billed_columns.rate_batch(legs) if is_rated else legs])
        writer = writer or pq.ParquetWriter(path, table.schema, use_dictionary=False)
        writer.write_table(table, row_group_size=count)
    assert writer is not None
    writer.close()


def made_up_legs(random: Any, count: int) -> pa.RecordBatch:
    """EXPLAINED_LEGS of one customer in report order."""
    seconds = np.where(
        random.random(count) < 0.12, 0, np.minimum(7_200, random.exponential(150, count).astype(int) + 1)
    )
    is_paid = random.random(count) < 1 / 3
    rates = np.minimum(99, random.exponential(20, count).astype(int))
    rate_units = np.array([90 + 10 * (number * 37 % 121) for number in range(100)])[rates]
    begin = int(PERIOD.from_at.timestamp() * 1_000)
    starts = np.sort(random.integers(begin, begin + 30 * 86_400_000, count)) * 1_000
    minutes = -(-seconds // 60)
    cost = np.where(is_paid, minutes * rate_units, 0)
    call_type = pa.DictionaryArray.from_arrays(is_paid.astype("i4"), ["flat_rate", "per_minute"]).cast(pa.string())
    digits = random.bytes(16 * count).hex()
    ids = pa.array([digits[start : start + 32] for start in range(0, len(digits), 32)])
    known: dict[str, Any] = {
        "leg_id": ids,
        "call_id": pc.binary_join_element_wise(ids, _chosen(random, count, ["192.0.2.7", "192.0.2.31"]), "@"),
        "started_at": pa.array(starts).cast(EXPLAINED_LEGS.field("started_at").type),
        "direction": _chosen(random, count, ["inbound", "outbound"]),
        "caller_id_number": _numbers(random, count),
        "dialed_number": _numbers(random, count),
        "owner_id": _chosen(random, count, ["", *USERS]),
        "answered_seconds": pa.array(seconds),
        "customer_call_type": call_type,
        "reseller_call_type": call_type,
        "customer_cost_units": pa.array(cost),
        "reseller_cost_units": pa.array(cost),
        "rate_units": pa.array(rate_units),
        "rate_name": pa.array([f"US-{number:04d}" for number in range(100)]).take(pa.array(rates)),
        "entry_charged_seconds": pa.array(minutes * 60, mask=~is_paid),
        "entry_rate_units": pa.array(rate_units, mask=~is_paid),
        "entry_increment_seconds": pa.array(np.full(count, 60), mask=~is_paid),
        "entry_minimum_seconds": pa.array(np.full(count, 60), mask=~is_paid),
        "has_document": pa.array(np.zeros(count, bool)),
    }
    return pa.RecordBatch.from_arrays(
        [known[field.name] if field.name in known else _blank(field, count) for field in EXPLAINED_LEGS],
        schema=EXPLAINED_LEGS,
    )


def _blank(field: pa.Field, count: int) -> pa.Array:
    if field.nullable:
        return pa.nulls(count, field.type)
    return pa.repeat(pa.scalar("" if field.type == pa.string() else 0, field.type), count)


def _chosen(random: Any, count: int, words: list[str]) -> pa.Array:
    return pa.array(words).take(pa.array(random.integers(0, len(words), count)))


def _numbers(random: Any, count: int) -> pa.Array:
    """Seven of ten in North America."""
    starts = pa.array(["+1415", "+1212", "+1646", "+1713", "+1305", "+1206", "+1404", "+4420", "+4930", "+5255"])
    ends = pa.array(random.integers(1_000_000, 9_999_999, count)).cast(pa.string())
    return pc.binary_join_element_wise(starts.take(pa.array(random.integers(0, 10, count))), ends, "")


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    yield from pq.ParquetFile(path, pre_buffer=False).iter_batches(ROWS_OF_A_BATCH)


def _facts() -> AccountFacts:
    account = Account(id=AccountId("b" * 32), name="Alice")
    return AccountFacts(account=account, reseller=account, period=PERIOD, currency="USD", data_from="KAZOO")


def _our_sheet(folder: Path, batches: list[pa.RecordBatch] | Path, rows: int, compression: Compression) -> Path:
    """A workbook that has the sheet Calls and nothing else."""
    workbook, made = Frame(folder), folder / "ours.xlsx"
    workbook.add_worksheet("Summary")
    calls = CallSheets(
        workbook,
        Look(workbook),
        columns=CALL_COLUMNS,
        notes=HELP,
        scratch=folder,
        compression=compression,
        listed_count=rows,
        rows_per_sheet=ROWS_PER_SHEET_MAX,
        legs_listed="all",
        zone=PERIOD.zone,
        user=user_label(USERS),
        country=country_label(country_name),
    )
    for batch in _batches(batches) if isinstance(batches, Path) else batches:
        calls.add(batch)
    calls.finish()
    workbook.close()
    assemble(made, workbook, calls, compression)
    return made


def _ours(compression: Compression, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    batches = list(_batches(folder / "rated.parquet"))
    _warm(folder, batches, compression)
    return _timed(lambda: _our_sheet(folder, batches, asked.rows, compression), times=5)


def _warm(folder: Path, batches: list[pa.RecordBatch], compression: Compression) -> None:
    """The compiler is imported, and its kernels are loaded or made."""
    import numba  # noqa: F401

    _our_sheet(folder, batches, sum(batch.num_rows for batch in batches), compression)


def _ours_without_isal(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    sys.modules["isal"] = None  # type: ignore[assignment]
    return _ours(Compression.FAST, folder, asked)


def _ours_many(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Read as it is written: what is in memory does not depend on the rows."""
    return _timed(lambda: _our_sheet(folder, folder / "many.parquet", asked.many_rows, Compression.FAST), times=1)


def _deflate(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    batches = list(_batches(folder / "rated.parquet"))
    with zipfile.ZipFile(_our_sheet(folder, batches, asked.rows, Compression.FAST)) as parts:
        xml = parts.read("xl/worksheets/sheet2.xml")
    from isal import isal_zlib

    def alone() -> bytes:
        stream = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
        return b"".join([stream.compress(xml), stream.flush()])

    return _timed(alone, times=5)


def _xlsxwriter(folder: Path, asked: argparse.Namespace, *, has_table: bool) -> dict[str, Any]:
    from xlsxwriter_rows import write_rows

    batches = list(_batches(folder / "rated.parquet"))

    def make() -> Path:
        made = folder / "theirs.xlsx"
        workbook = xlsxwriter.Workbook(str(made), {"constant_memory": not has_table, "tmpdir": str(folder)})
        look = Look(workbook)
        if has_table:
            sheet = workbook.add_worksheet("Calls")
            sheet.freeze_panes(1, 0)
            titles = [{"header": column.title} for column in CALL_COLUMNS]
            sheet.add_table(0, 0, asked.rows, len(CALL_COLUMNS) - 1, {"columns": titles})
        else:
            sheet = workbook.add_worksheet("Calls")
            sheet.freeze_panes(1, 0)
            for place, (column, header) in enumerate(
                zip(CALL_COLUMNS, header_formats(look, CALL_COLUMNS), strict=True)
            ):
                sheet.write_string(0, place, column.title, header)
            sheet.autofilter(0, 0, asked.rows, len(CALL_COLUMNS) - 1)
        kinds = [column.kind for column in CALL_COLUMNS]
        row = 1
        for batch in batches:
            write_rows(sheet, row, kinds, [getattr(look, kind) for kind in kinds], _columns(batch))
            row += batch.num_rows
        workbook.close()
        return made

    return _timed(make, times=1)


def _columns(batch: pa.RecordBatch) -> list[pa.Array]:
    labels = {"user": user_label(USERS), "country": country_label(country_name)}
    columns = []
    for column in CALL_COLUMNS:
        sources = [batch.column(name) for name in column.sources] or [pa.nulls(batch.num_rows)]
        values = pc.coalesce(*sources) if len(sources) > 1 else sources[0]
        if column.label in labels:  # Phrases are English already.
            values = pa.array([labels[column.label](each) if each else "" for each in values.to_pylist()])
        columns.append(local_clock(PERIOD.zone).of(values) if column.kind == "date_time" else values)
    return columns


def _rating(folder: Path, _: argparse.Namespace) -> dict[str, Any]:
    batches = list(_batches(folder / "explained.parquet"))
    batches = [pa.RecordBatch.from_arrays(batch.columns, schema=EXPLAINED_LEGS) for batch in batches]
    ways = {"columns": billed_columns.rate_batch, "row by row": as_billed.rate_batch}
    assert all(ways["columns"](batch).equals(ways["row by row"](batch)) for batch in batches)
    took = {}
    for name, way in ways.items():
        began = time.process_time()
        for batch in batches:
            way(batch)
        took[name] = time.process_time() - began
    return took


def _workbooks(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    (folder / "made").mkdir()
    sizes: list[int] = []
    tasks = [(folder, number) for number in range(asked.customers)]
    began = time.perf_counter()
    map_units(_workbook, tasks, processes=2, done=sizes.append)
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    return {"wall": wall, "cpu": cpu, "size": sum(sizes), "peak_mb": used.ru_maxrss / 1024}


def _workbook(task: tuple[Path, int]) -> int:
    folder, number = task
    with pa.memory_map(str(folder / "customers.arrow")) as columns:
        legs = pa.ipc.open_file(columns).get_batch(number)
    path = folder / "made" / f"{number}.xlsx"
    write_workbook(
        path,
        _facts(),
        [legs.slice(start, ROWS_OF_A_BATCH) for start in range(0, legs.num_rows, ROWS_OF_A_BATCH)],
        listed_count=legs.num_rows,
        owner_names=USERS,
        country_name=country_name,
    )
    size = path.stat().st_size
    path.unlink()  # The disk may not hold them all.
    return size


def _timed(work: Callable[[], Path | bytes], *, times: int) -> dict[str, Any]:
    """Medians; the peak is of the whole process."""
    walls, cpus, size = [], [], 0
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        made = work()
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - used)
        size = len(made) if isinstance(made, bytes) else made.stat().st_size
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": statistics.median(walls), "cpu": statistics.median(cpus), "size": size, "peak_mb": peak_mb}


STEPS: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "make": _make,
    "make_many": _make_customers,
    "table": partial(_xlsxwriter, has_table=True),
    "constant": partial(_xlsxwriter, has_table=False),
    "fast": partial(_ours, Compression.FAST),
    "small": partial(_ours, Compression.SMALL),
    "zlib": _ours_without_isal,
    "many": _ours_many,
    "deflate": _deflate,
    "rating": _rating,
    "workbooks": _workbooks,
}
# The reference stands beside the tests that hold the product to it.
sys.path.append(str(Path(__file__).parent.parent / "tests" / "reports"))

if __name__ == "__main__":
    main()
