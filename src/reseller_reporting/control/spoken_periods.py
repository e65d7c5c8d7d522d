"""Spoken periods: which of the periods that are kept, as programs write them, someone means by a word.

Within Django's languages: of the page, or of the request to the API.
"""

from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language, override

from reseller_reporting.words.alphabet import plain


def means(word: str, period: str, *, language: str = "") -> bool:
    """Whether someone who types it may mean the period: `oct`, `Oktober` on a German page, `18` of its first day.
    `language` is one that they speak beside the page's."""
    sought = plain(word).strip(".,")
    spoken = frozenset({get_language() or "en", language or "en", "en"})
    return bool(sought) and any(part.startswith(sought) for part in _parts(period, spoken))


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


def next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=2048)
def _parts(period: str, languages: Collection[str]) -> frozenset[str]:
    """Itself, and the words of its days and months."""
    known = bounds(period)
    if known is None:
        return frozenset({plain(period)})
    first, last = known[0], known[1] - timedelta(days=1)
    is_month = first.day == 1 and known[1] == next_month(first)
    said = [period]
    for spoken in languages:
        with override(spoken):
            for day in (first, last):
                said.append(date_format(day, "F Y"))
                said += [] if is_month else [f"{day.day} {day:%d} {day}", date_format(day, "SHORT_DATE_FORMAT")]
    return frozenset(part for text in said for part in plain(text).split())
