"""Billed columns: `as_billed.rate_batch` over whole columns, for as many legs as there are.

Owns: KAZOO's charge of a leg and the sameness of breakdowns, as arithmetic over columns. Does not own: any rule; the
scalar functions of `as_billed`, `breakdown` and `charge` are the definition, and the words come from them.

Legs whose breakdown must read alike are found first; the words are made once for each such group. Figures too large
for exact columns, and discounts, are left to the scalar rules.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.tables import PRICEABLE_LEGS, RATED_LEGS
from reseller_reporting.rating import as_billed
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, DEFAULT_MINIMUM_SECONDS
from reseller_reporting.rating.columns import country_codes

# Products of three such figures are exact enough as KAZOO calculates, and fit.
_FIGURE_MAX = 2**31
_FIGURES = (
    "answered_seconds",
    "rate_units",
    *(
        f"{origin}_{part}"
        for origin in ("entry", "document")
        for part in ("rate_units", "increment_seconds", "minimum_seconds", "nocharge_seconds")
    ),
    "document_surcharge_units",
    "document_discount_percent",
)
_MADE = ("breakdown", "country_code", "charged_seconds", "is_billable")


def rate_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """EXPLAINED_LEGS in, RATED_LEGS out, in the same order."""
    if batch.num_rows == 0 or not _fits(batch):
        return as_billed.rate_batch(batch)
    legs = _Legs.of(batch)
    made = {
        "breakdown": _breakdowns(batch, legs),
        "country_code": _far_countries(batch),
        "charged_seconds": _charged_seconds(legs),
        "is_billable": pa.array((legs.customer_type != legs.no_type) | (legs.reseller_type != legs.no_type)),
    }
    arrays = [made[name] if name in _MADE else batch.column(name) for name in RATED_LEGS.names]
    return pa.RecordBatch.from_arrays(arrays, schema=RATED_LEGS)


def priceable_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Billable legs in, PRICEABLE_LEGS out: what `rate_batch` says of them, without a word.

    `batch` has the columns of EXPLAINED_LEGS that are asked for here. Without those that explain a charge, charged
    seconds are null: few plans ask for them. Without ids they are empty: prices are the same.
    """
    made = {"country_code": _far_countries(batch), "charged_seconds": _charged(batch)}
    known = batch.schema.names
    made |= {name: pa.repeat("", batch.num_rows) for name in ("call_id", "leg_id") if name not in known}
    arrays = [made[name] if name in made else batch.column(name) for name in PRICEABLE_LEGS.names]
    return pa.RecordBatch.from_arrays(arrays, schema=PRICEABLE_LEGS)


def _far_countries(batch: pa.RecordBatch) -> pa.Array:
    is_outbound = pc.equal(batch.column("direction"), "outbound")
    far_ends = pc.if_else(is_outbound, batch.column("dialed_number"), batch.column("caller_id_number"))
    return country_codes(far_ends).cast(pa.string())


def _charged(batch: pa.RecordBatch) -> pa.Array:
    if batch.num_rows == 0 or "has_document" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.int64())
    if _fits(batch):
        return _charged_seconds(_Legs.of(batch))
    return pa.array([as_billed.charged_seconds(leg) for leg in as_billed.explained(batch)], pa.int64())


