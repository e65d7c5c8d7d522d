"""What could not be read, or was never pulled, is said; it moves no cost to another account."""

from datetime import UTC, datetime
from pathlib import Path

from reseller_reporting.app import ingest, report
from reseller_reporting.app.house import House
from reseller_reporting.app.imports import import_files
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.progress import Quiet
from reseller_reporting.app.report import Order, Report
from reseller_reporting.config import load_settings
from reseller_reporting.reports.summary import summary_row
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import SimulatedKazoo, running

UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def house_of(kazoo: SimulatedKazoo, folder: Path, now: datetime) -> House:
    environ = {"HOME": str(folder), "KAZOO_URL": kazoo.url, "KAZOO_API_KEY": kazoo.api_key}
    settings = load_settings({f"RESELLER_REPORTING_{k}": v for k, v in environ.items()}, working_folder=folder)
    return House(settings, lambda: now)


def rows_of(made: Report) -> dict[str, dict[str, str]]:
    return {row["Name"]: row for row in (summary_row(facts, sums) for facts, sums in made.entries)}


def sip_devices(count: int) -> dict[str, dict[str, int]]:
    return {"devices": {"sip_device": count}}


def paying_world() -> ScriptedWorld:
    """Acme pays 1.00 for each of ten devices: Alice's and Bob's two each, and Sub's customers' two and four."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    alice, bob = (
        world.customer(name, parent=acme, account_id=id_ * 32) for name, id_ in (("Alice", "1"), ("Bob", "2"))
    )
    sub = world.reseller("Sub", parent=acme)
    small, large = (world.customer(name, parent=sub) for name in ("Small", "Large"))
    item = invoice_item("devices", "sip_device", quantity=10, rate=1.0)
    plan = {"devices": {"sip_device": {"rate": 1.0, "cascade": True}}}
    world.services_of(acme, cascade=sip_devices(10), invoices=[invoice([item], plan=plan)])
    world.services_of(sub, cascade=sip_devices(6))
    for account, count in ((alice, 2), (bob, 2), (small, 2), (large, 4)):
        world.services_of(account, account=sip_devices(count))
    return world


def recurring(world: ScriptedWorld, folder: Path, wanted: Wanted) -> dict[str, str]:
    with running(world) as kazoo:
        made = report.run(house_of(kazoo, folder, at("07-10")), Order(wanted=wanted, out=folder / "out"), Quiet())
    return {name: row["Reseller Recurring Cost"] for name, row in rows_of(made).items()}


def test_a_choice_of_accounts_changes_nobodys_part(tmp_path: Path) -> None:
    everyone = Wanted(period="2024-06", include_sub_resellers=True)
    assert recurring(paying_world(), tmp_path / "all", everyone) == {
        "Alice": "2.0000", "Bob": "2.0000", "Large": "4.0000", "Small": "2.0000", "Sub": "0.0000",
    }  # fmt: skip
    # Large has no row of its own now, so Sub carries it.
    some = Wanted(period="2024-06", include_sub_resellers=True, accounts=["Alice", "Small", "Sub"])
    assert recurring(paying_world(), tmp_path / "some", some) == {
        "Alice": "2.0000", "Small": "2.0000", "Sub": "4.0000",
    }  # fmt: skip


def test_nobody_pays_for_an_account_whose_services_are_refused(tmp_path: Path) -> None:
    world = paying_world()
    world.answer("2" * 32, "services", status=403)
    parts = recurring(world, tmp_path, Wanted(period="2024-06"))
    assert parts == {"Alice": "2.0000", "Bob": "", "Sub": "6.0000"}


def test_the_resellers_own_services_unread_is_said(tmp_path: Path) -> None:
    world = paying_world()
    world.answer("a" * 32, "services", status=403)
    with running(world) as kazoo:
        order = Order(wanted=Wanted(period="2024-06"), out=tmp_path / "out")
        made = report.run(house_of(kazoo, tmp_path, at("07-10")), order, Quiet())
    alice = rows_of(made)["Alice"]
    assert (alice["Reseller Recurring Cost"], alice["Complete"]) == ("", "no")
    assert alice["Warnings"] == "The services of Acme could not be read: what it pays for its customers is not known."


def test_a_month_pulled_in_its_middle_is_never_called_complete(tmp_path: Path) -> None:
    world = paying_world()
    world.call("1" * 32, started_at=at("06-03T12:00"), number="+442071234567", answered_seconds=60, rate=UK)
    world.call("1" * 32, started_at=at("06-20T12:00"), number="+442071234567", answered_seconds=60, rate=UK)
    wanted = Wanted(period="2024-06", accounts=["Alice"])
    with running(world) as kazoo:
        ingest.sync(house_of(kazoo, tmp_path, at("06-15")), wanted, Quiet())
        later = house_of(kazoo, tmp_path, at("07-10"))
        from_store = report.run(later, Order(wanted=wanted, source="store", out=tmp_path / "out"), Quiet())
        pulled = report.run(later, Order(wanted=wanted, out=tmp_path / "out"), Quiet())
    row = rows_of(from_store)["Alice"]
    assert (row["Calls"], row["Complete"]) == ("1", "no")
    assert row["Warnings"] == "The store lacks a part of this period; `reseller-reporting sync` brings it."
    row = rows_of(pulled)["Alice"]
    assert (row["Calls"], row["Complete"], row["Warnings"]) == ("2", "yes", "")


def test_a_ledger_refused_for_one_month_takes_nothing_from_the_next(tmp_path: Path) -> None:
    world = ScriptedWorld()
    acme = world.reseller("Acme")
    alice = world.customer("Alice", parent=acme)
    world.call(alice, started_at=at("07-01T00:10:00"), number="+442071234567", answered_seconds=60, rate=UK)
    with running(world) as kazoo:
        house = house_of(kazoo, tmp_path, at("08-10"))
        ingest.sync(house, Wanted(period="2024-07"), Quiet())
        world.answer(alice, "ledgers", status=403)
        ingest.sync(house, Wanted(period="2024-06"), Quiet())
        order = Order(wanted=Wanted(period="2024-07"), source="store", out=tmp_path / "out")
        july = rows_of(report.run(house, order, Quiet()))["Alice"]
    assert (july["Ledgers Per Minute"], july["Complete"]) == ("0.0300", "yes")


def test_malformed_rows_of_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    header = "id,call_id,timestamp,direction,billing_seconds,duration_seconds,call_type,cost\n"
    files = []
    for day in ("10", "11"):
        (tmp_path / day).mkdir()
        files.append(tmp_path / day / "cdrs.csv")
        # 10 and 11 June 2024, in Gregorian seconds.
        start = 63885196800 + 86400 * (int(day) - 10)
        good, broken = (f"202406-{name}{day},{name}{day},{start}," for name in ("good", "broken"))
        files[-1].write_text(f"{header}{good}outbound,60,60,flat_rate,0\n{broken}sideways,60,60,flat_rate,0\n")
    house = House(
        load_settings({"RESELLER_REPORTING_HOME": str(tmp_path)}, working_folder=tmp_path), lambda: at("07-10")
    )
    for _ in range(2):
        import_files(house, files, account="Alice", call_format=None, progress=Quiet())
    order = Order(wanted=Wanted(period="2024-06"), source="store", out=tmp_path / "out")
    (alice,) = report.run(house, order, Quiet()).manifest["accounts"]
    assert (alice["legs_read"], [one["record_id"] for one in alice["problems"]]) == (
        2,
        ["202406-broken10", "202406-broken11"],
    )
