"""Files: calls that were exported from KAZOO, as CSV or JSON, read piece by piece.

Owns: telling what a file is, and cutting it into records. Does not own: what a record means (listing).

Invariants
- A row that is broken is a problem with its number; the rows after it are read.
- What is no export of calls at all is refused with a sentence, before anything is taken from it.
- CSV and JSON lines are streamed; only one JSON document over many lines is read whole.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, cast

from reseller_reporting.model.errors import FileRefused
from reseller_reporting.sources.csv_rows import csv_records
from reseller_reporting.sources.documents import is_document, lacks_cost, listed
from reseller_reporting.sources.exact_json import NotJson, untyped
from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.listing import (
    LegPage,
    Malformed,
    Reading,
    identity,
    leg_page,
    read_listing,
    record_text,
    start_of,
)

FORMATS = ("kazoo-csv", "kazoo-json")
_RECORDS_PER_PAGE = 1000
_HEAD_BYTES = 4096
_EXPECTED = "Expected is an export of KAZOO's /cdrs, as CSV with its header row or as JSON."
_CALL_COLUMNS = frozenset({"direction", "billing_seconds", "call_type", "call_direction", "dialed_number"})
# Without these nothing could be counted, and a missing column must not become zero.
_NEEDED_COLUMNS = ("id", "direction", "billing_seconds")
_START_COLUMNS = ("timestamp", "unix_timestamp", "iso_8601_combined", "datetime")
_BINARY = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def read_calls(
    path: Path,
    *,
    account_id: str,
    format: str | None = None,  # noqa: A002  # It is the word of the command line.
    source: str,
    taken_at: datetime,
) -> Iterator[LegPage]:
    """Legs and problems of a file, page by page; `format` is guessed from the content unless it is said."""
    if format is not None and format not in FORMATS:
        raise FileRefused(f"There is no format '{format}'. Use one of {', '.join(FORMATS)}.")
    try:
        with _opened(path) as stream:
            records = _records(path.name, stream, format)
            yield from _pages(path.name, records, account_id=account_id, source=source, taken_at=taken_at)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused(f"{path.name} is damaged or cut short ({error}). Export it again.") from error
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error


def _opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzip by its ending."""
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _records(name: str, stream: IO[bytes], format_: str | None) -> Iterator[object]:
    head = stream.read(_HEAD_BYTES)
    _refuse_binary(name, head)
    lines = _lines(head, stream)
    is_json = format_ == "kazoo-json" if format_ else head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return _json_records(name, lines) if is_json else _csv_records(name, lines)


def _refuse_binary(name: str, head: bytes) -> None:
    if not head.strip():
        raise FileRefused(f"{name} is empty. {_EXPECTED}")
    kind = next((kind for magic, kind in _BINARY.items() if head.startswith(magic)), None)
    if kind is None and head.startswith(b"\x1f\x8b"):
        kind = "packed with gzip, but its name does not end in .gz"
    if kind is None and b"\0" in head:
        kind = "a binary file"
    if kind:
        raise FileRefused(f"{name} is {kind}, not an export of calls. {_EXPECTED}")


