"""The sheet of trunks as a reader sees it: blocks below the table, what is unknown, differences, chart."""

import hashlib
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from reseller_reporting.model.trunks import Ran, TagDifference, TrunkFigures, Trunks
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_xlsx import write_workbook

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]
MakeDifference = Callable[..., TagDifference]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.xlsx"


def write(path: Path, facts: AccountFacts, batch: pa.RecordBatch, trunks: Trunks) -> None:
    write_workbook(path, facts, [batch], listed_count=len(batch), owner_names={}, country_name=str.lower, trunks=trunks)


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, data_only=True)
    rows = [tuple(row) for row in book["Trunks"].iter_rows(values_only=True)]
    book.close()
    return rows


def block(path: Path, title: str) -> dict[Any, tuple[Any, ...]]:
    """The left part of a block, label to the cells right of it, up to the next block."""
    rows = rows_of(path)
    begin = next(place for place, row in enumerate(rows) if row[0] == title)
    found: dict[Any, tuple[Any, ...]] = {}
    for row in rows[begin + 1 : begin + 20]:
        found.setdefault(row[0], row[1:6])
    return found


def test_a_block_says_what_ran_how_full_it_was_and_whether_the_tags_agree(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures
) -> None:
    write(path, make_facts(), make_batch({}), Trunks(own=own_trunks))
    own = block(path, "The account's own trunks, replayed")
    assert own["flat_rate"][2:] == (40, 40, 0)
    assert own["over"][2:] == (2, 1.5, 0.1234)
    assert own["Peak: most calls at once on a trunk"][2:4] == (3, "of 3 trunks, first at 2026-10-05 09:30:05")
    assert own["Demand peak: most that wanted one"][2] == 5
    assert own["Seconds at the limit"][2] == 77
    assert "The switch's tags agree with the replay on all 47 legs." in own
    assert not any("says another thing" in str(row[0]) for row in rows_of(path))


def test_the_pool_shows_the_accounts_legs_beside_those_of_all(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, pooled_trunks: TrunkFigures
) -> None:
    write(path, make_facts(), make_batch({}), Trunks(pool=pooled_trunks))
    pool = block(path, "The reseller's trunks, replayed over all its accounts")
    assert pool["over"] == ("no trunk was free", 20, 2, 1.5, 0.1234)
    assert any(row[:3] == ("Reseller's limit", "Two-way trunks", 3) for row in rows_of(path))
    assert "4 accounts share them; each leg is asked in the order of its start." in pool


def test_a_cost_that_is_not_known_is_empty_and_tags_that_are_not_known_agree_with_nothing(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, pooled_trunks: TrunkFigures
) -> None:
    write(
        path,
        make_facts(),
        make_batch({"reseller_call_type": None, "customer_call_type": "per_minute"}),
        Trunks(pool=pooled_trunks).without_reseller(),
    )
    pool = block(path, "The reseller's trunks, replayed over all its accounts")
    assert pool["over"] == ("no trunk was free", 20, 2, 1.5, None)
    assert pool["Legs whose tag agrees"][2] is None
    assert "The switch's tags are not known." in pool


def test_what_cannot_be_known_is_said_in_a_sentence(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures
) -> None:
    write(path, make_facts(), make_batch({}), Trunks(own=own_trunks, pool="Not known: limits could not be read."))
    assert "Not known: limits could not be read." in block(
        path, "The reseller's trunks, replayed over all its accounts"
    )


