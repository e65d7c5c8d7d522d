"""Accounting: statements as invoices, in the columns that QuickBooks Online, Xero and anything else import.

Owns: invoice numbers and dates, amounts in whole cents that add up, where taxes go. Does not own: how CSV is written.

Invariants
- The amounts and taxes of an invoice's rows add up to its statement's total. `general` has the exact lines.
- A number depends on the period and the account alone: the same statement has the same number in every export.
- A statement that a system would not take as it is stays out of the file, and is named.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from reseller_reporting.model.account import Account
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.plan import ALL_GROUPS
from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.reports.figure_text import decimal_text, micros_text
from reseller_reporting.reports.period_text import first_day, last_day

QUICKBOOKS_COLUMNS = (
    "*InvoiceNo",
    "*Customer",
    "*InvoiceDate",
    "*DueDate",
    "Terms",
    "Location",
    "Memo",
    "Item(Product/Service)",
    "ItemDescription",
    "ItemQuantity",
    "ItemRate",
    "*ItemAmount",
    "Taxable",
    "*ItemTaxCode",
    "ItemTaxAmount",
    "Currency",
    "Service Date",
)
XERO_COLUMNS = (
    "*ContactName",
    "EmailAddress",
    "POAddressLine1",
    "POAddressLine2",
    "POAddressLine3",
    "POAddressLine4",
    "POCity",
    "PORegion",
    "POPostalCode",
    "POCountry",
    "*InvoiceNumber",
    "Reference",
    "*InvoiceDate",
    "*DueDate",
    "Total",
    "InventoryItemCode",
    "*Description",
    "*Quantity",
    "*UnitAmount",
    "Discount",
    "*AccountCode",
    "*TaxType",
    "TaxAmount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
    "Currency",
    "BrandingTheme",
)
GENERAL_COLUMNS = (
    "Invoice Number",
    "Invoice Date",
    "Due Date",
    "Period From",
    "Period To",
    "Account ID",
    "Customer",
    "Line",
    "Kind",
    "Group",
    "Key",
    "Text",
    "Quantity",
    "Unit",
    "Unit Price",
    "Amount",
    "Currency",
    "Calls",
    "Plan",
    "Evidence",
)
_NUMBERS = frozenset(
    {
        *("ItemQuantity", "ItemRate", "*ItemAmount", "ItemTaxAmount", "*InvoiceDate", "*DueDate", "Service Date"),
        *("Total", "*Quantity", "*UnitAmount", "TaxAmount"),
        *("Invoice Date", "Due Date", "Period From", "Period To", "Line", "Quantity", "Unit Price", "Amount", "Calls"),
    }
)

_NUMBER_LENGTH_MAX = 21  # QuickBooks takes no longer one.
_MICRO_PLACES = 6
_FACTOR_PLACES_MAX = 4  # Of a quantity and of a unit price.
_ID_OF_KAZOO = re.compile(r"[0-9a-f]{32}")
_PLAIN_ID = re.compile(r"[A-Za-z0-9-]+")


class AccountingFormat(StrEnum):
    QUICKBOOKS = "quickbooks"
    XERO = "xero"
    GENERAL = "general"


_COLUMNS = {
    AccountingFormat.QUICKBOOKS: QUICKBOOKS_COLUMNS,
    AccountingFormat.XERO: XERO_COLUMNS,
    AccountingFormat.GENERAL: GENERAL_COLUMNS,
}
_PRODUCT = {AccountingFormat.QUICKBOOKS: "QuickBooks", AccountingFormat.XERO: "Xero"}
_INVOICES_MAX = {AccountingFormat.QUICKBOOKS: 100, AccountingFormat.XERO: 500}
# How the importers read dates unless told otherwise.
_DATE_FORMS = {AccountingFormat.QUICKBOOKS: "%m/%d/%Y", AccountingFormat.XERO: "%d/%m/%Y"}
_UNTAXED = {AccountingFormat.QUICKBOOKS: "", AccountingFormat.XERO: "Tax Exempt"}

_ITEMS = {
    LineKind.USAGE: "Usage",
    LineKind.BUNDLE: "Usage",
    LineKind.RECURRING: "Recurring services",
    LineKind.ONE_OFF: "One-off charges",
    LineKind.DISCOUNT: "Discounts",
    LineKind.MINIMUM: "Minimum spend",
    LineKind.TAX: "Taxes",
    LineKind.ROUNDING: "Rounding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingOptions:
    """What the books of the reseller call things. `date_form` is strftime's, of numbers only."""

    due_days: int = 30
    places: int = 2
    account_code: str = "200"  # Xero's own chart has its sales there.
    tax_code: str = ""  # Default: the names of the taxes on the line, joined by `+`.
    untaxed_code: str | None = None
    date_form: str | None = None


