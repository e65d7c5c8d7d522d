"""Listing: records of calls, as KAZOO lists and exports them, read into legs or told apart as malformed.

Owns: which record is a leg, and what its columns mean. Does not own: where records come from.

Invariants
- A record becomes a leg or a problem, never both and never nothing. It is not made zero in silence.
- A page of ordinary records goes the fast way, by columns; any odd record sends its page the slow way, record by
  record. Both ways give the same legs.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from operator import attrgetter

import msgspec
import pyarrow as pa

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.tables import LEGS, PROBLEMS
from reseller_reporting.model.units import units_from_currency, units_from_text
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.sources.gregorian import (
    UNIX_EPOCH,
    at,
    gregorian,
    is_time,
    month_begins,
    month_ends,
    month_of,
)

DIRECTIONS = frozenset({"inbound", "outbound"})
_SECONDS_MAX = 2**40  # No call lasts 30 000 years; a larger figure is no count of seconds.
_RECORD = msgspec.json.Encoder(decimal_format="number")
_MISSING = msgspec.UNSET

Text = str | None


class ListingRow(msgspec.Struct, gc=False):
    """The fields of a listed record that we keep; others are skipped without being built."""

    id: Text = None
    call_id: Text = None
    interaction_id: Text = None
    other_leg_call_id: Text = None
    timestamp: int | str | None = None
    direction: Text = None
    duration_seconds: int | str | None = None
    billing_seconds: int | str | None = None
    caller_id_number: Text = None
    caller_id_name: Text = None
    callee_id_number: Text = None
    dialed_number: Text = None
    calling_from: Text = None
    owner_id: Text = None
    authorizing_id: Text = None
    hangup_cause: Text = None
    call_type: Text = None
    cost: int | str | None = None
    rate: int | str | None = None
    rate_name: Text = None
    reseller_cost: int | str | msgspec.UnsetType | None = _MISSING
    reseller_call_type: str | msgspec.UnsetType | None = _MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of a page beside its records, and which of them are wanted."""

    account_id: str
    source: str
    origin: str  # kazoo:cdrs, file:calls.csv
    taken_at: datetime
    fallback_seconds: int  # Places a record without a start in time.
    from_seconds: int | None = None  # Legs and problems are kept within [from, to); None keeps all.
    to_seconds: int | None = None
    skip: Collection[str] = ()  # Identities seen before.
    first_row: int | None = None  # The number of the first record; None where rows have no stable number.
    has_timestamp: bool = True  # Without that column other columns may tell the start.


@dataclass(frozen=True, slots=True)
class LegPage:
    legs: pa.RecordBatch
    problems: pa.RecordBatch
    warnings: list[ReportWarning]
    window: int = 0  # Pages of one window bear one number; windows are read side by side.
    ended: WindowRead | None = None  # On the last page of a window.
    shows_all: bool = True  # False: its window showed one month's database only, so it is to be asked for again.


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that is no leg. `start` where it could be read at all, in Gregorian seconds."""

    reason: str
    record_id: str
    record: str
    start: int | None


def leg_page(rows: Sequence[ListingRow] | None, records: Callable[[], Sequence[object]], reading: Reading) -> LegPage:
    """A page of legs and problems; `records` gives the same records untyped, and is called only for odd pages."""
    if rows is not None:
        legs = _fast_legs(rows, reading)
        if legs is not None:
            return LegPage(legs, no_problems(), [])
    return _slow_page(records(), reading)


@cache
def no_legs() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=LEGS)


@cache
def no_problems() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=PROBLEMS)


def record_text(record: object) -> str:
    return clean(_RECORD.encode(record).decode())


def clean(value: str) -> str:
    """Text that can be stored: half of a surrogate pair, which is no character, becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def identity(record: object) -> str:
    """What tells records apart when they are met again: the id, or the whole text of one that has none."""
    record_id = text(record.get("id")) if isinstance(record, Mapping) else ""
    return record_id or record_text(record)


def month_of_id(leg_id: str) -> str | None:
    """`202406-b-leg-1@10.0.0.5` lies in the database of 2024-06."""
    prefix = leg_id[:7]
    if len(prefix) == 7 and prefix[6] == "-" and prefix[:6].isascii() and prefix[:6].isdigit():
        year, month = prefix[:4], prefix[4:6]
        return f"{year}-{month}" if "01" <= month <= "12" and "1900" <= year < "2200" else None
    return None


