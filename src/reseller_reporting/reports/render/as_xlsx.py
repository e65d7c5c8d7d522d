"""The workbook of one account: one streaming pass over its calls, whatever their number.

Invariants
- The same facts and rows give the same bytes: no clock, no host, no path gets in.
- Every formula carries the value that it has now.
- The file stands complete under its name or not at all.
"""

import gc
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
from xlsxwriter.exceptions import XlsxWriterException

from reseller_reporting.model.account import Services
from reseller_reporting.model.call_type import FLAT_RATE, PER_MINUTE
from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.trunks import NO_TRUNKS, Trunks
from reseller_reporting.reports.edition import Edition, warnings_shown
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.cell_text import one_line
from reseller_reporting.reports.render.column_help import help_for
from reseller_reporting.reports.render.formulas import CallRanges
from reseller_reporting.reports.render.frame import PROPERTY_MAX, Frame
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.package import Compression, Package, deflated
from reseller_reporting.reports.render.sheet import page_footer, page_header
from reseller_reporting.reports.render.sheet_calls import (
    ROWS_PER_SHEET_MAX,
    CallSheets,
    call_columns,
    country_label,
    user_label,
)
from reseller_reporting.reports.render.sheet_statement import write_statement
from reseller_reporting.reports.render.sheet_summary import write_summary_sheet
from reseller_reporting.reports.render.sheet_trunks import has_trunks, write_trunks
from reseller_reporting.reports.render.sheets_record import write_problems, write_services
from reseller_reporting.reports.render.sheets_usage import UsageView, write_countries, write_rates, write_users
from reseller_reporting.reports.render.summary_figures import Tables
from reseller_reporting.reports.render.summary_page import add_summary
from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.reports.usage import UsageSums

# Files must not tell when they were made; office programs want a date all the same.
_CREATED_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - Written as it stands.


_ROWS_SUMMED_AT_ONCE = 32_768


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A workbook is thousands of small objects that all live until it is closed: looking for dead ones finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_collector_paused()
def write_workbook(
    path: Path,
    facts: AccountFacts,
    batches: Iterable[pa.RecordBatch],
    *,
    listed_count: int,
    owner_names: Mapping[str, str],
    country_name: Callable[[str], str],
    trunks: Trunks = NO_TRUNKS,
    rows_per_sheet: int = ROWS_PER_SHEET_MAX,
    compression: Compression = Compression.FAST,
    style: Style = PRODUCT_STYLE,
) -> UsageSums:
    """Write the workbook and return the sums of its calls.

    `batches` are RATED_LEGS, or PRICED_LEGS where the facts have prices, in report order; `listed_count` of their legs
    are rows, as `facts.legs_listed` says.
    """
    facts = replace(facts, warnings=warnings_shown(facts.warnings, facts.edition))
    # A folder of its own would take longer than what else is done to the disk.
    made = path.with_name(f".workbook-{secrets.token_hex(8)}")
    try:
        workbook = Frame(path.parent)
        look, country = Look(workbook, style), country_label(country_name)
        workbook.set_properties(_properties(facts, look))
        summary = add_summary(workbook, look)
        calls = CallSheets(
            workbook,
            look,
            columns=call_columns(facts.edition, is_priced=facts.prices is not None),
            notes=help_for(facts.edition),
            scratch=path.parent,
            compression=compression,
            listed_count=listed_count,
            rows_per_sheet=rows_per_sheet,
            legs_listed=facts.legs_listed,
            zone=facts.period.zone,
            user=user_label(owner_names),
            country=country,
        )
        sums = _fill_calls(calls, batches, UsageSums(has_prices=facts.prices is not None))
        _fill_others(
            workbook,
            look,
            summary,
            facts,
            calls,
            sums,
            trunks,
            owner_names=owner_names,
            country=country,
        )
        workbook.close()
        assemble(made, workbook, calls, compression)
        made.replace(path)
    except (OSError, XlsxWriterException) as error:
        raise CannotWrite(f"The workbook {path.name} could not be written into {path.parent}: {error}.") from error
    finally:
        made.unlink(missing_ok=True)
    return sums


