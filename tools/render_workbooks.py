"""Render pages of three workbooks of the made-up reseller into docs/images, to be looked at.

    python tools/render_workbooks.py [--out docs/images]

Needs LibreOffice (`soffice`) and poppler (`pdftoppm`). A month with those before it is pulled from the simulated
KAZOO: the workbook of a busy customer with oversold trunks for the reseller's own office, one for a customer with its
statement, and one of a customer whose calls are sold below their cost. Clock and world are fixed: pictures change with
the design alone.
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
from datetime import UTC, datetime
from pathlib import Path

from pypdf import PdfReader

from reseller_reporting.app.demo import demo_house
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted, sync
from reseller_reporting.app.plans import plan_book
from reseller_reporting.app.progress import Quiet
from reseller_reporting.app.report import Order, run
from reseller_reporting.config import load_settings

ROOT = Path(__file__).parents[1]
MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
PLANS = ROOT / "docs" / "examples" / "plans"


@dataclass(frozen=True)
class Picture:
    """The top left part, as high and as wide as said, of the first page of a sheet in an account's workbook."""

    name: str
    account: str
    edition: str
    sheet: str
    page: int = 1  # Of the sheet.
    dots_per_inch: int = 90
    size: tuple[int, int] | None = None  # In pixels; the whole page without it.


BUSY, WITH_STATEMENT, OVERSOLD = "Golden Dental LLC", "Café Müller", "Village Furniture LLC"
PICTURES = (
    Picture("workbook-summary", BUSY, "internal", "Summary"),
    Picture("workbook-details", BUSY, "internal", "Summary", page=2),
    Picture("workbook-calls", BUSY, "internal", "Calls", dots_per_inch=150, size=(1500, 520)),
    Picture("workbook-trunks", BUSY, "internal", "Trunks"),
    Picture("workbook-customer", WITH_STATEMENT, "customer", "Summary"),
    Picture("workbook-statement", WITH_STATEMENT, "customer", "Statement"),
    Picture("workbook-below-cost", OVERSOLD, "internal", "Summary"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--workbooks", type=Path, help="Keep the workbooks in this folder, too.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, made_workbooks(Path(scratch)) as folders:
        if asked.workbooks:
            shutil.copytree(scratch, asked.workbooks, dirs_exist_ok=True, ignore=shutil.ignore_patterns("home"))
        printed: dict[Path, Path] = {}
        for picture in PICTURES:
            workbook = workbook_of(folders[picture.edition], picture.account)
            if workbook not in printed:
                printed[workbook] = as_pdf(workbook, Path(scratch))
            render(picture, printed[workbook], asked.out)
            print(picture.name)


def workbook_of(folder: Path, account: str) -> Path:
    accounts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["accounts"]
    return folder / next(str(each["file"]) for each in accounts if each["name"] == account)


def as_pdf(workbook: Path, scratch: Path) -> Path:
    out = scratch / "pdf" / workbook.parent.parent.name
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
    """The workbooks of both editions, each in its folder."""
    home = scratch / "home"
    settings = load_settings({"RESELLER_REPORTING_HOME": str(home)}, working_folder=scratch)
    house = House(settings, lambda: NOW)
    with demo_house(house, accounts=8, calls=6_000, seed=1) as made_up:
        for month in MONTHS:
            sync(made_up, Wanted(period=month), Quiet())
        folders = {}
        for edition in ("internal", "customer"):
            folders[edition] = scratch / edition
            plans = plan_book(made_up, PLANS)
            order = Order(
                wanted=Wanted(period=MONTHS[-1]), source="store", out=scratch / edition, plans=plans, edition=edition
            )
            run(made_up, order, Quiet())
        yield folders


if __name__ == "__main__":
    main()
