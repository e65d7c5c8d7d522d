"""The sheet Statement: lines, subtotals and the total, live and as LibreOffice calculates them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from recalculation import recalculated
from statements import line, many, october, renamed, statement_of

from reseller_reporting.model.statement import LineKind, Statement
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet_statement import StatementCells, write_statement

OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.xlsx"


def write(path: Path, statement: Statement, edition: Edition = Edition.INTERNAL) -> StatementCells:
    with xlsxwriter.Workbook(str(path), OPTIONS) as workbook:
        return write_statement(workbook, Look(workbook), statement, edition=edition)


def amounts(path: Path, *, data_only: bool = True) -> dict[Any, Any]:
    """The first column of each row to its amount."""
    sheet = openpyxl.load_workbook(path, data_only=data_only)["Statement"]
    return {row[0].value: row[4].value for row in sheet.iter_rows(min_row=2) if row[0].value is not None}


def test_columns_stand_in_the_first_row(path: Path) -> None:
    write(path, october())
    sheet = openpyxl.load_workbook(path)["Statement"]
    header = ["Text", "Quantity", "Unit", "Unit Price", "Amount", "Currency", "How", "Plan"]
    assert [cell.value for cell in sheet[1]] == header
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"


def test_subtotals_net_and_total_are_those_of_the_lines(path: Path) -> None:
    cells = write(path, october())
    found = amounts(path)
    assert found["Subtotal usage"] == pytest.approx(24.51)  # 8.9250 + 14.3500 + 1.2350 + 0
    assert found["Subtotal bundles"] == 0
    assert found["Subtotal recurring"] == pytest.approx(113.48)  # 59.98 + 4.50 + 49.00
    assert found["Subtotal one-off"] == pytest.approx(137.50)  # 150.00 − 12.50
    assert found["Subtotal discounts"] == pytest.approx(-1.2255)
    assert found["Subtotal minimum"] == pytest.approx(1.7155)
    assert found["Net"] == pytest.approx(275.98)  # 24.51 + 113.48 + 137.50 − 1.2255 + 1.7155
    assert found["Subtotal taxes"] == pytest.approx(52.4362)
    assert found["Subtotal rounding"] == pytest.approx(0.0038)
    assert found["Total due"] == pytest.approx(328.42)  # 275.98 + 52.4362 + 0.0038
    name, _, cell = cells.total.partition("!")
    assert name == "'Statement'"
    assert openpyxl.load_workbook(path, data_only=True)["Statement"][cell.replace("$", "")].value == 328.42


def test_each_sum_is_a_formula(path: Path) -> None:
    write(path, october())
    sums = {text: value for text, value in amounts(path, data_only=False).items() if str(value).startswith("=")}
    assert set(sums) == {
        *("Subtotal usage", "Subtotal bundles", "Subtotal recurring", "Subtotal one-off", "Subtotal discounts"),
        *("Subtotal minimum", "Net", "Subtotal taxes", "Subtotal rounding", "Total due"),
    }
    assert sums["Subtotal usage"] == "=SUM(E3:E6)"


@pytest.mark.slow
def test_libreoffice_calculates_the_same(path: Path, tmp_path: Path) -> None:
    write(path, october())
    ours, theirs, formulas = (
        openpyxl.load_workbook(path, data_only=True)["Statement"],
        openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)["Statement"],
        openpyxl.load_workbook(path)["Statement"],
    )
    checked = [cell.coordinate for row in formulas.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(checked) == 10
    for coordinate in checked:
        assert theirs[coordinate].value == pytest.approx(ours[coordinate].value, abs=1e-9), coordinate


@pytest.mark.parametrize(
    "statement",
    [
        statement_of(),
        many(3),
        statement_of(line(LineKind.TAX, "VAT", "1.00")),
        statement_of(line(LineKind.ONE_OFF, "Credit", "-5.00")),
    ],
    ids=["nothing", "usage alone", "a tax alone", "a credit"],
)
def test_a_statement_of_few_kinds_has_its_total(path: Path, statement: Statement) -> None:
    cells = write(path, statement)
    assert amounts(path)["Total due"] == pytest.approx(statement.total_micros / 1e6)
    assert cells.total_value.scaleb(6) == statement.total_micros


def test_lines_that_do_not_add_up_are_never_written(path: Path) -> None:
    with pytest.raises(AssertionError, match="add up"):
        write(path, replace(october(), total_micros=1))


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "@x", "http://x", "bell\x07", "\ud800", "x" * 40_000])
def test_hostile_text_stays_text(path: Path, text: str) -> None:
    write(path, renamed(october(), text))
    sheet = openpyxl.load_workbook(path)["Statement"]
    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(formulas) == 10
    assert all(str(formula).startswith(("=SUM(E", "=E")) for formula in formulas)
    assert not any(cell.hyperlink for row in sheet.iter_rows(min_row=2) for cell in row)


def test_a_customer_is_not_told_how_usage_was_priced_nor_what_could_not_be(path: Path) -> None:
    write(path, october())
    internal = str(list(openpyxl.load_workbook(path)["Statement"].values))
    write(path, october(), Edition.CUSTOMER)
    customer = str(list(openpyxl.load_workbook(path)["Statement"].values))
    for text in ("reseller paid 7.1000", "3 calls have no price"):
        assert text in internal
        assert text not in customer
    assert "13 − 10 included" in customer
