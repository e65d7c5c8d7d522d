"""Price words: how the price of a leg came about, in words an accountant can check with a pencil."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from reseller_reporting.model.plan import RoundingRule
from reseller_reporting.model.rate import MICROS_PER_CURRENCY, micros_text
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating.tariff import PICOS_PER_MICRO, Tariff, exact_ratio, micros_of, rounded_ratio, split


class Outcome(IntEnum):
    """What became of a leg. All but `PRICED` say already what it costs: nothing, or nobody can tell."""

    PRICED = 0
    NOT_ANSWERED = 1
    IN_GRACE = 2
    ON_TRUNK = 3
    NOT_CHARGED = 4
    NO_RULE = 5
    NO_COST = 6
    NO_PLAN = 7


UNPRICED = {
    Outcome.NO_RULE: "no rule of the plan fits this call",
    Outcome.NO_COST: "what the reseller was charged for this call is not known",
    Outcome.NO_PLAN: "no plan was in force when this call began",
}
# What needs no tariff to be said.
_SAID = {
    **dict.fromkeys(UNPRICED, ""),
    Outcome.NOT_ANSWERED: "not answered",
    Outcome.ON_TRUNK: "covered by a trunk",
    Outcome.NOT_CHARGED: "covered: the reseller was charged nothing",
}
_WAYS = {Rounding.DOWN: "down", Rounding.HALF_UP: "half up", Rounding.UP: "up"}


class Draw(NamedTuple):
    """What a bundle covers of a leg."""

    text: str
    seconds: int


def price_words(
    outcome: Outcome,
    tariff: Tariff | None,
    rounding: RoundingRule,
    *,
    billed: int = 0,
    draws: Sequence[Draw] = (),
    before: int = 0,
    total: int = 0,
    for_customer: bool = False,
) -> str:
    """Nothing for a leg without a price. A customer's words name neither what the reseller paid nor a deck's rate."""
    if outcome in _SAID:
        return "covered" if for_customer and outcome is Outcome.NOT_CHARGED else _SAID[outcome]
    assert tariff is not None
    if outcome is Outcome.IN_GRACE:
        return f"within {tariff.grace_seconds} s grace"
    if tariff.is_free:
        return "free"
    if for_customer:
        tariff = replace(tariff, base_micros=None)
    return _of_price(tariff, rounding, billed, draws, before, total)


def _of_price(
    tariff: Tariff, rounding: RoundingRule, billed: int, draws: Sequence[Draw], before: int, total: int
) -> str:
    if not draws:
        if tariff.per_call_picos is not None and tariff.base_micros is None:
            return ""
        return _of_rest(tariff, billed, billed, before, total) + _rounding(
            tariff, rounding, billed, billed, before, total
        )
    rest = billed - sum(draw.seconds for draw in draws)
    covered = ", ".join(_drawn(draw, billed) for draw in draws)
    if rest == 0:
        return covered
    words = _of_rest(tariff, billed, rest, before, total)
    return f"{covered}; {words}{_rounding(tariff, rounding, billed, rest, before, total)}"


def _drawn(draw: Draw, billed: int) -> str:
    part = "" if draw.seconds == billed else f"{draw.seconds} of "
    return f'{part}{billed} s from "{draw.text}"'


def _of_rest(tariff: Tariff, billed: int, rest: int, before: int, total: int) -> str:
    if tariff.per_call_picos is not None:
        if tariff.base_micros is None:
            return "" if rest == billed else f"{rest} of {billed} s"
        if not tariff.base_micros:
            return "the reseller was charged nothing"
        words = f"reseller cost {micros_text(tariff.base_micros)}{_markup(tariff)}"
        return words if rest == billed else f"{rest} of {billed} s of {words}"
    sold = f"{rest} s" if rest != billed else _sold(tariff, billed)
    connect = f"{micros_text(tariff.connect_micros)} + " if tariff.connect_micros else ""
    parts = split(tariff, rest=rest, before=before, total=total)
    if len(parts) == 1:
        rate = picos_text(parts[0][0])
        source = f" ({micros_text(tariff.base_micros)}{_markup(tariff)})" if tariff.base_micros is not None else ""
        return f"{connect}{sold} @ {rate}/min{source}"
    each = " + ".join(f"{seconds} s @ {picos_text(rate)}/min" for rate, seconds in parts)
    # The fee is no part of what the tiers share out, so it stands with the amounts.
    return f"{sold} = {connect}{each}"


def _sold(tariff: Tariff, billed: int) -> str:
    increments = (billed - tariff.minimum_seconds) // tariff.increment_seconds
    terms = [
        f"{tariff.minimum_seconds} s min" if tariff.minimum_seconds else "",
        f"{increments} × {tariff.increment_seconds} s" if increments else "",
    ]
    return " + ".join(term for term in terms if term)


def _markup(tariff: Tariff) -> str:
    """` + 30 % + 0.0100, at least 0.0200`; the floor is named where it decided."""
    markup = tariff.markup
    if markup is None:
        return ""
    price_picos = tariff.per_call_picos if tariff.per_call_picos is not None else tariff.steps[0].picos
    words, floor_picos, floor_words = _markup_words(markup.percent, markup.absolute, markup.floor)
    return words + floor_words if price_picos == floor_picos else words


@lru_cache(maxsize=1_024)
def _markup_words(percent: Decimal, absolute: Decimal, floor: Decimal) -> tuple[str, int, str]:
    """The words of a markup, its floor, and the words of that."""
    words = f" {'+' if percent > 0 else '−'} {abs(percent).normalize():f} %" if percent else ""
    if absolute:
        words += f" {'+' if absolute > 0 else '−'} {micros_text(abs(micros_of(absolute)))}"
    least = micros_of(floor)
    return words, least * PICOS_PER_MICRO, f", at least {micros_text(least)}" if least else ""


def _rounding(tariff: Tariff, rule: RoundingRule, billed: int, rest: int, before: int, total: int) -> str:
    """Where rounding changed the price, both are said, so that a pencil comes to the same."""
    exact, divisor = exact_ratio(tariff, billed, rest, before, total)
    price = rounded_ratio(exact, divisor, rule)
    if price * divisor == exact:
        return ""
    return f" = {_ratio_text(exact, divisor)}, rounded {_WAYS[rule.way]} to {_places_text(price, rule.places)}"


def picos_text(picos: int) -> str:
    """A price in picos as plain decimal text with at least four decimals."""
    whole, part = divmod(picos, MICROS_PER_CURRENCY * PICOS_PER_MICRO)
    decimals = f"{part:012d}"
    return f"{whole}.{decimals[:4]}{decimals[4:].rstrip('0')}"


def _ratio_text(micros: int, divisor: int) -> str:
    """Up to ten decimals of the currency, as many as there are; `…` where there are more."""
    scaled, more = divmod(micros * 10_000, divisor)
    whole, part = divmod(scaled, MICROS_PER_CURRENCY * 10_000)
    decimals = f"{part:010d}"
    return f"{whole}.{decimals}…" if more else f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def _places_text(micros: int, places: int) -> str:
    whole, part = divmod(micros, MICROS_PER_CURRENCY)
    decimals = f"{part:06d}"[: max(places, 2)]
    return f"{whole}.{decimals}"
