"""Documents: the parts of the rate that KAZOO kept with a leg, for legs that no ledger entry explains."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import pyarrow as pa

from reseller_reporting.model.errors import KazooNotFound
from reseller_reporting.model.ids import LegId
from reseller_reporting.model.tables import LEG_DOCUMENTS
from reseller_reporting.sources.gregorian import is_time, month_of
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.listing import month_of_id, whole_number

_AT_ONCE = 200


async def read_documents(
    client: Client, account_id: str, leg_ids: Sequence[LegId], *, source: str, taken_at: datetime
) -> pa.Table:
    """One row per leg that still has its document; one that KAZOO no longer knows is left out."""
    rows: list[dict[str, object]] = []
    for first in range(0, len(leg_ids), _AT_ONCE):
        asked = leg_ids[first : first + _AT_ONCE]
        found = await asyncio.gather(*(_document(client, account_id, leg_id) for leg_id in asked))
        for leg_id, document in zip(asked, found, strict=True):
            parts = None if document is None else rate_parts(document)
            month = None if document is None else _month(document, leg_id)
            if parts is not None and month is not None:
                own = {"month": month, "account_id": account_id, "leg_id": leg_id}
                rows.append(own | parts | {"source": source, "taken_at": taken_at})
    return pa.Table.from_pylist(rows, schema=LEG_DOCUMENTS)


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
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 17:
        return None
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _month(document: Mapping[str, object], leg_id: LegId) -> str | None:
    """The month of the leg's start; the document's own time is the leg's end."""
    end = whole_number(document.get("timestamp"))
    if end is None:
        return month_of_id(leg_id)
    start = end - (whole_number(document.get("duration_seconds")) or 0)
    return month_of(start) if is_time(start) else month_of_id(leg_id)