def text(value: object) -> str:
    """A text column: absent and null are empty, a number is its digits."""
    if isinstance(value, str):
        return clean(value)
    if value is None or value is _MISSING:
        return ""
    return str(value) if type(value) in (int, float, Decimal) else record_text(value)


def whole_number(value: object) -> int | None:
    """A whole number written as a number or as text; None for all else, and for a fraction."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, str | float | Decimal):
        return None
    written = str(value).strip()
    if not written.isascii() or "_" in written:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 25 or number != number.to_integral_value():
        return None
    return int(number)


# --- one record -------------------------------------------------------------------------------------------------


def read_listing(record: object, reading: Reading) -> dict[str, object] | Malformed:
    """The columns of a leg, or why the record is none."""
    if isinstance(record, Malformed):
        return record
    if not isinstance(record, Mapping):
        return Malformed("not a record", "", record_text(record), None)
    start = _start(record, has_timestamp=reading.has_timestamp)
    reason = _malformed_reason(record, start)
    if reason is not None:
        record_id = text(record.get("id")).strip() or text(record.get("call_id"))
        return Malformed(reason, record_id, record_text(record), start)
    assert start is not None
    return _leg(record, start, reading)


def _malformed_reason(record: Mapping[str, object], start: int | None) -> str | None:
    if not text(record.get("id")).strip():
        return "no id"
    if start is None:
        return _start_reason(record.get("timestamp"))
    direction = text(record.get("direction"))
    if direction not in DIRECTIONS:
        return f"unknown direction: {direction[:80]}" if direction.strip() else "no direction"
    for name in ("duration_seconds", "billing_seconds"):
        reason = _seconds_reason(name, record.get(name))
        if reason:
            return reason
    return _cost_reason("call_type", "cost", record) or _cost_reason("reseller_call_type", "reseller_cost", record)


def _start_reason(timestamp: object) -> str:
    seconds = whole_number(timestamp)
    stated = text(timestamp).strip()
    if not stated or (seconds is not None and seconds <= UNIX_EPOCH):
        return "no start"
    return f"timestamp is not a time: {stated[:80]}"


def _seconds_reason(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None  # KAZOO writes "" when it does not know.
    seconds = whole_number(value)
    if seconds is None or seconds > _SECONDS_MAX:
        return f"{name} is not a number of seconds: {text(value)[:80]}"
    return f"{name} is negative: {text(value)[:80]}" if seconds < 0 else None


def _cost_reason(type_name: str, cost_name: str, record: Mapping[str, object]) -> str | None:
    """Only per-minute legs cost money, so only there must the cost be a number."""
    if text(record.get(type_name)) != PER_MINUTE or _units(record.get(cost_name)) is not None:
        return None
    stated = text(record.get(cost_name))
    return f"{cost_name} is not a number: {stated[:80]}" if stated else f"{type_name} is per_minute without {cost_name}"


def _leg(record: Mapping[str, object], start: int, reading: Reading) -> dict[str, object]:
    customer_type = text(record.get("call_type"))
    reseller_cost, reseller_type = record.get("reseller_cost"), record.get("reseller_call_type")
    has_reseller_view = reseller_cost is not None or reseller_type is not None
    leg = {name: text(record.get(name)) for name in _TEXT_COLUMNS}
    return leg | {
        "month": month_of(start),
        "account_id": reading.account_id,
        "leg_id": text(record.get("id")),
        "started_at": (start - UNIX_EPOCH) * 1_000_000,
        "direction": text(record.get("direction")),
        "duration_seconds": whole_number(record.get("duration_seconds")) or 0,
        "answered_seconds": whole_number(record.get("billing_seconds")) or 0,
        "customer_call_type": customer_type,
        "customer_cost_units": _units(record.get("cost")) if customer_type == PER_MINUTE else 0,
        "reseller_call_type": text(reseller_type) if has_reseller_view else None,
        "reseller_cost_units": _reseller_units(text(reseller_type), reseller_cost) if has_reseller_view else None,
        "rate_units": _rate_units(record.get("rate")),
        "source": reading.source,
        "taken_at": reading.taken_at,
    }


def _reseller_units(call_type: str, cost: object) -> int | None:
    return _units(cost) if call_type == PER_MINUTE else 0


def _units(value: object) -> int | None:
    return None if isinstance(value, str) and "_" in value else units_from_text(value)


def _rate_units(value: object) -> int:
    """A rate is for show and for explaining; an unreadable one is 0 and no problem."""
    return units_from_currency(value) or 0


_cached_rate_units = lru_cache(maxsize=4096)(_rate_units)


def _start(record: Mapping[str, object], *, has_timestamp: bool) -> int | None:
    if has_timestamp:
        return _seconds_if_time(whole_number(record.get("timestamp")))
    unix = whole_number(record.get("unix_timestamp"))
    if unix is not None:
        return _seconds_if_time(unix + UNIX_EPOCH)
    for name, pattern in (("iso_8601_combined", "%Y-%m-%dT%H:%M:%SZ"), ("datetime", "%Y-%m-%d_%H:%M:%S")):
        try:
            started_at = datetime.strptime(text(record.get(name)).strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        return _seconds_if_time(gregorian(started_at))
    return None


def _seconds_if_time(seconds: int | None) -> int | None:
    return seconds if seconds is not None and is_time(seconds) else None


# --- a page, record by record ------------------------------------------------------------------------------------


def _slow_page(records: Sequence[object], reading: Reading) -> LegPage:
    legs: list[dict[str, object]] = []
    problems: list[dict[str, object]] = []
    for index, record in _told_apart(records, reading):
        row = None if reading.first_row is None else reading.first_row + index
        read = read_listing(record, reading)
        if isinstance(read, Malformed):
            if _is_wanted(problem_seconds(read, reading.fallback_seconds), reading):
                problems.append(_as_problem(read, reading, row))
        elif _is_wanted(start_of(read), reading):
            legs.append(read)
    return LegPage(
        pa.RecordBatch.from_pylist(legs, schema=LEGS) if legs else no_legs(),
        pa.RecordBatch.from_pylist(problems, schema=PROBLEMS) if problems else no_problems(),
        [],
    )


def _told_apart(records: Sequence[object], reading: Reading) -> Iterator[tuple[int, object]]:
    """Records with their place, each only once; every row of a file is one of its own."""
    if reading.first_row is not None:
        yield from enumerate(records)
        return
    seen = set(reading.skip)
    for index, record in enumerate(records):
        same = identity(record)
        if same not in seen:
            seen.add(same)
            yield index, record


def start_of(leg: Mapping[str, object]) -> int:
    return int(str(leg["started_at"])) // 1_000_000 + UNIX_EPOCH


def _is_wanted(seconds: int, reading: Reading) -> bool:
    if reading.from_seconds is None or reading.to_seconds is None:
        return True
    return reading.from_seconds <= seconds < reading.to_seconds


def problem_seconds(malformed: Malformed, fallback_seconds: int) -> int:
    """Its start; else the moment it was asked for, moved into the month whose database holds it."""
    if malformed.start is not None:
        return malformed.start
    month = month_of_id(malformed.record_id)
    if month is None:
        return fallback_seconds
    return min(max(fallback_seconds, month_begins(month)), month_ends(month) - 1)


def _as_problem(malformed: Malformed, reading: Reading, row: int | None) -> dict[str, object]:
    seconds = problem_seconds(malformed, reading.fallback_seconds)
    return {
        "month": month_of(seconds),
        "account_id": reading.account_id,
        "at": at(seconds),
        "origin": reading.origin,
        "row": row,
        "record_id": malformed.record_id,
        "reason": malformed.reason,
        "record": malformed.record,
        "source": reading.source,
        "taken_at": reading.taken_at,
    }


# --- a page, by columns ------------------------------------------------------------------------------------------

# Columns that are taken as they come and bear the name that KAZOO gives them.
_TEXT_COLUMNS = (
    "call_id",
    "interaction_id",
    "other_leg_call_id",
    "caller_id_number",
    "caller_id_name",
    "callee_id_number",
    "dialed_number",
    "calling_from",
    "owner_id",
    "authorizing_id",
    "hangup_cause",
    "rate_name",
)
_TEXTS_OF = attrgetter(*_TEXT_COLUMNS)


def _fast_legs(rows: Sequence[ListingRow], reading: Reading) -> pa.RecordBatch | None:
    """All rows as one batch, or None when any of them needs a closer look."""
    rows = _unseen(rows, reading.skip)
    starts = _digits([row.timestamp for row in rows])
    if starts is None or not reading.has_timestamp:
        return None
    if starts and not (is_time(min(starts)) and is_time(max(starts))):
        return None
    if (
        not rows
        or not {row.direction for row in rows} <= DIRECTIONS
        or not all(row.id and row.id.strip() for row in rows)
    ):
        return None if rows else no_legs()
    if reading.from_seconds is not None and reading.to_seconds is not None:
        first, end = reading.from_seconds, reading.to_seconds
        if min(starts) < first or max(starts) >= end:
            wanted = [first <= start < end for start in starts]
            rows = [row for row, is_wanted in zip(rows, wanted, strict=True) if is_wanted]
            starts = [start for start, is_wanted in zip(starts, wanted, strict=True) if is_wanted]
    return _columns(rows, starts, reading)


def _columns(rows: Sequence[ListingRow], starts: list[int], reading: Reading) -> pa.RecordBatch | None:
    durations = _seconds([row.duration_seconds for row in rows])
    answered = _seconds([row.billing_seconds for row in rows])
    costs = _costs([row.call_type for row in rows], [row.cost for row in rows])
    reseller = _reseller_columns(rows)
    if durations is None or answered is None or costs is None or reseller is None:
        return None
    count = len(rows)
    texts = zip(*map(_TEXTS_OF, rows), strict=True) if rows else [()] * len(_TEXT_COLUMNS)
    columns: dict[str, object] = {
        name: [value or "" for value in values] for name, values in zip(_TEXT_COLUMNS, texts, strict=True)
    }
    columns |= {
        "month": _months(starts),
        "account_id": repeated(reading.account_id, count),
        "leg_id": [row.id for row in rows],
        "started_at": [(start - UNIX_EPOCH) * 1_000_000 for start in starts],
        "direction": [row.direction for row in rows],
        "duration_seconds": durations,
        "answered_seconds": answered,
        "customer_call_type": [row.call_type or "" for row in rows],
        "customer_cost_units": costs,
        "reseller_call_type": reseller[0],
        "reseller_cost_units": reseller[1],
        "rate_units": [_cached_rate_units(row.rate) for row in rows],
        "source": repeated(reading.source, count),
        "taken_at": pa.repeat(pa.scalar(reading.taken_at, LEGS.field("taken_at").type), count),
    }
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, type=field.type)
        for field, column in ((field, columns[field.name]) for field in LEGS)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=LEGS)


def repeated(value: str, count: int) -> pa.Array:
    """A text column of one value. Without the type Arrow looks for pandas, each time anew."""
    return pa.repeat(pa.scalar(value, pa.string()), count)


def _months(starts: list[int]) -> pa.Array | list[str]:
    if starts and month_of(min(starts)) == (month := month_of(max(starts))):
        return repeated(month, len(starts))
    return [month_of(start) for start in starts]


def _unseen(rows: Sequence[ListingRow], skip: Collection[str]) -> Sequence[ListingRow]:
    ids = {row.id: row for row in rows}
    if len(ids) < len(rows) and all(ids):
        rows = list({row.id: row for row in reversed(rows)}.values())[::-1]
    if skip and not ids.keys().isdisjoint(skip):
        rows = [row for row in rows if row.id not in skip]
    return rows


def _digits(values: Sequence[int | str | None]) -> list[int] | None:
    """Counts written in plain digits, all of them; None as soon as one is anything else."""
    try:
        joined = "".join(values)  # type: ignore[arg-type]  # A number or None among them is what is found out here.
        if joined.isascii() and joined.isdigit():
            return [int(value) for value in values]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        pass
    return None if values else []


def _seconds(values: list[int | str | None]) -> list[int] | None:
    if not all(type(value) is int for value in values):
        if not all(type(value) is int or value in (None, "") for value in values):
            return None
        values = [value or 0 for value in values]
    counts = [value for value in values if type(value) is int]
    return counts if not counts or (min(counts) >= 0 and max(counts) <= _SECONDS_MAX) else None


def _costs(types: Sequence[object], costs: Sequence[object]) -> list[int] | None:
    stated = [cost for type_, cost in zip(types, costs, strict=True) if type_ == PER_MINUTE]
    if not stated:
        return [0] * len(types)
    if not all(isinstance(cost, str) and cost.isascii() and cost.isdigit() and len(cost) < 19 for cost in stated):
        return None
    return [int(str(cost)) if type_ == PER_MINUTE else 0 for type_, cost in zip(types, costs, strict=True)]


def _reseller_columns(rows: Sequence[ListingRow]) -> tuple[list[str | None], list[int | None]] | None:
    types = [row.reseller_call_type for row in rows]
    costs = [row.reseller_cost for row in rows]
    if all(type(cost) is str for cost in costs):
        units = _costs(types, costs)
        return None if units is None else ([type_ or "" for type_ in types], [*units])
    if all(cost is _MISSING for cost in costs) and all(type_ is _MISSING for type_ in types):
        return [None] * len(rows), [None] * len(rows)
    return None
