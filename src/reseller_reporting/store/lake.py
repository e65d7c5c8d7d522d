"""The lake: Delta tables in a folder, written by whole partitions and read as Parquet files of a pinned version.

Owns: how a table is created, replaced and listed. Does not own: what the rows mean.

Invariants
- A write replaces whole partitions, so repeating it changes nothing.
- A reader works on the files of one version; a later write leaves those files where they are, tidying for a day.
"""

import fcntl
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from reseller_reporting.model.errors import CannotWrite, InvalidSettings, StoreBusy
from reseller_reporting.store.partition_files import PartitionFiles

_ENGINE_MEMORY = "200MB"
# The Delta library takes a path for a URL, and ends the process over these, or writes elsewhere.
_NO_PATH_OF_DELTA = re.compile(r"[][\\^|%\x00-\x1f\x7f]")
_SHOWN = "[ ] \\ ^ | % and control characters"
# A report reads the version that it began with, which takes minutes; a day leaves room for any of them.
_KEPT_FOR_READERS = timedelta(hours=24)
_SMALL_FILES_MAX = 30
_SMALL_FILE_BYTES = 32 * 2**20
# Partition key -> files. Months are `YYYY-MM`; tables that are partitioned by month only have "" for the account.
Files = dict[tuple[str, str], list[str]]