def _lines(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """Lines with their ends; the head that was looked at comes back first, without a byte order mark."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    *whole, last = _split(head)
    yield from whole
    rest = b"" if last.endswith(b"\n") else stream.readline()
    yield last + rest
    yield from stream


def _split(head: bytes) -> list[bytes]:
    """At line feeds only: a carriage return alone is no line's end here, as it is none for a stream."""
    lines = head.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


# --- pages -------------------------------------------------------------------------------------------------------


def _pages(
    name: str, records: Iterator[object], *, account_id: str, source: str, taken_at: datetime
) -> Iterator[LegPage]:
    reading = Reading(
        account_id=account_id,
        source=source,
        origin=f"file:{name}",
        taken_at=taken_at,
        fallback_seconds=gregorian(taken_at),
        first_row=1,
    )
    chunk = list(islice(records, _RECORDS_PER_PAGE))
    _refuse_strange(name, chunk)
    reading = replace(reading, has_timestamp=_has_timestamp(chunk))
    reading = replace(reading, fallback_seconds=_first_start(chunk, reading))
    row = 1
    while chunk:
        reading = replace(reading, first_row=row, has_timestamp=_has_timestamp(chunk))
        page = leg_page(None, chunk.copy, reading)
        yield page
        if page.legs.num_rows:
            reading = replace(reading, fallback_seconds=gregorian(page.legs["started_at"][-1].as_py()))
        row += len(chunk)
        chunk = list(islice(records, _RECORDS_PER_PAGE))


def _has_timestamp(records: Sequence[object]) -> bool:
    return any(isinstance(each, Mapping) and "timestamp" in each for each in records)


def _first_start(records: Sequence[object], reading: Reading) -> int:
    """Where a record without a start is placed before any other tells: near its neighbours, not at today's date."""
    for record in records:
        read = read_listing(record, reading)
        if not isinstance(read, Malformed):
            return start_of(read)
    return reading.fallback_seconds


def _refuse_strange(name: str, records: Sequence[object]) -> None:
    """JSON that has no call in it; CSV was told by its header, and all its rows may be broken."""
    if any(isinstance(record, Malformed) for record in records):
        return
    objects = [record for record in records if isinstance(record, Mapping)]
    if records and not any(_CALL_COLUMNS & record.keys() for record in objects):
        found = ", ".join(sorted(map(str, objects[0]))[:8]) if objects else "no records"
        raise FileRefused(f"{name} holds no calls of KAZOO: found {found}. {_EXPECTED}")


# --- CSV ---------------------------------------------------------------------------------------------------------


def _csv_records(name: str, lines: Iterator[bytes]) -> Iterator[object]:
    header, records = csv_records(_text(line) for line in lines)
    if not _CALL_COLUMNS & set(header):
        found = ", ".join(header[:8])[:200]
        raise FileRefused(f"{name} has no columns of KAZOO's calls: found {found}. {_EXPECTED}")
    missing = [column for column in _NEEDED_COLUMNS if column not in header]
    if not set(_START_COLUMNS) & set(header):
        missing.append("timestamp")
    if missing:
        raise FileRefused(f"{name} lacks the column {', '.join(missing)}, without which calls cannot be counted.")
    return records


def _text(line: bytes) -> str:
    """UTF-8, and Latin-1 for the lines that are not."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


# --- JSON --------------------------------------------------------------------------------------------------------


def _json_records(name: str, lines: Iterator[bytes]) -> Iterator[object]:
    """One JSON document, or one on each line: told by whether the first line is whole in itself."""
    first = next(lines)
    try:
        value = untyped(first)
    except NotJson:
        return _json_document(name, first, lines)
    return chain(_flat(value), _json_lines(lines))


def _json_lines(lines: Iterator[bytes]) -> Iterator[object]:
    for line in lines:
        if not line.strip():
            continue
        try:
            yield from _flat(untyped(line))
        except NotJson:
            broken = _text(line).rstrip("\r\n")
            yield Malformed("not a line of JSON", "", record_text(broken[:10_000]), None)


def _json_document(name: str, first: bytes, lines: Iterator[bytes]) -> Iterator[object]:
    rest = list(lines)
    try:
        return _flat(untyped(first + b"".join(rest)))
    except NotJson as error:
        reason = str(error)
    second = next((line for line in rest if line.strip()), b"")
    try:
        is_lines = isinstance(untyped(second), dict | list)
    except NotJson:
        is_lines = False
    if is_lines:
        return _json_lines(chain([first], rest))
    raise FileRefused(f"{name} is no whole JSON ({reason}). Export it again, or give one record per line.")


def _flat(value: object) -> Iterator[object]:
    """The records of an envelope, of a list, or the one record that it is itself."""
    if isinstance(value, dict) and "data" in value and "direction" not in value:
        value = value["data"]
    for record in value if isinstance(value, list) else [] if value is None else [value]:
        yield _from_document(record) if is_document(record) else record


def _from_document(document: Mapping[str, object]) -> object:
    record = listed(document)
    if lacks_cost(record):
        return Malformed("document without cost", identity(record)[:200], record_text(document), None)
    return record
