"""One run over a reseller whose customers are everything that may go wrong; nobody's trouble is another's."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Left, Outcome, Terminal

UK = Rate(units=300, increment=60, minimum=60, name="=1+1 UK")
JUNE_3 = datetime(2024, 6, 3, 12, tzinfo=UTC)
START = "63884635200"  # JUNE_3 in Gregorian seconds.

# Every customer makes one call of two minutes at 0.03, unless told otherwise below.
NAMES = {
    "a": "../../../etc/passwd",
    "b": "🦊☎️",
    "c": "x" * 200,
    "d": '=HYPERLINK("http://evil.example","click")',
    "e": "Comma, Inc.",
    "f": "Line\nbreak\tand \x07bell",
    "1": "Callers",
    "2": "Broken",
    "3": "Forbidden",
    "4": "Gone",
    "5": "Viewless",
    "6": "Ledgerless",
    "7": "Serviceless",
    "8": "Silent",
}
CALLERS = ["=1+2", "+14155550100", "-5", "@SUM(A1)", "\t=3", "'quoted"]

GOOD = {
    "call_id": "c@host",
    "timestamp": START,
    "direction": "outbound",
    "duration_seconds": 130,
    "billing_seconds": "120",
    "dialed_number": "+442071234567",
    "caller_id_number": "+14155550100",
    "cost": "600",
    "call_type": "per_minute",
    "reseller_cost": "600",
    "reseller_call_type": "per_minute",
    "rate": "0.03",
}
# What is wrong with each record, and the words that the reason must hold.
BROKEN: list[tuple[object, str]] = [
    ({**GOOD, "id": ""}, "no id"),
    ({**GOOD, "id": "202406-no-start", "timestamp": ""}, "no start"),
    ({**GOOD, "id": "202406-odd-start", "timestamp": "yesterday"}, "not a time"),
    ({key: value for key, value in GOOD.items() if key != "direction"} | {"id": "202406-no-direction"}, "no direction"),
    ({**GOOD, "id": "202406-sideways", "direction": "sideways"}, "unknown direction"),
    ({**GOOD, "id": "202406-negative", "billing_seconds": -5}, "negative"),
    ({**GOOD, "id": "202406-negative-duration", "duration_seconds": "-1"}, "negative"),
    ({**GOOD, "id": "202406-odd-seconds", "billing_seconds": "many"}, "not a number"),
    ({**GOOD, "id": "202406-odd-cost", "cost": "free"}, "cost is not a number"),
    ({**GOOD, "id": "202406-odd-reseller-cost", "reseller_cost": "NaN"}, "reseller_cost is not a number"),
    ({**GOOD, "id": "202406-infinite", "cost": "Infinity"}, "cost is not a number"),
    ("not even a record", "not a record"),
]


def world_of_trouble() -> ScriptedWorld:
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="0" * 31 + "a")
    for digit, name in NAMES.items():
        customer = world.customer(name, parent=acme, account_id=digit * 32)
        world.services_of(customer, account={"devices": {"sip_device": 3}})
        if name != "Silent":
            world.call(customer, started_at=JUNE_3, number="+442071234567", answered_seconds=61, rate=UK)
    for minute, caller in enumerate(CALLERS):
        started_at = JUNE_3.replace(hour=13, minute=minute)
        world.call("1" * 32, started_at=started_at, number="+442071234567", caller=caller, answered_seconds=61, rate=UK)
    for record, _ in BROKEN:
        world.raw_row("2" * 32, record, saved_at=JUNE_3.replace(hour=14))
    world.answer("3" * 32, "cdrs", status=403)
    world.answer("4" * 32, "cdrs", status=404)
    world.answer("5" * 32, "cdrs", status=503)
    world.answer("6" * 32, "ledgers", status=403)
    world.answer("7" * 32, "services", status=403)
    return world


@dataclass
class Trouble:
    outcome: Outcome
    left: Left


@pytest.fixture(scope="module")
def trouble(new_terminal: Callable[[], Terminal]) -> Trouble:
    terminal = new_terminal()
    with running(world_of_trouble()) as kazoo:
        outcome = terminal.connect(kazoo).run("run", "--period", "2024-06", "--out", "out", "--json")
    return Trouble(outcome, terminal.left())


def test_the_rest_is_delivered_and_the_command_ends_with_1(trouble: Trouble) -> None:
    assert trouble.outcome.code == 1
    assert trouble.outcome.document == trouble.left.manifest
    assert "Traceback" not in trouble.outcome.err
    files = {name for name in trouble.left.files() if name.startswith("accounts/")}
    ok = {entry["file"] for entry in trouble.left.manifest["accounts"] if entry["status"] == "ok"}
    assert files == ok
    assert len(files) == len(NAMES) - 2


def test_no_file_lies_anywhere_but_where_it_should(trouble: Trouble) -> None:
    top = {name.split("/")[0] for name in trouble.left.files()}
    assert top == {"summary.csv", "summary-by-country.csv", "reseller.xlsx", "manifest.json", "accounts"}
    # The working folder holds what was asked for and the home, and nothing got out of it.
    assert {path.name for path in trouble.left.folder.parent.iterdir()} == {"out", "home"}


SLUGS = {
    "a": "etc-passwd",
    "b": "account",
    "c": "x" * 60,
    "d": "hyperlink-http-evil-example-click",
    "e": "comma-inc",
    "f": "line-break-and-bell",
}


@pytest.mark.parametrize("digit", SLUGS)
def test_a_name_becomes_a_harmless_file_name(trouble: Trouble, digit: str) -> None:
    assert trouble.left.account(digit * 32)["file"] == f"accounts/{SLUGS[digit]}--{digit * 32}.xlsx"


@pytest.mark.parametrize("digit", NAMES)
def test_a_name_is_verbatim_but_for_a_guard_against_formulas(trouble: Trouble, digit: str) -> None:
    name = NAMES[digit]
    assert trouble.left.account(digit * 32)["name"] == name
    assert trouble.left.row(digit * 32)["Name"] == (f"'{name}" if name.startswith("=") else name)


def test_rows_are_sorted_by_name_then_id(trouble: Trouble) -> None:
    assert [entry["name"] for entry in trouble.left.manifest["accounts"]] == sorted(NAMES.values())
    ids = [row["Account ID"] for row in trouble.left.summary]
    assert ids == [entry["id"] for entry in trouble.left.manifest["accounts"]]


def test_csv_is_utf_8_with_a_byte_order_mark_and_crlf(trouble: Trouble) -> None:
    for name in ("summary.csv", "summary-by-country.csv"):
        content = trouble.left.files()[name]
        assert content.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in content
        rows = list(csv.reader(content.decode("utf-8-sig").split("\r\n")))
        assert rows[-1] == []


def test_no_cell_of_a_workbook_is_a_formula_that_came_from_outside(trouble: Trouble) -> None:
    for digit in ("1", "d"):
        book = openpyxl.load_workbook(trouble.left.folder / trouble.left.account(digit * 32)["file"])
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        formulas = [str(cell.value) for cell in cells if cell.data_type == "f"]
        assert not [text for text in formulas if "HYPERLINK" in text or "1+2" in text or text.startswith("=1+1")]
        # The workbook's own links lead inside it; none came with a text.
        links = [cell.hyperlink for cell in cells if cell.hyperlink is not None]
        assert {(link.target, str(link.location)) for link in links} == {
            (None, f"'{sheet.title}'!A1") for sheet in book
        }


def test_caller_ids_are_text_and_verbatim(trouble: Trouble) -> None:
    rows = trouble.left.sheet("1" * 32, "Calls")
    assert [row["(From) Caller ID"] for row in rows][1:] == CALLERS
    assert {row["Rate Name"] for row in rows} == {"=1+1 UK"}
    sheet = trouble.left.book("1" * 32)["Calls"]
    assert {row[2].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}


def test_every_malformed_record_is_counted_and_listed_with_its_reason(trouble: Trouble) -> None:
    broken = trouble.left.account("2" * 32)
    assert broken["status"] == "ok"
    assert broken["malformed"] == len(BROKEN) == len(broken["problems"])
    reasons = [problem["reason"] for problem in broken["problems"]]
    for record, words in BROKEN:
        assert [reason for reason in reasons if words in reason], (record, words, reasons)
    ids = {problem["record_id"] for problem in broken["problems"]}
    assert {record["id"] for record, _ in BROKEN if isinstance(record, dict) and record["id"]} <= ids
    listed = trouble.left.sheet("2" * 32, "Problems")
    assert list(listed[0]) == ["Source", "Row", "Record ID", "Reason"]
    assert sorted(row["Reason"] for row in listed) == sorted(reasons)


def test_a_malformed_record_is_in_no_count_and_no_sum(trouble: Trouble) -> None:
    broken = trouble.left.account("2" * 32)
    assert (broken["legs_read"], broken["calls"]) == (1, 1)
    assert (broken["reseller_cost"], broken["customer_cost"]) == ("0.0600", "0.0600")
    assert (broken["billing_seconds"], broken["charged_seconds"]) == (61, 120)
    row = trouble.left.row("2" * 32)
    assert (row["Calls"], row["Complete"]) == ("1", "no")
    assert "alformed" in row["Warnings"]
    assert len(trouble.left.sheet("2" * 32, "Calls")) == 1


def test_legs_read_are_those_billable_and_those_on_net(trouble: Trouble) -> None:
    for entry in [*trouble.left.manifest["accounts"], trouble.left.manifest["totals"]]:
        assert entry["legs_read"] == entry["legs_billable"] + entry["legs_on_net"]


CALL_COLUMNS = (
    "Ledgers Per Minute",
    "Calls",
    "Billing Minutes",
    "Flat-rate Calls",
    "Flat-rate Minutes",
    "Per-minute Calls",
    "Per-minute Minutes",
    "Reseller Cost",
    "Customer Cost",
)


@pytest.mark.parametrize(("digit", "why"), [("3", "permit"), ("4", "knows no")])
def test_a_refused_customer_keeps_its_row_without_call_figures(trouble: Trouble, digit: str, why: str) -> None:
    entry, row = trouble.left.account(digit * 32), trouble.left.row(digit * 32)
    assert (entry["status"], entry["file"], entry["sha256"]) == ("failed", None, None)
    assert row["SIP Devices"] == "3"
    assert {row[column] for column in CALL_COLUMNS} == {""}
    assert row["Complete"] == "no"
    assert why in row["Warnings"]
    assert [country for country in trouble.left.countries if country["Account ID"] == digit * 32] == []


def test_refused_ledgers_cost_the_account_only_the_ledger_figures(trouble: Trouble) -> None:
    entry, row = trouble.left.account("6" * 32), trouble.left.row("6" * 32)
    assert entry["status"] == "ok"
    assert row["Ledgers Per Minute"] == ""
    assert (row["Calls"], row["Customer Cost"]) == ("1", "0.0600")
    assert "ledger" in row["Warnings"]


def test_refused_services_leave_their_columns_empty_and_say_so(trouble: Trouble) -> None:
    entry, row = trouble.left.account("7" * 32), trouble.left.row("7" * 32)
    assert entry["status"] == "ok"
    assert (row["SIP Devices"], row["Customer Recurring Cost"], row["Calls"]) == ("", "", "1")
    assert row["Complete"] == "no"
    assert "services" in row["Warnings"]


def test_a_view_that_is_missing_to_the_end_is_not_complete(trouble: Trouble) -> None:
    entry, row = trouble.left.account("5" * 32), trouble.left.row("5" * 32)
    assert entry["status"] == "ok"
    assert row["Complete"] == "no"
    assert "view" in row["Warnings"]


def test_a_customer_who_never_called_is_complete_with_zeros(trouble: Trouble) -> None:
    row = trouble.left.row("8" * 32)
    assert (row["Complete"], row["Warnings"]) == ("yes", "")
    assert (row["Calls"], row["Reseller Cost"], row["Ledgers Per Minute"]) == ("0", "0.0000", "0.0000")


def test_totals_are_of_the_accounts_that_did_not_fail(trouble: Trouble) -> None:
    totals: dict[str, Any] = trouble.left.manifest["totals"]
    # 14 customers less Silent, Viewless and the two refused, one call each; and the callers' six.
    assert totals["calls"] == 10 + 6
    assert totals["reseller_cost"] == totals["customer_cost"] == "0.9600"


def test_a_sheet_says_first_that_data_is_missing(trouble: Trouble) -> None:
    texts = [str(cell.value) for row in trouble.left.book("2" * 32)["Summary"].iter_rows() for cell in row]
    assert [text for text in texts if "alformed" in text]
