"""Columns: whole columns of legs rated at once, by the compiled kernels where that pays, leg by leg where it does not.

Owns: the bridge from Arrow columns and a deck to the kernels and back. Does not own: any rule; the scalar functions of
`deck`, `charge`, `exact_charge` and `country` are the definitions, and what the columns cannot tell is asked of them.

Times
- A column is rated by the prices in force at one moment; legs on both sides of a change are rated in two calls.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.rate import MICROS_PER_CURRENCY, Rate, units_from_micros
from reseller_reporting.model.rounding import PLACES_DEFAULT, Rounding
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, kazoo_cost
from reseller_reporting.rating.country import NANP_DIGITS, UNKNOWN_CODE, country_code, country_prefixes
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.exact_charge import exact_charge
from reseller_reporting.rating.number import rated_digits
from reseller_reporting.rating.prefix_trie import PrefixTrie, build

NO_RATE = -1
# Importing the compiler takes as long as rating so many legs one by one.
SCALAR_LEGS_MAX = 50_000
# Calling a kernel takes as long as rating so many.
_CALL_LEGS_MAX = 20
_KERNELS = "reseller_reporting.rating.column_kernels"
_EXACT_MAX = 2**62


class Arithmetic(StrEnum):
    KAZOO = "kazoo"  # Doubles, truncated to units: what the switch charges.
    EXACT = "exact"  # Whole numbers, rounded once: what is owed by a price of one's own.


@dataclass(frozen=True, slots=True)
class RatedColumns:
    """One entry a leg: the rate's place in the edition (-1 is unrated, never free), seconds and cost."""

    rows: Any  # int32
    seconds: Any  # int64: charged seconds by KAZOO's arithmetic, billed seconds by the exact one.
    costs: Any  # int64: units by KAZOO's arithmetic, micros by the exact one.


