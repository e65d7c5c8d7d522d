"""The call sheets: one row per leg, made column by column; nothing of a row stays in memory once it is written.

XlsxWriter makes each sheet with its header and all that is around the rows; the rows are put into it here.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.reports.edition import CUSTOMER_CALL_COLUMNS, Edition
from reseller_reporting.reports.facts import LegsListed
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.cell_xml import column_letters
from reseller_reporting.reports.render.local_time import days_of, local_clock
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.package import Compression, Deflated, Part
from reseller_reporting.reports.render.rows_xml import Cells, rows_maker
from reseller_reporting.reports.render.sheet import Column, close_sheet, header_formats, open_sheet, sheet_name
from reseller_reporting.reports.style import Style
from reseller_reporting.reports.usage import billable_legs
from reseller_reporting.words.language import ENGLISH, Words

ROWS_PER_SHEET_MAX = 1_048_575  # Excel's limit, less the header.
# A deflated sheet up to this size waits in memory for its place in the file.
_IN_MEMORY_MAX = 1 << 23

Label = Literal["user", "country", "phrase"]


@dataclass(frozen=True, slots=True)
class CallColumn(Column):
    """A column of RATED_LEGS as a column of the sheet: the first of `sources` that is known; none is an empty column.

    What a source holds follows from the kind: seconds for minutes, units or micros for money, UTC moments for dates.
    """

    sources: tuple[str, ...] = ()
    label: Label | None = None  # How an id or a code is shown.


CALL_COLUMNS = (
    CallColumn("Date/time", 19, "date_time", ("started_at",)),
    CallColumn("Call ID", 38, "text", ("call_id",)),
    CallColumn("(From) Caller ID", 18, "text", ("caller_id_number",)),
    CallColumn("To Number", 18, "text", ("dialed_number",)),
    CallColumn("Billing Minutes", 15, "minutes", ("charged_seconds", "answered_seconds")),
    CallColumn("Rate", 9, "money", ("rate_units",)),
    CallColumn("Rate Name", 25, "text_indented", ("rate_name",)),
    CallColumn("Reseller Call Type", 22, "text", ("reseller_call_type",)),
    CallColumn("Reseller Cost", 14, "money", ("reseller_cost_units",)),
    CallColumn("Customer Call Type", 22, "text_indented", ("customer_call_type",)),
    CallColumn("Customer Cost", 14, "money", ("customer_cost_units",)),
    CallColumn("Reseller Cost Breakdown", 46, "text_shrunk", ("breakdown",), "phrase"),
    CallColumn("Direction", 11, "text", ("direction",), "phrase"),
    CallColumn("Country", 20, "text", ("country_code",), "country"),
    CallColumn("User", 24, "text", ("owner_id",), "user"),
    CallColumn("Billing Seconds", 15, "count", ("answered_seconds",)),
    CallColumn("Charged Seconds", 16, "count", ("charged_seconds",)),
    CallColumn("Price", 10, "money"),
    CallColumn("Margin", 10, "money"),
)
_PRICED = {
    "Price": CallColumn("Price", 11, "money_micros", ("price_micros",)),
    "Margin": CallColumn("Margin", 11, "money_micros", ("margin_micros",)),
    "Price Breakdown": CallColumn("Price Breakdown", 46, "text_shrunk", ("price_words",), "phrase"),
}


def call_columns(edition: Edition, *, is_priced: bool) -> tuple[CallColumn, ...]:
    """The columns of an edition, with the plan's where there is one. Those of a customer name no cost."""
    known = {column.title: column for column in CALL_COLUMNS} | (_PRICED if is_priced else {})
    if edition is Edition.INTERNAL:
        return tuple(known.values())
    minutes = ("billed_seconds",) if is_priced else ("answered_seconds",)
    known["Billing Minutes"] = replace(known["Billing Minutes"], sources=minutes)
    titles = CUSTOMER_CALL_COLUMNS
    return tuple(known[title] for title in titles if title in known)


