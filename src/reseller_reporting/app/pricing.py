"""Pricing: what the reseller's own plans make of stored calls, customer by customer.

Owns: what of the house a price needs (segments, decks, quantities, trunks) and which customers must be priced together.
Does not own: any rule of a price (rating), what earlier months left (carry_over), what is shown of it (reports).

Invariant
- A pool has the same members whoever was asked for: accounts of one and the same reseller, in the whole tree.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
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
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.plan_items import quantity_of
from reseller_reporting.rating.plan_resolution import PlanBook, resolve
from reseller_reporting.rating.price_words import Outcome
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing import Member, price_together
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms, Stretch, stretches
from reseller_reporting.rating.replay import replay_columns
from reseller_reporting.rating.statement_lines import statement
from reseller_reporting.rating.statement_terms import StatementTerms
from reseller_reporting.rating.trunk import UNLIMITED, TrunkLimits, trunk_limits_of
from reseller_reporting.rating.trunk_legs import LegArrays, leg_arrays
from reseller_reporting.reports.facts import PriceFacts
from reseller_reporting.reports.figure_text import amount_text, micros_amount
from reseller_reporting.store import decks as stored_decks
from reseller_reporting.store import snapshots
from reseller_reporting.store.calls import AccountCalls, CallsReader, Pinned
from reseller_reporting.store.lake import Lake

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
            from_day=first_day(self.period),
            to_day=end_day(self.period),
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the snapshots tell of one period, by account."""

    taken: Mapping[Any, Snapshot]
    histories: Mapping[str, list[Snapshot]]


@dataclass(frozen=True, slots=True)
class Book:
    """The plans of a run, and what their prices need of the house."""

    house: House
    pulled: Pulled
    plans: PlanBook
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _known: dict[tuple[str, str], Pricing | None] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)  # Of every account that is known, once asked for.

    def under(self, plans: PlanBook) -> "Book":
        """Other plans over the same snapshots."""
        return Book(self.house, self.pulled, plans, self._seen)

    @property
    def has_pools(self) -> bool:
        return any(bundle.pooled for plan in self.plans.plans for bundle in plan.bundles.values())

    def pricing(self, account: Account, period: ReportPeriod | None = None) -> Pricing | None:
        """None: no plan fits the account in the period, which is that of the run if none is said."""
        period = period or self.pulled.period
        key = (str(account.id), period.name)
        if key not in self._known:
            self._known[key] = self._pricing(account, period)
        return self._known[key]

    def sharers(self, pricings: Mapping[str, Pricing]) -> dict[str, Pricing]:
        """Customers that nobody asked for, but whose calls may draw on the same pools."""
        if not self.has_pools:
            return {}
        others = (account for account in self.pulled.tree if str(account.id) not in pricings)
        known = {str(account.id): self.pricing(account) for account in others}
        return {id_: pricing for id_, pricing in known.items() if pricing is not None}

    def is_below_unknown(self, account: Account) -> bool:
        """Whether a pool may lie with an account that nobody asked for yet; KAZOO itself always tells the whole way."""
        ids, own = [str(id_) for id_ in account.tree], str(self.pulled.own.id)
        if not self.has_pools or own not in ids:
            return False
        if not self._ids:
            self._ids.update(str(each.id) for each in (*self.pulled.tree, *self.pulled.selected))
        return not self._ids.issuperset(ids[ids.index(own) + 1 :])

    def calls(self, pinned: Pinned, account: Account, period: ReportPeriod | None = None) -> AccountCalls:
        """Where an account's calls lie, with the reseller's side where that is this reseller."""
        period = period or self.pulled.period
        own = self.pulled.own
        where = pinned.calls([account.id], from_at=period.from_at, to_at=period.to_at, reseller_id=own.id)
        return replace(where, shows_reseller=own.is_reseller and not is_below_sub_reseller(account, own))

    def saw(self, period: ReportPeriod, taken: Mapping[Any, Snapshot]) -> None:
        ids = [str(account.id) for account in (*self.pulled.tree, *self.pulled.selected)]
        self._seen[period.name] = _Seen(taken, snapshots.history(self.house.lake, period, ids))

    def _pricing(self, account: Account, period: ReportPeriod) -> Pricing | None:
        segments = resolve(self.plans, account, first_day(period), end_day(period))
        if not segments:
            return None
        seen = self._snapshots(period)
        snapshot, history = seen.taken.get(account.id), seen.histories.get(str(account.id), [])
        return Pricing(
            account=account,
            period=period,
            segments=tuple(
                PricingSegment(
                    plan=each.plan,
                    label=each.label,
                    from_day=each.from_day,
                    to_day=each.to_day,
                    from_at=begin_of(each.from_day, period),
                    to_at=begin_of(each.to_day, period),
                )
                for each in segments
            ),
            versions=tuple((each.label, each.version) for each in segments),
            stretches=self._stretches(segments[-1].plan, period, snapshot, history),
            limits=trunk_limits_of(snapshot.limits) if snapshot and snapshot.limits else None,
            currency=self.house.settings.currency,
            store=self.house.settings.store_folder,
        )

    def _snapshots(self, period: ReportPeriod) -> _Seen:
        """Of another period than the run's as a run of that one would read them: it must have come to the same."""
        if period.name not in self._seen:
            self.saw(period, snapshots.read(self.house.lake, period)[0])
        return self._seen[period.name]

    def _stretches(
        self, plan: Plan, period: ReportPeriod, snapshot: Snapshot | None, history: Sequence[Snapshot]
    ) -> tuple[Stretch, ...]:
        """By the day from the snapshots of the period; without proration as the report shows them."""
        shown = [snapshot] if snapshot else []
        counted = history if plan.proration == "days" and history else shown
        first, end = first_day(period), end_day(period)
        seen = [(each.taken_at.astimezone(period.zone).date(), each.services, _trunks(each.limits)) for each in counted]
        if counted is shown:
            seen = [(first, services, trunks) for _, services, trunks in seen]
        return stretches(seen, first, end)


