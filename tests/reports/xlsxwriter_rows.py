"""The reference: cells written one by one by XlsxWriter, which the product's own rows must equal."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.cell_xml import DAY_MICROSECONDS, PLACES, TEXT_KINDS, CellKind


def write_rows(
    sheet: Any, first_row: int, kinds: Sequence[CellKind], formats: Sequence[Any], columns: Sequence[Any]
) -> None:
    """Rows counted from 0. Null and empty text leave no cell."""
    lists = [column.to_pylist() for column in columns]
    for row, values in enumerate(zip(*lists, strict=True), first_row):
        for place, (kind, cell_format, value) in enumerate(zip(kinds, formats, values, strict=True)):
            if value is None or value == "":
                continue
            if kind in TEXT_KINDS:
                sheet.write_string(row, place, cell_text(value), cell_format)
            else:
                sheet.write_number(row, place, _number(kind, value), cell_format)


def _number(kind: CellKind, value: int) -> int | float | Decimal:
    if kind == "minutes":
        return value / 60
    if kind == "date_time":
        return value / DAY_MICROSECONDS
    return Decimal(value).scaleb(-PLACES[kind]) if PLACES[kind] else value
