"""Included minutes that a holding shares with its subsidiaries, and that live on from month to month.

Holding has 100 minutes a month, pooled, and what is left lives on for a month. North and South lie below it; all calls
are whole minutes at 0.10, so that each minute beyond the pool is a dime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from months import plans, shown, statement, table
from package_search import texts_found

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running

if TYPE_CHECKING:
    from tests.conftest import Left, Terminal

US = Rate(units=100, increment=60, minimum=60, name="US")
POOLED = """
plan: pooled
effective: 2024-03-01
usage:
  all: {direction: outbound, per_minute: 0.10}
bundles:
  shared: {text: Shared minutes, minutes: 100, pooled: true, carry_over_months: %d}
"""
HOLDING, NORTH, SOUTH, OTHER = "1" * 32, "2" * 32, "3" * 32, "4" * 32
RUN = ("run", "--price-plans", "plans", "--source", "store")


class Family(ScriptedWorld):
    """Calls are told as `day, who, minutes`."""

    def __init__(self) -> None:
        super().__init__()
        acme = self.reseller("Acme", account_id="a" * 32)
        self.customer("Holding", parent=acme, account_id=HOLDING)
        self.customer("North", parent=HOLDING, account_id=NORTH)
        self.customer("South", parent=HOLDING, account_id=SOUTH)
        self.customer("Other", parent=acme, account_id=OTHER)
        for account in (HOLDING, NORTH, SOUTH, OTHER):
            self.services_of(account, account={"devices": {"sip_device": 1}})

    def talked(self, day: str, account: str, minutes: int) -> None:
        started = datetime.fromisoformat(f"2024-{day}T12:00:00").replace(tzinfo=UTC)
        self.call(account, started_at=started, number="+12125550123", answered_seconds=60 * minutes, rate=US)


@pytest.fixture
def family() -> Family:
    return Family()


@pytest.fixture
def kazoo(family: Family) -> Iterator[SimulatedKazoo]:
    with running(family) as server:
        yield server


@pytest.fixture
def store(terminal: Terminal, kazoo: SimulatedKazoo) -> Callable[..., Terminal]:
    """The months in the store, and the plan beside it."""

    def stored(*months: str, accounts: str = "all", carry_over_months: int = 0) -> Terminal:
        terminal.connect(kazoo)
        for month in months:
            assert terminal.run("sync", "--period", month, "--accounts", accounts).code == 0
        plans(terminal, {"pooled": POOLED % carry_over_months})
        return terminal

    return stored


def run(terminal: Terminal, month: str, accounts: str = "all", *more: str) -> Left:
    out = f"{month}-{accounts}"
    outcome = terminal.run(*RUN, "--period", month, "--accounts", accounts, "--out", out, *more)
    assert outcome.code == 0, outcome.err
    return terminal.left(out)


def priced(left: Left, name: str) -> str:
    price = left.account(name)["price"]
    assert price is not None, left.account(name)["warnings"]
    return str(price)


def bundle(left: Left, name: str) -> str:
    (line,) = [row for row in shown(left, name, "Statement") if row["Text"] == "Shared minutes"]
    return str(line["How"])


def codes(left: Left, name: str) -> set[str]:
    return {warning["code"] for warning in left.account(name)["warnings"]}


def test_one_pool_is_drawn_in_the_order_of_all_their_calls(family: Family, store: Callable[..., Terminal]) -> None:
    family.talked("06-03", NORTH, 60)
    family.talked("06-04", SOUTH, 30)
    family.talked("06-05", HOLDING, 25)  # 10 are left: 15 × 0.10.
    family.talked("06-06", NORTH, 5)  # 0.50.
    family.talked("06-07", OTHER, 101)  # A pool of its own: one minute beyond it.
    left = run(store("2024-06"), "2024-06")
    assert [priced(left, name) for name in ("Holding", "North", "South", "Other")] == [
        *("1.5000", "0.5000", "0.0000", "0.1000")
    ]
    assert bundle(left, "Holding") == "100 of 100 minutes drawn, 0 left"
    assert bundle(left, "North") == "60 minutes drawn from a pool that several customers share"
    assert [line for line in statement(left, "South") if line[0] == "Shared minutes"] == [("Shared minutes", 30, 0)]


@pytest.mark.parametrize("asked", ["North", "Holding", "South,North"])
def test_who_is_asked_for_changes_no_price_and_no_byte(
    family: Family, store: Callable[..., Terminal], asked: str
) -> None:
    for day, account, minutes in (("06-03", NORTH, 60), ("06-04", SOUTH, 50), ("06-05", HOLDING, 25)):
        family.talked(day, account, minutes)
    terminal = store("2024-06", carry_over_months=1)
    whole, part = run(terminal, "2024-06"), run(terminal, "2024-06", asked)
    for name in asked.split(","):
        file = whole.account(name)["file"]
        assert part.files()[file] == whole.files()[file]


def refusal(left: Left, name: str) -> str:
    assert left.account(name)["price"] is None
    (message,) = [each["message"] for each in left.account(name)["warnings"] if each["code"] == "not_priced"]
    return str(message)


def test_nothing_is_priced_while_calls_of_the_pool_are_missing(family: Family, store: Callable[..., Terminal]) -> None:
    family.talked("06-03", NORTH, 60)
    family.talked("06-04", SOUTH, 50)
    terminal = store("2024-05")
    store("2024-06", accounts="North,Other")
    left = run(terminal, "2024-06", "North,Other")
    assert refusal(left, "North") == (
        "No prices: 3 customers share included minutes, and of 2 of them the store lacks calls of this period. "
        "A run over all accounts brings them."
    )
    # The rest of the report is there, and Other's pool is its own.
    assert (left.account("North")["calls"], left.row(NORTH)["Price"]) == (1, "")
    assert priced(left, "Other") == "0.0000"
    assert not [row for row in table(left.folder / "margin.csv") if row["Name"] == "North" and row["Net"]]


def test_nothing_is_priced_below_accounts_that_the_store_does_not_know(
    family: Family, store: Callable[..., Terminal]
) -> None:
    family.talked("06-03", NORTH, 60)
    left = run(store("2024-06", accounts="North"), "2024-06", "North")
    assert refusal(left, "North") == (
        "No prices: The customer may share included minutes with accounts above it that the store does not know. "
        "A run over all accounts brings them."
    )


def test_customers_of_a_sub_reseller_draw_on_no_pool_of_ours(family: Family, store: Callable[..., Terminal]) -> None:
    """They are its customers, whether or not it is asked about them."""
    sub = family.reseller("Sub", parent=HOLDING, account_id="5" * 32)
    theirs = family.customer("Theirs", parent=sub, account_id="6" * 32)
    family.talked("06-02", theirs, 80)
    family.talked("06-03", NORTH, 110)
    terminal = store("2024-06")
    assert priced(run(terminal, "2024-06"), "North") == "1.0000"
    assert terminal.run("sync", "--period", "2024-06", "--include-sub-resellers").code == 0
    all_of_them = run(terminal, "2024-06", "all", "--include-sub-resellers")
    assert priced(all_of_them, "North") == "1.0000"
    # A pool of its own; the reseller's figures are not ours to show.
    assert priced(all_of_them, "Theirs") == "0.0000"
    assert all_of_them.row(theirs)["Margin"] == ""


def test_what_is_left_lives_on_for_a_month_with_all_who_drew_on_it(
    family: Family, store: Callable[..., Terminal]
) -> None:
    # March is the plan's first: 100. 30 + 20 are drawn, 50 live on.
    family.talked("03-05", NORTH, 30)
    family.talked("03-06", SOUTH, 20)
    # April begins with 50 + 100: 60 are drawn, the older 50 first; 90 of April's own live on.
    family.talked("04-05", NORTH, 60)
    # May: 90 + 100 = 190; 200 are talked: 10 × 0.10.
    family.talked("05-05", SOUTH, 150)
    family.talked("05-06", HOLDING, 50)
    # June: nothing is left of May; 101 talked: 0.10.
    family.talked("06-05", HOLDING, 101)
    terminal = store("2024-03", "2024-04", "2024-05", "2024-06", carry_over_months=1)
    held = {month: run(terminal, month) for month in ("2024-03", "2024-04", "2024-05", "2024-06")}
    assert [bundle(left, "Holding") for left in held.values()] == [
        "50 of 100 minutes drawn, 50 left",
        "60 of 150 minutes drawn, 90 left; 50 of them were carried over",
        "190 of 190 minutes drawn, 0 left; 90 of them were carried over",
        "100 of 100 minutes drawn, 0 left",
    ]
    assert [priced(left, "Holding") for left in held.values()] == ["0.0000", "0.0000", "1.0000", "0.1000"]
    assert all("carry_over_unknown" not in codes(left, "Holding") for left in held.values())
    # Only North is asked for: the pool lies with Holding all the same.
    assert priced(run(terminal, "2024-05", "South"), "South") == "0.0000"


def test_a_month_that_the_store_lacks_is_told_and_not_taken_for_nothing(
    family: Family, store: Callable[..., Terminal]
) -> None:
    family.talked("05-05", NORTH, 30)
    family.talked("06-05", NORTH, 150)
    # Of May nothing is there.
    left = run(store("2024-06", carry_over_months=1), "2024-06")
    assert priced(left, "North") == "5.0000"
    (warning,) = [each for each in left.account("North")["warnings"] if each["code"] == "carry_over_unknown"]
    assert warning["message"] == (
        "Bundles with carry-over begin as if 2024-05 had left nothing: the store lacks calls of that month. "
        "`reseller-reporting sync --period 2024-05` brings them as far as KAZOO has them."
    )
    # Nothing changes in what was pulled: the report is complete.
    assert left.row(NORTH)["Complete"] == "yes"


def test_months_that_no_longer_matter_need_not_be_there(family: Family, store: Callable[..., Terminal]) -> None:
    family.talked("05-05", NORTH, 30)
    family.talked("06-05", NORTH, 150)
    terminal = store("2024-05", "2024-06", carry_over_months=1)
    left = run(terminal, "2024-06")
    # May begins with 0 to 100 of April: 30 are drawn, so that 70 to 100 of its own live on. That is not known.
    assert "carry_over_unknown" in codes(left, "North")
    assert priced(left, "North") == "0.0000"
    family.talked("05-20", SOUTH, 170)
    assert terminal.run("sync", "--period", "2024-05", "--refresh").code == 0
    left = run(terminal, "2024-06")
    # 200 are talked: May is empty whatever it began with.
    assert "carry_over_unknown" not in codes(left, "North")
    assert priced(left, "North") == "5.0000"


def test_a_week_has_no_month_before_it(family: Family, store: Callable[..., Terminal]) -> None:
    """And its share of the bundle is whole, since the plan has no proration."""
    family.talked("06-05", NORTH, 101)
    left = run(store("2024-06", carry_over_months=1), "2024-06-03..2024-06-10")
    assert priced(left, "North") == "0.1000"
    assert "carry_over_unknown" not in codes(left, "North")


def test_who_shares_the_minutes_is_told_to_no_customer(family: Family, store: Callable[..., Terminal]) -> None:
    """Neither by the line of the pool nor by its plan, which bears the name of whom it was changed for."""
    family.talked("06-03", NORTH, 60)
    family.talked("06-04", SOUTH, 30)
    terminal = store("2024-06")
    own = "customers:\n  - {plan: pooled}\n  - {plan: pooled, customer: Holding, set: {bundles.shared.minutes: 70}}\n"
    plans(terminal, {"pooled": POOLED % 0, "customers": own})
    left = run(terminal, "2024-06", "all", "--edition", "customer", "--also", "pdf")
    assert priced(left, "South") == "2.0000"  # 70 − 60 = 10 minutes are left for its 30.
    stem = Path(left.account("South")["file"]).stem
    for document in (f"accounts/{stem}.xlsx", f"statements/{stem}.pdf"):
        assert texts_found(left.folder / document, ["Holding", "North", HOLDING, NORTH]) == {}
    plan_of_line = {row["Text"]: row["Plan"] for row in shown(left, "South", "Statement")}
    assert plan_of_line["Shared minutes"] == "pooled@2024-03-01"
