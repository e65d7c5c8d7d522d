"""Replay of trunks: which legs of a month found a flat-rate trunk, which a burst trunk, and which ran over.

The decision is sequential by nature: a leg that found no trunk holds none, so counting all legs at once is wrong.

Owns: the replay and what it says of a party's trunks. Does not own: the rule for one call (trunk), who may use a trunk
at all (number), what a leg cost.

Times
- Microseconds of one clock. A leg holds its trunk from its start for its whole duration, ringing included, as the
  switch's channel does; a leg that ends at a moment frees its trunk for one that starts at it.
- The order is total: by start, then call id, then leg id. Two engines then give one answer.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from reseller_reporting.model.call_type import FLAT_RATE_BURST, FLAT_RATE_TRUNK
from reseller_reporting.rating.columns import pays
from reseller_reporting.rating.trunk import TrunkLimits, flat_rate_tag

# Importing the compiler takes as long as replaying so many legs one by one.
SCALAR_LEGS_MAX = 100_000


class State(IntEnum):
    """What became of a leg in the replay."""

    OVER = 0  # Eligible, and no trunk was free.
    FLAT = 1
    BURST = 2
    INELIGIBLE = 3  # Its number may not use trunks.


STATE_OF_TAG = {FLAT_RATE_TRUNK: State.FLAT, FLAT_RATE_BURST: State.BURST, None: State.OVER}


class TrunkLeg(NamedTuple):
    starts: int
    ends: int
    is_outbound: bool
    is_eligible: bool


@dataclass(frozen=True, slots=True)
class TrunkLegs:
    """Legs of one party in total order, as arrays: times int64, flags bool."""

    starts: Any
    ends: Any
    is_outbound: Any
    is_eligible: Any

    def __len__(self) -> int:
        return len(self.starts)


def replay(legs: Iterable[TrunkLeg], limits: TrunkLimits) -> list[State]:
    """The definition: one leg after the other, each against the calls that hold a trunk when it starts."""
    holding: dict[bool, list[int]] = {True: [], False: []}  # By whether outbound: when they end.
    states = []
    for leg in legs:
        for ends in holding.values():
            while ends and ends[0] <= leg.starts:
                heapq.heappop(ends)
        if not leg.is_eligible:
            states.append(State.INELIGIBLE)
            continue
        tag = flat_rate_tag(
            limits,
            inbound=len(holding[False]) + (not leg.is_outbound),
            outbound=len(holding[True]) + leg.is_outbound,
        )
        states.append(STATE_OF_TAG[tag])
        if tag is not None and leg.ends > leg.starts:
            heapq.heappush(holding[leg.is_outbound], leg.ends)
    return states


def replay_columns(legs: TrunkLegs, limits: TrunkLimits) -> Any:
    """The same over arrays: a State for each leg, as int8."""
    if not pays(len(legs), SCALAR_LEGS_MAX):
        each = zip(
            legs.starts.tolist(),
            legs.ends.tolist(),
            legs.is_outbound.tolist(),
            legs.is_eligible.tolist(),
            strict=True,
        )
        return np.array(replay(map(TrunkLeg._make, each), limits), np.int8)
    from reseller_reporting.rating import column_kernels

    states = np.empty(len(legs), np.int8)
    heaps = np.empty((2, _held_max(legs, limits) + 1), np.int64)
    figures = (limits.inbound, limits.outbound, limits.twoway, limits.burst)
    column_kernels.replayed(legs.starts, legs.ends, legs.is_outbound, legs.is_eligible, figures, heaps, states)
    return states


def _held_max(legs: TrunkLegs, limits: TrunkLimits) -> int:
    """How many calls can hold a trunk at once at most."""
    return len(legs) if limits.calls_max is None else min(len(legs), limits.calls_max)
