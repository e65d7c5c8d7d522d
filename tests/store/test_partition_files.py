"""Partition files: what the lake's tables hold after whole partitions were written."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.store.lake import Lake, connect, scan

ROWS = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("month", "account_id", "leg_id")])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "store")


def rows(*told: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(ROWS.names, row, strict=True)) for row in told], schema=ROWS)


def held(lake: Lake) -> list[tuple[str, str, str]]:
    with connect() as con:
        return con.sql(f"SELECT * FROM {scan(lake.pin('legs').all(), ROWS)} ORDER BY ALL").fetchall()  # noqa: S608  # Our own words.


def replace(lake: Lake, told: pa.Table | pa.RecordBatchReader, months: list[str], accounts: list[str]) -> None:
    lake.replace("legs", told, months=months, account_ids=accounts)


def test_a_write_replaces_its_partitions_and_no_other(lake: Lake) -> None:
    first = [("2026-09", "alice", "1"), ("2026-10", "alice", "2"), ("2026-10", "bob", "3")]
    replace(lake, rows(*first), ["2026-09", "2026-10"], ["alice", "bob"])
    assert held(lake) == first
    replace(lake, rows(("2026-10", "alice", "4")), ["2026-10"], ["alice"])
    assert held(lake) == [first[0], ("2026-10", "alice", "4"), first[2]]


def test_a_write_without_rows_empties_its_partitions(lake: Lake) -> None:
    replace(lake, rows(("2026-10", "alice", "1"), ("2026-10", "bob", "2")), ["2026-10"], ["alice", "bob"])
    replace(lake, rows(), ["2026-10"], ["alice"])
    assert held(lake) == [("2026-10", "bob", "2")]


@pytest.mark.parametrize("account", ["a b", "a%20b", "ä/ö", "a=b&c", "it's", "#1?", "..", "+"])
def test_an_odd_account_id_comes_back_as_it_went_in(lake: Lake, account: str) -> None:
    replace(lake, rows(("2026-10", account, "1")), ["2026-10"], [account])
    assert held(lake) == [("2026-10", account, "1")]
    replace(lake, rows(("2026-10", account, "2")), ["2026-10"], [account])
    assert held(lake) == [("2026-10", account, "2")]
    assert list(lake.files("legs", months=["2026-10"])) == [("2026-10", account)]
    assert set(lake.folder.parent.iterdir()) == {lake.folder}


def test_any_delta_reader_sees_the_same_rows(lake: Lake) -> None:
    told = [("2026-10", "a b", "1"), ("2026-10", "bob", "2")]
    replace(lake, rows(*told), ["2026-10"], ["a b", "bob"])
    table = DeltaTable(lake.folder / "legs")
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    assert sorted((a["partition.account_id"], a["num_records"]) for a in actions) == [("a b", 1), ("bob", 1)]
    assert sorted(table.to_pyarrow_table()["leg_id"].to_pylist()) == ["1", "2"]


def test_a_write_that_breaks_off_leaves_the_table_and_no_file(lake: Lake) -> None:
    replace(lake, rows(("2026-10", "alice", "1")), ["2026-10"], ["alice"])
    before = sorted(lake.folder.rglob("*"))

    def broken() -> Iterator[pa.RecordBatch]:
        # More rows than are held in memory, so that a file stands already.
        yield rows(*[("2026-10", "alice", str(number)) for number in range(60_000)]).to_batches()[0]
        raise OSError("the disk is full")

    with pytest.raises((CannotWrite, OSError)):
        replace(lake, pa.RecordBatchReader.from_batches(ROWS, broken()), ["2026-10"], ["alice"])
    assert sorted(lake.folder.rglob("*")) == before
    assert held(lake) == [("2026-10", "alice", "1")]


def test_rows_are_written_in_groups_that_fit_into_memory(lake: Lake) -> None:
    many = rows(*[("2026-10", "alice", f"{number:06}") for number in range(120_000)])
    replace(lake, many, ["2026-10"], ["alice"])
    (path,) = lake.files("legs", months=["2026-10"])["2026-10", "alice"]
    groups = pa.parquet.ParquetFile(path).metadata
    assert max(groups.row_group(index).num_rows for index in range(groups.num_row_groups)) <= 50_000
    assert len(held(lake)) == 120_000


def on_disk(lake: Lake) -> int:
    return len(list((lake.folder / "legs").rglob("*.parquet")))


def test_files_that_nothing_reads_any_more_go_when_the_lake_is_tidied(lake: Lake) -> None:
    for number in range(5):
        replace(lake, rows(("2026-10", "alice", str(number))), ["2026-10"], ["alice"])
    # As a killed writer leaves it: written, never a part of the table.
    stray = lake.folder / "legs" / "month=2026-10" / "account_id=alice" / "stray.parquet"
    stray.write_bytes(b"half a file")
    assert on_disk(lake) == 6
    lake.tidy(unused_for=timedelta(0))
    assert (on_disk(lake), stray.exists()) == (1, False)
    assert held(lake) == [("2026-10", "alice", "4")]


def test_a_reader_of_an_earlier_version_keeps_its_files_while_it_may_read(lake: Lake) -> None:
    replace(lake, rows(("2026-10", "alice", "1")), ["2026-10"], ["alice"])
    pinned = lake.pin("legs")
    replace(lake, rows(("2026-10", "alice", "2")), ["2026-10"], ["alice"])
    lake.tidy()
    assert all(Path(path).exists() for files in pinned.all().values() for path in files)


def test_months_that_are_over_have_one_file_each(lake: Lake) -> None:
    told = [(month, "alice", str(number)) for month in ("2026-08", "2026-09", "2026-10") for number in range(3)]
    for row in told:
        lake.append("legs", rows(row))
    lake.tidy()
    files = lake.files("legs", months=["2026-08", "2026-09", "2026-10"])
    assert {month: len(paths) for (month, _), paths in files.items()} == {"2026-08": 1, "2026-09": 1, "2026-10": 3}
    assert held(lake) == told


def test_a_lake_is_tidied_once_a_day(lake: Lake) -> None:
    """Looking at every file takes longer than a small pull, and nothing is old enough before."""
    lake.append("legs", rows(("2026-10", "alice", "000")))
    lake.tidy()
    for number in range(1, 40):
        lake.append("legs", rows(("2026-10", "alice", f"{number:03}")))
    lake.tidy()
    assert len(lake.files("legs", months=["2026-10"])["2026-10", ""]) == 40
    yesterday = (lake.folder / "tidied").stat().st_mtime - 24 * 3600
    os.utime(lake.folder / "tidied", (yesterday, yesterday))
    lake.tidy()
    assert len(lake.files("legs", months=["2026-10"])["2026-10", ""]) == 1


def test_a_table_that_grows_by_small_files_is_drawn_together(lake: Lake) -> None:
    told = [("2026-10", "alice", f"{number:03}") for number in range(40)]
    for row in told:
        lake.append("legs", rows(row))
    lake.tidy(unused_for=timedelta(0))
    assert on_disk(lake) == 1
    assert held(lake) == told
