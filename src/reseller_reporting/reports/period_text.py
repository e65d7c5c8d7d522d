"""Period text: a report period as people say it, in the language of the report, whatever the machine's."""

from datetime import date, timedelta

from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.words.language import ENGLISH, Words


def spoken_period(period: ReportPeriod, words: Words = ENGLISH) -> str:
    """`October 2026`, or `2026-10-01 to 2026-10-16 (end exclusive)`."""
    first, _, end = period.name.partition("..")
    if not end:
        return words.month(first_day(period))
    if words.language != "en":
        first, end = words.day(date.fromisoformat(first)), words.day(date.fromisoformat(end))
    return words.say("{first} to {end} (end exclusive)", first=first, end=end)


def spoken_month(month: str, words: Words = ENGLISH) -> str:
    """`2026-10` as `October 2026`."""
    return words.month(date.fromisoformat(f"{month}-01"))


def first_day(period: ReportPeriod) -> date:
    return period.from_local.date()


def last_day(period: ReportPeriod) -> date:
    """The last day that belongs to it."""
    return (period.to_local - timedelta(microseconds=1)).date()


def spoken_days(period: ReportPeriod, words: Words = ENGLISH) -> str:
    """`1 to 31 October 2026`: both ends belong to it, as a customer reads it."""
    first, last = first_day(period), last_day(period)
    if first == last:
        return words.day(first)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    begin = words.day_number(first) if is_one_month else words.day(first)
    return words.say("{first} to {last}", first=begin, last=words.day(last))
