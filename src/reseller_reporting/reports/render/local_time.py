"""Local time: moments as the serial dates of spreadsheets, on the clock of the report's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

_MINUTE, _DAY = 60_000_000, 86_400_000_000  # In microseconds.
_EPOCH_SERIAL_DAYS = 25_569  # 1970-01-01 counted from 1899-12-30.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalSerials:
    """Zones change their offset at whole minutes, so one look-up a minute is enough for any number of calls."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}  # Minute to offset, in microseconds.

    def of(self, column: pa.Array) -> list[float]:
        """Days since 1899-12-30 on the local clock, of UTC timestamps in microseconds."""
        offsets, serials = self._offsets, []
        for moment in column.cast(pa.int64()).to_pylist():
            minute = moment // _MINUTE
            offset = offsets.get(minute)
            if offset is None:
                offset = offsets[minute] = self._offset(minute)
            serials.append((moment + offset + _EPOCH_SERIAL_DAYS * _DAY) / _DAY)
        return serials

    def _offset(self, minute: int) -> int:
        at = (_EPOCH + timedelta(minutes=minute)).astimezone(self._zone)
        offset = at.utcoffset()
        assert offset is not None
        return offset // timedelta(microseconds=1)
