"""Usage: the sums of an account's legs, in total and by country, rate, user, day and billing tag.

Owns: UsageSums, Figures. Does not own: how a sum is shown, prices.

Invariants
- Only billable legs count, but for `legs_read` and `legs_on_net`.
- Sums are integers: seconds and units. The figures of the parts add up to the total.
- Where one billable leg came without the reseller's view, no reseller figure is known: None, never 0.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.call_type import FLAT_RATE, PER_MINUTE
from reseller_reporting.model.rate import MICROS_PER_UNIT

Key = TypeVar("Key", bound=Hashable)

# What is summed, in this order, in every list of sums: the fields of `Figures`.
_MEASURES = (
    "calls",
    "answered_seconds",
    "charged_seconds",
    "billing_seconds",
    "customer_cost_units",
    "reseller_cost_units",
    "flat_rate_calls",
    "flat_rate_seconds",
    "per_minute_calls",
    "per_minute_seconds",
    "priced_micros",
    "priced_calls",
    "billed_seconds",
)
_OF_RESELLER = slice(_MEASURES.index("reseller_cost_units"), _MEASURES.index("per_minute_seconds") + 1)
_WITHOUT_PRICES = _MEASURES[: _MEASURES.index("priced_micros")]  # What there is to sum where there is no plan.
_BILLED_SECONDS = _MEASURES.index("billed_seconds")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over billable legs. `billing_seconds` are what minutes are made of: charged, else answered."""

    calls: int = 0
    answered_seconds: int = 0
    charged_seconds: int = 0
    billing_seconds: int = 0
    customer_cost_units: int = 0
    reseller_cost_units: int | None = 0
    flat_rate_calls: int | None = 0
    flat_rate_seconds: int | None = 0
    per_minute_calls: int | None = 0
    per_minute_seconds: int | None = 0
    priced_micros: int = 0  # Calls without a price add nothing, and are told.
    priced_calls: int = 0
    billed_seconds: int | None = None  # By the plan, which has its own minimums and increments; None: there is none.

    @property
    def price_micros(self) -> int | None:
        """None: there is no plan, or no call of these has a price."""
        has_none = self.billed_seconds is None or (self.calls and not self.priced_calls)
        return None if has_none else self.priced_micros

    @property
    def margin_micros(self) -> int | None:
        """Price less reseller cost, that of calls without a price included: it was paid. None where it is not known."""
        if self.billed_seconds is None or self.reseller_cost_units is None:
            return None
        return self.priced_micros - self.reseller_cost_units * MICROS_PER_UNIT

    def without_reseller(self) -> "Figures":
        """The same, where the reseller's view is not known or not ours to show."""
        return replace(
            self,
            reseller_cost_units=None,
            flat_rate_calls=None,
            flat_rate_seconds=None,
            per_minute_calls=None,
            per_minute_seconds=None,
        )


@dataclass(slots=True)
class UsageSums:
    """Grows batch by batch of RATED_LEGS or PRICED_LEGS; as large as its groups are many, however many the legs."""

    legs_read: int = 0
    legs_on_net: int = 0
    legs_without_reseller_view: int = 0  # Billable ones.
    has_prices: bool = False  # Legs come as PRICED_LEGS: nothing is 0 then where there are none.
    _total: list[int] = field(default_factory=lambda: [0] * len(_MEASURES))
    _countries: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _rates: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    _owners: dict[str, list[int]] = field(default_factory=dict)
    _customer_types: dict[str, list[int]] = field(default_factory=dict)
    _reseller_types: dict[str, list[int]] = field(default_factory=dict)
    _days: dict[int, list[int]] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch, *, days: pa.Array | None = None) -> None:
        """Count the legs of a batch; `days` says on which day each of them began, as numbers that follow each other."""
        self.has_prices = self.has_prices or "price_micros" in batch.schema.names
        self.legs_read += batch.num_rows
        billable = billable_legs(batch)
        self.legs_on_net += batch.num_rows - billable.num_rows
        if billable.num_rows == 0:
            return
        self.legs_without_reseller_view += billable.column("reseller_call_type").null_count
        measured = _measured(billable)
        if days is not None:
            by_day = measured.append_column("day", days.filter(batch.column("is_billable")))
            _add_groups(self._days, by_day, ["day"])
        self._total = _plus(self._total, _filled([pc.sum(measured[name]).as_py() for name in _summed(measured)]))
        _add_groups(self._countries, measured, ["country_code", "direction"])
        _add_groups(self._rates, measured, ["rate_name", "rate_units"])
        _add_groups(self._owners, measured, ["owner_id"])
        _add_groups(self._customer_types, measured, ["customer_call_type"])
        _add_groups(self._reseller_types, measured, ["reseller_call_type"])

    @property
    def has_reseller_view(self) -> bool:
        return self.legs_without_reseller_view == 0

    @property
    def legs_billable(self) -> int:
        return self.legs_read - self.legs_on_net

    @property
    def total(self) -> Figures:
        return self._figures(self._total)

    @property
    def by_country(self) -> dict[tuple[str, str], Figures]:
        """By country code and direction."""
        return self._grouped(self._countries.items())

    @property
    def by_rate(self) -> dict[tuple[str, int], Figures]:
        """By rate name and rate in units per minute."""
        return self._grouped(self._rates.items())

    @property
    def by_owner(self) -> dict[str, Figures]:
        """By the id of the leg's owner; "" where it has none."""
        return self._grouped(self._owners.items())

    def by_user(self, labels: Mapping[str, str]) -> dict[str, Figures]:
        """By the label of the leg's owner, else its id; owners of one label are one user."""
        return self._grouped((labels.get(owner, owner), sums) for owner, sums in self._owners.items())

    @property
    def by_day(self) -> dict[int, Figures]:
        """By the day on which the leg began; empty where days were not told."""
        return self._grouped(self._days.items())

    @property
    def by_customer_type(self) -> dict[str, Figures]:
        return self._grouped(self._customer_types.items())

    @property
    def by_reseller_type(self) -> dict[str, Figures]:
        """Empty where the reseller's view is missing."""
        return self._grouped(self._reseller_types.items()) if self.has_reseller_view else {}

    def _grouped(self, groups: Iterable[tuple[Key, list[int]]]) -> dict[Key, Figures]:
        merged: dict[Key, list[int]] = {}
        for key, sums in groups:
            merged[key] = _plus(merged[key], sums) if key in merged else sums
        return {key: self._figures(sums) for key, sums in merged.items()}

    def _figures(self, sums: list[int]) -> Figures:
        known: list[Any] = list(sums)
        if not self.has_prices:
            known[_BILLED_SECONDS] = None
        if not self.has_reseller_view:
            known[_OF_RESELLER] = [None] * len(known[_OF_RESELLER])
        return Figures(*known)


