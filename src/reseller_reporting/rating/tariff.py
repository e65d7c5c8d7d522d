"""Tariffs: what one leg costs once it is known which rule prices it, by which rate of a deck or on which cost.

Owns: billed seconds, the price of a leg before and after its one rounding, how a rule and a rate become a tariff.
Does not own: which rule prices a leg (price_rules), what a bundle covers of it (bundles), words (price_words).

Words
- *Picos* are 1/1 000 000 of a micro. A percentage with four decimals of a price in micros is a whole number of them,
  so that nothing is rounded before the whole price of a leg is.

Invariants
- Whole numbers and fractions only; a price is never negative.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from reseller_reporting.model.plan import Markup, MinuteTiers, RoundingRule, TierKind, UsageRule
from reseller_reporting.model.rate import MICROS_PER_CURRENCY, Rate
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS

PICOS_PER_MICRO = 1_000_000
SECONDS_PER_MINUTE = 60


class MinuteRate(NamedTuple):
    """A price a minute up to and including so many billed seconds of a month; None: without an end."""

    to_seconds: int | None
    picos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How one leg is priced: by the minute in one step or several, or by the call on the reseller's cost."""

    steps: tuple[MinuteRate, ...] = (MinuteRate(None, 0),)
    is_volume: bool = False
    connect_micros: int = 0
    per_call_picos: int | None = None
    minimum_seconds: int = 60
    increment_seconds: int = 60
    grace_seconds: int = 0
    is_free: bool = False
    base_micros: int | None = None  # What a markup is put on: the deck's rate, or the reseller's cost.
    markup: Markup | None = None

    @property
    def costs_something(self) -> bool:
        """Whether a call of any length by it costs more than nothing."""
        if self.per_call_picos is not None:
            return self.per_call_picos > 0
        return self.connect_micros > 0 or any(step.picos > 0 for step in self.steps)


def micros_of(amount: Decimal) -> int:
    """A plan's amount, which has six decimals at most, in micros."""
    micros = amount.scaleb(6)
    assert micros == micros.to_integral_value()
    return int(micros)


def tariff_of_rule(rule: UsageRule) -> Tariff:
    """The tariff of a rule that needs neither a deck nor a cost."""
    assert rule.deck is None
    assert rule.markup is None
    return Tariff(
        steps=(MinuteRate(None, 0),) if rule.free else _steps(rule.per_minute, rule.tiers),
        is_volume=rule.tiers is not None and rule.tiers.kind is TierKind.VOLUME,
        connect_micros=0 if rule.free else micros_of(rule.connect_fee),
        minimum_seconds=rule.minimum,
        increment_seconds=rule.increment,
        grace_seconds=rule.grace,
        is_free=rule.free,
    )


def tariff_of_rate(rate: Rate, markup: Markup | None) -> Tariff:
    """A deck's rate, dearer by a markup on its price a minute; all else is as the deck says."""
    micros = rate.per_minute_micros
    return Tariff(
        steps=(MinuteRate(None, marked_up(micros, markup) if markup else micros * PICOS_PER_MICRO),),
        connect_micros=rate.surcharge_micros,
        minimum_seconds=rate.minimum_seconds,
        increment_seconds=rate.increment_seconds or DEFAULT_INCREMENT_SECONDS,
        grace_seconds=rate.nocharge_seconds,
        base_micros=micros if markup else None,
        markup=markup,
    )


def tariff_of_cost(rule: UsageRule, cost_micros: int) -> Tariff:
    """A markup on what the reseller was charged for the call; where that was nothing, nothing is due."""
    assert rule.markup is not None
    return Tariff(
        per_call_picos=marked_up(cost_micros, rule.markup) if cost_micros > 0 else 0,
        grace_seconds=rule.grace,
        base_micros=cost_micros,
        markup=rule.markup,
    )


def marked_up(micros: int, markup: Markup) -> int:
    """Percent first, then the absolute amount, then the floor; in picos."""
    percent, absolute, floor = _markup_picos(markup.percent, markup.absolute, markup.floor)
    return max(floor, micros * (PICOS_PER_MICRO + percent) + absolute)


