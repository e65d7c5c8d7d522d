"""Trunk use: how full a party's trunks were, minute by minute, and by hour of day and weekday; what ran on them, and
what ran over.

Times
- Microseconds since 1970 in UTC; minutes, hours and weekdays are those of the report's zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from reseller_reporting.model.trunks import Ran
from reseller_reporting.rating.replay import State, TrunkLegs
from reseller_reporting.rating.trunk import UNLIMITED, TrunkLimits
from reseller_reporting.rating.trunk_legs import SaidOfLegs

MINUTE = 60_000_000
HOURS, WEEKDAYS = 24, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkUse:
    """What the replay of one party's trunks says in figures."""

    legs: int
    flat: int
    burst: int
    over: int
    ineligible: int
    over_seconds: int  # Talked in legs that ran over.
    peak: int  # Calls at once that held a trunk.
    peak_at: datetime | None  # When that was first reached.
    demand_peak: int  # Calls at once that would have held one, had there been enough.
    full_seconds: int  # Time in which one more call would have found no trunk but a burst one.
    peak_by_hour: tuple[tuple[int, ...], ...]  # The highest minute by weekday (Monday first) and hour of day.
    minutes: Any  # int64: the peak of each minute from the span's begin to its end.


def trunk_use(
    legs: TrunkLegs,
    states: Any,
    limits: TrunkLimits,
    answered_seconds: Any,
    *,
    span: tuple[datetime, datetime],
    zone: str,
) -> TrunkUse:
    """Figures of one party's legs and their states."""
    held = (states == State.FLAT) | (states == State.BURST)
    wanted = held | (states == State.OVER)
    times, inbound, outbound = _levels(legs, held)
    total = inbound + outbound
    minutes = _minute_peaks(times, total, span)
    highest = int(total.max(initial=0))
    counts = [int(np.count_nonzero(states == state)) for state in State]
    return TrunkUse(
        legs=len(legs),
        flat=counts[State.FLAT],
        burst=counts[State.BURST],
        over=counts[State.OVER],
        ineligible=counts[State.INELIGIBLE],
        over_seconds=int(np.asarray(answered_seconds)[states == State.OVER].sum()),
        peak=highest,
        peak_at=_moment(int(times[int(np.argmax(total))])) if highest else None,
        demand_peak=int(np.add(*_levels(legs, wanted)[1:]).max(initial=0)),
        full_seconds=_full_seconds(times, inbound, outbound, limits),
        peak_by_hour=_by_hour(minutes, span[0], zone),
        minutes=minutes,
    )


def ran(states: Any, wanted: State, answered_seconds: Any, said: SaidOfLegs) -> Ran:
    """The legs of one state, and what the switch stated that they cost; a cost that one of them lacks is not known."""
    chosen = states == wanted
    is_known = bool(said.is_cost_known[chosen].all())
    return Ran(
        legs=int(np.count_nonzero(chosen)),
        answered_seconds=int(answered_seconds[chosen].sum()),
        cost_units=int(said.cost_units[chosen].sum()) if is_known else None,
    )


def _levels(legs: TrunkLegs, held: Any) -> tuple[Any, Any, Any]:
    """Times at which calls begin or end, and how many hold a trunk from then on, by direction. Ends come first."""
    starts, ends, out = legs.starts[held], legs.ends[held], legs.is_outbound[held]
    times = np.concatenate([ends, starts])
    order = np.argsort(times, kind="stable")
    steps = np.where(order < len(ends), np.int8(-1), np.int8(1))
    is_outbound = np.concatenate([out, out])[order]
    outbound = np.cumsum(steps * is_outbound, dtype=np.int32)
    inbound = np.cumsum(steps * ~is_outbound, dtype=np.int32)
    return times[order], inbound, outbound


def _full_seconds(times: Any, inbound: Any, outbound: Any, limits: TrunkLimits) -> int:
    """An inbound or an outbound call more would have found no room."""
    if not len(times):
        return 0
    is_full = _has_no_room(inbound + 1, outbound, limits) | _has_no_room(inbound, outbound + 1, limits)
    lasting = np.diff(times, append=times[-1])
    return int(lasting[is_full].sum() // 1_000_000)


def _has_no_room(inbound: Any, outbound: Any, limits: TrunkLimits) -> Any:
    over = _over(limits.inbound, inbound) + _over(limits.outbound, outbound)
    return _over(limits.twoway, over) > 0


def _over(limit: int, used: Any) -> Any:
    return np.zeros_like(used) if limit == UNLIMITED else np.maximum(0, used - limit)


def _minute_peaks(times: Any, total: Any, span: tuple[datetime, datetime]) -> Any:
    """The highest level at any moment of each minute; a minute begins with the level that the one before left."""
    begin, end = (int(moment.timestamp()) * 1_000_000 for moment in span)
    count = max(1, -(-(end - begin) // MINUTE))
    peaks = np.zeros(count, np.int64)
    if not len(times):
        return peaks
    # Of steps at one moment only the last is a level that lasted.
    lasts = np.append(times[1:] != times[:-1], True)
    moments, levels = times[lasts], total[lasts]
    at_begin = np.searchsorted(moments, begin + np.arange(count) * MINUTE, "right") - 1
    peaks = np.where(at_begin >= 0, levels[np.maximum(at_begin, 0)], 0)
    place = (moments - begin) // MINUTE
    inside = (place >= 0) & (place < count)
    np.maximum.at(peaks, place[inside], levels[inside])
    return peaks


def _by_hour(minutes: Any, begin: datetime, zone: str) -> tuple[tuple[int, ...], ...]:
    """The highest minute of each weekday and hour, as clocks in the zone show them; offsets change by the hour."""
    highest = np.zeros((WEEKDAYS, HOURS), np.int64)
    first = int(begin.timestamp()) // 60
    local = ZoneInfo(zone)
    step = 15  # Zones differ by quarters of an hour.
    for start in range(0, len(minutes), step):
        moment = datetime.fromtimestamp((first + start) * 60, UTC).astimezone(local)
        peak = int(minutes[start : start + step].max())
        cell = moment.weekday(), moment.hour
        highest[cell] = max(highest[cell], peak)
    return tuple(tuple(int(value) for value in row) for row in highest)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC)
