"""The files for the books: rows that add up to the statements, in the columns that importers know."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statements import CAFE, OCTOBER, line, many, october, renamed, statement_of

from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import parse_period
from reseller_reporting.model.statement import LineKind, Statement
from reseller_reporting.reports.accounting import AccountingFormat, AccountingOptions, Entry, invoice_number
from reseller_reporting.reports.render.as_accounting_csv import write_accounting

QUICKBOOKS, XERO, GENERAL = AccountingFormat.QUICKBOOKS, AccountingFormat.XERO, AccountingFormat.GENERAL
# Of their own templates: what is starred must not be empty, names decide what is what.
QUICKBOOKS_HEADER = (
    "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,"
    "ItemQuantity,ItemRate,*ItemAmount,Taxable,*ItemTaxCode,ItemTaxAmount,Currency,Service Date"
)
XERO_HEADER = (
    "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
    "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InventoryItemCode,*Description,"
    "*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,TrackingName1,TrackingOption1,TrackingName2,"
    "TrackingOption2,Currency,BrandingTheme"
)


def entry(statement: Statement, **known: Any) -> Entry:
    return Entry(known.pop("account", CAFE), known.pop("period", OCTOBER), statement, **known)


def write(
    folder: Path, form: AccountingFormat, *entries: Entry, **options: Any
) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    path = folder / "accounting.csv"
    notes = write_accounting(path, form, entries, AccountingOptions(**options))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file)), notes


def total(rows: Iterable[dict[str, str]], *columns: str) -> Decimal:
    return sum((Decimal(row[column] or "0") for row in rows for column in columns), Decimal(0))


def xero_total(rows: Iterable[dict[str, str]]) -> Decimal:
    """As Xero does: quantity times unit amount to the cent, then the tax."""
    amounts = (
        (Decimal(row["*Quantity"]) * Decimal(row["*UnitAmount"])).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        + Decimal(row["TaxAmount"] or "0")
        for row in rows
    )
    return sum(amounts, Decimal(0))


def test_quickbooks_gets_its_columns_and_amounts_that_add_up(tmp_path: Path) -> None:
    rows, notes = write(tmp_path, QUICKBOOKS, entry(october()))
    assert (tmp_path / "accounting.csv").read_bytes().startswith(QUICKBOOKS_HEADER.encode() + b"\r\n")
    assert notes == ()
    assert {(row["*InvoiceNo"], row["*Customer"], row["*InvoiceDate"], row["*DueDate"]) for row in rows} == {
        ("2026-10-0123456789abc", "Blue Cafe", "10/31/2026", "11/30/2026")
    }
    shown = [(row["Item(Product/Service)"], row["ItemDescription"], row["*ItemAmount"]) for row in rows]
    assert shown == [
        ("Usage", "US and Canada", "8.93"),  # Quantity and price have cells: 595 × 0.0150 is 8.925.
        ("Usage", "World (132.55 minutes, 41 calls)", "14.35"),
        ("Usage", "Toll-free", "1.24"),
        ("Recurring services", "Two-way trunks", "59.98"),
        ("Recurring services", "US number", "4.50"),
        ("Recurring services", "Support contract", "49.00"),
        ("One-off charges", "Installation", "150.00"),
        ("One-off charges", "Credit for the outage", "-12.50"),
        ("Discounts", "Loyalty discount (5 %)", "-1.23"),
        ("Minimum spend", "Minimum spend", "1.72"),
        ("Rounding", "Rounding", "-0.01"),
    ]
    # 8.93 + 14.35 + 1.24 + 59.98 + 4.50 + 49.00 + 150.00 − 12.50 − 1.23 + 1.72 = 275.99; with 52.44 tax it is 328.43,
    # a cent more than is due.
    assert total(rows[:-1], "*ItemAmount") == Decimal("275.99")
    assert total(rows, "ItemTaxAmount") == Decimal("52.44")
    assert total(rows, "*ItemAmount", "ItemTaxAmount") == Decimal("328.42")
    assert {row["*ItemTaxCode"] for row in rows[:-1]} == {"VAT 19%"}
    assert (rows[-1]["*ItemTaxCode"], rows[-1]["Taxable"], rows[-1]["ItemTaxAmount"]) == ("", "N", "0.00")


def test_xero_gets_its_columns_and_what_it_multiplies_adds_up(tmp_path: Path) -> None:
    rows, notes = write(tmp_path, XERO, entry(october()), account_code="400", tax_code="20% (VAT on Income)")
    assert (tmp_path / "accounting.csv").read_bytes().startswith(XERO_HEADER.encode() + b"\r\n")
    assert notes == ()
    assert {(row["*ContactName"], row["*InvoiceNumber"], row["*InvoiceDate"], row["*DueDate"]) for row in rows} == {
        ("Blue Cafe", "2026-10-0123456789abc", "31/10/2026", "30/11/2026")
    }
    starred = [name for name in XERO_HEADER.split(",") if name.startswith("*")]
    assert all(row[name] for row in rows for name in starred)
    assert xero_total(rows) == Decimal("328.42")
    assert {row["Total"] for row in rows} == {"328.42"}
    assert {row["*AccountCode"] for row in rows} == {"400"}
    assert [row["*TaxType"] for row in rows[-2:]] == ["20% (VAT on Income)", "Tax Exempt"]
    trunks = next(row for row in rows if row["*Description"] == "Two-way trunks")
    assert (trunks["*Quantity"], trunks["*UnitAmount"]) == ("2", "29.99")


def test_general_has_every_line_exactly(tmp_path: Path) -> None:
    statement = october()
    rows, notes = write(tmp_path, GENERAL, entry(statement), due_days=14)
    assert notes == ()
    assert (tmp_path / "accounting.csv").read_bytes().startswith(b"\xef\xbb\xbfInvoice Number,")
    assert [row["Text"] for row in rows] == [each.text for each in statement.lines]
    assert total(rows, "Amount") == Decimal("328.42")
    assert rows[0] == {
        "Invoice Number": "2026-10-0123456789abc",
        "Invoice Date": "2026-10-31",
        "Due Date": "2026-11-14",
        "Period From": "2026-10-01",
        "Period To": "2026-10-31",
        "Account ID": CAFE.id,
        "Customer": "Blue Cafe",
        "Line": "1",
        "Kind": "usage",
        "Group": "usage",
        "Key": "us-and-canada",
        "Text": "US and Canada",
        "Quantity": "595",
        "Unit": "minutes",
        "Unit Price": "0.015",
        "Amount": "8.9250",
        "Currency": "USD",
        "Calls": "212",
        "Plan": "retail@2026-01-01",
        "Evidence": "",
    }


def test_a_tax_lies_on_the_groups_that_it_is_of(tmp_path: Path) -> None:
    """10 % of the recurring 30.00 is 3.00; usage bears none."""
    statement = statement_of(
        line(LineKind.USAGE, "World", "70.00"),
        line(LineKind.RECURRING, "Trunks", "20.00"),
        line(LineKind.RECURRING, "Users", "10.00"),
        line(LineKind.TAX, "Levy", "3.00", key="levy", of=("recurring",)),
    )
    rows, _ = write(tmp_path, XERO, entry(statement))
    taxes = [(row["*Description"], row["TaxAmount"], row["*TaxType"]) for row in rows]
    assert taxes == [("World", "0.00", "Tax Exempt"), ("Trunks", "2.00", "Levy"), ("Users", "1.00", "Levy")]


def test_two_taxes_on_a_line_are_one_code(tmp_path: Path) -> None:
    """To the cent, 1.00 is 0.33 + 0.34 + 0.33 and 0.05 is 0.02 + 0.01 + 0.02."""
    lines = [line(LineKind.USAGE, name, "3.33") for name in ("A", "B", "C")]
    taxes = [line(LineKind.TAX, "State", "1.00"), line(LineKind.TAX, "City", "0.05")]
    rows, _ = write(tmp_path, QUICKBOOKS, entry(statement_of(*lines, *taxes)))
    assert [row["ItemTaxAmount"] for row in rows] == ["0.35", "0.35", "0.35"]
    assert {row["*ItemTaxCode"] for row in rows} == {"State + City"}


def test_a_tax_that_the_prices_hold_already_is_named_and_not_added(tmp_path: Path) -> None:
    lines = [line(LineKind.USAGE, "World", "119.00"), line(LineKind.TAX, "VAT", "0", included_micros=19_000_000)]
    rows, _ = write(tmp_path, XERO, entry(statement_of(*lines)))
    assert [(row["*UnitAmount"], row["*TaxType"], row["TaxAmount"]) for row in rows] == [("119.00", "VAT", "")]


def test_a_tax_on_top_that_comes_to_nothing_is_a_tax_of_nothing(tmp_path: Path) -> None:
    lines = [line(LineKind.USAGE, "World", "0.04"), line(LineKind.TAX, "VAT", "0")]
    rows, _ = write(tmp_path, XERO, entry(statement_of(*lines)))
    assert [(row["*UnitAmount"], row["*TaxType"], row["TaxAmount"]) for row in rows] == [("0.04", "VAT", "0.00")]


def test_a_tax_that_no_line_can_bear_is_a_line(tmp_path: Path) -> None:
    rows, _ = write(tmp_path, XERO, entry(statement_of(line(LineKind.TAX, "Levy", "3.00"))))
    assert [(row["*Description"], row["*UnitAmount"]) for row in rows] == [("Levy", "3.00")]


@pytest.mark.parametrize(("form", "word"), [(QUICKBOOKS, "QuickBooks"), (XERO, "Xero")])
def test_what_an_importer_would_not_take_is_left_out_and_named(
    tmp_path: Path, form: AccountingFormat, word: str
) -> None:
    fraction = entry(many(1))  # 0.011
    credit = entry(statement_of(line(LineKind.ONE_OFF, "Credit", "-5.00")), account=_other("Red Bar", "9"))
    rows, notes = write(tmp_path, form, fraction, credit)
    assert rows == []
    assert len(notes) == 2
    assert f"its total 0.011 has more than 2 decimals, {word} takes no such amount" in notes[0]
    assert f"Red Bar ({'9' * 32}) is left out: its total -5.00 is a credit" in notes[1]
    rows, notes = write(tmp_path, GENERAL, fraction, credit)
    assert (len(rows), notes) == (2, ())


def _other(name: str, digit: str) -> Any:
    return replace(CAFE, name=name, id=AccountId(digit * 32))


def test_customers_of_one_name_are_told(tmp_path: Path) -> None:
    statement = statement_of(line(LineKind.ONE_OFF, "Fee", "5.00"))
    twin = entry(statement, account=_other("Blue Cafe", "9"))
    rows, notes = write(tmp_path, XERO, entry(statement), twin)
    assert len(rows) == 2
    assert len(notes) == 1
    assert "has the name of Blue Cafe" in notes[0]


def test_more_invoices_than_an_importer_takes_at_once_are_told(tmp_path: Path) -> None:
    statement = statement_of(line(LineKind.ONE_OFF, "Fee", "5.00"))
    many_of_them = [
        entry(statement, account=replace(CAFE, id=AccountId(f"{n:032x}"[::-1]), name=f"{n}")) for n in range(101)
    ]
    rows, notes = write(tmp_path, QUICKBOOKS, *many_of_them)
    assert len(rows) == 101
    assert notes == ("QuickBooks takes 100 invoices at a time; this file has 101.",)


@pytest.mark.parametrize("form", list(AccountingFormat))
@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\t=1", "two\r\nlines", 'quo"te, comma'])
def test_hostile_text_runs_nowhere(tmp_path: Path, form: AccountingFormat, text: str) -> None:
    hostile = entry(renamed(october(), text), account=replace(CAFE, name=text))
    rows, _ = write(tmp_path, form, hostile)
    cells = [cell for row in rows for cell in row.values()]
    numbers = [cell for cell in cells if cell.startswith("-")]
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)
    assert all(Decimal(cell) < 0 for cell in numbers)


@pytest.mark.parametrize(
    ("period", "account_id", "number"),
    [
        ("2026-10", "0123456789abcdef" * 2, "2026-10-0123456789abc"),
        ("2026-10-01..2026-10-16", "0123456789abcdef" * 2, "20261001x15-012345678"),
        ("2026-10", "acct-7", "2026-10-acct-7"),
    ],
)
def test_an_invoice_number_is_period_and_account(period: str, account_id: str, number: str) -> None:
    parsed = parse_period(period, timezone="Europe/Berlin", now=datetime(2026, 11, 2, tzinfo=UTC))
    assert invoice_number(replace(CAFE, id=AccountId(account_id)), parsed) == number


def test_long_ids_that_begin_alike_have_numbers_of_their_own() -> None:
    numbers = {invoice_number(replace(CAFE, id=AccountId(f"customer-account-{n}")), OCTOBER) for n in range(500)}
    assert len(numbers) == 500
    assert max(map(len, numbers)) <= 21


_AMOUNTS = st.integers(-(10**9), 10**10)
_KINDS = st.sampled_from([kind for kind in LineKind if kind not in (LineKind.TAX, LineKind.ROUNDING)])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_KINDS, _AMOUNTS, st.integers(0, 50), st.booleans()), max_size=40),
    st.lists(st.integers(0, 10**9), max_size=3),
    st.sampled_from([QUICKBOOKS, XERO]),
)
def test_whatever_the_lines_the_rows_come_to_the_total(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[LineKind, int, int, bool]],
    taxes: list[int],
    form: AccountingFormat,
) -> None:
    lines = [
        replace(
            line(kind, f"line {number}", "0", quantity=str(quantity)),
            amount_micros=quantity * micros if has_price else micros,
            unit_price_micros=Decimal(micros) if has_price else None,
        )
        for number, (kind, micros, quantity, has_price) in enumerate(drawn)
    ]
    lines += [replace(line(LineKind.TAX, f"tax {n}", "0"), amount_micros=micros) for n, micros in enumerate(taxes)]
    exact = sum(each.amount_micros for each in lines)
    rest = -exact % 10_000
    statement = statement_of(*lines, replace(line(LineKind.ROUNDING, "Rounding", "0"), amount_micros=rest))
    rows, notes = write(tmp_path_factory.mktemp("csv"), form, entry(statement))
    if statement.total_micros < 0:
        assert rows == []
        assert len(notes) == 1
        return
    found = xero_total(rows) if form is XERO else total(rows, "*ItemAmount", "ItemTaxAmount")
    assert found == Decimal(statement.total_micros).scaleb(-6)
    if form is QUICKBOOKS:
        for row in rows:
            product = Decimal(row["ItemQuantity"]) * Decimal(row["ItemRate"])
            assert product.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP") == Decimal(row["*ItemAmount"])


def test_a_tax_of_nothing_on_rows_that_come_to_nothing_takes_nothing(tmp_path: Path) -> None:
    """3.34 + 2.70 − 6.04 is 0.00, and so is the tax on it."""
    statement = statement_of(
        line(LineKind.USAGE, "World", "3.34"),
        line(LineKind.RECURRING, "Trunks", "2.70"),
        line(LineKind.DISCOUNT, "All of it", "-6.04"),
        line(LineKind.TAX, "Levy", "0.00"),
    )
    rows, notes = write(tmp_path, XERO, entry(statement))
    assert len(rows) == 3
    assert sum(Decimal(row["*Quantity"]) * Decimal(row["*UnitAmount"]) for row in rows) == 0
    assert all(Decimal(row["TaxAmount"] or 0) == 0 for row in rows)
    assert notes == ()