class CallSheets:
    """Takes batches in report order and fills as many sheets as they need.

    All of them are added at the start, since sheets stand in the order in which they were added.
    """

    def __init__(
        self,
        workbook: Any,
        look: Look,
        *,
        columns: Sequence[CallColumn],
        notes: Mapping[str, str],
        scratch: Path,
        compression: Compression,
        listed_count: int,
        rows_per_sheet: int,
        legs_listed: LegsListed,
        zone: ZoneInfo,
        user: Callable[[str], str],
        country: Callable[[str], str],
    ) -> None:
        self.letters = {column.title: column_letters(place) for place, column in enumerate(columns)}
        self._rows_per_sheet, self._legs_listed = rows_per_sheet, legs_listed
        self._clock = local_clock(zone)
        self._labels: dict[Label, Callable[[str], str]] = {"user": user, "country": country}
        if look.words != ENGLISH:
            self._labels["phrase"] = look.words.phrase
        self._listed_count, self._written_count = listed_count, 0
        styles = _claim_styles(look, columns)
        # A column without a source has no cells, but its place counts.
        self._columns = [(place, column) for place, column in enumerate(columns) if column.sources]
        cells = [Cells(column.kind, styles[place], place) for place, column in self._columns]
        self._make_rows = rows_maker(cells, expected_rows=listed_count)
        sheet_count = max(1, -(-listed_count // rows_per_sheet))
        counts = [min(rows_per_sheet, listed_count - number * rows_per_sheet) for number in range(sheet_count)]
        self.ranges = [(sheet_name(look.words, "Calls", place + 1), count + 1) for place, count in enumerate(counts)]
        self._sheets = [
            _CallSheet(
                workbook, look, number, columns, notes=notes, row_count=count, scratch=scratch, compression=compression
            )
            for number, count in enumerate(counts, 1)
        ]

    def add(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch of RATED_LEGS that are to be listed."""
        rest = batch if self._legs_listed == "all" else billable_legs(batch)
        while rest.num_rows:
            number, row = divmod(self._written_count, self._rows_per_sheet)
            fitting = rest.slice(0, self._rows_per_sheet - row)
            assert self._written_count + fitting.num_rows <= self._listed_count, "more rows than were announced"
            values = [self._values(column, fitting) for _, column in self._columns]
            self._sheets[number].rows.add(self._make_rows(row + 2, values))
            self._written_count += fitting.num_rows
            rest = rest.slice(fitting.num_rows)

    def days(self, batch: pa.RecordBatch) -> pa.Array:
        """On which day of the sheet's clock each leg began."""
        return days_of(self._clock, batch.column("started_at"))

    def finish(self) -> None:
        """To be called once all batches are added."""
        assert self._written_count == self._listed_count, "fewer rows than were announced"

    def parts(self, made: Mapping[str, bytes]) -> dict[str, Part]:
        """The sheets by the names of their parts in the workbook that XlsxWriter made without their rows."""
        return {sheet.part_name: sheet.finish(made[sheet.part_name]) for sheet in self._sheets}

    def _values(self, column: CallColumn, batch: pa.RecordBatch) -> pa.Array:
        sources = [batch.column(name) for name in column.sources]
        values = pc.coalesce(*sources) if len(sources) > 1 else sources[0]
        if column.label in self._labels:
            return _labelled(values, self._labels[column.label])
        return self._clock.of(values) if column.kind == "date_time" else values


class _CallSheet:
    """One sheet of the workbook, and its rows, which are deflated as they come."""

    def __init__(
        self,
        workbook: Any,
        look: Look,
        number: int,
        columns: Sequence[CallColumn],
        *,
        notes: Mapping[str, str],
        row_count: int,
        scratch: Path,
        compression: Compression,
    ) -> None:
        sheet = open_sheet(workbook, look, "Calls", columns, notes=notes, number=number)
        _mark_calls(sheet, look, columns, row_count)
        close_sheet(sheet, look, columns, row_count)
        self.part_name = f"xl/worksheets/sheet{len(workbook.worksheets())}.xml"
        spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_MAX, dir=str(scratch))  # noqa: SIM115
        self.rows = Deflated(spool, compression)
        self._head = _head(tuple(columns), look.words)
        without_rows, with_rows = (_dimension(len(columns), count) for count in (0, row_count))
        assert self._head.count(without_rows) == 1
        self.rows.add(self._head.replace(without_rows, with_rows))

    def finish(self, made: bytes) -> Part:
        head, end, tail = made.partition(_END_OF_ROWS)
        # Formats are numbered in the order of their use, which is the same in each workbook.
        assert head == self._head, "the sheet's beginning is not the one that its rows were put behind"
        self.rows.add(end + tail)
        return self.rows.finish(self.part_name)


_END_OF_ROWS = b"</sheetData>"


@cache
def _head(columns: tuple[CallColumn, ...], words: Words) -> bytes:
    """What XlsxWriter writes of a call sheet before its rows, the header included: the same in every workbook."""
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True}) as workbook:
        workbook.add_worksheet()
        look = Look(workbook, Style(words=words))
        _claim_styles(look, columns)
        open_sheet(workbook, look, "Calls", columns, notes={})  # Notes are parts of their own.
    with ZipFile(made) as parts:
        return parts.read("xl/worksheets/sheet2.xml").partition(_END_OF_ROWS)[0]


