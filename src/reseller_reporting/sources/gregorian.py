"""Gregorian seconds: KAZOO's count of time, from year 0, turned into aware UTC times, months and back."""

from datetime import UTC, datetime
from functools import lru_cache

from reseller_reporting.model.period import month_after, month_start

UNIX_EPOCH = 62_167_219_200
DAY = 86_400
# What claims to have begun later is no time but noise: microseconds, for one, read as seconds.
LATEST = UNIX_EPOCH + 7_258_118_400  # 2200-01-01


def gregorian(moment: datetime) -> int:
    return int(moment.timestamp()) + UNIX_EPOCH


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds - UNIX_EPOCH, UTC)


def is_time(seconds: int) -> bool:
    return UNIX_EPOCH < seconds < LATEST


def month_of(seconds: int) -> str:
    """The UTC month `YYYY-MM`; days begin at midnight UTC in Gregorian seconds too."""
    return _month_of_day(seconds // DAY)


def month_begins(month: str) -> int:
    return gregorian(month_start(month))


def month_ends(month: str) -> int:
    """The second at which the next month begins."""
    return gregorian(month_start(month_after(month)))


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> str:
    return f"{at(day * DAY):%Y-%m}"
