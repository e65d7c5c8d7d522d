"""Periods as the page offers them: names for what a clerk means, and their days in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from reseller_reporting.model.period import RELATIVE, parse_period
from reseller_reporting.words.alphabet import plain

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


def bounds(period: str) -> tuple[date, date] | None:
    """Its first day, and the one after its last; None where it is none of ours."""
    try:
        if ".." not in period:
            first = date.fromisoformat(f"{period}-01")
            return first, next_month(first)
        first, after = (date.fromisoformat(part) for part in period.split("..", 1))
        # Of the first or the last day that there is, the one beside it is none.
        next_month(first), after - timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return first, after


def means(word: str, period: str) -> bool:
    """Whether someone who types it may mean the period: `oct`, `Oktober` on a German page, `18` of its first day."""
    sought = plain(word).strip(".,")
    return bool(sought) and any(part.startswith(sought) for part in _parts(period, get_language() or "en"))


@lru_cache(maxsize=2048)
def _parts(period: str, language: str) -> frozenset[str]:
    """The words of its days and months, in the language of the page and in English."""
    known = bounds(period)
    if known is None:
        return frozenset({plain(period)})
    first, last = known[0], known[1] - timedelta(days=1)
    is_month = first.day == 1 and known[1] == next_month(first)
    said = [period] if is_month else []
    for spoken in {language, "en"}:
        with override(spoken):
            for day in (first, last):
                said.append(date_format(day, "F Y"))
                said += [] if is_month else [f"{day.day} {day:%d} {day}", date_format(day, "SHORT_DATE_FORMAT")]
    return frozenset(part for text in said for part in plain(text).split())


def next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1)


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