def open_book(house: House, plans: PlanBook, pulled: Pulled, taken: Mapping[Any, Snapshot]) -> Book:
    """Checked plans, with what their prices need of the store."""
    book = Book(house, pulled, plans)
    if not plans.is_empty:
        book.saw(pulled.period, taken)
    return book


def is_below_sub_reseller(account: Account, own: Account) -> bool:
    """Then its reseller figures are those of another reseller."""
    return own.is_reseller and account.reseller_id not in (own.id, None) and account.id != own.id


def with_pools(pricings: Mapping[str, Pricing]) -> list[list[str]]:
    """The accounts that must be priced together, each list the topmost first, by the pools of their plans."""
    tops: dict[str, list[str]] = {}
    for id_, pricing in pricings.items():
        pooled = [each for each in (*_above(pricing, pricings), id_) if pricings[each].has_pool]
        tops.setdefault(pooled[0] if pooled else id_, []).append(id_)
    return [sorted(ids, key=lambda id_: _depth(pricings[id_])) for ids in tops.values()]


Together = Sequence[tuple[Pricing, pa.Table, Callable[[], LegArrays]]]
# By customer and bundle: (age in periods, seconds).
Carried = Mapping[str, Mapping[str, tuple[tuple[int, int], ...]]]


def price(together: Together, carried: Carried) -> list[Priced]:
    """Customers that share pools, or one alone: each with its billable legs (PRICEABLE_LEGS) and the same as arrays.

    In one order whatever theirs is, since lines of pools come in that of their owners.
    """
    order = sorted(range(len(together)), key=lambda place: _depth(together[place][0]))
    pricings = {str(together[place][0].account.id): together[place][0] for place in order}
    places = {id_: place for place, id_ in enumerate(pricings)}
    members = [
        Member(
            legs=legs,
            terms=PricingTerms(
                segments=pricing.segments,
                decks={name: deck_of(pricing.store, name) for name in sorted(pricing.deck_names)},
                replayed=_replayed(arrays),
                limits=pricing.limits,
                stretches=pricing.stretches,
                carried=carried.get(str(pricing.account.id), {}),
            ),
            above=tuple(places[id_] for id_ in _above(pricing, pricings)),
        )
        for pricing, legs, arrays in (together[place] for place in order)
    ]
    priced = dict(zip(order, price_together(members), strict=True))
    return [priced[place] for place in range(len(together))]


