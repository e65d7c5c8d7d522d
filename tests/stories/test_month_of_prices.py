"""October 2024 of the reseller Acme in New York, by its own prices, with the arithmetic beside each figure.

The plan `retail` changes on the 16th. Blue Cafe empties its bundle just before, gets a third trunk on the 21st, has a
discount, a minimum and a tax; Crowded runs over its one trunk; Eve does not call at all; Nora has no plan; of Gone
nothing can be read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from months import key_figures, page, plans, pull, shown, statement, table
from package_search import figures_found, texts_found
from recalculation import recalculated

from reseller_reporting.reports.render.column_help import CUSTOMER_HELP
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Left, Terminal

# What KAZOO charges, in 1/10 000 a minute.
US = Rate(units=100, increment=6, minimum=30, name="US_DOMESTIC")
DEAR = Rate(units=300, increment=6, minimum=30, name="US_RURAL")
UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")
DE = Rate(units=200, increment=60, minimum=60, name="DE_LANDLINE")
TOLL_FREE = Rate(units=100, increment=60, minimum=60, name="TOLLFREE_IN")

RETAIL = """
plan: retail
name: Retail 2024
currency: USD
proration: days
usage:
  north-america: {text: US and Canada, direction: outbound, countries: [US, CA], per_minute: %(minute)s, minimum: 30,
                  increment: 6}
  world: {text: Abroad, direction: outbound, countries: [GB, JM], markup: {percent: 30}}
  toll-free: {text: Toll-free, direction: inbound, classes: [tollfree_us], per_minute: 0.05}
  inbound: {text: Inbound, direction: inbound, free: true}
bundles:
  us-10: {text: 10 minutes to the US, minutes: 10, direction: outbound, countries: [US]}
recurring:
  twoway_trunks: {text: Trunk, price: %(trunk)s}
  support: {text: Support contract, price: 49.00, quantity: 1}
one_off:
  - {text: Installation, amount: 150.00, on: 2024-10-05, customers: [Blue Cafe]}
discounts:
  loyal: {text: Loyalty discount, percent: 10}
minimum_spend: {amount: 5.005, of: usage}
taxes:
  vat: {name: VAT, percent: 19}
"""
TRUNKED = """
plan: trunked
legs: over-trunks
usage:
  north-america: {direction: outbound, countries: [US, CA], per_minute: 0.03}
  world: {direction: outbound, deck: golden-carrier, markup: {percent: 30}}
"""
DECK = "prefix,rate_cost,rate_increment,rate_minimum,rate_name\n44,0.03,60,60,GOLDEN_UK\n"
PLANS = {
    "retail": RETAIL.replace("plan: retail", "plan: retail\neffective: 2024-01-01")
    % {"minute": "0.03", "trunk": "31.00"},
    "retail-autumn": RETAIL.replace("plan: retail", "plan: retail\neffective: 2024-10-16")
    % {"minute": "0.02", "trunk": "62.00"},
    "trunked": TRUNKED,
    "customers": """
customers:
  - {plan: retail, customer: Blue Cafe}
  - {plan: retail, customer: Eve}
  - {plan: retail, customer: Gone}
  - {plan: trunked, customer: "Crowd*", set: {usage.north-america.per_minute: 0.03}}
