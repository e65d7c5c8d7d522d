"""Repricing: the stored legs of many customers, read once and priced by two books. Pure but for what it reads.

Owns: what is read together, and that each book prices by its own pools. Does not own: any rule of a price.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.app.carry_over import NOTHING_EARLIER, Earlier, carried_into
from reseller_reporting.app.pricing import Pricing, deck_of, price
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
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.trunk_legs import LegArrays, leg_arrays
from reseller_reporting.reports.price_changes import Told
from reseller_reporting.store.calls import AccountCalls, reading, together


@dataclass(frozen=True, slots=True)
class Group:
    """Customers that are priced together, because they share a pool; one, as a rule."""

    pricings: tuple[Pricing, ...]
    earlier: Earlier = NOTHING_EARLIER


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
    is_carry_over_known: bool = True


def get_ready(store: Path, decks: Iterable[str], legs: int) -> None:
    """What a process needs before its first batch: the same for one customer and for all."""
    expect(legs)
    for name in decks:
        deck_of(store, name)


def reprice(batch: Batch) -> list[Repriced]:
    """All of `batch.asked`."""
    expect(batch.legs_of_all)
    stored = _StoredLegs(batch)
    before: dict[str, Told] = {}
    after: dict[str, Told] = {}
    waiting = {_ids(group): group for group in batch.after}
    for group in batch.before:
        priced = _priced(group, stored)
        before |= _told(group, priced, batch.asked)
        other = waiting.get(_ids(group))
        if other is not None and _prices_calls_alike(group, other):
            after |= _told(waiting.pop(_ids(group)), _under(other, priced), batch.asked)
    for group in waiting.values():
        after |= _told(group, _priced(group, stored), batch.asked)
    return [
        Repriced(
            account_id=id_,
            calls=len(stored.of(id_)[0]),
            reseller_cost_units=stored.reseller_cost_units(id_),
            before=before.get(id_),
            after=after.get(id_),
            is_carry_over_known=stored.is_carry_over_known,
        )
        for id_ in batch.calls.account_ids
        if id_ in batch.asked
    ]


def _ids(group: Group) -> tuple[str, ...]:
    return tuple(str(each.account.id) for each in group.pricings)


def _priced(group: Group, stored: "_StoredLegs") -> list[Priced] | str:
    """Or why there are no prices."""
    try:
        # What an earlier month left that the store lacks counts as nothing, as in a report; a warning tells of it.
        carried, is_known = carried_into(group.earlier, stored.read)
        stored.is_carry_over_known &= is_known
        return price([(each, *stored.of(str(each.account.id))) for each in group.pricings], carried)
    except CannotPrice as error:
        return error.sentence


def _told(group: Group, priced: list[Priced] | str, asked: frozenset[str]) -> dict[str, Told]:
    if isinstance(priced, str):
        return dict.fromkeys(_ids(group), priced)
    pairs = zip(group.pricings, priced, strict=True)
    return {str(each.account.id): _statement(each, one) for each, one in pairs if each.account.id in asked}


def _statement(pricing: Pricing, priced: Priced) -> Told:
    """One whose quantities are not known stands in nobody else's way."""
    try:
        return pricing.statement(priced)
    except CannotPrice as error:
        return error.sentence


# --- what changes no price of a call ----------------------------------------------------------------------------------

# Of a plan: what only statements read.
_OF_STATEMENTS = {
    name: Plan.model_fields[name].default
    for name in ("name", "recurring", "one_off", "discounts", "minimum_spend", "taxes")
}


def _prices_calls_alike(group: Group, other: Group) -> bool:
    """Where plans differ in nothing that a call's price comes from, calls need no second pricing."""
    return list(map(_of_calls, _all_pricings([group]))) == list(map(_of_calls, _all_pricings([other])))


def _of_calls(pricing: Pricing) -> Pricing:
    """What of it the prices of calls come from."""
    return replace(
        pricing,
        segments=tuple(
            replace(each, label="", plan=each.plan.model_copy(update=_OF_STATEMENTS)) for each in pricing.segments
        ),
        versions=(),
    )


def _under(group: Group, priced: list[Priced] | str) -> list[Priced] | str:
    """The same prices under other versions of the plans."""
    if isinstance(priced, str):
        return priced
    return [
        replace(
            one,
            segments=each.segments,
            rules=tuple(replace(rule, label=each.segments[rule.segment].label) for rule in one.rules),
        )
        for each, one in zip(group.pricings, priced, strict=True)
    ]


