"""Windows: which spans of time to ask KAZOO for, so that no call is missed and none is paged wrongly.

Times
- All figures are Gregorian seconds. `created` is when KAZOO saved a record: at the call's end, up to a day later.
- CDR ranges are closed, `[a, b-1] [b, c-1]`; ledger ranges are half-open.

Why there are two kinds of window for CDRs: a call is kept in the database of the month in which it began, but is
asked for by when it was saved. A call over a month's end is in the old database with a time of the new month, and
only a range that touches both months opens both databases. Paging over two databases skips rows, so such a window is
read in one page; windows inside one month page safely.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reseller_reporting.sources.gregorian import DAY, at, month_begins, month_ends, month_of

SAVED_LATE = 2 * DAY  # A call may last a day, and may be saved up to a day after its end.
SPAN_MAX = 31 * DAY
WRITTEN_BY = 3600  # A ledger entry is written within seconds of the call's end.
_SPAN_STATED = re.compile(r"more than (\d+) seconds")


@dataclass(frozen=True, slots=True)
class Window:
    created_from: int
    created_to: int

    @property
    def span(self) -> int:
        return self.created_to - self.created_from


def inner_windows(from_seconds: int, to_seconds: int, now: int) -> list[Window]:
    """Closed windows within one month each, for what was saved from the period's begin to late after its end.

    They are cut at the period's end, too: what has no start of its own is placed by its window, and so falls into
    one period only.
    """
    end = min(to_seconds + SAVED_LATE, now) + 1
    return [Window(first, after - 1) for first, after in _cut(from_seconds, end, extra=to_seconds)]


def boundary_windows(from_seconds: int, to_seconds: int, now: int) -> list[tuple[str, Window]]:
    """The older month and the window that opens both databases, for each month's end that matters."""
    windows = []
    boundary = month_begins(month_of(from_seconds - SAVED_LATE))
    while boundary < min(to_seconds + SAVED_LATE, now + 1):
        if boundary + SAVED_LATE > from_seconds:
            window = Window(boundary - 1, min(boundary + SAVED_LATE, now))
            windows.append((month_of(boundary - 1), window))
        boundary = month_ends(month_of(boundary))
    return windows


def ledger_windows(from_seconds: int, to_seconds: int) -> list[Window]:
    """Half-open windows within one month each; an entry is written within seconds of the call's end.

    A month that the period's time zone cuts off by less than a day is read from its begin: then it can be held against
    KAZOO's own sum of it.
    """
    first = from_seconds - WRITTEN_BY
    begins = month_begins(month_of(from_seconds))
    if from_seconds - begins < DAY:
        first = min(first, begins)
    return [Window(first, after) for first, after in _cut(first, to_seconds + WRITTEN_BY)]


def split(window: Window, span_max: int, *, is_closed: bool) -> list[Window]:
    """The window in pieces that are no longer than the server allows."""
    step = max(1, span_max)
    pieces, first = [], window.created_from
    while first + step < window.created_to:
        pieces.append(Window(first, first + step - (1 if is_closed else 0)))
        first += step
    return [*pieces, Window(first, window.created_to)]


def outside(window: Window, known: Iterable[Window]) -> list[Window]:
    """What of a closed window no known one covers."""
    left = [window]
    for done in known:
        left = [
            Window(first, last)
            for part in left
            for first, last in (
                (part.created_from, min(part.created_to, done.created_from - 1)),
                (max(part.created_from, done.created_to + 1), part.created_to),
            )
            if first <= last
        ]
    return left


def refused_span(data: object, window: Window) -> int | None:
    """The longest span the server allows, when that is what it complained of; half of the window if it does not say."""
    field = data.get("created_from") if isinstance(data, Mapping) else None
    rule = field.get("date_range") if isinstance(field, Mapping) else None
    if rule is None:
        return None
    stated = _SPAN_STATED.search(str(rule.get("message")) if isinstance(rule, Mapping) else str(rule))
    allowed = int(stated[1]) if stated else window.span // 2
    return allowed if 0 < allowed < window.span else window.span // 2 or None


def _cut(first: int, end: int, extra: int | None = None) -> Iterator[tuple[int, int]]:
    """`[first, end)` in pieces, none of them over a month's end or over `extra`."""
    while first < end:
        after = min(month_ends(month_of(first)), end)
        if extra is not None and first < extra < after:
            after = extra
        yield first, after
        first = after


def shown(window: Window) -> str:
    return f"{at(window.created_from):%Y-%m-%d %H:%M} to {at(window.created_to):%Y-%m-%d %H:%M} UTC"
