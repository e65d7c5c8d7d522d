"""The call sheets: one row per leg, streamed; nothing of a row stays in memory once it is written."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import LegsListed
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.local_time import LocalSerials
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Column, close_sheet, open_sheet

ROWS_PER_SHEET_MAX = 1_048_575  # Excel's limit, less the header.

CALL_COLUMNS = (
    Column("Date/time", 19, "date_time"),
    Column("Call ID", 38),
    Column("(From) Caller ID", 18),
    Column("To Number", 18),
    Column("Billing Minutes", 15, "minutes"),
    Column("Rate", 9, "money"),
    Column("Rate Name", 25, "text_indented"),
    Column("Reseller Call Type", 28),
    Column("Reseller Cost", 14, "money"),
    Column("Customer Call Type", 28, "text_indented"),
    Column("Customer Cost", 14, "money"),
    Column("Reseller Cost Breakdown", 46, "text_indented"),
    Column("Direction", 11),
    Column("Country", 20),
    Column("User", 24),
    Column("Billing Seconds", 15, "count"),
    Column("Charged Seconds", 16, "count"),
    Column("Price", 10, "money"),
    Column("Margin", 10, "money"),
)


class CallSheets:
    """Takes batches in report order and fills as many sheets as they need.

    All of them are added at the start, since sheets stand in the order in which they were added.
    """

    def __init__(
        self,
        workbook: Any,
        look: Look,
        *,
        listed_count: int,
        rows_per_sheet: int,
        legs_listed: LegsListed,
        zone: ZoneInfo,
        user: Callable[[str], str],
        country: Callable[[str], str],
    ) -> None:
        self._look, self._rows_per_sheet, self._legs_listed = look, rows_per_sheet, legs_listed
        self._user, self._country, self._serials = user, country, LocalSerials(zone)
        self._listed_count, self._written_count = listed_count, 0
        sheet_count = max(1, -(-listed_count // rows_per_sheet))
        names = ["Calls" if number == 1 else f"Calls {number}" for number in range(1, sheet_count + 1)]
        self._sheets = [open_sheet(workbook, look, name, CALL_COLUMNS) for name in names]
        counts = [min(rows_per_sheet, listed_count - number * rows_per_sheet) for number in range(sheet_count)]
        self.ranges = [(name, count + 1) for name, count in zip(names, counts, strict=True)]
        for sheet, count in zip(self._sheets, counts, strict=True):
            close_sheet(sheet, CALL_COLUMNS, count)

    def add(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch of RATED_LEGS that are to be listed."""
        rest = batch if self._legs_listed == "all" else batch.filter(batch.column("is_billable"))
        while rest.num_rows:
            number, row = divmod(self._written_count, self._rows_per_sheet)
            fitting = rest.slice(0, self._rows_per_sheet - row)
            assert self._written_count + fitting.num_rows <= self._listed_count, "more rows than were announced"
            self._write_rows(self._sheets[number], row + 1, fitting)
            self._written_count += fitting.num_rows
            rest = rest.slice(fitting.num_rows)

    def close(self) -> None:
        assert self._written_count == self._listed_count, "fewer rows than were announced"

    def _write_rows(self, sheet: Any, first_row: int, batch: pa.RecordBatch) -> None:
        """The hot loop: half of the time of a report is spent here, hence the bound names and the plain repetition."""
        string, number = sheet.write_string, sheet.write_number
        look, user, country = self._look, self._user, self._country
        after_number = look.text_indented
        date_time, minutes, money, count = look.date_time, look.minutes, look.money, look.count
        columns = _columns(batch)
        serials = self._serials.of(batch.column("started_at"))
        for row, (serial, values) in enumerate(zip(serials, zip(*columns, strict=True), strict=True), first_row):
            (
                call_id,
                caller,
                dialled,
                answered_seconds,
                charged_seconds,
                rate_units,
                rate_name,
                reseller_type,
                reseller_cost_units,
                customer_type,
                customer_cost_units,
                breakdown,
                direction,
                country_code,
                owner_id,
            ) = values
            number(row, 0, serial, date_time)
            string(row, 1, call_id)
            if caller:
                string(row, 2, caller)
            if dialled:
                string(row, 3, dialled)
            number(row, 4, (answered_seconds if charged_seconds is None else charged_seconds) / 60, minutes)
            number(row, 5, _money(rate_units), money)
            if rate_name:
                string(row, 6, rate_name, after_number)
            if reseller_type:
                string(row, 7, reseller_type)
            if reseller_cost_units is not None:
                number(row, 8, _money(reseller_cost_units), money)
            if customer_type:
                string(row, 9, customer_type, after_number)
            number(row, 10, _money(customer_cost_units), money)
            if breakdown:
                string(row, 11, breakdown, after_number)
            string(row, 12, direction)
            string(row, 13, country(country_code))
            if owner_id:
                string(row, 14, user(owner_id))
            number(row, 15, answered_seconds, count)
            if charged_seconds is not None:
                number(row, 16, charged_seconds, count)


_ROW_FIELDS = (
    "call_id",
    "caller_id_number",
    "dialed_number",
    "answered_seconds",
    "charged_seconds",
    "rate_units",
    "rate_name",
    "reseller_call_type",
    "reseller_cost_units",
    "customer_call_type",
    "customer_cost_units",
    "breakdown",
    "direction",
    "country_code",
    "owner_id",
)
_FREE_TEXT = frozenset({"call_id", "caller_id_number", "dialed_number", "rate_name", "breakdown"})


def _columns(batch: pa.RecordBatch) -> list[list[Any]]:
    return [
        _texts(batch.column(name)) if name in _FREE_TEXT else batch.column(name).to_pylist() for name in _ROW_FIELDS
    ]


def _texts(column: pa.Array) -> list[str]:
    """The texts of a column, cut where a cell cannot hold them: none is, in nearly every batch."""
    texts: list[str] = column.to_pylist()
    return [cell_text(text) for text in texts] if max(map(len, texts), default=0) > _CUT_BEYOND else texts


_CUT_BEYOND = 16_383  # Fewer characters than this fit whatever they are.


@lru_cache(maxsize=65_536)
def _money(units: int) -> Decimal:
    """Exact, so that the cell holds `0.0079` and not the double nearest to it."""
    return currency(units)


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
