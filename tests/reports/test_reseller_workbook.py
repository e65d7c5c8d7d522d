"""The reseller's workbook under load: many customers, names that no chart can hold, many problems."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.dom import minidom

import openpyxl
import pyarrow as pa
import pytest
from schema import schema_errors

from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render import reseller_record
from reseller_reporting.reports.render.reseller_book import ResellerReport, write_reseller_book
from reseller_reporting.reports.style import Style
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.words.language import Words

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]
NAMES = ["", " ", "x" * 40_000, "bell\x07", "\ufffe", "half \ud800", "00123", "#REF!", "=1+1", "a&<b>'\"", "日本語"]


def report(facts: list[AccountFacts], sums: UsageSums | None) -> ResellerReport:
    return ResellerReport(
        reseller=facts[0].reseller,
        period=facts[0].period,
        currency="USD",
        entries=[(each, sums) for each in facts],
        files={str(each.account.id): f"accounts/{each.account.id}.xlsx" for each in facts},
    )


def made(path: Path, given: ResellerReport) -> Path:
    write_reseller_book(path, given, country_name=lambda code: code)
    return path


@pytest.fixture
def customers(make_facts: MakeFacts) -> Callable[..., list[AccountFacts]]:
    def make(names: list[str], **given: object) -> list[AccountFacts]:
        every = [make_facts(name=name, **given) for name in names]
        return [
            replace(facts, account=replace(facts.account, id=AccountId(f"{number:032x}")))
            for number, facts in enumerate(every)
        ]

    return make


@pytest.fixture
def sums(make_batch: MakeBatch) -> UsageSums:
    known = UsageSums()
    known.add(make_batch({}, {"country_code": "FR", "reseller_cost_units": 7}))
    return known


def test_no_name_breaks_a_part_or_runs(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path
) -> None:
    warnings = [ReportWarning("odd", "odd\x00 <r>x</r>")]
    facts = customers(
        NAMES, warnings=warnings, complete=False, problems=[Problem(source="s", row=1, record_id="=1", reason="\x07")]
    )
    path = made(tmp_path / "reseller.xlsx", report(facts, sums))
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            minidom.parseString(parts.read(name))  # noqa: S318 - Its own making.
    assert schema_errors(path) == []
    book = openpyxl.load_workbook(path)
    for sheet in ("Customers", "Problems", "Warnings"):
        cells = [book[sheet].cell(row, 1) for row in range(2, len(NAMES) + 2)]
        assert {cell.data_type for cell in cells} == {"s"}
    assert len(str(book["Customers"]["A4"].value)) == 32_767
    assert book["Customers"]["A2"].value == "0" * 32


def test_thousands_of_customers_are_a_table_with_their_totals(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path
) -> None:
    count = 2_000
    path = made(tmp_path / "reseller.xlsx", report(customers([f"C{n:05}" for n in range(count)]), sums))
    sheet = openpyxl.load_workbook(path, data_only=True)["Customers"]
    assert sheet.tables["Customers"].ref == f"A1:AK{count + 1}"
    titles, totals = (next(sheet.iter_rows(row, row, values_only=True)) for row in (1, count + 3))
    total: dict[Any, Any] = dict(zip(titles, totals, strict=True))
    assert (total["Calls"], total["Reseller Cost"]) == (2 * count, pytest.approx(count * 0.0307))


def test_more_problems_than_the_sheet_lists_are_counted(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reseller_record, "PROBLEMS_MAX", 3)
    facts = customers(
        ["A", "B"], problems=[Problem(source="s", row=n, record_id=f"r{n}", reason="why") for n in range(4)]
    )
    sheet = openpyxl.load_workbook(made(tmp_path / "reseller.xlsx", report(facts, sums)))["Problems"]
    assert [cell.value for cell in sheet["E"][1:4]] == ["r0", "r1", "r2"]
    assert sheet["A6"].value == "5 more: manifest.json lists them all."


def test_nothing_to_show_leaves_three_sheets(customers: Callable[..., list[AccountFacts]], tmp_path: Path) -> None:
    path = made(tmp_path / "reseller.xlsx", report(customers(["A"], status="failed", complete=False), None))
    assert openpyxl.load_workbook(path).sheetnames == ["Summary", "Customers", "Countries"]


def test_the_same_report_gives_the_same_bytes(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path
) -> None:
    given = report(customers(NAMES), sums)
    assert made(tmp_path / "a.xlsx", given).read_bytes() == made(tmp_path / "b.xlsx", given).read_bytes()


def test_it_has_the_look_of_the_customers_workbooks(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path
) -> None:
    """Cards, charts with words, a table with stripes, notes and a link back on every sheet, the same paper."""
    problem = Problem(source="s", row=1, record_id="r", reason="why")
    facts = customers(["A", "B"], warnings=[ReportWarning("odd", "Odd.")], problems=[problem])
    book: Any = openpyxl.load_workbook(made(tmp_path / "reseller.xlsx", report(facts, sums)))
    first = book["Summary"]
    assert [first.cell(5, column).value for column in (1, 3, 5, 7)] == [
        "Reseller cost of calls",
        "For what",
        "Since the month before",
        "Is it complete",
    ]
    assert len(first._charts) == 2  # Days are not told here.
    assert {cell.hyperlink.location for row in first.iter_rows() for cell in row if cell.hyperlink} == {
        f"'{name}'!A1" for name in book.sheetnames[1:]
    }
    for sheet in book.worksheets[1:]:
        assert sheet["A1"].hyperlink.location == "'Summary'!A1"
        assert list(sheet.tables) == [sheet.title]
        assert any("MOD(ROW(),2)=1" in rule.formula for found in sheet.conditional_formatting for rule in found.rules)
        assert sheet.print_title_rows == "$1:$1"
        assert "All customers, October 2026" in str(sheet.oddHeader.right.text)
    assert book["Customers"]["J1"].comment.text == "What the provider charged the reseller for these calls"


@pytest.mark.parametrize("language", ["de", "fr", "pt"])
def test_no_title_is_cut_in_another_language(
    customers: Callable[..., list[AccountFacts]], sums: UsageSums, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "reseller.xlsx"
    style = Style(words=Words(language))
    write_reseller_book(path, report(customers(["A"]), sums), country_name=lambda code: code, style=style)
    sheet = openpyxl.load_workbook(path).worksheets[1]
    groups = sheet.column_dimensions.values()  # Columns of one width are one group.
    widths = {column: group.width for group in groups for column in range(group.min or 0, (group.max or 0) + 1)}
    for cell in sheet[1]:
        longest, width = max(map(len, str(cell.value).split())), widths[int(cell.column or 0)]
        assert width >= longest + 3, cell.value  # With room for the filter's button.
        assert 2 * (width - 3) >= len(str(cell.value)), cell.value
