"""Spool: rows on their way into one table: in memory while few, in a Parquet file when many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

_SPILL_ROWS = 10_000


class Spool:
    """First rows are added, then it is read; never both in turns."""

    def __init__(self, schema: pa.Schema, path: Path) -> None:
        self.schema = schema
        self.count = 0
        self._path = path
        self._batches: list[pa.RecordBatch] = []
        self._in_memory = 0
        self._writer: pq.ParquetWriter | None = None
        self._has_file = False

    @classmethod
    def of_file(cls, schema: pa.Schema, path: Path) -> Self:
        """Of rows that another spool left there."""
        spool = cls(schema, path)
        spool.count = pq.read_metadata(path).num_rows
        spool._has_file = True
        return spool

    def add(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        self.count += batch.num_rows
        self._in_memory += batch.num_rows
        self._batches.append(batch)
        if self._in_memory >= _SPILL_ROWS:
            self._spill()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows; none may be added afterwards."""
        self._end_file()
        if self._has_file:
            yield from pq.ParquetFile(self._path).iter_batches(_SPILL_ROWS)
        yield from self._batches

    def move(self, path: Path) -> None:
        """All rows in that file, where the next process finds them, too."""
        self._spill()
        self._end_file()
        self._path = self._path.rename(path)

    def close(self) -> None:
        """Lets go of every row; whoever still holds the spool holds nothing."""
        self._batches = []
        self._end_file()
        if self._has_file:
            self._path.unlink(missing_ok=True)

    def _spill(self) -> None:
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._path, self.schema, compression="zstd")
            self._has_file = True
        self._writer.write_table(pa.Table.from_batches(self._batches, schema=self.schema))
        self._batches, self._in_memory = [], 0

    def _end_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
