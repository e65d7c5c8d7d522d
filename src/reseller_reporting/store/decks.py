"""Decks in the lake: the rates of each deck, with their dates, and how an import changes them.

Invariants
- An import is one commit: all of its rates are there, or none.
- A price is never overwritten by one of another date: earlier months are rated as they were.
- Rows on their way in are never all in memory: the engine keeps them, and spills.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.rate import Rate
from reseller_reporting.model.tables import RATES
from reseller_reporting.store.lake import Lake, connect
from reseller_reporting.store.spool import Spool

# A rate on its way in, with its line in the file; and a line that is none.
STAGED = pa.schema([*RATES, pa.field("line", pa.int64(), nullable=False)])
REFUSED = pa.schema([pa.field("line", pa.int64()), pa.field("prefix", pa.string()), pa.field("reason", pa.string())])
_COLUMNS = ", ".join(RATES.names)
_MOMENT_OF_PRICES = "prefix, effective_at, rate_id, routes, options"
_PRICE = (
    "per_minute_micros, surcharge_micros, minimum_seconds, increment_seconds, nocharge_seconds, is_closed, currency"
)
_RATE_FIELDS = tuple(Rate.__dataclass_fields__)
_ROWS_A_BATCH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A line that gives a prefix, direction and date another price than other lines do."""

    line: int
    prefix: str
    others: tuple[int, ...]  # The first of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckFacts:
    """What there is to know of a stored deck at a glance."""

    name: str
    rates: int
    prefixes: int
    closed: int
    first_at: datetime | None
    last_at: datetime | None
    currency: str
    taken_at: datetime


def staged_batch(deck: str, rates: Sequence[tuple[int, Rate]], *, source: str, taken_at: datetime) -> pa.RecordBatch:
    """Rates with their lines as STAGED."""
    columns: dict[str, Any] = {name: [getattr(rate, name) for _, rate in rates] for name in _RATE_FIELDS}
    columns |= {
        "deck": [deck] * len(rates),
        "source": [source] * len(rates),
        "taken_at": [taken_at] * len(rates),
        "line": [line for line, _ in rates],
    }
    for name in ("directions", "routes", "options"):
        columns[name] = [list(each) for each in columns[name]]
    return pa.RecordBatch.from_pydict({field.name: columns[field.name] for field in STAGED}, schema=STAGED)


@contextmanager
def staging(rates: Spool, folder: Path) -> Iterator["Staging"]:
    """The spooled rows on the engine, for as long as the block lasts."""
    with connect(spill=folder / "spill") as con:
        con.register("spooled", pa.RecordBatchReader.from_batches(STAGED, rates.batches()))
        con.execute("CREATE TEMP TABLE staged AS SELECT * FROM spooled")
        con.execute("CREATE TEMP TABLE contradicted (line BIGINT)")
        yield Staging(con)


@dataclass(frozen=True, slots=True)
class Staging:
    """The rows of one file between reading and writing."""

    con: duckdb.DuckDBPyConnection

    def refuse_contradictions(self) -> Iterator[Contradiction]:
        """Neither of two prices is certain, so both are taken out; with the others that say another one."""
        self.con.execute(
            "CREATE TEMP TABLE disputes AS SELECT prefix, list(DISTINCT line) AS lines "
            "FROM (SELECT *, unnest(directions) AS direction FROM staged) "
            f"GROUP BY direction, {_MOMENT_OF_PRICES} HAVING count(DISTINCT ({_PRICE})) > 1"
        )
        self.con.execute("INSERT INTO contradicted SELECT DISTINCT unnest(lines) FROM disputes")
        found = self.con.sql(
            "SELECT line, min(prefix) AS prefix, any_value(list_sort(lines)[:6]) AS lines "
            "FROM (SELECT unnest(lines) AS line, prefix, lines FROM disputes) GROUP BY line ORDER BY line"
        ).to_arrow_reader(_ROWS_A_BATCH)
        for batch in found:
            for row in batch.to_pylist():
                others = tuple(each for each in row["lines"] if each != row["line"])
                yield Contradiction(line=row["line"], prefix=row["prefix"], others=others[:5])

    def count(self) -> int:
        """How many rates are left."""
        return self._one("SELECT count(*) FROM staged ANTI JOIN contradicted USING (line)")

    def write(self, lake: Lake, name: str, *, closes_others_at: datetime | None) -> int:
        """They join the deck, the same ones once; returns how many there are in it then.

        With `closes_others_at` the file is the whole deck: what it does not name is withdrawn from that moment on.
        """
        self.con.register("known", _table(lake, name))
        self.con.execute(
            f"CREATE TEMP TABLE new AS SELECT {_COLUMNS} FROM staged ANTI JOIN contradicted USING (line) "
            f"QUALIFY row_number() OVER (PARTITION BY directions, {_MOMENT_OF_PRICES} ORDER BY line) = 1"
        )
        # Of a known price of the same moment only the directions stay that the file does not price anew.
        same = " AND ".join(f"anew.{one} IS NOT DISTINCT FROM known.{one}" for one in _MOMENT_OF_PRICES.split(", "))
        left = "list_filter(known.directions, lambda one: NOT list_contains(coalesce(anew.priced, []), one))"
        self.con.execute(
            f"CREATE TEMP TABLE kept AS SELECT known.* REPLACE ({left} AS directions) FROM known LEFT JOIN ("
            f"SELECT {_MOMENT_OF_PRICES}, flatten(list(directions)) AS priced FROM new GROUP BY {_MOMENT_OF_PRICES}"
            f") AS anew ON {same} WHERE len({left}) > 0"
        )
        if closes_others_at is not None:
            self._close_others(closes_others_at)
        rows = self.con.sql(f"SELECT {_COLUMNS} FROM new UNION ALL SELECT {_COLUMNS} FROM kept")
        _replace(lake, name, _cast(rows.to_arrow_reader(_ROWS_A_BATCH)))
        return self._one("SELECT (SELECT count(*) FROM new) + (SELECT count(*) FROM kept)")

    def _close_others(self, at: datetime) -> None:
        """Prices of prefixes and directions that the file does not name: an end of those in force, and none later."""
        self.con.execute(
            "CREATE TEMP TABLE others AS SELECT kept.* REPLACE ([direction] AS directions) "
            "FROM (SELECT *, unnest(directions) AS direction FROM kept) AS kept ANTI JOIN "
            "(SELECT prefix, unnest(directions) AS direction FROM new) AS named USING (prefix, direction)"
        )
        self.con.execute(
            "CREATE TEMP TABLE ends AS SELECT * REPLACE (true AS is_closed, $at AS effective_at) FROM ("
            "SELECT * FROM others WHERE effective_at IS NULL OR effective_at < $at QUALIFY row_number() OVER "
            "(PARTITION BY prefix, directions, rate_id, routes, options ORDER BY effective_at DESC NULLS LAST) = 1"
            ") WHERE NOT is_closed",
            {"at": at},
        )
        # What is named keeps its later prices; what is not loses them.
        self.con.execute(
            "DELETE FROM kept WHERE effective_at >= $at AND prefix NOT IN (SELECT prefix FROM new)", {"at": at}
        )
        joined = _COLUMNS.replace("directions", "list_sort(flatten(list(directions))) AS directions")
        self.con.execute(f"INSERT INTO kept BY NAME SELECT {joined} FROM ends GROUP BY ALL")

    def _one(self, sql: str) -> int:
        return int(self.con.execute(sql).fetchall()[0][0])


