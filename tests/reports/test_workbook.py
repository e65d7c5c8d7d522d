import hashlib
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook
from recalculation import recalculated

from reseller_reporting.model.account import InvoiceItem, Limits, Services, Snapshot
from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.trunks import TrunkFigures, Trunks
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.usage import UsageSums

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]

CALLS_HEADER = (
    "Date/time, Call ID, (From) Caller ID, To Number, Billing Minutes, Rate, Rate Name, Reseller Call Type, "
    "Reseller Cost, Customer Call Type, Customer Cost, Reseller Cost Breakdown, Direction, Country, User, "
    "Billing Seconds, Charged Seconds, Price, Margin"
)
COUNTRIES = {"DE": "Germany", "US": "United States", "JM": "Jamaica"}

ON_NET = {"reseller_call_type": "", "answered_seconds": 500, "charged_seconds": None}
PER_MINUTE_BOTH = {"customer_call_type": "per_minute", "customer_cost_units": 300}
FLAT = {"reseller_call_type": "flat_rate", "answered_seconds": 90}


def write(path: Path, facts: AccountFacts, *batches: pa.RecordBatch, **options: Any) -> UsageSums:
    listed = sum(
        batch.num_rows if facts.legs_listed == "all" else batch.column("is_billable").to_pylist().count(True)
        for batch in batches
    )
    known: dict[str, Any] = {"owner_names": {}, "country_name": COUNTRIES.__getitem__}
    return write_workbook(path, facts, batches, listed_count=listed, **{**known, **options})