def billable_legs(legs: pa.RecordBatch) -> pa.RecordBatch:
    """Those of RATED_LEGS that can cost something; often all of them, which are not copied then."""
    is_billable = legs.column("is_billable")
    return legs if is_billable.true_count == len(legs) else legs.filter(is_billable)


def _measured(billable: pa.RecordBatch) -> pa.Table:
    """The keys of every grouping beside one number column per measure, none of them null."""
    answered, charged = billable.column("answered_seconds"), billable.column("charged_seconds")
    reseller_type = pc.fill_null(billable.column("reseller_call_type"), "")
    billing = pc.coalesce(charged, answered)
    is_flat = pc.is_in(reseller_type, value_set=pa.array(sorted(FLAT_RATE))).cast(pa.int64())
    is_per_minute = pc.equal(reseller_type, PER_MINUTE).cast(pa.int64())
    has_prices = "price_micros" in billable.schema.names
    columns = {
        "country_code": billable.column("country_code"),
        "direction": billable.column("direction"),
        "rate_name": billable.column("rate_name"),
        "rate_units": billable.column("rate_units"),
        "owner_id": billable.column("owner_id"),
        "customer_call_type": billable.column("customer_call_type"),
        "reseller_call_type": reseller_type,
        "calls": pa.repeat(pa.scalar(1, pa.int64()), billable.num_rows),
        "answered_seconds": answered,
        "charged_seconds": pc.fill_null(charged, 0),
        "billing_seconds": billing,
        "customer_cost_units": billable.column("customer_cost_units"),
        "reseller_cost_units": pc.fill_null(billable.column("reseller_cost_units"), 0),
        "flat_rate_calls": is_flat,
        "flat_rate_seconds": pc.multiply(is_flat, billing),
        "per_minute_calls": is_per_minute,
        "per_minute_seconds": pc.multiply(is_per_minute, billing),
    }
    if has_prices:
        prices = billable.column("price_micros")
        columns["priced_micros"] = pc.fill_null(prices, 0)
        columns["priced_calls"] = pc.is_valid(prices).cast(pa.int64())
        columns["billed_seconds"] = pc.fill_null(billable.column("billed_seconds"), 0)
    return pa.table(columns)


def _summed(measured: pa.Table) -> tuple[str, ...]:
    """The measures that are there."""
    return _MEASURES if _MEASURES[-1] in measured.schema.names else _WITHOUT_PRICES


def _filled(sums: Sequence[int]) -> list[int]:
    """Of all measures."""
    return [*sums, *[0] * (len(_MEASURES) - len(sums))]


def _add_groups(groups: dict[Any, list[int]], measured: pa.Table, keys: list[str]) -> None:
    measures = _summed(measured)
    summed = measured.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in measures])
    key_columns = [summed[key].to_pylist() for key in keys]
    names = key_columns[0] if len(keys) == 1 else list(zip(*key_columns, strict=True))
    rows = zip(*(summed[f"{name}_sum"].to_pylist() for name in measures), strict=True)
    for name, row in zip(names, rows, strict=True):
        groups[name] = _plus(groups[name], _filled(row)) if name in groups else _filled(row)


def _plus(left: list[int], right: Iterable[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]
