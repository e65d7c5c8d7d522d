"""The first sheet: four answers at a glance, the charts' small tables, and the months before."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from recalculation import recalculated
from statements import october

from reseller_reporting.model.period import parse_period
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.tables import PRICED_LEGS
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts, MonthFigures, PriceFacts
from reseller_reporting.reports.margins import MarginFigures, margin_row
from reseller_reporting.reports.render.as_xlsx import write_workbook

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]

FLAT = {"reseller_call_type": "flat_rate", "answered_seconds": 90}
SEPTEMBER = MonthFigures(
    month="2026-09", calls=4, answered_seconds=480, customer_cost_units=0, reseller_cost_units=1200
)
AUGUST = replace(SEPTEMBER, month="2026-08", calls=2)
OTHERS = ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE", "US"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.xlsx"


def write(path: Path, facts: AccountFacts, batch: pa.RecordBatch) -> None:
    write_workbook(path, facts, [batch], listed_count=batch.num_rows, owner_names={}, country_name=str.lower)


def prices(unpriced_calls: int = 0) -> PriceFacts:
    statement = replace(october(), unpriced_calls=unpriced_calls)
    return PriceFacts(statement=statement, versions=(), priced_calls=2, calls_below_cost=0, loss_micros=0)


def priced(batch: pa.RecordBatch, *micros: int | None) -> pa.RecordBatch:
    cost = batch.column("reseller_cost_units").to_pylist()
    margins = [None if price is None else price - 100 * units for price, units in zip(micros, cost, strict=True)]
    words = ["" if price is None else "by the plan" for price in micros]
    seconds = batch.column("answered_seconds")  # Billed as they were talked.
    columns = [*batch.columns, seconds, pa.array(micros, pa.int64()), pa.array(margins, pa.int64()), pa.array(words)]
    return pa.RecordBatch.from_arrays(columns, schema=PRICED_LEGS)


def rows_of(path: Path) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(path, data_only=True)["Summary"].iter_rows(values_only=True)]


def cards(path: Path) -> list[tuple[Any, Any]]:
    """Each card's title and figure."""
    rows = rows_of(path)
    top = next(place for place, row in enumerate(rows) if row[6] == "Is it complete")
    return [(rows[top][column], rows[top + 1][column]) for column in (0, 2, 4, 6)]


def card_lines(path: Path) -> list[tuple[Any, Any]]:
    """What stands below the first card's figure."""
    rows = rows_of(path)
    top = next(place for place, row in enumerate(rows) if row[6] == "Is it complete")
    return [(row[0], row[1]) for row in rows[top + 2 : top + 5]]


def block(path: Path, title: str) -> list[list[Any]]:
    """The rows of a section, its header first, up to the first empty one."""
    rows = rows_of(path)
    first = next(place for place, row in enumerate(rows) if row[0] == title) + 1
    end = next(place for place in range(first, len(rows) + 1) if place == len(rows) or set(rows[place][1:]) == {None})
    return [[value for value in row if value is not None] for row in rows[first:end]]


def test_four_questions_are_answered_without_a_plan(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(), make_batch({}, FLAT))
    assert cards(path) == [
        ("Reseller cost of calls", 0.03),
        ("For what", 2),
        ("Since the month before", "not available"),
        ("Is it complete", "Complete"),
    ]
    said = " ".join(str(row[4]) for row in rows_of(path) if len(row) > 4 and isinstance(row[4], str))
    assert "The store does not hold September 2026 whole." in said


def test_a_cost_is_called_a_cost_with_the_other_costs_beside_it(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(reseller_recurring=Decimal(12)), make_batch({"customer_cost_units": 500}))
    assert card_lines(path) == [
        ("Customer Cost", pytest.approx(0.05)),
        ("Reseller Recurring Cost", 12),
        ("Customer Recurring Cost", "not available"),
    ]
    assert not any("owed" in str(text) for row in rows_of(path) for text in row)


