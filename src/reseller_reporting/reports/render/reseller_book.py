"""The reseller's own workbook: all customers side by side, countries across them, margins, trunks, changes, problems.

Invariants
- It is made of what the summaries are made of, and its sums are theirs.
- It is internal, whatever the edition of the customers' workbooks.
- The same report, compared with the same earlier one, gives the same bytes.
- A sheet with nothing to show is left out, but for Summary, Customers and Countries.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from xlsxwriter.exceptions import XlsxWriterException

from reseller_reporting.model.account import Account
from reseller_reporting.model.changes import Changes
from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.trunks import TrunkFigures
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render.cell_text import one_line
from reseller_reporting.reports.render.frame import PROPERTY_MAX, Frame
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.package import Compression, Package, deflated
from reseller_reporting.reports.render.reseller_blocks import SummarySources
from reseller_reporting.reports.render.reseller_changes import write_changed_calls, write_changes
from reseller_reporting.reports.render.reseller_customers import write_customers
from reseller_reporting.reports.render.reseller_figures import MarginSums, write_countries, write_margins
from reseller_reporting.reports.render.reseller_record import write_pool_sheet, write_problems, write_warnings
from reseller_reporting.reports.render.reseller_summary import write_summary
from reseller_reporting.reports.render.sheet import page_footer, page_header
from reseller_reporting.reports.render.summary_page import add_summary
from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.reports.usage import UsageSums

# Files must not tell when they were made; office programs want a date all the same.
_CREATED_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - Written as it stands.


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerReport:
    """What a run knows of all its customers, in the order of the summaries."""

    reseller: Account
    period: ReportPeriod
    currency: str
    entries: Sequence[tuple[AccountFacts, UsageSums | None]]
    files: Mapping[str, str]  # The workbook of each account, by its id.
    margins: Sequence[Mapping[str, str]] = ()  # Rows of `margin.csv`.
    pool: TrunkFigures | str | None = None  # The reseller's trunks, or why they are not known.
    shares: Mapping[str, TrunkFigures] = field(default_factory=dict)  # What became of each account's legs there.
    changes: Changes | None = None
    not_compared: str = ""  # Why there are no changes to show.


def write_reseller_book(
    path: Path,
    report: ResellerReport,
    *,
    country_name: Callable[[str], str],
    compression: Compression = Compression.FAST,
    style: Style = PRODUCT_STYLE,
) -> None:
    """The workbook, complete under its name or not at all."""
    try:
        with tempfile.TemporaryDirectory(prefix=".workbook-", dir=path.parent) as scratch:
            workbook = Frame(Path(scratch))
            look = Look(workbook, style)
            company = one_line(style.brand.company_or(report.reseller.name), PROPERTY_MAX)
            said = {"title": one_line(_title(look, report), PROPERTY_MAX), "author": company, "company": company}
            workbook.set_properties({**said, "created": _CREATED_AT})
            _fill(workbook, look, report, country_name)
            workbook.close()
            made = Path(scratch) / "workbook.xlsx"
            with made.open("wb") as file:
                package = Package(file)
                for name, content in workbook.parts().items():
                    package.add(deflated(name, [content], BytesIO(), compression))
                package.close()
            made.replace(path)
    except (OSError, XlsxWriterException) as error:
        raise CannotWrite(f"The workbook {path.name} could not be written into {path.parent}: {error}.") from error


def _fill(workbook: Any, look: Look, report: ResellerReport, country_name: Callable[[str], str]) -> None:
    summary = add_summary(workbook, look)
    customers = write_customers(workbook, look, report.entries, report.files)
    countries = write_countries(workbook, look, report.entries, country_name, report.currency)
    margins = write_margins(workbook, look, report.margins) if report.margins else MarginSums()
    pool = report.pool
    if pool is not None and not (isinstance(pool, str) and pool.startswith("None")):
        write_pool_sheet(workbook, look, pool, report.entries, report.shares, report.period.zone)
    if report.changes is not None and report.changes.customers:
        write_changes(workbook, look, report.changes)
        write_changed_calls(workbook, look, report.changes, report.period.zone)
    write_problems(workbook, look, report.entries)
    write_warnings(workbook, look, report.entries)
    sources = SummarySources(
        reseller=report.reseller,
        period=report.period,
        currency=report.currency,
        entries=report.entries,
        customers=customers,
        countries=countries,
        margins=margins,
        changes=report.changes,
        not_compared=report.not_compared,
    )
    write_summary(workbook, summary, look, sources)
    company, title = look.style.brand.company_or(report.reseller.name), _title(look, report)
    for sheet in workbook.worksheets():
        sheet.set_header(page_header(company, title))
        sheet.set_footer(page_footer(company, report.period.name))


def _title(look: Look, report: ResellerReport) -> str:
    return look.words.say("All customers, {period}", period=spoken_period(report.period, look.words))
