"""Ledgers: what was really charged, entry by entry, from the ledger of the account that was charged.

Invariants
- A page of ordinary entries is read by columns; any odd entry sends its page the slow way, entry by entry. Both ways
  give the same rows.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.tables import LEDGER_ENTRIES
from reseller_reporting.model.units import units_from_currency
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.sources.gregorian import UNIX_EPOCH, gregorian, is_time, month_of
from reseller_reporting.sources.kazoo.envelope import Envelope, Page
from reseller_reporting.sources.kazoo.ledger_sums import LedgerSums, differences
from reseller_reporting.sources.kazoo.paging import Listings
from reseller_reporting.sources.kazoo.tally import Tally
from reseller_reporting.sources.kazoo.windows import Window, ledger_windows
from reseller_reporting.sources.listing import repeated, text, whole_number

PER_MINUTE_VOIP = "per-minute-voip"

Text = str | None
Count = int | None


class _Account(msgspec.Struct, frozen=True, gc=False):
    id: Text = None


class _Source(msgspec.Struct, frozen=True, gc=False):
    id: Text = None
    service: Text = None


class _Period(msgspec.Struct, frozen=True, gc=False):
    start: Count = None


class _Usage(msgspec.Struct, frozen=True, gc=False):
    quantity: Count = None


class _Rate(msgspec.Struct, frozen=True, gc=False):
    value: Count = None
    increment: Count = None
    minimum: Count = None
    nocharge_time: Count = None
    name: Text = None


class _Metadata(msgspec.Struct, frozen=True, gc=False):
    billing_seconds: Count = None
    rate: _Rate = _Rate()


class LedgerRow(msgspec.Struct, frozen=True, gc=False):
    """The fields of an entry that we keep; others are skipped without being built."""

    id: Text = None
    amount: Any = None
    description: Text = None
    period: _Period = _Period()
    source: _Source = _Source()
    account: _Account = _Account()
    usage: _Usage = _Usage()
    metadata: _Metadata = _Metadata()


LEDGER = msgspec.json.Decoder(Envelope[LedgerRow], float_hook=Decimal)


class Span(NamedTuple):
    """`[first, end)` of the entries' time, read from the database of one month. Gregorian seconds."""

    first: int
    end: int
    month: str


