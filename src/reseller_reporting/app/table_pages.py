"""Tables by pages: the rows of a CSV file of ours, without reading it whole.

Invariants
- A page costs what it holds, wherever in the file it is: a cursor is the place in the file at which a row begins.
- Values are the exact texts that were written, without the apostrophe that guards a spreadsheet.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.reports.render.as_csv import RUN_AS_FORMULA

_MARK = b"\xef\xbb\xbf"
_GUARDED = tuple(f"'{sign}" for sign in RUN_AS_FORMULA)
_ROW_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class TablePage:
    """Rows by column title, each value the text of the file without a spreadsheet's guard; unknown is None."""

    columns: list[str]
    rows: list[dict[str, str | None]]
    next: int | None


def read_page(file: IO[bytes], *, cursor: int | None, rows_max: int) -> TablePage:
    lines = _Lines(file)
    lines.skip_mark()
    reader = csv.reader(lines, strict=True)
    columns = next(reader, [])
    if cursor is not None:
        lines.go_to(cursor)
        reader = csv.reader(lines, strict=True)
    rows: list[dict[str, str | None]] = []
    try:
        for values in reader:
            if len(values) != len(columns):
                raise _no_cursor()
            rows.append({name: _plain(value) for name, value in zip(columns, values, strict=True)})
            if len(rows) == rows_max:
                break
    except csv.Error:
        raise _no_cursor() from None
    return TablePage(columns, rows, lines.place if lines.has_more() else None)


class _Lines:
    """Lines as csv wants them, and how far in the file the last one ended."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.place = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_ROW_BYTES_MAX)
        if not line:
            raise StopIteration
        self.place += len(line)
        return line.decode("utf-8", "replace")

    def skip_mark(self) -> None:
        self.place = len(_MARK) if self._file.read(len(_MARK)) == _MARK else 0
        self._file.seek(self.place)

    def go_to(self, cursor: int) -> None:
        """A place at which a row began; another one shows no other file, but it is none of ours."""
        if cursor < self.place or cursor > os.fstat(self._file.fileno()).st_size:
            raise _no_cursor()
        self._file.seek(cursor - 1)
        if self._file.read(1) != b"\n":
            raise _no_cursor()
        self.place = cursor

    def has_more(self) -> bool:
        return bool(self._file.read(1))


def _no_cursor() -> InvalidSettings:
    return InvalidSettings("This cursor is none that an answer of this table gave. Begin without one.")


def _plain(value: str) -> str | None:
    if value == "":
        return None
    return value[1:] if value.startswith(_GUARDED) else value
