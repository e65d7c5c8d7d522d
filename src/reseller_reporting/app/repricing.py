"""Repricing: the stored legs of many customers, read once and priced by two books. Pure but for what it reads.

Owns: what is read together, and that each book prices by its own pools. Does not own: any rule of a price.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.app.pricing import Pricing, price
from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Plan, PricedLegs
from reseller_reporting.model.tables import (
    PRICEABLE_LEGS,
    STORED_EXPLAINED_LEGS,
    STORED_PRICEABLE_LEGS,
    STORED_TRUNK_LEGS,
)
from reseller_reporting.rating.billed_columns import priceable_batch
from reseller_reporting.rating.columns import expect
from reseller_reporting.rating.trunk_legs import LegArrays, leg_arrays
from reseller_reporting.reports.price_changes import Told
from reseller_reporting.store.calls import AccountCalls, reading, together

Group = tuple[Pricing, ...]  # Customers that are priced together, because they share a pool; one, as a rule.


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Customers that are read together; whoever shares a pool with one of them, under either book, is among them."""

    calls: AccountCalls = field(repr=False)
    asked: frozenset[str]  # Of whom something is told; the others only draw on the same pools.
    ours: frozenset[str]  # Whose reseller figures are ours to show.
    before: tuple[Group, ...] = field(repr=False)
    after: tuple[Group, ...] = field(repr=False)
    spill: Path
    legs_of_all: int  # Of all batches: whether the compiler pays.


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """What either book makes of one customer; None: no plan of it fits."""

    account_id: str
    calls: int
    reseller_cost_units: int | None
    before: Told | None
    after: Told | None


def reprice(batch: Batch) -> list[Repriced]:
    """All of `batch.asked`."""
    expect(batch.legs_of_all)
    stored = _StoredLegs(batch)
    known = {_ids(group): (group, _told(group, stored, batch.asked)) for group in batch.before}
    before = _merged(told for _, told in known.values())
    after = _merged(_told_again(group, known, stored, batch.asked) for group in batch.after)
    return [
        Repriced(
            account_id=id_,
            calls=len(stored.of(id_)[0]),
            reseller_cost_units=stored.reseller_cost_units(id_),
            before=before.get(id_),
            after=after.get(id_),
        )
        for id_ in batch.calls.account_ids
        if id_ in batch.asked
    ]


def _told(group: Group, stored: "_StoredLegs", asked: Iterable[str]) -> dict[str, Told]:
    try:
        priced = price([(each, *stored.of(str(each.account.id))) for each in group], stored.read)
    except CannotPrice as error:
        return dict.fromkeys(_ids(group), error.sentence)
    pairs = zip(group, priced, strict=True)
    return {str(each.account.id): each.statement(one) for each, one in pairs if each.account.id in asked}


def _told_again(
    group: Group,
    known: Mapping[tuple[str, ...], tuple[Group, dict[str, Told]]],
    stored: "_StoredLegs",
    asked: Iterable[str],
) -> dict[str, Told]:
    """Whom the other book changes nothing for needs no second pricing."""
    same, told = known.get(_ids(group), ((), {}))
    return told if same == group else _told(group, stored, asked)


def _ids(group: Group) -> tuple[str, ...]:
    return tuple(str(each.account.id) for each in group)


def _merged(parts: Iterable[Mapping[str, Told]]) -> dict[str, Told]:
    return {id_: told for part in parts for id_, told in part.items()}


class _StoredLegs:
    """The billable legs of a batch, those of the earlier months that a bundle lives on from, too: a query a month."""

    def __init__(self, batch: Batch) -> None:
        pricings = [each for group in (*batch.before, *batch.after) for each in group]
        self._schema = _asked_columns(pricings)
        self._batch = batch
        self._legs: dict[tuple[str, datetime], pa.Table] = {}
        self._hidden: set[str] = set()
        earlier: dict[datetime, dict[str, AccountCalls]] = {}
        for each in _earlier(pricings):
            earlier.setdefault(each.from_at, {})[each.account_ids[0]] = each
        self._hidden = self._read(batch.calls, set(batch.calls.account_ids) - batch.ours)
        for several in earlier.values():
            self._read(together([*several.values()]), set())

    def of(self, account_id: str) -> tuple[pa.Table, Callable[[], LegArrays]]:
        return self._found(account_id, self._batch.calls.from_at)

    def read(self, where: AccountCalls) -> tuple[pa.Table, Callable[[], LegArrays]]:
        (account_id,) = where.account_ids
        return self._found(account_id, where.from_at)

    def reseller_cost_units(self, account_id: str) -> int | None:
        if account_id in self._hidden:
            return None
        return pc.sum(self.of(account_id)[0]["reseller_cost_units"]).as_py() or 0

    def _found(self, account_id: str, from_at: datetime) -> tuple[pa.Table, Callable[[], LegArrays]]:
        stored = self._legs.get((account_id, from_at))
        if stored is None:
            stored = self._schema.empty_table()
        legs = pa.Table.from_batches(map(priceable_batch, stored.to_batches()), PRICEABLE_LEGS)
        return legs, cache(partial(_arrays, stored))

    def _read(self, where: AccountCalls, hidden: set[str]) -> set[str]:
        """Whose reseller's side is not ours, or not stated of every leg, is read without it, as a report reads it."""
        with reading(where, spill=self._batch.spill) as reader:
            hidden |= reader.without_reseller_view()
        shown = set(where.account_ids) - hidden
        for ids, shows_reseller in ((shown, True), (hidden, False)):
            if ids:
                with reading(where.of(ids, shows_reseller=shows_reseller), spill=self._batch.spill) as reader:
                    for account_id, legs in reader.by_account(self._schema):
                        self._legs[account_id, where.from_at] = legs
        return hidden


def _arrays(legs: pa.Table) -> LegArrays:
    return leg_arrays(legs.to_batches(), ("customer",))


def _asked_columns(pricings: Iterable[Pricing]) -> pa.Schema:
    """Reading is the dearer part: of what few plans ask for nothing is read for the others."""
    plans = [segment.plan for pricing in _with_earlier(pricings) for segment in pricing.segments]
    rules = [rule for plan in plans for rule in plan.usage.values()]
    # On cost a call has the price of the whole call; its charged seconds are what a bundle may cover.
    if any(rule.markup and not rule.deck for rule in rules) and any(plan.bundles for plan in plans):
        return STORED_EXPLAINED_LEGS
    return STORED_TRUNK_LEGS if any(map(_asks_trunks, plans)) else STORED_PRICEABLE_LEGS


def _asks_trunks(plan: Plan) -> bool:
    return PricedLegs.OVER_TRUNKS in (plan.legs, *(rule.legs for rule in plan.usage.values()))


def _with_earlier(pricings: Iterable[Pricing]) -> Iterator[Pricing]:
    for pricing in pricings:
        yield pricing
        if pricing.earlier is not None:
            yield from _with_earlier([pricing.earlier.pricing])


def _earlier(pricings: Iterable[Pricing]) -> Iterator[AccountCalls]:
    return (each.earlier.calls for each in _with_earlier(pricings) if each.earlier is not None)
