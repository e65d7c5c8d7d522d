"""Pricing: what a customer's legs of a period cost by its plans, whole columns at once.

The steps of usage, in their order (docs/price-plans.md): rule, covered by trunks or not, billed seconds, bundles,
tiers, price, rounded once a leg. Owns that order. Does not own: any rule of one leg (price_rules, tariff, bundles,
price_words), which the columns must equal; what stands on a statement (usage_lines, statement_lines).

Times
- Legs come in total order: start, call id, leg id. Bundles and tiers are drawn in it.
- A leg is priced by the segment in which it started.

Invariants
- Prices are whole micros. Where 64 bits might not do, Python's own whole numbers take over in the same formulas.
- A leg that cannot be priced has no price, which is not 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Bundle, PricedLegs, RoundingRule
from reseller_reporting.model.rate import BOTH, MICROS_PER_CURRENCY, MICROS_PER_UNIT
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating.bundles import BUNDLES_MAX, Drawn, Pool, draw, pool_of
from reseller_reporting.rating.number_columns import class_places, microseconds
from reseller_reporting.rating.plan_columns import (
    CONNECT,
    EXACT_MAX,
    GRACE,
    INCREMENT,
    MINIMUM,
    PER_CALL,
    PICOS,
    Assigned,
    Numbers,
    TariffTable,
    plan_columns,
)
from reseller_reporting.rating.price_words import Outcome
from reseller_reporting.rating.priced import LegDraws, Priced, PricedRule, Tiering
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms
from reseller_reporting.rating.replay import State
from reseller_reporting.rating.tariff import PICOS_PER_MICRO, SECONDS_PER_MINUTE, Tariff, step_reached
from reseller_reporting.rating.trunk import TrunkLimits

_MINUTE_PICOS = PICOS_PER_MICRO * SECONDS_PER_MINUTE
UNKNOWN_COST = -1
PoolKey = tuple[int, str]  # Whose, by place among the members, and its name.


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A customer whose legs are priced together with others', because they share a pool.

    `above` are the places of the members that it lies below, the topmost first.
    """

    legs: pa.Table  # PRICEABLE_LEGS, of which `leg_id`, `call_id` only matter for order and for problems.
    terms: PricingTerms
    above: tuple[int, ...] = ()


def price_legs(legs: pa.Table, terms: PricingTerms) -> Priced:
    """One customer by itself."""
    return price_together([Member(legs=legs, terms=terms)])[0]


def price_together(members: Sequence[Member]) -> list[Priced]:
    """Customers with a common pool: all of their legs draw on it in one order."""
    pools = _Pools(members)
    works = [_Work(place, member, pools) for place, member in enumerate(members)]
    for work in works:
        work.assign()
        work.cover()
        work.bill()
    drawn = _draw(works, pools)
    used = _sums(drawn.pools, drawn.seconds, len(pools.pools))
    return [work.finish(_own_draws(drawn, begin, work.count), pools, used) for begin, work in _begins(works)]


class _Pools:
    """Every pool of the members, and the lists of them that legs draw on."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.pools: list[Pool] = []
        self.keys: list[PoolKey] = []
        self.lists: list[list[int]] = []
        self._place_of: dict[PoolKey, int] = {}
        for owner, member in enumerate(members):
            for key in _bundle_names(member.terms.segments):
                if not self._is_of_others(key, member):
                    self._place(owner, key)

    def _place(self, owner: int, key: str) -> int:
        if (owner, key) not in self._place_of:
            terms = self.members[owner].terms
            self._place_of[owner, key] = len(self.pools)
            self.keys.append((owner, key))
            self.pools.append(pool_of(key, terms.segments, terms.stretches, terms.carried))
        return self._place_of[owner, key]

    def _is_of_others(self, key: str, member: Member) -> bool:
        """Whether a bundle is pooled, and the pool that of a customer above: then there is none of the member's own."""
        above = [segment for place in member.above for segment in self.members[place].terms.segments]
        return any(_is_pooled(key, segment) for segment in above) and all(
            _is_pooled(key, segment) for segment in member.terms.segments if key in segment.plan.bundles
        )

    def list_for(self, path: Sequence[tuple[int, PricingSegment]]) -> tuple[int, list[Bundle]]:
        """The list of a member's legs in one segment, and its bundles; `path` are those above it and itself.

        Its own bundles in its plan's order, a pooled one being the topmost's who has it; then the others' pools.
        """
        own, segment = path[-1]
        found: dict[PoolKey, Bundle] = {}
        for key, bundle in segment.plan.bundles.items():
            owner = _owner(key, path) if bundle.pooled else own
            whose = next(each for place, each in path if place == owner)
            found[owner, key] = whose.plan.bundles[key]
        for place, above in path[:-1]:
            for key, bundle in above.plan.bundles.items():
                if bundle.pooled and _owner(key, path) == place:
                    found.setdefault((place, key), bundle)
        if len(found) > BUNDLES_MAX:
            raise CannotPrice(
                f"{segment.label} and the pools above have more than {BUNDLES_MAX} bundles; a call can draw on no more."
            )
        self.lists.append([self._place(*key) for key in found])
        return len(self.lists) - 1, list(found.values())


