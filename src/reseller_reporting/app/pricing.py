"""Pricing: what the reseller's own plans make of stored calls, customer by customer.

Owns: what of the house a price needs (segments, decks, quantities, trunks, what earlier months left) and which
customers must be priced together. Does not own: any rule of a price (rating), what is shown of it (reports).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled
from reseller_reporting.model.account import Account, Limits, Snapshot
from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.plan import Plan
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.rate import MICROS_PER_UNIT, micros_text
from reseller_reporting.model.tables import PRICEABLE_LEGS, PRICED_LEGS, TRUNK_LEGS
from reseller_reporting.rating.bundles import carried_over
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.plan_items import quantity_of
from reseller_reporting.rating.plan_resolution import PlanBook, resolve
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing import Member, price_together
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms, Stretch, stretches
from reseller_reporting.rating.replay import replay_columns
from reseller_reporting.rating.statement_lines import statement
from reseller_reporting.rating.statement_terms import StatementTerms
from reseller_reporting.rating.trunk import UNLIMITED, TrunkLimits, trunk_limits_of
from reseller_reporting.rating.trunk_legs import LegArrays, leg_arrays
from reseller_reporting.reports.facts import PriceFacts
from reseller_reporting.store import decks as stored_decks
from reseller_reporting.store import snapshots
from reseller_reporting.store.calls import AccountCalls, CallsReader, Pinned
from reseller_reporting.store.lake import Lake

# Of stored calls: PRICEABLE_LEGS, and the same legs as the replay of trunks wants them.
ReadLegs = Callable[[AccountCalls], tuple[pa.Table, Callable[[], LegArrays]]]

# A sheet of more tells no more than the first.
_FINDINGS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """By what one account is priced in one period; small enough to travel between processes."""

    account: Account
    period: ReportPeriod
    segments: tuple[PricingSegment, ...]
    versions: tuple[tuple[str, str], ...]
    stretches: tuple[Stretch, ...]
    limits: TrunkLimits | None
    currency: str
    store: Path
    above: tuple[str, ...] = ()  # Customers whose pool it draws on, the topmost first.
    earlier: "EarlierPricing | None" = None  # The period before, where a bundle lives on from it.

    @property
    def has_pool(self) -> bool:
        return any(bundle.pooled for segment in self.segments for bundle in segment.plan.bundles.values())

    @property
    def deck_names(self) -> frozenset[str]:
        rules = (rule for segment in self.segments for rule in segment.plan.usage.values())
        return frozenset(rule.deck for rule in rules if rule.deck is not None)

    @property
    def carry_over_months(self) -> int:
        bundles = (bundle for segment in self.segments for bundle in segment.plan.bundles.values())
        return max((bundle.carry_over_months for bundle in bundles), default=0)

    def statement(self, priced: Priced) -> PriceFacts:
        """What the customer owes for it all."""
        terms = StatementTerms(
            currency=self.currency,
            from_day=_first_day(self.period),
            to_day=_end_day(self.period),
            segments=self.segments,
            stretches=self.stretches,
            quantity_of=quantity_of,
            names=(self.account.id, self.account.name),
        )
        loss = _losses(priced)
        return PriceFacts(
            statement=statement(priced, terms),
            versions=self.versions,
            priced_calls=int(priced.is_priced.sum()),
            calls_below_cost=None if loss is None else int(np.count_nonzero(loss)),
            loss_micros=None if loss is None else int(loss.sum()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPricing:
    """The same for the period before, and where its calls lie."""

    pricing: Pricing
    calls: AccountCalls = field(repr=False)


@dataclass(frozen=True, slots=True)
class Book:
    """The plans of a run, and what their prices need of the house."""

    house: House
    pulled: Pulled
    plans: PlanBook
    taken: Mapping[Any, Snapshot]
    histories: Mapping[str, list[Snapshot]]
    # Those of earlier periods, by the period's name, read when the first customer asks.
    earlier_histories: dict[str, Mapping[str, list[Snapshot]]] = field(default_factory=dict, repr=False)

    def pricing(self, account: Account, pinned: Pinned | None = None) -> Pricing | None:
        """None: no plan fits the account in this period."""
        pricing = self._pricing(account, self.pulled.period, self.histories.get(str(account.id), []))
        if pricing is None or pinned is None:
            return pricing
        return replace(pricing, earlier=self._earlier(account, pricing, pinned, pricing.carry_over_months))

    def sharers(self, pricings: Mapping[str, Pricing]) -> dict[str, Pricing]:
        """Customers that nobody asked for, but whose calls may draw on the same pools."""
        if not any(bundle.pooled for plan in self.plans.plans for bundle in plan.bundles.values()):
            return {}
        others = (account for account in self.pulled.tree if str(account.id) not in pricings)
        known = {str(account.id): self.pricing(account) for account in others}
        return {id_: pricing for id_, pricing in known.items() if pricing is not None}

    def _earlier(self, account: Account, pricing: Pricing, pinned: Pinned, months: int) -> EarlierPricing | None:
        before = _month_before(pricing.period) if months else None
        if before is None:
            return None
        if before.name not in self.earlier_histories:
            self.earlier_histories[before.name] = _histories(self.house, self.pulled, before)
        history = self.earlier_histories[before.name].get(str(account.id), [])
        earlier = self._pricing(account, before, history)
        if earlier is None:
            return None
        where = pinned.calls([account.id], from_at=before.from_at, to_at=before.to_at, reseller_id=self.pulled.own.id)
        earlier = replace(earlier, earlier=self._earlier(account, earlier, pinned, months - 1))
        return EarlierPricing(pricing=earlier, calls=where)

    def _pricing(self, account: Account, period: ReportPeriod, history: Sequence[Snapshot]) -> Pricing | None:
        segments = resolve(self.plans, account, _first_day(period), _end_day(period))
        if not segments:
            return None
        snapshot = self.taken.get(account.id)
        return Pricing(
            account=account,
            period=period,
            segments=tuple(
                PricingSegment(
                    plan=each.plan,
                    label=each.label,
                    from_day=each.from_day,
                    to_day=each.to_day,
                    from_at=_begin(each.from_day, period),
                    to_at=_begin(each.to_day, period),
                )
                for each in segments
            ),
            versions=tuple((each.label, each.version) for each in segments),
            stretches=self._stretches(segments[-1].plan, period, snapshot, history),
            limits=trunk_limits_of(snapshot.limits) if snapshot and snapshot.limits else None,
            currency=self.house.settings.currency,
            store=self.house.settings.store_folder,
        )

    def _stretches(
        self, plan: Plan, period: ReportPeriod, snapshot: Snapshot | None, history: Sequence[Snapshot]
    ) -> tuple[Stretch, ...]:
        """By the day from the snapshots of the period; without proration as the report shows them."""
        shown = [snapshot] if snapshot else []
        counted = history if plan.proration == "days" and history else shown
        first, end = _first_day(period), _end_day(period)
        seen = [(each.taken_at.astimezone(period.zone).date(), each.services, _trunks(each.limits)) for each in counted]
        if counted is shown:
            seen = [(first, services, trunks) for _, services, trunks in seen]
        return stretches(seen, first, end)


def open_book(house: House, plans: PlanBook, pulled: Pulled, taken: Mapping[Any, Snapshot]) -> Book:
    """Checked plans, with what their prices need of the store."""
    return Book(house, pulled, plans, taken, _histories(house, pulled, pulled.period) if plans.assignments else {})


def _histories(house: House, pulled: Pulled, period: ReportPeriod) -> Mapping[str, list[Snapshot]]:
    return snapshots.history(house.lake, period, [str(account.id) for account in (*pulled.tree, *pulled.selected)])


def with_pools(pricings: Mapping[str, Pricing]) -> list[list[str]]:
    """The accounts that must be priced together, each list the topmost first, by the pools of their plans."""
    tops: dict[str, list[str]] = {}
    for id_, pricing in pricings.items():
        path = [each for each in (*pricing.account.tree, id_) if each in pricings]
        pooled = [str(each) for each in path if pricings[each].has_pool]
        tops.setdefault(pooled[0] if pooled else id_, []).append(id_)
    depth = {id_: len(pricing.account.tree) for id_, pricing in pricings.items()}
    return [sorted(ids, key=lambda id_: (depth[id_], id_)) for ids in tops.values()]


def price(together: Sequence[tuple[Pricing, pa.Table, Callable[[], LegArrays]]], read: ReadLegs) -> list[Priced]:
    """Customers that share pools, or one alone: each with its billable legs (PRICEABLE_LEGS) and the same as arrays."""
    places = {str(pricing.account.id): place for place, (pricing, _, _) in enumerate(together)}
    members = [
        Member(
            legs=legs,
            terms=PricingTerms(
                segments=pricing.segments,
                decks={name: deck_of(pricing.store, name) for name in sorted(pricing.deck_names)},
                replayed=_replayed(arrays),
                limits=pricing.limits,
                stretches=pricing.stretches,
                carried=carried_from(pricing, read),
            ),
            above=tuple(places[id_] for id_ in map(str, pricing.account.tree) if id_ in places),
        )
        for pricing, legs, arrays in together
    ]
    return price_together(members)


def carried_from(pricing: Pricing, read: ReadLegs) -> dict[str, tuple[tuple[int, int], ...]]:
    """What the periods before left in each bundle, worked out anew from their calls."""
    earlier = pricing.earlier
    if earlier is None:
        return {}
    legs, arrays = read(earlier.calls)
    (priced,) = price([(earlier.pricing, legs, arrays)], read)
    months = {key: pool.bundle.carry_over_months for key, pool in priced.pools.items()}
    return {key: tuple(carried_over(left, months[key])) for key, left in priced.left().items()}


@lru_cache(maxsize=16)
def deck_of(store: Path, name: str) -> Deck:
    """Once a process: a large deck takes longer to read than a customer to price."""
    rates = stored_decks.read_deck(Lake(store), name)
    if not rates:
        raise CannotPrice(f"The plan names the deck '{name}', which is not stored.")
    return Deck(name, rates)


def trunk_arrays(reader: CallsReader) -> Callable[[], LegArrays]:
    """The legs of the reader as the replay wants them, read when they are: those of PRICEABLE_LEGS, in their order."""
    return cache(lambda: leg_arrays(reader.off_net_batches(TRUNK_LEGS), ("customer",)))


def priceable(rated: pa.RecordBatch) -> pa.RecordBatch:
    """What a plan reads of RATED_LEGS: the billable ones."""
    billable = rated.filter(rated.column("is_billable"))
    return pa.RecordBatch.from_arrays([billable.column(name) for name in PRICEABLE_LEGS.names], schema=PRICEABLE_LEGS)


def priced_batches(rated: Iterable[pa.RecordBatch], priced: Priced) -> Iterator[pa.RecordBatch]:
    """RATED_LEGS as PRICED_LEGS; legs that are not billable have no price."""
    done = 0
    for batch in rated:
        is_billable = batch.column("is_billable").to_numpy(zero_copy_only=False)
        count = int(np.count_nonzero(is_billable))
        place = pa.array(np.cumsum(is_billable) - 1, mask=~is_billable)
        part = slice(done, done + count)
        prices = pa.array(priced.price_micros[part], mask=~priced.is_priced[part]).take(place)
        # Nothing where either is unknown.
        margins = pc.subtract(prices, pc.multiply(batch.column("reseller_cost_units"), MICROS_PER_UNIT))
        words = priced.explanations(done, done + count).take(place)
        yield pa.RecordBatch.from_arrays([*batch.columns, prices, margins, words], schema=PRICED_LEGS)
        done += count
    assert done == len(priced)


def findings(pricing: Pricing, priced: Priced) -> tuple[list[Problem], list[ReportWarning]]:
    """Calls without a price, and calls whose price is below their cost: listed, counted, never hidden."""
    source = f"plan:{pricing.segments[-1].label}"
    unpriced = priced.unpriced(_FINDINGS_MAX)
    problems = [
        Problem(source=source, row=None, record_id=leg.leg_id, reason=f"no price: {leg.reason} ({leg.number})")
        for leg in unpriced.legs
    ]
    warnings = []
    if unpriced.count:
        warnings.append(
            ReportWarning("unpriced_calls", "Calls without a price: no figure of prices holds them.", unpriced.count)
        )
    loss = _losses(priced)
    rows = np.nonzero(np.zeros(0) if loss is None else loss)[0]
    if len(rows):
        told = rows[:_FINDINGS_MAX]
        ids = priced.legs["leg_id"].take(pa.array(told)).to_pylist()
        for leg_id, row in zip(ids, told.tolist(), strict=True):
            paid = int(priced.price_micros[row])
            reason = f"price {micros_text(paid)} below reseller cost {micros_text(paid + int(loss[row]))}"
            problems.append(Problem(source=source, row=None, record_id=leg_id, reason=reason))
        warnings.append(
            ReportWarning("priced_below_cost", "Calls are priced below what the reseller paid for them.", len(rows))
        )
    return problems, warnings


def _losses(priced: Priced) -> Any:
    """By how many micros each leg's price is below its cost, 0 where it is not or a bundle or trunk covers it."""
    costs = priced.legs["reseller_cost_units"]
    if costs.null_count:
        return None
    is_charged = priced.is_priced & (priced.price_micros > 0)
    short = costs.to_numpy() * MICROS_PER_UNIT - priced.price_micros
    return np.where(is_charged & (short > 0), short, 0)


