"""Periods as people write them, cut in a zone, kept in UTC."""

from datetime import UTC, datetime

import pytest

from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.period import ReportPeriod, check_period, month_after, parse_period

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def period(text: str, zone: str = "UTC", now: datetime = NOW) -> ReportPeriod:
    return parse_period(text, timezone=zone, now=now)


@pytest.mark.parametrize(
    ("text", "zone", "from_at", "to_at"),
    [
        ("2026-10", "UTC", "2026-10-01T00:00", "2026-11-01T00:00"),
        ("2026-12", "UTC", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("2026-10-01..2026-10-16", "UTC", "2026-10-01T00:00", "2026-10-16T00:00"),
        # Summer time ends in October: the month is an hour longer than its days.
        ("2026-10", "Europe/Berlin", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("2026-11", "America/New_York", "2026-11-01T04:00", "2026-12-01T05:00"),
        ("last-month", "UTC", "2026-10-01T00:00", "2026-11-01T00:00"),
        ("this-month", "UTC", "2026-11-01T00:00", "2026-12-01T00:00"),
        ("this-week", "UTC", "2026-11-23T00:00", "2026-11-30T00:00"),
        ("last-week", "UTC", "2026-11-16T00:00", "2026-11-23T00:00"),
        # There it is Sunday yet, of the week before.
        ("this-week", "America/New_York", "2026-11-16T05:00", "2026-11-23T05:00"),
    ],
)
def test_a_period_is_cut_at_midnight_of_its_zone(text: str, zone: str, from_at: str, to_at: str) -> None:
    cut = period(text, zone)
    assert f"{cut.from_at:%Y-%m-%dT%H:%M}" == from_at
    assert f"{cut.to_at:%Y-%m-%dT%H:%M}" == to_at


def test_the_month_that_is_on_is_the_one_of_the_zone() -> None:
    new_year = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    assert period("last-month", "UTC", new_year).name == "2026-12"
    assert period("last-month", "America/New_York", new_year).name == "2026-11"


def test_utc_months_are_those_that_the_period_touches() -> None:
    assert period("2026-10", "Europe/Berlin").utc_months() == ["2026-09", "2026-10"]
    assert period("2026-10").utc_months() == ["2026-10"]
    assert month_after("2026-12") == "2027-01"


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-1", "october", "2026-10-16..2026-10-01", "2026-10-01..2026-10-01", "2026-02-30..2026-03-01"],
)
def test_what_is_no_period_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidSettings, match="period"):
        check_period(text, now=NOW)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="Mars/Base"):
        period("2026-10", "Mars/Base")


def test_a_period_is_over_at_its_end_and_not_before() -> None:
    october = period("2026-10")
    assert october.is_over(datetime(2026, 11, 1, tzinfo=UTC))
    assert not october.is_over(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
