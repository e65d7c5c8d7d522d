"""Formulas over the call sheets: count and sum rows where columns equal something, in every spreadsheet alike.

SUMIFS is fast but reads a criterion as more than text: `00123` as a number, `May 5` as a date, `*` as any text,
`=1` as a comparison, and it takes `foo` for `FOO`. Where a key could be read so, EXACT compares instead.

Invariants
- A blank key is a blank cell; no other key matches it.
- Rows without any billing tag (on-net legs) count nowhere.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

# `from` and `before` compare numbers: at least the operand, and less than it.
Match = Literal["plain", "exact", "blank", "number", "from", "before"]

_PLAIN = re.compile(r"[^\W\d_][^*?~=<>\"\x00-\x1f\x7f]{0,254}")
_DIGIT = re.compile(r"\d")
# Two letters and figures are a rate (`DE-49`); a longer word before figures may be a month or a currency.
_CODE_FIRST = re.compile(r"[^\W\d_]{1,2}(?![^\W\d_])")
# Spreadsheets read these as logical values, each in its language.
_READ_AS_LOGICAL = frozenset(
    {
        "true",
        "false",
        "wahr",
        "falsch",
        "vrai",
        "faux",
        "verdadero",
        "falso",
        "vero",
        "waar",
        "onwaar",
        "sant",
        "falskt",
    }
)


@dataclass(frozen=True, slots=True)
class Where:
    """A column of the call sheets, by its title, that must equal `operand`: a cell reference or a literal."""

    column: str
    operand: str
    match: Match = "plain"


@dataclass(frozen=True)
class CallRanges:
    """Where the calls stand, or the rows of another table: each sheet's name and its last row."""

    sheets: Sequence[tuple[str, int]]
    letters: Mapping[str, str]  # Of each column, by its title.
    has_on_net: bool = False  # Rows that must not count are among them.
    exact_types: bool = False  # A tag that only its case tells from one of ours is about.

    def count(self, *where: Where) -> str:
        return self._billable(None, where)

    def total(self, column: str, *where: Where) -> str:
        """Of the rows where all of it holds; of all rows, where nothing is asked."""
        return self._billable(column, where)

    def type_is(self, column: str, tag: str) -> Where:
        return Where(column, f'"{tag}"', "exact" if self.exact_types else "plain")

    def _billable(self, column: str | None, where: Sequence[Where]) -> str:
        counted = self._over_sheets(column, where)
        if not self.has_on_net or any(one.column in _TYPE_COLUMNS and one.match != "blank" for one in where):
            return "+".join(counted)
        untagged = [*where, *(Where(name, "", "blank") for name in _TYPE_COLUMNS)]
        return "+".join(counted) + "".join(f"-{part}" for part in self._over_sheets(column, untagged))

    def _over_sheets(self, column: str | None, where: Sequence[Where]) -> list[str]:
        return [_over(cells, column, where) for cells in self._cells]

    @cached_property
    def _cells(self) -> list[dict[str, str]]:
        """Of each sheet the cells of each column, by its title."""
        return [
            {title: f"'{name}'!${letter}$2:${letter}${max(last_row, 2)}" for title, letter in self.letters.items()}
            for name, last_row in self.sheets
        ]


def _over(cells: Mapping[str, str], column: str | None, where: Sequence[Where]) -> str:
    if not where:
        assert column is not None, "rows are counted where something holds"
        return f"SUM({cells[column]})"
    if any(one.match == "exact" for one in where):
        conditions = "*".join(_condition(cells[one.column], one) for one in where)
        return f"SUMPRODUCT(1*{conditions})" if column is None else f"SUMPRODUCT(1*{conditions},{cells[column]})"
    # LibreOffice may miss rows where a blank is asked for first.
    ordered = sorted(where, key=lambda one: one.match == "blank")
    criteria = ",".join([f"{cells[one.column]},{_criterion(one)}" for one in ordered])
    return f"COUNTIFS({criteria})" if column is None else f"SUMIFS({cells[column]},{criteria})"


_TYPE_COLUMNS = ("Reseller Call Type", "Customer Call Type")


_COMPARED = {"from": ">=", "before": "<"}


def _criterion(where: Where) -> str:
    if where.match in _COMPARED:
        return f'"{_COMPARED[where.match]}"&{where.operand}'
    return '"="' if where.match == "blank" else where.operand


def _condition(cells: str, where: Where) -> str:
    if where.match == "blank":
        return f'({cells}="")'
    if where.match in _COMPARED:
        return f"({cells}{_COMPARED[where.match]}{where.operand})"
    return f"({cells}={where.operand})" if where.match == "number" else f"EXACT({cells},{where.operand})"


def matches(keys: Iterable[str]) -> dict[str, Match]:
    """How each key of a column can be compared, given the others."""
    distinct = list(dict.fromkeys(keys))
    folded = Counter(_folded(key) for key in distinct)
    return {key: _match(key, is_alone=folded[_folded(key)] == 1) for key in distinct}


def _match(key: str, *, is_alone: bool) -> Match:
    if key == "":
        return "blank"
    plain = is_alone and _PLAIN.fullmatch(key) is not None and _folded(key) not in _READ_AS_LOGICAL
    if plain and _DIGIT.search(key):
        plain = _CODE_FIRST.match(key) is not None
    return "plain" if plain else "exact"


def _folded(key: str) -> str:
    """What a lenient comparison may take for the same: case, accents, width and outer blanks aside."""
    decomposed = unicodedata.normalize("NFKD", key)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip()
