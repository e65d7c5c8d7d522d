"""Prefix trie: a set of prefixes as two tables of numbers, built once and searched by the column kernels.

The first table is indexed by the first digits of a key; where longer prefixes lie below, it points into the second
one, which goes on by two digits a step. Values: a row of the deck, -1 for none, -2 - n for block n of the second table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

KEY_DIGITS = 15
# Many prefixes want a wide first table, which saves a step (40 MB); few one that stays in the processor's cache.
_MANY = 5_000
_FIRST_DIGITS_OF_MANY, _FIRST_DIGITS_OF_FEW = 7, 5


@dataclass(frozen=True, slots=True)
class PrefixTrie:
    first: Any  # int32, a place for each way the first digits can be.
    children: Any  # int32, 100 a block.
    lengths: Any  # int64, of each row's prefix.
    first_width: int  # Keys a place of the first table stands for.


def build(prefixes: Sequence[str]) -> PrefixTrie:
    """Row n of the trie is prefix n; no prefix may stand there twice."""
    lengths = np.array([len(prefix) for prefix in prefixes], dtype=np.int64)
    starts, rows = _intervals(prefixes, lengths)
    first_digits = _FIRST_DIGITS_OF_MANY if len(prefixes) > _MANY else _FIRST_DIGITS_OF_FEW
    first_width = 10 ** (KEY_DIGITS - first_digits)
    places = -(-starts // first_width)
    counts = np.diff(np.append(places, 10**first_digits))
    first = np.repeat(rows, counts).astype(np.int32)
    blocks, children = 0, []
    mixed = np.unique(starts[starts % first_width != 0] // first_width)
    first[mixed] = -2 - np.arange(len(mixed))
    width = first_width
    while len(mixed):
        part = width // 100
        slots = (mixed[:, None] * 100 + np.arange(100)).ravel()
        values = rows[np.searchsorted(starts, slots * part, "right") - 1].astype(np.int32)
        blocks += len(mixed)
        inner = np.unique(starts[starts % part != 0] // part) if part > 1 else np.zeros(0, dtype=np.int64)
        values[np.searchsorted(slots, inner)] = -2 - (blocks + np.arange(len(inner)))
        children.append(values)
        mixed, width = inner, part
    below = np.concatenate(children) if children else np.zeros(100, dtype=np.int32)
    return PrefixTrie(first, below, lengths, first_width)


def _intervals(prefixes: Sequence[str], lengths: Any) -> tuple[Any, Any]:
    """Where the longest prefix changes along all keys, and the row from there on; a sweep with a stack."""
    widths = np.array([10 ** (KEY_DIGITS - length) for length in range(KEY_DIGITS + 1)], dtype=np.int64)
    lows = np.array([int(prefix) for prefix in prefixes], dtype=np.int64) * widths[lengths]
    highs = lows + widths[lengths]
    starts, rows = [0], [-1]
    stack: list[tuple[int, int]] = []  # Ends and rows of the prefixes around the present place, shortest first.

    def begin(place: int, row: int) -> None:
        if starts[-1] == place:
            rows[-1] = row
        elif rows[-1] != row:
            starts.append(place)
            rows.append(row)

    def close_until(place: int | None) -> None:
        while stack and (place is None or stack[-1][0] <= place):
            end = stack.pop()[0]
            begin(end, stack[-1][1] if stack else -1)

    for row in np.lexsort((lengths, lows)):  # What contains comes before what it contains.
        close_until(int(lows[row]))
        begin(int(lows[row]), int(row))
        stack.append((int(highs[row]), int(row)))
    close_until(None)
    if starts[-1] >= 10**KEY_DIGITS:
        starts.pop()
        rows.pop()
    return np.array(starts, dtype=np.int64), np.array(rows, dtype=np.int32)
