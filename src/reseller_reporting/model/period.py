"""The report period: half-open, cut in a named zone, kept in UTC.

Owns: ReportPeriod and how people write one. Does not own: which windows a source asks for.

Times
- `from_at` and `to_at` are aware and UTC. A leg belongs to the period in which it started.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reseller_reporting.model.errors import InvalidSettings

# Folders and file names are made of it, so only ASCII digits count.
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """`[from_at, to_at)`; `name` is what the user asked for, resolved: `2026-10` or `2026-10-01..2026-10-16`."""

    name: str
    from_at: datetime
    to_at: datetime
    timezone: str

    def __post_init__(self) -> None:
        assert self.from_at.tzinfo is UTC
        assert self.to_at.tzinfo is UTC
        assert self.from_at < self.to_at

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def from_local(self) -> datetime:
        return self.from_at.astimezone(self.zone)

    @property
    def to_local(self) -> datetime:
        return self.to_at.astimezone(self.zone)

    @property
    def is_month(self) -> bool:
        return len(self.name) == len("2026-10")

    def is_over(self, now: datetime) -> bool:
        return now >= self.to_at

    def utc_months(self) -> list[str]:
        """The UTC months that the period touches, as `YYYY-MM`: KAZOO's databases and our partitions."""
        return months_between(self.from_at, self.to_at)


def months_between(from_at: datetime, to_at: datetime) -> list[str]:
    """The UTC months `YYYY-MM` of the half-open span."""
    months = []
    year, month = from_at.year, from_at.month
    while datetime(year, month, 1, tzinfo=UTC) < to_at:
        months.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months


def month_start(month: str) -> datetime:
    """`2026-10` as the aware UTC time at which it begins."""
    return datetime(int(month[:4]), int(month[5:7]), 1, tzinfo=UTC)


def month_after(month: str) -> str:
    start = month_start(month)
    year, number = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return f"{year:04d}-{number:02d}"


def check_zone(name: str) -> str:
    """The same name, when the zone exists."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidSettings(
            f"'{name}' is no time zone. Use an IANA name such as Europe/Berlin or America/New_York."
        ) from error
    return name


# What is reckoned from today; a week begins on Monday.
RELATIVE = ("last-month", "this-month", "last-week", "this-week")
_FIRST_ZONE = "Pacific/Kiritimati"  # Where every day begins.


def parse_period(text: str, *, timezone: str, now: datetime) -> ReportPeriod:
    """`2026-10`, `2026-10-01..2026-10-16` (end exclusive), or one of RELATIVE, cut in the zone."""
    zone = ZoneInfo(check_zone(timezone))
    today = now.astimezone(zone).date()
    first, last, name = _days(text.strip(), today)

    def at_midnight(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    return ReportPeriod(name, at_midnight(first), at_midnight(last), timezone)


def check_period(text: str, *, now: datetime) -> str:
    """The same text, when it can be a period that has begun somewhere: wrong usage is seen before KAZOO is asked."""
    period = parse_period(text, timezone=_FIRST_ZONE, now=now)
    if period.from_at > now:
        raise InvalidSettings(f"The period '{text}' has not begun. Name one that has, or use this-month.")
    return text


def _days(text: str, today: date) -> tuple[date, date, str]:
    this_month = today.replace(day=1)
    monday = today - timedelta(days=today.weekday())
    if text == "this-week":
        return _week(monday)
    if text == "last-week":
        return _week(monday - timedelta(days=7))
    if text == "this-month":
        return this_month, _next_month(this_month), f"{this_month:%Y-%m}"
    if text == "last-month":
        before = (
            date(this_month.year - 1, 12, 1)
            if this_month.month == 1
            else this_month.replace(month=this_month.month - 1)
        )
        return before, this_month, f"{before:%Y-%m}"
    try:
        if match := _MONTH.fullmatch(text):
            first = date(int(match[1]), int(match[2]), 1)
            return first, _next_month(first), text
        if match := _RANGE.fullmatch(text):
            first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
            if first < last:
                return first, last, text
            raise InvalidSettings(
                f"The period '{text}' ends before it begins. The end is exclusive: one day is 2026-10-01..2026-10-02."
            )
    except ValueError as error:
        raise InvalidSettings(f"'{text}' is no period: {error}.") from error
    raise InvalidSettings(
        f"'{text}' is no period. Write 2026-10, 2026-10-01..2026-10-16 (end exclusive), "
        "last-month, this-month, last-week or this-week."
    )


def _week(monday: date) -> tuple[date, date, str]:
    after = monday + timedelta(days=7)
    return monday, after, f"{monday:%Y-%m-%d}..{after:%Y-%m-%d}"


def _next_month(first: date) -> date:
    return date(first.year + 1, 1, 1) if first.month == 12 else first.replace(month=first.month + 1)
