"""Row blocks: batches of any size come out as blocks of one size, so that a file does not tell how its rows came."""

from collections.abc import Iterator

import pyarrow as pa


class RowBlocks:
    """Rows are added; full blocks come out as they fill, and the rest at the end."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._waiting: list[pa.RecordBatch] = []
        self._count = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[pa.Table]:
        """The blocks that are full now."""
        rest = batch
        while rest.num_rows:
            fitting = rest.slice(0, self._rows - self._count)
            self._waiting.append(fitting)
            self._count += fitting.num_rows
            rest = rest.slice(fitting.num_rows)
            if self._count == self._rows:
                yield self._block()

    def rest(self) -> Iterator[pa.Table]:
        if self._count:
            yield self._block()

    def _block(self) -> pa.Table:
        block = pa.Table.from_batches(self._waiting).combine_chunks()
        self._waiting, self._count = [], 0
        return block
