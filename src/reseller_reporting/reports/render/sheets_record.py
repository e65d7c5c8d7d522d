"""The sheets of record: what the platform counts for the account, and the records that are no legs."""

from decimal import Decimal
from typing import Any

from reseller_reporting.model.account import InvoiceItem, Services
from reseller_reporting.model.problems import Problem
from reseller_reporting.reports.figure_text import noise_free
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, close_sheet, open_sheet, write_row

_SERVICE_COLUMNS = (
    Column("Category", 20),
    Column("Item", 24),
    Column("Quantity", 11, "count"),
    Column("Of Sub-accounts", 17, "count"),
    Column("Manual", 10, "count"),
    Column("Name", 28, "text_indented"),
    Column("Billable", 11, "count"),
    Column("Rate", 11, "money"),
    Column("Discount", 11, "money"),
    Column("Recurring Cost", 15, "money"),
    Column("Currency", 10, "text_indented"),
)
RECURRING_COST = "J"

_PROBLEMS_MAX = 1_000_000  # A sheet holds little more.
_PROBLEM_COLUMNS = (
    Column("Source", 24),
    Column("Row", 10, "count"),
    Column("Record ID", 44, "text_indented"),
    Column("Reason", 80),
)


def write_services(workbook: Any, look: Look, services: Services | None, money_code: str) -> int:
    """Quantities, and beside them what is invoiced for them. Returns the number of rows."""
    sheet = open_sheet(workbook, look, "Services", _SERVICE_COLUMNS)
    rows = [] if services is None else _service_rows(services, money_code)
    for row, cells in enumerate(rows, 1):
        write_row(sheet, look, row, _SERVICE_COLUMNS, cells)
    close_sheet(sheet, look, _SERVICE_COLUMNS, len(rows))
    return len(rows)


def _service_rows(services: Services, money_code: str) -> list[list[Cell]]:
    """An item that two invoices bill has two rows; its quantities stand in the first only, so that they add up."""
    items: dict[tuple[str, str], list[InvoiceItem]] = {}
    for item in services.items:
        items.setdefault((item.category, item.item), []).append(item)
    rows: list[list[Cell]] = []
    for key in sorted({*services.account, *services.cascade, *services.manual, *items}):
        counted: list[Cell] = [services.quantity(*key), services.cascade.get(key), services.manual.get(key)]
        for invoiced in items.get(key, [None]):
            rows.append([*key, *counted, *_invoiced(invoiced, money_code)])
            counted = [None, None, None]
    return rows


def _invoiced(item: InvoiceItem | None, money_code: str) -> list[Cell]:
    if item is None:
        return [None] * 6
    amounts: list[Cell] = [noise_free(amount) for amount in (item.rate, item.discount, item.total)]
    return [item.name, item.billable, *amounts, money_code]


def invoiced_total(services: Services | None) -> Decimal:
    return sum((item.total for item in services.items), Decimal(0)) if services else Decimal(0)


def write_problems(workbook: Any, look: Look, problems: list[Problem]) -> None:
    sheet = open_sheet(workbook, look, "Problems", _PROBLEM_COLUMNS)
    rows: list[list[Cell]] = [
        [one.source, one.row, one.record_id, look.words.phrase(one.reason)] for one in problems[:_PROBLEMS_MAX]
    ]
    if len(problems) > _PROBLEMS_MAX:
        rows.append(
            [
                None,
                None,
                None,
                look.words.say("{count} more: manifest.json lists them all.", count=len(problems) - _PROBLEMS_MAX),
            ]
        )
    for row, cells in enumerate(rows, 1):
        write_row(sheet, look, row, _PROBLEM_COLUMNS, cells)
    close_sheet(sheet, look, _PROBLEM_COLUMNS, len(rows))
