"""Exact charge: what a leg costs by a price of the trade's own, in whole micros, rounded once.

Owns: `exact_charge`. Does not own: KAZOO's charge, which is doubles, truncated, and another function (charge).
"""

from typing import NamedTuple

from reseller_reporting.model.rate import MICROS_PER_CURRENCY, Rate
from reseller_reporting.model.rounding import PLACES_DEFAULT, PLACES_MAX, Rounding


class ExactCharge(NamedTuple):
    billed_seconds: int
    cost_micros: int


FREE = ExactCharge(0, 0)


def exact_charge(
    rate: Rate, answered_seconds: int, *, places: int = PLACES_DEFAULT, rounding: Rounding = Rounding.HALF_UP
) -> ExactCharge:
    """The minimum first, then whole increments counted from its end; within the no-charge time nothing is due."""
    billed = billed_seconds(rate, answered_seconds)
    if billed == 0:
        return FREE
    # Sixtieths of a micro: whole numbers until the one rounding.
    sixtieths = rate.surcharge_micros * 60 + rate.per_minute_micros * billed
    return ExactCharge(billed, _rounded(sixtieths, places, rounding))


def billed_seconds(rate: Rate, answered_seconds: int) -> int:
    """With 30/60 a call of 40 seconds bills 90, not 60."""
    if answered_seconds <= 0 or answered_seconds <= rate.nocharge_seconds:
        return 0
    beyond_minimum = max(0, answered_seconds - rate.minimum_seconds)
    increments = -(-beyond_minimum // rate.increment_seconds)
    return rate.minimum_seconds + increments * rate.increment_seconds


def _rounded(sixtieths: int, places: int, rounding: Rounding) -> int:
    """Sixtieths of a micro as micros that end after so many decimals of the currency. Prices are never negative."""
    assert 0 <= places <= PLACES_MAX
    assert sixtieths >= 0
    step = 60 * MICROS_PER_CURRENCY // int(10**places)
    match rounding:
        case Rounding.DOWN:
            steps = sixtieths // step
        case Rounding.UP:
            steps = -(-sixtieths // step)
        case Rounding.HALF_UP:
            steps = (2 * sixtieths + step) // (2 * step)
    return steps * step // 60