@lru_cache(maxsize=64)
def _markup_picos(percent: Decimal, absolute: Decimal, floor: Decimal) -> tuple[int, int, int]:
    """What the percentage adds to each micro, the absolute amount, the floor: once for all rates of a deck."""
    return int(percent.scaleb(4)), micros_of(absolute) * PICOS_PER_MICRO, micros_of(floor) * PICOS_PER_MICRO


def billed_seconds(tariff: Tariff, answered_seconds: int, charged_seconds: int | None = None) -> int:
    """The minimum, then whole increments counted from its end: with 30/60 a call of 40 seconds bills 90.

    A price by the call keeps the seconds that the reseller was charged for, or the answered ones without any.
    """
    if answered_seconds <= 0 or answered_seconds <= tariff.grace_seconds:
        return 0
    if tariff.per_call_picos is not None:
        return charged_seconds if charged_seconds is not None and charged_seconds > 0 else answered_seconds
    beyond_minimum = max(0, answered_seconds - tariff.minimum_seconds)
    return tariff.minimum_seconds + -(-beyond_minimum // tariff.increment_seconds) * tariff.increment_seconds


def exact_price(tariff: Tariff, *, billed: int, rest: int, before: int = 0, total: int = 0) -> Fraction:
    """The price in micros before its rounding.

    `rest` of the `billed` seconds are covered by no bundle; a leg without rest costs nothing, connect fee included.
    Tiers want the seconds of the rule's legs `before` this one, and the `total` of them all.
    """
    return Fraction(*exact_ratio(tariff, billed, rest, before, total))


def exact_ratio(tariff: Tariff, billed: int, rest: int, before: int, total: int) -> tuple[int, int]:
    """The same as numerator and denominator, which are quicker than a fraction."""
    if rest <= 0:
        return 0, 1
    if tariff.per_call_picos is not None:
        return tariff.per_call_picos * rest, PICOS_PER_MICRO * billed
    minute = PICOS_PER_MICRO * SECONDS_PER_MINUTE
    picos = tariff.connect_micros * minute
    for rate, seconds in split(tariff, rest=rest, before=before, total=total):
        picos += rate * seconds
    return picos, minute


def split(tariff: Tariff, *, rest: int, before: int, total: int) -> list[tuple[int, int]]:
    """The seconds of a leg by the price a minute, in picos, that they have; in order."""
    if len(tariff.steps) == 1:
        return [(tariff.steps[0].picos, rest)]
    if tariff.is_volume:
        return [(step_reached(tariff.steps, total).picos, rest)]
    parts = []
    place, after = before, before + rest
    for step in tariff.steps:
        end = after if step.to_seconds is None else min(step.to_seconds, after)
        if end > place:
            parts.append((step.picos, end - place))
            place = end
    return parts


def step_reached(steps: tuple[MinuteRate, ...], total: int) -> MinuteRate:
    """The step in which a sum lies; an end belongs to its own step, and the last one has none."""
    return next((step for step in steps if step.to_seconds is None or total <= step.to_seconds), steps[-1])


def rounded(micros: Fraction, rule: RoundingRule) -> int:
    """Whole micros that end after the rule's decimals; up is away from zero, and so is a half."""
    size = rounded_ratio(abs(micros.numerator), micros.denominator, rule)
    return size if micros >= 0 else -size


def rounded_ratio(numerator: int, denominator: int, rule: RoundingRule) -> int:
    """The same of what is not negative."""
    step = MICROS_PER_CURRENCY // int(10**rule.places)
    whole = denominator * step
    match rule.way:
        case Rounding.DOWN:
            steps = numerator // whole
        case Rounding.UP:
            steps = -(-numerator // whole)
        case Rounding.HALF_UP:
            steps = (2 * numerator + whole) // (2 * whole)
    return steps * step


def _steps(per_minute: Decimal | None, tiers: MinuteTiers | None) -> tuple[MinuteRate, ...]:
    if tiers is None:
        assert per_minute is not None
        return (MinuteRate(None, micros_of(per_minute) * PICOS_PER_MICRO),)
    # The last step has no end, whatever it says: no second may be without a price.
    ends = [step.to_minutes for step in tiers.steps[:-1]] + [None]
    return tuple(
        MinuteRate(None if end is None else end * SECONDS_PER_MINUTE, micros_of(step.per_minute) * PICOS_PER_MICRO)
        for end, step in zip(ends, tiers.steps, strict=True)
    )
