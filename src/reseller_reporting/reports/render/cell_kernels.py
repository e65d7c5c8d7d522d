"""Cell kernels: rows of cells put together as bytes, compiled. `cell_xml` is the definition that they equal.

Owns: loops over arrays of plain numbers and bytes. Does not own: what a cell is (cell_xml), where columns come from
and how large buffers must be (rows_xml).

Importing this module imports numba, which takes longer than a small workbook: only `rows_xml` does, and late.
Bytes are moved sixteen at a time without a look at the end, so each buffer has `SLACK` bytes behind its last.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

SLACK = 64
BYTES, WHOLE, DATE = 0, 1, 2  # What the two figures of a cell are: start and end of bytes; a number, and whether.

_POWERS = np.array([10**exponent for exponent in range(19)], dtype=np.int64)
_DAY = 86_400_000_000

compiled = numba.njit(cache=True, nogil=True)
inlined = numba.njit(cache=True, nogil=True, inline="always")


def _typed_move_16(_: Any, _to: Any, _from: Any) -> Any:
    """Sixteen bytes from one address to another, which need not be aligned."""

    def generate(context: Any, builder: Any, _signature: Any, addresses: Any) -> Any:
        vector = ir.VectorType(ir.IntType(8), 16).as_pointer()
        to, origin = (builder.inttoptr(address, vector) for address in addresses)
        builder.store(builder.load(origin, align=1), to, align=1)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), generate


_move_16: Any = intrinsic(_typed_move_16)


@inlined
def _put(out: Any, at: Any, origin: Any, length: Any) -> Any:
    """Bytes to the address `out + at`; returns where they end."""
    moved = 0
    while moved < length:
        _move_16(out + at + moved, origin + moved)
        moved += 16
    return at + length


@compiled
def _put_whole(value: Any, out: Any, at: Any) -> Any:
    """A number from 0 on as digits."""
    count = 1
    while count < 19 and value >= _POWERS[count]:
        count += 1
    for place in range(at + count - 1, at - 1, -1):
        rest = value // 10
        out[place] = 48 + value - rest * 10
        value = rest
    return at + count


@compiled
def _put_part(value: Any, places: Any, out: Any, at: Any) -> Any:
    """The point and a part of so many places, without zeros at the end; nothing where the part is 0."""
    if value == 0:
        return at
    while value % 10 == 0:
        value //= 10
        places -= 1
    out[at] = 46
    for place in range(at + places, at, -1):
        rest = value // 10
        out[place] = 48 + value - rest * 10
        value = rest
    return at + places + 1


@compiled
def _put_decimal(value: Any, places: Any, out: Any, at: Any) -> Any:
    """`cell_xml.decimal_text`; the caller keeps the one number without a counterpart away."""
    if value < 0:
        out[at] = 45
        at += 1
        value = -value
    whole = value // _POWERS[places]
    return _put_part(value - whole * _POWERS[places], places, out, _put_whole(whole, out, at))


@compiled
def _put_serial(micros: Any, out: Any, at: Any) -> Any:
    """A serial date of five digits before the point, to sixteen in all, as `%.16G` prints that double.

    From 16 384 on a double has at most 38 binary digits behind the point; with them the digits are whole numbers, and
    the one rounding is exact: half to even.
    """
    serial = micros / _DAY
    whole = np.int64(serial)
    part = np.uint64((serial - whole) * 274_877_906_944.0)  # 2**38
    scaled = part * np.uint64(48_828_125)  # 5**11; times 2**11 over 2**38 are 10**11 parts.
    figures: Any = np.int64(scaled >> np.uint64(27))
    rest = np.int64(scaled & np.uint64(134_217_727))
    if rest > 67_108_864 or (rest == 67_108_864 and figures % 2 == 1):
        figures += 1
    if figures == 100_000_000_000:
        figures = np.int64(0)
        whole += 1
    return _put_part(figures, 11, out, _put_whole(whole, out, at))


@compiled
def rows(
    first_row: Any,
    kinds: Any,
    places: Any,
    frames: Any,
    frame_lengths: Any,
    firsts: Any,
    seconds: Any,
    pool: Any,
    out: Any,
) -> Any:
    """Rows of cells into `out`; returns how many bytes they are. A row without cells is not written.

    A cell is framed by three texts: before the row's number, between it and the value, behind that.
    """
    to, texts, frame = out.ctypes.data, pool.ctypes.data, frames.ctypes.data
    width = frames.shape[2]
    number = np.zeros(SLACK, np.uint8)
    digits = number.ctypes.data
    at = 0
    for row in range(firsts.shape[1]):
        begin = at
        digit_count = _put_whole(np.int64(first_row + row), number, 0)
        for place in range(8):
            out[at + place] = _ROW_OPEN[place]
        at = _put(to, at + 8, digits, digit_count)
        out[at] = 34
        out[at + 1] = 62
        at += 2
        opened = at
        for column in range(len(kinds)):
            first, second = firsts[column, row], seconds[column, row]
            kind = kinds[column]
            if second == (first if kind == BYTES else 0):
                continue
            framed = frame + column * 3 * width
            at = _put(to, at, framed, frame_lengths[column, 0])
            at = _put(to, at, digits, digit_count)
            at = _put(to, at, framed + width, frame_lengths[column, 1])
            if kind == BYTES:
                at = _put(to, at, texts + first, second - first)
            elif kind == WHOLE:
                at = _put_decimal(first, places[column], out, at)
            else:
                at = _put_serial(first, out, at)
            at = _put(to, at, framed + 2 * width, frame_lengths[column, 2])
        if at == opened:
            at = begin
            continue
        for place in range(6):
            out[at + place] = _ROW_CLOSE[place]
        at += 6
    return at


_ROW_OPEN = np.frombuffer(b'<row r="', np.uint8)
_ROW_CLOSE = np.frombuffer(b"</row>", np.uint8)


@compiled
def has_odd_text(offsets: Any, text: Any, long: Any) -> Any:
    """Whether one of the texts may need more than to be copied: escapes, blanks at an end, a cut."""
    odd = False
    for place in range(offsets[0], offsets[-1]):
        byte = text[place]
        odd |= (byte < 32) | (byte == 38) | (byte == 60) | (byte == 62) | (byte == 0xEF)
    for place in range(offsets[0] + 1, offsets[-1]):
        odd |= (text[place - 1] == 95) & (text[place] == 120)
    if odd:
        return True
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        if start == end:
            continue
        first, last = text[start], text[end - 1]
        # Blanks of other scripts begin with one of these bytes.
        if end - start > long or first == 32 or last == 32 or first == 0xC2 or (0xE1 <= first <= 0xE3):
            return True
        if last >= 128 and end - start > 1 and (text[end - 2] == 0xC2 or 0xE1 <= text[max(start, end - 3)] <= 0xE3):
            return True
    return False
