"""`run` with price plans: what is the same whatever the way, what is refused, and what goes on in spite of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from months import page, plans, shown, statement, table

from reseller_reporting.app import report
from reseller_reporting.engines.local import map_units
from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Left, Outcome, Terminal

ALICE, BOB = "1" * 32, "2" * 32
RETAIL = """plan: retail
currency: USD
usage:
  uk: {direction: outbound, countries: [GB], per_minute: 0.05}
bundles:
  two: {minutes: 2, pooled: true}
recurring:
  sip_device: {text: Phone, price: 4.00}
"""
STORED = ("run", "--period", "2024-06", "--out", "out", "--source", "store")
RUN = ("run", "--period", "2024-06", "--out", "out", "--price-plans", "plans")


def priced(terminal: Terminal, *more: str, plan: str = RETAIL, customers: str | None = None) -> Outcome:
    plans(terminal, {"retail": plan} | ({"customers": customers} if customers else {}))
    return terminal.run(*RUN, *more)


def codes(left: Left, name: str) -> list[str]:
    return [warning["code"] for warning in left.account(name)["warnings"]]


# --- the same ---------------------------------------------------------------------------------------------------------


def test_files_and_the_database_give_the_same_bytes_and_plans_change_no_store_version(connected: Terminal) -> None:
    assert connected.run("run", "--period", "2024-06", "--out", "plain").code == 0
    also = ("--also", "pdf", "--also", "accounting")
    assert priced(connected, *also).code == 0
    by_files = connected.left().files()
    # Alice: 180 + 60 s of which two minutes are included: 2 × 0.05. Bob: 60 s.
    assert (connected.left().account("Alice")["price"], connected.left().account("Bob")["price"]) == (
        *("0.1000", "0.0000"),
    )
    assert priced(connected, *also).code == 0
    assert connected.left().files() == by_files
    assert connected.run("plans", "import", "plans").code == 0
    assert connected.run("plans", "assign", "retail").code == 0
    assert connected.run(*STORED, *also).code == 0
    assert connected.left().files() == by_files
    plain, own = connected.left("plain").manifest, connected.left().manifest
    assert plain["store_version"] == own["store_version"]
    assert (plain["price_plan_versions"], list(own["price_plan_versions"])) == ({}, ["retail"])
    # With no plan at all, or none wanted, prices are empty.
    assert connected.run(*STORED, "--price-plans", "none").code == 0
    assert connected.left().files() == connected.left("plain").files()


def large_world() -> ScriptedWorld:
    """Families with common pools, and legs enough for two processes."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    for family in range(3):
        top = world.customer(f"Top {family}", parent=acme, account_id=f"{family:x}1" * 16)
        below = world.customer(f"Below {family}", parent=top, account_id=f"{family:x}2" * 16)
        for place in range(40):
            started = datetime(2024, 6, 3, 12, tzinfo=UTC) + timedelta(minutes=7 * place + family)
            account = (top, below)[place % 2]
            world.call(account, started_at=started, number="+442071234567", answered_seconds=30 + place)
        for account in (top, below):
            world.services_of(account, account={"devices": {"sip_device": family}})
    return world