def test_there_is_no_sheet_for_a_sentence_alone(path: Path, make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    write(path, make_facts(), make_batch({}), Trunks(own="Not known.", pool="Not known."))
    assert "Trunks" not in openpyxl.load_workbook(path).sheetnames


def test_differences_are_listed_as_text_and_the_rest_counted(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures, difference: MakeDifference
) -> None:
    hostile = [difference(call_id="=1+1", number="http://x.example", said="@SUM(A1)"), difference(call_id="\ufffe")]
    own = replace(own_trunks, agreeing=40, differing=7, differences=tuple(hostile))
    write(path, make_facts(), make_batch({}), Trunks(own=own))
    rows = rows_of(path)
    begin = next(place for place, row in enumerate(rows) if "says another thing" in str(row[0]))
    first = rows[begin + 2]
    # 7:31 UTC on the clock of Berlin.
    assert first[0] == datetime(2026, 10, 5, 9, 31)  # noqa: DTZ001 - A cell holds no zone.
    assert (first[1], *first[3:6], first[7]) == (
        *("=1+1", "outbound", "http://x.example", "@SUM(A1)"),
        "over: no trunk was free",
    )
    assert rows[begin + 4][0] == "and 5 more"
    sheet = openpyxl.load_workbook(path)["Trunks"]
    listed = [cell for row in sheet.iter_rows(min_row=begin + 2) for cell in row]
    assert {cell.data_type for cell in listed} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in listed)
    assert "The switch's tags differ from the replay on 7 of 47 legs." in [row[0] for row in rows]


def charts_of_trunks(path: Path) -> list[str]:
    """The parts of the charts whose figures stand on the sheet Trunks."""
    with zipfile.ZipFile(path) as parts:
        charts = [name for name in parts.namelist() if "charts/chart" in name]
        return [name for name in charts if b"Trunks!" in parts.read(name)]


def test_peaks_stand_by_hour_and_weekday_with_a_chart_that_says_in_words_what_it_shows(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures, pooled_trunks: TrunkFigures
) -> None:
    write(path, make_facts(), make_batch({}), Trunks(own=own_trunks, pool=pooled_trunks))
    rows = rows_of(path)
    begin = next(place for place, row in enumerate(rows) if row[7] == "Hour")
    assert rows[begin][7:15] == ("Hour", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    assert rows[begin + 1 + 9][7:15] == (9, 3, 0, 0, 0, 0, 0, 0)
    assert [row[7] for row in rows[begin + 1 : begin + 25]] == list(range(24))
    sheet = openpyxl.load_workbook(path)["Trunks"]
    # Stripes of the table, and a scale of colours for each party.
    assert len(sheet.conditional_formatting) == 3
    with zipfile.ZipFile(path) as parts:
        charts = [parts.read(name).decode() for name in charts_of_trunks(path)]
        drawing = "".join(parts.read(name).decode() for name in parts.namelist() if "drawings/drawing" in name)
    assert len(charts) == 2
    assert all(chart.count("<c:ser>") == 7 for chart in charts)
    # A reader that does not calculate finds the values in the chart itself.
    assert re.search(r"<c:val>.*?<c:pt idx=\"9\"><c:v>3</c:v>", charts[0])
    assert drawing.count("The highest is 3, reached on Mon.") == 2


def test_trunks_that_nobody_used_have_no_chart(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures
) -> None:
    idle = replace(own_trunks, flat=Ran(0, 0, 0), peak=0, peak_at=None, peak_by_hour=((0,) * 24,) * 7)
    write(path, make_facts(), make_batch({}), Trunks(own=idle))
    assert charts_of_trunks(path) == []
    assert block(path, "The account's own trunks, replayed")["Peak: most calls at once on a trunk"][2] == 0


def test_the_table_of_row_1_is_filtered_alone(
    path: Path, make_facts: MakeFacts, make_batch: MakeBatch, own_trunks: TrunkFigures
) -> None:
    write(path, make_facts(), make_batch({}), Trunks(own=own_trunks))
    sheet = openpyxl.load_workbook(path)["Trunks"]
    assert (sheet.freeze_panes, sheet.tables["Trunks"].autoFilter.ref) == ("A2", "A1:F7")
    assert [cell.value for cell in sheet[1]][:6] == ["Of", "Item", "Trunks", "Calls", "Billing Minutes", "Cost"]


def test_the_same_figures_give_the_same_bytes(
    tmp_path: Path,
    make_facts: MakeFacts,
    make_batch: MakeBatch,
    own_trunks: TrunkFigures,
    pooled_trunks: TrunkFigures,
    difference: MakeDifference,
) -> None:
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "alice.xlsx"
        write(
            path,
            make_facts(),
            make_batch({}),
            Trunks(own=own_trunks, pool=replace(pooled_trunks, differing=1, differences=(difference(),))),
        )
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