class Entry(NamedTuple):
    """One customer's statement."""

    account: Account
    period: ReportPeriod
    statement: Statement


@dataclass(slots=True)
class _Row:
    """A line of an invoice, in the smallest coin."""

    kind: LineKind
    group: str
    text: str
    amount: int
    quantity: str = "1"
    unit_price: str = ""
    tax: int = 0
    taxes: list[str] = field(default_factory=list)
    is_tax_included: bool = False


def columns_of(form: AccountingFormat) -> tuple[str, ...]:
    return _COLUMNS[form]


def text_columns_of(form: AccountingFormat) -> frozenset[str]:
    """Those in which a spreadsheet could find a formula."""
    return frozenset(_COLUMNS[form]) - _NUMBERS


def invoice_number(account: Account, period: ReportPeriod) -> str:
    """`2026-10-` or `20261001x15-` (from, days), then as much of the account's id as there is room for."""
    first, last = first_day(period), last_day(period)
    head = f"{period.name}-" if period.is_month else f"{first:%Y%m%d}x{(last - first).days + 1}-"
    room = _NUMBER_LENGTH_MAX - len(head)
    if _ID_OF_KAZOO.fullmatch(account.id) or (_PLAIN_ID.fullmatch(account.id) and len(account.id) <= room):
        return head + account.id[:room]
    # Ids from files may begin alike, or hold what no number may.
    return head + hashlib.sha256(account.id.encode("utf-8", "replace")).hexdigest()[:room]


def accounting_rows(
    form: AccountingFormat, entries: Iterable[Entry], options: AccountingOptions, notes: list[str]
) -> Iterator[dict[str, str]]:
    """Rows by the column names of the format; what stays out, and what to look at, is added to `notes`."""
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    for entry in entries:
        account, number = entry.account, invoice_number(entry.account, entry.period)
        label = f"{account.name} ({account.id})"
        if number in numbers:
            notes.append(f"{label} is left out: its invoice number {number} is that of {numbers[number]}, too.")
            continue
        if form is AccountingFormat.GENERAL:
            rows = list(_general_rows(entry, number, options))
        elif reason := _refusal(form, entry.statement, options.places):
            notes.append(f"{label} is left out: {reason}")
            continue
        else:
            rows = list(_invoice_rows(form, entry, number, options))
        if rows:
            numbers[number] = label
            if account.name in names and form is not AccountingFormat.GENERAL:
                notes.append(f"{label} has the name of {names[account.name]}: their invoices go to one customer.")
            names[account.name] = label
        yield from rows
    if len(numbers) > _INVOICES_MAX.get(form, len(numbers)):
        notes.append(f"{_PRODUCT[form]} takes {_INVOICES_MAX[form]} invoices at a time; this file has {len(numbers)}.")


def _refusal(form: AccountingFormat, statement: Statement, places: int) -> str:
    product, total = _PRODUCT[form], micros_text(statement.total_micros, places_least=2)
    if statement.total_micros % 10 ** (_MICRO_PLACES - places):
        return (
            f"its total {total} has more than {places} decimals, {product} takes no such amount. "
            f"Set rounding.total.places to {places} in its plan, or export as general."
        )
    if statement.total_micros < 0:
        return f"its total {total} is a credit, {product} imports invoices only. Enter a credit note by hand."
    return ""


