"""Call lists: plain lists of calls that no KAZOO wrote, as CSV with `id, direction, number, started_at, seconds`.

Owns: what a row of such a list may say, and why one is refused. Does not own: exports of KAZOO (files), prices.

Times
- `started_at` is ISO 8601 with an offset, else in UTC; how many had none is counted.

Invariants
- Each row is a call or a problem with its number; 1 is the first below the header.
- What stands in a row is handed on as it is: the list can be written again with columns added.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple, TextIO

from reseller_reporting.model.errors import FileRefused
from reseller_reporting.model.problems import Problem
from reseller_reporting.model.rate import BOTH, micros_from_text

NEEDED = ("id", "direction", "number", "started_at", "seconds")
OPTIONAL = ("country", "reseller_cost")
_DELIMITERS = (",", ";", "\t", "|")
# More lines than this in one row mean that a quote was never closed.
_LINES_PER_ROW_MAX = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS = re.compile(r"[0-9]{1,7}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class ListedCall(NamedTuple):
    """One row; a time is microseconds of UTC, a cost is micros."""

    id: str
    direction: str
    number: str
    started_at: int
    answered_seconds: int
    country: str  # Empty: not stated.
    reseller_cost_micros: int | None
    has_offset: bool


@dataclass(frozen=True, slots=True)
class CallList:
    """A list whose header is read."""

    path: Path
    delimiter: str
    header: tuple[str, ...]
    places: dict[str, int]  # Where our columns stand.
    state: tuple[int, int]  # Size and time of change, to see that it is still the same.

    def rows(self) -> Iterator[list[str] | str]:
        """The cells of every row below the header, or why it has none."""
        with _opened(self.path) as stream:
            stream.readline()
            yield from _rows(stream, self.delimiter, len(self.header))
        if _state(self.path) != self.state:
            raise FileRefused(f"{self.path.name} changed while it was read. Price it again.")

    def call(self, row: list[str] | str) -> ListedCall | str:
        """The call that a row is, or why it is none."""
        if isinstance(row, str):
            return row
        if len(row) != len(self.header):
            return f"the row has {len(row)} cells where the header has {len(self.header)}"
        try:
            return _call(*(row[self.places[name]].strip() for name in NEEDED), *self._optional(row))
        except _Refused as refusal:
            return str(refusal)

    def problem(self, number: int, row: list[str] | str, reason: str) -> Problem:
        place = self.places["id"]
        record_id = row[place] if isinstance(row, list) and place < len(row) else ""
        return Problem(source=f"file:{self.path.name}", row=number, record_id=record_id[:60], reason=reason)

    def _optional(self, row: Sequence[str]) -> tuple[str, ...]:
        return tuple(row[self.places[name]].strip() if name in self.places else "" for name in OPTIONAL)


def open_call_list(path: Path) -> CallList:
    """What lacks a column is refused before anything is taken from it."""
    try:
        state = _state(path)
        with _opened(path) as stream:
            line = stream.readline()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeError as error:
        raise FileRefused(f"{path.name} is no text. Save the list as CSV.") from error
    headers = {each: next(csv.reader([line], delimiter=each), []) for each in _DELIMITERS}
    delimiter = max(headers, key=lambda each: len({*map(_column, headers[each])} & {*NEEDED}))
    header = headers[delimiter]
    places = {name: place for place, name in reversed([*enumerate(map(_column, header))])}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise FileRefused(
            f"{path.name} has no column {', '.join(missing)}. A list of calls has the columns {', '.join(NEEDED)}, "
            f"and may have {' and '.join(OPTIONAL)}."
        )
    return CallList(
        path, delimiter, tuple(header), {name: places[name] for name in (*NEEDED, *OPTIONAL) if name in places}, state
    )


def _rows(lines: Iterator[str], delimiter: str, width: int) -> Iterator[list[str] | str]:
    """Line by line, so that a quote which is never closed swallows no row after its own."""
    again: deque[str] = deque()
    while True:
        line = again.popleft() if again else next(lines, None)
        if line is None:
            return
        if not line.strip():
            continue
        if '"' not in line:
            yield line.rstrip("\r\n").split(delimiter)
            continue
        taken = [line]
        cells = _quoted(line, delimiter)
        while cells is None and len(taken) < _LINES_PER_ROW_MAX:
            following = again.popleft() if again else next(lines, None)
            if following is None:
                break
            taken.append(following)
            cells = _quoted("".join(taken), delimiter)
        if cells is None or (len(taken) > 1 and len(cells) != width):
            again.extendleft(reversed(taken[1:]))
            yield "a quote is not closed in this row"
        else:
            yield cells


def _quoted(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row; None where a quote is open at its end."""
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


class _Refused(Exception):
    """Why a row is no call."""


def _call(id_: str, direction: str, number: str, started_at: str, seconds: str, country: str, cost: str) -> ListedCall:
    if not id_:
        raise _Refused("no id")
    if direction.lower() not in BOTH:
        raise _Refused(f"the direction '{direction}' is neither inbound nor outbound")
    if not number:
        raise _Refused("no number")
    if not _SECONDS.fullmatch(seconds):
        raise _Refused(f"the seconds '{seconds}' are no whole number of seconds")
    if country and not _COUNTRY.fullmatch(country.upper()):
        raise _Refused(f"the country '{country}' is no code of two letters")
    start, has_offset = _moment(started_at)
    return ListedCall(id_, direction.lower(), number, start, int(seconds), country.upper(), _cost(cost), has_offset)


def _moment(text: str) -> tuple[int, bool]:
    try:
        moment = datetime.fromisoformat(text)
        has_offset = moment.tzinfo is not None
        return ((moment if has_offset else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND, has_offset
    except (ValueError, OverflowError):
        raise _Refused(f"the time '{text}' is not written as 2026-10-05T12:00:00+00:00") from None


def _cost(text: str) -> int | None:
    if not text:
        return None
    micros = micros_from_text(text)
    if micros is None:
        raise _Refused(f"the cost '{text}' is no amount with a point and at most six decimals")
    return micros


def _column(label: str) -> str:
    return label.strip().lower().replace(" ", "_")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Bytes that are no UTF-8 pass through unchanged."""
    with path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        yield stream


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
