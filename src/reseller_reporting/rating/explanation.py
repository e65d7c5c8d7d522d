"""Explanation: how the price of one call comes about, step by step, each figure with where it is from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reseller_reporting.model.rate import MICROS_PER_UNIT, Rate, micros_text, units_from_micros
from reseller_reporting.model.rounding import PLACES_DEFAULT, Rounding
from reseller_reporting.rating.breakdown import Parts
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, kazoo_cost, undiscounted_cost_units
from reseller_reporting.rating.columns import Arithmetic, charge
from reseller_reporting.rating.deck import PREFIX_DIGITS_MAX, Deck
from reseller_reporting.rating.number import classify, is_flat_rate_eligible, normalise, rated_digits


@dataclass(frozen=True, slots=True)
class Step:
    """One figure on the way: what it is, what it says, and its source."""

    what: str
    value: str
    source: str = ""


def number_steps(number: str) -> list[Step]:
    """How the switch reads the number."""
    eligible = "may use a trunk" if is_flat_rate_eligible(number) else "may use no trunk"
    return [
        Step("number", normalise(number), f"{number}, normalised by KAZOO's rules"),
        Step("class", classify(number), "KAZOO's default classifiers"),
        Step("flat rate", eligible, "KAZOO's default lists"),
    ]


def deck_steps(
    deck: Deck,
    number: str,
    direction: str,
    at: datetime,
    answered_seconds: int,
    *,
    arithmetic: Arithmetic,
    places: int = PLACES_DEFAULT,
    rounding: Rounding = Rounding.HALF_UP,
) -> list[Step]:
    """Which prefix of the deck wins, and what the seconds then cost."""
    digits = rated_digits(number)
    rate = deck.find(digits, direction, at)
    steps = list(_prefix_steps(deck, digits, rate))
    if rate is None:
        return [*steps, Step("cost", "unrated", f"no price in force for {direction} calls at {at:%Y-%m-%d %H:%M} UTC")]
    billed, cost = charge(rate, answered_seconds, arithmetic, places, rounding)
    micros = cost * (MICROS_PER_UNIT if arithmetic is Arithmetic.KAZOO else 1)
    source = f"deck {deck.name}, prefix {rate.prefix}"
    steps += [
        Step("rate", f"{micros_text(rate.per_minute_micros)} a minute", f"{source}, {_since(rate)}"),
        *_interval_steps(rate_parts(rate), answered_seconds, source),
        Step("billed seconds", str(billed), f"{answered_seconds} s answered"),
        Step("discount", "none", "a deck gives none; the switch's are an account's"),
    ]
    how = "KAZOO's doubles, truncated" if arithmetic is Arithmetic.KAZOO else f"exact, rounded {rounding.value}"
    return [*steps, Step("cost", micros_text(micros), how)]


def parts_steps(parts: Parts, answered_seconds: int, source: str) -> list[Step]:
    """The same of a rate that the switch put on a leg; a discount comes last."""
    result = kazoo_cost(**parts._asdict(), answered_seconds=answered_seconds)
    undiscounted = undiscounted_cost_units(
        rate_units=parts.rate_units,
        increment_seconds=parts.increment_seconds,
        minimum_seconds=parts.minimum_seconds,
        surcharge_units=parts.surcharge_units,
        seconds=answered_seconds,
    )
    steps = [
        Step("rate", f"{_units(parts.rate_units)} a minute", source),
        *_interval_steps(parts, answered_seconds, source),
        Step("charged seconds", str(result.charged_seconds), f"{answered_seconds} s answered"),
    ]
    if parts.discount_percent and result.cost_units != undiscounted:
        steps.append(Step("before the discount", _units(undiscounted), "KAZOO's doubles, truncated"))
    steps.append(Step("discount", f"{parts.discount_percent} %" if parts.discount_percent else "none", source))
    return [*steps, Step("cost by KAZOO's rule", _units(result.cost_units), "KAZOO's doubles, truncated")]


def rate_parts(rate: Rate) -> Parts:
    return Parts(
        rate_units=units_from_micros(rate.per_minute_micros),
        increment_seconds=rate.increment_seconds,
        minimum_seconds=rate.minimum_seconds,
        nocharge_seconds=rate.nocharge_seconds,
        surcharge_units=units_from_micros(rate.surcharge_micros),
    )


def _prefix_steps(deck: Deck, digits: str, won: Rate | None) -> Iterator[Step]:
    """Every prefix of the number that the deck has, the winner told apart."""
    known = {rate.prefix for rate in deck.rates}
    for length in range(min(len(digits), PREFIX_DIGITS_MAX), 0, -1):
        prefix = digits[:length]
        if prefix in known:
            is_won = won is not None and won.prefix == prefix
            yield Step("prefix", prefix, "the longest with a price in force" if is_won else "in the deck, not used")


def _interval_steps(parts: Parts, answered_seconds: int, source: str) -> Iterator[Step]:
    yield Step("surcharge", _units(parts.surcharge_units), source)
    if answered_seconds <= 0:
        yield Step("not answered", "nothing is due", "")
        return
    if answered_seconds <= parts.nocharge_seconds:
        yield Step("no-charge time", f"{answered_seconds} s are within {parts.nocharge_seconds} s", source)
        return
    increment = parts.increment_seconds or DEFAULT_INCREMENT_SECONDS
    yield Step("minimum", f"{parts.minimum_seconds} s", source)
    more = max(0, -(-(answered_seconds - parts.minimum_seconds) // increment))
    yield Step("increments", f"{more} × {increment} s after the minimum", source)


def _since(rate: Rate) -> str:
    return "in force since ever" if rate.effective_at is None else f"in force since {rate.effective_at:%Y-%m-%d}"


def _units(units: int) -> str:
    return micros_text(units * MICROS_PER_UNIT)