class Edition:
    """The prices of a deck that are in force for one direction at one moment, ready for columns of legs."""

    def __init__(self, deck: Deck, direction: str, at: datetime) -> None:
        self.deck, self.direction, self.at = deck, direction, at
        in_force = deck.edition(direction, at)
        best = {rate.prefix: rate for rate in reversed(in_force)}
        others = [rate for rate in in_force if best[rate.prefix] is not rate]
        # The best of each prefix come first: what the trie finds is then a place among all.
        self.rates: list[Rate] = [*best.values(), *others]
        self._places = {id(rate): place for place, rate in enumerate(self.rates)}
        self._prefixes = list(best)
        self._is_plain = np.array([not (rate.routes or rate.options) for rate in best.values()], np.bool_)
        self._trie: PrefixTrie | None = None
        self._parts: dict[Arithmetic, Any] = {}

    def rate(
        self,
        numbers: pa.Array,
        answered_seconds: Any,
        *,
        arithmetic: Arithmetic = Arithmetic.KAZOO,
        places: int = PLACES_DEFAULT,
        rounding: Rounding = Rounding.HALF_UP,
    ) -> RatedColumns:
        """`numbers` is a column of text, `answered_seconds` an int64 array of the same length.

        Releases the interpreter for most of its time: slices of a column may be rated in threads.
        """
        if not self._prefixes or not pays(len(numbers), SCALAR_LEGS_MAX):
            return self._rate_each(numbers, answered_seconds, arithmetic, places, rounding)
        rows = self.rows_of(numbers)
        return self._charge(rows, np.ascontiguousarray(answered_seconds, np.int64), arithmetic, places, rounding)

    def rows_of(self, numbers: pa.Array) -> Any:
        """The place of each number's rate, by the trie; odd numbers and conditional rates by the deck itself."""
        if self._trie is None:
            self._trie = build(self._prefixes)
        return prefix_rows(numbers, self._trie, self._is_plain, self._scalar_place)

    def _scalar_place(self, number: str) -> int:
        rate = self.deck.find(rated_digits(number), self.direction, self.at)
        return NO_RATE if rate is None else self._places[id(rate)]

    def _rate_each(
        self, numbers: pa.Array, answered: Any, arithmetic: Arithmetic, places: int, rounding: Rounding
    ) -> RatedColumns:
        rows, seconds, costs = [], [], []
        known: dict[str, int] = {}
        for number, talked in zip(numbers.to_pylist(), np.asarray(answered).tolist(), strict=True):
            row = known.get(number)
            if row is None:
                row = known[number] = self._scalar_place(number or "")
            billed, cost = (0, 0) if row < 0 else charge(self.rates[row], talked, arithmetic, places, rounding)
            rows.append(row)
            seconds.append(billed)
            costs.append(cost)
        return RatedColumns(np.array(rows, np.int32), np.array(seconds, np.int64), np.array(costs, np.int64))

    def _charge(
        self, rows: Any, answered: Any, arithmetic: Arithmetic, places: int, rounding: Rounding
    ) -> RatedColumns:
        from reseller_reporting.rating import column_kernels

        seconds, costs = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        parts = self._parts_for(arithmetic)
        if arithmetic is Arithmetic.KAZOO:
            column_kernels.kazoo_costs(rows, answered, parts, seconds, costs)
            return RatedColumns(rows, seconds, costs)
        step = 60 * MICROS_PER_CURRENCY // int(10**places)
        # The largest figure on the way must fit: else whole numbers without a bound do it.
        longest = int(answered.max(initial=0)) + int(parts[:, 1:3].max(initial=0)) * 2
        if (
            longest >= 2**32
            or int(parts[:, 0].max(initial=0)) * longest + int(parts[:, 3].max(initial=0)) * 60 + step > _EXACT_MAX
        ):
            pairs = zip(rows.tolist(), answered.tolist(), strict=True)
            each = [(0, 0) if r < 0 else charge(self.rates[r], a, arithmetic, places, rounding) for r, a in pairs]
            return RatedColumns(rows, *(np.array(column, np.int64) for column in zip(*each, strict=True)))
        before = {Rounding.DOWN: 0, Rounding.HALF_UP: step // 2, Rounding.UP: step - 1}[rounding]
        column_kernels.exact_costs(rows, answered, parts, step, before, seconds, costs)
        return RatedColumns(rows, seconds, costs)

    def _parts_for(self, arithmetic: Arithmetic) -> Any:
        """Price, increment, minimum, surcharge and no-charge time of each rate, as int64."""
        if arithmetic not in self._parts:
            money: Callable[[int], int] = units_from_micros if arithmetic is Arithmetic.KAZOO else int
            table = [
                (
                    money(rate.per_minute_micros),
                    rate.increment_seconds or DEFAULT_INCREMENT_SECONDS,
                    rate.minimum_seconds,
                    money(rate.surcharge_micros),
                    rate.nocharge_seconds,
                )
                for rate in self.rates
            ]
            self._parts[arithmetic] = np.array(table, np.int64).reshape(-1, 5)
        return self._parts[arithmetic]


def charge(
    rate: Rate, answered_seconds: int, arithmetic: Arithmetic, places: int, rounding: Rounding
) -> tuple[int, int]:
    """Seconds and cost of one leg, by either arithmetic."""
    if arithmetic is Arithmetic.EXACT:
        return exact_charge(rate, answered_seconds, places=places, rounding=rounding)
    return kazoo_cost(
        rate_units=units_from_micros(rate.per_minute_micros),
        increment_seconds=rate.increment_seconds,
        minimum_seconds=rate.minimum_seconds,
        surcharge_units=units_from_micros(rate.surcharge_micros),
        nocharge_seconds=rate.nocharge_seconds,
        discount_percent=0,
        answered_seconds=answered_seconds,
    )


def country_codes(numbers: pa.Array) -> pa.Array:
    """The country of each number, as `country.country_code` tells it: a dictionary-encoded column of text."""
    codes, place_of, of_row = _country_places()
    if not _pays_in_sum(len(numbers)):
        found = np.array([place_of[country_code(number or "")] for number in numbers.to_pylist()], np.int32)
    else:
        beyond = len(country_prefixes())
        found = of_row[
            prefix_rows(
                numbers,
                _country_trie(),
                np.ones(beyond, np.bool_),
                lambda number: beyond + place_of[country_code(number)],
                digits_min=7,
            )
        ]
    return pa.DictionaryArray.from_arrays(pa.array(found), codes)


@cache
def _country_places() -> tuple[pa.Array, dict[str, int], Any]:
    """All codes; the place of each; and the place of what each row of the trie, or the scalar rule beyond it, found."""
    prefixes = country_prefixes()
    codes = [*sorted({*prefixes.values()} | {UNKNOWN_CODE})]
    place_of = {code: place for place, code in enumerate(codes)}
    of_row = np.array([place_of[code] for code in [*prefixes.values(), *codes, UNKNOWN_CODE]], np.int32)
    return pa.array(codes), place_of, of_row


def pays(legs: int, scalar_legs_max: int) -> bool:
    """Whether the kernels serve so many legs sooner than the scalar rules: once the compiler is there, they do."""
    return legs > scalar_legs_max or (legs > _CALL_LEGS_MAX and _KERNELS in sys.modules)


# Numbers whose country was told one by one in this process: small batches add up, too.
_scalar_numbers = 0


def _pays_in_sum(numbers: int) -> bool:
    global _scalar_numbers  # noqa: PLW0603 - What this process has done so far.
    if pays(numbers, max(0, SCALAR_LEGS_MAX - _scalar_numbers)):
        return True
    _scalar_numbers += numbers
    return False


def expect(legs: int) -> None:
    """Says that so many legs are to come, in however many parts: the compiler is there at once where that pays."""
    if pays(legs, SCALAR_LEGS_MAX):
        import_module(_KERNELS)


def prefix_rows(
    numbers: pa.Array, trie: PrefixTrie, is_plain: Any, ask: Callable[[str], int], *, digits_min: int = 1
) -> Any:
    """Rows of the trie (-1 is none), and what `ask` found in their place where the columns cannot tell."""
    from reseller_reporting.rating import column_kernels

    if numbers.null_count:
        numbers = pc.fill_null(numbers, "")
    offsets, text = text_buffers(numbers)
    rows = np.empty(len(numbers), np.int32)
    asking = column_kernels.prefix_rows(
        offsets, text, trie.first, trie.children, trie.first_width, trie.lengths, is_plain, digits_min, rows
    )
    if asking:
        places = np.nonzero(rows == column_kernels.ASK_SCALAR)[0]
        odd = numbers.take(pa.array(places)).dictionary_encode()
        answers = np.array([ask(each) for each in odd.dictionary.to_pylist()], np.int64)
        rows[places] = answers[odd.indices.to_numpy(zero_copy_only=False)]
    return rows


def text_buffers(column: pa.Array) -> tuple[Any, Any]:
    """Offsets and bytes of a column of text without nulls, not copied."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        column = column.cast(pa.string())
    _, offsets, text = column.buffers()
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    counted = np.frombuffer(offsets, width)[column.offset : column.offset + len(column) + 1]
    return counted, np.frombuffer(text, np.uint8) if text is not None and text.size else np.zeros(1, np.uint8)


@cache
def _country_trie() -> PrefixTrie:
    """A number of North America with fewer digits than it must have is left to the scalar rule."""
    prefixes = list(country_prefixes())
    trie = build(prefixes)
    is_nanp = np.array([prefix.startswith("1") for prefix in prefixes])
    return replace(trie, lengths=np.where(is_nanp, NANP_DIGITS, trie.lengths))