class _StoredLegs:
    """The billable legs of a batch, those of the earlier months that a bundle lives on from, too: a query a month."""

    def __init__(self, batch: Batch) -> None:
        groups = (*batch.before, *batch.after)
        self._schema = _asked_columns(_all_pricings(groups))
        self._batch = batch
        self.is_carry_over_known = True
        self._legs: dict[tuple[str, datetime], tuple[pa.Table, Callable[[], LegArrays]]] = {}
        earlier: dict[datetime, dict[str, AccountCalls]] = {}
        for each in (calls for group in groups for month in group.earlier.months for _, calls in month.members):
            earlier.setdefault(each.from_at, {})[each.account_ids[0]] = each
        self._hidden = self._read(batch.calls, set(batch.calls.account_ids) - batch.ours)
        for several in earlier.values():
            hidden = {account_id for account_id, each in several.items() if not each.shows_reseller}
            self._read(together([*several.values()]), hidden)

    def of(self, account_id: str) -> tuple[pa.Table, Callable[[], LegArrays]]:
        return self._found(account_id, self._batch.calls.from_at)

    def read(self, _stack: ExitStack, where: AccountCalls) -> tuple[pa.Table, Callable[[], LegArrays]]:
        (account_id,) = where.account_ids
        return self._found(account_id, where.from_at)

    def reseller_cost_units(self, account_id: str) -> int | None:
        if account_id in self._hidden:
            return None
        return pc.sum(self.of(account_id)[0]["reseller_cost_units"]).as_py() or 0

    def _found(self, account_id: str, from_at: datetime) -> tuple[pa.Table, Callable[[], LegArrays]]:
        if (account_id, from_at) not in self._legs:
            self._keep(account_id, from_at, PRICEABLE_LEGS.empty_table(), self._schema.empty_table())
        return self._legs[account_id, from_at]

    def _keep(self, account_id: str, from_at: datetime, legs: pa.Table, stored: pa.Table) -> None:
        self._legs[account_id, from_at] = legs, cache(partial(_arrays, stored))

    def _read(self, where: AccountCalls, hidden: set[str]) -> set[str]:
        """Whose reseller's side is not ours, or not stated of every leg, is read without it, as a report reads it."""
        with reading(where, spill=self._batch.spill) as reader:
            hidden |= reader.without_reseller_view()
        shown = set(where.account_ids) - hidden
        for ids, shows_reseller in ((shown, True), (hidden, False)):
            if ids:
                with reading(where.of(ids, shows_reseller=shows_reseller), spill=self._batch.spill) as reader:
                    stored = reader.by_account(self._schema)
                legs = pa.Table.from_batches(map(priceable_batch, stored.to_batches()), PRICEABLE_LEGS)
                for account_id, begin, count in _runs(stored["account_id"]):
                    self._keep(account_id, where.from_at, legs.slice(begin, count), stored.slice(begin, count))
        return hidden


def _runs(accounts: pa.ChunkedArray) -> Iterator[tuple[str, int, int]]:
    """Each account, where its legs begin, and how many there are."""
    if not len(accounts):
        return
    runs = pc.run_end_encode(accounts.combine_chunks(), pa.int64())
    begin = 0
    for account_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield account_id, begin, end - begin
        begin = end


def _arrays(legs: pa.Table) -> LegArrays:
    return leg_arrays(legs.to_batches(), ("customer",))


def _asked_columns(pricings: Iterable[Pricing]) -> pa.Schema:
    """Reading is the dearer part: of what few plans ask for nothing is read for the others."""
    plans = [segment.plan for pricing in pricings for segment in pricing.segments]
    rules = [rule for plan in plans for rule in plan.usage.values()]
    # On cost a call has the price of the whole call; its charged seconds are what a bundle may cover.
    if any(rule.markup and not rule.deck for rule in rules) and any(plan.bundles for plan in plans):
        return STORED_EXPLAINED_LEGS
    return STORED_TRUNK_LEGS if any(map(_asks_trunks, plans)) else STORED_PRICEABLE_LEGS


def _asks_trunks(plan: Plan) -> bool:
    return PricedLegs.OVER_TRUNKS in (plan.legs, *(rule.legs for rule in plan.usage.values()))


def _all_pricings(groups: Iterable[Group]) -> Iterator[Pricing]:
    """Those of the period, and of the months before that bundles live on from."""
    for group in groups:
        yield from group.pricings
        yield from (pricing for month in group.earlier.months for pricing, _ in month.members)