def _replayed(arrays: Callable[[], LegArrays]) -> Callable[[TrunkLimits], Any]:
    def replayed(limits: TrunkLimits) -> Any:
        return replay_columns(arrays().trunk_legs(), limits)

    return replayed


def _trunks(limits: Limits | None) -> int | None:
    """How many trunks there are; of unlimited ones nobody can say."""
    if limits is None:
        return None
    counts = [limits.inbound_trunks or 0, limits.outbound_trunks or 0, limits.twoway_trunks or 0]
    return None if UNLIMITED in counts else sum(counts)


def _first_day(period: ReportPeriod) -> date:
    return period.from_local.date()


def _end_day(period: ReportPeriod) -> date:
    return period.to_local.date()


def _begin(day: date, period: ReportPeriod) -> datetime:
    return datetime.combine(day, time(), period.zone).astimezone(UTC)


def _month_before(period: ReportPeriod) -> ReportPeriod | None:
    """Bundles live on from month to month; a period that is no whole month has none before it."""
    first, end = _first_day(period), _end_day(period)
    if first.day != 1 or end != (first + timedelta(days=31)).replace(day=1):
        return None
    before = (first - timedelta(days=1)).replace(day=1)
    return ReportPeriod(f"{before:%Y-%m}", _begin(before, period), period.from_at, period.timezone)