def in_order(refused: Spool, folder: Path) -> Iterator[pa.RecordBatch]:
    """REFUSED by line."""
    with connect(spill=folder / "spill") as con:
        con.register("refused", pa.RecordBatchReader.from_batches(REFUSED, refused.batches()))
        yield from con.sql("SELECT * FROM refused ORDER BY line, reason").to_arrow_reader(_ROWS_A_BATCH)


def read_deck(lake: Lake, name: str) -> list[Rate]:
    """Column by column, in half the time that rows take."""
    table = _table(lake, name)
    columns = {field: table[field].to_pylist() for field in _RATE_FIELDS}
    for field in ("directions", "routes", "options"):
        columns[field] = [tuple(each) for each in columns[field]]
    return [Rate(**dict(zip(_RATE_FIELDS, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def currency_of(lake: Lake, name: str) -> str:
    """What the deck's prices are in; empty where nothing says."""
    return next((each for each in _table(lake, name)["currency"].unique().to_pylist() if each), "")


def remove_deck(lake: Lake, name: str) -> None:
    table = _open(lake)
    if table is not None:
        table.delete(f"deck = '{name}'")


def stored_decks(lake: Lake) -> list[DeckFacts]:
    """Every deck of the lake, by name."""
    facts = []
    for name in sorted({name for name, _ in _parts(lake)}):
        rates = _table(lake, name)
        dates = pc.min_max(rates["effective_at"]).as_py()
        facts.append(
            DeckFacts(
                name=name,
                rates=rates.num_rows,
                prefixes=len(rates["prefix"].unique()),
                closed=int(pc.sum(rates["is_closed"]).as_py() or 0),
                first_at=dates["min"],
                last_at=dates["max"],
                currency=next((each for each in rates["currency"].unique().to_pylist() if each), ""),
                taken_at=pc.max(rates["taken_at"]).as_py(),
            )
        )
    return facts


def _table(lake: Lake, name: str) -> pa.Table:
    """File by file: a scan by Arrow's datasets leaves threads behind that may end the process with an abort."""
    columns = [column for column in RATES.names if column != "deck"]
    parts = [pq.ParquetFile(path).read(columns) for deck, path in _parts(lake) if deck == name]
    found = pa.concat_tables(
        [RATES.empty_table().select(columns), *(part.select(columns) for part in parts)], promote_options="permissive"
    )
    found = found.append_column("deck", pa.repeat(pa.scalar(name), len(found)))
    return pa.table({field.name: found[field.name].cast(field.type) for field in RATES}, schema=RATES)


def _parts(lake: Lake) -> list[tuple[str, Path]]:
    """Each file of the newest version, with its deck."""
    table = _open(lake)
    if table is None:
        return []
    actions = pa.table(table.get_add_actions(flatten=True))
    names, paths = actions["partition.deck"].to_pylist(), actions["path"].to_pylist()
    return sorted((name, lake.folder / "rates" / unquote(path)) for name, path in zip(names, paths, strict=True))


def _open(lake: Lake) -> DeltaTable | None:
    folder = lake.folder / "rates"
    return DeltaTable(folder) if DeltaTable.is_deltatable(str(folder)) else None


def _replace(lake: Lake, name: str, rows: pa.RecordBatchReader) -> None:
    folder = str(lake.folder / "rates")
    # A predicate needs a table; the first write makes one.
    replaced = None if _open(lake) is None else f"deck = '{name}'"
    try:
        write_deltalake(folder, rows, partition_by=["deck"], mode="overwrite", predicate=replaced)
    except OSError as error:
        raise CannotWrite(f"The store {lake.folder} cannot be written: {error}.") from error


def _cast(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [batch.column(field.name).cast(field.type) for field in RATES]
            yield pa.RecordBatch.from_arrays(columns, schema=RATES)

    return pa.RecordBatchReader.from_batches(RATES, batches())
