"""Calls in the lake: a pull decides its span and touches nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reseller_reporting.model.errors import InvalidSettings, StoreBusy
from reseller_reporting.model.tables import EXPLAINED_LEGS, LEDGER_ENTRIES, LEG_DOCUMENTS, LEGS, PROBLEMS
from reseller_reporting.store import calls
from reseller_reporting.store.lake import Lake
from reseller_reporting.store.spool import Spool

FROM, TO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
TAKEN = datetime(2026, 11, 5, tzinfo=UTC)


def rows(schema: pa.Schema, *given: dict[str, Any]) -> pa.RecordBatch:
    """Rows with empty or zero figures but for what is given."""
    blank = {f.name: "" if f.type == pa.string() else 0 for f in schema if not f.nullable} | {"taken_at": TAKEN}
    return pa.RecordBatch.from_pylist([blank | row for row in given], schema=schema)


def leg(call: str, at: datetime, account: str = "alice", **more: object) -> dict[str, Any]:
    month = f"{at:%Y-%m}"
    key = {"month": month, "account_id": account, "leg_id": f"{at:%Y%m}-{call}", "call_id": call, "started_at": at}
    money = {"customer_call_type": "per_minute", "customer_cost_units": 300, "reseller_cost_units": 0}
    return {**key, **money, "reseller_call_type": "", "answered_seconds": 5, **more}


def put(lake: Lake, *legs: dict[str, Any], accounts: tuple[str, ...] = ("alice",), span: Any = (FROM, TO)) -> None:
    spool = Spool(LEGS, lake.folder / "spool.parquet")
    spool.add(rows(LEGS, *legs))
    calls.replace_span(lake, "legs", [spool], account_ids=accounts, from_at=span[0], to_at=span[1])
    spool.close()


def read(lake: Lake, account: str = "alice", from_at: datetime = FROM, to_at: datetime = TO) -> list[dict[str, Any]]:
    where = calls.pin(lake).calls([account], from_at=from_at, to_at=to_at, reseller_id="acme")
    with calls.reading(where) as reader:
        return [row for batch in reader.explained() for row in batch.to_pylist()]


def names(found: list[dict[str, Any]]) -> list[str]:
    return [row["call_id"] for row in found]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "store")


def test_repeating_a_pull_changes_nothing(lake: Lake) -> None:
    for _ in range(2):
        put(lake, leg("b", FROM), leg("a", FROM), leg("c", FROM - timedelta(0)))
    assert names(read(lake)) == ["a", "b", "c"]


def test_a_pull_of_part_of_a_month_leaves_the_rest_and_other_accounts(lake: Lake) -> None:
    middle = FROM + timedelta(days=15)
    put(lake, leg("early", FROM), leg("late", middle), leg("bobs", middle, "bob"), accounts=("alice", "bob"))
    put(lake, leg("later", middle + timedelta(hours=1)), span=(middle, TO))
    assert names(read(lake)) == ["early", "later"]
    assert names(read(lake, "bob")) == ["bobs"]


def test_rows_outside_the_span_or_of_other_accounts_are_never_written(lake: Lake) -> None:
    put(lake, leg("before", FROM - timedelta(seconds=1)), leg("inside", FROM), leg("bobs", FROM, "bob"))
    assert names(read(lake, from_at=FROM - timedelta(days=1))) == ["inside"]
    assert names(read(lake, "bob")) == []


def test_rows_come_by_start_then_call_then_leg(lake: Lake) -> None:
    put(lake, leg("z", FROM), leg("a", FROM + timedelta(seconds=1)), leg("y", FROM))
    assert names(read(lake)) == ["y", "z", "a"]


def test_many_rows_pass_through_a_file_and_arrive_whole(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseller_reporting.store.spool._SPILL_ROWS", 2)
    put(lake, *(leg(f"{n:03}", FROM + timedelta(seconds=n)) for n in range(7)))
    assert names(read(lake)) == [f"{n:03}" for n in range(7)]
    assert not (lake.folder / "spool.parquet").exists()


def test_the_resellers_entry_explains_a_leg_before_the_customers(lake: Lake) -> None:
    put(lake, leg("x", FROM), leg("bare", FROM))
    entry = {
        "month": "2026-10",
        "account_id": "alice",
        "call_id": "x",
        "period_start_at": FROM,
        "service": "per-minute-voip",
    }
    spool = Spool(LEDGER_ENTRIES, lake.folder / "e.parquet")
    spool.add(
        rows(
            LEDGER_ENTRIES,
            entry | {"ledger_account_id": "alice", "entry_id": "1", "charged_seconds": 60, "amount_units": -300},
            entry | {"ledger_account_id": "acme", "entry_id": "2", "charged_seconds": 61, "amount_units": -300},
        )
    )
    calls.replace_span(lake, "ledger_entries", [spool], account_ids=["alice"], from_at=FROM, to_at=TO)
    found = {row["call_id"]: row["entry_charged_seconds"] for row in read(lake)}
    assert found == {"x": 61, "bare": None}
    where = calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")
    with calls.reading(where) as reader:
        assert reader.overview().ledger_per_minute_units == -300


def test_documents_are_added_and_replaced_leg_by_leg(lake: Lake) -> None:
    put(lake, leg("x", FROM), leg("y", FROM))
    for surcharge in (100, 200):
        document = {"month": "2026-10", "account_id": "alice", "leg_id": "202610-x", "surcharge_units": surcharge}
        calls.merge_documents(lake, pa.Table.from_batches([rows(LEG_DOCUMENTS, document)]))
    assert [(row["has_document"], row["document_surcharge_units"]) for row in read(lake)] == [
        (True, 200),
        (False, None),
    ]
    where = calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")
    with calls.reading(where) as reader:
        assert [row["call_id"] for batch in reader.undocumented() for row in batch.to_pylist()] == ["y"]


def test_the_digest_is_of_the_rows_not_of_when_or_where_they_were_taken(lake: Lake, tmp_path: Path) -> None:
    other = Lake(tmp_path / "other")
    put(lake, leg("x", FROM), leg("y", FROM))
    put(other, leg("y", FROM, source="elsewhere"), leg("x", FROM, taken_at=TAKEN + timedelta(days=9)))

    def digest(of: Lake) -> str:
        with calls.reading(calls.pin(of).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")) as reader:
            return reader.digest()

    assert digest(lake) == digest(other)
    put(other, leg("x", FROM), leg("y", FROM, answered_seconds=6))
    assert digest(lake) != digest(other)


def test_a_pin_keeps_reading_what_it_saw(lake: Lake) -> None:
    put(lake, leg("first", FROM))
    where = calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")
    put(lake, leg("second", FROM))
    with calls.reading(where) as reader:
        assert names([row for batch in reader.explained() for row in batch.to_pylist()]) == ["first"]


def test_problems_are_listed_in_a_fixed_order(lake: Lake) -> None:
    spool = Spool(PROBLEMS, lake.folder / "p.parquet")
    about = {"month": "2026-10", "account_id": "alice", "at": FROM, "origin": "kazoo:cdrs"}
    spool.add(
        rows(PROBLEMS, about | {"record_id": "2", "reason": "no start"}, about | {"record_id": "1", "reason": "no id"})
    )
    calls.replace_span(lake, "problems", [spool], account_ids=["alice"], from_at=FROM, to_at=TO)
    with calls.reading(calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")) as reader:
        assert [problem.record_id for problem in reader.problems()] == ["1", "2"]
        assert list(reader.explained()) == []


def test_two_records_without_an_id_are_two_and_one_seen_twice_is_one(lake: Lake) -> None:
    spool = Spool(PROBLEMS, lake.folder / "p.parquet")
    about = {"month": "2026-10", "account_id": "alice", "at": FROM, "origin": "kazoo:cdrs", "reason": "no id"}
    spool.add(rows(PROBLEMS, about | {"record": "one"}, about | {"record": "two"}, about | {"record": "two"}))
    calls.replace_span(lake, "problems", [spool], account_ids=["alice"], from_at=FROM, to_at=TO)
    with calls.reading(calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")) as reader:
        assert len(reader.problems()) == 2


def test_importing_a_file_twice_changes_nothing(lake: Lake) -> None:
    about = {"month": "2026-10", "account_id": "alice", "at": FROM, "origin": "file:a.csv", "reason": "no id"}
    for _ in range(2):
        legs = rows(LEGS, leg("x", FROM), leg("x", FROM), leg("y", FROM))
        calls.merge_imported(lake, "legs", pa.Table.from_batches([legs]), key=["leg_id"])
        problems = rows(PROBLEMS, about | {"row": 1}, about | {"row": 2})
        calls.merge_imported(lake, "problems", pa.Table.from_batches([problems]), key=["origin", "row"])
    assert names(read(lake)) == ["x", "y"]
    with calls.reading(calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")) as reader:
        assert [problem.row for problem in reader.problems()] == [1, 2]


def test_a_second_writer_is_told_who_holds_the_store(lake: Lake) -> None:
    with lake.writing(), pytest.raises(StoreBusy, match="process"), Lake(lake.folder).writing():
        pass


def test_explained_legs_have_the_schema_that_rating_expects(lake: Lake) -> None:
    put(lake, leg("x", FROM))
    with calls.reading(calls.pin(lake).calls(["alice"], from_at=FROM, to_at=TO, reseller_id="acme")) as reader:
        assert next(iter(reader.explained())).schema == EXPLAINED_LEGS


@pytest.mark.parametrize("name", ["a[b", "p%20q", "a^b", "a\nb", "a\\b"])
def test_a_folder_that_delta_would_take_for_a_broken_url_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidSettings, match="cannot lie in"):
        Lake(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_folder_may_have_blanks_quotes_and_letters_of_any_language(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "Ü's reports, {new} #1?*")
    put(lake, leg("a", FROM))
    put(lake, leg("b", FROM))
    assert [each["call_id"] for each in read(lake)] == ["b"]