def rows_of(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    """What a reader that does not calculate sees, without the header."""
    book = openpyxl.load_workbook(path, data_only=True)
    rows = list(book[sheet].iter_rows(values_only=True))
    book.close()
    return rows[1:]


def by_label(path: Path) -> dict[Any, Any]:
    """The first sheet, label to value."""
    book = openpyxl.load_workbook(path, data_only=True)
    found = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    book.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.xlsx"


def snapshot_of(facts: AccountFacts, **known: Any) -> Snapshot:
    return Snapshot(account=facts.account, taken_at=facts.period.to_at, source="kazoo", **known)


def test_sheets_stand_in_order_and_two_of_them_only_when_there_is_something_to_show(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(), make_batch({}))
    assert openpyxl.load_workbook(path).sheetnames == ["Summary", "Calls", "Countries", "Rates", "Users", "Services"]
    problem = Problem(source="file:calls.csv", row=7, record_id="x", reason="no start")
    write(path, make_facts(problems=[problem]), make_batch({}, {}, FLAT), rows_per_sheet=2)
    assert openpyxl.load_workbook(path).sheetnames == [
        *("Summary", "Calls", "Calls 2", "Countries", "Rates", "Users", "Services", "Trunks", "Problems")
    ]
    assert rows_of(path, "Problems") == [("file:calls.csv", 7, "x", "no start")]


@pytest.mark.parametrize(("trunks", "shown"), [(0, False), (None, False), (2, True), (-1, True)])
def test_trunks_are_shown_where_there_are_any(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, trunks: int | None, shown: bool
) -> None:
    snapshot = snapshot_of(make_facts(), limits=Limits(twoway_trunks=trunks))
    write(path, make_facts(snapshot=snapshot), make_batch({}))
    assert ("Trunks" in openpyxl.load_workbook(path).sheetnames) is shown
    if trunks == -1:
        assert ("Limit", "Two-way trunks", "unlimited") in [row[:3] for row in rows_of(path, "Trunks")]


def test_trunks_say_what_ran_on_them_for_each_party(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(), make_batch(FLAT, FLAT, {**FLAT, **PER_MINUTE_BOTH, "charged_seconds": 120}))
    rows = {row[:2]: row[3:] for row in rows_of(path, "Trunks")}
    assert rows["Reseller", "flat_rate"] == (3, 5, 0)
    assert rows["Customer", "per_minute"] == (1, 2, pytest.approx(0.03))
    assert rows["Customer", "flat_rate"] == (0, 0, 0)


def test_a_call_row_holds_real_dates_numbers_and_text(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    leg = {
        "started_at": datetime(2026, 10, 25, 0, 30, 5, tzinfo=UTC),  # The first 2:30 of the night with two of them.
        "caller_id_number": "0041000",
        "dialed_number": "1E5",
        "answered_seconds": 61,
        "charged_seconds": 120,
        "reseller_cost_units": 79,
        "owner_id": "u1",
        **PER_MINUTE_BOTH,
    }
    write(path, make_facts(), make_batch(leg), owner_names={"u1": "Ann Lee"})
    sheet = openpyxl.load_workbook(path)["Calls"]
    assert ", ".join(str(cell.value) for cell in sheet[1]) == CALLS_HEADER
    assert [cell.value for cell in sheet[2]] == [
        datetime(2026, 10, 25, 2, 30, 5),  # noqa: DTZ001 - A cell holds no zone.
        "call-0",
        "0041000",
        "1E5",
        2,
        0.03,
        "DE-49",
        "per_minute",
        0.0079,
        "per_minute",
        0.03,
        "60 s min @ 0.0300/min",
        "outbound",
        "Germany",
        "Ann Lee",
        61,
        120,
        None,
        None,
    ]
    assert [sheet[name].number_format for name in ("A2", "E2", "I2", "P2")] == [
        *("yyyy-mm-dd hh:mm:ss", "#,##0.00", "#,##0.0000", "#,##0")
    ]
    assert [sheet[name].data_type for name in ("C2", "D2")] == ["s", "s"]


def test_headers_are_frozen_filtered_and_repeated_on_paper(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(), make_batch({}, {}))
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets[1:]:
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
        assert [table.autoFilter.ref == table.ref for table in sheet.tables.values()] == [True]
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert book["Calls"].tables["Calls"].ref == "A1:S3"


def test_only_billable_legs_are_rows_unless_all_are_asked_for(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    batch = make_batch({}, ON_NET, FLAT)
    write(path, make_facts(), batch)
    assert [row[1] for row in rows_of(path, "Calls")] == ["call-0", "call-2"]
    billable = rows_of(path, "Countries")
    sums = write(path, make_facts(legs_listed="all"), batch)
    assert [row[1] for row in rows_of(path, "Calls")] == ["call-0", "call-1", "call-2"]
    assert rows_of(path, "Countries") == billable
    assert sums.legs_on_net == 1


def test_calls_go_on_in_a_second_sheet_and_formulas_span_both(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(), make_batch({}, {}, {}), make_batch({}, {}), rows_per_sheet=2)
    counts = [len(rows_of(path, name)) for name in ("Calls", "Calls 2", "Calls 3")]
    assert counts == [2, 2, 1]
    formula = openpyxl.load_workbook(path)["Countries"]["D2"].value
    assert formula.count("COUNTIFS") == 3
    assert "'Calls 3'!$N$2:$N$2" in formula
    assert rows_of(path, "Countries")[0][3] == 5


def test_without_the_resellers_view_reseller_cells_are_empty_and_the_first_sheet_says_so(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    warning = ReportWarning("no_reseller_rights", "Acme is no reseller in KAZOO.")
    facts = make_facts(has_reseller_view=False, warnings=[warning])
    write(path, facts, make_batch({"reseller_call_type": None, **PER_MINUTE_BOTH}))
    assert rows_of(path, "Calls")[0][7:9] == (None, None)
    assert rows_of(path, "Countries")[0][5:9] == (None, None, None, 0.03)
    summary = by_label(path)
    assert (summary["Reseller Cost"], summary["Flat-rate Calls"]) == ("not available", "not available")
    assert "Acme is no reseller in KAZOO." in summary


def test_the_first_sheet_warns_when_the_report_is_not_complete(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    warnings = [ReportWarning("gap", "Calls of 3 October could not be read."), ReportWarning("m", "Malformed.", 4)]
    write(path, make_facts(complete=False, warnings=warnings), make_batch({}))
    summary = by_label(path)
    assert "This report is not complete: figures are missing or may still change." in summary
    assert {"Calls of 3 October could not be read.", "Malformed. (×4)"} <= set(summary)
    assert summary["Complete"] == "no, as said above"
    write(path, make_facts(), make_batch({}))
    assert not any("not complete" in str(label) for label in by_label(path))


def test_the_first_sheet_says_for_whom_and_of_when(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    facts = make_facts(
        ledger_per_minute_units=-100, reseller_recurring=Decimal("2.5"), customer_recurring=Decimal("7.25")
    )
    write(path, facts, make_batch({}, FLAT, ON_NET))
    summary = by_label(path)
    assert {label: summary[label] for label in ("Account", "Realm", "From", "To (exclusive)", "Time zone")} == {
        "Account": "Alice",
        "Realm": "alice.example.com",
        "From": "2026-10-01 00:00+02:00",
        "To (exclusive)": "2026-11-01 00:00+01:00",
        "Time zone": "Europe/Berlin",
    }
    figures = ("Calls", "Billing Minutes", "Flat-rate Minutes", "Reseller Cost", "On-net legs", "Ledgers Per Minute")
    assert [summary[label] for label in figures] == [2, 2.5, 1.5, 0.03, 1, 0]
    assert (summary["Reseller Recurring Cost"], summary["Customer Recurring Cost"]) == (2.5, 7.25)
    live = {row[0].value: row[1].value for row in openpyxl.load_workbook(path)["Summary"].iter_rows()}
    assert live["Calls"] == "=SUM('Countries'!$D$2:$D$2)"


def test_services_show_quantities_beside_what_is_invoiced_for_them(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    item = InvoiceItem(
        category="devices",
        item="sip_device",
        name="SIP",
        quantity=3,
        billable=3,
        rate=Decimal("1.5"),
        discount=Decimal(0),
        total=Decimal("4.5"),
        cascade=False,
    )
    services = Services(
        account={("devices", "sip_device"): 2, ("users", "user"): 9},
        manual={("devices", "sip_device"): 3},
        cascade={("users", "user"): 4},
        items=(item, replace(item, name="SIP again", total=Decimal(1))),
        recurring=Decimal("5.5"),
    )
    facts = make_facts(snapshot=snapshot_of(make_facts(), services=services), customer_recurring=Decimal("5.5"))
    write(path, facts, make_batch({}))
    assert [row[:10] for row in rows_of(path, "Services")] == [
        ("devices", "sip_device", 3, None, 3, "SIP", 3, 1.5, 0, 4.5),
        ("devices", "sip_device", None, None, None, "SIP again", 3, 1.5, 0, 1),
        ("users", "user", 9, 4, None, None, None, None, None, None),
    ]
    assert by_label(path)["Customer Recurring Cost"] == 5.5


def test_an_account_without_calls_has_a_workbook_of_zeros(path: Path, make_facts: MakeFacts) -> None:
    sums = write(path, make_facts())
    assert sums == UsageSums()
    assert rows_of(path, "Calls") == rows_of(path, "Countries") == []
    assert by_label(path)["Reseller Cost"] == 0


HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@x",
    "*",
    "?",
    "~a",
    ">5",
    "<>",
    "00123",
    "123",
    "1E5",
    "May 5",
    "TRUE",
    "foo",
    "FOO",
    "fóo",
    "(none)",
    "",
    "_x0041_",
    "tab\there",
    "two\nlines",
    "bell\x07",
    " lead",
    'quo"te',
    "日本",
    "\U0001f600",
    "#N/A",
    "http://x",
    "DE-49",
    "x" * 300,
    "\ufffe",
    "<r><t>x</t></r>",
]


def hostile_batch(make_batch: MakeBatch) -> pa.RecordBatch:
    """Each hostile text is a rate name and an owner once, with a cost of its own; on-net legs stand between."""
    legs: list[dict[str, Any]] = []
    kinds: list[dict[str, Any]] = [{}, FLAT, {"reseller_call_type": "flat_rate_burst"}, PER_MINUTE_BOTH]
    for number, text in enumerate(HOSTILE):
        kind = kinds[number % 4]
        cost = {"reseller_cost_units": 2**number % 9973} if kind in ({}, PER_MINUTE_BOTH) else {}
        of_text = {"rate_name": text, "owner_id": text, "country_code": list(COUNTRIES)[number % 3]}
        legs += [{**kind, **cost, **of_text}, {**ON_NET, **of_text}]
    return make_batch(*legs)


def test_hostile_text_stays_text_in_every_cell(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(name="<r>=1+1&cmd|</r>"), hostile_batch(make_batch))
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book["Calls"].iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    assert (book["Summary"]["A1"].data_type, book["Summary"]["A1"].value) == ("s", "<r>=1+1&cmd|</r>")
    names = [row[6] for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Calls").to_python()[1:]]
    assert [name for name in names if name != ""] == [text.replace("\ufffe", "_xFFFE_") for text in HOSTILE if text]


def test_text_too_long_for_a_cell_is_cut_where_the_reader_sees_it(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    long = {"caller_id_number": "7" * 40_000, "dialed_number": "\U0001f600" * 20_000, "owner_id": "u"}
    write(path, make_facts(name="half \ud800 pair"), make_batch(long), owner_names={"u": "\udfff Ann"})
    row = rows_of(path, "Calls")[0]
    assert (row[2], row[3]) == ("7" * 32_766 + "…", "\U0001f600" * 16_383 + "…")
    assert str(row[14]).endswith(" Ann")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    with pytest.raises(CannotWrite, match="could not be written"):
        write(tmp_path / "absent" / "alice.xlsx", make_facts(), make_batch({}))


def test_a_workbook_that_fails_on_the_way_leaves_nothing(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield make_batch({})
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        write_workbook(
            path, make_facts(), batches(), listed_count=9, owner_names={}, country_name=COUNTRIES.__getitem__
        )
    assert list(path.parent.iterdir()) == []


_WRITE_TWICE = """
import os, pickle, sys, time
os.umask(int(sys.argv[3], 8)); time.tzset()
from pathlib import Path
from reseller_reporting.reports.render.as_xlsx import write_workbook
facts, batch = pickle.loads(Path(sys.argv[1]).read_bytes())
write_workbook(Path(sys.argv[2]), facts, [batch], listed_count=batch.num_rows, owner_names={"a": "Ann"},
               country_name=str.lower)
"""


@pytest.mark.slow
def test_the_same_rows_give_the_same_bytes_in_any_zone_and_process(
    tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    problem = Problem(source="kazoo:cdrs", row=None, record_id="x", reason="y")
    facts = make_facts(legs_listed="all", problems=[problem], snapshot=snapshot_of(make_facts(), services=Services()))
    (tmp_path / "in").write_bytes(pickle.dumps((facts, hostile_batch(make_batch))))
    digests = set()
    for number, (zone, umask) in enumerate([("Pacific/Auckland", "022"), ("America/St_Johns", "077")]):
        out = tmp_path / f"out{number}" / "alice.xlsx"
        out.parent.mkdir()
        environment = {"TZ": zone, "PYTHONHASHSEED": str(number), "PATH": ""}
        command = [sys.executable, "-c", _WRITE_TWICE, str(tmp_path / "in"), str(out), umask]
        subprocess.run(command, check=True, env=environment)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("legs_listed", ["billable", "all"])
def test_computed_values_are_what_libreoffice_calculates(
    path: Path,
    tmp_path: Path,
    make_facts: MakeFacts,
    make_batch: MakeBatch,
    pooled_trunks: TrunkFigures,
    legs_listed: str,
) -> None:
    facts = make_facts(legs_listed=legs_listed)
    look_alike = {"reseller_call_type": "FLAT_RATE", "answered_seconds": 33}
    plain = make_batch(*[{}, FLAT, ON_NET] * 3, *([look_alike] if legs_listed == "all" else []))
    trunks = Trunks(own=pooled_trunks, pool=pooled_trunks)
    write(path, facts, hostile_batch(make_batch), plain, rows_per_sheet=30, trunks=trunks)
    theirs = openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)
    ours, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    checked = 0
    for sheet in formulas.worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            expected, found = (book[sheet.title][cell.coordinate].value for book in (ours, theirs))
            assert found == pytest.approx(expected, abs=1e-9), f"{sheet.title}!{cell.coordinate} {cell.value}"
            checked += 1
    assert checked > 400
