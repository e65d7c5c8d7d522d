"""One row a customer: what came in, what it cost, what is left; unknown is empty, never 0."""

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from statements import CAFE, october, statement_of

from reseller_reporting.reports.margins import MARGIN_COLUMNS, MarginFigures, margin_row
from reseller_reporting.reports.render.as_csv import write_margins


def figures(**known: Any) -> MarginFigures:
    given: dict[str, Any] = {
        "account": CAFE,
        "currency": "USD",
        "statement": october(),
        "reseller_cost_units": 98_000,
        "reseller_recurring": Decimal("61.5"),
        "priced_calls": 368,
        "unpriced_calls": 3,
        "calls_below_cost": 2,
        "loss_micros": 14_500,
    }
    return MarginFigures(**{**given, **known})


def test_a_row_has_its_arithmetic() -> None:
    assert margin_row(figures()) == {
        "Account ID": CAFE.id,
        "Name": "Blue Cafe",
        "Usage Price": "24.5100",
        "Reseller Cost": "9.8000",
        "Usage Margin": "14.7100",
        "Recurring Price": "113.4800",
        "Reseller Recurring Cost": "61.5000",
        "Recurring Margin": "51.9800",
        "One-off": "137.5000",
        "Discounts": "-1.2255",
        "Minimum": "1.7155",
        # 275.98 − 9.80 − 61.50 = 204.68; of 275.98 that is 74.165 %.
        "Net": "275.9800",
        "Margin": "204.6800",
        "Margin Percent": "74.16",
        "Priced Calls": "368",
        "Unpriced Calls": "3",
        "Calls Below Cost": "2",
        "Loss On These": "0.0145",
        "Currency": "USD",
        "Plans": "retail@2026-01-01",
    }


@pytest.mark.parametrize(
    ("unknown", "empty"),
    [
        (
            {"statement": None, "priced_calls": None, "unpriced_calls": None},
            {
                *("Usage Price", "Usage Margin", "Recurring Price", "Recurring Margin", "One-off", "Discounts"),
                *("Minimum", "Net", "Margin", "Margin Percent", "Priced Calls", "Unpriced Calls", "Plans"),
            },
        ),
        ({"reseller_cost_units": None}, {"Reseller Cost", "Usage Margin", "Margin", "Margin Percent"}),
        (
            {"reseller_recurring": None},
            {"Reseller Recurring Cost", "Recurring Margin", "Margin", "Margin Percent"},
        ),
        ({"calls_below_cost": None, "loss_micros": None}, {"Calls Below Cost", "Loss On These"}),
    ],
)
def test_what_is_unknown_is_empty_and_nothing_else(unknown: dict[str, Any], empty: set[str]) -> None:
    row = margin_row(figures(**unknown))
    assert {column for column, value in row.items() if not value} == empty


def test_of_nothing_there_is_no_percentage() -> None:
    row = margin_row(figures(statement=statement_of()))
    assert (row["Net"], row["Margin"], row["Margin Percent"]) == ("0.0000", "-71.3000", "")


def test_the_file_has_its_columns_and_guards_names(tmp_path: Path) -> None:
    path = tmp_path / "margin.csv"
    losing = figures(account=replace(CAFE, name="=1+1"), reseller_cost_units=9_999_999)
    write_margins(path, [margin_row(figures()), margin_row(losing)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == MARGIN_COLUMNS
    assert len(rows) == 2
    assert rows[1][1] == "'=1+1"
    assert rows[1][4] == "-975.4899"  # 24.51 − 999.9999; a number keeps its sign.
