"""Bad input through the door: whatever a record holds is text in the workbook, in full or counted, and never run.

From a KAZOO with such records, by the command, to what openpyxl, calamine, LibreOffice and the format's schema read.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from schema import schema_errors

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Left, Terminal

JUNE_3 = datetime(2024, 6, 3, 12, tzinfo=UTC)
RATE = Rate(units=300, increment=60, minimum=60, name="#REF!")
LONG = "7" * 40_000
# What a spreadsheet may take for something else, each as it came.
TEXTS = {
    "a control character": "bell\x07 null\x00 end",
    "half a surrogate pair": "half \ud800 pair",
    "no character": "\ufffe\uffff",
    "a code of the format": "_x0041_",
    "a whole number": "00123",
    "a long number": "123456789012345678901234567890",
    "a number with an exponent": "1E5",
    "a date": "1/2/2024",
    "a truth value": "TRUE",
    "a formula": "=1+1",
    "a formula with a plus": "+1+1",
    "a formula with an at": "@SUM(A1)",
    "a program": "=cmd|' /C calc'!A0",
    "a link": "http://evil.example",
    "a file": "file:///etc/passwd",
    "a mail link": "mailto:a@evil.example",
    "an error": "#REF!",
    "another error": "#N/A",
    "markup": "</t></is></c><c><f>1+1</f></c>",
    "rich text": "<r><t>x</t></r>",
    "spaces": "  in  between  ",
}
GOOD: dict[str, Any] = {
    "call_id": "c@host",
    "timestamp": "63884635200",
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
# Records whose figures and dates no cell can hold: listed with their reason, in no sum.
RECORDS = {
    "no number": {"cost": "NaN"},
    "no end": {"reseller_cost": "-Infinity"},
    "before 1900": {"timestamp": "58000000000"},
    "after 9999": {"timestamp": "400000000000"},
    "a huge duration": {"billing_seconds": "9" * 30},
}


def world_of_texts() -> ScriptedWorld:
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    customer = world.customer(f"Name \x07\ud800 {LONG}", parent=acme, account_id="1" * 32)
    for minute, caller in enumerate([*TEXTS.values(), LONG]):
        started_at = JUNE_3.replace(minute=minute)
        world.call(
            customer, started_at=started_at, number="+442071234567", caller=caller, answered_seconds=60, rate=RATE
        )
    for number, fields in enumerate(RECORDS.values()):
        world.raw_row(customer, {**GOOD, "id": f"202406-{number}", **fields}, saved_at=JUNE_3.replace(hour=14))
    return world


@pytest.fixture(scope="module")
def left(new_terminal: Callable[[], Terminal]) -> Left:
    terminal = new_terminal()
    with running(world_of_texts()) as kazoo:
        outcome = terminal.connect(kazoo).run("run", "--period", "2024-06", "--out", "out")
    assert outcome.code == 0, outcome.err
    return terminal.left()


@pytest.fixture(scope="module")
def path(left: Left) -> Path:
    return left.folder / str(left.account("1" * 32)["file"])


def as_shown(text: str) -> str:
    """What is no character stands as the mark for one; the rest as it came, and what is too long is cut visibly."""
    whole = text.encode("utf-16-le", "replace").decode("utf-16-le")
    return whole if len(whole) <= 32_767 else f"{whole[:32_766]}…"


def decoded(text: str) -> str:
    """The format's own codes of what XML cannot hold, which openpyxl leaves as they stand."""
    for code in ("0000", "0007", "FFFE", "FFFF"):
        text = text.replace(f"_x{code}_", chr(int(code, 16)))
    return text.replace("_x005F_", "_")


def test_every_text_is_a_cell_of_text_and_nothing_else(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Calls"]
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [decoded(str(cell.value)) for cell in cells] == [as_shown(text) for text in [*TEXTS.values(), LONG]]
    assert {row[6].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}  # The rate is named like an error.
    assert not [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.hyperlink or cell.data_type == "f"]


def test_another_reader_says_the_same(path: Path) -> None:
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Calls").to_python()[1:]
    assert [decoded(str(row[2])) for row in rows] == [as_shown(text) for text in [*TEXTS.values(), LONG]]


def test_no_spreadsheet_has_anything_to_mend(left: Left, path: Path) -> None:
    for book in (path, left.folder / "reseller.xlsx"):
        assert schema_errors(book) == []
        with zipfile.ZipFile(book) as parts:
            assert parts.testzip() is None
            relations = [parts.read(name) for name in parts.namelist() if name.endswith(".rels")]
            assert not [each for each in relations if b"evil" in each or b"passwd" in each]


def test_what_no_cell_can_hold_is_listed_and_in_no_sum(left: Left, path: Path) -> None:
    account = left.account("1" * 32)
    assert account["calls"] == len(TEXTS) + 1
    assert account["malformed"] == len(RECORDS)
    sheet = openpyxl.load_workbook(path)["Problems"]
    listed = {str(row[2]) for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert listed == {f"202406-{number}" for number in range(len(RECORDS))}


@pytest.mark.slow
def test_libreoffice_reads_the_same_texts(path: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: nothing is opened with it here")
    copy = tmp_path / "texts.xlsx"
    shutil.copy(path, copy)
    second_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,2"
    profile = (tmp_path / "profile").as_uri()
    command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", second_sheet, str(copy)]
    subprocess.run([*command, "--outdir", str(tmp_path)], check=True, capture_output=True, timeout=120)
    with (tmp_path / "texts-Calls.csv").open(encoding="utf-8", newline="") as file:
        shown = [row[2] for row in csv.reader(file)][1:]
    names = list(TEXTS)
    odd = {"a control character", "half a surrogate pair", "no character"}  # It has marks of its own for these.
    assert {name: text for name, text in zip(names, shown, strict=False) if name not in odd} == {
        name: text for name, text in TEXTS.items() if name not in odd
    }
    assert len(shown) == len(TEXTS) + 1
