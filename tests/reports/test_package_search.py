"""The search for what a customer must not see finds it wherever it hides."""

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from package_search import figures_found, texts_found
from statements import ACME, CAFE, OCTOBER, line, october, statement_of

from reseller_reporting.model.statement import LineKind
from reseller_reporting.reports.edition import CUSTOMER_CALL_COLUMNS, FORBIDDEN_TITLES, Edition
from reseller_reporting.reports.render.as_pdf import StatementHeader, write_statement_pdf
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet_statement import write_statement

SECRET, COST = "provider gold", Decimal("7.1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made.xlsx"


@pytest.mark.parametrize("place", ["cell", "hidden sheet", "comment", "property", "name", "formula"])
def test_a_text_is_found_wherever_a_workbook_hides_it(path: Path, place: str) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet, hidden = workbook.add_worksheet(), workbook.add_worksheet()
        hidden.hide()
        match place:
            case "cell":
                sheet.write_string(0, 0, f"by {SECRET.upper()}")
            case "hidden sheet":
                hidden.write_string(5, 5, SECRET)
            case "comment":
                sheet.write_comment(0, 0, SECRET)
            case "property":
                workbook.set_properties({"comments": SECRET})
            case "name":
                workbook.define_name("x", f'="{SECRET}"')
            case "formula":
                sheet.write_formula(0, 0, f'="{SECRET}"', None, "")
    assert set(texts_found(path, [SECRET, "absent"])) == {SECRET}


@pytest.mark.parametrize("shown", [7.1, 7.1000000000000005, "7.10", "(7.1000)", "−7.1"])
def test_a_figure_is_found_however_it_is_written(path: Path, shown: float | str) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.add_worksheet().write(0, 0, shown)
    assert set(figures_found(path, [COST, Decimal("8.25")])) == {COST}


def test_a_figure_within_another_is_none(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.add_worksheet().write_row(0, 0, [17.1, 7.12, "v7.1.2"])
    assert figures_found(path, [COST]) == {}


def test_a_pdf_and_a_package_are_looked_into(tmp_path: Path) -> None:
    pdf, package = tmp_path / "a.pdf", tmp_path / "all.zip"
    statement = statement_of(line(LineKind.USAGE, SECRET, "7.10"))
    write_statement_pdf(pdf, StatementHeader(reseller=ACME, customer=CAFE, period=OCTOBER), statement)
    with zipfile.ZipFile(package, "w") as archive:
        archive.write(pdf, "inner/a.pdf")
    for path in (pdf, package):
        assert set(texts_found(path, [SECRET, "absent"])) == {SECRET}
        assert set(figures_found(path, [COST, Decimal("8.25")])) == {COST}


def test_a_customers_documents_pass_the_search(tmp_path: Path, path: Path) -> None:
    """The reseller's own copy does not: the search can fail."""
    pdf = tmp_path / "a.pdf"
    write_statement_pdf(pdf, StatementHeader(reseller=ACME, customer=CAFE, period=OCTOBER), october())
    for edition in Edition:
        with xlsxwriter.Workbook(str(path)) as workbook:
            write_statement(workbook, Look(workbook), october(), edition=edition)
        is_clean = not texts_found(path, ["gold", "reseller paid"]) and not figures_found(path, [COST])
        assert is_clean is (edition is Edition.CUSTOMER)
    for made in (path, pdf):
        assert texts_found(made, [*FORBIDDEN_TITLES, "gold"]) == {}
        assert figures_found(made, [COST]) == {}


def test_no_column_of_a_customers_calls_is_forbidden() -> None:
    assert not set(CUSTOMER_CALL_COLUMNS) & set(FORBIDDEN_TITLES)
