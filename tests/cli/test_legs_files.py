"""`--also parquet,csv`: the rated legs of each customer for tools, with the columns of its call sheet."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseller_reporting.reports.edition import CUSTOMER_CALL_COLUMNS
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Terminal

RUN = ("run", "--period", "2024-06", "--out", "out", "--timezone", "Europe/Berlin")
BERLIN = ZoneInfo("Europe/Berlin")
UK = Rate(units=300, increment=60, minimum=60, name="UK, landline")
PLAN = "plan: retail\neffective: 2024-01-01\nusage:\n  world: {direction: outbound, per_minute: 0.012345}\n"


@pytest.fixture
def terminal_of_alice(terminal: Terminal) -> Iterator[Terminal]:
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    alice = world.customer("Alice", parent=acme, account_id="1" * 32)
    user = world.user(alice, "Ada", 'von "L"')
    for day, seconds in ((3, 125), (4, 0), (5, 61)):
        world.call(
            alice,
            started_at=datetime(2024, 6, day, 12, tzinfo=UTC),
            number="+442071234567",
            answered_seconds=seconds,
            rate=UK,
            owner=user,
            caller="=1+2",
        )
    world.on_net_leg(alice, started_at=datetime(2024, 6, 6, tzinfo=UTC))
    with running(world) as kazoo:
        (terminal.folder / "plan.yaml").parent.mkdir(exist_ok=True)
        (terminal.folder / "plan.yaml").write_text(PLAN)
        yield terminal.connect(kazoo)


def csv_rows(terminal: Terminal) -> list[dict[str, str]]:
    (path,) = (terminal.folder / "out" / "legs").glob("*.csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def table(terminal: Terminal) -> pa.Table:
    (path,) = (terminal.folder / "out" / "legs").glob("*.parquet")
    return pq.read_table(path)


def as_sheet(name: str, value: Any) -> Any:
    """A value of the Parquet file as the cell of the sheet that shows it."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, Decimal):
        return pytest.approx(float(value), abs=1e-6)
    return None if value == "" else value


@pytest.mark.parametrize("options", [(), ("--price-plans", "plan.yaml"), ("--legs", "all")])
def test_they_say_what_the_call_sheet_says(terminal_of_alice: Terminal, options: tuple[str, ...]) -> None:
    outcome = terminal_of_alice.run(*RUN, "--also", "parquet,csv", *options)
    assert outcome.code == 0, outcome.err
    sheet = terminal_of_alice.left().sheet("Alice", "Calls")
    legs = table(terminal_of_alice)
    assert legs.column_names == list(sheet[0])
    shown = [{name: as_sheet(name, value) for name, value in row.items()} for row in legs.to_pylist()]
    assert sheet == shown
    rows = csv_rows(terminal_of_alice)
    assert len(rows) == len(sheet) == (4 if "all" in options else 3)
    for row, leg in zip(rows, legs.to_pylist(), strict=True):
        assert list(row) == legs.column_names
        for name, value in leg.items():
            text = row[name].removeprefix("'")
            typed: Any = datetime.fromisoformat(text) if isinstance(value, datetime) else text
            typed = Decimal(text) if isinstance(value, Decimal | int) else typed
            assert typed == ("" if value is None else value), name


def test_their_cells_have_types_that_tools_know(terminal_of_alice: Terminal) -> None:
    assert terminal_of_alice.run(*RUN, "--also", "parquet", "--price-plans", "plan.yaml").code == 0
    legs = table(terminal_of_alice)
    types = {field.name: field.type for field in legs.schema}
    assert types["Date/time"] == pa.timestamp("us", "Europe/Berlin")
    assert (types["Reseller Cost"], types["Price"]) == (pa.decimal128(19, 4), pa.decimal128(19, 6))
    assert (types["Billing Seconds"], types["Country"]) == (pa.int64(), pa.string())
    first = legs.to_pylist()[0]
    assert first["Date/time"] == datetime(2024, 6, 3, 14, tzinfo=BERLIN)
    # 125 s by whole minutes are three at 0.03; the plan's price is by the second.
    assert (first["Reseller Cost"], first["Billing Minutes"]) == (Decimal("0.0900"), Decimal(3))
    assert first["Price"] is not None


def test_a_spreadsheet_runs_nothing_of_the_csv(terminal_of_alice: Terminal) -> None:
    assert terminal_of_alice.run(*RUN, "--also", "csv").code == 0
    (first, *_) = csv_rows(terminal_of_alice)
    assert (first["(From) Caller ID"], first["To Number"]) == ("'=1+2", "'+442071234567")
    assert (first["Date/time"], first["Rate"]) == ("2024-06-03T14:00:00+02:00", "0.0300")
    assert (first["Rate Name"], first["User"]) == ("UK, landline", 'Ada von "L"')


def test_a_customers_edition_has_its_columns_alone(terminal_of_alice: Terminal) -> None:
    options = ("--also", "csv", "--also", "parquet", "--edition", "customer", "--price-plans", "plan.yaml")
    assert terminal_of_alice.run(*RUN, *options).code == 0
    assert table(terminal_of_alice).column_names == list(CUSTOMER_CALL_COLUMNS)
    assert list(csv_rows(terminal_of_alice)[0]) == list(CUSTOMER_CALL_COLUMNS)


def test_the_manifest_names_them_and_the_next_run_takes_them_away(terminal_of_alice: Terminal) -> None:
    assert terminal_of_alice.run(*RUN, "--also", "csv, parquet").code == 0
    left = terminal_of_alice.left()
    listed = {each["file"]: each["sha256"] for each in left.manifest["files"]}
    made = {name: content for name, content in left.files().items() if name.startswith("legs/")}
    assert len(made) == 2
    assert {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}.items() <= listed.items()
    again = terminal_of_alice.run(*RUN, "--also", "parquet,csv")
    assert again.code == 0
    assert terminal_of_alice.left().files() == left.files()
    assert terminal_of_alice.run(*RUN).code == 0
    assert not (left.folder / "legs").exists()


@pytest.mark.parametrize("also", ["pdf", "csv,pdf", "xero"])
def test_what_only_prices_make_needs_plans(terminal_of_alice: Terminal, also: str) -> None:
    outcome = terminal_of_alice.run(*RUN, "--also", also)
    assert outcome.code == 2
    assert f"--also {also.rsplit(',', maxsplit=1)[-1]} needs price plans" in outcome.complaint


@pytest.mark.parametrize("also", ["xml", "csv,,parquet", ""])
def test_an_unknown_name_is_refused_before_anything_is_asked(terminal: Terminal, also: str) -> None:
    outcome = terminal.run(*RUN, "--also", also)
    assert outcome.code == 2
    assert "is none of pdf, accounting, quickbooks, xero, parquet, csv" in outcome.err
