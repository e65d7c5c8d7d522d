"""KAZOO's own charge of a per-minute leg, bit for bit: the one place of the house that calculates with doubles.

Owns: `kazoo_cost`, and what KAZOO takes for a part of the rate that is absent. Does not own: our own prices, which
are exact and another function with another name.
"""

from math import ceil
from typing import NamedTuple

DEFAULT_INCREMENT_SECONDS = 60
DEFAULT_MINIMUM_SECONDS = 0


class KazooCharge(NamedTuple):
    charged_seconds: int
    cost_units: int


NO_CHARGE = KazooCharge(0, 0)


def kazoo_cost(
    *,
    rate_units: int,
    increment_seconds: int,
    minimum_seconds: int,
    surcharge_units: int,
    nocharge_seconds: int,
    discount_percent: int,
    answered_seconds: int,
) -> KazooCharge:
    """What KAZOO charges: doubles, grouped and ordered as there, truncated and never rounded.

    Exact arithmetic gives another unit in nearly one of a hundred calls. Charged seconds count increments from 0
    while the price counts them from the end of the minimum: the two disagree when the minimum is no multiple of
    the increment, and KAZOO states both so.
    """
    if answered_seconds <= 0 or answered_seconds <= nocharge_seconds:
        return NO_CHARGE
    undiscounted_units = undiscounted_cost_units(
        rate_units=rate_units,
        increment_seconds=increment_seconds,
        minimum_seconds=minimum_seconds,
        surcharge_units=surcharge_units,
        seconds=answered_seconds,
    )
    increment_seconds = increment_seconds or DEFAULT_INCREMENT_SECONDS
    if answered_seconds <= minimum_seconds:
        charged_seconds = minimum_seconds
    else:
        charged_seconds = ceil(answered_seconds / increment_seconds) * increment_seconds
    discount_units = int((discount_percent * 0.01) * undiscounted_units)
    return KazooCharge(charged_seconds, undiscounted_units - discount_units)


def undiscounted_cost_units(
    *, rate_units: int, increment_seconds: int, minimum_seconds: int, surcharge_units: int, seconds: int
) -> int:
    """KAZOO's `calculate_cost/5`: no time costs nothing, all else at least surcharge and minimum."""
    if seconds == 0:
        return 0
    increment_seconds = increment_seconds or DEFAULT_INCREMENT_SECONDS
    minimum_units = (minimum_seconds / 60) * rate_units
    if seconds <= minimum_seconds:
        return int(surcharge_units + minimum_units)
    increments = ceil((seconds - minimum_seconds) / increment_seconds)
    return int(surcharge_units + minimum_units + increments * ((increment_seconds / 60) * rate_units))