# The exact lines.


def _general_rows(entry: Entry, number: str, options: AccountingOptions) -> Iterator[dict[str, str]]:
    account, period, statement = entry
    first, last = first_day(period), last_day(period)
    for position, line in enumerate(statement.lines, 1):
        price = line.unit_price_micros
        yield {
            "Invoice Number": number,
            "Invoice Date": _day(last, options.date_form or "%Y-%m-%d"),
            "Due Date": _day(last + timedelta(days=options.due_days), options.date_form or "%Y-%m-%d"),
            "Period From": first.isoformat(),
            "Period To": last.isoformat(),
            "Account ID": account.id,
            "Customer": account.name or account.id,
            "Line": str(position),
            "Kind": line.kind.value,
            "Group": line.group,
            "Key": line.key,
            "Text": _one_line(line.text or line.key),
            "Quantity": decimal_text(line.quantity) if line.quantity or line.unit else "",
            "Unit": line.unit,
            "Unit Price": "" if price is None else decimal_text(price.scaleb(-_MICRO_PLACES)),
            "Amount": micros_text(line.amount_micros),
            "Currency": statement.currency,
            "Calls": str(line.calls) if line.calls else "",
            "Plan": line.plan,
            "Evidence": _one_line(line.evidence),
        }


# Invoices in whole cents.


def _invoice_rows(
    form: AccountingFormat, entry: Entry, number: str, options: AccountingOptions
) -> Iterator[dict[str, str]]:
    make = _quickbooks_row if form is AccountingFormat.QUICKBOOKS else _xero_row
    date_form = options.date_form or _DATE_FORMS[form]
    last = last_day(entry.period)
    dates = _day(last, date_form), _day(last + timedelta(days=options.due_days), date_form)
    untaxed = _UNTAXED[form] if options.untaxed_code is None else options.untaxed_code
    for row in _coin_rows(entry, options.places):
        code = (options.tax_code or " + ".join(row.taxes)) if row.taxes else untaxed
        filled = make(entry, number, dates, row, code, options)
        yield {column: filled.get(column, "") for column in _COLUMNS[form]}


def _quickbooks_row(
    entry: Entry, number: str, dates: tuple[str, str], row: _Row, code: str, options: AccountingOptions
) -> dict[str, str]:
    amount = _coins_text(row.amount, options.places)
    return {
        "*InvoiceNo": number,
        "*Customer": entry.account.name or entry.account.id,
        "*InvoiceDate": dates[0],
        "*DueDate": dates[1],
        "Memo": f"Statement {entry.period.name}",
        "Item(Product/Service)": _ITEMS[row.kind],
        "ItemDescription": row.text,
        "ItemQuantity": row.quantity,
        "ItemRate": row.unit_price or amount,
        "*ItemAmount": amount,
        "Taxable": "Y" if row.taxes else "N",
        "*ItemTaxCode": code,
        "ItemTaxAmount": _tax_text(row, options.places),
        "Currency": entry.statement.currency,
        "Service Date": dates[0],
    }


def _xero_row(
    entry: Entry, number: str, dates: tuple[str, str], row: _Row, code: str, options: AccountingOptions
) -> dict[str, str]:
    return {
        "*ContactName": entry.account.name or entry.account.id,
        "*InvoiceNumber": number,
        "Reference": f"Statement {entry.period.name}",
        "*InvoiceDate": dates[0],
        "*DueDate": dates[1],
        "Total": _coins_text(_coins(entry.statement.total_micros, options.places), options.places),
        "*Description": row.text,
        "*Quantity": row.quantity,
        "*UnitAmount": row.unit_price or _coins_text(row.amount, options.places),
        "*AccountCode": options.account_code,
        "*TaxType": code,
        "TaxAmount": _tax_text(row, options.places),
        "Currency": entry.statement.currency,
    }


