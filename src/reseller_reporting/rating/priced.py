"""Priced legs: prices in columns, with all that is needed to say in words how each came about.

Owns: what pricing gives to whoever shows or sums it. Does not own: how prices are made (pricing), the words of a single
price (price_words), the lines of a statement (usage_lines).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from reseller_reporting.model.plan import TierKind, UsageRule
from reseller_reporting.rating.bundles import Layer, Pool
from reseller_reporting.rating.plan_columns import TariffTable
from reseller_reporting.rating.price_words import UNPRICED, Draw, Outcome, price_words
from reseller_reporting.rating.pricing_terms import PricingSegment
from reseller_reporting.rating.tariff import Tariff

UNPRICED_SHOWN = 1_000
_HAS_PRICE = np.array([outcome not in UNPRICED for outcome in Outcome])


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedRule:
    """A rule of one version of a plan; `rule` of a priced leg is its place among these."""

    segment: int
    key: str
    label: str
    rule: UsageRule

    @property
    def text(self) -> str:
        return self.rule.text or self.key

    @property
    def is_on_cost(self) -> bool:
        return self.rule.markup is not None and self.rule.deck is None


class LegDraws(NamedTuple):
    """What each leg drew on each pool, in order of legs and of drawing."""

    legs: Any
    pools: Any
    seconds: Any


class Tiering(NamedTuple):
    """The legs of a rule with tiers, the seconds before each of them, and of all."""

    legs: Any
    before: Any
    total: int


@dataclass(frozen=True, slots=True)
class UnpricedLeg:
    leg_id: str
    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unpriced:
    """How many legs have no price; the first of them."""

    count: int
    legs: tuple[UnpricedLeg, ...]


@dataclass(frozen=True, kw_only=True)
class Priced:
    """One customer's legs of a period with their prices; arrays are aligned with the legs."""

    legs: pa.Table
    rules: tuple[PricedRule, ...]
    segments: tuple[PricingSegment, ...]
    price_micros: Any  # int64; 0 where there is no price.
    rule: Any  # int32, place in `rules`; -1: no rule.
    outcome: Any  # int8, price_words.Outcome.
    billed_seconds: Any  # int64; 0 for what trunks or grace cover.
    drawn_seconds: Any  # int64: what bundles cover of the billed seconds.
    tariff: Any  # int64, place in `tables` together.
    tables: tuple[tuple[int, int, TariffTable], ...]  # First place, segment, tariffs.
    draws: LegDraws
    pool_texts: tuple[str, ...]
    pools: Mapping[str, Pool]  # The customer's own, by the bundle's name.
    pool_places: Mapping[str, int]
    drawn_of_pool: Mapping[str, int]  # Seconds that all members drew on each of them.
    shared: Mapping[int, Pool]  # Others' pools, by their place.
    tiers: Mapping[str, Tiering]
    for_customer: bool = False  # Words name neither what the reseller paid nor a deck's rate.

    def __len__(self) -> int:
        return len(self.price_micros)

    @cached_property
    def is_priced(self) -> Any:
        """A bool for each leg; one without a price costs nobody knows what, which is not 0."""
        return _HAS_PRICE[self.outcome]

    @property
    def prices(self) -> pa.Array:
        """Micros, null for what has no price."""
        return pa.array(self.price_micros, mask=~self.is_priced)

    @property
    def total_micros(self) -> int:
        return exact_sum(self.price_micros)

    def left(self) -> dict[str, tuple[Layer, ...]]:
        """What is left in each of the customer's own bundles; `bundles.carried_over` makes the next period's."""
        return {key: pool.left(self.drawn_of_pool[key]) for key, pool in self.pools.items()}

    def unpriced(self, shown: int = UNPRICED_SHOWN) -> Unpriced:
        rows = np.nonzero(~self.is_priced)[0]
        first = self.legs.take(pa.array(rows[:shown]))
        ids, numbers = first["leg_id"].to_pylist(), first["dialed_number"].to_pylist()
        reasons = [UNPRICED[Outcome(each)] for each in self.outcome[rows[:shown]].tolist()]
        return Unpriced(len(rows), tuple(map(UnpricedLeg, ids, numbers, reasons)))

    # --- words --------------------------------------------------------------------------------------------------------

    def explanations(self, begin: int = 0, end: int | None = None) -> pa.Array:
        """How each price came about."""
        return self.explanations_of(np.arange(begin, len(self) if end is None else end))

    def explanations_of(self, legs: Any) -> pa.Array:
        """The same for some legs, in the order in which they are asked for; those that are alike are worded once."""
        keys, is_odd = self._keys(legs)
        _, known, alike = np.unique(keys, return_index=True, return_inverse=True)
        column = pa.array([self._words(leg) for leg in legs[known].tolist()], pa.string())
        odd = np.nonzero(is_odd)[0]
        if not len(odd):
            return column.take(pa.array(alike))
        memo: dict[object, str] = {}
        own = pa.array([self._odd_words(leg, memo) for leg in legs[odd].tolist()], pa.string())
        alike[odd] = len(column) + np.arange(len(odd))
        return pa.concat_arrays([column, own]).take(pa.array(alike))

    def explanation(self, leg: int) -> str:
        return self._odd_words(leg, {})

    def _keys(self, legs: Any) -> tuple[Any, Any]:
        """A number for legs whose words are the same, and which legs want words of their own."""
        outcome = self.outcome[legs].astype(np.int64)
        steps, is_odd = self._step_of_leg
        steps, is_odd = steps[legs], is_odd[legs]
        _, billed_places = np.unique(self.billed_seconds[legs], return_inverse=True)
        _, tariffs = np.unique(self.tariff[legs], return_inverse=True)
        steps_count, billed_count = (int(each.max(initial=0)) + 1 for each in (steps, billed_places))
        keys = (tariffs * steps_count + steps) * billed_count + billed_places
        # Of what costs nothing only grace says a figure of its tariff.
        keys = np.where(outcome == Outcome.PRICED, keys, -1 - outcome)
        keys = np.where(outcome == Outcome.IN_GRACE, -100 - tariffs, keys)
        return np.where(is_odd, -50, keys), is_odd

    @cached_property
    def _step_of_leg(self) -> tuple[Any, Any]:
        """The step of its tiers that a leg lies in, and whether it lies in two or a bundle covers a part of it."""
        steps = np.zeros(len(self), np.int64)
        is_odd = self.drawn_seconds > 0
        for key, tiering in self.tiers.items():
            for place, rule in enumerate(self.rules):
                # A volume has one price for all of them.
                if rule.key != key or rule.rule.tiers is None or rule.rule.tiers.kind is TierKind.VOLUME:
                    continue
                among = np.nonzero(self.rule[tiering.legs] == place)[0]
                legs = tiering.legs[among]
                ends = [step.to_minutes * 60 for step in rule.rule.tiers.steps[:-1] if step.to_minutes is not None]
                before, rest = tiering.before[among], (self.billed_seconds - self.drawn_seconds)[legs]
                first = np.searchsorted(ends, before, "right")
                last = np.searchsorted(ends, before + rest, "left")
                steps[legs] = first
                is_odd[legs[(rest > 0) & (first != last)]] = True
        return steps, is_odd

    def _words(self, leg: int) -> str:
        before, total = self._tier_place(leg)
        return self._said(leg, (), before, total)

    def _odd_words(self, leg: int, memo: dict[object, str]) -> str:
        begin, end = np.searchsorted(self.draws.legs, [leg, leg + 1]).tolist()
        pools, seconds = self.draws.pools[begin:end].tolist(), self.draws.seconds[begin:end].tolist()
        before, total = self._tier_place(leg)
        key = (int(self.tariff[leg]), int(self.outcome[leg]), int(self.billed_seconds[leg]), *pools, *seconds, before)
        if key not in memo:
            draws = tuple(Draw(self.pool_texts[pool], taken) for pool, taken in zip(pools, seconds, strict=True))
            memo[key] = self._said(leg, draws, before, total)
        return memo[key]

    def _said(self, leg: int, draws: Sequence[Draw], before: int, total: int) -> str:
        outcome = Outcome(int(self.outcome[leg]))
        segment, tariff = self._tariff_of(leg)
        rounding = self.segments[segment].plan.rounding.leg
        billed = int(self.billed_seconds[leg])
        return price_words(
            outcome,
            tariff,
            rounding,
            billed=billed,
            draws=draws,
            before=before,
            total=total,
            for_customer=self.for_customer,
        )

    def _tariff_of(self, leg: int) -> tuple[int, Tariff | None]:
        place = int(self.tariff[leg])
        if place < 0:
            return 0, None
        first, segment, table = self.tables[bisect_right(self.tables, place, key=lambda each: each[0]) - 1]
        return segment, table.tariff(place - first)

    def _tier_place(self, leg: int) -> tuple[int, int]:
        rule = int(self.rule[leg])
        tiering = self.tiers.get(self.rules[rule].key) if rule >= 0 else None
        if tiering is None:
            return 0, 0
        row = int(np.searchsorted(tiering.legs, leg))
        return int(tiering.before[row]), tiering.total


def exact_sum(figures: Any) -> int:
    """The sum of whole numbers, however large."""
    return int(figures.sum()) if is_sum_small(figures) else sum(figures.tolist())


def is_sum_small(figures: Any) -> bool:
    """Whether no sum of some of these whole numbers leaves 64 bits."""
    return not len(figures) or int(np.abs(figures).max()) * len(figures) < 2**62
