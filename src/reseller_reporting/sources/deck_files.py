"""Deck files: the rows of a rate deck in whatever dress the trade sends it, line by line.

Owns: encodings, delimiters, title lines, the header among them, and what the file as a whole says. Does not own: the
words of headers (deck_columns), what cells mean (rating.deck_rows).

Invariants
- The file is streamed: memory holds one row, and its head, however long a line is.
- What is no table of text is refused with a sentence, before anything is taken from it.
- A broken row breaks no other: a quote that is never closed ends with its line.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from reseller_reporting.model.errors import FileRefused
from reseller_reporting.sources.deck_columns import columns_of, currency_in, price_currencies

_HEAD_BYTES = 65_536
_TITLE_LINES_MAX = 200
_LINE_MAX = 65_536
# A name may hold line breaks. More lines than this in one row mean that a quote was never closed.
_LINES_PER_ROW_MAX = 20
# What our own export, and spreadsheets, put an apostrophe before, so that it is read as text.
_GUARDED = re.compile(r"'(?=['=+\-@\d])")
_DELIMITERS = (",", ";", "\t", "|")
_BINARY = {
    b"PK\x03\x04": "a spreadsheet or a zip archive. Save the sheet as CSV and import that",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet. Save the sheet as CSV and import that",
    b"%PDF": "a PDF. Ask for the deck as CSV",
    b"PAR1": "a Parquet file. Export it as CSV",
    b"\x1f\x8b": "packed with gzip. Unpack it first",
}
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BY_LINE = "by line"
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})\b")
_KAZOOS = frozenset({"prefix", "rate_cost"})


@dataclass(frozen=True, slots=True)
class DeckRow:
    """One row below the header: its line in the file, and its cells by our names of the columns."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckFile:
    """What the file as a whole says."""

    path: Path
    encoding: str
    delimiter: str
    header_line: int
    columns: Mapping[int, str]
    currency: str
    is_kazoos: bool  # By KAZOO's own column names: then an increment of 0 means 60, as there.
    is_day_first: bool  # Of dates like 03/04/2026; told by those that can be read in one way only.

    def rows(self) -> Iterator[DeckRow]:
        """Every row that has any cell, with the line that it begins on, so that a refusal can name it."""
        waiting: deque[str] = deque()
        line_number, width = 0, 0
        with _opened(self.path, self.encoding) as stream:
            lines = _lines(stream, self.encoding)
            while True:
                line = waiting.popleft() if waiting else next(lines, None)
                if line is None:
                    return
                line_number += 1
                if line_number <= self.header_line:
                    width = len(_cells(line, self.delimiter) or ())
                    continue
                first_line, broken = line_number, _broken(line)
                cells = None if broken else _cells(line, self.delimiter)
                if cells is None and not broken:
                    cells, taken = _over_lines(line, lines, waiting, self.delimiter, width)
                    line_number += taken
                    broken = "a quote is opened and never closed"
                if cells is None:
                    yield DeckRow(first_line, {"broken": broken})
                elif any(named := self._named(cells)):
                    yield DeckRow(first_line, dict(named))

    def _named(self, cells: Sequence[str]) -> list[tuple[str, str]]:
        """Our names and what stands there, without the empty ones."""
        found = []
        for place, column in self.columns.items():
            if place < len(cells) and (cell := cells[place].strip()):
                found.append((column, _GUARDED.sub("", cell, count=1) if cell[0] == "'" else cell))
        return found


def open_deck(path: Path, *, currency: str | None = None) -> DeckFile:
    """Finds the header; what has none is refused. Of prices in several currencies the asked one is taken."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    _refuse_binary(path.name, head)
    encoding = _encoding(head)
    titled = ""
    with _opened(path, encoding) as stream:
        for number, line in zip(range(1, _TITLE_LINES_MAX + 1), _lines(stream, encoding), strict=False):
            for delimiter in _DELIMITERS:
                cells = _cells(line, delimiter) or []
                columns = columns_of(cells, currency=currency)
                if columns is None:
                    continue
                stated = price_currencies(cells)
                if len(stated) > 1 and currency not in stated:
                    raise FileRefused(f"{path.name} has prices in {', '.join(stated)}. Choose one with --currency.")
                return DeckFile(
                    path=path,
                    encoding=encoding,
                    delimiter=delimiter,
                    header_line=number,
                    columns=columns,
                    currency=(currency or "") if len(stated) > 1 else currency_in(cells) or titled,
                    is_kazoos={cell.strip().lower() for cell in cells} >= _KAZOOS,
                    is_day_first="effective" not in columns.values() or _is_day_first(path, encoding),
                )
            titled = titled or currency_in([line])
    raise FileRefused(
        f"{path.name} has no header that names prefixes and prices. Expected are columns like prefix and rate_cost, "
        "or dial code and rate per minute."
    )


def _refuse_binary(name: str, head: bytes) -> None:
    if not head.strip():
        raise FileRefused(f"{name} is empty.")
    kind = next((kind for magic, kind in _BINARY.items() if head.startswith(magic)), None)
    if kind is None and b"\0" in head and not any(head.startswith(mark) for mark in _BYTE_ORDER_MARKS):
        kind = "a binary file. A deck is text, such as CSV"
    if kind:
        raise FileRefused(f"{name} is {kind}.")


def _encoding(head: bytes) -> str:
    """Without a mark each line says by itself whether it is UTF-8: the first odd name may stand far below the head."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), _BY_LINE)


def _opened(path: Path, encoding: str) -> IO[str]:
    read_as = "latin-1" if encoding == _BY_LINE else encoding
    return cast("IO[str]", path.open("r", encoding=read_as, errors="replace", newline=""))


def _lines(stream: IO[str], encoding: str) -> Iterator[str]:
    """Line by line; of one without an end only its begin is kept."""
    while line := stream.readline(_LINE_MAX):
        part = line
        while len(part) == _LINE_MAX and part[-1] not in "\r\n":
            part = stream.readline(_LINE_MAX)
        if not line.isascii() and encoding == _BY_LINE:
            octets = line.encode("latin-1")
            try:
                line = octets.decode("utf-8")
            except UnicodeDecodeError:
                line = octets.decode("cp1252", errors="replace")
        yield line.replace("\0", "") if "\0" in line else line


def _broken(line: str) -> str:
    return f"a line of more than {_LINE_MAX} characters" if len(line) >= _LINE_MAX else ""


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line; None when a quote is open at its end."""
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
    return next(csv.reader([line], delimiter=delimiter), [])


def _over_lines(
    line: str, lines: Iterator[str], waiting: deque[str], delimiter: str, width: int
) -> tuple[list[str] | None, int]:
    """A row whose quoted cell goes on in the next lines, and how many of them; else they are rows of their own."""
    taken: list[str] = []
    while len(taken) < _LINES_PER_ROW_MAX:
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            break
        taken.append(following)
        if '"' not in following:
            continue
        cells = _cells(line + "".join(taken), delimiter)
        if cells is not None and len(cells) == width:
            return cells, len(taken)
    waiting.extendleft(reversed(taken))
    return None, 0


def _is_day_first(path: Path, encoding: str) -> bool:
    """Most of the world writes the day first; a date that cannot be read so says that this file does not."""
    with _opened(path, encoding) as stream:
        for line in _lines(stream, encoding):
            for first, second in _SLASHED.findall(line):
                if int(first) > 12:
                    return True
                if int(second) > 12:
                    return False
    return True
