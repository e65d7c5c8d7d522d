"""Periods as the page offers them: names for what a clerk means, and their days in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reseller_reporting.control.spoken_periods import bounds, next_month
from reseller_reporting.model.period import RELATIVE, parse_period

RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    code: str
    label: str | Promise
    days: str


_LABELS = {
    "last-month": _("Last month"),
    "this-month": _("This month"),
    "last-week": _("Last week"),
    "this-week": _("This week"),
}


def presets(now: datetime, timezone: str) -> list[Preset]:
    """Each with its days as they are now; which ones are meant is settled when it is ordered."""
    found = [(code, parse_period(code, timezone=timezone, now=now)) for code in RELATIVE]
    return [
        Preset(code=code, label=_LABELS[code], days=_shown(period.from_local.date(), period.to_local.date()))
        for code, period in found
    ]


def days(first: date, after: date) -> str:
    return f"{first:%Y-%m-%d}..{after:%Y-%m-%d}"


def title(period: str) -> str:
    """`2026-10` as October 2026; a range with its last day, not the day after it; what is no period as it stands."""
    known = bounds(period)
    return _shown(*known) if known else period


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
