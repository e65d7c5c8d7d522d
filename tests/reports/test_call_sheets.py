"""The sheet Calls against one whose every cell XlsxWriter wrote, as others read them; and its package as a whole."""

import csv
import random
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from xlsxwriter_rows import write_rows

from reseller_reporting.model.tables import RATED_LEGS
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render import rows_xml, sheet_calls
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.render.local_time import local_clock
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.render.sheet import header_formats
from reseller_reporting.reports.render.sheet_calls import CALL_COLUMNS, CallColumn

MakeFacts = Callable[..., AccountFacts]

BERLIN = ZoneInfo("Europe/Berlin")
TEXTS = [
    "",
    "plain",
    "a&b",
    "<x>",
    "_x0041_",
    "bell\x07",
    "\r\n",
    " lead",
    "日本",
    "=1+1",
    "00123",
    "1E5",
    "\ufffe",
    "x" * 300,
]


@pytest.fixture(params=["plain", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "plain":
        monkeypatch.setattr(rows_xml, "_KERNELS", "no.such.module")
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX_WITH_COMPILER", 10**9)
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX", 10**9)
    else:
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX_WITH_COMPILER", -1)
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX", -1)
    return str(request.param)


def random_batch(count: int, seed: int) -> pa.RecordBatch:
    """Every column of RATED_LEGS at random: odd texts, any figures, nulls where there may be some."""
    chance = random.Random(seed)  # noqa: S311 - Made-up rows.
    start = datetime(2026, 10, 24, 20, tzinfo=UTC)
    rows = []
    for number in range(count):
        row: dict[str, Any] = {"is_billable": True, "started_at": start + timedelta(milliseconds=number * 97_003)}
        for field in RATED_LEGS:
            if field.name in row:
                continue
            value = chance.choice(TEXTS) if field.type == pa.string() else chance.choice([0, 7, 60, 12_345, 10**12])
            row[field.name] = None if field.nullable and chance.random() < 0.3 else value
        rows.append(row)
    return pa.RecordBatch.from_pylist(rows, schema=RATED_LEGS)


def write(path: Path, facts: AccountFacts, batch: pa.RecordBatch, **options: Any) -> Path:
    pieces = [batch.slice(start, 7) for start in range(0, batch.num_rows, 7)]
    names: dict[str, Any] = {"owner_names": {"plain": "Ann & Ben"}, "country_name": str.upper}
    write_workbook(path, facts, pieces, listed_count=batch.num_rows, **{**names, **options})
    return path


def written_by_xlsxwriter(path: Path, batch: pa.RecordBatch) -> Path:
    """The same sheet; every cell by XlsxWriter."""
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    look = Look(workbook)
    sheet = workbook.add_worksheet("Calls")
    for place, (column, header) in enumerate(zip(CALL_COLUMNS, header_formats(look, CALL_COLUMNS), strict=True)):
        sheet.write_string(0, place, column.title, header)
    users = {"plain": "Ann & Ben"}
    columns = []
    for column in CALL_COLUMNS:
        values = pa.nulls(batch.num_rows, pa.int64())
        for source in reversed(column.sources):
            known = batch.column(source)
            values = known if source == column.sources[-1] else pa.compute.coalesce(known, values)
        if column.label == "user":
            values = pa.array([users.get(one, one) for one in values.to_pylist()])
        elif column.label == "country":
            values = pa.array([one.upper() for one in values.to_pylist()])
        columns.append(local_clock(BERLIN).of(values) if column.kind == "date_time" else values)
    kinds = [column.kind for column in CALL_COLUMNS]
    write_rows(sheet, 1, kinds, [getattr(look, kind) for kind in kinds], columns)
    workbook.close()
    return path


def read_by_openpyxl(path: Path) -> list[list[tuple[Any, str, bool]]]:
    """Value, number format and boldness of every cell."""
    book = openpyxl.load_workbook(path)
    return [[(cell.value, cell.number_format, bool(cell.font.b)) for cell in row] for row in book["Calls"].iter_rows()]


@pytest.mark.parametrize("seed", range(3))
def test_others_read_the_cells_that_xlsxwriter_would_have_written(
    tmp_path: Path, make_facts: MakeFacts, seed: int, way: str
) -> None:
    batch = random_batch(150, seed)
    ours = write(tmp_path / "ours.xlsx", make_facts(), batch)
    theirs = written_by_xlsxwriter(tmp_path / "theirs.xlsx", batch)
    assert read_by_openpyxl(ours) == read_by_openpyxl(theirs)
    by_calamine = [
        CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Calls").to_python() for path in (ours, theirs)
    ]
    assert by_calamine[0] == by_calamine[1]
    assert len(by_calamine[0]) == 151


def test_both_ways_give_the_same_file(tmp_path: Path, make_facts: MakeFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for limit in (-1, 10**9):
        monkeypatch.setattr(rows_xml, "_KERNELS", "no.such.module")
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX", limit)
        monkeypatch.setattr(rows_xml, "PLAIN_ROWS_MAX_WITH_COMPILER", limit)
        made[limit] = write(
            tmp_path / f"{limit}.xlsx", make_facts(), random_batch(200, 9), rows_per_sheet=77
        ).read_bytes()
    assert made[-1] == made[10**9]


def test_every_part_is_well_formed(tmp_path: Path, make_facts: MakeFacts, way: str) -> None:
    path = write(tmp_path / "a.xlsx", make_facts(), random_batch(60, 4), rows_per_sheet=25)
    with zipfile.ZipFile(path) as parts:
        assert parts.testzip() is None
        assert parts.namelist()[0] == "[Content_Types].xml"
        assert len(set(parts.namelist())) == len(parts.namelist())
        dimensions = []
        for name in parts.namelist():
            root = ET.fromstring(parts.read(name))  # noqa: S314 - Our own.
            dimensions += [found.attrib["ref"] for found in root.iter() if found.tag.endswith("}dimension")]
    assert dimensions[1:4] == ["A1:S26", "A1:S26", "A1:S11"]


def test_the_same_file_but_smaller_where_that_is_asked_for(tmp_path: Path, make_facts: MakeFacts) -> None:
    batch = random_batch(300, 5)
    fast, small = (
        write(tmp_path / f"{each}.xlsx", make_facts(), batch, compression=each)
        for each in (Compression.FAST, Compression.SMALL)
    )
    assert small.stat().st_size < fast.stat().st_size
    with zipfile.ZipFile(fast) as one, zipfile.ZipFile(small) as other:
        assert {name: one.read(name) for name in one.namelist()} == {n: other.read(n) for n in other.namelist()}


def test_a_new_column_is_one_line(
    tmp_path: Path, make_facts: MakeFacts, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    margin = replace(CALL_COLUMNS[-1], kind="money_micros", sources=("reseller_cost_units", "answered_seconds"))
    more = (*CALL_COLUMNS[:-1], margin, CallColumn("Leg ID", 30, "text", ("leg_id",)))
    monkeypatch.setattr(sheet_calls, "CALL_COLUMNS", more)
    path = write(tmp_path / "a.xlsx", make_facts(), random_batch(20, 6))
    rows = list(openpyxl.load_workbook(path)["Calls"].iter_rows(values_only=True))
    assert rows[0][-3:] == ("Price", "Margin", "Leg ID")
    batch = random_batch(20, 6)
    costs, seconds = batch.column("reseller_cost_units").to_pylist(), batch.column("answered_seconds").to_pylist()
    assert [row[18] for row in rows[1:]] == [
        (second if cost is None else cost) / 10**6 for cost, second in zip(costs, seconds, strict=True)
    ]


@pytest.mark.slow
def test_libreoffice_opens_it_and_reads_every_cell(tmp_path: Path, make_facts: MakeFacts) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: nothing is opened with it here")
    batch = random_batch(300, 7)
    path = write(tmp_path / "a.xlsx", make_facts(), batch)
    # Separator, quote, UTF-8; cells as they are stored; the second sheet.
    second_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,2"
    profile = (tmp_path / "profile").as_uri()
    command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", second_sheet, str(path)]
    subprocess.run([*command, "--outdir", str(tmp_path)], check=True, capture_output=True, timeout=120)
    with (tmp_path / "a-Calls.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [column.title for column in CALL_COLUMNS]
    names = [row[6] for row in rows[1:]]
    stated = [text.replace("\r\n", "\n") for text in batch.column("rate_name").to_pylist()]
    assert [name.replace("\r\n", "\n").replace("\r", "") for name in names] == stated
    assert [float(row[5]) for row in rows[1:]] == [units / 10_000 for units in batch.column("rate_units").to_pylist()]