class Lake:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if _NO_PATH_OF_DELTA.search(str(folder)):
            raise InvalidSettings(
                f"The store cannot lie in {str(folder)!r}: its tables allow none of {_SHOWN} in a path. "
                "Set RESELLER_REPORTING_HOME to another folder."
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_ours(folder, error) from error

    def replace(
        self,
        table: str,
        rows: pa.Table | pa.RecordBatchReader,
        *,
        months: Iterable[str],
        account_ids: Iterable[str],
    ) -> None:
        """The partitions months × account_ids of the table hold exactly these rows afterwards."""
        folder, keys = self.folder / table, ["month", "account_id"]
        files = PartitionFiles(folder, rows.schema, keys)
        try:
            for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
                if batch.num_rows:
                    files.add(batch)
            delta = self._open(table) or DeltaTable.create(str(folder), schema=rows.schema, partition_by=keys)
            replaced = [("month", "in", sorted(set(months))), ("account_id", "in", sorted(set(account_ids)))]
            delta.create_write_transaction(
                files.close(), "overwrite", rows.schema, partition_by=keys, partition_filters=replaced
            )
        except BaseException as error:
            files.discard()
            if isinstance(error, OSError):
                raise self._unwritten(error) from error
            raise

    def append(self, table: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        try:
            write_deltalake(str(self.folder / table), rows, partition_by=["month"], mode="append")
        except OSError as error:
            raise self._unwritten(error) from error

    def tidy(self, *, unused_for: timedelta = _KEPT_FOR_READERS) -> None:
        """Takes away files that no version of late has read, and draws small ones together. Call as the writer.

        A pull replaces partitions and appends to logs: without this a store that is pulled each night grows for ever.
        Nothing can have become unused again within `unused_for`, and looking takes time: until then it does nothing.
        """
        looked = self.folder / "tidied"
        if looked.exists() and time.time() - looked.stat().st_mtime < unused_for.total_seconds():
            return
        try:
            for folder in self.folder.iterdir():
                delta = self._open(folder.name) if (folder / "_delta_log").is_dir() else None
                if delta is None:
                    continue
                if scattered := _scattered_months(delta):
                    delta.optimize.compact(partition_filters=[("month", "in", scattered)])
                delta.vacuum(
                    unused_for // timedelta(hours=1), dry_run=False, enforce_retention_duration=False, full=True
                )
            looked.touch()
        except OSError as error:
            raise self._unwritten(error) from error

    def files(self, table: str, *, months: Iterable[str], account_ids: Iterable[str] | None = None) -> Files:
        """The files of the table's newest version that hold these partitions."""
        return self.pin(table).of(months, account_ids)

    def pin(self, table: str) -> "PinnedTable":
        delta = self._open(table)
        if delta is None:
            return PinnedTable({})
        actions = pa.table(delta.get_add_actions(flatten=True))
        columns = set(actions.column_names)
        paths = actions["path"].to_pylist()
        months = actions["partition.month"].to_pylist()
        accounts = (
            actions["partition.account_id"].to_pylist() if "partition.account_id" in columns else [""] * len(paths)
        )
        files: Files = {}
        for path, month, account in zip(paths, months, accounts, strict=True):
            files.setdefault((month, account), []).append(str(self.folder / table / unquote(path)))
        return PinnedTable(files)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time; a second one is told who holds the store."""
        try:
            held = (self.folder / "writer.lock").open("a+")
        except OSError as error:
            raise _not_ours(self.folder, error) from error
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                held.seek(0)
                raise StoreBusy(
                    f"The store {self.folder} is being written by process {held.read().strip() or 'unknown'}. "
                    "Wait for it to end, or use another RESELLER_REPORTING_HOME."
                ) from error
            held.truncate(0)
            held.write(str(os.getpid()))
            held.flush()
            yield

    def _open(self, table: str) -> DeltaTable | None:
        folder = self.folder / table
        return DeltaTable(folder) if DeltaTable.is_deltatable(str(folder)) else None

    def _unwritten(self, error: OSError) -> CannotWrite:
        return CannotWrite(f"The store {self.folder} cannot be written: {_plain(error)}.")


def _not_ours(folder: Path, error: OSError) -> InvalidSettings:
    """Seen before any work is done."""
    return InvalidSettings(
        f"The store {folder} cannot be written: {error.strerror}. Set RESELLER_REPORTING_HOME to a folder of yours."
    )


def _scattered_months(delta: DeltaTable) -> list[str]:
    """Months of many small files, each of which takes time to open. One that is over gets no more: it is to have one.

    Only tables that are appended to have such months; those of calls have one file a partition already.
    """
    actions = pa.table(delta.get_add_actions(flatten=True))
    months = actions["partition.month"].to_pylist()
    if "partition.account_id" in actions.column_names or not months:
        return []
    small = Counter(
        month for month, size in zip(months, actions["size_bytes"].to_pylist(), strict=True) if size < _SMALL_FILE_BYTES
    )
    return sorted(month for month, files in small.items() if files > (_SMALL_FILES_MAX if month == max(months) else 1))


class PinnedTable:
    """The files of one version of a table; small enough to send to another process."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def of(self, months: Iterable[str], account_ids: Iterable[str] | None = None) -> Files:
        wanted_months = set(months)
        wanted_accounts = None if account_ids is None else set(account_ids)
        return {
            key: paths
            for key, paths in self._files.items()
            if key[0] in wanted_months and (wanted_accounts is None or key[1] in wanted_accounts)
        }

    def all(self) -> Files:
        return self._files


def _plain(error: Exception) -> str:
    """As one line without colours: the lake's engine writes for terminals."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", " ", str(error)).split())


def connect(*, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A cursor on this process's in-memory engine, in UTC; what passes its memory goes to `spill`."""
    return _engine(spill).cursor()


@lru_cache(maxsize=4)
def _engine(spill: Path | None) -> duckdb.DuckDBPyConnection:
    """One a process: making one takes longer than reading a small account."""
    engine = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": _ENGINE_MEMORY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **({"temp_directory": str(spill)} if spill else {}),
        }
    )
    engine.sql("SET GLOBAL TimeZone = 'UTC'")
    return engine


def scan(files: Files | Sequence[str], schema: pa.Schema) -> str:
    """SQL for the rows of these files with every column of the schema; no files give no rows."""
    paths = [path for group in files.values() for path in group] if isinstance(files, Mapping) else list(files)
    columns = ", ".join(f'"{name}"' for name in schema.names)
    if not paths:
        nothing = ", ".join(f'CAST(NULL AS {_sql_type(field.type)}) AS "{field.name}"' for field in schema)
        return f"(SELECT {nothing} WHERE false)"
    listed = ", ".join(_literal(path) for path in sorted(paths))
    # Partition columns live in the folder names; they are text whatever they look like.
    typed = "hive_partitioning=true, hive_types_autocast=false, union_by_name=true"
    return f"(SELECT {columns} FROM read_parquet([{listed}], {typed}))"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return {"int64": "BIGINT", "bool": "BOOLEAN", "string": "VARCHAR"}.get(str(kind), "VARCHAR")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
