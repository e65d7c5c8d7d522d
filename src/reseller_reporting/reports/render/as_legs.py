"""Legs as files for tools: the rows of an account's call sheet, with its columns and titles, as Parquet or CSV.

Money and minutes are decimals (minutes to six places), dates moments with the report's zone, counts whole numbers.

Invariants
- The same rows give the same bytes, in whatever batches they come. Memory does not grow with their number.
- Unknown is null in Parquet and empty in CSV, never 0. A text that a spreadsheet would run is guarded in CSV.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.row_blocks import RowBlocks
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_csv import RUN_AS_FORMULA
from reseller_reporting.reports.render.local_time import local_clock
from reseller_reporting.reports.render.sheet_calls import CallColumn, call_columns, country_label, user_label

_ROWS_PER_BLOCK = 65_536
_INT64_DIGITS = 19
MONEY, MICROS = pa.decimal128(_INT64_DIGITS, 4), pa.decimal128(_INT64_DIGITS, 6)
MINUTES = pa.decimal128(_INT64_DIGITS + 6, 6)  # To the millionth, halves away from zero.
_MINUTE_MICROSECONDS = 60_000_000
_SERIAL_EPOCH_MICROSECONDS = 25_569 * 86_400_000_000  # 1970-01-01 on the sheets' clock, which begins in 1899.
_UNSAFE = r'[",\r\n]'
_RISKY = f"^[{re.escape(''.join(RUN_AS_FORMULA))}]"


class LegsForm(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class LegsFile:
    """A file to make."""

    form: LegsForm
    name: str  # In the run's folder.
    path: Path


@dataclass(frozen=True, slots=True)
class LegColumns:
    """What the call sheet of an account shows, for whole columns."""

    columns: Sequence[CallColumn]
    zone: str
    lists_all: bool
    user: Callable[[str], str]
    country: Callable[[str], str]

    @classmethod
    def of(
        cls, facts: AccountFacts, owner_names: Mapping[str, str], country_name: Callable[[str], str]
    ) -> "LegColumns":
        return cls(
            call_columns(facts.edition, is_priced=facts.prices is not None),
            facts.period.timezone,
            facts.legs_listed == "all",
            user_label(owner_names),
            country_label(country_name),
        )

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(column.title, self._type(column)) for column in self.columns])

    def shown(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The listed rows of RATED_LEGS or PRICED_LEGS."""
        listed = batch if self.lists_all else batch.filter(batch.column("is_billable"))
        return pa.RecordBatch.from_arrays([self._values(column, listed) for column in self.columns], schema=self.schema)

    def _type(self, column: CallColumn) -> pa.DataType:
        if not column.sources:
            return MICROS  # A price that there is no plan for.
        if column.kind == "date_time":
            return pa.timestamp("us", self.zone)
        kinds = {"money": MONEY, "money_micros": MICROS, "minutes": MINUTES, "count": pa.int64()}
        return kinds.get(column.kind, pa.string())

    def _values(self, column: CallColumn, batch: pa.RecordBatch) -> pa.Array:
        kind = self._type(column)
        if not column.sources:
            return pa.nulls(batch.num_rows, kind)
        sources = [batch.column(name) for name in column.sources]
        values = pc.coalesce(*sources) if len(sources) > 1 else sources[0]
        # Phrases stay English: a tool finds the same words whatever the workbooks speak.
        if column.label in ("user", "country"):
            return _labelled(values, self.user if column.label == "user" else self.country)
        if column.kind == "minutes":
            return _minutes(values)
        if pa.types.is_decimal(kind):
            return _scaled(values, kind)
        return values.cast(kind)


