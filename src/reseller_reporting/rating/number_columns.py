"""Number columns: whole columns of called numbers, by their prefixes, their classes and the rates of a deck.

Owns: the way from a column of numbers to places in a table, by the compiled kernels where that pays, number by number
where it does not. Does not own: any rule; what the columns cannot tell is asked of `number` and `deck`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.plan import NumberClass
from reseller_reporting.model.rate import Rate
from reseller_reporting.rating import columns
from reseller_reporting.rating.columns import Edition, pays, prefix_rows, text_buffers
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.number import rated_digits
from reseller_reporting.rating.prefix_trie import KEY_DIGITS, PrefixTrie, build
from reseller_reporting.rating.price_rules import number_class

NONE = -1
CLASSES = tuple(each.value for each in NumberClass)
_PLACE_OF_CLASS = {name: place for place, name in enumerate(CLASSES)}
_NANP_DIGITS = 11
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECKS_KEPT = 16


class PrefixTable:
    """Prefixes and the number that each stands for; the longest one decides."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._prefixes = list(places)
        self._row_of = {prefix: row for row, prefix in enumerate(self._prefixes)}
        # One place more: what is not found is the last one.
        self._places = np.array([*places.values(), NONE], np.int64)
        self._trie: PrefixTrie | None = None

    def __len__(self) -> int:
        return len(self._prefixes)

    def places(self, numbers: pa.Array) -> Any:
        """What the longest prefix of each number stands for, or NONE."""
        if not self._prefixes:
            return np.full(len(numbers), NONE, np.int64)
        if not pays(len(numbers), columns.SCALAR_LEGS_MAX):
            return self._places[_of_each(numbers, self._row)]
        if self._trie is None:
            self._trie = build(self._prefixes)
        rows = prefix_rows(numbers, self._trie, np.ones(len(self._prefixes), np.bool_), self._row)
        return self._places[rows]

    def _row(self, number: str) -> int:
        digits = rated_digits(number)
        lengths = range(min(len(digits), KEY_DIGITS), 0, -1)
        return next((self._row_of[digits[:n]] for n in lengths if digits[:n] in self._row_of), NONE)


def class_places(numbers: pa.Array) -> Any:
    """The class of each number, as its place in CLASSES."""
    if not pays(len(numbers), columns.SCALAR_LEGS_MAX):
        return _of_each(numbers, _class_place)
    from reseller_reporting.rating import column_kernels

    if numbers.null_count:
        numbers = pc.fill_null(numbers, "")
    offsets, text = text_buffers(numbers)
    keys, digits = np.empty(len(numbers), np.int64), np.empty(len(numbers), np.int64)
    column_kernels.number_keys(offsets, text, keys, digits)
    by_area, by_length = _class_tables()
    first = keys // 10 ** (KEY_DIGITS - 1)
    # Area code and the digit after it tell a number of North America.
    found = np.where(
        (first == 1) & (digits == _NANP_DIGITS),
        by_area[keys // 10 ** (KEY_DIGITS - 5) % 10_000],
        by_length[first * (KEY_DIGITS + 1) + np.maximum(digits, 0)],
    )
    odd = np.nonzero((digits < 1) | (first == 0))[0]
    if len(odd):
        found[odd] = _of_each(numbers.take(pa.array(odd)), _class_place)
    return found


@lru_cache(maxsize=1)
def _class_tables() -> tuple[Any, Any]:
    """What the scalar rule says of a plus and digits: by area code, and by first digit and length."""
    by_area = [_class_place(f"+1{area:04d}000000") for area in range(10_000)]
    by_length = [
        _class_place("+" + str(first) + "0" * (length - 1)) if length else NONE
        for first in range(10)
        for length in range(KEY_DIGITS + 1)
    ]
    return np.array(by_area, np.int64), np.array(by_length, np.int64)


def _class_place(number: str) -> int:
    return _PLACE_OF_CLASS[number_class(number)]


class FoundRates(NamedTuple):
    """Legs whose number has a rate in one edition of a deck: their places, and those of the rates."""

    legs: Any
    rows: Any
    rates: Sequence[Rate]
    edition: Edition | None  # None: `rates` are those that were found, and no more.


def find_rates(deck: Deck, direction: str, numbers: pa.Array, starts: Any) -> list[FoundRates]:
    """The rates in force at each leg's start, in microseconds of UTC; legs without one are left out."""
    editions = _editions_of(deck)
    numbered = np.searchsorted(editions.moments, starts, "right")
    if not pays(len(numbers), columns.SCALAR_LEGS_MAX):
        return _find_each(editions, direction, numbers, numbered)
    found = []
    for number in np.unique(numbered).tolist():
        legs = np.nonzero(numbered == number)[0]
        edition = editions.edition(direction, number)
        rows = edition.rows_of(numbers if len(legs) == len(numbers) else numbers.take(pa.array(legs)))
        has_rate = rows >= 0
        found.append(FoundRates(legs[has_rate], rows[has_rate], edition.rates, edition))
    return found


def _find_each(editions: "_Editions", direction: str, numbers: pa.Array, numbered: Any) -> list[FoundRates]:
    known: dict[tuple[str, int], int] = {}
    rates: list[Rate] = []
    legs, rows = [], []
    for leg, key in enumerate(zip(numbers.to_pylist(), numbered.tolist(), strict=True)):
        row = known.get(key)
        if row is None:
            rate = editions.deck.find(rated_digits(key[0] or ""), direction, editions.at(key[1]))
            row = known[key] = NONE if rate is None else len(rates)
            rates += [] if rate is None else [rate]
        if row >= 0:
            legs.append(leg)
            rows.append(row)
    return [FoundRates(np.array(legs, np.int64), np.array(rows, np.int64), rates, None)]


class _Editions:
    """A deck between its changes: edition n is in force from moment n - 1 on."""

    def __init__(self, deck: Deck) -> None:
        self.deck = deck
        changes = {rate.effective_at for rate in deck.rates if rate.effective_at is not None}
        self.moments = np.array(sorted(map(microseconds, changes)), np.int64)
        self._made: dict[tuple[str, int], Edition] = {}

    def at(self, number: int) -> datetime:
        """A moment of the edition."""
        if not len(self.moments):
            return EPOCH
        return moment(int(self.moments[number - 1]) if number else int(self.moments[0]) - 1)

    def edition(self, direction: str, number: int) -> Edition:
        key = direction, number
        if key not in self._made:
            self._made[key] = Edition(self.deck, direction, self.at(number))
        return self._made[key]


@lru_cache(maxsize=_DECKS_KEPT)
def _editions_of(deck: Deck) -> _Editions:
    return _Editions(deck)


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


def _of_each(numbers: pa.Array, rule: Callable[[str], int]) -> Any:
    """The rule's answer for each number; many numbers are called more than once."""
    answers: dict[str, int] = {}
    found = []
    for number in numbers.to_pylist():
        answer = answers.get(number)
        if answer is None:
            answer = answers[number] = rule(number or "")
        found.append(answer)
    return np.array(found, np.int64)
