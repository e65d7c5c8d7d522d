"""Price rules: which rule of a plan prices a leg, and which legs a part of a plan is for.

Owns: the five steps of the choice, one leg at a time. Does not own: the same over columns (rule_columns), what the leg
then costs (tariff), whether a plan contradicts itself (plan_check).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from reseller_reporting.model.plan import Destinations, Direction, UsageRule
from reseller_reporting.model.rate import Rate
from reseller_reporting.rating.number import classify, rated_digits


class Choice(NamedTuple):
    """The rule that prices a leg, and the rate of its deck where it has one."""

    rule: str
    rate: Rate | None


@dataclass(slots=True)
class RuleBook:
    """The rules for one direction by what they claim; the values are names of rules."""

    prefixes: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    deck: str | None = None  # For every number that its deck has a price for.
    rest: str | None = None  # For every other number.


def rule_book(usage: Mapping[str, UsageRule], direction: str) -> RuleBook:
    """Of rules that claim the same, which a plan's check refuses, the first one in the plan counts."""
    book = RuleBook()
    for name, rule in usage.items():
        if not is_for_direction(rule, direction):
            continue
        for prefix in rule.prefixes:
            book.prefixes.setdefault(prefix, name)
        for number_class in rule.classes:
            book.classes.setdefault(number_class.value, name)
        for country in rule.countries:
            book.countries.setdefault(country, name)
        if is_for_every_number(rule):
            if rule.deck is not None:
                book.deck = book.deck or name
            else:
                book.rest = book.rest or name
    return book


def candidates(book: RuleBook, number: str, country: str) -> Iterator[str]:
    """The rules that may price a leg, first things first; `number` is the called one, as KAZOO has it."""
    digits = rated_digits(number)
    longest = next((digits[:n] for n in range(len(digits), 0, -1) if digits[:n] in book.prefixes), None)
    found = [
        book.prefixes[longest] if longest is not None else None,
        book.classes.get(number_class(number)),
        book.countries.get(country),
        book.deck,
        book.rest,
    ]
    return (name for name in found if name is not None)


def choose(
    book: RuleBook,
    usage: Mapping[str, UsageRule],
    number: str,
    country: str,
    find_rate: Callable[[str], Rate | None],
) -> Choice | None:
    """The first candidate that can price the leg; `find_rate` looks the number up in a deck of a name."""
    for name in candidates(book, number, country):
        deck = usage[name].deck
        if deck is None:
            return Choice(name, None)
        rate = find_rate(deck)
        if rate is not None:
            return Choice(name, rate)
    return None


def fits(destinations: Destinations, direction: str, number: str, country: str) -> bool:
    """Whether a bundle, or anything else that names destinations, is for a leg."""
    if not is_for_direction(destinations, direction):
        return False
    if is_for_every_number(destinations):
        return True
    digits = rated_digits(number)
    return (
        any(digits.startswith(prefix) for prefix in destinations.prefixes)
        or (bool(destinations.classes) and number_class(number) in {each.value for each in destinations.classes})
        or country in destinations.countries
    )


def is_for_direction(destinations: Destinations, direction: str) -> bool:
    return destinations.direction is Direction.BOTH or destinations.direction.value == direction


def is_for_every_number(destinations: Destinations) -> bool:
    return not (destinations.prefixes or destinations.classes or destinations.countries)


@lru_cache(maxsize=65_536)
def number_class(number: str) -> str:
    return classify(number)