def _owner(key: str, path: Sequence[tuple[int, PricingSegment]]) -> int:
    return next(place for place, each in path if _is_pooled(key, each))


def _is_pooled(key: str, segment: PricingSegment) -> bool:
    bundle = segment.plan.bundles.get(key)
    return bundle is not None and bundle.pooled


def _bundle_names(segments: Sequence[PricingSegment]) -> list[str]:
    """Each once; those of the last version first."""
    return list(dict.fromkeys(key for segment in reversed(segments) for key in segment.plan.bundles))


@dataclass(slots=True)
class _Slice:
    """Neighbouring legs under the same versions of the plans of the member and of those above it."""

    begin: int
    end: int
    segment: int
    path: list[tuple[int, PricingSegment]] = field(default_factory=list)


class _Work:
    """One member's columns on their way from legs to prices."""

    def __init__(self, place: int, member: Member, pools: _Pools) -> None:
        self.place, self.member, self.pools = place, member, pools
        self.legs = member.legs.combine_chunks()
        self.count = count = len(self.legs)
        self.starts = _int64(self.legs["started_at"].cast(pa.int64()))
        assert (self.starts[1:] >= self.starts[:-1]).all(), "legs come in total order"
        self.answered = _int64(self.legs["answered_seconds"])
        self.costs = _costs(self.legs)
        self.segments = member.terms.segments
        self.columns = [plan_columns(segment.plan) for segment in self.segments]
        self.rules = [
            PricedRule(segment=place, key=name, rule=rule, label=segment.label)
            for place, (segment, columns) in enumerate(zip(self.segments, self.columns, strict=True))
            for name, rule in zip(columns.names, columns.rules, strict=True)
        ]
        sizes = [len(columns.rules) for columns in self.columns]
        self.first_rules = np.cumsum([0, *sizes]).tolist()
        self.rule = np.full(count, -1, np.int32)
        self.outcome = np.full(count, Outcome.NO_PLAN, np.int8)
        self.tariff = np.full(count, -1, np.int64)
        self.tables: list[tuple[int, int, TariffTable]] = []  # First place, segment, tariffs.
        self.parts: Any = np.zeros((count, 6), np.int64)
        self.fitting = np.zeros(count, np.int64)
        self.list = np.zeros(count, np.int64)
        self.billed = np.zeros(count, np.int64)

    # --- which rule, which tariff, which bundles ----------------------------------------------------------------------

    def assign(self) -> None:
        directions = self.legs["direction"].combine_chunks()
        countries = self.legs["country_code"].combine_chunks()
        countries = countries if pa.types.is_dictionary(countries.type) else countries.dictionary_encode()
        for each in self._slices():
            self.outcome[each.begin : each.end] = Outcome.NO_RULE
            in_slice = directions.slice(each.begin, each.end - each.begin)
            own_list, bundles = self.pools.list_for(each.path)
            self.list[each.begin : each.end] = own_list
            for direction in BOTH:
                chosen = np.nonzero(pc.equal(in_slice, direction).to_numpy(zero_copy_only=False))[0] + each.begin
                if len(chosen):
                    self._assign(each, direction, chosen, countries, bundles)

    def _slices(self) -> Iterator[_Slice]:
        """Cut wherever any version of any plan on the way from the topmost member begins or ends."""
        path = (*self.member.above, self.place)
        members = self.pools.members
        spans = [(place, segment) for place in path for segment in members[place].terms.segments]
        bounds = sorted({microseconds(at) for _, segment in spans for at in (segment.from_at, segment.to_at)})
        places = np.searchsorted(self.starts, bounds, "left").tolist()
        for (at, begin), end in zip(zip(bounds, places, strict=True), places[1:], strict=False):
            in_force = [
                (place, each) for place, each in spans if microseconds(each.from_at) <= at < microseconds(each.to_at)
            ]
            if begin < end and in_force and in_force[-1][0] == self.place:
                yield _Slice(begin, end, self.segments.index(in_force[-1][1]), in_force)

    def _assign(
        self, each: _Slice, direction: str, chosen: Any, countries: pa.DictionaryArray, bundles: Sequence[Bundle]
    ) -> None:
        columns = self.columns[each.segment]
        is_all = len(chosen) == self.count
        places = pa.array(chosen)
        called = self.legs["dialed_number"].combine_chunks()
        called = called if is_all else called.take(places)
        asks = columns.asks_classes or any(bundle.classes for bundle in bundles)
        numbers = Numbers(
            direction=direction,
            called=called,
            starts=self.starts[chosen],
            classes=class_places(called) if asks else None,
            countries=countries if is_all else countries.take(places),
        )
        for found in columns.assign(numbers, self.member.terms.decks, lambda legs: self.costs[chosen[legs]]):
            self._take(found, chosen[found.legs], each.segment)
        for place, bundle in enumerate(bundles):
            self.fitting[chosen] |= columns.fitting(bundle, numbers).astype(np.int64) << place

    def _take(self, found: Assigned, legs: Any, segment: int) -> None:
        first = self.tables[-1][0] + len(self.tables[-1][2]) if self.tables else 0
        self.tables.append((first, segment, found.table))
        if found.table.parts.dtype == object:
            self.parts = self.parts.astype(object)
        self.parts[legs] = found.table.parts[found.rows]
        self.tariff[legs] = first + found.rows
        self.rule[legs] = self.first_rules[segment] + found.rule
        self.outcome[legs] = Outcome.PRICED

    # --- covered or not -----------------------------------------------------------------------------------------------

    def cover(self) -> None:
        """`legs` of the rule goes before that of the plan."""
        for place, rule in enumerate(self.rules):
            plan = self.segments[rule.segment].plan
            kind = rule.rule.legs or plan.legs
            if kind is PricedLegs.ALL and not rule.is_on_cost:
                continue
            legs = np.nonzero(self.rule == place)[0]
            if not len(legs):
                continue
            if kind is PricedLegs.OVER_TRUNKS:
                states = self._replayed(rule)[legs]
                self.outcome[legs[(states == State.FLAT) | (states == State.BURST)]] = Outcome.ON_TRUNK
            elif kind is PricedLegs.CHARGED:
                self.outcome[legs[self.costs[legs] == 0]] = Outcome.NOT_CHARGED
            if rule.is_on_cost or kind is PricedLegs.CHARGED:
                is_due = self.answered[legs] > np.maximum(0, self.parts[legs, GRACE])
                unknown = legs[(self.costs[legs] == UNKNOWN_COST) & is_due]
                self.outcome[unknown[self.outcome[unknown] == Outcome.PRICED]] = Outcome.NO_COST

    def _replayed(self, rule: PricedRule) -> Any:
        """Where the trunks are not known, nobody can tell which legs found no room."""
        terms = self.member.terms
        trunks = self.segments[rule.segment].plan.trunks
        limits = terms.limits if trunks is None else TrunkLimits(**trunks.model_dump())
        if limits is None or terms.replayed is None:
            raise CannotPrice(
                f"The rule '{rule.key}' is for calls over the trunks, and how many there are is not known."
            )
        return np.asarray(terms.replayed(limits))

    # --- billed seconds -----------------------------------------------------------------------------------------------

    def bill(self) -> None:
        """As `tariff.billed_seconds`; and only a call that costs something may draw on a bundle."""
        is_priced = self.outcome == Outcome.PRICED
        self.outcome[is_priced & (self.answered <= np.maximum(0, self.parts[:, GRACE]))] = Outcome.IN_GRACE
        self.outcome[is_priced & (self.answered <= 0)] = Outcome.NOT_ANSWERED
        is_priced = self.outcome == Outcome.PRICED
        minimum, increment = self.parts[:, MINIMUM], np.maximum(1, self.parts[:, INCREMENT])
        billed = minimum + -(-np.maximum(0, self.answered - minimum) // increment) * increment
        if any(rule.is_on_cost for rule in self.rules):
            billed = np.where(self.parts[:, PER_CALL] >= 0, self._charged(), billed)
        self.billed = np.where(is_priced, billed, 0).astype(np.int64)
        costs_something = (self.parts[:, CONNECT] > 0) | (self.parts[:, PICOS] > 0) | (self.parts[:, PER_CALL] > 0)
        for place, rule in enumerate(self.rules):
            if rule.rule.tiers is not None:
                costs_something[self.rule == place] = self._fixed(rule).costs_something
        self.fitting[~(costs_something & is_priced)] = 0

    def _charged(self) -> Any:
        charged = _int64(pc.fill_null(self.legs["charged_seconds"], 0))
        return np.where(charged > 0, charged, self.answered)

    # --- tiers, price -------------------------------------------------------------------------------------------------

    def finish(self, drawn: LegDraws, pools: _Pools, used: Sequence[int]) -> Priced:
        drawn_seconds = np.zeros(self.count, np.int64)
        np.add.at(drawn_seconds, drawn.legs, drawn.seconds)
        rest = self.billed - drawn_seconds
        tiers = self._tiers(rest)
        prices = self._prices(rest, tiers)
        own = {key: place for place, (owner, key) in enumerate(pools.keys) if owner == self.place}
        return Priced(
            legs=self.legs,
            rules=tuple(self.rules),
            segments=self.segments,
            price_micros=prices,
            rule=self.rule,
            outcome=self.outcome,
            billed_seconds=self.billed,
            drawn_seconds=drawn_seconds,
            tariff=self.tariff,
            tables=tuple(self.tables),
            draws=drawn,
            pool_texts=tuple(pool.text for pool in pools.pools),
            pools={key: pools.pools[place] for key, place in own.items()},
            pool_places=own,
            drawn_of_pool={key: used[place] for key, place in own.items()},
            shared={place: pool for place, pool in enumerate(pools.pools) if pools.keys[place][0] != self.place},
            tiers=tiers,
        )

    def _tiers(self, rest: Any) -> Mapping[str, Tiering]:
        """By rule with tiers: the seconds before each leg and in all, over every version that names the rule."""
        found = {}
        for key in dict.fromkeys(rule.key for rule in self.rules if rule.rule.tiers is not None):
            # The last place is for legs without a rule.
            has_key = np.array([*(rule.key == key for rule in self.rules), False])
            legs = np.nonzero(has_key[self.rule])[0]
            seconds = rest[legs]
            after = np.cumsum(seconds)
            found[key] = Tiering(legs=legs, before=after - seconds, total=int(after[-1]) if len(after) else 0)
        return found

    def _prices(self, rest: Any, tiers: Mapping[str, Tiering]) -> Any:
        parts = self.parts
        is_free_of_charge = rest == 0
        longest, dearest = int(rest.max(initial=0)), int(parts[:, (PICOS, PER_CALL)].max(initial=0))
        dearest = max([dearest, *(_dearest(rule) for rule in self.rules)])
        largest = dearest * max(longest, 1) + int(parts[:, CONNECT].max(initial=0)) * _MINUTE_PICOS
        # What is rounded to is the largest step; a call's divisor is its billed seconds times that.
        if largest + MICROS_PER_CURRENCY * PICOS_PER_MICRO * max(
            SECONDS_PER_MINUTE, int(self.billed.max(initial=0))
        ) > (EXACT_MAX // 2):
            parts, rest = parts.astype(object), rest.astype(object)
        amounts = parts[:, CONNECT] * _MINUTE_PICOS + parts[:, PICOS] * rest
        for place, rule in enumerate(self.rules):
            if rule.rule.tiers is not None:
                tiering = tiers[rule.key]
                among = np.nonzero(self.rule[tiering.legs] == place)[0]
                legs = tiering.legs[among]
                tariff = self._fixed(rule)
                picos = _tier_picos(tariff, tiering.before[among], rest[legs], tiering.total)
                amounts[legs] = parts[legs, CONNECT] * _MINUTE_PICOS + picos
        prices = np.zeros(self.count, amounts.dtype)
        for place, segment in enumerate(self.segments):
            begin, end = self._legs_of(segment)
            rounding = segment.plan.rounding.leg
            prices[begin:end] = _rounded(amounts[begin:end], _MINUTE_PICOS, rounding)
            if any(rule.is_on_cost for rule in self.rules if rule.segment == place):
                calls = begin + np.nonzero((parts[begin:end, PER_CALL] >= 0) & (self.billed[begin:end] > 0))[0]
                divisors = self.billed[calls].astype(amounts.dtype) * PICOS_PER_MICRO
                prices[calls] = _rounded(parts[calls, PER_CALL] * rest[calls], divisors, rounding)
        prices[is_free_of_charge] = 0
        return prices.astype(np.int64)

    def _fixed(self, rule: PricedRule) -> Tariff:
        """The tariff of a rule that needs neither a deck nor a cost."""
        columns = self.columns[rule.segment]
        table = columns.tariffs[columns.names.index(rule.key)]
        assert table is not None
        return table.tariff(0)

    def _legs_of(self, segment: PricingSegment) -> tuple[int, int]:
        bounds = [microseconds(segment.from_at), microseconds(segment.to_at)]
        begin, end = np.searchsorted(self.starts, bounds, "left").tolist()
        return begin, end


def _dearest(rule: PricedRule) -> int:
    """The highest price of a rule's tiers, in picos."""
    tiers = rule.rule.tiers
    return 0 if tiers is None else int(max(step.per_minute for step in tiers.steps).scaleb(6)) * PICOS_PER_MICRO


def _tier_picos(tariff: Tariff, before: Any, rest: Any, total: int) -> Any:
    """As `tariff.split`, times the prices: each step has what of a leg lies between its bounds."""
    if tariff.is_volume:
        return rest * step_reached(tariff.steps, total).picos
    after = before + rest
    picos = rest * 0
    begin = 0
    for step in tariff.steps:
        upper = after if step.to_seconds is None else np.minimum(after, step.to_seconds)
        picos = picos + np.maximum(0, upper - np.maximum(before, begin)) * step.picos
        begin = begin if step.to_seconds is None else step.to_seconds
    return picos


def _rounded(amounts: Any, divisor: Any, rule: RoundingRule) -> Any:
    """As `tariff.rounded`: amounts / divisor are micros, which end after the rule's decimals."""
    step = MICROS_PER_CURRENCY // int(10**rule.places)
    whole = divisor * step
    match rule.way:
        case Rounding.DOWN:
            steps = amounts // whole
        case Rounding.UP:
            steps = -(-amounts // whole)
        case Rounding.HALF_UP:
            steps = (amounts + whole // 2) // whole
    return steps * step


# --- drawing together ------------------------------------------------------------------------------------------------


def _begins(works: Sequence[_Work]) -> Iterator[tuple[int, _Work]]:
    begin = 0
    for work in works:
        yield begin, work
        begin += work.count


def _draw(works: Sequence[_Work], pools: _Pools) -> Drawn:
    """Legs are told by their place among those of all members, one member after the other."""
    available = [pool.seconds for pool in pools.pools]
    billed, fitting, lists = (
        np.concatenate([getattr(work, name) for work in works]) for name in ("billed", "fitting", "list")
    )
    drawing = np.nonzero((fitting != 0) & (billed > 0))[0]
    if len(works) > 1 and len(drawing):
        drawing = drawing[_in_order(works, drawing)]
    drawn = draw(billed[drawing], fitting[drawing], lists[drawing], pools.lists, available)
    return Drawn(drawing[drawn.legs] if len(drawn.legs) else drawn.legs, drawn.pools, drawn.seconds)


def _in_order(works: Sequence[_Work], drawing: Any) -> Any:
    """By start, call id, leg id: the total order of legs."""
    names = ("started_at", "call_id", "leg_id")
    table = pa.concat_tables([work.legs.select(names) for work in works]).take(pa.array(drawing))
    return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names]).to_numpy()


def _own_draws(drawn: Drawn, begin: int, count: int) -> LegDraws:
    own = np.nonzero((drawn.legs >= begin) & (drawn.legs < begin + count))[0]
    # In order of legs; a stable sort keeps the order of drawing within one.
    own = own[np.argsort(drawn.legs[own], kind="stable")]
    return LegDraws(drawn.legs[own] - begin, drawn.pools[own], drawn.seconds[own])


def _sums(places: Any, seconds: Any, count: int) -> list[int]:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, places, seconds)
    return [int(each) for each in sums]


def _int64(column: Any) -> Any:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def _costs(legs: pa.Table) -> Any:
    """What the reseller was charged, in micros; a credit counts as nothing charged."""
    if "reseller_cost_micros" in legs.column_names:
        costs, factor = legs["reseller_cost_micros"], 1
    else:
        costs, factor = legs["reseller_cost_units"], MICROS_PER_UNIT
    known = np.maximum(0, _int64(pc.fill_null(costs, 0))) * factor
    if costs.null_count:
        known[pc.is_null(costs).combine_chunks().to_numpy(zero_copy_only=False)] = UNKNOWN_COST
    return known