def _properties(facts: AccountFacts, look: Look) -> dict[str, Any]:
    """What file managers show of it. They must not tell when it was made."""
    sender = one_line(look.style.brand.company_or(facts.reseller.name), PROPERTY_MAX)
    title = one_line(_title(facts, look), PROPERTY_MAX)
    about = one_line(facts.account.name or str(facts.account.id), PROPERTY_MAX)
    return {"title": title, "subject": about, "author": sender, "company": sender, "created": _CREATED_AT}


def _title(facts: AccountFacts, look: Look) -> str:
    return look.words.say(words.TITLE, period=spoken_period(facts.period, look.words))


def _fill_calls(calls: CallSheets, batches: Iterable[pa.RecordBatch], sums: UsageSums) -> UsageSums:
    """Sums take many rows at once: the merging of groups, not the rows, is what they cost."""
    count = 0
    waiting: list[pa.RecordBatch] = []

    def take() -> None:
        batch = pa.concat_batches(waiting)
        sums.add(batch, days=calls.days(batch))
        waiting.clear()

    for batch in batches:
        calls.add(batch)
        waiting.append(batch)
        count += batch.num_rows
        if count >= _ROWS_SUMMED_AT_ONCE:
            take()
            count = 0
    if waiting:
        take()
    calls.finish()
    return sums


def _fill_others(
    workbook: Any,
    look: Look,
    summary: Any,
    facts: AccountFacts,
    calls: CallSheets,
    sums: UsageSums,
    trunks: Trunks,
    *,
    owner_names: Mapping[str, str],
    country: Callable[[str], str],
) -> None:
    is_internal, statement = facts.edition is Edition.INTERNAL, facts.prices and facts.prices.statement
    ranges = CallRanges(
        sheets=calls.ranges,
        letters=calls.letters,
        has_on_net=facts.legs_listed == "all" and sums.legs_on_net > 0,
        exact_types=_has_look_alike([*sums.by_customer_type, *sums.by_reseller_type]),
    )
    view = UsageView(facts.edition, is_priced=statement is not None)
    country_count = write_countries(workbook, look, ranges, sums, view, country, facts.currency)
    if is_internal:
        write_rates(workbook, look, ranges, sums, view)
    write_users(workbook, look, ranges, sums, view, owner_names)
    service_count = write_services(workbook, look, _services(facts), facts.currency) if is_internal else 0
    cells = write_statement(workbook, look, statement, edition=facts.edition) if statement else None
    if is_internal:
        _write_records(workbook, look, ranges, facts, sums, trunks)
    tables = Tables(
        ranges=ranges,
        view=view,
        country_labels={code: country(code) for code, _ in sums.by_country},
        country_count=country_count,
        service_count=service_count,
        statement=cells,
        words=look.words,
    )
    write_summary_sheet(workbook, summary, look, facts, sums, tables)
    title, sender = _title(facts, look), look.style.brand.company_or(facts.reseller.name)
    for sheet in workbook.worksheets():
        sheet.set_header(page_header(sender, title))
        sheet.set_footer(page_footer(facts.account.name, facts.period.name))


def assemble(path: Path, frame: Frame, calls: CallSheets, compression: Compression) -> None:
    """The workbook: the parts of the closed frame in their order, its call sheets with their rows."""
    parts = frame.parts()
    sheets = calls.parts(parts)
    with path.open("wb") as file:
        package = Package(file)
        for name, made in parts.items():
            package.add(sheets.get(name) or deflated(name, [made], BytesIO(), compression))
        package.close()


def _services(facts: AccountFacts) -> Services | None:
    return facts.snapshot.services if facts.snapshot else None


def _write_records(
    workbook: Any, look: Look, ranges: CallRanges, facts: AccountFacts, sums: UsageSums, trunks: Trunks
) -> None:
    """The last sheets, each only where there is something to show."""
    limits = facts.snapshot.limits if facts.snapshot else None
    if has_trunks(limits, sums, trunks):
        write_trunks(workbook, look, ranges, sums, limits, trunks, facts.period.zone)
    if facts.problems or facts.findings:
        write_problems(workbook, look, [*facts.problems, *facts.findings])


def _has_look_alike(tags: list[str]) -> bool:
    """Whether a tag is about that a lenient comparison takes for one of ours."""
    ours = {*FLAT_RATE, PER_MINUTE}
    return any(tag.casefold() in ours and tag not in ours for tag in tags)
