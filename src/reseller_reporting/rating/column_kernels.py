"""Column kernels: the rules of rating over whole columns, compiled. Each has a scalar definition that it must equal.

Owns: loops over arrays of plain numbers, and nothing else. Does not own: what the columns mean (columns, replay).

Importing this module imports numba, which takes longer than a small job: only `columns` and `replay` do, and late.
KAZOO's arithmetic is doubles in KAZOO's order here, too (charge.undiscounted_cost_units); fast-math stays off.
"""

import math
from typing import Any

import numba
import numpy as np

# A number as a key: its first 15 digits, padded on the right. Powers of ten as 64-bit integers.
KEY_DIGITS = 15
_POWERS = np.array([10**exponent for exponent in range(19)], dtype=np.int64)
NO_RATE = -1
ASK_SCALAR = -3  # The columns cannot tell: the scalar rule decides.
# Rows in flight between two passes: what one pass leaves in the cache the next one finds there.
_BLOCK = 2_048

compiled = numba.njit(cache=True, nogil=True)
inlined = numba.njit(cache=True, nogil=True, inline="always")


@compiled
def number_keys(offsets: Any, text: Any, keys: Any, digit_counts: Any) -> None:
    """Arrow's text as keys. A count of -1: it is not a plus and then digits, at most fifteen."""
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        count = end - start - 1
        if count < 1 or count > KEY_DIGITS or text[start] != 43:
            digit_counts[row] = -1
            keys[row] = 0
            continue
        value = np.int64(0)
        is_plain = True
        for place in range(start + 1, end):
            digit = np.int64(text[place]) - 48
            if digit < 0 or digit > 9:
                is_plain = False
                break
            value = value * 10 + digit
        digit_counts[row] = count if is_plain else -1
        keys[row] = value * _POWERS[KEY_DIGITS - count] if is_plain else 0