def needing_documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The legs of EXPLAINED_LEGS that `as_billed.needs_document`, in the same order."""
    if batch.num_rows == 0 or not _fits(batch):
        return batch.filter(pa.array(list(map(as_billed.needs_document, as_billed.explained(batch))), pa.bool_()))
    legs = _Legs.of(batch)
    is_customer = legs.customer_type == legs.per_minute_type
    is_per_minute = is_customer | (legs.reseller_type == legs.per_minute_type)
    stated_units = np.where(is_customer, batch.column("customer_cost_units").to_numpy(), legs.reseller_cost_units)
    is_stated = is_customer | legs.has_reseller_cost
    is_explained = legs.has_parts & is_stated & (stated_units == _undiscounted_units(legs))
    has_document = batch.column("has_document").to_numpy(zero_copy_only=False)
    return batch.filter(pa.array(is_per_minute & ~has_document & (legs.answered_seconds > 0) & ~is_explained))


def _fits(batch: pa.RecordBatch) -> bool:
    for name in _FIGURES:
        extremes = pc.min_max(batch.column(name)).as_py()
        if extremes["min"] is not None and max(-extremes["min"], extremes["max"]) >= _FIGURE_MAX:
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Legs:
    """Columns of plain figures. Types are numbers of a common list; what is null has a mask or the rule's default."""

    customer_type: Any
    reseller_type: Any
    no_type: int
    per_minute_type: int
    answered_seconds: Any
    reseller_cost_units: Any
    has_reseller_cost: Any
    entry_charged_seconds: Any
    has_entry_charged: Any
    # The rate as the leg was charged by it: `as_billed.parts_of`.
    has_parts: Any
    rate_units: Any
    increment_seconds: Any
    minimum_seconds: Any
    nocharge_seconds: Any
    surcharge_units: Any
    discount_percent: Any

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> "_Legs":
        has_document = batch.column("has_document").to_numpy(zero_copy_only=False)

        def figures(name: str, default: int = 0) -> Any:
            column = batch.column(name)
            return (pc.fill_null(column, default) if column.null_count else column).to_numpy(zero_copy_only=False)

        def part(name: str, default: int = 0) -> Any:
            return np.where(has_document, figures(f"document_{name}", default), figures(f"entry_{name}", default))

        types = ["", PER_MINUTE]
        customer_type, reseller_type = (_type_numbers(batch.column(f"{who}_call_type"), types) for who in _PARTIES)
        return cls(
            customer_type=customer_type,
            reseller_type=reseller_type,
            no_type=0,
            per_minute_type=1,
            answered_seconds=figures("answered_seconds"),
            reseller_cost_units=figures("reseller_cost_units"),
            has_reseller_cost=_is_known(batch.column("reseller_cost_units")),
            entry_charged_seconds=figures("entry_charged_seconds"),
            has_entry_charged=_is_known(batch.column("entry_charged_seconds")),
            has_parts=has_document | _is_known(batch.column("entry_rate_units")),
            rate_units=part("rate_units"),
            increment_seconds=part("increment_seconds", DEFAULT_INCREMENT_SECONDS),
            minimum_seconds=part("minimum_seconds", DEFAULT_MINIMUM_SECONDS),
            nocharge_seconds=part("nocharge_seconds"),
            surcharge_units=np.where(has_document, figures("document_surcharge_units"), 0),
            discount_percent=np.where(has_document, figures("document_discount_percent"), 0),
        )

    @property
    def is_free(self) -> Any:
        return (self.answered_seconds <= 0) | (self.answered_seconds <= self.nocharge_seconds)

    @property
    def sold_increment_seconds(self) -> Any:
        return np.where(self.increment_seconds == 0, DEFAULT_INCREMENT_SECONDS, self.increment_seconds)


_PARTIES = ("customer", "reseller")


def _type_numbers(column: pa.Array, types: list[str]) -> Any:
    """Each type by its place in `types`, which grows; null is no type."""
    encoded = (pc.fill_null(column, "") if column.null_count else column).dictionary_encode()
    known = encoded.dictionary.to_pylist()
    types += [each for each in known if each not in types]
    return np.array([types.index(each) for each in known], np.int64)[encoded.indices.to_numpy()]


def _is_known(column: pa.Array) -> Any:
    return column.is_valid().to_numpy(zero_copy_only=False)


def _charged_seconds(legs: _Legs) -> pa.Array:
    """`as_billed.rate_batch`'s charged seconds, with `charge.kazoo_cost` where no ledger states them."""
    increment, answered = legs.sold_increment_seconds, legs.answered_seconds
    whole = np.ceil(answered / increment).astype(np.int64) * increment
    sold = np.where(answered <= legs.minimum_seconds, legs.minimum_seconds, whole)
    computed = np.where(legs.is_free, 0, sold)
    is_charged = (legs.customer_type == legs.per_minute_type) | (legs.reseller_type == legs.per_minute_type)
    is_told = legs.has_entry_charged | (answered <= 0) | legs.has_parts
    charged = np.where(legs.has_entry_charged, legs.entry_charged_seconds, np.where(answered <= 0, 0, computed))
    return pa.array(charged, pa.int64(), mask=~(is_charged & is_told))


