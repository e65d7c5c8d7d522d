"""October 2026 of the reseller Acme in New York, told call by call, with the arithmetic beside each figure.

Alice calls a good deal, and across both ends of the month; Bob's ledger is refused; Charlie belongs to another
reseller and must never be seen.
"""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reseller_reporting.cli import _run
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import running

UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")
US = Rate(units=100, increment=6, minimum=30, name="US_DOMESTIC")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def world_of_acme() -> ScriptedWorld:
    world = ScriptedWorld()
    acme = world.reseller("Acme", timezone="America/New_York")
    alice = world.customer("Alice", parent=acme)
    bob = world.customer("=HYPERLINK(Bob)", parent=acme)
    other = world.reseller("Other")
    charlie = world.customer("Charlie", parent=other)
    anna = world.user(alice, "Anna", "Müller")

    # 1 October begins at 04:00 UTC in New York: the first call is in, the one a second earlier is September's.
    world.call(
        alice, started_at=utc("10-01T04:00:00"), number="+442071234567", answered_seconds=125, rate=UK, owner=anna
    )
    world.call(alice, started_at=utc("10-01T03:59:59"), number="+442071234567", answered_seconds=125, rate=UK)
    # Starts in October and ends in November, in UTC too: the customer pays, the reseller's trunk carries it.
    world.call(
        alice,
        started_at=utc("10-31T23:50:00"),
        number="+442071234567",
        answered_seconds=1200,
        reseller="flat_rate",
        rate=UK,
        owner=anna,
    )
    # In November for UTC, the last second of October in New York; the customer's trunk, the reseller's money.
    world.call(
        alice,
        started_at=utc("11-01T03:59:59"),
        number="+12125550123",
        answered_seconds=61,
        customer="flat_rate",
        rate=US,
    )
    world.call(alice, started_at=utc("11-01T04:00:00"), number="+12125550123", answered_seconds=61, rate=US)
    # No ledger entry tells a surcharge or a discount: these need their documents.
    dear = Rate(units=300, surcharge=5000, name="UK_SPECIAL")
    world.call(alice, started_at=utc("10-05T12:00:00"), number="+448701234567", answered_seconds=61, rate=dear)
    cheap = Rate(units=300, discount=10, name="UK_LANDLINE")
    world.call(alice, started_at=utc("10-06T12:00:00"), number="+442071234567", answered_seconds=125, rate=cheap)
    grace = Rate(units=300, nocharge=5, name="UK_LANDLINE")
    world.call(alice, started_at=utc("10-07T12:00:00"), number="+442071234567", answered_seconds=5, rate=grace)
    world.call(alice, started_at=utc("10-08T12:00:00"), number="+442071234567", answered_seconds=0, rate=UK)
    world.call(
        alice,
        started_at=utc("10-09T12:00:00"),
        number="+18005550123",
        answered_seconds=90,
        customer="limits_disabled",
        reseller="allotment_did_us",
        rate=US,
    )
    world.call(
        alice,
        started_at=utc("10-10T12:00:00"),
        direction="inbound",
        number="+12125550100",
        caller="+18765550111",
        answered_seconds=30,
        customer="flat_rate",
        reseller="flat_rate_burst",
    )
    world.on_net_leg(alice, started_at=utc("10-11T12:00:00"), answered_seconds=600)
    world.raw_row(
        alice, {"id": "202610-broken", "call_id": "broken", "timestamp": "63959000000"}, saved_at=utc("10-12T12:00:00")
    )
    world.services_of(
        alice,
        account={"devices": {"sip_device": 3}, "users": {"user": 2, "admin": 1}},
        invoices=[invoice([invoice_item("devices", "sip_device", quantity=3, rate=7.99)])],
    )
    world.limits_of(alice, twoway_trunks=2, inbound_trunks=0, outbound_trunks=0)

    world.call(bob, started_at=utc("10-02T12:00:00"), number="+12125550123", answered_seconds=31, rate=US)
    world.answer(bob, "ledgers", status=403)
    world.call(charlie, started_at=utc("10-02T12:00:00"), number="+12125550123", answered_seconds=31, rate=US)
    return world