@dataclass(slots=True)
class LedgerReader:
    """Reads one ledger once; what must be told of it is added to `warnings`, window by window to `windows`."""

    listings: Listings
    ledger_account_id: str
    source: str
    from_at: datetime
    to_at: datetime
    clock: Callable[[], datetime]
    warnings: list[ReportWarning] = field(default_factory=list)
    windows: list[WindowRead] = field(default_factory=list)
    sums: LedgerSums = field(default_factory=LedgerSums)

    async def batches(self) -> AsyncIterator[pa.RecordBatch]:
        """Entries whose period starts within the span; an entry is written seconds later, so windows are wider."""
        first, end, now = gregorian(self.from_at), gregorian(self.to_at), gregorian(self.clock())
        before: set[str] = set()  # A server whose pages overlap repeats entries of the last page.
        for window in ledger_windows(first, min(end, now)):
            # The last second of a half-open window is the one before its end.
            tally = Tally(PER_MINUTE_VOIP, Window(window.created_from, window.created_to - 1), self.clock())
            try:
                async with aclosing(self._pages_of(window, tally)) as pages:
                    async for _, page in pages:
                        batch, before = self._read(page, before, Span(first, end, month_of(window.created_from)))
                        tally.add(len(page), batch.num_rows)
                        yield batch
            except ResellerReportingError as error:
                self.windows.append(tally.ended(failure=error.sentence))
                raise
            self.warnings += tally.told()
            self.windows.append(ended := tally.ended())
            if not ended.failure:
                self.sums.window_read(window)
        client = self.listings.client
        self.warnings += await differences(client, self.ledger_account_id, PER_MINUTE_VOIP, self.sums, now)

    def _pages_of(self, window: Window, tally: Tally) -> AsyncGenerator[tuple[Window, Page[LedgerRow]], None]:
        path = ("accounts", self.ledger_account_id, "ledgers", PER_MINUTE_VOIP)
        return self.listings.windowed(path, LEDGER, window, tally.warnings, is_closed=False)

    def _read(self, page: Page[LedgerRow], before: set[str], span: Span) -> tuple[pa.RecordBatch, set[str]]:
        """The entries of a page that start in the span and were not read before, and the ids of all of them."""
        if page.rows is not None:
            by_id = {row.id: row for row in page.rows}
            new = [row for id_, row in by_id.items() if id_ not in before]
            wanted = [row for row in new if span.first <= (row.period.start or 0) < span.end]
            batch = self._columns(wanted) if all(map(_is_ordinary, page.rows)) else None
            if batch is not None:
                for row in new:
                    account_id, units = row.account.id or self.ledger_account_id, _cached_units(row.amount) or 0
                    self.sums.add(span.month, account_id, units, row.usage.quantity or 0)
                return batch, {id_ for id_ in by_id if id_}
        return self._slow_page(page.records(), before, span)

    def _columns(self, rows: Sequence[LedgerRow]) -> pa.RecordBatch | None:
        """All rows as one batch, or None when a figure is none that a column can hold."""
        starts = [row.period.start or 0 for row in rows]
        rates = [row.metadata.rate for row in rows]
        columns: dict[str, object] = {
            "month": [month_of(start) for start in starts],
            "account_id": [row.account.id or self.ledger_account_id for row in rows],
            "ledger_account_id": repeated(self.ledger_account_id, len(rows)),
            "entry_id": [row.id for row in rows],
            "service": [row.source.service or PER_MINUTE_VOIP for row in rows],
            "call_id": [row.source.id or "" for row in rows],
            "period_start_at": [(start - UNIX_EPOCH) * 1_000_000 for start in starts],
            "amount_units": [_cached_units(row.amount) for row in rows],
            "charged_seconds": [row.usage.quantity for row in rows],
            "answered_seconds": [row.metadata.billing_seconds for row in rows],
            "rate_units": [rate.value for rate in rates],
            "rate_increment_seconds": [rate.increment for rate in rates],
            "rate_minimum_seconds": [rate.minimum for rate in rates],
            "rate_nocharge_seconds": [rate.nocharge_time for rate in rates],
            "rate_name": [rate.name or row.description or "" for rate, row in zip(rates, rows, strict=True)],
            "source": repeated(self.source, len(rows)),
            "taken_at": pa.repeat(pa.scalar(self.clock(), LEDGER_ENTRIES.field("taken_at").type), len(rows)),
        }
        try:
            arrays = [
                column if isinstance(column, pa.Array) else pa.array(column, type=field_.type)
                for field_, column in ((field_, columns[field_.name]) for field_ in LEDGER_ENTRIES)
            ]
        except (OverflowError, pa.ArrowInvalid):
            return None
        return pa.RecordBatch.from_arrays(arrays, schema=LEDGER_ENTRIES)

    def _slow_page(self, records: Sequence[object], before: set[str], span: Span) -> tuple[pa.RecordBatch, set[str]]:
        read = [self._entry(record) for record in records]
        entries = {str(entry["entry_id"]): (entry, start) for entry, start in filter(None, read)}
        if unreadable := read.count(None):
            message = "Ledger entries without id, amount or time"
            self.warnings.append(ReportWarning("ledger_entry_unreadable", message, unreadable))
        new = [each for id_, each in entries.items() if id_ not in before]
        for entry, _ in new:
            units, seconds = whole_number(entry["amount_units"]) or 0, whole_number(entry["charged_seconds"]) or 0
            self.sums.add(span.month, str(entry["account_id"]), units, seconds)
        wanted = [entry for entry, start in new if span.first <= start < span.end]
        return pa.RecordBatch.from_pylist(wanted, schema=LEDGER_ENTRIES), set(entries)

    def _entry(self, record: object) -> tuple[dict[str, object], int] | None:
        """The entry and when its period starts; None where it does not say enough to be counted."""
        if not isinstance(record, Mapping):
            return None
        entry_id, amount = text(record.get("id")), units_from_currency(record.get("amount"))
        start = whole_number(part(record, "period").get("start"))
        if not entry_id or amount is None or start is None or not is_time(start):
            return None
        source, metadata = part(record, "source"), part(record, "metadata")
        rate = part(metadata, "rate")
        return {
            "month": month_of(start),
            "account_id": text(part(record, "account").get("id")) or self.ledger_account_id,
            "ledger_account_id": self.ledger_account_id,
            "entry_id": entry_id,
            "service": text(source.get("service")) or PER_MINUTE_VOIP,
            "call_id": text(source.get("id")),
            "period_start_at": (start - UNIX_EPOCH) * 1_000_000,
            "amount_units": amount,
            "charged_seconds": count(part(record, "usage").get("quantity")),
            "answered_seconds": count(metadata.get("billing_seconds")),
            "rate_units": count(rate.get("value")),
            "rate_increment_seconds": count(rate.get("increment")),
            "rate_minimum_seconds": count(rate.get("minimum")),
            "rate_nocharge_seconds": count(rate.get("nocharge_time")),
            "rate_name": text(rate.get("name")) or text(record.get("description")),
            "source": self.source,
            "taken_at": self.clock(),
        }, start


def _is_ordinary(row: LedgerRow) -> bool:
    start = row.period.start
    if not row.id or start is None or not is_time(start) or not isinstance(row.amount, int | str | Decimal):
        return False
    return _cached_units(row.amount) is not None


# Amounts repeat; a true is equal to a one, but is no amount.
_cached_units = lru_cache(maxsize=4096, typed=True)(units_from_currency)


def part(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A nested object, empty where there is none."""
    inner = record.get(name)
    return inner if isinstance(inner, Mapping) else {}


def count(value: object) -> int | None:
    """A whole number that a column can hold."""
    number = whole_number(value)
    return number if number is not None and abs(number) < 2**63 else None