def _undiscounted_units(legs: _Legs) -> Any:
    """`charge.undiscounted_cost_units`, in the same order; nothing for what is free."""
    increment, minimum, rate = legs.sold_increment_seconds, legs.minimum_seconds, legs.rate_units
    minimum_units = (minimum / 60) * rate
    increments = np.ceil((legs.answered_seconds - minimum) / increment).astype(np.int64)
    sold = legs.surcharge_units + minimum_units + increments * ((increment / 60) * rate)
    units = np.where(legs.answered_seconds <= minimum, legs.surcharge_units + minimum_units, sold)
    return np.where(legs.is_free, 0, units.astype(np.int64))


def _breakdowns(batch: pa.RecordBatch, legs: _Legs) -> pa.Array:
    of_leg, samples = _groups(_distinguishing(batch, legs))
    words = [as_billed.breakdown_of(leg) for leg in as_billed.explained(batch.take(pa.array(samples)))]
    return pa.array(words, pa.string()).take(pa.array(of_leg))


def _distinguishing(batch: pa.RecordBatch, legs: _Legs) -> list[Any]:
    """Columns of figures: legs that are equal in all of them have the same breakdown.

    A figure that a leg's words do not show is 0 there, so that it keeps no two legs apart.
    """
    is_silent = (legs.reseller_type == legs.no_type) | ~legs.has_reseller_cost
    is_tag = ~is_silent & (legs.reseller_type != legs.per_minute_type)
    is_money = ~is_silent & ~is_tag
    is_unanswered = is_money & (legs.answered_seconds <= 0)
    cost = legs.reseller_cost_units
    is_nameless = pc.equal(batch.column("rate_name"), "").to_numpy(zero_copy_only=False)
    is_unrated = is_nameless & (legs.rate_units == 0) & (legs.surcharge_units == 0) & (cost == 0)
    is_bare = is_money & ~is_unanswered & (~legs.has_parts | is_unrated)
    is_explained = is_money & ~is_unanswered & ~is_bare
    is_within = is_explained & legs.is_free
    is_sold = is_explained & ~is_within
    increment = legs.sold_increment_seconds
    # As words count them: in whole numbers.
    increments = np.maximum(0, -(-(legs.answered_seconds - legs.minimum_seconds) // increment))
    is_as_stated = is_explained & (cost == _undiscounted_units(legs))
    is_by_itself = is_explained & (legs.discount_percent != 0)
    stated_units = batch.column("rate_units").to_numpy(zero_copy_only=False)
    shown = [
        (is_tag, legs.reseller_type),
        (is_unanswered | is_bare | (is_explained & ~is_as_stated), cost),
        (is_bare, stated_units),
        (is_within, legs.nocharge_seconds),
        (is_sold, legs.surcharge_units),
        (is_sold, legs.minimum_seconds),
        (is_sold, increments),
        (is_sold, increment),
        (is_sold, legs.rate_units),
        (is_by_itself, np.arange(1, batch.num_rows + 1)),
    ]
    kind = is_tag + 2 * is_unanswered + 4 * is_within + 8 * is_sold + 16 * is_as_stated
    kind = kind + 32 * is_bare + 64 * (is_bare & is_nameless)
    return [kind, *(np.where(where, column, 0) for where, column in shown)]


def _groups(columns: list[Any]) -> tuple[Any, Any]:
    """The number of each leg's group, and the place of one leg of each group."""
    numbers, count = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        encoded = pa.array(column).dictionary_encode()
        values = len(encoded.dictionary)
        if values == 1:
            continue
        # Both are at most the number of legs of a batch, so their product fits.
        both = pa.array(numbers * values + encoded.indices.to_numpy()).dictionary_encode()
        numbers, count = both.indices.to_numpy().astype(np.int64), len(both.dictionary)
    samples = np.zeros(count, np.int64)
    samples[numbers] = np.arange(len(numbers))
    return numbers, samples
