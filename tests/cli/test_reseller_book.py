"""The reseller's own workbook: all customers, countries, margins, trunks, problems, and what changed."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.dom import minidom

import openpyxl
import pytest
from recalculation import recalculated

from reseller_reporting.simulate.scripted import DocumentCdr, Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Left, Terminal

RUN = ("run", "--period", "2024-06", "--out", "out")
UK, GERMANY = Rate(units=300, increment=60, minimum=60, name="UK"), Rate(units=100, name="DE", increment=1, minimum=1)
HOSTILE = '=HYPERLINK("http://x")\x07<r>&'
PLAN = """
plan: retail
effective: 2024-01-01
usage:
  uk: {direction: outbound, countries: [GB], per_minute: 0.0500}
  world: {direction: outbound, per_minute: 0.0050}
recurring:
  sip_device: 2.00
"""


def june(day: int, hour: int = 12) -> datetime:
    return datetime(2024, 6, day, hour, tzinfo=UTC)


class Acme(ScriptedWorld):
    """Two trunks for all: Alice's three calls at once fill them, and the last runs over."""

    def __init__(self) -> None:
        super().__init__()
        self.acme = self.reseller("Acme", account_id="a" * 32)
        self.limits_of(self.acme, twoway_trunks=2)
        self.alice = self.customer("Alice", parent=self.acme, account_id="1" * 32)
        self.bob = self.customer("Bob", parent=self.acme, account_id="2" * 32)
        self.odd = self.customer(HOSTILE, parent=self.acme, account_id="3" * 32)
        for place, tag in enumerate(("flat_rate", "flat_rate", "per_minute")):
            started_at = june(3) + timedelta(seconds=10 * place)
            self.uk(self.alice, started_at, number="+14155550111", reseller=tag, answered_seconds=600)
        self.first = self.uk(self.bob, june(4))
        self.second = self.uk(self.bob, june(5))
        self.call(self.odd, started_at=june(6), number="+493012345", answered_seconds=90, rate=GERMANY)
        self.uk(self.odd, june(6, 13))
        self.raw_row(self.odd, {"id": "202406-broken", "direction": "up"}, saved_at=june(6))
        for customer in (self.alice, self.bob, self.odd):
            self.services_of(customer, account={"devices": {"sip_device": 3}})

    def uk(self, account: str, started_at: datetime, **details: Any) -> DocumentCdr:
        given = {"answered_seconds": 60, "rate": UK, "number": "+442071234567", **details}
        return self.call(account, started_at=started_at, **given)


def tell_rate(cdr: DocumentCdr, units: int) -> None:
    """The call costs another amount from now on."""
    channel = cdr.stored["custom_channel_vars"]
    assert isinstance(channel, dict)
    channel["rate"] = units


@pytest.fixture
def world() -> Acme:
    return Acme()


@pytest.fixture
def acme(world: Acme, terminal: Terminal) -> Iterator[Terminal]:
    with running(world) as kazoo:
        yield terminal.connect(kazoo)


@pytest.fixture(scope="module")
def priced_month(new_terminal: Callable[[], Terminal]) -> Iterator[Left]:
    """A report with prices, to be read alone."""
    with running(Acme()) as kazoo:
        terminal = new_terminal().connect(kazoo)
        priced(terminal)
        yield terminal.left()


@pytest.fixture(scope="module")
def plain_month(new_terminal: Callable[[], Terminal]) -> Iterator[Left]:
    """The same without prices."""
    with running(Acme()) as kazoo:
        terminal = new_terminal().connect(kazoo)
        assert terminal.run(*RUN).code == 0
        yield terminal.left()


def book(left: Left) -> Any:
    return openpyxl.load_workbook(left.folder / "reseller.xlsx", data_only=True)


def rows(left: Left, sheet: str) -> list[dict[str, Any]]:
    """Of the table, without what stands below it."""
    header, *cells = book(left)[sheet].iter_rows(values_only=True)
    made = []
    for row in cells:
        if not any(value is not None for value in row):
            break
        made.append(dict(zip(header, row, strict=True)))
    return made


def of(left: Left, sheet: str, name: str) -> dict[str, Any]:
    (row,) = [row for row in rows(left, sheet) if row["Name"] == name]
    return row


