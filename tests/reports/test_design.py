"""The design of a workbook, by its structure: tables, notes, links, charts, marks, paper; every part well-formed."""

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.utils import range_boundaries
from package_search import texts_found
from schema import schema_errors
from test_first_sheet import FLAT, SEPTEMBER, priced, prices

from reseller_reporting.model.account import InvoiceItem, Services, Snapshot
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.trunks import TrunkFigures, Trunks
from reseller_reporting.reports.edition import FORBIDDEN_TITLES, Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.render.column_help import help_for
from reseller_reporting.reports.render.look import ACCENT, NEUTRAL, WARM

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
KINDS = ["internal", "priced", "customer", "empty", "hostile", "incomplete", "no view"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(
    tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures
) -> Callable[[str], Path]:
    """A workbook of one of the kinds."""

    def made(kind: str) -> Path:
        path = tmp_path / f"{kind}.xlsx"
        services = Services(account={("users", "user"): 9}, items=())
        batch, known = make_batch({}, FLAT, {"country_code": "US"}), dict[str, Any]()
        trunks = Trunks(own=own_trunks) if kind in ("internal", "hostile") else Trunks()
        if kind in ("priced", "customer"):
            edition = Edition.CUSTOMER if kind == "customer" else Edition.INTERNAL
            batch, known = priced(batch, 20_000, 5_000, None), {"prices": prices(1), "edition": edition}
            known["months_before"] = (SEPTEMBER,)
        if kind == "empty":
            batch = batch.slice(0, 0)
        if kind == "hostile":
            odd = '<r>&"\x01\ud800</r>'
            encoded = odd.replace("\ud800", "")
            batch = make_batch({"rate_name": encoded, "owner_id": encoded, "caller_id_number": encoded})
            known = {"name": odd, "problems": [Problem(source=odd, row=1, record_id=odd, reason=odd)]}
        if kind == "incomplete":
            known = {"complete": False, "warnings": [ReportWarning("gap", "Gap & <more>.")]}
        if kind == "no view":
            none = {"reseller_call_type": None, "customer_call_type": "per_minute"}
            batch, known = make_batch(none, none), {"has_reseller_view": False}
        facts = make_facts(**known)
        snapshot = Snapshot(account=facts.account, taken_at=facts.period.to_at, source="kazoo", services=services)
        facts = make_facts(**known, snapshot=snapshot)
        write_workbook(
            path,
            facts,
            [batch],
            listed_count=batch.num_rows,
            owner_names={},
            country_name={"DE": "Germany", "US": "United States"}.__getitem__,
            trunks=trunks,
        )
        return path

    return made


def element_of(part: bytes) -> ET.Element:
    return ET.fromstring(part)  # noqa: S314 - Our own file.


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def test_every_part_is_well_formed_and_every_relation_leads_somewhere(make: Callable[[str], Path], kind: str) -> None:
    parts = parts_of(make(kind))
    types = parts["[Content_Types].xml"].decode()
    for name, content in parts.items():
        element_of(content)
        if name.endswith(".rels"):
            folder = Path(name).parent.parent
            for relation in element_of(content):
                assert relation.get("TargetMode") != "External"
                target = (Path("/") / folder / str(relation.get("Target"))).as_posix()
                found = str(Path(re.sub(r"/[^/]+/\.\./", "/", target)).as_posix()).removeprefix("/")
                assert found in parts, (name, found)
        elif not name.endswith(".vml") and name != "[Content_Types].xml":
            assert f'PartName="/{name}"' in types


def test_every_part_is_what_the_schema_allows(make: Callable[[str], Path], kind: str) -> None:
    assert schema_errors(make(kind)) == []


@pytest.mark.parametrize(
    ("part", "old", "new", "found"),
    [
        ("xl/worksheets/sheet1.xml", "<pageMargins", "<other/><pageMargins", "Unexpected element 'other'"),
        ("xl/charts/chart1.xml", 'barDir val="bar"', 'barDir val="odd"', "Value 'odd' is not in all"),
    ],
)
def test_the_check_finds_what_the_schema_does_not_allow(
    make: Callable[[str], Path], part: str, old: str, new: str, found: str
) -> None:
    path = make("internal")
    parts = parts_of(path)
    parts[part] = parts[part].decode().replace(old, new, 1).encode()
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    (error,) = schema_errors(path)
    assert part in error
    assert found in error


def test_the_elements_of_a_sheet_stand_in_the_order_of_the_schema(make: Callable[[str], Path], kind: str) -> None:
    order = [
        "sheetPr",
        "dimension",
        "sheetViews",
        "sheetFormatPr",
        "cols",
        "sheetData",
        "autoFilter",
        "mergeCells",
        "conditionalFormatting",
        "hyperlinks",
        "printOptions",
        "pageMargins",
        "pageSetup",
        "headerFooter",
        "rowBreaks",
        "drawing",
        "legacyDrawing",
        "tableParts",
        "extLst",
    ]
    for name, content in parts_of(make(kind)).items():
        if name.startswith("xl/worksheets/sheet"):
            places = [order.index(element.tag.removeprefix(MAIN)) for element in element_of(content)]
            assert places == sorted(places), name


def test_each_table_has_a_name_of_its_own_and_covers_its_header_and_rows(
    make: Callable[[str], Path], kind: str
) -> None:
    book = openpyxl.load_workbook(make(kind))
    names: list[str] = []
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            names.append(table.displayName.casefold())
            cells = sheet[table.ref]
            assert [cell.value for cell in cells[0]] == [column.name for column in table.tableColumns]
            assert table.autoFilter is not None
            if sheet.title != "Trunks":  # Blocks of its own stand below.
                assert len(cells) == max(sheet.max_row, 2)
    assert len(set(names)) == len(names)
    expected = {sheet.title.casefold() for sheet in book.worksheets} - {"summary", "statement"}
    assert set(names) == expected
    assert not set(names) & {name.casefold() for name in book.defined_names}


def test_calls_that_go_on_are_tables_of_their_own(tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    path, batch = tmp_path / "long.xlsx", make_batch(*[{}] * 5)
    write_workbook(
        path,
        make_facts(),
        [batch],
        listed_count=5,
        owner_names={},
        country_name=str.lower,
        rows_per_sheet=2,
    )
    book = openpyxl.load_workbook(path)
    tables = {table.name: table.ref for sheet in book.worksheets for table in sheet.tables.values()}
    assert {name: tables[name] for name in ("Calls", "Calls_2", "Calls_3")} == {
        "Calls": "A1:S3",
        "Calls_2": "A1:S3",
        "Calls_3": "A1:S2",
    }


def test_links_lead_to_every_sheet_and_back(make: Callable[[str], Path], kind: str) -> None:
    book = openpyxl.load_workbook(make(kind))
    forth = {cell.hyperlink.location for row in book["Summary"].iter_rows() for cell in row if cell.hyperlink}
    assert forth == {f"'{name}'!A1" for name in book.sheetnames[1:]}
    for sheet in book.worksheets[1:]:
        links = [(cell.coordinate, cell.hyperlink.location) for row in sheet for cell in row if cell.hyperlink]
        assert links == [("A1", "'Summary'!A1")]


def test_headers_explain_themselves_in_notes(make: Callable[[str], Path], kind: str) -> None:
    book = openpyxl.load_workbook(make(kind))
    notes = help_for(Edition.CUSTOMER if kind == "customer" else Edition.INTERNAL)
    for sheet in (book[name] for name in book.sheetnames if name in ("Calls", "Countries", "Rates", "Users")):
        told = {cell.value: cell.comment.text for cell in sheet[1] if cell.comment}
        assert told == {cell.value: notes[str(cell.value)] for cell in sheet[1] if cell.value in notes}
        assert len(told) > 3


def test_a_customers_workbook_has_no_word_of_costs_in_any_part(make: Callable[[str], Path]) -> None:
    assert (
        texts_found(make("customer"), [*FORBIDDEN_TITLES, "flat-rate", "provider", "below", "charged", "ledger"]) == {}
    )
    assert texts_found(make("priced"), ["Margin"]) != {}


def bounds(cells: str) -> dict[str, int]:
    column, first, last_column, last = range_boundaries(cells)
    return {"min_col": column, "min_row": first, "max_col": last_column, "max_row": last}  # type: ignore[dict-item]


def test_charts_show_cells_that_are_there_with_the_values_they_have(make: Callable[[str], Path], kind: str) -> None:
    path = make(kind)
    book = openpyxl.load_workbook(path, data_only=True)
    charts = [element_of(part) for name, part in parts_of(path).items() if "charts/chart" in name]
    assert len(charts) == {"empty": 0, "internal": 4, "hostile": 4, "no view": 2}.get(kind, 3)
    for chart in charts:
        for reference in (*chart.iter(f"{CHART}numRef"), *chart.iter(f"{CHART}strRef")):
            formula = reference.findtext(f"{CHART}f")
            assert formula is not None
            sheet, _, cells = formula.replace("'", "").partition("!")
            found = [row[0] for row in book[sheet].iter_rows(**bounds(cells), values_only=True)]
            kept = [point.findtext(f"{CHART}v") for point in reference.iter(f"{CHART}pt")]
            assert len(kept) == len(found) > 0
            for cell, value in zip(found, kept, strict=True):
                if isinstance(cell, int | float):
                    assert float(str(value)) == pytest.approx(cell)
                elif isinstance(cell, str):
                    assert value == cell


def test_each_chart_says_in_words_what_it_shows(make: Callable[[str], Path], kind: str) -> None:
    for name, part in parts_of(make(kind)).items():
        if "drawings/drawing" in name:
            described = re.findall(r'<xdr:cNvPr [^>]*descr="([^"]{40,})"', part.decode())
            assert len(described) == part.count(b"<xdr:graphicFrame ") > 0


def test_marks_find_losses_calls_without_a_rate_and_calls_without_a_price(make: Callable[[str], Path]) -> None:
    book = openpyxl.load_workbook(make("priced"))

    def marks(sheet: str) -> dict[str, list[Any]]:
        return {
            str(cells.sqref): [(rule.type, *rule.formula) for rule in cells.rules]
            for cells in book[sheet].conditional_formatting
        }

    calls = marks("Calls")
    assert calls["S2:S4"][0] == ("cellIs", "0")
    assert calls["R2:R4"] == [("expression", 'AND($B2<>"",ISBLANK($R2))')]
    assert '$H2="per_minute"' in calls["F2:L4"][0][1]
    assert calls["A2:T4"] == [("expression", "MOD(ROW(),2)=1")]
    for sheet, cells in (("Countries", "K2:K3"), ("Rates", "J2"), ("Users", "I2")):
        assert marks(sheet)[cells][0] == ("cellIs", "0")


def test_pages_repeat_their_header_fit_the_width_and_are_numbered(make: Callable[[str], Path]) -> None:
    path = make("priced")
    book, parts = openpyxl.load_workbook(path), parts_of(path)
    for place, sheet in enumerate(book.worksheets, 1):
        part = parts[f"xl/worksheets/sheet{place}.xml"].decode()
        assert '<pageSetUpPr fitToPage="1"/>' in part
        assert sheet.page_setup.fitToHeight == 0
        assert "&amp;P / &amp;N</oddFooter>" in part
        assert "<oddHeader>&amp;L&amp;9 Acme&amp;R&amp;9 Calls and costs, October 2026</oddHeader>" in part
        if sheet.title != "Summary":
            assert sheet.print_title_rows == "$1:$1"
            assert sheet.page_setup.orientation == ("portrait" if sheet.title == "Trunks" else "landscape")
    assert book["Summary"].page_setup.orientation == "portrait"
    breaks = [each.id for each in book["Summary"].row_breaks.brk]
    assert [book["Summary"].cell(row + 1, 1).value for row in breaks] == ["Key figures", "By day"]


def contrast(first: str, second: str) -> float:
    """Of two colours, as WCAG defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_text_stands_off_its_ground(make: Callable[[str], Path], kind: str) -> None:
    styles = element_of(parts_of(make(kind))["xl/styles.xml"])

    def rgb(element: ET.Element | None, otherwise: str) -> str:
        colour = None if element is None else element.get("rgb")
        return otherwise if colour is None else colour[-6:]

    fonts = [rgb(font.find(f"{MAIN}color"), "000000") for font in styles.findall(f"{MAIN}fonts/{MAIN}font")]
    fills = [rgb(fill.find(f".//{MAIN}fgColor"), "FFFFFF") for fill in styles.findall(f"{MAIN}fills/{MAIN}fill")]
    checked = 0
    for cell in styles.findall(f"{MAIN}cellXfs/{MAIN}xf"):
        pair = fonts[int(cell.get("fontId", "0"))], fills[int(cell.get("fillId", "0"))]
        assert contrast(*pair) >= 4.5, pair
        checked += 1
    assert checked > 15
    for mark in styles.findall(f"{MAIN}dxfs/{MAIN}dxf"):
        ground = rgb(mark.find(f".//{MAIN}bgColor"), "FFFFFF")
        assert contrast(rgb(mark.find(f"{MAIN}font/{MAIN}color"), "000000"), ground) >= 4.5


@pytest.mark.parametrize("colour", [ACCENT, WARM, NEUTRAL])
def test_what_a_chart_is_drawn_with_stands_off_the_paper(colour: str) -> None:
    assert contrast(colour.removeprefix("#"), "FFFFFF") >= 3


def test_a_course_of_months_is_drawn_beside_its_numbers(make: Callable[[str], Path]) -> None:
    sheet = parts_of(make("priced"))["xl/worksheets/sheet1.xml"].decode()
    ranges = re.findall(r"<xm:f>Summary!(\w+):(\w+)</xm:f><xm:sqref>(\w+)</xm:sqref>", sheet)
    assert [(first[0], last[0], at[0]) for first, last, at in ranges] == [("F", "G", "H")] * 4


def test_the_same_facts_give_the_same_bytes(make: Callable[[str], Path], kind: str) -> None:
    first = make(kind).read_bytes()
    assert make(kind).read_bytes() == first


def test_invoiced_items_may_repeat_without_harm(tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    one = Decimal(1)
    item = InvoiceItem(
        category="a", item="b", name="c", quantity=1, billable=1, rate=one, discount=one, total=one, cascade=False
    )
    facts = make_facts()
    services = Services(items=(item, item), recurring=Decimal(2))
    snapshot = Snapshot(account=facts.account, taken_at=facts.period.to_at, source="kazoo", services=services)
    path, batch = tmp_path / "services.xlsx", make_batch({})
    facts = make_facts(snapshot=snapshot, customer_recurring=Decimal(2))
    write_workbook(path, facts, [batch], listed_count=1, owner_names={}, country_name=str.lower)
    table = openpyxl.load_workbook(path)["Services"].tables["Services"]
    assert table.ref == "A1:K3"
    assert len({column.name for column in table.tableColumns}) == 11
