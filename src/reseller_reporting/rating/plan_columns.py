"""Plan columns: a plan's rules and bundles over whole columns of legs.

Owns: which rule prices each leg, by which tariff, and which bundles fit it. Does not own: the rules for one leg
(price_rules, tariff), what is drawn and paid then (pricing).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Destinations, Markup, Plan, UsageRule
from reseller_reporting.model.rate import BOTH, Rate
from reseller_reporting.rating.columns import Edition
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.number_columns import CLASSES, NONE, FoundRates, PrefixTable, class_places, find_rates
from reseller_reporting.rating.price_rules import (
    is_for_direction,
    is_for_every_number,
    rule_book,
)
from reseller_reporting.rating.tariff import (
    Tariff,
    marked_up,
    tariff_of_cost,
    tariff_of_rate,
    tariff_of_rule,
)

# The columns of a table of tariffs.
CONNECT, PICOS, MINIMUM, INCREMENT, GRACE, PER_CALL = range(6)
NOT_PER_CALL = -1
EXACT_MAX = 2**62
_PLANS_KEPT = 64
_TABLES_KEPT = 64


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the rules read of legs of one direction."""

    direction: str
    called: pa.Array
    starts: Any  # Microseconds.
    classes: Any  # Places in CLASSES; None: the plan asks for none.
    countries: pa.DictionaryArray

    def __len__(self) -> int:
        return len(self.called)

    def take(self, legs: Any) -> "Numbers":
        if len(legs) == len(self):
            return self
        places = pa.array(legs)
        classes = None if self.classes is None else self.classes[legs]
        return Numbers(
            self.direction, self.called.take(places), self.starts[legs], classes, self.countries.take(places)
        )