def test_what_is_earned_is_the_margin_of_margin_csv_and_says_what_it_is_made_of(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    facts = make_facts(prices=prices(), reseller_recurring=Decimal("74.97"))
    write(path, facts, priced(make_batch({}, FLAT), 20_000, 5_000))
    row = margin_row(
        MarginFigures(
            account=facts.account,
            currency="USD",
            statement=october(),
            reseller_cost_units=300,
            reseller_recurring=facts.reseller_recurring,
        )
    )
    assert cards(path)[0] == ("What is earned", pytest.approx(float(row["Margin"])))
    assert card_lines(path) == [
        ("Net", pytest.approx(float(row["Net"]))),
        ("\N{MINUS SIGN} Reseller Cost", 0.03),
        ("\N{MINUS SIGN} Reseller Recurring Cost", pytest.approx(74.97)),
    ]
    figures = {row[0]: row[1] for row in block(path, "Key figures")}
    assert figures["Margin on calls"] == pytest.approx(-0.005)


def test_where_a_cost_is_not_known_it_is_the_margin_on_calls_alone(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(prices=prices()), priced(make_batch({}, FLAT), 20_000, 5_000))
    assert cards(path)[0] == ("Margin on calls", pytest.approx(-0.005))  # 0.0250 less 0.0300
    assert ["Margin", "not available"] in [row[:2] for row in block(path, "Key figures")]


def test_a_customer_reads_what_it_owes_and_nothing_of_costs(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    facts = make_facts(edition=Edition.CUSTOMER, prices=prices(), months_before=(SEPTEMBER,))
    write(path, facts, priced(make_batch({}, FLAT), 20_000, 5_000))
    assert cards(path)[0] == ("What is owed", pytest.approx(328.42))
    assert cards(path)[2] == ("Calls since September 2026", -0.5)
    assert [row[0] for row in block(path, "The last months")[1:]] == ["Calls by month", "Answered Minutes by month"]
    assert block(path, "What the total due is made of")[1] == ["Usage", pytest.approx(24.51)]


def test_neither_order_nor_words_of_a_picture_tell_a_customer_what_the_reseller_pays(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    """Britain costs the reseller most, the customer least; of each call the provider charges 600 s, the plan 60 s."""
    dear: dict[str, Any] = {"country_code": "GB", "reseller_cost_units": 9000}
    legs = [dear, *({"country_code": code, "reseller_cost_units": 1} for code in ("FR", "US"))]
    batch = make_batch(*(leg | {"answered_seconds": 60, "charged_seconds": 600} for leg in legs))
    write(path, make_facts(edition=Edition.CUSTOMER, prices=prices()), priced(batch, 1_000, 50_000, 20_000))
    sheet = openpyxl.load_workbook(path)["Countries"]
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["FR", "US", "GB"]
    with zipfile.ZipFile(path) as package:
        drawings = "".join(
            package.read(name).decode() for name in package.namelist() if name.startswith("xl/drawings/drawing")
        )
    assert "3.00" in drawings  # Minutes of all days, by the plan.
    assert "30.00" not in drawings


def test_what_only_the_reseller_may_know_is_no_note_for_a_customer(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    below = ReportWarning("priced_below_cost", "Calls are priced below what the reseller paid for them.", 3)
    over = ReportWarning("period_not_over", "The period is not over: figures will still grow.")
    for complete in (True, False):
        facts = make_facts(edition=Edition.CUSTOMER, prices=prices(), complete=complete, warnings=[below, over])
        write(path, facts, priced(make_batch({}), 5_000))
        said = {row[0] for row in rows_of(path)}
        assert over.message in said
        assert not any("paid" in str(text) for text in said)


def test_an_incomplete_report_says_so_before_any_figure(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(complete=False, warnings=[ReportWarning("gap", "A day is missing.")]), make_batch({}))
    texts = [str(row[0]) for row in rows_of(path)]
    assert texts.index("A day is missing.") < texts.index("Reseller cost of calls")
    assert cards(path)[3] == ("Is it complete", "Not complete")


def test_months_before_stand_beside_this_one(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(months_before=(AUGUST, SEPTEMBER)), make_batch({}, FLAT))
    rows = block(path, "The last months")
    months = [datetime(2026, month, 1) for month in (8, 9, 10)]  # noqa: DTZ001 - A cell holds no zone.
    assert rows[0] == [*months, "Trend"]
    assert rows[1] == ["Calls by month", 2, 4, 2]
    assert rows[2] == ["Answered Minutes by month", 8, 8, 2.5]
    assert rows[3] == ["Reseller Cost by month", 0.12, 0.12, 0.03]
    assert cards(path)[2] == ("Reseller Cost since September 2026", -0.75)


def test_nothing_before_is_no_change_in_percent(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    nothing = replace(SEPTEMBER, calls=0, answered_seconds=0, reseller_cost_units=0)
    write(path, make_facts(months_before=(nothing,)), make_batch({}))
    assert cards(path)[2] == ("Reseller Cost since September 2026", "was 0")


def test_nothing_before_and_nothing_now_is_unchanged(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    nothing = replace(SEPTEMBER, calls=0, answered_seconds=0, reseller_cost_units=0)
    write(path, make_facts(months_before=(nothing,)), make_batch())
    assert cards(path)[2] == ("Reseller Cost since September 2026", "unchanged")


def test_one_call_is_said_as_one(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(), make_batch({}))
    sheet = openpyxl.load_workbook(path)["Summary"]
    (card,) = [cell for row in sheet.iter_rows() for cell in row if "call" in cell.number_format]
    assert card.number_format == '[=1]0 "call";#,##0 "calls"'


def test_days_are_those_of_the_reports_zone_and_all_of_them(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    first = {"started_at": datetime(2026, 9, 30, 22, 0, tzinfo=UTC)}  # Midnight in Berlin.
    last = {"started_at": datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC), **FLAT}
    write(path, make_facts(), make_batch(first, last))
    header, *days, total = block(path, "By day")
    assert header == ["Day", "Calls", "Billing Minutes", "Flat-rate", "Per-minute", "Other", "Reseller Cost"]
    assert [row[0].date() for row in days] == [date(2026, 10, 1) + timedelta(days=number) for number in range(31)]
    assert days[0][1:] == [1, 1, 0, 1, 0, 0.03]
    assert days[-1][1:] == [1, 1.5, 1.5, 0, 0, 0]
    assert sum(row[1] for row in days) == total[1] == 2


def test_a_long_period_is_shown_by_month(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    period = parse_period("2026-01-15..2026-07-01", timezone="Europe/Berlin", now=datetime(2026, 11, 2, tzinfo=UTC))
    legs = [{"started_at": datetime(2026, month, 20, tzinfo=UTC)} for month in (1, 1, 3)]
    write(path, make_facts(period=period), make_batch(*legs))
    rows = block(path, "By month")[1:-1]
    assert [(row[0].date(), row[1]) for row in rows] == [
        (date(2026, 1, 15), 2),
        *((date(2026, month, 1), int(month == 3)) for month in range(2, 7)),
    ]
    assert any("Only whole months are compared." in row for row in rows_of(path))


def test_small_countries_are_one_line_and_all_lines_add_up(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    legs = [
        {"country_code": code, "reseller_cost_units": 100 * (12 - place), "direction": direction}
        for place, code in enumerate(OTHERS)
        for direction in ("inbound", "outbound")
    ]
    write(path, make_facts(), make_batch(*legs))
    rows = block(path, "By country")[1:]
    assert [row[0] for row in rows] == [*(code.lower() for code in OTHERS[:8]), "Other countries (4)", "Total"]
    assert [row[3] for row in rows[-2:]] == [pytest.approx(0.20), pytest.approx(1.56)]
    assert sum(row[1] for row in rows[:-1]) == rows[-1][1] == 24


def test_without_calls_there_is_a_sentence_in_place_of_charts(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    write(path, make_facts(), make_batch().slice(0, 0))
    assert ("For what", 0) in cards(path)
    assert any(row[0] == "There are no calls in this period." for row in rows_of(path))
    assert not any("charts/" in name for name in zipfile.ZipFile(path).namelist())


@pytest.mark.parametrize("name", ["x" * 40_000, "שלום חברה", "a\x00b\ud800", "=1+1&<b>", ""])
def test_any_name_heads_the_sheet_and_the_file(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, name: str
) -> None:
    write(path, make_facts(name=name), make_batch({}))
    book = openpyxl.load_workbook(path)
    assert book["Summary"]["A1"].data_type == "s"
    assert len(book.properties.subject or "") <= 255
    assert (book.properties.creator, book.properties.title) == ("Acme", "Calls and costs, October 2026")
    assert "A1:H1" in [str(cells) for cells in book["Summary"].merged_cells.ranges]


@pytest.mark.slow
@pytest.mark.parametrize("edition", Edition)
def test_with_prices_and_months_libreoffice_calculates_the_same(
    path: Path, tmp_path: Path, make_facts: MakeFacts, make_batch: MakeBatch, edition: Edition
) -> None:
    other = {"reseller_call_type": "allotment_did_us", "country_code": "US", "answered_seconds": 37}
    legs = [{"country_code": code, "reseller_cost_units": 79 + place} for place, code in enumerate(OTHERS)]
    batch = make_batch(FLAT, other, *legs)
    facts = make_facts(
        edition=edition, prices=prices(), months_before=(AUGUST, SEPTEMBER), reseller_recurring=Decimal("74.97")
    )
    write(path, facts, priced(batch, *range(7, 7 + batch.num_rows)))
    theirs = openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)["Summary"]
    ours = openpyxl.load_workbook(path, data_only=True)["Summary"]
    checked = 0
    for row in openpyxl.load_workbook(path)["Summary"].iter_rows():
        for cell in (cell for cell in row if cell.data_type == "f"):
            expected = ours[cell.coordinate].value
            assert theirs[cell.coordinate].value == pytest.approx(expected, abs=1e-9), cell.value
            checked += 1
    assert checked > 140
