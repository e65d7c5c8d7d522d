"""Workbooks in other languages and in a reseller's own name: named, titled and recalculated throughout."""

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from logos import jpeg, png
from pypdf import PdfReader
from recalculation import recalculated
from statements import ACME, CAFE, OCTOBER, many, october

from make_catalogs import messages
from reseller_reporting.model.account import Limits, Snapshot
from reseller_reporting.model.brand import Brand
from reseller_reporting.model.logo import read_logo
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.trunks import TrunkFigures, Trunks
from reseller_reporting.rating.country import country_name
from reseller_reporting.reports.facts import AccountFacts, MonthFigures
from reseller_reporting.reports.render.as_pdf import StatementHeader, write_statement_pdf
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.render.column_help import HELP
from reseller_reporting.reports.render.sheet import SHEETS
from reseller_reporting.reports.style import Style
from reseller_reporting.words.language import ENGLISH, Words
from reseller_reporting.words.message import LANGUAGES

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]

HOSTILE = '=HYPERLINK("http://evil.example","x") & <b>{period}</b> &C&P \u202e'
MUELLER = Brand(
    company="Müller & Söhne GmbH",
    address="Hauptstraße 1 · 10115 Berlin",
    footer="HRB 1234",
    logo=read_logo(png(240, 80)),
    accent="#8A1C4A",
    second="#1F4E79",
)
LEGS = (
    {"dialed_number": "+4930123456"},
    {"country_code": "US", "direction": "inbound", "answered_seconds": 125, "breakdown": "trunk (flat_rate)"},
    {"reseller_call_type": "flat_rate", "answered_seconds": 90, "breakdown": "trunk (flat_rate)"},
    {"country_code": "ZZ", "owner_id": "u1", "breakdown": "60 s min @ 0.0300/min − 15 % discount"},
)


@pytest.fixture
def written(
    tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch, pooled_trunks: TrunkFigures
) -> Callable[..., Path]:
    """A workbook with every sheet that needs no price plan."""

    def write(language: str, *, brand: Brand | None = None, rows_per_sheet: int = 3) -> Path:
        style = Style(words=Words(language), **({"brand": brand} if brand else {}))
        figures = {"calls": 4, "answered_seconds": 400, "reseller_cost_units": 900, "customer_cost_units": 100}
        facts = make_facts(
            complete=False,
            warnings=[ReportWarning("period_not_over", "The period is not over: figures will still grow.")],
            problems=[Problem(source="kazoo:cdrs", row=None, record_id="x", reason="no direction")],
            months_before=(MonthFigures(month="2026-09", **figures),),
            snapshot=Snapshot(
                account=make_facts().account, taken_at=OCTOBER.to_at, source="kazoo", limits=Limits(twoway_trunks=3)
            ),
        )
        path = tmp_path / f"{language}.xlsx"
        write_workbook(
            path,
            facts,
            [make_batch(*LEGS)],
            listed_count=len(LEGS),
            owner_names={},
            country_name=lambda code: style.words.country(code, country_name(code)),
            trunks=Trunks(own=pooled_trunks, pool=pooled_trunks),
            rows_per_sheet=rows_per_sheet,
            style=style,
        )
        return path

    return write