class TariffTable:
    """Tariffs as rows of whole numbers; each is made an object only where someone asks."""

    def __init__(self, parts: Any, tariff: Callable[[int], Tariff]) -> None:
        self.parts = parts
        self.tariff = tariff

    def __len__(self) -> int:
        return len(self.parts)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Legs that one rule prices by one table of tariffs: their places, and those of the tariffs."""

    rule: int
    legs: Any
    table: TariffTable
    rows: Any


class PlanColumns:
    """One version of a plan, ready for columns of legs."""

    def __init__(self, plan: Plan) -> None:
        self.names = tuple(plan.usage)
        self.rules = tuple(plan.usage.values())
        self.tariffs = tuple(
            None if rule.deck or rule.markup else _fixed_table(tariff_of_rule(rule)) for rule in self.rules
        )
        place_of = {name: place for place, name in enumerate(self.names)}
        self._books = {direction: rule_book(plan.usage, direction) for direction in BOTH}
        self._prefixes = {
            direction: PrefixTable({prefix: place_of[name] for prefix, name in book.prefixes.items()})
            for direction, book in self._books.items()
        }
        self._place_of = place_of
        self._destinations: dict[str, PrefixTable] = {}
        parts: list[Destinations] = [*self.rules, *plan.bundles.values()]
        self.asks_classes = any(part.classes for part in parts)

    def assign(self, numbers: Numbers, decks: Mapping[str, Deck], costs: Callable[[Any], Any]) -> list[Assigned]:
        """The five steps of price_rules, each for the legs that the ones before left; `costs` in micros, -1 unknown."""
        assigned: list[Assigned] = []
        waiting = np.arange(len(numbers))
        for step in (self._by_prefix, self._by_class, self._by_country, self._by_deck, self._rest):
            if not len(waiting):
                break
            rules = step(numbers, waiting)
            if rules is None:
                continue
            still = [waiting[rules == NONE]]
            for rule in np.nonzero(np.bincount(rules + 1, minlength=1)[1:])[0].tolist():
                legs = waiting[rules == rule]
                made = self._price(rule, numbers, legs, decks, costs)
                assigned += made
                still += [_without(legs, made, len(numbers))] if self.rules[rule].deck else []
            waiting = np.sort(np.concatenate(still)) if len(still) > 1 else still[0]
        return assigned

    def fitting(self, destinations: Destinations, numbers: Numbers) -> Any:
        """Whether each leg is one that the destinations mean, as `price_rules.fits` says it."""
        if not is_for_direction(destinations, numbers.direction):
            return np.zeros(len(numbers), np.bool_)
        if is_for_every_number(destinations):
            return np.ones(len(numbers), np.bool_)
        fits = _lookup(numbers.countries, dict.fromkeys(destinations.countries, 1)) == 1
        if destinations.classes:
            wanted = {each.value for each in destinations.classes}
            classes = numbers.classes if numbers.classes is not None else class_places(numbers.called)
            fits |= np.array([name in wanted for name in CLASSES])[classes]
        if destinations.prefixes:
            key = ",".join(destinations.prefixes)
            if key not in self._destinations:
                self._destinations[key] = PrefixTable(dict.fromkeys(destinations.prefixes, 1))
            fits |= self._destinations[key].places(numbers.called) == 1
        return fits

    def _price(
        self, rule: int, numbers: Numbers, legs: Any, decks: Mapping[str, Deck], costs: Callable[[Any], Any]
    ) -> list[Assigned]:
        is_said = self.rules[rule]
        if is_said.deck is not None:
            return self._by_rates(rule, numbers.take(legs), legs, decks)
        if is_said.markup is not None:
            return [Assigned(rule, legs, *_cost_table(is_said, costs(legs)))]
        table = self.tariffs[rule]
        assert table is not None
        return [Assigned(rule, legs, table, np.zeros(len(legs), np.int64))]

    def _by_rates(self, rule: int, numbers: Numbers, legs: Any, decks: Mapping[str, Deck]) -> list[Assigned]:
        name = self.rules[rule].deck or ""
        if name not in decks:
            raise CannotPrice(f"The rule '{self.names[rule]}' prices by the deck '{name}', which is not there.")
        found = find_rates(decks[name], numbers.direction, numbers.called, numbers.starts)
        markup = self.rules[rule].markup
        return [Assigned(rule, legs[each.legs], _rate_table(each, markup), each.rows) for each in found]

    # --- the steps, each for the legs that are left -----------------------------------------------------------------

    def _by_prefix(self, numbers: Numbers, legs: Any) -> Any:
        table = self._prefixes[numbers.direction]
        return table.places(numbers.take(legs).called) if len(table) else None

    def _by_class(self, numbers: Numbers, legs: Any) -> Any:
        book = self._books[numbers.direction]
        if not book.classes:
            return None
        places = [self._place_of.get(book.classes.get(name, ""), NONE) for name in CLASSES]
        return np.array(places, np.int64)[numbers.classes[legs]]

    def _by_country(self, numbers: Numbers, legs: Any) -> Any:
        countries = self._books[numbers.direction].countries
        if not countries:
            return None
        return _lookup(numbers.countries, {code: self._place_of[name] for code, name in countries.items()})[legs]

    def _by_deck(self, numbers: Numbers, legs: Any) -> Any:
        return self._everything(self._books[numbers.direction].deck, legs)

    def _rest(self, numbers: Numbers, legs: Any) -> Any:
        return self._everything(self._books[numbers.direction].rest, legs)

    def _everything(self, name: str | None, legs: Any) -> Any:
        return None if name is None else np.full(len(legs), self._place_of[name], np.int64)


def plan_columns(plan: Plan) -> PlanColumns:
    """Made once for equal plans: a thousand customers have the same one."""
    text = plan.model_dump_json()
    if text not in _PLANS:
        while len(_PLANS) >= _PLANS_KEPT:
            _PLANS.pop(next(iter(_PLANS)))
        _PLANS[text] = PlanColumns(plan)
    return _PLANS[text]


_PLANS: dict[str, PlanColumns] = {}


def _without(legs: Any, made: Sequence[Assigned], count: int) -> Any:
    """The legs that no rate was found for."""
    is_left = np.ones(count, np.bool_)
    for each in made:
        is_left[each.legs] = False
    return legs[is_left[legs]]


def _lookup(column: pa.DictionaryArray, places: Mapping[str, int]) -> Any:
    """What each text stands for, or NONE; the last place is for nulls."""
    of_word = np.array([*(places.get(word, NONE) for word in column.dictionary.to_pylist()), NONE], np.int64)
    indices = pc.fill_null(column.indices, len(of_word) - 1) if column.indices.null_count else column.indices
    return of_word[indices.to_numpy(zero_copy_only=False)]


# --- tables of tariffs -----------------------------------------------------------------------------------------------


def _table(tariffs: Sequence[Tariff]) -> TariffTable:
    return TariffTable(_rows(tariffs), tariffs.__getitem__)


def _rows(tariffs: Iterable[Tariff]) -> Any:
    rows = [
        (
            tariff.connect_micros,
            tariff.steps[0].picos,
            tariff.minimum_seconds,
            tariff.increment_seconds,
            tariff.grace_seconds,
            NOT_PER_CALL if tariff.per_call_picos is None else tariff.per_call_picos,
        )
        for tariff in tariffs
    ]
    return whole(rows).reshape(-1, 6)


def _fixed_table(tariff: Tariff) -> TariffTable:
    return _table([tariff])


def _rate_table(found: FoundRates, markup: Markup | None) -> TariffTable:
    if found.edition is not None:
        return _edition_table(found.edition, markup)
    return _table([tariff_of_rate(rate, markup) for rate in found.rates])


@lru_cache(maxsize=_TABLES_KEPT)
def _edition_table(edition: Edition, markup: Markup | None) -> TariffTable:
    rates: Sequence[Rate] = edition.rates
    rows = _rows(tariff_of_rate(rate, markup) for rate in rates)
    return TariffTable(rows, partial(_tariff_on_rate, rates, markup))


def _tariff_on_rate(rates: Sequence[Rate], markup: Markup | None, row: int) -> Tariff:
    return tariff_of_rate(rates[row], markup)


def _cost_table(rule: UsageRule, costs: Any) -> tuple[TariffTable, Any]:
    """A tariff for each cost that there is; the row of each leg."""
    known, rows = np.unique(costs, return_inverse=True)
    assert rule.markup is not None
    parts = [(0, 0, 0, 1, rule.grace, marked_up(cost, rule.markup) if cost > 0 else 0) for cost in known.tolist()]
    return TariffTable(whole(parts).reshape(-1, 6), partial(_tariff_on_cost, rule, known)), rows


def _tariff_on_cost(rule: UsageRule, costs: Any, row: int) -> Tariff:
    return tariff_of_cost(rule, int(costs[row]))


def whole(rows: Sequence[Any]) -> Any:
    """Whole numbers as int64, or as Python's own where they might not fit."""
    if all(abs(figure) <= EXACT_MAX for row in rows for figure in row):
        return np.array(rows, np.int64)
    return np.array(rows, object)