""",
}
ALSO = ("--also", "pdf", "--also", "accounting", "--also", "quickbooks", "--also", "xero")
RUN = ("run", "--period", "2024-10", "--out", "out", "--price-plans", "plans", *ALSO)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def told(world: ScriptedWorld) -> dict[str, str]:
    acme = world.reseller("Acme", timezone="America/New_York", account_id="a" * 32)
    names = ("Blue Cafe", "Crowded", "Eve", "Nora", "Gone")
    ids = {name: world.customer(name, parent=acme, account_id=str(place) * 32) for place, name in enumerate(names, 1)}
    cafe, crowded = ids["Blue Cafe"], ids["Crowded"]
    anna = world.user(cafe, "Anna", "Müller")

    def call(started: str, number: str, seconds: int, rate: Rate | None, **more: Any) -> None:
        world.call(cafe, started_at=utc(started), number=number, answered_seconds=seconds, rate=rate, **more)

    call("10-02T12:00:00", "+12125550123", 62, US, owner=anna)
    call("10-03T12:00:00", "+12125550123", 500, US)
    # The last second of the 15th in New York, and the first of the 16th.
    call("10-16T03:59:59", "+12125550123", 61, DEAR)
    call("10-16T04:00:00", "+12125550123", 61, US)
    call("10-20T12:00:00", "+16135550123", 125, US)
    call("10-21T12:00:00", "+442071234567", 125, UK, owner=anna)
    call("10-22T12:00:00", "+18765550123", 60, UK)
    call("10-22T13:00:00", "+4930123456", 60, DE)
    call("10-22T14:00:00", "+18005550100", 61, TOLL_FREE, direction="inbound", caller="+14155550111")
    call("10-22T15:00:00", "+12125550100", 61, None, direction="inbound", customer="flat_rate", reseller="flat_rate")
    call("10-23T12:00:00", "+12125550199", 60, DEAR)
    call("10-24T12:00:00", "+12125550199", 0, US)
    world.raw_row(cafe, {"id": "202410-broken", "call_id": "broken"}, saved_at=utc("10-12T12:00:00"))

    world.limits_of(crowded, twoway_trunks=1)
    for started, number, seconds, customer, rate in (
        ("10-07T12:00:00", "+12125550123", 600, "flat_rate", None),
        ("10-07T12:05:00", "+12125550124", 120, "per_minute", US),  # While the first is up.
        ("10-07T12:20:00", "+12125550125", 60, "flat_rate", None),
        ("10-07T13:00:00", "+442071234567", 125, "per_minute", UK),  # No number for trunks.
    ):
        tags = {"customer": customer, "reseller": "per_minute" if rate else "flat_rate"}
        world.call(crowded, started_at=utc(started), number=number, answered_seconds=seconds, rate=rate, **tags)  # type: ignore[arg-type]

    world.call(ids["Nora"], started_at=utc("10-02T12:00:00"), number="+12125550123", answered_seconds=31, rate=US)
    world.answer(ids["Gone"], "cdrs", status=403)
    bill = invoice(
        [invoice_item("limits", "twoway_trunks", quantity=4, rate=24.99, total=99.96)],
        plan={"limits": {"twoway_trunks": {"rate": 24.99, "cascade": True}}},
    )
    world.services_of(acme, cascade={"limits": {"twoway_trunks": 4}}, invoices=[bill])
    world.services_of(ids["Eve"], account={"limits": {"twoway_trunks": 1}})
    for other in ("Crowded", "Nora", "Gone"):
        world.services_of(ids[other], account={"limits": {"twoway_trunks": 0}})
    return ids


def trunks_of_the_cafe(world: ScriptedWorld, ids: dict[str, str], count: int) -> None:
    world.services_of(ids["Blue Cafe"], account={"limits": {"twoway_trunks": count}})


@pytest.fixture(scope="module")
def terminal(new_terminal: Callable[[], Terminal]) -> Terminal:
    """The month pulled on the 5th, when there were two trunks, on the 21st with three, and at last in a later month."""
    terminal, world = new_terminal(), ScriptedWorld()
    ids = told(world)
    with running(world) as kazoo:
        terminal.connect(kazoo)
        for day, count in (("2024-10-05", 2), ("2024-10-21", 3), ("2024-11-20", 3)):
            trunks_of_the_cafe(world, ids, count)
            pull(terminal, "2024-10", on=day)
        (terminal.folder / "deck.csv").write_text(DECK)
        assert terminal.run("decks", "import", "deck.csv", "--name", "golden-carrier").code == 0
        plans(terminal, PLANS)
        outcome = terminal.run(*RUN)
    # Of Gone nothing could be read: the others are delivered.
    assert outcome.code == 1, outcome.err
    assert "Failed: Gone" in outcome.out
    return terminal


@pytest.fixture(scope="module")
def left(terminal: Terminal) -> Left:
    return terminal.left()


USAGE_V1 = Decimal("0.0180")  # Below: the third call.
USAGE_V2 = Decimal("0.0220") + Decimal("0.0420") + Decimal("0.0200") + Decimal("0.1170") + Decimal("0.0390")
# New York time, price, margin, how.
CAFE_CALLS = [
    # 30 s + 6 × 6 s = 66 s, of the 600 s of both versions: 10 × 15/31 + 10 × 16/31 minutes.
    ("10-02 08:00:00", 0, -0.011, '66 s from "10 minutes to the US"'),
    # 30 s + 79 × 6 s = 504 s; 600 − 66 − 504 = 30 s are left.
    ("10-03 08:00:00", 0, -0.084, '504 s from "10 minutes to the US"'),
    # 66 s, of which the bundle has 30: 36 s × 0.03 / 60 = 0.018. KAZOO took 0.03 × 66 / 60 = 0.033.
    ("10-15 23:59:59", 0.018, -0.015, '30 of 66 s from "10 minutes to the US"; 36 s @ 0.0300/min'),
    # By the next version: 66 s × 0.02 / 60 = 0.022.
    ("10-16 00:00:00", 0.022, 0.011, "30 s min + 6 × 6 s @ 0.0200/min"),
    # 30 s + 16 × 6 s = 126 s × 0.02 / 60 = 0.042; KAZOO took 0.021.
    ("10-20 08:00:00", 0.042, 0.021, "30 s min + 16 × 6 s @ 0.0200/min"),
    # KAZOO took 3 × 0.03 = 0.09; 0.09 × 1.3 = 0.117.
    ("10-21 08:00:00", 0.117, 0.027, "reseller cost 0.0900 + 30 %"),
    ("10-22 08:00:00", 0.039, 0.009, "reseller cost 0.0300 + 30 %"),
    # Germany is in no rule: no price, which is not 0. What KAZOO took for it, 0.02, was paid.
    ("10-22 09:00:00", None, -0.02, None),
    # 60 s + 60 s = 120 s × 0.05 / 60 = 0.1; KAZOO took 0.02.
    ("10-22 10:00:00", 0.1, 0.08, "60 s min + 1 × 60 s @ 0.0500/min"),
    ("10-22 11:00:00", 0, 0, "free"),
    # 60 s × 0.02 / 60 = 0.02, for which KAZOO took 0.03: below cost.
    ("10-23 08:00:00", 0.02, -0.01, "30 s min + 5 × 6 s @ 0.0200/min"),
    ("10-24 08:00:00", 0, 0, "not answered"),
]


def test_every_call_has_its_price_its_margin_and_its_reason(left: Left) -> None:
    rows = [
        (f"{row['Date/time']:%m-%d %H:%M:%S}", row["Price"], row["Margin"], row["Price Breakdown"])
        for row in shown(left, "Blue Cafe", "Calls")
    ]
    assert rows == CAFE_CALLS


# 0.018 + 0.022 + 0.042 + 0.02 + 0.117 + 0.039 + 0.1 = 0.358; 10 % of it 0.0358; 5.005 − 0.3222 = 4.6828.
CAFE_LINES = [
    ("US and Canada", 0.6, 0.018),  # 36 s.
    ("Toll-free", 2, 0.1),
    ("US and Canada: Canada", 2.1, 0.042),  # 126 s.
    ("US and Canada: United States", 2.1, 0.042),  # 66 + 60 s: 0.022 + 0.02.
    ("Abroad: United Kingdom", 3, 0.117),
    ("Abroad: Jamaica", 1, 0.039),
    ("Inbound", 2, 0),  # A minute and another begun; free.
]


def test_the_statement_of_the_cafe(left: Left) -> None:
    lines = statement(left, "Blue Cafe")
    texts = [text for text, _, _ in lines]
    assert texts[0] == "Usage"
    assert sorted(lines[1:8]) == sorted(CAFE_LINES)
    assert lines[8:] == [
        ("Subtotal usage", None, 0.358),
        ("Bundles", None, None),
        ("10 minutes to the US", 10, 0),
        ("Subtotal bundles", None, 0),
        ("Recurring", None, None),
        # Two trunks on the 15 days of the first version: 2 × 31.00 × 15/31 = 30.
        ("Trunk", 2, 30),
        # 49 × 15/31 = 23.709677… and 49 × 16/31 = 25.290322…
        ("Support contract", 1, 23.7097),
        # Two until the 20th: 2 × 62.00 × 5/31 = 20; three from the 21st: 3 × 62.00 × 11/31 = 66.
        ("Trunk", 2, 20),
        ("Trunk", 3, 66),
        ("Support contract", 1, 25.2903),
        ("Subtotal recurring", None, 165),
        ("One-off", None, None),
        ("Installation", 1, 150),
        ("Subtotal one-off", None, 150),
        ("Discounts", None, None),
        ("Loyalty discount", 10, -0.0358),
        ("Subtotal discounts", None, -0.0358),
        ("Minimum", None, None),
        ("Minimum spend", None, 4.6828),
        ("Subtotal minimum", None, 4.6828),
        # 5.005 + 165 + 150.
        ("Net", None, 320.005),
        ("Taxes", None, None),
        # 320.005 × 0.19 = 60.80095, half up to 60.8010.
        ("VAT", 19, 60.801),
        ("Subtotal taxes", None, 60.801),
        ("Rounding", None, None),
        # 380.806 to 380.81.
        ("Rounding", None, 0.004),
        ("Subtotal rounding", None, 0.004),
        ("Total due", None, 380.81),
        ("Price plans: retail@2024-01-01, retail@2024-10-16", None, None),
        ("1 call has no price and is not in this statement: no rule of the plan fits.", None, None),
    ]


def test_each_line_says_how_it_came_about(left: Left) -> None:
    how = [(row["Text"], row["How"]) for row in shown(left, "Blue Cafe", "Statement") if row["How"]]
    assert ("10 minutes to the US", "10 of 10 minutes drawn, 0 left") in how
    assert [said for text, said in how if text == "Trunk"] == [
        "2 × 31.0000 × 15/31 of a month, 2024-10-01 to 2024-10-15",
        "2 × 62.0000 × 5/31 of a month, 2024-10-16 to 2024-10-20",
        "3 × 62.0000 × 11/31 of a month, 2024-10-21 to 2024-10-31",
    ]
    assert ("VAT", "19 % of 320.0050") in how


def test_sums_by_country_rate_and_user_add_up_to_the_calls(left: Left) -> None:
    countries = {(row["Country Code"], row["Direction"]): row for row in shown(left, "Blue Cafe", "Countries")}
    assert {key: (row["Calls"], row["Price"], row["Margin"]) for key, row in countries.items()} == {
        # 0.018 + 0.022 + 0.02; less 0.011 + 0.084 + 0.033 + 0.011 + 0.03.
        ("US", "outbound"): (6, 0.06, pytest.approx(-0.109)),
        ("CA", "outbound"): (1, 0.042, pytest.approx(0.021)),
        ("GB", "outbound"): (1, 0.117, pytest.approx(0.027)),
        ("JM", "outbound"): (1, 0.039, pytest.approx(0.009)),
        # The one call to Germany has no price, and cost 0.02.
        ("DE", "outbound"): (1, None, -0.02),
        ("US", "inbound"): (2, 0.1, pytest.approx(0.08)),
    }
    rates = {row["Rate Name"]: row["Price"] for row in shown(left, "Blue Cafe", "Rates")}
    assert rates == {
        "US_DOMESTIC": pytest.approx(0.064),
        "US_RURAL": pytest.approx(0.038),
        "UK_LANDLINE": pytest.approx(0.156),
        "DE_LANDLINE": None,
        "TOLLFREE_IN": pytest.approx(0.1),
        "(none)": 0,
    }
    users = {row["User"]: row["Price"] for row in shown(left, "Blue Cafe", "Users")}
    assert users == {"Anna Müller": pytest.approx(0.117), "(none)": pytest.approx(0.241)}
    figures = key_figures(left, "Blue Cafe")
    assert (figures["Total due"], figures["Price"], figures["Recurring Price"]) == (380.81, 0.358, 165)


def test_crowded_pays_for_what_found_no_trunk(left: Left) -> None:
    rows = [(row["Price"], row["Price Breakdown"]) for row in shown(left, "Crowded", "Calls")]
    assert rows == [
        (0, "covered by a trunk"),
        (0.06, "60 s min + 1 × 60 s @ 0.0300/min"),  # 2 × 0.03.
        (0, "covered by a trunk"),
        # 0.03 of the deck and 30 % are 0.039; 3 × 0.039 = 0.117.
        (0.117, "60 s min + 2 × 60 s @ 0.0390/min (0.0300 + 30 %)"),
    ]
    usage = {row["Text"]: (row["Amount"], row["How"]) for row in shown(left, "Crowded", "Statement")}
    assert usage["north-america"] == (0.06, "3 calls, 2 minutes billed, 2 calls covered")


def test_eve_owes_what_recurs_and_the_minimum(left: Left) -> None:
    lines = {text: amount for text, _, amount in statement(left, "Eve")}
    # 31 × 15/31 + 62 × 16/31 = 47; 47 + 49 + 5.005 = 101.005; 19 % of it 19.19095, half up 19.1910.
    assert (lines["Subtotal recurring"], lines["Minimum spend"]) == (96, 5.005)
    assert (lines["Net"], lines["VAT"], lines["Total due"]) == (101.005, 19.191, 120.2)
    assert left.account("Eve")["calls"] == 0
    row = left.row(left.account("Eve")["id"])
    assert (row["Price"], row["Recurring Price"], row["Margin"]) == ("0.0000", "96.0000", "0.0000")


def test_nora_has_no_plan_and_no_price_and_is_told_so(left: Left) -> None:
    nora = left.account("Nora")
    assert (nora["calls"], nora["price"]) == (1, None)
    assert [warning["code"] for warning in nora["warnings"]] == ["no_price_plan"]
    row = left.row(nora["id"])
    assert (row["Price"], row["Recurring Price"], row["Margin"]) == ("", "", "")
    assert row["Complete"] == "yes"


def test_the_summaries_hold_prices(left: Left) -> None:
    row = left.row(left.account("Blue Cafe")["id"])
    # KAZOO took 0.011 + 0.084 + 0.033 + 0.011 + 0.021 + 0.09 + 0.03 + 0.02 + 0.02 + 0.03 = 0.35.
    assert (row["Reseller Cost"], row["Price"], row["Margin"]) == ("0.3500", "0.3580", "0.0080")
    assert row["Recurring Price"] == "165.0000"
    countries = {
        (each["Name"], each["Country Code"], each["Direction"]): (each["Price"], each["Margin"])
        for each in left.countries
    }
    assert countries["Blue Cafe", "US", "outbound"] == ("0.0600", "-0.1090")
    assert countries["Blue Cafe", "DE", "outbound"] == ("", "-0.0200")
    assert countries["Nora", "US", "outbound"] == ("", "")


def test_the_margins(left: Left) -> None:
    rows = {row["Name"]: row for row in table(left.folder / "margin.csv")}
    cafe = rows["Blue Cafe"]
    # The reseller's 99.96 for four trunks, of which the cafe has three.
    assert cafe["Reseller Recurring Cost"] == "74.9700"
    assert (cafe["Usage Price"], cafe["Reseller Cost"], cafe["Usage Margin"]) == ("0.3580", "0.3500", "0.0080")
    assert (cafe["Recurring Price"], cafe["Recurring Margin"]) == ("165.0000", "90.0300")
    assert (cafe["One-off"], cafe["Discounts"], cafe["Minimum"]) == ("150.0000", "-0.0358", "4.6828")
    # 320.005 − 0.35 − 74.97 = 244.685; of 320.005 that is 76.46 %.
    assert (cafe["Net"], cafe["Margin"], cafe["Margin Percent"]) == ("320.0050", "244.6850", "76.46")
    # The German call has no price; one call is below its cost, by 0.03 − 0.02. What the bundle covers is not.
    assert (cafe["Priced Calls"], cafe["Unpriced Calls"]) == ("11", "1")
    assert (cafe["Calls Below Cost"], cafe["Loss On These"]) == ("1", "0.0100")
    assert cafe["Plans"] == "retail@2024-01-01 retail@2024-10-16"
    assert rows["Gone"]["Net"] == rows["Nora"]["Net"] == ""


def test_the_manifest_tells_plans_prices_warnings_and_problems(left: Left) -> None:
    manifest, cafe = left.manifest, left.account("Blue Cafe")
    assert sorted(manifest["price_plan_versions"]) == ["retail@2024-01-01", "retail@2024-10-16", "trunked+Crowd*"]
    assert cafe["price"] == "0.3580"
    # 0.358 + 0.177 of Crowded + 0 of Eve.
    assert manifest["totals"]["price"] == "0.5350"
    assert {(each["code"], each["count"]) for each in cafe["warnings"]} == {
        ("malformed_records", 1),
        ("unpriced_calls", 1),
        ("priced_below_cost", 1),
    }
    assert [each["reason"] for each in cafe["problems"] if each["source"].startswith("plan:")] == [
        "no price: no rule of the plan fits this call (+4930123456)",
        "price 0.0200 below reseller cost 0.0300",
    ]
    sheet = [row["Reason"] for row in shown(left, "Blue Cafe", "Problems")]
    assert sheet[-2:] == [each["reason"] for each in cafe["problems"][-2:]]


def test_the_books(left: Left) -> None:
    general = [row for row in table(left.folder / "accounting.csv") if row["Customer"] == "Blue Cafe"]
    assert sum(Decimal(row["Amount"]) for row in general) == Decimal("380.81")
    quickbooks = [row for row in table(left.folder / "accounting-quickbooks.csv") if row["*Customer"] == "Blue Cafe"]
    amounts = [Decimal(row["*ItemAmount"]) + Decimal(row["ItemTaxAmount"] or 0) for row in quickbooks]
    assert sum(amounts) == Decimal("380.81")
    xero = [row for row in table(left.folder / "accounting-xero.csv") if row["*ContactName"] == "Blue Cafe"]
    assert {row["Total"] for row in xero} == {"380.81"}


def test_the_page_for_the_customer(left: Left) -> None:
    said = page(left, "Blue Cafe")
    for words in ("Abroad: United Kingdom", "Installation", "VAT", "USD 380.81", "October 2024"):
        assert words in said
    assert "USD 120.20" in page(left, "Eve")
    assert {path.name.split("--")[0] for path in (left.folder / "statements").iterdir()} == {
        *("blue-cafe", "crowded", "eve")
    }


# --- for customers' eyes ---------------------------------------------------------------------------------------------

# What stands in columns of the internal workbook that no customer may see.
INTERNAL = ("Rate", "Reseller Cost", "Customer Cost", "Margin", "Flat-rate Minutes", "Per-minute Minutes")
WORDS = (
    *("reseller cost", "reseller paid", "reseller was charged", "margin", "rate name", "customer cost", "call type"),
    *("golden-carrier", "markup", "+ 30 %", "Crowd*", "Problems", "charged seconds", "below", "ledger"),
    *(rate.name for rate in (US, DEAR, UK, DE, TOLL_FREE)),
    *("GOLDEN_UK", "Data from", "malformed", "per_minute", "flat_rate", "no rule"),
)
CUSTOMER_RUN = ("run", "--period", "2024-10", "--source", "store", "--price-plans", "plans", "--edition", "customer")


@pytest.fixture(scope="module")
def customers(terminal: Terminal, left: Left) -> Left:
    assert left
    outcome = terminal.run(*CUSTOMER_RUN, *ALSO, "--legs", "all", "--out", "customers")
    assert outcome.code == 0, outcome.err
    return terminal.left("customers")


def numbers(left: Left, name: str, sheets: tuple[str, ...], *, internal: bool) -> set[Decimal]:
    """Amounts of the columns that only the reseller may see, or of all others."""
    rows = [row for sheet in sheets for row in shown(left, name, sheet)]
    cells = (value for row in rows for title, value in row.items() if (title in INTERNAL) is internal)
    return {abs(Decimal(str(value))).quantize(Decimal("1e-6")) for value in cells if isinstance(value, int | float)}


def documents(left: Left, name: str) -> list[Path]:
    stem = Path(left.account(name)["file"]).stem
    return [left.folder / "accounts" / f"{stem}.xlsx", left.folder / "statements" / f"{stem}.pdf"]


@pytest.mark.parametrize("name", ["Blue Cafe", "Crowded", "Eve"])
def test_a_customers_documents_hold_nothing_that_is_not_for_its_eyes(left: Left, customers: Left, name: str) -> None:
    others = {"Blue Cafe", "Crowded", "Eve", "Nora", "Gone"} - {name}
    ids = [left.account(other)["id"] for other in others]
    secret = numbers(left, name, ("Calls", "Countries", "Rates", "Users"), internal=True)
    # Small whole numbers stand everywhere.
    secret = {each for each in secret if each % 1}
    secret -= numbers(left, name, ("Calls", "Statement", "Countries", "Users"), internal=False)
    # The provider's recurring cost, the customer's share of it, and margins of all.
    secret |= {Decimal(each) for each in ("24.99", "99.96", "74.97", "244.685", "0.35", "90.03", "76.46")}
    texts = [*WORDS, *others, *ids]
    workbook, pdf = documents(customers, name)
    for document in (workbook, pdf):
        assert texts_found(document, texts) == {}
        assert figures_found(document, secret) == {}
    # The reseller's own workbook does not pass, so that the search can fail.
    internal = documents(left, name)[0]
    assert len(texts_found(internal, texts)) > 3
    if name != "Eve":
        assert figures_found(internal, secret)


def test_a_customers_workbook_has_no_place_to_hide_anything(customers: Left) -> None:
    path = documents(customers, "Blue Cafe")[0]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Calls", "Countries", "Users", "Statement"]
    assert {sheet.sheet_state for sheet in book.worksheets} == {"visible"}
    # Notes are those of the headers, in the words that are for customers.
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    notes = {(cell.row, str(cell.value), cell.comment.text) for cell in cells if cell.comment is not None}
    assert notes == {(1, title, CUSTOMER_HELP[title]) for _, title, _ in notes}
    assert {"Billing Minutes", "Price", "Calls"} <= {title for _, title, _ in notes}
    hidden = [
        dimension
        for sheet in book.worksheets
        for dimension in (*sheet.column_dimensions.values(), *sheet.row_dimensions.values())
        if dimension.hidden
    ]
    assert hidden == []
    # Names are those of print titles and filters, which name cells alone.
    assert not book.defined_names
    properties = book.properties
    assert (properties.creator, properties.title, properties.subject) == (
        *("Acme", "Calls and costs, October 2024", "Blue Cafe"),
    )
    others = (properties.description, properties.keywords, properties.category, properties.lastModifiedBy)
    assert others == (None, None, None, "Acme")
    with zipfile.ZipFile(path) as package:
        parts = package.namelist()
        assert not [part for part in parts if "custom" in part or "external" in part]
        assert len([part for part in parts if "comments" in part]) == 3  # Of Calls, Countries and Users.
        # The usual order of parts, and nothing behind the last one.
        assert parts[0] == "[Content_Types].xml"
        assert package.comment == b""


def test_a_customer_sees_the_same_prices(left: Left, customers: Left) -> None:
    for name in ("Blue Cafe", "Crowded", "Eve"):
        internal, own = statement(left, name), statement(customers, name)
        assert own[:-1] == internal[: len(own) - 1]
        assert [row["Price"] for row in shown(customers, name, "Calls")] == [
            row["Price"] for row in shown(left, name, "Calls")
        ]
        assert key_figures(customers, name)["Total due"] == key_figures(left, name)["Total due"]
        assert documents(customers, name)[1].read_bytes() == documents(left, name)[1].read_bytes()


def test_a_customers_minutes_are_those_of_its_plan(customers: Left) -> None:
    """What KAZOO counted, 180 s for the call of 125 s to the UK, tells the provider's increments."""
    calls = shown(customers, "Blue Cafe", "Calls")
    # 66 + 504 + 66 + 66 + 126 + 180 + 60 s, none without a price, 120 + 120 + 60 s, none not answered.
    seconds = [None if row["Billing Minutes"] is None else round(row["Billing Minutes"] * 60) for row in calls]
    assert seconds == [66, 504, 66, 66, 126, 180, 60, None, 120, 120, 60, 0]
    total = sum(each or 0 for each in seconds)
    lines = statement(customers, "Blue Cafe")
    minutes = sum(quantity for _, quantity, _ in lines[1:8]) + 10  # The bundle's.
    assert minutes * 60 == pytest.approx(total)
    assert key_figures(customers, "Blue Cafe")["Billing Minutes"] * 60 == pytest.approx(total)


def test_the_office_keeps_its_own_figures_in_either_edition(left: Left, customers: Left) -> None:
    """The CSV files and the manifest are the reseller's, whoever the workbooks are for."""
    for name in ("summary.csv", "summary-by-country.csv", "margin.csv", "accounting.csv"):
        rows = [row for row in table(left.folder / name) if "Gone" not in row.values()]
        assert [row for row in table(customers.folder / name) if "Gone" not in row.values()] == rows


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["internal", "customer"])
@pytest.mark.parametrize("name", ["Blue Cafe", "Crowded", "Eve"])
def test_libreoffice_calculates_what_the_cells_carry(
    left: Left, customers: Left, tmp_path: Path, edition: str, name: str
) -> None:
    path = documents(left if edition == "internal" else customers, name)[0]
    theirs = openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)
    ours, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    compared = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    stored = ours[sheet.title][cell.coordinate].value
                    assert theirs[sheet.title][cell.coordinate].value == pytest.approx(stored), cell.coordinate
                    compared += 1
    assert compared > 5
