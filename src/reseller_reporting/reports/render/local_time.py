"""Local time: moments on the clock of the report's zone, counted as spreadsheets count."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

_MINUTE, _HOUR, _DAY = 60_000_000, 3_600_000_000, 86_400_000_000  # In microseconds.
_HOURS_IN_A_ROW_MAX = 1_000
_EPOCH_SERIAL_DAYS = 25_569  # 1970-01-01 counted from 1899-12-30.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalClock:
    """A zone's clock. Zones change their offset at whole minutes, and not twice in an hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, Any] = {}  # Of each hour: one, or sixty where it changes.

    def of(self, column: pa.Array) -> pa.Array:
        """Microseconds since 1899-12-30 on the local clock, of UTC timestamps in microseconds."""
        moments = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
        hours, places = _distinct(moments // _HOUR)
        known = [self._of_hour(hour) for hour in hours.tolist()]
        offsets = np.array([each if isinstance(each, int) else 0 for each in known], np.int64)[places]
        for place, each in enumerate(known):
            if not isinstance(each, int):
                in_it = places == place
                offsets[in_it] = each[moments[in_it] % _HOUR // _MINUTE]
        return pa.array(moments + (offsets + _EPOCH_SERIAL_DAYS * _DAY))

    def _of_hour(self, hour: int) -> Any:
        known = self._offsets.get(hour)
        if known is None:
            first, last = self._offset(hour * 60), self._offset(hour * 60 + 59)
            known = first if first == last else np.array([self._offset(hour * 60 + m) for m in range(60)], np.int64)
            self._offsets[hour] = known
        return known

    def _offset(self, minute: int) -> int:
        at = (_EPOCH + timedelta(minutes=minute)).astimezone(self._zone)
        offset = at.utcoffset()
        assert offset is not None
        return offset // timedelta(microseconds=1)


def _distinct(hours: Any) -> tuple[Any, Any]:
    """The hours there may be, and the place of each among them. Those of a report follow each other: none is sought."""
    if len(hours):
        first, last = hours.min(), hours.max()
        if last - first < _HOURS_IN_A_ROW_MAX:
            return np.arange(first, last + 1), hours - first
    return np.unique(hours, return_inverse=True)


def days_of(clock: LocalClock, moments: pa.Array) -> pa.Array:
    """The serial number of the day on the clock, of each moment."""
    return pa.array(clock.of(moments).to_numpy(zero_copy_only=False) // _DAY)


def serial_of_day(day: date) -> int:
    """Days since 1899-12-30."""
    return (day - _EPOCH.date()).days + _EPOCH_SERIAL_DAYS


def day_of_serial(serial: int) -> date:
    return _EPOCH.date() + timedelta(days=serial - _EPOCH_SERIAL_DAYS)


@lru_cache(maxsize=64)
def local_clock(zone: ZoneInfo) -> LocalClock:
    """One for all workbooks of a run: they ask for the same hours."""
    return LocalClock(zone)


def serial_days(zone: ZoneInfo, moments: Sequence[datetime]) -> list[float]:
    """Days since 1899-12-30 on the local clock: what a cell holds for a date."""
    local = local_clock(zone).of(pa.array(moments, pa.timestamp("us", "UTC")))
    return [microseconds / _DAY for microseconds in local.to_pylist()]