@inlined
def _find(key: Any, first: Any, children: Any, first_width: Any) -> Any:
    """The row of the longest prefix: a wide first step, then two digits a step."""
    rest = np.uint64(key)
    width = np.uint64(first_width)
    value = first[rest // width]
    while value < -1:
        rest = rest % width
        width = width // np.uint64(100)
        value = children[(-2 - value) * 100 + np.int64(rest // width)]
    return value


@compiled
def prefix_rows(
    offsets: Any,
    text: Any,
    first: Any,
    children: Any,
    first_width: Any,
    prefix_lengths: Any,
    is_plain: Any,
    digits_min: Any,
    rows: Any,
) -> Any:
    """The row of each number's prefix, NO_RATE or ASK_SCALAR; returns how many ask.

    A number shorter than its prefix only matched by its padding; a row that is not plain has conditions. Numbers of
    fewer digits than `digits_min`, or that begin with 0, are for the scalar rule, too.
    """
    count = len(offsets) - 1
    asking = 0
    keys = np.empty(_BLOCK, np.int64)
    digit_counts = np.empty(_BLOCK, np.int64)
    for start in range(0, count, _BLOCK):
        end = min(count, start + _BLOCK)
        number_keys(offsets[start : end + 1], text, keys, digit_counts)
        for row in range(start, end):
            rows[row] = _find(keys[row - start], first, children, first_width)
        for row in range(start, end):
            digits = digit_counts[row - start]
            found = rows[row]
            begins_with_0 = keys[row - start] < _POWERS[KEY_DIGITS - 1]
            if (
                digits < digits_min
                or begins_with_0
                or (found >= 0 and (prefix_lengths[found] > digits or not is_plain[found]))
            ):
                rows[row] = ASK_SCALAR
                asking += 1
    return asking


@compiled
def kazoo_costs(rows: Any, answered: Any, parts: Any, seconds: Any, costs: Any) -> None:
    """`charge.kazoo_cost` of every leg, without a discount. Parts: rate, increment, minimum, surcharge, no-charge."""
    for leg in range(len(rows)):
        row = rows[leg]
        talked = answered[leg]
        if row < 0 or talked <= 0 or talked <= parts[row, 4]:
            seconds[leg] = 0
            costs[leg] = 0
            continue
        increment = parts[row, 1]
        minimum = parts[row, 2]
        units = parts[row, 3] + (minimum / 60) * parts[row, 0]
        if talked <= minimum:
            seconds[leg] = minimum
        else:
            seconds[leg] = np.int64(math.ceil(talked / increment)) * increment
            increments = np.int64(math.ceil((talked - minimum) / increment))
            units = parts[row, 3] + (minimum / 60) * parts[row, 0] + increments * ((increment / 60) * parts[row, 0])
        costs[leg] = np.int64(units)


@compiled
def exact_costs(rows: Any, answered: Any, parts: Any, step: Any, up: Any, seconds: Any, costs: Any) -> None:
    """`exact_charge.exact_charge` of every leg: sixtieths of a micro, rounded to steps. `up` is added before.

    A step is a whole number of micros.
    """
    step_micros = step // 60
    for leg in range(len(rows)):
        row = rows[leg]
        talked = answered[leg]
        if row < 0 or talked <= 0 or talked <= parts[row, 4]:
            seconds[leg] = 0
            costs[leg] = 0
            continue
        increment = parts[row, 1]
        billed = parts[row, 2]
        if talked > billed:
            # A narrow division is the quicker one; the caller sees to it that seconds fit.
            increments = np.uint32(talked - billed + increment - 1) // np.uint32(increment)
            billed += np.int64(increments) * increment
        seconds[leg] = billed
        sixtieths = parts[row, 3] * 60 + parts[row, 0] * billed
        costs[leg] = (sixtieths + up) // step * step_micros


@inlined
def _push(heap: Any, size: Any, value: Any) -> None:
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if heap[above] <= value:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = value


@inlined
def _pop(heap: Any, size: Any) -> Any:
    """Takes the smallest away; returns how many are left."""
    size -= 1
    value = heap[size]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= value:
            break
        heap[place] = heap[below]
        place = below
    if size > 0:
        heap[place] = value
    return size


@inlined
def _over(limit: Any, used: Any) -> Any:
    return 0 if limit == -1 else max(0, used - limit)


@compiled
def replayed(starts: Any, ends: Any, is_outbound: Any, is_eligible: Any, limits: Any, heaps: Any, states: Any) -> Any:
    """`replay.replay` of one party: legs in total order, times in microseconds. Returns how many held a trunk.

    Heaps: the ends of the inbound and of the outbound calls that hold a trunk, one row each.
    """
    inbound_limit, outbound_limit, twoway_limit, burst_limit = limits
    inbound_ends, outbound_ends = heaps[0], heaps[1]
    inbound = outbound = held = 0
    for leg in range(len(starts)):
        now = starts[leg]
        while inbound > 0 and inbound_ends[0] <= now:
            inbound = _pop(inbound_ends, inbound)
        while outbound > 0 and outbound_ends[0] <= now:
            outbound = _pop(outbound_ends, outbound)
        if not is_eligible[leg]:
            states[leg] = 3
            continue
        goes_out = is_outbound[leg]
        over = _over(inbound_limit, inbound + (not goes_out)) + _over(outbound_limit, outbound + goes_out)
        over = _over(twoway_limit, over)
        if over == 0:
            states[leg] = 1
        elif _over(burst_limit, over) == 0:
            states[leg] = 2
        else:
            states[leg] = 0
            continue
        held += 1
        # What ends at once frees its trunk for the next start; it need not be remembered.
        if ends[leg] > now:
            if goes_out:
                _push(outbound_ends, outbound, ends[leg])
                outbound += 1
            else:
                _push(inbound_ends, inbound, ends[leg])
                inbound += 1
    return held


@compiled
def draw(rows: Any, billed: Any, fitting: Any, lists: Any, pools: Any, left: Any, entries: Any) -> Any:
    """`bundles.draw`: legs in order draw on the pools of their list. Returns how many entries there are."""
    count = 0
    for leg in range(len(rows)):
        rest = billed[leg]
        bits = fitting[leg]
        own = lists[leg]
        for place in range(pools.shape[1]):
            pool = pools[own, place]
            if pool < 0 or rest == 0:
                break
            if (bits >> place) & 1 and left[pool] > 0:
                taken = min(rest, left[pool])
                left[pool] -= taken
                rest -= taken
                entries[count, 0] = rows[leg]
                entries[count, 1] = pool
                entries[count, 2] = taken
                count += 1
    return count