def _above(pricing: Pricing, among: Mapping[str, Pricing]) -> list[str]:
    """Those whose pools it may draw on, the topmost first: a sub-reseller's customers are no customers of ours."""
    own = pricing.account.reseller_id
    return [str(id_) for id_ in pricing.account.tree if id_ in among and among[str(id_)].account.reseller_id == own]


def _depth(pricing: Pricing) -> tuple[int, str]:
    return len(pricing.account.tree), str(pricing.account.id)


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
        is_unpriced = ~priced.is_priced[part]
        prices = pa.array(priced.price_micros[part], mask=is_unpriced).take(place)
        seconds = pa.array(priced.billed_seconds[part], mask=is_unpriced).take(place)
        # What a call without a price cost was paid all the same, and is in every sum of margins.
        paid = pc.multiply(batch.column("reseller_cost_units"), MICROS_PER_UNIT)
        margins = pc.if_else(batch.column("is_billable"), pc.subtract(pc.fill_null(prices, 0), paid), None)
        words = priced.explanations(done, done + count).take(place)
        yield pa.RecordBatch.from_arrays([*batch.columns, seconds, prices, margins, words], schema=PRICED_LEGS)
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


def recurring_findings(prices: PriceFacts, reseller_recurring: Decimal | None) -> list[ReportWarning]:
    """By the sums of both sides: what the provider bills is split otherwise than what a plan counts. It is asked of a
    month: the provider bills whole ones, a plan the days of the period."""
    asked = micros_amount(prices.statement.recurring_micros)
    if reseller_recurring is None or asked >= reseller_recurring:
        return []
    sentence = f"Recurring services are priced at {amount_text(asked)}, below what the reseller pays for them, "
    return [ReportWarning("recurring_below_cost", f"{sentence}{amount_text(reseller_recurring)}.")]


def _losses(priced: Priced) -> Any:
    """By how many micros each leg's price is below its cost, else 0.

    What a plan gives away on purpose is no mistake of a price: free rules, grace, trunks, and what a bundle covers,
    be it a part of a call, for the bundle is paid on a line of its own.
    """
    costs = priced.legs["reseller_cost_units"]
    if costs.null_count:
        return None
    is_free = np.array([*(rule.rule.free for rule in priced.rules), True])
    is_sold = (priced.outcome == Outcome.PRICED) & (priced.drawn_seconds == 0) & ~is_free[priced.rule]
    short = costs.to_numpy() * MICROS_PER_UNIT - priced.price_micros
    return np.where(is_sold & (short > 0), short, 0)


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


def first_day(period: ReportPeriod) -> date:
    return period.from_local.date()


def end_day(period: ReportPeriod) -> date:
    return period.to_local.date()


def begin_of(day: date, period: ReportPeriod) -> datetime:
    return datetime.combine(day, time(), period.zone).astimezone(UTC)


def month_before(period: ReportPeriod) -> ReportPeriod | None:
    """Bundles live on from month to month; a period that is no whole month has none before it."""
    first, end = first_day(period), end_day(period)
    if first.day != 1 or end != (first + timedelta(days=31)).replace(day=1):
        return None
    before = (first - timedelta(days=1)).replace(day=1)
    return ReportPeriod(f"{before:%Y-%m}", begin_of(before, period), period.from_at, period.timezone)
