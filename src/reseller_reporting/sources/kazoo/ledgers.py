"""Ledgers: what was really charged, entry by entry, from the ledger of the account that was charged."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.tables import LEDGER_ENTRIES
from reseller_reporting.model.units import units_from_currency
from reseller_reporting.sources.gregorian import UNIX_EPOCH, gregorian, is_time, month_of
from reseller_reporting.sources.kazoo.envelope import RECORDS
from reseller_reporting.sources.kazoo.paging import Listings
from reseller_reporting.sources.kazoo.windows import ledger_windows
from reseller_reporting.sources.listing import text, whole_number

PER_MINUTE_VOIP = "per-minute-voip"


@dataclass(slots=True)
class LedgerReader:
    listings: Listings
    ledger_account_id: str
    source: str
    from_at: datetime
    to_at: datetime
    clock: Callable[[], datetime]
    warnings: list[ReportWarning] = field(default_factory=list)

    async def batches(self) -> AsyncIterator[pa.RecordBatch]:
        """Entries whose period starts within the span; an entry is written seconds later, so windows are wider."""
        path = ("accounts", self.ledger_account_id, "ledgers", PER_MINUTE_VOIP)
        first, end = gregorian(self.from_at), gregorian(self.to_at)
        before: set[str] = set()
        for window in ledger_windows(first, min(end, gregorian(self.clock()))):
            async for _, page in self.listings.windowed(path, RECORDS, window, self.warnings, is_closed=False):
                read = [self._entry(record) for record in page.records()]
                entries = {str(entry["entry_id"]): (entry, start) for entry, start in filter(None, read)}
                if read.count(None):
                    self.warnings.append(
                        ReportWarning(
                            "ledger_entry_unreadable", "Ledger entries without id, amount or time", read.count(None)
                        )
                    )
                wanted = [e for id_, (e, start) in entries.items() if id_ not in before and first <= start < end]
                before = set(entries)
                yield pa.RecordBatch.from_pylist(wanted, schema=LEDGER_ENTRIES)

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


def part(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A nested object, empty where there is none."""
    inner = record.get(name)
    return inner if isinstance(inner, Mapping) else {}


def count(value: object) -> int | None:
    """A whole number that a column can hold."""
    number = whole_number(value)
    return number if number is not None and abs(number) < 2**63 else None