def column(left: Left, sheet: str, letter: str = "A") -> list[str]:
    return [str(cell.value) for cell in book(left)[sheet][letter] if cell.value is not None]


def priced(terminal: Terminal, *options: str) -> None:
    (terminal.folder / "plans").mkdir(exist_ok=True)
    (terminal.folder / "plans" / "retail.yaml").write_text(PLAN)
    outcome = terminal.run(*RUN, "--price-plans", "plans", *options)
    assert outcome.code == 0, outcome.err


def numbers(row: dict[str, str]) -> dict[str, Any]:
    """What of a CSV row is a figure."""
    return {
        name: float(text) for name, text in row.items() if re.fullmatch(r"-?\d+(\.\d+)?", text) and name != "Account ID"
    }


def test_every_customer_is_a_line_with_the_figures_of_the_summary(priced_month: Left) -> None:
    made = {row["Account ID"]: row for row in rows(priced_month, "Customers")}
    assert list(made) == [row["Account ID"] for row in priced_month.summary]
    for row in priced_month.summary:
        shown = made[row["Account ID"]]
        assert {name: shown[name] for name in numbers(row)} == pytest.approx(numbers(row), abs=1e-6)
        assert {name for name, text in row.items() if text and not shown[name]} <= set(numbers(row))


def test_countries_are_summed_over_the_customers(plain_month: Left) -> None:
    made = {(row["Country"], row["Direction"]): row for row in rows(plain_month, "Countries")}
    assert [(key, row["Customers"], row["Calls"]) for key, row in made.items()] == [
        (("United States", "outbound"), 1, 3),
        (("United Kingdom", "outbound"), 2, 3),
        (("Germany", "outbound"), 1, 1),
    ]
    # Ten minutes over the trunks' limit; two of Bob's and one of the odd one's, all at 0.03; 90 seconds at 0.01.
    assert [row["Reseller Cost"] for row in made.values()] == pytest.approx([0.3, 0.09, 0.015])


def test_margins_stand_where_there_are_plans(priced_month: Left, plain_month: Left) -> None:
    with (priced_month.folder / "margin.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            shown = next(each for each in rows(priced_month, "Margins") if each["Account ID"] == row["Account ID"])
            # The workbook carries the whole percentage.
            assert {name: shown[name] for name in numbers(row)} == pytest.approx(numbers(row), abs=0.006)
    assert "Margins" not in book(plain_month).sheetnames


def test_what_is_earned_is_the_sum_of_the_margins_where_all_are_known(priced_month: Left) -> None:
    with (priced_month.folder / "margin.csv").open(encoding="utf-8-sig", newline="") as file:
        known = list(csv.DictReader(file))
    said = {row[0]: row[1] for row in book(priced_month)["Summary"].iter_rows(values_only=True, max_col=2)}
    assert said["Margin"] == pytest.approx(sum(float(row["Margin"]) for row in known))
    assert "What is earned" in said
    assert said["Margin on calls"] == pytest.approx(sum(float(row["Margin"]) for row in priced_month.summary))


def test_where_a_customers_margin_is_not_known_it_is_the_margin_on_calls(acme: Terminal) -> None:
    (acme.folder / "plans").mkdir()
    (acme.folder / "plans" / "customers.yaml").write_text("customers: [{plan: retail, customer: Alice}]")
    priced(acme)
    said = {row[0]: row[1] for row in book(acme.left())["Summary"].iter_rows(values_only=True, max_col=2)}
    assert "What is earned" not in said
    assert "Margin" not in said
    assert isinstance(said["Margin on calls"], float)


def test_the_pool_is_shown_with_whose_calls_ran_over(plain_month: Left) -> None:
    cells = [row for row in book(plain_month)["Trunks"].iter_rows(values_only=True) if row[0] is not None]
    ran = {row[0]: row[2:6] for row in cells if row[0] in ("flat_rate", "over")}
    assert ran["flat_rate"][:2] == (2, 2)
    assert ran["over"] == (1, 1, 10, 0.3)
    header = [row[0] for row in cells].index("Customer")
    assert cells[header + 1][:6] == ("Alice", "1" * 32, 2, 1, 0, 0.3)


def test_what_is_wrong_anywhere_is_listed_with_whose_it_is(plain_month: Left) -> None:
    (problem,) = rows(plain_month, "Problems")
    assert (problem["Account ID"], problem["Record ID"]) == ("3" * 32, "202406-broken")
    assert {row["Code"] for row in rows(plain_month, "Warnings")} >= {"malformed_records"}
    assert any("1 of 3 customers" in text for text in column(plain_month, "Summary"))


def test_a_name_from_outside_is_text_wherever_it_stands(priced_month: Left) -> None:
    path = priced_month.folder / "reseller.xlsx"
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            minidom.parseString(parts.read(name))  # noqa: S318 - Well-formed: a spreadsheet mends nothing.
    formulas = openpyxl.load_workbook(path)
    for sheet in ("Customers", "Margins", "Problems", "Warnings"):
        shown = [cell for cell in formulas[sheet]["A"] if "HYPERLINK" in str(cell.value)]
        assert {cell.data_type for cell in shown} == {"s"}, sheet
        assert "<r>&" in shown[0].value
    links = [cell.hyperlink.target for cell in formulas["Customers"]["A"][1:] if cell.hyperlink]
    assert all((path.parent / link).is_file() for link in links)
    assert len(links) == 3


@pytest.mark.slow
def test_libreoffice_calculates_what_the_workbook_carries(world: Acme, acme: Terminal, tmp_path: Path) -> None:
    priced(acme)
    world.uk(world.bob, june(7))
    world.customer("Carol", parent=world.acme)
    priced(acme, "--refresh")
    path = acme.left().folder / "reseller.xlsx"
    carried = openpyxl.load_workbook(path, data_only=True)
    formulas = openpyxl.load_workbook(path)
    calculated = openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)
    live = 0
    for sheet in formulas.sheetnames:
        for row in formulas[sheet].iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    live += 1
                    where = carried[sheet][cell.coordinate].value
                    assert calculated[sheet][cell.coordinate].value == pytest.approx(where), (sheet, cell.coordinate)
    assert "Changes" in formulas.sheetnames
    assert live > 60


