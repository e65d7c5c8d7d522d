"""Months told to a simulated KAZOO, and pulled on days of their own: what a snapshot knew depends on the day."""

import csv
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
from pypdf import PdfReader

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted, sync
from reseller_reporting.app.progress import Quiet
from reseller_reporting.config import PREFIX, load_settings


def pull(terminal: Any, period: str, *, on: str, accounts: list[str] | None = None) -> None:
    """As if the period had been pulled on that day, at noon."""
    settings = load_settings(
        {PREFIX + name: value for name, value in terminal.settings.items()}, working_folder=terminal.folder
    )
    noon = datetime.fromisoformat(f"{on}T12:00:00").replace(tzinfo=UTC)
    sync(House(settings, clock=lambda: noon), Wanted(period=period, accounts=accounts), Quiet())


def plans(terminal: Any, documents: Mapping[str, str]) -> Path:
    """A folder of plans: file name without its ending to text."""
    folder = Path(terminal.folder) / "plans"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in documents.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def shown(left: Any, name: str, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet with the values that their cells carry."""
    book = openpyxl.load_workbook(left.folder / left.account(name)["file"], data_only=True)
    rows: list[Any] = list(book[sheet].iter_rows(values_only=True))
    book.close()
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def key_figures(left: Any, name: str) -> dict[Any, Any]:
    """The first sheet, label to value."""
    book = openpyxl.load_workbook(left.folder / left.account(name)["file"], data_only=True)
    found = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[0]}
    book.close()
    return found


def statement(left: Any, name: str) -> list[tuple[Any, Any, Any]]:
    """The lines of the sheet: text, quantity, amount."""
    return [(row["Text"], row["Quantity"], row["Amount"]) for row in shown(left, name, "Statement") if row["Text"]]


def page(left: Any, name: str) -> str:
    """The text of the PDF."""
    stem = Path(left.account(name)["file"]).stem
    (path,) = (left.folder / "statements").glob(f"{stem}*.pdf")
    pages = PdfReader(path).pages
    assert len(pages) == 1
    return str(pages[0].extract_text())