@pytest.mark.slow
def test_two_processes_write_the_bytes_of_one(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(large_world()) as kazoo:
        terminal.connect(kazoo)
        plans(terminal, {"retail": RETAIL.replace("minutes: 2", "minutes: 9")})
        assert terminal.run(*RUN, "--also", "pdf").code == 0
        alone = terminal.left().files()
        started: list[int] = []

        def counted(*given: Any, processes: int, **more: Any) -> None:
            started.append(processes)
            map_units(*given, processes=processes, **more)

        monkeypatch.setattr(report, "_LEGS_WORTH_A_POOL", 1)
        monkeypatch.setattr(report, "available_processes", lambda: 2)
        monkeypatch.setattr(report, "map_units", counted)
        assert terminal.run(*RUN, "--also", "pdf").code == 0
    assert started == [2]
    assert terminal.left().files() == alone
    assert {terminal.left().account(f"Below {family}")["price"] for family in range(3)} != {"0.0000"}


# --- refused ----------------------------------------------------------------------------------------------------------

BAD = [
    (RETAIL.replace("usage:", "usages:"), "retail.yaml:3", "usages"),
    (RETAIL.replace("0.05", "0.05000000000000000012"), "retail.yaml:4", "at most six"),
    (
        RETAIL.replace("bundles:", "  gb: {direction: both, countries: [GB], free: true}\nbundles:"),
        "retail.yaml:5",
        "GB",
    ),
    (RETAIL.replace("currency: USD", "extends: retail"), "retail.yaml:2", "circle"),
    (RETAIL.replace("USD", "EUR"), "retail.yaml:2", "USD"),
    (RETAIL.replace("minutes: 2", "minutes: -2"), "retail.yaml:6", "minutes"),
    (RETAIL.replace("per_minute: 0.05", "deck: nowhere"), "retail.yaml:4", "nowhere"),
    (RETAIL.replace("sip_device:", "sip_devise:"), "retail.yaml:8", "sip_device"),
]


@pytest.mark.parametrize(("plan", "place", "word"), BAD)
def test_a_plan_that_fails_its_check_prices_nothing_and_says_where(
    terminal: Terminal, plan: str, place: str, word: str
) -> None:
    """Before KAZOO is asked: this terminal is connected to none."""
    terminal.settings |= {"KAZOO_URL": "http://127.0.0.1:9/v2", "KAZOO_API_KEY": "none"}
    outcome = priced(terminal, plan=plan)
    assert outcome.code == 2
    assert place in outcome.err
    assert word in outcome.err
    assert not (terminal.folder / "out").exists()


@pytest.mark.parametrize(
    "options", [("--also", "pdf"), ("--also", "quickbooks"), ("--edition", "customer")], ids=lambda each: each[-1]
)
def test_what_needs_plans_says_so(connected: Terminal, options: tuple[str, ...]) -> None:
    outcome = connected.run("run", "--period", "2024-06", *options)
    assert outcome.code == 2
    assert "--price-plans" in outcome.complaint
    assert "plans assign" in outcome.complaint


# --- goes on ----------------------------------------------------------------------------------------------------------


def test_a_customer_no_plan_fits_has_empty_prices_and_the_others_theirs(connected: Terminal) -> None:
    assert priced(connected, "--also", "pdf", customers="customers:\n  - {plan: retail, customer: Alice}\n").code == 0
    left = connected.left()
    assert (left.account("Bob")["price"], codes(left, "Bob")) == (None, ["no_price_plan"])
    assert "Statement" not in left.book("Bob").sheetnames
    assert [path.name.split("--")[0] for path in (left.folder / "statements").iterdir()] == ["alice"]
    assert [(row["Name"], row["Net"]) for row in table(left.folder / "margin.csv")] == [
        ("Alice", "12.1000"),
        ("Bob", ""),
    ]


def test_a_quantity_that_is_not_known_leaves_one_customer_unpriced(acme: ScriptedWorld, connected: Terminal) -> None:
    acme.answer(BOB, "services", status=403)
    assert priced(connected, "--edition", "customer", "--also", "pdf", "--also", "xero").code == 0
    left = connected.left()
    assert left.account("Alice")["price"] == "0.1000"
    assert left.account("Bob")["price"] is None
    (message,) = [each["message"] for each in left.account("Bob")["warnings"] if each["code"] == "not_priced"]
    assert message == "No prices: The plan prices 'sip_device', and how many of it the customer has is not known."
    assert left.book("Bob").sheetnames == ["Summary", "Calls", "Countries", "Users"]
    assert {row["*ContactName"] for row in table(left.folder / "accounting-xero.csv")} == {"Alice"}


def test_trunks_that_are_not_known_leave_one_customer_unpriced(acme: ScriptedWorld, connected: Terminal) -> None:
    acme.answer(BOB, "limits", status=403)
    assert priced(connected, plan=RETAIL.replace("currency: USD", "legs: over-trunks")).code == 0
    left = connected.left()
    assert left.account("Alice")["price"] is not None
    assert "not_priced" in codes(left, "Bob")


@pytest.mark.parametrize(("rate", "is_below"), [(4.00, False), (4.50, True)])
def test_recurring_services_priced_below_what_they_cost_are_told_to_the_office_alone(
    acme: ScriptedWorld, connected: Terminal, rate: float, is_below: bool
) -> None:
    """Six phones, three of each customer, at 4.00 each."""
    bill = invoice(
        [invoice_item("devices", "sip_device", quantity=6, rate=rate, total=6 * rate)],
        plan={"devices": {"sip_device": {"rate": rate, "cascade": True}}},
    )
    acme.services_of("a" * 32, cascade={"devices": {"sip_device": 6}}, invoices=[bill])
    assert priced(connected).code == 0
    found = [each["message"] for each in connected.left().account("Alice")["warnings"]]
    sentence = "Recurring services are priced at 12.0000, below what the reseller pays for them, 13.5000."
    assert found == ([sentence] if is_below else [])
    # Of a week the plan asks for seven days, and the provider bills a month all the same: that is no loss.
    assert priced(connected, "--period", "2024-06-03..2024-06-09").code == 0
    assert "recurring_below_cost" not in codes(connected.left(), "Alice")
    assert priced(connected, "--edition", "customer").code == 0
    assert all("13.5" not in str(cell) for row in connected.left().book("Alice")["Summary"].values for cell in row)


def test_calls_no_rule_fits_are_listed_and_counted_and_never_free(connected: Terminal) -> None:
    assert priced(connected, "--legs", "all", plan=RETAIL.replace("[GB]", "[US]")).code == 0
    left = connected.left()
    alice = left.account("Alice")
    (warning,) = [each for each in alice["warnings"] if each["code"] == "unpriced_calls"]
    assert (warning["count"], alice["price"]) == (2, None)
    assert len([each for each in alice["problems"] if "no rule of the plan fits" in each["reason"]]) == 2
    row = left.row(ALICE)
    # 3 + 1 minutes at 0.03 were paid.
    assert (row["Price"], row["Recurring Price"], row["Margin"]) == ("", "12.0000", "-0.1200")
    calls = shown(left, "Alice", "Calls")
    # The leg within the house has neither price nor margin.
    assert [(call["Price"], call["Margin"]) for call in calls] == [
        *((None, pytest.approx(-0.09)), (None, None), (None, pytest.approx(-0.03)))
    ]
    assert statement(left, "Alice")[0][0] == "Bundles"  # No line of usage.


def test_a_credential_without_the_resellers_view_prices_what_needs_no_cost(
    acme: ScriptedWorld, terminal: Terminal
) -> None:
    with running(acme, faults=parse_faults("no_reseller_view")) as kazoo:
        terminal.connect(kazoo)
        assert priced(terminal).code == 0
        left = terminal.left()
        assert (left.account("Alice")["price"], left.row(ALICE)["Margin"]) == ("0.1000", "")
        assert [call["Margin"] for call in shown(left, "Alice", "Calls")] == [None, None]
        assert table(left.folder / "margin.csv")[0]["Usage Margin"] == ""
        # A markup needs the cost.
        assert priced(terminal, plan=RETAIL.replace("per_minute: 0.05", "markup: {percent: 10}")).code == 0
    alice = terminal.left().account("Alice")
    assert alice["price"] is None
    assert "what the reseller was charged for this call is not known" in str(alice["problems"])


@pytest.mark.parametrize(
    ("proration", "price"),
    # A week of June is 7/30 of a month: 3 × 4.00 × 7/30 = 2.80.
    [("none", "12.0000"), ("days", "2.8000")],
)
def test_a_week(connected: Terminal, proration: str, price: str) -> None:
    plans(connected, {"retail": RETAIL + f"proration: {proration}\n"})
    run = ("run", "--period", "2024-06-03..2024-06-10", "--out", "out", "--price-plans", "plans", "--also", "pdf")
    assert connected.run(*run).code == 0
    assert connected.left().row(ALICE)["Recurring Price"] == price
    assert "3 June" in page(connected.left(), "Alice") or "2024-06-03" in page(connected.left(), "Alice")


def test_a_month_that_goes_on(connected: Terminal) -> None:
    plans(connected, {"retail": RETAIL})
    run = ("run", "--period", "this-month", "--timezone", "UTC", "--out", "out", "--price-plans", "plans")
    assert connected.run(*run).code == 0
    left = connected.left()
    assert "period_not_over" in codes(left, "Alice")
    assert left.row(ALICE)["Complete"] == "no"
    # Nobody called yet; the phones are there.
    assert (left.account("Alice")["price"], left.row(ALICE)["Recurring Price"]) == ("0.0000", "12.0000")