def texts_of(path: Path) -> list[str]:
    """Every text of every cell."""
    book = openpyxl.load_workbook(path)
    cells = (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    return [str(cell.value) for cell in cells if cell.data_type == "s"]


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sheets_and_columns_bear_the_names_of_the_language(written: Callable[..., Path], language: str) -> None:
    words, path = Words(language), written(language)
    book = openpyxl.load_workbook(path)
    names = [words.say(name) for name in SHEETS if name != "Statement"]
    names[2:2] = [f"{words.say('Calls')} 2"]
    assert book.sheetnames == names
    header = [cell.value for cell in book[words.say("Calls")][1]]
    assert header[:2] == [words.say("Date/time"), words.say("Call ID")]
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        titles = [cell.value for row in sheet[table.ref] for cell in row][: len(table.tableColumns)]
        # A table whose columns are not its header, or not distinct, is "repaired" by Excel.
        assert [column.name for column in table.tableColumns] == titles
        assert len({title.casefold() for title in titles}) == len(titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_name_can_be_one(language: str) -> None:
    of_the_reseller = ("Customers", "Margins", "Changes", "Changed Calls", "Warnings")
    names = [Words(language).say(name) for name in (*SHEETS, *of_the_reseller)]
    # Within a formula's quotes an apostrophe would have to be doubled; a table's name holds no hyphen.
    assert all(re.fullmatch(r"[^\W\d_][\w ]{0,25}", name) for name in names)
    assert len({name.casefold() for name in names}) == len(names)


def test_english_is_the_contract(written: Callable[..., Path]) -> None:
    assert openpyxl.load_workbook(written("en")).sheetnames == [
        *("Summary", "Calls", "Calls 2", "Countries", "Rates", "Users", "Services", "Trunks", "Problems"),
    ]


def test_what_a_german_reads(written: Callable[..., Path]) -> None:
    path = written("de")
    texts = texts_of(path)
    for text in (
        "Anrufe und Kosten, Oktober 2026",
        "Dieser Bericht ist nicht vollständig: Zahlen fehlen oder können sich noch ändern.",
        "Der Zeitraum ist noch nicht zu Ende: Die Zahlen werden noch wachsen.",
        "01.10.2026 00:00",
        "Deutschland",
        "Unbekannt",
        "eingehend",
        "Trunk (flat_rate)",
        "60 s min @ 0,0300/min − 15 % Rabatt",
        "keine Richtung",
        "(ohne)",
        "Die eigenen Trunks des Kontos, nachvollzogen",
    ):
        assert text in texts, text
    # What formulas compare stays as KAZOO has it.
    assert "per_minute" in texts


# What came from elsewhere: names, ids, codes, KAZOO's own words, figures and signs.
DATA = re.compile(
    r"(call-\d|[A-Z]{2,3}|DE-49|x|u1|\+?\d+|Alice|alice\.example\.com|Acme \(a+\)|Acme|b+|flat_rate|flat_rate_burst|"
    r"per_minute|kazoo|kazoo:cdrs|Europe/Berlin|60 s min @ 0[.,]0300/min|trunk \(flat_rate\))?"
)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_of_ours_is_left_in_english(written: Callable[..., Path], language: str) -> None:
    """What the English workbook and the other both say came from elsewhere, or is a message that both say alike."""
    words = Words(language)
    alike = {
        message.id for message in messages() if isinstance(message.id, str) and words.say(message.id) == message.id
    }
    both = set(texts_of(written("en"))) & set(texts_of(written(language)))
    assert {text for text in both - alike if not DATA.fullmatch(text)} == set()
    notes = [part for name, part in parts_of(written(language)).items() if "comments" in name]
    assert notes
    assert not any(text.encode() in note for note in notes for text in HELP.values())


def test_a_german_workbook_recalculates_to_what_it_says(written: Callable[..., Path], tmp_path: Path) -> None:
    path = written("de", brand=MUELLER)
    theirs = openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)
    ours, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    checked = 0
    for sheet in formulas.worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            expected, found = (book[sheet.title][cell.coordinate].value for book in (ours, theirs))
            assert found == pytest.approx(expected, abs=1e-9), f"{sheet.title}!{cell.coordinate} {cell.value}"
            checked += 1
    assert checked > 200
    assert ours["Übersicht"]["B2"].value is None


@pytest.mark.parametrize("logo", [png(240, 80), png(10, 3000), jpeg(30, 10)])
def test_the_logo_stands_on_the_first_sheet(written: Callable[..., Path], logo: bytes) -> None:
    parts = parts_of(written("de", brand=Brand(company="Müller", logo=read_logo(logo))))
    assert [part for name, part in parts.items() if name.startswith("xl/media/")] == [logo]
    (drawing,) = [part for name, part in parts.items() if name == "xl/drawings/drawing1.xml"]
    assert 'descr="Müller"'.encode() in drawing


def test_the_colours_are_the_resellers(written: Callable[..., Path]) -> None:
    own, plain = (parts_of(written("en", brand=brand))["xl/styles.xml"] for brand in (MUELLER, None))
    assert b"8A1C4A" in own
    assert b"8A1C4A" not in plain
    assert b"1F6FB2" in plain
    assert b"1F6FB2" not in own


def test_a_hostile_company_stays_text(written: Callable[..., Path]) -> None:
    path = written("de", brand=Brand(company=HOSTILE, address=HOSTILE, footer=HOSTILE))
    book = openpyxl.load_workbook(path)
    assert HOSTILE in texts_of(path)
    formulas = [cell.value for row in book.worksheets[0].iter_rows() for cell in row if cell.data_type == "f"]
    assert not any("evil" in str(formula) for formula in formulas)
    # An ampersand of the name's own is no command of the page's header.
    assert "&&C&&P" in parts_of(path)["xl/worksheets/sheet1.xml"].decode().replace("&amp;", "&")


@pytest.mark.parametrize("language", ["de", "pt"])
def test_the_same_workbook_twice_is_the_same_bytes(written: Callable[..., Path], language: str) -> None:
    assert written(language, brand=MUELLER).read_bytes() == written(language, brand=MUELLER).read_bytes()


def pdf_text(path: Path) -> str:
    (page,) = PdfReader(BytesIO(path.read_bytes())).pages
    return " ".join(page.extract_text().replace("\u202f", " ").replace("\xa0", " ").split())


def statement_pdf(path: Path, statement: Any, **style: Any) -> str:
    header = StatementHeader(reseller=ACME, customer=CAFE, period=OCTOBER, style=Style(**style))
    write_statement_pdf(path, header, statement)
    return pdf_text(path)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Total due", "USD 328.42", "1 to 31 October 2026", "Page 1 of 1"]),
        ("de", ["Gesamtbetrag", "USD 328,42", "1. bis 31. Oktober 2026", "Seite 1 von 1", "Minuten", "Rundung"]),
        ("fr", ["Total à payer", "USD 328,42", "du 1er au 31 octobre 2026", "Page 1 sur 1"]),
        ("es", ["Total a pagar", "USD 328,42", "del 1 al 31 de octubre de 2026"]),
        ("nl", ["Te betalen", "USD 328,42", "1 tot en met 31 oktober 2026"]),
        ("it", ["Totale dovuto", "USD 328,42", "dal 1 al 31 ottobre 2026"]),
        ("pt", ["Total a pagar", "USD 328,42", "de 1 a 31 de outubro de 2026"]),
    ],
)
def test_a_statement_in_the_language(tmp_path: Path, language: str, said: list[str]) -> None:
    text = statement_pdf(tmp_path / "s.pdf", october(), words=Words(language))
    assert all(each in text for each in said), text


def test_a_statement_in_the_resellers_name(tmp_path: Path) -> None:
    text = statement_pdf(tmp_path / "s.pdf", october(), words=ENGLISH, brand=MUELLER)
    for said in (MUELLER.company, MUELLER.address, MUELLER.footer):
        assert said in text
    assert "Acme" not in text
    (page,) = PdfReader(tmp_path / "s.pdf").pages
    assert len(page.images) == 1


@pytest.mark.parametrize("count", [30, 36, 200])
def test_a_full_statement_with_everything_at_its_head_and_foot_is_one_page(tmp_path: Path, count: int) -> None:
    tall = Brand(company="M", address="A", footer="F", logo=read_logo(png(80, 80)))
    statement_pdf(tmp_path / "s.pdf", many(count), words=Words("de"), brand=tall)


def test_a_hostile_company_is_set_as_it_is_written(tmp_path: Path) -> None:
    evil = Brand(company="#panic() $x$ \\ *b*", address="#import", footer="[{page}] #footer")
    text = statement_pdf(tmp_path / "s.pdf", october(), words=ENGLISH, brand=evil)
    assert "#panic() $x$ \\ *b*" in text
    assert "[{page}] #footer" in text
