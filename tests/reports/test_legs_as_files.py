"""Rated legs as files: figures and texts exact, and bytes that do not tell in what batches the legs came."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.units import currency_text
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import minutes_text
from reseller_reporting.reports.render import as_legs
from reseller_reporting.reports.render.as_csv import guarded
from reseller_reporting.reports.render.as_legs import LegColumns, LegsFile, LegsForm, writing_legs

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]


def written(folder: Path, facts: AccountFacts, batches: Sequence[pa.RecordBatch]) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    files = [LegsFile(form, form.value, folder / form.value) for form in LegsForm]
    with writing_legs(files, LegColumns.of(facts, {}, lambda code: code)) as add:
        for batch in batches:
            add(batch)
    return {file.name: file.path.read_bytes() for file in files}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_bytes_do_not_tell_the_batches(
    make_batch: MakeBatch, make_facts: MakeFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(as_legs, "_ROWS_PER_BLOCK", 5)
    legs = [{"customer_call_type": "", "reseller_call_type": ""} if n % 4 == 0 else {} for n in range(23)]
    whole = make_batch(*legs)
    parts = [whole.slice(start, size) for start in range(0, len(legs), size)]
    assert written(tmp_path / "a", make_facts(), [whole]) == written(tmp_path / "b", make_facts(), parts)


@pytest.mark.parametrize("count", [0, 1, 23])
def test_csv_is_made_of_parquet_as_it_would_have_been_made_beside_it(
    make_batch: MakeBatch, make_facts: MakeFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(as_legs, "_ROWS_PER_BLOCK", 5)
    odd = ["+44", '"', "a\r\nb", "", "=1"]
    legs = [{"to_number": odd[n % 5], "charged_seconds": None if n % 3 else n} for n in range(count)]
    made = written(tmp_path / "a", make_facts(), [make_batch(*legs)] if legs else [])
    as_legs.write_csv_of(tmp_path / "a" / "parquet", tmp_path / "csv")
    assert (tmp_path / "csv").read_bytes() == made["csv"]


def test_an_account_without_calls_has_a_header(make_facts: MakeFacts, tmp_path: Path) -> None:
    assert written(tmp_path / "a", make_facts(), [])["csv"].count(b"\r\n") == 1


def test_times_are_the_zones_also_in_the_hour_that_comes_twice(
    make_batch: MakeBatch, make_facts: MakeFacts, tmp_path: Path
) -> None:
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    legs = [{"started_at": begin + timedelta(hours=hour)} for hour in range(3)]
    shown = rows(written(tmp_path / "a", make_facts(), [make_batch(*legs)])["csv"])
    assert [row["Date/time"] for row in shown] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:30:00+01:00",
    ]


INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=1", "+1", "-1", "@a", "\t", "\r\n", '"', ",", '",\r\n"', "a\nb"]
)


@settings(deadline=None)
@given(cells=st.lists(st.tuples(INT64, st.integers(0, 2**62), TEXT), min_size=1, max_size=8))
def test_each_cell_is_the_one_that_the_other_csv_files_would_hold(cells: list[tuple[int, int, str]]) -> None:
    units, seconds, texts = (pa.array(values) for values in zip(*cells, strict=True))
    made: list[Any] = [
        as_legs._text(as_legs._scaled(units, as_legs.MONEY)),
        as_legs._text(as_legs._minutes(seconds)),
        as_legs._text(texts),
    ]
    line = as_legs._lines(made).decode()
    read = list(csv.reader(io.StringIO(line, newline="")))
    assert [row[0] for row in read] == [currency_text(each) for each, _, _ in cells]
    assert [row[1] for row in read] == [minutes_text(each) for _, each, _ in cells]
    assert [row[2] for row in read] == [guarded(text) for _, _, text in cells]
