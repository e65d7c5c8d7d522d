"""Documents: the parts of the rate that KAZOO kept with a leg, for legs that no ledger entry explains."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import pyarrow as pa

from reseller_reporting.model.errors import KazooNotFound, KazooUnavailable, ResellerReportingError
from reseller_reporting.model.ids import LegId
from reseller_reporting.model.tables import LEG_DOCUMENTS
from reseller_reporting.sources.gregorian import is_time, month_of
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.listing import month_of_id, whole_number

# Of one account side by side. How many requests are in flight is the pace's to say; the rest only waits for a turn.
_AT_ONCE = 8
_ROWS_PER_BATCH = 500
_DIGITS_MAX = 18
# So many in a row without an answer, each asked for again and again: KAZOO is in trouble, and the rest waits for later.
_UNANSWERED_MAX = 16


@dataclass(slots=True)
class Documents:
    """LEG_DOCUMENTS of the legs that have one, and how many could not be read, with the first reason."""

    table: pa.Table
    unread: int = 0
    failure: ResellerReportingError | None = None


async def read_documents(
    client: Client, account_id: str, leg_ids: Sequence[LegId], *, source: str, taken_at: datetime
) -> Documents:
    """One row per leg that still has its document; one that KAZOO no longer knows is left out.

    A document that fails is its own failure: the others of the account are read all the same.
    """
    reading = _Reading(client, account_id, iter(leg_ids), {"source": source, "taken_at": taken_at})
    workers = [asyncio.ensure_future(reading.work()) for _ in range(min(_AT_ONCE, len(leg_ids)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
    return reading.documents(len(leg_ids))


@dataclass(slots=True)
class _Reading:
    """Documents of one account on their way, asked for by a few workers from one list."""

    client: Client
    account_id: str
    waiting: Iterator[LegId]
    origin: Mapping[str, object]
    rows: list[dict[str, object]] = field(default_factory=list)
    batches: list[pa.RecordBatch] = field(default_factory=list)
    answered: int = 0
    unanswered_in_a_row: int = 0
    failure: ResellerReportingError | None = None

    async def work(self) -> None:
        for leg_id in self.waiting:
            if self.unanswered_in_a_row >= _UNANSWERED_MAX:
                return
            try:
                document = await _document(self.client, self.account_id, leg_id)
            except ResellerReportingError as error:
                self.failure = self.failure or error
                is_unanswered = isinstance(error, KazooUnavailable)
                self.unanswered_in_a_row = self.unanswered_in_a_row + 1 if is_unanswered else 0
                continue
            self.answered += 1
            self.unanswered_in_a_row = 0
            if document is not None:
                self._add(leg_id, document)

    def documents(self, asked: int) -> Documents:
        self._pack()
        return Documents(pa.Table.from_batches(self.batches, LEG_DOCUMENTS), asked - self.answered, self.failure)

    def _add(self, leg_id: LegId, document: Mapping[str, object]) -> None:
        month = _month(document, leg_id)
        if month is None:
            return
        own = {"month": month, "account_id": self.account_id, "leg_id": leg_id}
        self.rows.append({**own, **rate_parts(document), **self.origin})
        if len(self.rows) >= _ROWS_PER_BATCH:
            self._pack()

    def _pack(self) -> None:
        """Rows as columns take a tenth of the memory."""
        if self.rows:
            self.batches.append(pa.RecordBatch.from_pylist(self.rows, schema=LEG_DOCUMENTS))
            self.rows = []


async def _document(client: Client, account_id: str, leg_id: LegId) -> Mapping[str, object] | None:
    try:
        document = await client.document("accounts", account_id, "cdrs", leg_id)
    except KazooNotFound:
        return None
    return document if isinstance(document, Mapping) else None


def rate_parts(document: Mapping[str, object]) -> dict[str, int | None]:
    """Units and seconds as KAZOO reads them: from the channel variables, at the top level of a record without them."""
    variables = document.get("custom_channel_vars")
    where = variables if isinstance(variables, Mapping) else document
    return {
        "rate_units": rounded(where.get("rate")),
        "rate_increment_seconds": rounded(where.get("rate_increment")),
        "rate_minimum_seconds": rounded(where.get("rate_minimum")),
        "rate_nocharge_seconds": rounded(where.get("rate_nocharge_time")),
        "surcharge_units": rounded(where.get("surcharge")),
        "discount_percent": rounded(where.get("discount_percentage")),
    }


def rounded(value: object) -> int | None:
    """KAZOO reads each part as an integer: a decimal is rounded, half away from zero."""
    if isinstance(value, str) and len(value) <= _DIGITS_MAX and value.isascii() and value.isdigit():
        return int(value)  # Nearly always, and quickly.
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _DIGITS_MAX:
        return None
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _month(document: Mapping[str, object], leg_id: LegId) -> str | None:
    """The month of the leg's start; the document's own time is the leg's end."""
    end = whole_number(document.get("timestamp"))
    if end is None:
        return month_of_id(leg_id)
    start = end - (whole_number(document.get("duration_seconds")) or 0)
    return month_of(start) if is_time(start) else month_of_id(leg_id)
