"""As billed: a leg's figures as KAZOO states them, with what explains them.

Invariants
- Costs are KAZOO's own; nothing is charged anew. Only charged seconds may be computed, by KAZOO's rule.
- Charged seconds exist for legs that cost either party by the minute, and for no other.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from reseller_reporting.model.call_type import PER_MINUTE, is_billable, is_per_minute
from reseller_reporting.model.tables import RATED_LEGS
from reseller_reporting.rating.breakdown import Parts, breakdown
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, DEFAULT_MINIMUM_SECONDS, kazoo_cost
from reseller_reporting.rating.country import country_code, far_end

_COPIED = [
    name for name in RATED_LEGS.names if name not in {"breakdown", "country_code", "charged_seconds", "is_billable"}
]
_SECONDS_MAX = 2**63 - 1


class ExplainedLeg(NamedTuple):
    """The columns of EXPLAINED_LEGS that rating reads, by these names."""

    direction: str
    caller_id_number: str
    dialed_number: str
    answered_seconds: int
    customer_call_type: str
    customer_cost_units: int
    reseller_call_type: str | None
    reseller_cost_units: int | None
    rate_units: int
    rate_name: str
    entry_charged_seconds: int | None
    entry_rate_units: int | None
    entry_increment_seconds: int | None
    entry_minimum_seconds: int | None
    entry_nocharge_seconds: int | None
    has_document: bool
    document_rate_units: int | None
    document_increment_seconds: int | None
    document_minimum_seconds: int | None
    document_nocharge_seconds: int | None
    document_surcharge_units: int | None
    document_discount_percent: int | None


def rate_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """EXPLAINED_LEGS in, RATED_LEGS out, row by row in the same order: the definition of `billed_columns`."""
    made: dict[str, list[Any]] = {"breakdown": [], "country_code": [], "charged_seconds": [], "is_billable": []}
    for leg in explained(batch):
        made["charged_seconds"].append(charged_seconds(leg))
        made["country_code"].append(country_code(far_end(leg.direction, leg.caller_id_number, leg.dialed_number)))
        made["is_billable"].append(is_billable(leg.customer_call_type, leg.reseller_call_type))
        made["breakdown"].append(breakdown_of(leg))
    columns = {name: batch.column(name) for name in _COPIED} | made
    arrays = [_array(columns[field.name], field.type) for field in RATED_LEGS]
    return pa.RecordBatch.from_arrays(arrays, schema=RATED_LEGS)


def needs_document(leg: ExplainedLeg) -> bool:
    """Whether the ledger's rate does not explain the leg's charge, and no document yet does.

    A surcharge or a discount stands only on the document; a leg that cost nothing has no ledger entry.
    """
    if (
        leg.has_document
        or leg.answered_seconds <= 0
        or not is_per_minute(leg.customer_call_type, leg.reseller_call_type)
    ):
        return False
    parts = _entry_parts(leg)
    if parts is None:
        return True
    is_customer = leg.customer_call_type == PER_MINUTE
    stated_units = leg.customer_cost_units if is_customer else leg.reseller_cost_units
    return kazoo_cost(**parts._asdict(), answered_seconds=leg.answered_seconds).cost_units != stated_units


def explained(batch: pa.RecordBatch) -> Iterator[ExplainedLeg]:
    """The legs of a batch of EXPLAINED_LEGS, one by one."""
    return map(ExplainedLeg._make, zip(*(batch.column(name).to_pylist() for name in ExplainedLeg._fields), strict=True))


def breakdown_of(leg: ExplainedLeg) -> str:
    return breakdown(
        reseller_call_type=leg.reseller_call_type,
        reseller_cost_units=leg.reseller_cost_units,
        answered_seconds=leg.answered_seconds,
        rate_units=leg.rate_units,
        rate_name=leg.rate_name,
        parts=parts_of(leg),
    )


def charged_seconds(leg: ExplainedLeg) -> int | None:
    if not is_per_minute(leg.customer_call_type, leg.reseller_call_type):
        return None
    if leg.entry_charged_seconds is not None:
        return leg.entry_charged_seconds
    if leg.answered_seconds <= 0:
        return 0
    parts = parts_of(leg)
    if parts is None:
        return None
    charged = kazoo_cost(**parts._asdict(), answered_seconds=leg.answered_seconds).charged_seconds
    # Rounding up can pass what a column holds; no call was charged for longer than the world is old.
    return charged if charged <= _SECONDS_MAX else None


def parts_of(leg: ExplainedLeg) -> Parts | None:
    """The document tells all; the ledger's rate knows neither surcharge nor discount."""
    if not leg.has_document:
        return _entry_parts(leg)
    return Parts(
        rate_units=leg.document_rate_units or 0,
        increment_seconds=_given(leg.document_increment_seconds, DEFAULT_INCREMENT_SECONDS),
        minimum_seconds=_given(leg.document_minimum_seconds, DEFAULT_MINIMUM_SECONDS),
        nocharge_seconds=leg.document_nocharge_seconds or 0,
        surcharge_units=leg.document_surcharge_units or 0,
        discount_percent=leg.document_discount_percent or 0,
    )


def _entry_parts(leg: ExplainedLeg) -> Parts | None:
    if leg.entry_rate_units is None:
        return None
    return Parts(
        rate_units=leg.entry_rate_units,
        increment_seconds=_given(leg.entry_increment_seconds, DEFAULT_INCREMENT_SECONDS),
        minimum_seconds=_given(leg.entry_minimum_seconds, DEFAULT_MINIMUM_SECONDS),
        nocharge_seconds=leg.entry_nocharge_seconds or 0,
    )


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)