def _labelled(values: pa.Array, label: Callable[[Any], str]) -> pa.Array:
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    labels = pa.array(["" if value == "" else label(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return labels.take(encoded.indices)


def _scaled(integers: pa.Array, kind: pa.DataType) -> pa.Array:
    """Whole numbers of the last place as exact decimals: the same digits, with the point set."""
    digits = integers.cast(pa.decimal128(_INT64_DIGITS, 0))
    return pa.Array.from_buffers(kind, len(digits), digits.buffers(), offset=digits.offset)


def _minutes(seconds: pa.Array) -> pa.Array:
    # Divided in parts: the millionths of a great number would not fit.
    whole = pc.divide(seconds, 60)
    rest = pc.subtract(seconds, pc.multiply(whole, 60))
    millionths = pc.divide(pc.add(pc.multiply(pc.abs(rest), 1_000_000), 30), 60)
    part = _scaled(pc.multiply(millionths, pc.sign(rest).cast(pa.int64())), MICROS)
    return pc.add(whole.cast(MINUTES), part).cast(MINUTES)


class _Writer(Protocol):
    def write(self, block: pa.Table) -> None: ...
    def close(self) -> None: ...


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=3)

    def write(self, block: pa.Table) -> None:
        self._writer.write_table(block, row_group_size=_ROWS_PER_BLOCK)

    def close(self) -> None:
        self._writer.close()


class _Csv:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file: IO[bytes] = path.open("wb")
        titles = pa.table({field.name: pa.array([field.name]) for field in schema})
        self._file.write(b"\xef\xbb\xbf")
        self._file.write(_lines([_quoted(titles[name].combine_chunks()) for name in titles.column_names]))

    def write(self, block: pa.Table) -> None:
        columns = (block.column(place).combine_chunks() for place in range(block.num_columns))
        self._file.write(_lines([_text(values) for values in columns]))

    def close(self) -> None:
        self._file.close()


def _text(values: pa.Array) -> pa.Array:
    """Each cell as it stands in the file; null is empty."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        return _moments(values)
    if kind in (MINUTES, MICROS, MONEY):
        least = 2 if kind == MINUTES else 4
        return pc.replace_substring_regex(values.cast(pa.string()), rf"(\.\d{{{least}}}\d*?)0+$", r"\1")
    if pa.types.is_integer(kind):
        return values.cast(pa.string())
    risky = pc.match_substring_regex(values, _RISKY)
    return _quoted(pc.if_else(risky, pc.binary_join_element_wise("'", values, ""), values))


def _moments(values: pa.Array) -> pa.Array:
    """ISO 8601 with the zone's offset, by the clock that the sheets go by, too."""
    utc = values.cast(pa.int64())
    local = pc.subtract(local_clock(ZoneInfo(values.type.tz)).of(values), _SERIAL_EPOCH_MICROSECONDS)
    text = pc.strftime(local.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%S")
    offsets = _labelled(pc.divide(pc.subtract(local, utc), _MINUTE_MICROSECONDS), _offset_text)
    return pc.binary_join_element_wise(pc.replace_substring_regex(text, r"\.0+$", ""), offsets, "")


def _offset_text(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _quoted(texts: pa.Array) -> pa.Array:
    odd = pc.match_substring_regex(texts, _UNSAFE)
    if not pc.any(odd).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(odd, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _lines(columns: Sequence[pa.Array]) -> bytes:
    texts = [pc.fill_null(column, "").cast(pa.large_string()) for column in columns]
    rows = pc.binary_join_element_wise(*texts, pa.scalar(",", pa.large_string()))
    end, nothing = (pa.scalar(text, pa.large_string()) for text in ("\r\n", ""))
    lines = pc.binary_join_element_wise(rows, end, nothing)
    _, _, data = lines.buffers()
    assert lines.offset == 0
    return b"" if data is None else data.to_pybytes()


@contextmanager
def writing_legs(files: Iterable[LegsFile], columns: LegColumns) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Takes every batch of an account; the files stand whole when it is left without an error."""
    with ExitStack() as stack:
        writers: list[_Writer] = []
        try:
            for file in files:
                schema = columns.schema
                form: type[_Parquet | _Csv] = _Parquet if file.form is LegsForm.PARQUET else _Csv
                writer: _Writer = form(file.path, schema)
                stack.callback(writer.close)
                writers.append(writer)
            blocks = RowBlocks(_ROWS_PER_BLOCK)

            def put(full: Iterable[pa.Table]) -> None:
                for block in full:
                    for each in writers:
                        each.write(block)

            yield lambda batch: put(blocks.add(columns.shown(batch))) if writers else None
            put(blocks.rest())
        except OSError as error:
            raise CannotWrite(f"The rated legs could not be written: {error}.") from error


def write_csv_of(legs: Path, target: Path) -> None:
    """Of legs as Parquet the CSV that would have been made beside it, byte by byte."""
    with pq.ParquetFile(legs) as stored, closing(_Csv(target, stored.schema_arrow)) as writer:
        for place in range(stored.num_row_groups):
            writer.write(stored.read_row_group(place))


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
