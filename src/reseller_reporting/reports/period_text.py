"""Period text: a report period as people say it, in the language of the report, whatever the machine's."""

from datetime import date, timedelta

from reseller_reporting.model.period import ReportPeriod

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def spoken_period(period: ReportPeriod) -> str:
    """`October 2026`, or `2026-10-01 to 2026-10-16 (end exclusive)`."""
    if period.name.partition("-")[2].isdecimal():
        return spoken_month(period.name)
    return period.name.replace("..", " to ") + " (end exclusive)"


def spoken_month(month: str) -> str:
    """`2026-10` as `October 2026`."""
    year, _, number = month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def first_day(period: ReportPeriod) -> date:
    return period.from_local.date()


def last_day(period: ReportPeriod) -> date:
    """The last day that belongs to it."""
    return (period.to_local - timedelta(microseconds=1)).date()


def spoken_day(day: date) -> str:
    """`31 October 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def spoken_days(period: ReportPeriod) -> str:
    """`1 to 31 October 2026`: both ends belong to it, as a customer reads it."""
    first, last = first_day(period), last_day(period)
    if first == last:
        return spoken_day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {spoken_day(last)}"
    return f"{spoken_day(first)} to {spoken_day(last)}"
