"""Deck files: the rows of a rate deck in whatever dress the trade sends it, line by line.

Owns: encodings, delimiters, title lines, the header among them, and what the file as a whole says. Does not own: the
words of headers (deck_columns), what cells mean (rating.deck_rows).

Invariants
- The file is streamed: memory holds one row, and its head.
- What is no table of text is refused with a sentence, before anything is taken from it.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from reseller_reporting.model.errors import FileRefused
from reseller_reporting.sources.deck_columns import columns_of, currency_in

_HEAD_BYTES = 65_536
_TITLE_LINES_MAX = 200
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
        """Every row that has any cell; the reader counts lines, so that a refusal can name its own."""
        with _opened(self.path, self.encoding) as stream:
            for _ in range(self.header_line):
                stream.readline()
            reader = csv.reader(_without_nulls(stream), delimiter=self.delimiter)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield DeckRow(self.header_line + reader.line_num, {"broken": str(error)})
                    continue
                named = {column: cells[place].strip() for place, column in self.columns.items() if place < len(cells)}
                if any(named.values()):
                    yield DeckRow(self.header_line + reader.line_num, named)


def open_deck(path: Path) -> DeckFile:
    """Finds the header; what has none is refused."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    _refuse_binary(path.name, head)
    encoding = _encoding(head)
    currency = ""
    with _opened(path, encoding) as stream:
        for number in range(1, _TITLE_LINES_MAX + 1):
            line = stream.readline()
            if not line:
                break
            for delimiter in _DELIMITERS:
                cells = next(csv.reader([line], delimiter=delimiter), [])
                columns = columns_of(cells)
                if columns is not None:
                    return DeckFile(
                        path=path,
                        encoding=encoding,
                        delimiter=delimiter,
                        header_line=number,
                        columns=columns,
                        currency=currency_in(cells) or currency,
                        is_kazoos={cell.strip().lower() for cell in cells} >= _KAZOOS,
                        is_day_first=_is_day_first(path, encoding),
                    )
            currency = currency or currency_in([line])
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
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    try:
        # The head may end within a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _opened(path: Path, encoding: str) -> IO[str]:
    return cast("IO[str]", path.open("r", encoding=encoding, errors="replace", newline=""))


def _without_nulls(stream: IO[str]) -> Iterator[str]:
    return (line.replace("\0", "") for line in stream)


def _is_day_first(path: Path, encoding: str) -> bool:
    """Most of the world writes the day first; a date that cannot be read so says that this file does not."""
    with _opened(path, encoding) as stream:
        for line in stream:
            for first, second in _SLASHED.findall(line):
                if int(first) > 12:
                    return True
                if int(second) > 12:
                    return False
    return True