def _coin_rows(entry: Entry, places: int) -> list[_Row]:
    """Lines that owe anything, each rounded to coins, taxes spread over them, and one row for what is left over."""
    statement = entry.statement
    after = (LineKind.TAX, LineKind.ROUNDING)
    rows = [_coin_row(line, places) for line in statement.lines if line.kind not in after and line.amount_micros]
    rows = [row for row in rows if row.amount]
    for tax in (line for line in statement.lines if line.kind is LineKind.TAX):
        groups = tax.of or ALL_GROUPS
        rows += _spread(tax, [row for row in rows if row.group in groups], places)
    rest = _coins(statement.total_micros, places) - sum(row.amount + row.tax for row in rows)
    if rest:
        rows.append(_Row(LineKind.ROUNDING, LineKind.ROUNDING.value, "Rounding", rest))
    return rows


def _coin_row(line: Line, places: int) -> _Row:
    """Quantity times price where that makes the amount; else once the amount, with the quantity in words."""
    amount, price = _coins(line.amount_micros, places), line.unit_price_micros
    row = _Row(line.kind, line.group, _described(line), amount)
    if price is not None and _is_short(line.quantity) and _is_short(unit := price.scaleb(-_MICRO_PLACES)):
        product = line.quantity * price
        if product == int(product) and _coins(int(product), places) == amount:
            row.text = _one_line(line.text or line.key)
            row.quantity, row.unit_price = decimal_text(line.quantity), decimal_text(unit)
    return row


def _spread(tax: Line, rows: Sequence[_Row], places: int) -> list[_Row]:
    """Put the tax on the rows in proportion, to the last coin; returns a row for a tax that nothing can bear."""
    coins, base = _coins(tax.amount_micros, places), sum(row.amount for row in rows)
    name = _one_line(tax.text or tax.key)
    if coins and not base:
        return [_Row(LineKind.TAX, tax.group, name, coins)]
    given = upto = 0
    for row in rows:
        upto += row.amount
        # Rows that come to nothing bear no tax, and here there is none.
        share = _half_up(coins * upto, base) - given if base else 0
        row.tax, given = row.tax + share, given + share
        row.taxes.append(name)
        row.is_tax_included |= bool(tax.included_micros)
    return []


def _described(line: Line) -> str:
    parts = []
    if line.unit == "percent":
        parts.append(f"{decimal_text(line.quantity)} %")
    elif line.unit and line.quantity:
        parts.append(f"{decimal_text(line.quantity)} {line.unit}")
    if line.calls:
        parts.append(f"{line.calls} call{'' if line.calls == 1 else 's'}")
    text = _one_line(line.text or line.key)
    return f"{text} ({', '.join(parts)})" if parts else text


def _is_short(number: Decimal) -> bool:
    return len(decimal_text(number).partition(".")[2]) <= _FACTOR_PLACES_MAX


def _coins(micros: int, places: int) -> int:
    return _half_up(micros, 10 ** (_MICRO_PLACES - places))


def _half_up(dividend: int, divisor: int) -> int:
    """To the nearest whole number, half away from zero."""
    sign = -1 if (dividend < 0) != (divisor < 0) else 1
    whole, rest = divmod(abs(dividend), abs(divisor))
    return sign * (whole + (2 * rest >= abs(divisor)))


def _coins_text(coins: int, places: int) -> str:
    return f"{Decimal(coins).scaleb(-places):.{places}f}"


def _tax_text(row: _Row, places: int) -> str:
    """Empty where the amount holds the tax already: then the books work it out."""
    return "" if row.is_tax_included and not row.tax else _coins_text(row.tax, places)


def _day(day: date, form: str) -> str:
    return day.strftime(form)


def _one_line(text: str) -> str:
    return " ".join(text.split())
