"""Plain sheet: XlsxWriter's sheet as our workbooks need it.

Owns: what of XlsxWriter is done another way, and why. Does not own: what stands on a sheet.

- Text is text, as in the rows of call sheets: XlsxWriter takes one between `<r>` and `</r>` for markup.
- Rows wait in memory: a file for each of a small workbook's sheets takes longer than its rows.
- A formula names functions that every spreadsheet has; XlsxWriter looks for thirty newer ones in each, and writes each
  cell attribute by attribute, which took longer than all else about it.
- A data row is written as it comes: XlsxWriter would keep its cells, and look for each column of the sheet in them.
- A table is announced with as many rows as it will have: XlsxWriter wants them in memory, and notes each cell of them.
"""

from collections.abc import Sequence
from html import escape
from io import StringIO
from typing import Any

from xlsxwriter.worksheet import CellFormulaTuple, CellNumberTuple, CellStringTuple, Worksheet

from reseller_reporting.reports.render.cell_xml import column_letters, text_content

_LETTERS = [column_letters(column) for column in range(64)]


def formula_cell(formula: str, value: Any) -> str:
    return f"><f>{escape(formula, quote=False)}</f><v>{value}</v></c>"


def text_cell(text: str) -> str:
    return f' t="inlineStr"><is><t{text_content(text)}</t></is></c>'


def number_cell(number: Any) -> str:
    return f"><v>{number:.16G}</v></c>"


def _cell_begin(row: int, column: int, look: Any) -> str:
    """Up to what differs by its kind."""
    style = f' s="{look._get_xf_index()}"' if look else ""
    return f'<c r="{_LETTERS[column]}{row + 1}"{style}'


class PlainSheet(Worksheet):  # type: ignore[misc]
    """Rows are written from the first to the last, each whole before the next."""

    table: dict[int, dict[int, Any]]
    tables: list[dict[str, Any]]
    previous_row: int

    def _initialize(self, init_data: dict[str, Any]) -> None:
        super()._initialize({**init_data, "constant_memory": False})  # It would open a file.
        self.constant_memory = True
        self.row_data_fh = self.fh = StringIO()

    def _opt_close(self) -> None:
        """There is no file to close."""

    def _opt_reopen(self) -> None:
        self.fh = self.row_data_fh

    def _write_optimized_sheet_data(self) -> None:
        self._xml_start_tag("sheetData")
        self.fh.write(self.row_data_fh.getvalue())
        self.row_data_fh.close()
        self._xml_end_tag("sheetData")

    def write_formula(self, row: int, col: int, formula: str, cell_format: Any = None, value: Any = 0) -> None:
        self._check_dimensions(row, col)
        if row > self.previous_row:
            self._write_single_row(row)
        self.table[row][col] = CellFormulaTuple(formula.removeprefix("="), cell_format, value)

    def write_whole_row(self, row: int, cells: Sequence[tuple[int, Any, str]]) -> None:
        """The only cells of a row below the others: of each its column, its format, and what `..._cell` makes of it."""
        if not cells:
            return
        self._write_single_row(row)
        for column, _, _ in (cells[0], cells[-1]):
            self._check_dimensions(row, column)
        self._write_row(row, None)
        self.fh.write("".join([f"{_cell_begin(row, column, look)}{made}" for column, look, made in cells]))
        self._xml_end_tag("row")

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        begin, kind = _cell_begin(row, col, cell.format), type(cell)
        if kind is CellFormulaTuple:
            self.fh.write(begin + formula_cell(cell.formula, cell.value))
        elif kind is CellStringTuple:
            self.fh.write(begin + text_cell(cell.string))
        elif kind is CellNumberTuple:
            self.fh.write(begin + number_cell(cell.number))
        else:
            super()._write_cell(row, col, cell)

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        return formula.removeprefix("=")

    def announce_table(self, name: str, titles: Sequence[str], row_count: int) -> None:
        """A table with its filter over the header in row 1 and so many rows, whose cells are written by themselves.

        Its style is none: stripes and header are those of the cells, which every spreadsheet shows alike.
        """
        # A table without a row is not one; the first row below stays empty then.
        cells = f"A1:{_LETTERS[len(titles) - 1]}{max(row_count, 1) + 1}"
        columns = [{"id": number, "name": title} for number, title in enumerate(titles, 1)]
        shown = {"show_first_col": False, "show_last_col": False, "show_row_stripes": False, "show_col_stripes": False}
        parts = {"header_row_count": 1, "totals_row_shown": False, "style": ""}
        self.tables.append({"name": name, "range": cells, "autofilter": cells, "columns": columns, **parts, **shown})
