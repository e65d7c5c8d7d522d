"""Formats: numbers, dates and names of countries as CLDR has them for a locale that is named, never the machine's.

Babel is imported when a document first needs it, so that no command waits for it in vain.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache


def number(amount: int | Decimal, pattern: str, locale: str) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(amount, pattern, locale, decimal_quantization=True))


def long_day(day: date, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, "long", locale))


def month(day: date, locale: str) -> str:
    from babel.dates import format_skeleton

    return str(format_skeleton("yMMMM", day, locale=locale))


def moment(clock: datetime, locale: str) -> str:
    from babel.dates import format_date, format_time

    naive = clock.replace(tzinfo=None)  # It is the wall clock already.
    return f"{format_date(naive, 'medium', locale)} {format_time(naive, 'short', locale=locale)}"


@lru_cache(maxsize=16)
def countries(locale: str) -> Mapping[str, str]:
    from babel import Locale

    return dict(Locale.parse(locale).territories)


def short_day(day: date, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, "medium", locale))


@lru_cache(maxsize=16)
def decimal_mark(locale: str) -> str:
    from babel.numbers import get_decimal_symbol

    return str(get_decimal_symbol(locale))