class Month:
    """What the run left, read back."""

    def __init__(self, folder: Path, code: int) -> None:
        self.folder, self.code = folder, code
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.summary = self._csv("summary.csv")
        self.countries = self._csv("summary-by-country.csv")

    def account(self, name: str) -> dict[str, Any]:
        (entry,) = [each for each in self.manifest["accounts"] if each["name"] == name]
        return dict(entry)

    def sheet(self, name: str, title: str) -> list[dict[str, Any]]:
        book = openpyxl.load_workbook(self.folder / self.account(name)["file"], data_only=True)
        header, *rows = book[title].iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows]  # type: ignore[arg-type]

    def _csv(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = tmp_path_factory.mktemp("acme")
    with running(world_of_acme()) as kazoo, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESELLER_REPORTING_HOME", str(folder / "home"))
        patch.setenv("RESELLER_REPORTING_KAZOO_URL", kazoo.url)
        patch.setenv("RESELLER_REPORTING_KAZOO_API_KEY", kazoo.api_key)
        code = _run(["run", "--period", "2026-10", "--out", str(folder / "out")], debug=True)
    return Month(folder / "out", code)


def test_the_run_succeeds_and_charlie_is_never_seen(month: Month) -> None:
    assert month.code == 0
    assert [row["Name"] for row in month.summary] == ["'=HYPERLINK(Bob)", "Alice"]
    assert b"Charlie" not in b"".join(path.read_bytes() for path in month.folder.rglob("*.*") if path.is_file())


def test_the_period_is_new_yorks_october(month: Month) -> None:
    period = month.manifest["period"]
    assert period == {
        "from": "2026-10-01T00:00:00-04:00",
        "to": "2026-11-01T00:00:00-04:00",
        "timezone": "America/New_York",
    }


BREAKDOWNS = [
    # started at (New York), charged, reseller cost, customer cost, breakdown
    ("2026-10-01 00:00:00", 180, 0.09, 0.09, "60 s min + 2 × 60 s @ 0.0300/min"),
    ("2026-10-05 08:00:00", 120, 0.56, 0.56, "0.5000 + 60 s min + 1 × 60 s @ 0.0300/min"),
    # 900 units less trunc(0.10 × 900) = 90.
    ("2026-10-06 08:00:00", 180, 0.081, 0.081, "60 s min + 2 × 60 s @ 0.0300/min − 10 % discount"),
    ("2026-10-07 08:00:00", 0, 0, 0, "within 5 s no-charge time"),
    ("2026-10-08 08:00:00", 0, 0, 0, "not answered"),
    ("2026-10-09 08:00:00", None, 0, 0, "allotment (allotment_did_us)"),
    ("2026-10-10 08:00:00", None, 0, 0, "trunk (flat_rate_burst)"),
    # 20 minutes at 0.03.
    ("2026-10-31 19:50:00", 1200, 0, 0.6, "trunk (flat_rate)"),
    # 30 s minimum 0.0050, then ceil(31 / 6) = 6 increments of 0.0010.
    ("2026-10-31 23:59:59", 66, 0.011, 0, "30 s min + 6 × 6 s @ 0.0100/min"),
]


def test_every_billable_leg_of_the_month_stands_with_its_reason(month: Month) -> None:
    columns = ("Charged Seconds", "Reseller Cost", "Customer Cost", "Reseller Cost Breakdown")
    found = [
        (f"{call['Date/time']:%Y-%m-%d %H:%M:%S}", *(call[column] for column in columns))
        for call in month.sheet("Alice", "Calls")
    ]
    assert found == BREAKDOWNS


def test_alices_sums(month: Month) -> None:
    alice = month.account("Alice")
    # Ten legs of the month and one malformed record; the September and November calls are not hers to pay yet.
    assert (alice["legs_read"], alice["legs_billable"], alice["legs_on_net"], alice["malformed"]) == (10, 9, 1, 1)
    assert alice["calls"] == 9
    # 125 + 61 + 125 + 5 + 0 + 90 + 30 + 1200 + 61
    assert alice["billing_seconds"] == 1697
    # 180 + 120 + 180 + 0 + 0 + 1200 + 66
    assert alice["charged_seconds"] == 1746
    # 900 + 5600 + 810 + 110
    assert alice["reseller_cost"] == "0.7420"
    # 900 + 5600 + 810 + 6000
    assert alice["customer_cost"] == "1.3310"
    assert [problem["record_id"] for problem in alice["problems"]] == ["202610-broken"]


def test_alices_line_in_the_summary(month: Month) -> None:
    (row,) = [row for row in month.summary if row["Name"] == "Alice"]
    assert row["Complete"] == "no"  # A malformed record could not be used.
    assert (row["SIP Devices"], row["Users"], row["User Admins"], row["E-911"]) == ("3", "2", "1", "0")
    # Charged seconds of the per-minute legs, answered seconds of the others: 1746 + 90 + 30.
    assert float(row["Billing Minutes"]) == pytest.approx(1866 / 60, abs=1e-6)
    assert (row["Flat-rate Calls"], row["Per-minute Calls"]) == ("2", "6")
    assert (row["Reseller Cost"], row["Customer Cost"]) == ("0.7420", "1.3310")
    # Her own debits in New York's October by the time of hang-up: 900 + 5600 + 810 + 6000 units. September's call
    # hung up after midnight, so its 900 units are in October's ledger too.
    assert row["Ledgers Per Minute"] == "1.4210"
    assert row["Customer Recurring Cost"] == "23.9700"
    assert row["Price"] == row["Margin"] == ""


def test_countries_are_of_the_far_end(month: Month) -> None:
    rows = [row for row in month.countries if row["Name"] == "Alice"]
    assert [(row["Country Code"], row["Direction"], row["Calls"]) for row in rows] == [
        ("GB", "outbound", "6"),
        ("US", "outbound", "2"),
        ("JM", "inbound", "1"),
    ]


def test_bobs_refused_ledger_costs_him_no_call(month: Month) -> None:
    bob = month.account("=HYPERLINK(Bob)")
    assert (bob["status"], bob["calls"], bob["customer_cost"]) == ("ok", 1, "0.0060")
    assert "ledger_unread" in {warning["code"] for warning in bob["warnings"]}
    (row,) = [row for row in month.summary if row["Name"] == "'=HYPERLINK(Bob)"]
    assert (row["Ledgers Per Minute"], row["Complete"]) == ("", "no")
