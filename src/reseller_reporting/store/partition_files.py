"""Partition files: rows on their way into the Parquet files of a Delta table, partition by partition.

The Delta library's own writer keeps every row of a partitioned write in memory until the last; this one keeps a
group of rows a partition.

Invariants
- A file belongs to no table until the actions of `close` are committed; `discard` takes it away again.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

_ROWS_PER_GROUP = 50_000
Partition = tuple[str, ...]


class PartitionFiles:
    """One file for each partition that has rows; `keys` are the columns that name the partition, and live there."""

    def __init__(self, folder: Path, schema: pa.Schema, keys: list[str]) -> None:
        self._folder = folder
        self._keys = keys
        self._schema = pa.schema([field for field in schema if field.name not in keys])
        self._open: dict[Partition, _File] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        for partition, rows in _split(batch, self._keys):
            if partition not in self._open:
                self._open[partition] = _File(self._folder / self._place(partition), self._schema)
            self._open[partition].add(rows.select(self._schema.names))

    def close(self) -> list[AddAction | RemoveAction]:
        return [
            AddAction(
                path=str(file.path.relative_to(self._folder)),
                size=file.close(),
                partition_values=dict(zip(self._keys, partition, strict=True)),
                modification_time=int(time.time() * 1000),
                data_change=True,
                stats=json.dumps({"numRecords": file.count}),
            )
            for partition, file in sorted(self._open.items())
        ]

    def discard(self) -> None:
        for file in self._open.values():
            file.discard()

    def _place(self, partition: Partition) -> Path:
        parts = [f"{key}={quote(value, safe='')}" for key, value in zip(self._keys, partition, strict=True)]
        return Path(*parts, f"part-{uuid4()}.parquet")


class _File:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.count = 0
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_count = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.RecordBatch) -> None:
        self.count += rows.num_rows
        self._waiting.append(rows)
        self._waiting_count += rows.num_rows
        if self._waiting_count >= _ROWS_PER_GROUP:
            self._write()

    def close(self) -> int:
        """Its size."""
        if self._waiting:
            self._write()
        assert self._writer is not None
        self._writer.close()
        return self.path.stat().st_size

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.path, self._schema, compression="snappy")
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema), row_group_size=_ROWS_PER_GROUP)
        self._waiting, self._waiting_count = [], 0


def _split(batch: pa.RecordBatch, keys: list[str]) -> Iterator[tuple[Partition, pa.RecordBatch]]:
    """The rows of each partition; nearly every batch holds a single one."""
    if not keys:
        yield (), batch
        return
    column = batch.column(keys[0])
    values = column.unique().to_pylist()
    for value in values:
        rows = batch if len(values) == 1 else batch.filter(pc.equal(column, value))
        for rest, part in _split(rows, keys[1:]):
            yield (value, *rest), part
