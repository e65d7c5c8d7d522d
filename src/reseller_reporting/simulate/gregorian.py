"""Gregorian seconds: KAZOO's clock, counted from the year 0, and the months that name its databases.

Owns: the way between Gregorian seconds, Unix seconds, datetimes and `YYYYMM`. Does not own: report periods.
"""

from datetime import UTC, datetime, timedelta

UNIX_EPOCH = 62_167_219_200
_FOUR_CENTURIES = 400  # The calendar repeats exactly, weekdays too, so year 0 is read as year 400.


def from_unix(unix_seconds: float) -> int:
    return int(unix_seconds) + UNIX_EPOCH


def from_datetime(moment: datetime) -> int:
    assert moment.tzinfo is not None
    return int(moment.timestamp()) + UNIX_EPOCH


def to_datetime(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds - UNIX_EPOCH, UTC)


def civil(seconds: int) -> tuple[int, datetime]:
    """The year, and a moment of the same month, day, weekday and time: datetime knows no year 0, KAZOO does."""
    if seconds < 0:
        raise ValueError("KAZOO knows no time before the year 0")
    moment = datetime(_FOUR_CENTURIES, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.year - _FOUR_CENTURIES, moment


def month_of(seconds: int) -> str:
    """The UTC month `YYYYMM` whose database holds this moment."""
    moment = to_datetime(seconds)
    return f"{moment.year:04d}{moment.month:02d}"


def month_start(month: str) -> int:
    return from_datetime(datetime(int(month[:4]), int(month[4:]), 1, tzinfo=UTC))


def month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[4:])
    return f"{year + 1:04d}01" if number == 12 else f"{year:04d}{number + 1:02d}"


def months_between(from_second: int, to_second: int) -> list[str]:
    """Every month from that of the first moment to that of the last, both included."""
    months = [month_of(from_second)]
    last = month_of(to_second)
    while months[-1] < last:
        months.append(month_after(months[-1]))
    return months
