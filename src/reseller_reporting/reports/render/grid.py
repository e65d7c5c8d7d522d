"""Grid: cells placed in any order, written row by row, as a workbook that streams its rows wants them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reseller_reporting.reports.render.cell_text import cell_text

Value = str | int | float | Decimal | None


@dataclass(slots=True)
class Grid:
    """For the few rows of a designed block; data rows are written as they come."""

    _cells: dict[int, dict[int, tuple[Value, Any]]] = field(default_factory=dict)
    _heights: dict[int, int] = field(default_factory=dict)

    def put(self, row: int, column: int, value: Value, cell_format: Any = None) -> None:
        """Text stays text; None is an empty cell that only shows its format."""
        self._cells.setdefault(row, {})[column] = (value, cell_format)

    def put_across(self, row: int, first: int, last: int, cell_format: Any) -> None:
        for column in range(first, last + 1):
            self.put(row, column, None, cell_format)

    def height(self, row: int, points: int) -> None:
        self._heights[row] = points

    def write(self, sheet: Any) -> None:
        for row in sorted({*self._cells, *self._heights}):
            if row in self._heights:
                sheet.set_row(row, self._heights[row])
            for column, (value, cell_format) in sorted(self._cells.get(row, {}).items()):
                if value is None:
                    sheet.write_blank(row, column, None, cell_format)
                elif isinstance(value, str):
                    sheet.write_string(row, column, cell_text(value), cell_format)
                else:
                    sheet.write_number(row, column, value, cell_format)
