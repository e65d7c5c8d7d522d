"""CSV rows of KAZOO's two writers, one line at a time, so that a broken row breaks no other.

`/cdrs` quotes every cell; `/cdrs/interaction` quotes none, whatever a name or a date may hold. A spreadsheet that saved
such a file again quotes where it must. All three are read here.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from reseller_reporting.sources.listing import Malformed, month_of_id, record_text

# A name may hold line breaks. More lines than this in one row mean that a quote was never closed.
_LINES_PER_ROW_MAX = 20
_WEEKDAYS = frozenset({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"})


def csv_records(lines: Iterable[str]) -> tuple[list[str], Iterator[object]]:
    """The header by KAZOO's own names, and every row after it: a record by column, or what it is instead."""
    waiting = iter(lines)
    header_line = next((line for line in waiting if line.strip()), "")
    header = [_column(label) for label in _cells(header_line) or _unquoted(header_line)]
    return header, _records(header, waiting)


def _column(label: str) -> str:
    """Exports rename `id` to `ID`."""
    return label.strip().lower().replace(" ", "_")


def _records(header: Sequence[str], lines: Iterator[str]) -> Iterator[object]:
    again: deque[str] = deque()
    while True:
        line = again.popleft() if again else next(lines, None)
        if line is None:
            return
        if not line.strip():
            continue
        cells = _cells(line)
        if cells is None:
            cells = _over_lines(line, header, lines, again)
        cells = _with_whole_date(cells, header)
        if len(cells) == len(header):
            yield dict(zip(header, cells, strict=True))
        else:
            reason = f"the row has {len(cells)} cells where the header has {len(header)}"
            record_id = cells[0] if month_of_id(cells[0]) else ""
            yield Malformed(reason, record_id, record_text(line.rstrip("\r\n")), None)


def _cells(line: str) -> list[str] | None:
    """The cells of one line; None when a quote is open at its end."""
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        return None if "unexpected end" in str(error) else _unquoted(line)


def _unquoted(line: str) -> list[str]:
    return line.rstrip("\r\n").split(",")


def _over_lines(line: str, header: Sequence[str], lines: Iterator[str], again: deque[str]) -> list[str]:
    """A row whose quoted cell goes on in the next lines; if they do not complete it, they are rows of their own."""
    taken = [line]
    while len(taken) < _LINES_PER_ROW_MAX:
        following = again.popleft() if again else next(lines, None)
        if following is None:
            break
        taken.append(following)
        if '"' not in following:
            continue
        cells = _cells_of("".join(taken))
        if cells is not None and len(_with_whole_date(cells, header)) == len(header):
            return cells
    again.extendleft(reversed(taken[1:]))
    return _unquoted(line)


def _cells_of(text: str) -> list[str] | None:
    try:
        rows = list(csv.reader(StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _with_whole_date(cells: list[str], header: Sequence[str]) -> list[str]:
    """`Wed, 05 Jun 2024 14:30:12 GMT` holds a comma, which the writer that quotes nothing does not mind."""
    if len(cells) != len(header) + 1 or "rfc_1036" not in header:
        return cells
    place = header.index("rfc_1036")
    if cells[place] not in _WEEKDAYS:
        return cells
    return [*cells[:place], f"{cells[place]},{cells[place + 1]}", *cells[place + 2 :]]
