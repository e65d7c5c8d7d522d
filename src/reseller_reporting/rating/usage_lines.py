"""Usage lines: priced legs summed by the rule that priced them and the country, and what became of each bundle.

Invariants
- The amounts of the usage lines add up to the prices of the legs, to the last digit. Nothing is rounded here.
- A bundle's line costs nothing; it says what was drawn and what is left.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from reseller_reporting.model.plan import Direction, Group
from reseller_reporting.model.statement import Line, LineKind
from reseller_reporting.rating.bundles import Layer, Pool
from reseller_reporting.rating.country import country_name
from reseller_reporting.rating.price_words import Outcome
from reseller_reporting.rating.priced import Priced, PricedRule, is_sum_small
from reseller_reporting.rating.tariff import SECONDS_PER_MINUTE, micros_of, step_reached, tariff_of_rule

_SHOWN = Decimal("0.0001")
_COVERED = (Outcome.ON_TRUNK, Outcome.NOT_CHARGED)


def usage_lines(priced: Priced) -> list[Line]:
    """One line a rule that has calls, versions of a plan apart, in the order of the plan.

    Where its calls went to several countries, one for each, the largest amount first. What is free has one line, and so
    has what came in: a caller's country is no destination.
    """
    codes, places = _countries(priced)
    count = max(1, len(codes))
    keys = priced.rule.astype(np.int64) * count + places
    # Places of 16 bits are sorted in one sweep.
    keys = keys.astype(np.int16) if len(priced.rules) * count < 2**15 else keys
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], range(len(priced.rules) * count + 1))
    sums = _Sums(priced, order, bounds)
    lines = []
    for place, rule in enumerate(priced.rules):
        first, last = place * count, (place + 1) * count
        parts = [(code, first + each) for each, code in enumerate(codes) if sums.calls(first + each, first + each + 1)]
        if not parts:
            continue
        if len(parts) == 1 or rule.rule.free or rule.rule.direction is Direction.INBOUND:
            lines.append(_line(priced, rule, sums.between(first, last), rule.text))
            continue
        split = [
            _line(priced, rule, sums.between(each, each + 1), f"{rule.text}: {country_name(code)}")
            for code, each in parts
        ]
        lines += sorted(split, key=lambda line: (-line.amount_micros, line.text))
    return lines


class _Summed(NamedTuple):
    """What a line is made of: seconds, micros and numbers of legs."""

    billed: int
    drawn: int
    price: int
    covered: int
    unpriced: int
    calls: int


class _Sums:
    """Sums of neighbouring groups of legs: groups are many and small, so all of them are summed in one sweep."""

    def __init__(self, priced: Priced, order: Any, bounds: Any) -> None:
        is_covered = np.logical_or.reduce([priced.outcome == each for each in _COVERED])
        figures = (priced.billed_seconds, priced.drawn_seconds, priced.price_micros, is_covered, ~priced.is_priced)
        self._upto: tuple[list[int], ...] = (*(_running(each, order, bounds) for each in figures), bounds.tolist())

    def between(self, first: int, last: int) -> _Summed:
        return _Summed(*(upto[last] - upto[first] for upto in self._upto))

    def calls(self, first: int, last: int) -> int:
        return self._upto[-1][last] - self._upto[-1][first]


def _running(figures: Any, order: Any, bounds: Any) -> list[int]:
    """The sum of whole numbers before each bound, however large."""
    whole = figures.astype(np.int64)
    whole = whole if is_sum_small(whole) else whole.astype(object)
    upto: list[int] = np.concatenate([[0], np.cumsum(whole[order])])[bounds].tolist()
    return upto


def _countries(priced: Priced) -> tuple[list[str], Any]:
    """The countries of the far ends, and the place of each leg's among them."""
    column = priced.legs["country_code"].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.array([], pa.string())
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def bundle_lines(priced: Priced) -> list[Line]:
    """The customer's own bundles, drawn on or not; and others' pools that its calls drew on."""
    last = priced.segments[-1].plan.bundles if priced.segments else {}
    lines = []
    for key, pool in priced.pools.items():
        if pool.seconds or key in last:
            calls = int((priced.draws.pools == priced.pool_places[key]).sum())
            lines.append(_bundle_line(pool, priced.drawn_of_pool[key], calls))
    for place, pool in priced.shared.items():
        own = priced.draws.pools == place
        if own.any():
            drawn = int(priced.draws.seconds[own].sum())
            words = f"{_minutes_words(drawn)} drawn from a pool that several customers share"
            lines.append(_bundle(pool, drawn, int(own.sum()), words))
    return lines


def minutes(seconds: int) -> Decimal:
    """As shown: four decimals."""
    return (Decimal(seconds) / SECONDS_PER_MINUTE).quantize(_SHOWN, ROUND_HALF_UP)


def minutes_text(seconds: int) -> str:
    text = f"{minutes(seconds):f}"
    return text.rstrip("0").rstrip(".")


def _minutes_words(seconds: int) -> str:
    text = minutes_text(seconds)
    return "1 minute" if text == "1" else f"{text} minutes"


def _line(priced: Priced, rule: PricedRule, sums: _Summed, text: str) -> Line:
    evidence = [
        f"{_calls(sums.calls)}, {_minutes_words(sums.billed)} billed",
        f"{minutes_text(sums.drawn)} of them from bundles" if sums.drawn else "",
        f"{_calls(sums.covered)} covered" if sums.covered else "",
        f"{_calls(sums.unpriced)} without a price" if sums.unpriced else "",
    ]
    return Line(
        kind=LineKind.USAGE,
        group=Group.USAGE,
        key=rule.key,
        text=text,
        quantity=minutes(sums.billed - sums.drawn),
        unit="minutes",
        unit_price_micros=_unit_price(priced, rule),
        amount_micros=sums.price,
        evidence=", ".join(part for part in evidence if part),
        plan=rule.label,
        calls=sums.calls,
    )


def _unit_price(priced: Priced, rule: PricedRule) -> Decimal | None:
    """The price a minute where all minutes have the same one and nothing else is due."""
    said = rule.rule
    if said.deck is not None or said.markup is not None or said.connect_fee:
        return None
    if said.per_minute is not None:
        return Decimal(micros_of(said.per_minute))
    tariff = tariff_of_rule(said)
    if tariff.is_volume:
        return Decimal(step_reached(tariff.steps, priced.tiers[rule.key].total).picos) / 1_000_000
    return None


def _bundle_line(pool: Pool, drawn: int, calls: int) -> Line:
    left = pool.left(drawn)
    words = f"{minutes_text(drawn)} of {_minutes_words(pool.seconds)} drawn, {minutes_text(_sum(left))} left"
    carried = _sum([layer for layer in pool.layers if layer.age])
    words += f"; {minutes_text(carried)} of them were carried over" if carried else ""
    return _bundle(pool, drawn, calls, words)


def _bundle(pool: Pool, drawn: int, calls: int, words: str) -> Line:
    return Line(
        kind=LineKind.BUNDLE,
        group=Group.USAGE,
        key=pool.key,
        text=pool.text,
        quantity=minutes(drawn),
        unit="minutes",
        unit_price_micros=None,
        amount_micros=0,
        evidence=words,
        plan=pool.label,
        calls=calls,
    )


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


def _sum(layers: Sequence[Layer]) -> int:
    return sum(layer.seconds for layer in layers)
