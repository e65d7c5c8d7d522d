"""Bundles: how many seconds are included, which legs draw on them, and what is left for the months after.

Owns: pools of included seconds. Does not own: which legs a bundle is for (price_rules), prices.

Words
- A *pool* is what a bundle of one customer holds in one period. Versions of a plan that name a bundle alike share it.
- A *layer* is the part of a pool that came in so many periods ago; the oldest is drawn first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Bundle, BundlePer, Proration
from reseller_reporting.rating.columns import pays
from reseller_reporting.rating.pricing_terms import PricingSegment, Stretch, common_days, month_share
from reseller_reporting.rating.tariff import SECONDS_PER_MINUTE

# A call can draw on so many at most: a bit each.
BUNDLES_MAX = 62
# Importing the compiler takes as long as drawing so many legs one by one.
SCALAR_LEGS_MAX = 100_000
# More seconds than all calls of a month can have.
_SECONDS_MAX = 2**62


class Layer(NamedTuple):
    """Seconds that came in so many periods ago; 0 is this one."""

    age: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What a bundle holds; `bundle` is as the last version that names it says."""

    key: str
    bundle: Bundle
    label: str  # That version.
    layers: tuple[Layer, ...]  # The oldest first.

    @property
    def seconds(self) -> int:
        return sum(layer.seconds for layer in self.layers)

    @property
    def text(self) -> str:
        return self.bundle.text or self.key

    def left(self, drawn_seconds: int) -> tuple[Layer, ...]:
        """What is left of each layer once so many seconds are drawn."""
        left = []
        for layer in self.layers:
            taken = min(layer.seconds, drawn_seconds)
            drawn_seconds -= taken
            left.append(Layer(layer.age, layer.seconds - taken))
        return tuple(left)


def carried_over(left: Iterable[Layer], months: int) -> tuple[Layer, ...]:
    """What the next period begins with: a period older, and not too old."""
    return tuple(Layer(layer.age + 1, layer.seconds) for layer in left if layer.age < months and layer.seconds)


def pool_of(
    key: str,
    segments: Sequence[PricingSegment],
    stretches: Sequence[Stretch],
    carried: Mapping[str, Sequence[tuple[int, int]]],
) -> Pool:
    """The pool of a bundle over the versions in force; with `days` each counts by its days, else the last one alone.

    Parts of a second are left out.
    """
    last = next(segment for segment in reversed(segments) if key in segment.plan.bundles)
    bundle = last.plan.bundles[key]
    if segments[-1].plan.proration is Proration.NONE:
        own = Fraction(0)
        if last is segments[-1]:
            own = Fraction(bundle.minutes * _count(bundle, key, stretches[-1] if stretches else None))
    else:
        own = sum((_minutes(key, segment, stretches) for segment in segments), Fraction(0))
    older = [Layer(*layer) for layer in carried.get(key, ()) if 0 < layer[0] <= bundle.carry_over_months]
    layers = (*sorted(older, reverse=True), Layer(0, int(own * SECONDS_PER_MINUTE)))
    return Pool(key=key, bundle=bundle, label=last.label, layers=layers)


def _minutes(key: str, segment: PricingSegment, stretches: Sequence[Stretch]) -> Fraction:
    """The minutes of one version, by its days, and by those on which each quantity was there."""
    bundle = segment.plan.bundles.get(key)
    if bundle is None:
        return Fraction(0)
    if bundle.per is BundlePer.PLAN:
        return bundle.minutes * month_share(segment.from_day, segment.to_day)
    if not stretches:
        _count(bundle, key, None)
    minutes = Fraction(0)
    for stretch in stretches:
        days = common_days(segment, stretch)
        if days is not None:
            minutes += bundle.minutes * _count(bundle, key, stretch) * month_share(*days)
    return minutes


def _count(bundle: Bundle, key: str, stretch: Stretch | None) -> int:
    if bundle.per is BundlePer.PLAN:
        return 1
    count = None if stretch is None else stretch.count(bundle.per)
    if count is None:
        raise CannotPrice(
            f"The bundle '{key}' gives minutes per {bundle.per}, and how many of them there are is not known."
        )
    return count


class Drawn(NamedTuple):
    """One entry for each leg and pool that it draws on, in the order of drawing; int64 arrays."""

    legs: Any
    pools: Any
    seconds: Any


def draw(billed: Any, fitting: Any, lists: Any, pools: Sequence[Sequence[int]], available: Sequence[int]) -> Drawn:
    """Legs in their order draw on the pools that fit them, in the order of their list, until they are covered.

    `fitting` has a bit for each place of the list that the leg may draw on; `lists` says which of `pools` is its list;
    `available` are the seconds of each pool.
    """
    rows = np.nonzero((fitting != 0) & (billed > 0))[0]
    if not len(rows) or not any(available):
        return Drawn(*(np.zeros(0, np.int64) for _ in range(3)))
    if pays(len(rows), SCALAR_LEGS_MAX):
        return _draw_by_kernel(rows, billed[rows], fitting[rows], lists[rows], pools, available)
    left = [*available]
    entries = []
    for row, wanted, bits, own in zip(
        rows.tolist(), billed[rows].tolist(), fitting[rows].tolist(), lists[rows].tolist(), strict=True
    ):
        rest = wanted
        for place, pool in enumerate(pools[own]):
            if rest and bits >> place & 1 and left[pool]:
                taken = min(rest, left[pool])
                left[pool] -= taken
                rest -= taken
                entries.append((row, pool, taken))
    columns = zip(*entries, strict=True) if entries else ((), (), ())
    return Drawn(*(np.array(column, np.int64) for column in columns))


def _draw_by_kernel(
    rows: Any, billed: Any, fitting: Any, lists: Any, pools: Sequence[Sequence[int]], available: Sequence[int]
) -> Drawn:
    from reseller_reporting.rating import column_kernels

    table = np.full((len(pools), max(map(len, pools))), -1, np.int64)
    for place, own in enumerate(pools):
        table[place, : len(own)] = own
    left = np.array([min(seconds, _SECONDS_MAX) for seconds in available], np.int64)
    # A leg draws on one pool, and on one more for each that it empties.
    entries = np.empty((len(rows) + len(available), 3), np.int64)
    count = column_kernels.draw(
        rows,
        np.ascontiguousarray(billed, np.int64),
        np.ascontiguousarray(fitting, np.int64),
        np.ascontiguousarray(lists, np.int64),
        table,
        left,
        entries,
    )
    return Drawn(*(entries[:count, column].copy() for column in range(3)))
