"""Periods as the page offers them: names for what a clerk means, cut in the report's zone, resolved when ordered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    code: str
    label: str | Promise
    period: str  # As `model.period` writes one.
    days: str


def presets(now: datetime, timezone: str) -> list[Preset]:
    today = now.astimezone(ZoneInfo(timezone)).date()
    first = today.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    monday = today - timedelta(days=today.weekday())
    week = timedelta(days=7)
    return [
        Preset(code="last-month", label=_("Last month"), period=f"{before:%Y-%m}", days=_shown(before, first)),
        Preset(
            code="this-month", label=_("This month"), period=f"{first:%Y-%m}", days=_shown(first, next_month(first))
        ),
        Preset(
            code="last-week",
            label=_("Last week"),
            period=days(monday - week, monday),
            days=_shown(monday - week, monday),
        ),
        Preset(
            code="this-week",
            label=_("This week"),
            period=days(monday, monday + week),
            days=_shown(monday, monday + week),
        ),
    ]


def days(first: date, after: date) -> str:
    return f"{first:%Y-%m-%d}..{after:%Y-%m-%d}"


def title(period: str) -> str:
    """`2026-10` as October 2026; a range with its last day, not the day after it."""
    try:
        if ".." not in period:
            return date_format(date.fromisoformat(f"{period}-01"), "F Y")
        first, after = (date.fromisoformat(part) for part in period.split("..", 1))
    except ValueError:
        return period
    return _shown(first, after)


def next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=1)
def zones() -> Sequence[str]:
    """The names that people know; old aliases stay out."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(regions)))


def _shown(first: date, after: date) -> str:
    if first.day == 1 and after == next_month(first):
        return date_format(first, "F Y")
    last = after - timedelta(days=1)
    return f"{date_format(first, 'SHORT_DATE_FORMAT')} – {date_format(last, 'SHORT_DATE_FORMAT')}"
