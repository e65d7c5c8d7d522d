"""Rows as XML: blocks of Arrow columns become rows of cells, by plain Python or by the compiled kernels, alike.

Owns: which of the two serves a sheet sooner, and the bridge from Arrow to the kernels. Does not own: what a cell is
(`cell_xml`), the sheet around the rows, compression.

Invariants
- Both ways give the same bytes; nothing in a file tells which one made it.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.reports.render.cell_text import LONG_UNITS_MIN
from reseller_reporting.reports.render.cell_xml import (
    DAY_MICROSECONDS,
    PLACES,
    TEXT_KINDS,
    CellKind,
    cell_close,
    cell_head,
    cell_open,
    number_text,
    text_content,
)

# Importing the compiler takes as long as making so many rows by plain Python.
PLAIN_ROWS_MAX = 40_000
# Loading the kernels does, where the compiler is there already.
PLAIN_ROWS_MAX_WITH_COMPILER = 25_000
_KERNELS = "reseller_reporting.reports.render.cell_kernels"
_FRAME_WIDTH = 64
_NUMBER_LENGTH_MAX = 24
# The kernel prints serial dates of these days: from 1944 to 2173.
_SERIALS = (16_384 * DAY_MICROSECONDS, 100_000 * DAY_MICROSECONDS - 1)

# Rows that this process made by plain Python: one that makes many small workbooks loads the kernels in the end.
_plain_rows = 0

MakeRows = Callable[[int, Sequence[pa.Array]], Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """How a column's cells are: the kind of their values, the number of their format, and their place in the row."""

    kind: CellKind
    style: int
    place: int


def rows_maker(cells: Sequence[Cells], *, expected_rows: int) -> MakeRows:
    """Makes XML of a block: given the number of its first row, counted from 1, and a column of values for each cell.

    Texts may be dictionary-encoded, numbers are int64. Null and empty text leave no cell.
    """
    global _plain_rows  # noqa: PLW0603 - What this process has done so far.
    limit = PLAIN_ROWS_MAX_WITH_COMPILER if "numba" in sys.modules else PLAIN_ROWS_MAX
    if _KERNELS in sys.modules or _plain_rows + expected_rows > limit:
        return CompiledRows(cells).rows
    _plain_rows += expected_rows
    return partial(plain_rows, cells)


def plain_rows(cells: Sequence[Cells], first_row: int, columns: Sequence[pa.Array]) -> bytes:
    """Cell by cell."""
    heads = [cell_head(cell.place, cell.style) for cell in cells]
    tails = [_tails(cell, column) for cell, column in zip(cells, columns, strict=True)]
    made = []
    for row, of_row in enumerate(zip(*tails, strict=True), first_row):
        number = str(row)
        shown = [f"{head}{number}{tail}" for head, tail in zip(heads, of_row, strict=True) if tail]
        if shown:
            made.append(f'<row r="{number}">{"".join(shown)}</row>')
    return "".join(made).encode()


def _tails(cell: Cells, column: pa.Array) -> list[str]:
    """Each cell from behind its row's number on; empty where there is none. Equal values are made once."""
    begin, end = cell_open(cell.kind), cell_close(cell.kind)
    made: dict[Any, str] = {None: "", "": ""}
    text: Callable[[Any], str] = text_content if cell.kind in TEXT_KINDS else partial(number_text, cell.kind)
    values = column.to_pylist()
    for value in values:
        if value not in made:
            made[value] = f"{begin}{text(value)}{end}"
    return [made[value] for value in values]


@dataclass(slots=True)
class _Figures:
    """What the kernel is given of one column: two figures a row, what they are, and the bytes they point into."""

    kind: int
    firsts: Any
    seconds: Any
    texts: Any = None
    is_rendered: bool = False


