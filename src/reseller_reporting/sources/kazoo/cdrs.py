"""CDRs: the legs of one account that started within a span, from windows over when they were saved.

Invariants
- A leg is given once, whichever windows show it.
- Memory holds one page, and the ids of the few calls that cross a month's end.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.sources.gregorian import DAY, gregorian
from reseller_reporting.sources.kazoo.client import BadRequest, MissingView, TooLarge
from reseller_reporting.sources.kazoo.envelope import LISTING, RECORDS, Page
from reseller_reporting.sources.kazoo.merged import merged
from reseller_reporting.sources.kazoo.paging import Listings, missing_view, range_of, shorter_span, size_warnings
from reseller_reporting.sources.kazoo.tally import Tally
from reseller_reporting.sources.kazoo.windows import Window, boundary_windows, inner_windows, outside, shown, split
from reseller_reporting.sources.listing import (
    LegPage,
    ListingRow,
    Reading,
    identity,
    leg_page,
    month_of_id,
    no_legs,
    no_problems,
    whole_number,
)

ORIGIN = "kazoo:cdrs"
LISTING_NAME = "cdrs"
_PAGE_GROWTH = 4
_PAGE_SIZE_MAX = 64_000
# A cursor is sequential: a window of more pages than this is read in parts of about as many, some of them at once.
_PAGES_IN_A_ROW = 8
_PARTS_AT_ONCE = 4
_ROWS_THAT_TELL = 20


@dataclass(slots=True)
class LegReader:
    """Reads one account once; `crossing` remembers what boundary windows gave, since inner ones may show it again."""

    listings: Listings
    account_id: str
    source: str
    from_at: datetime
    to_at: datetime
    clock: Callable[[], datetime]
    known: Sequence[Window] = ()  # What an earlier pull has read whole.
    crossing: set[str] = field(default_factory=set)
    windows: Iterator[int] = field(default_factory=count)

    @property
    def path(self) -> tuple[str, ...]:
        return "accounts", self.account_id, "cdrs"

    async def pages(self) -> AsyncGenerator[LegPage, None]:
        now = gregorian(self.clock())
        first, end = gregorian(self.from_at), gregorian(self.to_at)
        for month, window in boundary_windows(first, end, now):
            async with aclosing(self._boundary(month, window)) as pages:
                async for page in pages:
                    yield page
        for whole in inner_windows(first, end, now):
            for window in outside(whole, self.known):
                async with aclosing(self._window(window, may_part=True)) as pages:
                    async for page in pages:
                        yield page

    async def _window(self, window: Window, *, may_part: bool) -> AsyncGenerator[LegPage, None]:
        """Page after page; where the first one shows that the window is large, in parts side by side."""
        number, tally = next(self.windows), Tally(LISTING_NAME, window, self.clock())
        before: set[str] = set()  # A server whose pages overlap repeats rows of the last page.
        parts: list[Window] = []
        try:
            async with aclosing(self._pages_of(window, tally)) as pages:
                async for piece, page in pages:
                    if may_part and tally.pages == 0 and len(parts := parts_of(window, page)) > 1:
                        break
                    reading = replace(self._reading(piece), skip=before | self.crossing)
                    read = leg_page(page.rows, page.records, reading)
                    before = ids_of(page)
                    tally.add(len(page), read.legs.num_rows + read.problems.num_rows)
                    yield replace(read, warnings=tally.told(), window=number)
        except ResellerReportingError as error:
            yield _failed(number, tally, error)
            raise
        if len(parts) <= 1:
            yield LegPage(no_legs(), no_problems(), tally.told(), number, tally.ended())
            return
        streams = (self._window(part, may_part=False) for part in parts)
        async with aclosing(merged(streams, at_once=_PARTS_AT_ONCE)) as merging:
            async for each in merging:
                yield each

    def _pages_of(self, window: Window, tally: Tally) -> AsyncGenerator[tuple[Window, Page[ListingRow]], None]:
        return self.listings.windowed(self.path, LISTING, window, tally.warnings, is_closed=True)

    async def _boundary(self, month: str, window: Window) -> AsyncGenerator[LegPage, None]:
        """What the older month's database shows in the window; the newer one's rows come with the inner windows."""
        number, tally = next(self.windows), Tally(LISTING_NAME, window, self.clock())
        try:
            records = await self._older_records(month, window, tally.warnings)
        except MissingView as error:
            tally.warnings.append(missing_view(error))
            records = []
        except ResellerReportingError as error:
            yield _failed(number, tally, error)
            raise
        self.crossing.update(identity(record) for record in records)
        read = leg_page(None, lambda: records, self._reading(window))
        tally.add(len(records), read.legs.num_rows + read.problems.num_rows)
        yield replace(read, warnings=tally.told(), window=number, ended=tally.ended(), shows_all=False)

    async def _older_records(self, month: str, window: Window, warnings: list[ReportWarning]) -> list[object]:
        size: int | None = self.listings.page_size
        older: list[object] = []
        while True:
            parameters = {**range_of(window), "ascending": "true"}
            try:
                page = await self.listings.single(self.path, RECORDS, parameters, size)
            except BadRequest as error:
                window = Window(window.created_from, window.created_from + shorter_span(error, window))
                warnings.append(_boundary_warning(f"KAZOO allows no longer window than {shown(window)}"))
                continue
            except TooLarge:
                warnings.append(_boundary_warning("KAZOO's memory limit does not allow so many records in one answer"))
                return older
            warnings += size_warnings(page, self.path)
            records = page.records()
            older, is_complete = older_month(records, month)
            if is_complete or page.next_start_key is None or size is None:
                return older
            size = size * _PAGE_GROWTH if size * _PAGE_GROWTH <= _PAGE_SIZE_MAX else None

    def _reading(self, window: Window) -> Reading:
        return Reading(
            account_id=self.account_id,
            source=self.source,
            origin=ORIGIN,
            taken_at=self.clock(),
            fallback_seconds=window.created_from,
            from_seconds=gregorian(self.from_at),
            to_seconds=gregorian(self.to_at),
        )


def _failed(number: int, tally: Tally, error: ResellerReportingError) -> LegPage:
    return LegPage(no_legs(), no_problems(), tally.told(), number, tally.ended(failure=error.sentence))


def older_month(records: Sequence[object], month: str) -> tuple[list[object], bool]:
    """The records of the older month's database, and whether that database is surely read to its end.

    It is when a record of the newer month follows: in ascending order the older database comes first. A record
    without a telling id lies in the older one as long as no newer one came before it.
    """
    months = [month_of_id(identity(record)) for record in records]
    first_newer = next((index for index, each in enumerate(months) if each is not None and each > month), len(records))
    older = [
        record
        for index, (record, each) in enumerate(zip(records, months, strict=True))
        if index < first_newer or (each is not None and each <= month)
    ]
    is_complete = first_newer < len(records) and len(older) == first_newer and _is_ascending(records)
    return older, is_complete


def _is_ascending(records: Sequence[object]) -> bool:
    """Whether the server minded the order that it was asked for, told by when the first and the last call ended."""
    first, last = _ended(records[0]), _ended(records[-1])
    return first is not None and last is not None and first < last


def _ended(record: object) -> int | None:
    if not isinstance(record, Mapping):
        return None
    start = whole_number(record.get("timestamp"))
    return None if start is None else start + (whole_number(record.get("duration_seconds")) or 0)


def parts_of(window: Window, first_page: Page[ListingRow]) -> list[Window]:
    """The window in parts of whole days, told by how much of it its first page shows; one part where it is small."""
    starts = [start for row in first_page.rows or [] if (start := whole_number(row.timestamp)) is not None]
    if first_page.next_start_key is None or len(starts) < _ROWS_THAT_TELL:
        return [window]
    page_seconds = max(1, max(starts) - min(starts))
    if window.span < page_seconds * _PAGES_IN_A_ROW:
        return [window]
    return split(window, max(1, page_seconds * _PAGES_IN_A_ROW // DAY) * DAY, is_closed=True)


def ids_of(page: Page[ListingRow]) -> set[str]:
    if page.rows is not None:
        return {row.id for row in page.rows if row.id}
    return {identity(record) for record in page.records()}


def _boundary_warning(why: str) -> ReportWarning:
    return ReportWarning("month_end_not_read", f"Calls over a month's end may be missing: {why}")
