"""The months before: compared where the store holds them whole, by the figures that their own reports had."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reseller_reporting.app import ingest, report
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.progress import Quiet
from reseller_reporting.app.report import Order, Report
from reseller_reporting.config import load_settings
from reseller_reporting.reports.facts import MonthFigures
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running

UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")
NOW = datetime(2024, 7, 10, tzinfo=UTC)
ZONE = "Europe/Berlin"


@pytest.fixture
def kazoo() -> Iterator[SimulatedKazoo]:
    """Alice calls once in the last hour of April (in Berlin), twice in May and three times in June."""
    world = ScriptedWorld()
    acme = world.reseller("Acme")
    alice = world.customer("Alice", parent=acme)
    world.customer("Quiet", parent=acme)
    starts = ["04-30 21:30", "04-30 22:30", "05-20 10:00", "06-02 10:00", "06-03 10:00", "06-04 10:00"]
    for place, start in enumerate(starts):
        at = datetime.fromisoformat(f"2024-{start}").replace(tzinfo=UTC)
        tags = {"reseller": "flat_rate"} if place == 2 else {"reseller": "per_minute", "rate": UK}
        world.call(alice, started_at=at, number="+442071234567", answered_seconds=65 + place, **tags)
    with running(world, clock=NOW.timestamp) as running_kazoo:
        yield running_kazoo


@pytest.fixture
def house(kazoo: SimulatedKazoo, tmp_path: Path) -> House:
    environ = {"HOME": str(tmp_path), "KAZOO_URL": kazoo.url, "KAZOO_API_KEY": kazoo.api_key}
    settings = load_settings({f"RESELLER_REPORTING_{k}": v for k, v in environ.items()}, working_folder=tmp_path)
    return House(settings, lambda: NOW)


def sync(house: House, *periods: str) -> None:
    for period in periods:
        ingest.sync(house, Wanted(period=period, timezone=ZONE), Quiet())


def stored_report(house: House, period: str = "2024-06") -> Report:
    order = Order(wanted=Wanted(period=period, timezone=ZONE), source="store", out=house.settings.home / period)
    return report.run(house, order, Quiet())


def before(made: Report, name: str = "Alice") -> tuple[MonthFigures, ...]:
    return next(facts.months_before for facts, _ in made.entries if facts.account.name == name)


def test_months_are_those_of_their_own_reports(house: House) -> None:
    sync(house, "2024-04", "2024-05", "2024-06")
    months = before(stored_report(house))
    assert [each.month for each in months] == ["2024-04", "2024-05"]
    for month in months:
        made = stored_report(house, month.month)
        sums = next(sums for facts, sums in made.entries if facts.account.name == "Alice")
        assert sums is not None
        total = sums.total
        assert month == MonthFigures(
            month=month.month,
            calls=total.calls,
            answered_seconds=total.answered_seconds,
            customer_cost_units=total.customer_cost_units,
            reseller_cost_units=total.reseller_cost_units,
        )
    assert [each.calls for each in months] == [1, 2]


def test_an_account_without_calls_compares_nothing_with_nothing(house: House) -> None:
    sync(house, "2024-05", "2024-06")
    (may,) = before(stored_report(house), "Quiet")
    assert (may.calls, may.reseller_cost_units) == (0, 0)


@pytest.mark.parametrize(
    "periods", [("2024-06",), ("2024-04", "2024-06"), ("2024-05-01..2024-05-31", "2024-06")], ids=str
)
def test_what_the_store_does_not_hold_up_to_the_month_is_not_compared(house: House, periods: tuple[str, ...]) -> None:
    sync(house, *periods)
    assert before(stored_report(house)) == ()


def test_only_whole_months_are_compared(house: House) -> None:
    sync(house, "2024-05", "2024-06")
    assert before(stored_report(house, "2024-06-01..2024-06-16")) == ()


def test_the_digest_of_the_rows_used_holds_those_of_the_months_before(house: House) -> None:
    sync(house, "2024-06")
    alone = stored_report(house).manifest["store_version"]
    sync(house, "2024-05")
    compared = stored_report(house)
    assert compared.manifest["store_version"] != alone
    again = stored_report(house)
    digests = [[each["sha256"] for each in one.manifest["accounts"]] for one in (compared, again)]
    assert digests[0] == digests[1]


def test_without_the_resellers_view_months_have_no_reseller_cost(house: House) -> None:
    from reseller_reporting.app.history import month_figures
    from reseller_reporting.store.calls import MonthSums

    sums = MonthSums(month="2024-05", calls=5, answered_seconds=50, customer_calls=2, customer_answered_seconds=20)
    (shown,) = month_figures([sums], has_reseller_view=False)
    assert (shown.calls, shown.answered_seconds, shown.reseller_cost_units) == (2, 20, None)
    unseen = replace(sums, month="2024-04", reseller_cost_units=None)
    assert [each.month for each in month_figures([unseen, sums], has_reseller_view=True)] == ["2024-05"]