class CompiledRows:
    """The compiled way; its buffers are used again block by block."""

    def __init__(self, cells: Sequence[Cells]) -> None:
        from reseller_reporting.reports.render import cell_kernels

        self._kernels, self._cells = cell_kernels, cells
        self._places = np.array([PLACES.get(cell.kind, 0) for cell in cells], np.int64)
        # Texts that need no look are framed up to their content; those that were rendered bring their tag's end.
        self._frames = [_frames(cells, plain_text_end=end) for end in (">", "")]
        self._pool = np.zeros(0, np.uint8)
        self._out = np.zeros(0, np.uint8)

    def rows(self, first_row: int, columns: Sequence[pa.Array]) -> Any:
        """The bytes stand in a buffer that the next block takes again."""
        count = len(columns[0])
        figures = [self._figures(cell, column) for cell, column in zip(self._cells, columns, strict=True)]
        firsts, seconds = np.empty((len(figures), count), np.int64), np.empty((len(figures), count), np.int64)
        pooled = self._pooled(figures)
        text_length = 0
        for place, (one, base) in enumerate(zip(figures, pooled, strict=True)):
            np.add(one.firsts, base, out=firsts[place])
            np.add(one.seconds, base, out=seconds[place])
            if one.kind == self._kernels.BYTES:
                text_length += int((seconds[place] - firsts[place]).sum())
        frames, lengths = (
            np.stack([self._frames[one.is_rendered][part][place] for place, one in enumerate(figures)])
            for part in (0, 1)
        )
        framed = int(lengths.sum()) + len(figures) * (_NUMBER_LENGTH_MAX + 8) + 32
        self._out = _at_least(self._out, count * framed + text_length + self._kernels.SLACK)
        kinds = np.array([one.kind for one in figures], np.int64)
        length = self._kernels.rows(
            first_row, kinds, self._places, frames, lengths, firsts, seconds, self._pool, self._out
        )
        return self._out[:length].data

    def _pooled(self, figures: Sequence[_Figures]) -> list[int]:
        """Puts the bytes of all columns side by side; where each column's begin, and 0 for numbers."""
        needed = sum(len(one.texts) for one in figures if one.texts is not None)
        self._pool = _at_least(self._pool, needed + self._kernels.SLACK)
        bases, end = [], 0
        for one in figures:
            if one.texts is None:
                bases.append(0)
                continue
            self._pool[end : end + len(one.texts)] = one.texts
            bases.append(end)
            end += len(one.texts)
        return bases

    def _figures(self, cell: Cells, column: pa.Array) -> _Figures:
        if cell.kind in TEXT_KINDS:
            return self._texts(column)
        valid = np.ones(len(column), np.int64)
        if column.null_count:
            valid = column.is_valid().cast(pa.int8()).to_numpy(zero_copy_only=False).astype(np.int64)
            column = pc.fill_null(column, 0)
        values = column.to_numpy(zero_copy_only=False)
        if cell.kind == "minutes" or not self._prints(cell.kind, values, valid):
            return self._printed(cell.kind, column, valid)
        return _Figures(self._kernels.DATE if cell.kind == "date_time" else self._kernels.WHOLE, values, valid)

    def _prints(self, kind: CellKind, values: Any, valid: Any) -> bool:
        """Whether the kernel can: dates of our times, and each number but the one that has no negative."""
        if kind == "date_time":
            of_time = values[valid == 1] if not valid.all() else values
            return not len(of_time) or (of_time.min() >= _SERIALS[0] and of_time.max() <= _SERIALS[1])
        return not len(values) or values.min() > np.iinfo(np.int64).min

    def _printed(self, kind: CellKind, column: pa.Array, valid: Any) -> _Figures:
        """Numbers by their texts, each distinct one made once."""
        encoded = column.dictionary_encode()
        made = pa.array([_cached_number_text(kind, value) for value in encoded.dictionary.to_pylist()], pa.string())
        offsets, texts = _buffers(made)
        codes = np.asarray(encoded.indices)
        firsts = offsets[codes]
        return _Figures(self._kernels.BYTES, firsts, np.where(valid == 1, offsets[codes + 1], firsts), texts)

    def _texts(self, column: pa.Array) -> _Figures:
        if column.null_count:
            column = pc.fill_null(column, "")
        is_encoded = pa.types.is_dictionary(column.type)
        offsets, texts = _buffers(column.dictionary if is_encoded else column)
        is_odd = self._kernels.has_odd_text(offsets, texts, LONG_UNITS_MIN)
        if is_odd:
            if not is_encoded:
                column, is_encoded = column.dictionary_encode(), True
            rendered = [text_content(text) if text else "" for text in column.dictionary.to_pylist()]
            offsets, texts = _buffers(pa.array(rendered, pa.large_string()))
        if is_encoded:
            codes = np.asarray(column.indices).astype(np.int64)
            return _Figures(self._kernels.BYTES, offsets[codes], offsets[codes + 1], texts, is_odd)
        return _Figures(self._kernels.BYTES, offsets[:-1], offsets[1:], texts, is_odd)


def _frames(cells: Sequence[Cells], *, plain_text_end: str) -> tuple[Any, Any]:
    """The three texts around a cell's value, padded, and how long each is."""
    frames = np.zeros((len(cells), 3, _FRAME_WIDTH), np.uint8)
    lengths = np.zeros((len(cells), 3), np.int64)
    for position, cell in enumerate(cells):
        begin = cell_open(cell.kind) + (plain_text_end if cell.kind in TEXT_KINDS else "")
        for place, text in enumerate((cell_head(cell.place, cell.style), begin, cell_close(cell.kind))):
            encoded = text.encode()
            assert len(encoded) <= _FRAME_WIDTH - 16
            frames[position, place, : len(encoded)] = np.frombuffer(encoded, np.uint8)
            lengths[position, place] = len(encoded)
    return frames, lengths


def _buffers(column: pa.Array) -> tuple[Any, Any]:
    """Offsets (int64, from 0 on) and bytes of a column of text without nulls."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        column = column.cast(pa.string())
    _, offsets, texts = column.buffers()
    if len(column) == 0 or texts is None or texts.size == 0:
        return np.zeros(len(column) + 1, np.int64), np.zeros(0, np.uint8)
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    counted = np.frombuffer(offsets, width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    return counted - counted[0], np.frombuffer(texts, np.uint8)[counted[0] : counted[-1]]


def _at_least(buffer: Any, length: int) -> Any:
    return buffer if len(buffer) >= length else np.zeros(length + length // 4, np.uint8)


@lru_cache(maxsize=65_536)
def _cached_number_text(kind: CellKind, value: int) -> str:
    return number_text(kind, value)