@pytest.mark.slow
def test_a_report_that_has_nothing_to_be_compared_with_does_not_call_itself_the_first(
    world: Acme, acme: Terminal
) -> None:
    """Reports without prices came before, and the same with prices says the same again."""
    (acme.folder / "plan.yaml").write_text(PLAN)
    assert acme.run(*RUN).code == 0
    world.uk(world.bob, june(7))
    assert acme.run(*RUN, "--refresh").code == 0
    assert any(text.startswith("Held against the last report") for text in column(acme.left(), "Summary"))
    said = []
    for _ in range(2):
        assert acme.run(*RUN, "--price-plans", "plan.yaml").code == 0
        said.append([text for text in column(acme.left(), "Summary") if "compare it with" in text])
    assert said[0] == said[1]
    (sentence,) = said[0]
    assert sentence.startswith("There is nothing to compare it with: this store holds no earlier report of this period")


def test_what_changed_since_the_last_report_is_told_call_by_call(world: Acme, acme: Terminal) -> None:
    assert acme.run(*RUN).code == 0
    assert "Changes" not in book(acme.left()).sheetnames
    assert any(text.startswith("There is nothing to compare it with") for text in column(acme.left(), "Summary"))
    late = world.uk(world.bob, june(7))
    tell_rate(world.first, 400)
    carol = world.customer("Carol", parent=world.acme)
    world.uk(carol, june(8))
    world.forget_account(world.odd)
    assert acme.run(*RUN, "--refresh").code == 0
    left = acme.left()
    bob, carols, gone = (of(left, "Changes", name) for name in ("Bob", "Carol", rows(left, "Changes")[0]["Name"]))
    assert (bob["Late Calls"], bob["Gone Calls"], bob["Changed Calls"]) == (1, None, 1)
    assert bob["Reseller Cost Difference"] == pytest.approx(0.04)
    assert (carols["What"], carols["Calls Then"], carols["Calls Now"]) == ("new customer", None, 1)
    assert (gone["Account ID"], gone["Calls Then"], gone["Calls Now"]) == ("3" * 32, 2, None)
    calls = {row["Call ID"]: row for row in rows(left, "Changed Calls")}
    assert {id_: row["What"] for id_, row in calls.items()} == {
        world.first.id[7:]: "changed",
        late.id[7:]: "late",
    }
    changed = calls[world.first.id[7:]]
    assert (changed["Reseller Cost Then"], changed["Reseller Cost Now"]) == pytest.approx((0.03, 0.04))
    assert any("1 new, 1 gone, 1 with other figures" in text for text in column(left, "Summary"))


