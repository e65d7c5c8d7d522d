"""Render pages of three workbooks of the made-up reseller into docs/images, to be looked at.

    python tools/render_workbooks.py [--out docs/images]

Needs LibreOffice (`soffice`) and poppler (`pdftoppm`). A month with those before it is pulled from the simulated
KAZOO: the workbook of a busy customer for the reseller's own office, one for a customer, in German, and the reseller's
own. Clock and world are fixed: pictures change with the design alone. What the workbooks are made of, sheets, tables
and charts, is kept beside the pictures in `workbooks.json`: a test finds pictures that are not those of today's design.
"""

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
from pypdf import PdfReader

from reseller_reporting.app.demo import demo_house
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted, sync
from reseller_reporting.app.plans import plan_book
from reseller_reporting.app.progress import Quiet
from reseller_reporting.app.report import RESELLER_BOOK, Order, run
from reseller_reporting.config import load_settings

ROOT = Path(__file__).parents[1]
MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
PLANS = ROOT / "docs" / "examples" / "plans"


@dataclass(frozen=True)
class Picture:
    """The top left part, as high and as wide as said, of the first page of a sheet in an account's workbook."""

    name: str
    workbook: str
    sheet: str
    page: int = 1  # Of the sheet.
    dots_per_inch: int = 90
    size: tuple[int, int] | None = None  # In pixels; the whole page without it.


# Edition, language, and whose workbook it is; the reseller's own without an account.
WORKBOOKS = {
    "internal": ("internal", "en", "Golden Dental LLC"),
    "customer": ("customer", "de", "Café Müller"),
    "reseller": ("internal", "en", None),
}
PICTURES = (
    Picture("workbook-summary", "internal", "Summary"),
    Picture("workbook-calls", "internal", "Calls", dots_per_inch=120, size=(1200, 400)),
    Picture("workbook-trunks", "internal", "Trunks"),
    Picture("workbook-customer", "customer", "Übersicht"),
    Picture("workbook-statement", "customer", "Abrechnung"),
    Picture("workbook-reseller", "reseller", "Summary"),
    Picture("workbook-reseller-customers", "reseller", "Customers", dots_per_inch=120, size=(1360, 300)),
)
STRUCTURE = "workbooks.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--workbooks", type=Path, help="Keep the workbooks in this folder, too.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, made_workbooks(Path(scratch)) as made:
        if asked.workbooks:
            shutil.copytree(scratch, asked.workbooks, dirs_exist_ok=True, ignore=shutil.ignore_patterns("home"))
        printed: dict[Path, Path] = {}
        for picture in PICTURES:
            workbook = made[picture.workbook]
            if workbook not in printed:
                printed[workbook] = as_pdf(workbook, Path(scratch))
            render(picture, printed[workbook], asked.out)
            print(picture.name)
        text = json.dumps({name: structure(path) for name, path in made.items()}, ensure_ascii=False, indent=1)
        (asked.out / STRUCTURE).write_text(f"{text}\n", encoding="utf-8")


def structure(workbook: Path) -> dict[str, Any]:
    """Of each sheet its tables with their columns, its charts with what they show, and its headings."""
    return {sheet.title: _parts(sheet) for sheet in openpyxl.load_workbook(workbook).worksheets}


def _parts(sheet: Any) -> dict[str, Any]:
    bold = [cell for row in sheet.iter_rows(max_col=1, max_row=400) for cell in row if cell.font.b and not sheet.tables]
    return {
        "tables": {table.name: [column.name for column in table.tableColumns] for table in sheet.tables.values()},
        "charts": [[_title(chart), [_reference(series) for series in chart.series]] for chart in sheet._charts],
        "headings": [str(cell.value) for cell in bold if cell.data_type == "s" and cell.value],
    }


def _title(chart: Any) -> str:
    return "".join(run.t for paragraph in chart.title.tx.rich.p for run in paragraph.r or ())


def _reference(series: Any) -> str:
    """Without the rows, of which there are as many as the data has."""
    return re.sub(r"\d", "", str(series.val.numRef.f))


def workbook_of(folder: Path, account: str) -> Path:
    accounts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["accounts"]
    return folder / next(str(each["file"]) for each in accounts if each["name"] == account)


def as_pdf(workbook: Path, scratch: Path) -> Path:
    out = scratch / "pdf" / workbook.stem
    profile = (scratch / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir", str(out)]
    subprocess.run([*command, str(workbook)], check=True, capture_output=True)
    return out / f"{workbook.stem}.pdf"


def render(picture: Picture, pdf: Path, out: Path) -> None:
    """The sheet's pages are those whose footer bears its name before the page's number."""
    footer = re.compile(rf" {picture.sheet} \d+ / \d+$", re.MULTILINE)
    pages = [number for number, page in enumerate(PdfReader(pdf).pages, 1) if footer.search(page.extract_text())]
    number = str(pages[picture.page - 1])
    size = ["-x", "0", "-y", "0", "-W", str(picture.size[0]), "-H", str(picture.size[1])] if picture.size else []
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(picture.dots_per_inch), "-f", number, "-l", number, *size]
    subprocess.run([*command, str(pdf), str(out / picture.name)], check=True)


@contextmanager
def made_workbooks(scratch: Path) -> Iterator[dict[str, Path]]:
    """The workbooks by their names."""
    home = scratch / "home"
    settings = load_settings({"RESELLER_REPORTING_HOME": str(home)}, working_folder=scratch)
    minutes = count()  # One after the other: nothing is read twice at the same moment.
    house = House(settings, lambda: NOW + timedelta(minutes=next(minutes)))
    with demo_house(house, accounts=8, calls=6_000, seed=1) as (made_up, _):
        for month in MONTHS:
            sync(made_up, Wanted(period=month), Quiet())
        made = {}
        for name, (edition, language, account) in WORKBOOKS.items():
            order = Order(
                wanted=Wanted(period=MONTHS[-1]),
                source="store",
                out=scratch / name,
                plans=plan_book(made_up, PLANS),
                edition=edition,
                language=language,
            )
            run(made_up, order, Quiet())
            made[name] = workbook_of(scratch / name, account) if account else scratch / name / RESELLER_BOOK
        yield made


if __name__ == "__main__":
    main()
