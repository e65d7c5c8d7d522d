"""What was pulled, what is final, what must be asked for again."""

from datetime import UTC, datetime
from pathlib import Path

from reseller_reporting.model.period import parse_period
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.store import coverage
from reseller_reporting.store.coverage import Covered
from reseller_reporting.store.lake import Lake

OCTOBER = parse_period("2026-10", timezone="UTC", now=datetime(2026, 11, 5, tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def pull(taken: str, *, start: str = "10-01", end: str = "11-01", ledger: bool = True, warned: bool = False) -> Covered:
    return Covered(
        account_id="alice",
        from_at=at(start),
        to_at=at(end),
        taken_at=at(taken),
        source="kazoo:example",
        legs=3,
        malformed=0,
        has_ledger=ledger,
        warnings=(ReportWarning("datastore_missing_view", "…"),) if warned else (),
    )


def test_nothing_pulled_is_all_missing() -> None:
    assert coverage.missing([], OCTOBER) == [(OCTOBER.from_at, OCTOBER.to_at)]


def test_a_pull_two_days_after_the_end_is_final() -> None:
    assert coverage.missing([pull("11-03")], OCTOBER) == []


def test_a_pull_in_the_middle_of_the_month_is_final_up_to_two_days_before_it() -> None:
    assert coverage.missing([pull("10-20")], OCTOBER) == [(at("10-18"), at("11-01"))]


def test_accounts_pulled_on_one_day_lack_the_same_span_in_whole_days() -> None:
    spans = [coverage.missing([pull(taken)], OCTOBER) for taken in ("10-20T08:00:00.5", "10-20T21:30:00.25")]
    assert spans == [[(at("10-18"), at("11-01"))]] * 2
    assert coverage.missing([pull("11-03T12:00", end="11-01T04:00")], OCTOBER) == []


def test_a_pull_covers_nothing_that_began_after_it_was_made() -> None:
    assert coverage.gaps([pull("10-20")], OCTOBER, until=at("11-05")) == [(at("10-20"), at("11-01"))]


def test_a_pull_with_a_warning_or_without_a_ledger_is_never_final() -> None:
    whole = [(OCTOBER.from_at, OCTOBER.to_at)]
    assert coverage.missing([pull("11-20", warned=True)], OCTOBER) == whole
    assert coverage.missing([pull("11-20", ledger=False)], OCTOBER) == whole


def test_pulls_of_parts_add_up() -> None:
    parts = [pull("11-03", end="10-10"), pull("11-03", start="10-20")]
    assert coverage.missing(parts, OCTOBER) == [(at("10-10"), at("10-20"))]
    assert coverage.gaps(parts, OCTOBER, until=at("10-15")) == [(at("10-10"), at("10-15"))]


def test_the_newest_of_overlapping_pulls_is_in_force() -> None:
    old, new = pull("10-20", warned=True), pull("11-03")
    assert coverage.in_force([old, new], OCTOBER) == [new]


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    coverage.record(lake, [pull("10-20", warned=True)])
    coverage.record(lake, [pull("11-03")])
    elsewhere = parse_period("2026-09", timezone="UTC", now=at("11-03"))
    assert coverage.read(lake, OCTOBER) == {"alice": [pull("10-20", warned=True), pull("11-03")]}
    assert coverage.read(lake, elsewhere) == {}
    later = parse_period("2027-01", timezone="UTC", now=at("11-03"))
    assert coverage.read(lake, later, months_before=1) == {}
    assert coverage.read(lake, later, months_before=3) == coverage.read(lake, OCTOBER)
