"""Decks in the lake: the rates of each deck, with their dates, and how an import changes them.

Invariants
- An import is one commit: all of its rates are there, or none.
- A price is never overwritten by one of another date: earlier months are rated as they were.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.rate import Rate
from reseller_reporting.model.tables import RATES
from reseller_reporting.store.lake import Lake, connect
from reseller_reporting.store.spool import Spool

# A rate on its way in, with its line in the file.
STAGED = pa.schema([*RATES, pa.field("line", pa.int64(), nullable=False)])
_LINE_OF_PRICES = "prefix, directions, effective_at, rate_id, routes, options"
_PRICE = "per_minute_micros, surcharge_micros, minimum_seconds, increment_seconds, nocharge_seconds, is_closed"
_RATE_FIELDS = tuple(Rate.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Lines that give one prefix, direction and date more than one price."""

    prefix: str
    lines: tuple[int, ...]


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


def contradictions(spool: Spool, folder: Path) -> list[Contradiction]:
    """Neither of two prices is certain, so both are refused."""
    with _staged(spool, folder) as con:
        found = con.sql(
            f"SELECT prefix, list(line ORDER BY line) AS lines FROM staged GROUP BY {_LINE_OF_PRICES} "
            f"HAVING count(DISTINCT ({_PRICE})) > 1 ORDER BY lines"
        ).fetchall()
    return [Contradiction(prefix=prefix, lines=tuple(lines)) for prefix, lines in found]


def write_deck(
    lake: Lake, name: str, spool: Spool, *, refused_lines: Sequence[int], closes_others_at: datetime | None
) -> int:
    """The staged rates join the deck, the same ones once; returns how many there are in it then.

    With `closes_others_at` the file is the whole deck: what it does not name is withdrawn from that moment on.
    """
    known = _table(lake, name)
    with _staged(spool, lake.folder) as con:
        con.register("known", known)
        con.register("refused", pa.table({"line": pa.array(refused_lines, pa.int64())}))
        columns = ", ".join(RATES.names)
        con.execute(
            f"CREATE TEMP VIEW new AS SELECT {columns} FROM staged WHERE line NOT IN (SELECT line FROM refused) "
            f"QUALIFY row_number() OVER (PARTITION BY {_LINE_OF_PRICES} ORDER BY line) = 1"
        )
        same = " AND ".join(f"new.{each} IS NOT DISTINCT FROM known.{each}" for each in _LINE_OF_PRICES.split(", "))
        kept = f"SELECT {columns} FROM known WHERE NOT EXISTS (SELECT 1 FROM new WHERE {same})"
        rows = con.sql(f"SELECT {columns} FROM new UNION ALL BY NAME {kept}").to_arrow_table()
        named = {prefix for (prefix,) in con.sql("SELECT DISTINCT prefix FROM new").fetchall()}
    table = pa.table({field.name: rows[field.name].cast(field.type) for field in RATES}, schema=RATES)
    if closes_others_at is not None:
        table = pa.concat_tables([table, _closings(known, named, closes_others_at)])
    _replace(lake, name, table)
    return int(table.num_rows)


def read_deck(lake: Lake, name: str) -> list[Rate]:
    return [_rate(row) for batch in _table(lake, name).to_batches() for row in batch.to_pylist()]


def remove_deck(lake: Lake, name: str) -> None:
    table = _open(lake)
    if table is not None:
        table.delete(f"deck = '{name}'")


def stored_decks(lake: Lake) -> list[DeckFacts]:
    """Every deck of the lake, by name."""
    table = _open(lake)
    if table is None:
        return []
    everything = table.to_pyarrow_table()
    facts = []
    for name in sorted(set(everything["deck"].to_pylist())):
        rates = everything.filter(pc.equal(everything["deck"], name))
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


def _closings(known: pa.Table, named: set[str], at: datetime) -> pa.Table:
    """A withdrawal of each line of prices whose prefix the new file does not name, unless it is closed already."""
    newest: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in sorted(known.to_pylist(), key=lambda row: (row["effective_at"] is not None, row["effective_at"] or at)):
        if row["prefix"] not in named:
            newest[row["prefix"], *row["directions"], *row["routes"], row["rate_id"]] = row
    gone = [row | {"is_closed": True, "effective_at": at} for row in newest.values() if not row["is_closed"]]
    return pa.Table.from_pylist(gone, RATES)


def _rate(row: dict[str, Any]) -> Rate:
    stated = {name: row[name] for name in _RATE_FIELDS}
    return Rate(**stated | {name: tuple(stated[name]) for name in ("directions", "routes", "options")})


def _table(lake: Lake, name: str) -> pa.Table:
    table = _open(lake)
    if table is None:
        return RATES.empty_table()
    found = table.to_pyarrow_table(filters=[("deck", "=", name)])
    return pa.table({field.name: found[field.name].cast(field.type) for field in RATES}, schema=RATES)


def _open(lake: Lake) -> DeltaTable | None:
    folder = lake.folder / "rates"
    return DeltaTable(folder) if DeltaTable.is_deltatable(str(folder)) else None


def _replace(lake: Lake, name: str, table: pa.Table) -> None:
    folder = str(lake.folder / "rates")
    # A predicate needs a table; the first write makes one.
    replaced = None if _open(lake) is None else f"deck = '{name}'"
    try:
        write_deltalake(folder, table, partition_by=["deck"], mode="overwrite", predicate=replaced)
    except OSError as error:
        raise CannotWrite(f"The store {lake.folder} cannot be written: {error}.") from error


@contextmanager
def _staged(spool: Spool, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The spooled rows as a relation `staged`, for as long as the block lasts."""
    with connect(spill=folder / "spill") as con:
        con.register("staged", pa.Table.from_batches(list(spool.batches()), STAGED))
        yield con