def _mark_calls(sheet: Any, look: Look, columns: Sequence[Column], row_count: int) -> None:
    """A call by the minute without a rate, and one without a price although there is a plan, stand out."""
    letters = {column.title: f"${column_letters(place)}2" for place, column in enumerate(columns)}
    places = {column.title: place for place, column in enumerate(columns)}
    last_row = max(row_count, 1)
    if "Rate Name" in places:
        types = f'OR({letters["Reseller Call Type"]}="{PER_MINUTE}",{letters["Customer Call Type"]}="{PER_MINUTE}")'
        no_rate = f'AND({types},{letters["Rate"]}=0,{letters["Rate Name"]}="",{letters["Billing Seconds"]}>0)'
        nothing_due = f"{letters['Reseller Cost']}+{letters['Customer Cost']}=0"
        unrated = {"type": "formula", "criteria": f"=AND({no_rate},{nothing_due})", "format": look.marked}
        sheet.conditional_format(1, places["Rate"], last_row, places["Reseller Cost Breakdown"], unrated)
    if "Price Breakdown" in places:
        no_price = f'=AND({letters["Call ID"]}<>"",ISBLANK({letters["Price"]}))'
        unpriced = {"type": "formula", "criteria": no_price, "format": look.marked}
        sheet.conditional_format(1, places["Price"], last_row, places["Price"], unpriced)


def _claim_styles(look: Look, columns: Sequence[Column]) -> list[int]:
    """The number of each column's format. XlsxWriter gives one on first use; here they get theirs before any other."""
    for header in header_formats(look, columns):
        header._get_xf_index()
    formats = [look.of_kind(column.kind) for column in columns]
    return [0 if one is None else one._get_xf_index() for one in formats]


def _dimension(column_count: int, row_count: int) -> bytes:
    return f'<dimension ref="A1:{column_letters(column_count - 1)}{row_count + 1}"/>'.encode()


def _labelled(values: pa.Array, label: Callable[[str], str]) -> pa.Array:
    """Ids or codes by what is shown for them; each distinct one is asked for once."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    labels = [label(value) if value else "" for value in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(labels, pa.string()))


def user_label(names: Mapping[str, str]) -> Callable[[str], str]:
    """What a cell shows for an owner: its name, else its id."""
    labels: dict[str, str] = {}

    def label(owner_id: str) -> str:
        known = labels.get(owner_id)
        if known is None:
            known = labels[owner_id] = cell_text(names.get(owner_id) or owner_id)
        return known

    return label


def country_label(country_name: Callable[[str], str]) -> Callable[[str], str]:
    """A country's English name; formulas find rows by it, so two codes never share one."""
    labels: dict[str, str] = {}

    def label(code: str) -> str:
        if code not in labels:
            name = country_name(code)
            labels[code] = f"{name} ({code})" if name in labels.values() else name
        return labels[code]

    return label
