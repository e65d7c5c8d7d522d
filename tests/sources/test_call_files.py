"""Which files are read, what a broken row becomes, and what is refused."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reseller_reporting.model.errors import FileRefused
from reseller_reporting.sources.files import read_calls
from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.listing import LegPage

TAKEN = datetime(2026, 12, 1, tzinfo=UTC)
START = gregorian(datetime(2026, 10, 5, 12, tzinfo=UTC))
HEADER = "ID,call_id,caller_id_name,direction,duration_seconds,billing_seconds,timestamp,call_type,cost,rate"


def csv_row(name: str, *, caller: str = "Zoë", start: object = START, direction: str = "inbound") -> str:
    return f"202610-{name},{name},{caller},{direction},70,60,{start},per_minute,300,0.03"


def record(name: str, **changes: object) -> dict[str, object]:
    return {
        "id": f"202610-{name}",
        "call_id": name,
        "direction": "inbound",
        "timestamp": str(START),
        "billing_seconds": 60,
        **changes,
    }


def read(path: Path, *, format: str | None = None) -> list[LegPage]:  # noqa: A002
    return list(read_calls(path, account_id="a", format=format, source=f"file:{path.name}", taken_at=TAKEN))


def call_ids(pages: list[LegPage]) -> list[str]:
    return [call_id for page in pages for call_id in page.legs["call_id"].to_pylist()]


def problems(pages: list[LegPage]) -> list[tuple[int, str]]:
    return [(each["row"], each["reason"]) for page in pages for each in page.problems.to_pylist()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.txt"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_in_its_usual_encodings(path: Path, encoding: str, line_end: str) -> None:
    path.write_bytes((line_end.join([HEADER, csv_row("a"), csv_row("b"), ""])).encode(encoding))
    pages = read(path)
    assert call_ids(pages) == ["a", "b"]
    assert pages[0].legs["caller_id_name"].to_pylist() == ["Zoë", "Zoë"]
    assert pages[0].legs["reseller_call_type"].to_pylist() == [None, None]


def test_a_broken_row_is_a_problem_and_the_next_is_read(path: Path) -> None:
    rows = [
        csv_row("a", caller="Smith, John"),
        csv_row("b", caller='"Al" Gore'),
        csv_row("c", direction="up"),
        "202610-d,d",
    ]
    path.write_text("\r\n".join([HEADER, *rows, csv_row("e", caller='"unclosed'), csv_row("f")]), newline="")
    pages = read(path)
    assert call_ids(pages) == ["b", "e", "f"]
    assert problems(pages) == [
        (1, "the row has 11 cells where the header has 10"),
        (3, "unknown direction: up"),
        (4, "the row has 2 cells where the header has 10"),
    ]
    assert {each["record_id"] for page in pages for each in page.problems.to_pylist()} == {
        "202610-a",
        "202610-c",
        "202610-d",
    }


def test_a_quoted_name_may_hold_commas_quotes_and_line_breaks(path: Path) -> None:
    path.write_text("\n".join([HEADER, csv_row("a", caller='"x, ""y""\nz"'), csv_row("b")]), newline="")
    pages = read(path)
    assert call_ids(pages) == ["a", "b"]
    assert pages[0].legs["caller_id_name"].to_pylist()[0] == 'x, "y"\nz'


def test_a_file_without_timestamps_tells_the_start_in_another_column(path: Path) -> None:
    for column, value in (
        ("unix_timestamp", "1791201600"),
        ("iso_8601_combined", "2026-10-05T12:00:00Z"),
        ("datetime", "2026-10-05_12:00:00"),
    ):
        path.write_text(HEADER.replace("timestamp", column) + "\n" + csv_row("a", start=value))
        assert read(path)[0].legs["started_at"].to_pylist() == [datetime(2026, 10, 5, 12, tzinfo=UTC)]


def test_a_record_without_a_start_stands_near_its_neighbours(path: Path) -> None:
    path.write_text("\n".join([HEADER, csv_row("a", start="0").replace("202610-a", "x"), csv_row("b")]))
    [problem] = [each for page in read(path) for each in page.problems.to_pylist()]
    assert (problem["at"], problem["row"], problem["origin"]) == (
        datetime(2026, 10, 5, 12, tzinfo=UTC),
        1,
        "file:calls.txt",
    )


def test_rows_are_numbered_over_all_pages(path: Path) -> None:
    rows = [csv_row(f"c{n}") for n in range(2500)]
    rows[2200] = csv_row("bad", direction="")
    path.write_text("\n".join([HEADER, *rows]))
    pages = read(path)
    assert len(call_ids(pages)) == 2499
    assert problems(pages) == [(2201, "no direction")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"data": [record("a"), record("b")], "page_size": "2"}),
        json.dumps({"data": [record("a"), record("b")]}, indent=2),
        json.dumps([record("a"), record("b")]),
        "\n".join([json.dumps(record("a")), "", json.dumps(record("b"))]),
        "\r\n".join([json.dumps({"data": [record("a")]}), json.dumps({"data": [record("b")]})]),
    ],
)
def test_json_in_its_usual_shapes(path: Path, text: str) -> None:
    path.write_text(text)
    assert call_ids(read(path)) == ["a", "b"]


def test_a_broken_line_of_json_is_a_problem(path: Path) -> None:
    path.write_text("\n".join([json.dumps(record("a"))[:-5], json.dumps(record("b")), "{", json.dumps(record("c"))]))
    pages = read(path)
    assert call_ids(pages) == ["b", "c"]
    assert problems(pages) == [(1, "not a line of JSON"), (3, "not a line of JSON")]


def test_gzip_is_unpacked_by_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEADER, csv_row("a")]).encode()))
    assert call_ids(read(path)) == ["a"]
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(FileRefused, match="cut short"):
        read(path)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\x7fELF\0\0", "binary"),
        ("id;direction".encode("utf-16"), "UTF-16"),
        (b"date,amount\n1,2\n", "found date, amount"),
        (b"id,direction,timestamp\n1,inbound,2\n", "lacks the column billing_seconds"),
        (b'{"data": [{"x": 1}]}', "found x"),
        (b'{"data": [', "no whole JSON"),
        (b"[1, 2]", "holds no calls"),
    ],
)
def test_what_is_no_export_of_calls_is_refused(path: Path, content: bytes, match: str) -> None:
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=match):
        read(path)


def test_a_missing_file_and_an_unknown_format_are_refused(path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read: No such file"):
        read(path)
    with pytest.raises(FileRefused, match="no format 'xml'"):
        read(path, format="xml")


def test_a_header_alone_is_no_calls(path: Path) -> None:
    path.write_text(HEADER + "\n")
    assert call_ids(read(path)) == []


def test_cdr_documents_are_read_and_lack_a_cost_where_it_matters(path: Path) -> None:
    def document(name: str, billing: str) -> dict[str, object]:
        return {
            "id": f"202610-{name}",
            "call_id": name,
            "call_direction": "outbound",
            "timestamp": START + 70,
            "duration_seconds": 70,
            "billing_seconds": 60,
            "to": "+442071234567@carrier",
            "from_uri": "1001@alice",
            "custom_channel_vars": {"account_billing": billing, "rate": "300", "owner_id": "o"},
        }

    path.write_text(json.dumps([document("a", "flat_rate"), document("b", "per_minute")]))
    pages = read(path)
    [leg] = pages[0].legs.to_pylist()
    assert leg["started_at"] == datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert (leg["dialed_number"], leg["calling_from"], leg["rate_units"]) == ("+442071234567", "1001", 300)
    assert problems(pages) == [(2, "document without cost")]