def test_the_same_report_again_is_the_same_file(world: Acme, acme: Terminal) -> None:
    assert acme.run(*RUN).code == 0
    world.uk(world.bob, june(7))
    assert acme.run(*RUN, "--refresh").code == 0
    once = acme.left().files()
    assert acme.run(*RUN, "--refresh").code == 0
    assert acme.left().files() == once


@pytest.mark.slow
def test_only_the_resellers_workbook_depends_on_what_was_reported_before(
    world: Acme, acme: Terminal, new_terminal: Callable[[], Terminal]
) -> None:
    assert acme.run(*RUN).code == 0
    world.uk(world.bob, june(7))
    assert acme.run(*RUN, "--refresh").code == 0
    with running(world) as kazoo:
        elsewhere = new_terminal().connect(kazoo)
        assert elsewhere.run(*RUN).code == 0
    here, there = acme.left().files(), elsewhere.left().files()
    assert {name for name in here if here[name] != there.get(name)} == {"reseller.xlsx"}
    assert here.keys() == there.keys()
    assert {"file": "reseller.xlsx", "sha256": None} in acme.left().manifest["files"]


@pytest.mark.slow
def test_chosen_accounts_and_prices_do_not_disturb_the_comparison(world: Acme, acme: Terminal) -> None:
    assert acme.run(*RUN).code == 0
    world.uk(world.bob, june(7))
    assert acme.run(*RUN, "--refresh", "--accounts", "Bob").code == 0
    assert any("Only reports of all customers" in text for text in column(acme.left(), "Summary"))
    priced(acme)
    assert "Changes" not in book(acme.left()).sheetnames
    assert acme.run(*RUN).code == 0
    assert of(acme.left(), "Changes", "Bob")["Late Calls"] == 1


def test_a_customer_that_could_not_be_read_is_not_compared(world: Acme, acme: Terminal) -> None:
    assert acme.run(*RUN).code == 0
    world.answer(world.bob, "cdrs", status=403)
    assert acme.run(*RUN, "--refresh").code == 1
    assert of(acme.left(), "Changes", "Bob")["What"] == "could not be read now; calls not compared"
    assert of(acme.left(), "Changes", "Bob")["Reseller Cost Difference"] is None


@pytest.mark.slow
def test_a_damaged_memory_of_the_last_report_is_no_report(world: Acme, acme: Terminal) -> None:
    assert acme.run(*RUN).code == 0
    (index,) = Path(acme.settings["HOME"]).rglob("reports.json")
    for day, damage in enumerate(("", "[]", "{", '{"reports": [{"version": 7, "accounts": [{}]}]}'), start=7):
        index.write_text(damage)
        world.uk(world.bob, june(day))
        assert acme.run(*RUN, "--refresh").code == 0
        assert "Changes" not in book(acme.left()).sheetnames, damage
    world.uk(world.bob, june(20))
    assert acme.run(*RUN, "--refresh").code == 0
    assert of(acme.left(), "Changes", "Bob")["Late Calls"] == 1


@pytest.mark.slow
def test_the_memory_holds_two_reports_and_no_more(world: Acme, acme: Terminal) -> None:
    for day in range(7, 12):
        assert acme.run(*RUN, "--refresh").code == 0
        world.uk(world.bob, june(day))
    kept = list(Path(acme.settings["HOME"]).rglob("reported/*/*.parquet"))
    # Alice and the odd one did not change; of Bob there is the last and the one before.
    assert len(kept) == 4


def test_the_customers_edition_leaves_the_resellers_workbook_internal(acme: Terminal) -> None:
    priced(acme, "--edition", "customer")
    assert of(acme.left(), "Customers", "Bob")["Reseller Cost"] == pytest.approx(0.06)
