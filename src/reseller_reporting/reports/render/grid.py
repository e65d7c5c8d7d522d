"""Grid: cells placed in any order, written row by row, as a workbook that streams its rows wants them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.sheet import Formula, link_to


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a sheet of the workbook."""

    sheet: str
    text: str


Value = str | int | float | Decimal | Formula | Link | None


@dataclass(slots=True)
class Grid:
    """For the few rows of a designed block; data rows are written as they come."""

    _cells: dict[int, dict[int, tuple[Value, Any]]] = field(default_factory=dict)
    _heights: dict[int, float] = field(default_factory=dict)
    _merged: dict[int, list[tuple[int, int, Any]]] = field(default_factory=dict)

    def put(self, row: int, column: int, value: Value, cell_format: Any = None) -> None:
        """Text stays text; None is an empty cell that only shows its format."""
        self._cells.setdefault(row, {})[column] = (value, cell_format)

    def put_across(self, row: int, first: int, last: int, cell_format: Any) -> None:
        for column in range(first, last + 1):
            self.put(row, column, None, cell_format)

    def put_merged(self, row: int, first: int, last: int, value: Value, cell_format: Any) -> None:
        """One cell over several columns: what is too long for them does not run on."""
        self._merged.setdefault(row, []).append((first, last, cell_format))
        self.put(row, first, value, cell_format)

    def height(self, row: int, points: float) -> None:
        self._heights[row] = points

    def write(self, sheet: Any) -> None:
        for row in sorted({*self._cells, *self._heights}):
            if row in self._heights:
                sheet.set_row(row, self._heights[row])
            for first, last, cell_format in self._merged.get(row, []):
                sheet.merge_range(row, first, row, last, "", cell_format)
            for column, (value, cell_format) in sorted(self._cells.get(row, {}).items()):
                _write(sheet, row, column, value, cell_format)


def _write(sheet: Any, row: int, column: int, value: Value, cell_format: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, cell_format)
    elif isinstance(value, str):
        sheet.write_string(row, column, cell_text(value), cell_format)
    elif isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, cell_format, value.value)
    elif isinstance(value, Link):
        sheet.write_url(row, column, link_to(value.sheet), cell_format, value.text)
    else:
        sheet.write_number(row, column, value, cell_format)
