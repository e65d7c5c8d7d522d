"""Calls in the lake: legs, what explains them, and what was refused; written per pull, read per account and period.

Invariants
- A pull of `[from_at, to_at)` decides every row of its accounts that started there, and touches no other.
- Rows are read in one total order: start, then call id, then leg id.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.period import months_between
from reseller_reporting.model.problems import Problem
from reseller_reporting.model.tables import (
    AUDITED_LEGS,
    EXPLAINED_LEGS,
    LEDGER_ENTRIES,
    LEG_DOCUMENTS,
    LEGS,
    OFF_NET_LEGS,
    PROBLEMS,
)
from reseller_reporting.store.coverage import FINAL_AFTER
from reseller_reporting.store.lake import Files, Lake, PinnedTable, connect, scan
from reseller_reporting.store.spool import Spool

_BILLABLE = "(customer_call_type <> '' OR coalesce(reseller_call_type, '') <> '')"
_MINUTELY = "(customer_call_type = 'per_minute' OR coalesce(reseller_call_type, '') = 'per_minute')"
_ROWS_A_BATCH = 65_536
# Each table, the time that places its rows in a span, and its schema. Documents follow their leg.
_PLACED_BY = {"legs": "started_at", "ledger_entries": "period_start_at", "problems": "at"}
SCHEMAS = {"legs": LEGS, "ledger_entries": LEDGER_ENTRIES, "leg_documents": LEG_DOCUMENTS, "problems": PROBLEMS}


def replace_span(
    lake: Lake,
    table: str,
    spools: Iterable[Spool],
    *,
    account_ids: Iterable[str],
    from_at: datetime,
    to_at: datetime,
) -> None:
    """The accounts' rows that lie in `[from_at, to_at)` are exactly the spooled ones afterwards."""
    schema, at = SCHEMAS[table], _PLACED_BY[table]
    accounts, months = sorted(set(account_ids)), months_between(from_at, to_at)
    existing = lake.files(table, months=months, account_ids=accounts)
    spools = list(spools)
    if not existing and not any(spool.count for spool in spools):
        return
    with connect(spill=lake.folder / "spill") as con:
        outside = f'SELECT * FROM {scan(existing, schema)} WHERE "{at}" < $from_at OR "{at}" >= $to_at'
        kept = con.sql(outside, params={"from_at": from_at, "to_at": to_at}).to_arrow_reader(20_000)

        def rows() -> Iterator[pa.RecordBatch]:
            for spool in spools:
                for batch in spool.batches():
                    yield _inside(batch, at, from_at, to_at, accounts)
            yield from _cast(kept, schema)

        lake.replace(table, pa.RecordBatchReader.from_batches(schema, rows()), months=months, account_ids=accounts)


def _inside(batch: pa.RecordBatch, at: str, from_at: datetime, to_at: datetime, accounts: list[str]) -> pa.RecordBatch:
    """The rows of these accounts that lie in the span."""
    times = batch.column(at)
    in_span = pc.and_(
        pc.greater_equal(times, pa.scalar(from_at, times.type)), pc.less(times, pa.scalar(to_at, times.type))
    )
    of_accounts = pc.is_in(batch.column("account_id"), pa.array(accounts, pa.string()))
    return batch.filter(pc.and_(in_span, of_accounts))


def merge_documents(lake: Lake, documents: pa.Table) -> None:
    """Adds documents, replacing those of the same legs."""
    if documents.num_rows == 0:
        return
    months = sorted(set(documents["month"].to_pylist()))
    accounts = sorted(set(documents["account_id"].to_pylist()))
    existing = lake.files("leg_documents", months=months, account_ids=accounts)
    with connect(spill=lake.folder / "spill") as con:
        con.register("documents", documents)
        rows = con.sql(
            f"SELECT * FROM documents UNION ALL BY NAME SELECT * FROM {scan(existing, LEG_DOCUMENTS)} AS kept "
            "WHERE NOT EXISTS (SELECT 1 FROM documents AS new "
            "WHERE new.account_id = kept.account_id AND new.leg_id = kept.leg_id)"
        ).to_arrow_reader(20_000)
        lake.replace("leg_documents", _cast(rows, LEG_DOCUMENTS), months=months, account_ids=accounts)


def merge_imported(lake: Lake, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
    """Adds rows of a file, replacing those of the same key: importing a file twice changes nothing."""
    schema = SCHEMAS[table]
    if rows.num_rows == 0:
        return
    months = sorted(set(rows["month"].to_pylist()))
    accounts = sorted(set(rows["account_id"].to_pylist()))
    existing = lake.files(table, months=months, account_ids=accounts)
    same = " AND ".join(f"new.{name} IS NOT DISTINCT FROM kept.{name}" for name in ("account_id", *key))
    with connect(spill=lake.folder / "spill") as con:
        con.register("incoming", rows)
        merged = con.sql(
            f"SELECT * FROM (SELECT * FROM incoming QUALIFY row_number() OVER (PARTITION BY account_id, "
            f"{', '.join(key)}) = 1) UNION ALL BY NAME SELECT * FROM {scan(existing, schema)} AS kept "
            f"WHERE NOT EXISTS (SELECT 1 FROM incoming AS new WHERE {same})"
        ).to_arrow_reader(20_000)
        lake.replace(table, _cast(merged, schema), months=months, account_ids=accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCalls:
    """Where the calls of some accounts in one period lie: small, fixed to a version, good in any process."""

    account_ids: tuple[str, ...]
    from_at: datetime
    to_at: datetime
    reseller_id: str
    shows_reseller: bool = True  # False: the rows' reseller figures are another's, and are read as absent.
    legs: Files = field(repr=False)
    entries: Files = field(repr=False)
    documents: Files = field(repr=False)
    problems: Files = field(repr=False)

    def of(self, account_ids: Collection[str], *, shows_reseller: bool) -> "AccountCalls":
        """Those of some of the accounts."""

        def own(files: Files) -> Files:
            return {key: paths for key, paths in files.items() if key[1] in account_ids}

        return replace(
            self,
            account_ids=tuple(each for each in self.account_ids if each in account_ids),
            shows_reseller=shows_reseller,
            legs=own(self.legs),
            entries=own(self.entries),
            documents=own(self.documents),
            problems=own(self.problems),
        )


def together(several: Sequence[AccountCalls]) -> AccountCalls:
    """The calls of several accounts in one span and version as one."""
    first = several[0]
    assert {(each.from_at, each.to_at) for each in several} == {(first.from_at, first.to_at)}

    def all_of(files: Iterable[Files]) -> Files:
        return {key: paths for each in files for key, paths in each.items()}

    return replace(
        first,
        account_ids=tuple(id_ for each in several for id_ in each.account_ids),
        legs=all_of(each.legs for each in several),
        entries=all_of(each.entries for each in several),
        documents=all_of(each.documents for each in several),
        problems=all_of(each.problems for each in several),
    )


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version of all call tables, from which the accounts of a run are read."""

    legs: PinnedTable
    entries: PinnedTable
    documents: PinnedTable
    problems: PinnedTable

    def calls(
        self, account_ids: Iterable[str], *, from_at: datetime, to_at: datetime, reseller_id: str
    ) -> AccountCalls:
        accounts = tuple(account_ids)
        months, later = months_between(from_at, to_at), months_between(from_at, to_at + FINAL_AFTER)
        return AccountCalls(
            account_ids=accounts,
            from_at=from_at,
            to_at=to_at,
            reseller_id=reseller_id,
            legs=self.legs.of(months, accounts),
            entries=self.entries.of(later, accounts),
            documents=self.documents.of(months, accounts),
            problems=self.problems.of(months, accounts),
        )


def pin(lake: Lake) -> Pinned:
    return Pinned(*(lake.pin(table) for table in ("legs", "ledger_entries", "leg_documents", "problems")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What a reader must know of an account's calls before the first row."""

    legs: int
    billable: int
    unexplained: int  # Charged by the minute, and neither ledger nor document says for how many seconds.
    unrated: int  # By the minute and answered, but KAZOO found no rate: nobody was charged.
    ledger_per_minute_units: int  # Net of the customer's own entries that begin in the period; charges negative.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDifference:
    """Calls whose listed cost and whose ledger entries do not agree, for one party."""

    calls: int
    listed_units: int
    ledger_units: int  # Net debit.


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSums:
    """An account's legs of one month, added up: billable ones, and those that the customer's tag alone makes so."""

    month: str
    calls: int = 0
    answered_seconds: int = 0
    customer_calls: int = 0
    customer_answered_seconds: int = 0
    customer_cost_units: int = 0
    reseller_cost_units: int | None = 0  # None: a leg does not state it.


def month_sums(legs: Files, spans: Mapping[str, tuple[datetime, datetime]]) -> dict[tuple[str, str], MonthSums]:
    """By account and month, which is cut at the moments given; an account without a leg in it is not there."""
    by_customer = "customer_call_type <> ''"
    billable = f"({by_customer} OR coalesce(reseller_call_type, '') <> '')"
    sql = f"""
        SELECT account_id, months.name,
            count(*) FILTER ({billable}) AS calls,
            coalesce(sum(answered_seconds) FILTER ({billable}), 0)::BIGINT AS answered_seconds,
            count(*) FILTER ({by_customer}) AS customer_calls,
            coalesce(sum(answered_seconds) FILTER ({by_customer}), 0)::BIGINT AS customer_answered_seconds,
            coalesce(sum(customer_cost_units) FILTER ({billable}), 0)::BIGINT AS customer_cost_units,
            CASE WHEN bool_and(reseller_cost_units IS NOT NULL)
                THEN coalesce(sum(reseller_cost_units) FILTER ({billable}), 0)::BIGINT END AS reseller_cost_units
        FROM {scan(legs, LEGS)} AS legs
        JOIN (SELECT unnest($months) AS name, unnest($froms) AS from_at, unnest($tos) AS to_at) AS months
            ON started_at >= from_at AND started_at < to_at
        GROUP BY account_id, months.name
    """
    froms, tos = [span[0] for span in spans.values()], [span[1] for span in spans.values()]
    with connect() as con:
        rows = con.execute(sql, {"months": list(spans), "froms": froms, "tos": tos}).fetchall()
    return {(row[0], row[1]): MonthSums(**dict(zip(_OF_MONTH, row[1:], strict=True))) for row in rows}


_OF_MONTH = tuple(each.name for each in fields(MonthSums))


class CallsReader:
    """The calls of some accounts, joined to what explains them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, calls: AccountCalls) -> None:
        self._con = con
        self._calls = calls
        self._span = {"from_at": calls.from_at, "to_at": calls.to_at}
        absent = "* REPLACE (NULL::VARCHAR AS reseller_call_type, NULL::BIGINT AS reseller_cost_units)"
        columns = "*" if calls.shows_reseller else absent
        self._legs = (
            f"(SELECT {columns} FROM {scan(calls.legs, LEGS)} WHERE started_at >= $from_at AND started_at < $to_at)"
        )

    def explained(self, *, rows_per_batch: int = 8_192) -> Iterator[pa.RecordBatch]:
        """EXPLAINED_LEGS in report order, from as little memory as the engine is given."""
        sql = f"SELECT {_columns(EXPLAINED_LEGS)} FROM ({self._joined()}) ORDER BY started_at, call_id, leg_id"
        names = {"reseller_id": self._calls.reseller_id}
        reader = self._con.cursor().sql(sql, params={**self._span, **names}).to_arrow_reader(rows_per_batch)
        yield from _cast(reader, EXPLAINED_LEGS)

    def call(self, call_id: str) -> pa.Table:
        """EXPLAINED_LEGS of this call id, or of the leg of this id."""
        sql = f"SELECT {_columns(EXPLAINED_LEGS)} FROM ({self._joined()}) WHERE call_id = $call OR leg_id = $call"
        given = {**self._span, "reseller_id": self._calls.reseller_id, "call": call_id}
        return _cast(self._con.cursor().sql(sql, params=given).to_arrow_reader(1_000), EXPLAINED_LEGS).read_all()

    def off_net(self) -> pa.Table:
        """OFF_NET_LEGS of all the accounts together, in total order."""
        return pa.Table.from_batches(self.off_net_batches(OFF_NET_LEGS), OFF_NET_LEGS)

    def off_net_batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """These columns of OFF_NET_LEGS, in the same order, however many there are."""
        sql = f"SELECT {_columns(schema)} FROM {self._legs} WHERE {_BILLABLE} ORDER BY started_at, call_id, leg_id"
        yield from _cast(self._con.cursor().sql(sql, params=self._span).to_arrow_reader(_ROWS_A_BATCH), schema)

    def by_account(self, schema: pa.Schema) -> pa.Table:
        """These columns of EXPLAINED_LEGS of all billable legs, account after account, each in report order.

        What explains a charge is looked up where its columns are asked for.
        """
        is_explained = any(name not in LEGS.names for name in schema.names)
        rows = f"({self._joined()})" if is_explained else self._legs
        names = {"reseller_id": self._calls.reseller_id} if is_explained else {}
        sql = (
            f"SELECT {_columns(schema)} FROM {rows} WHERE {_BILLABLE} ORDER BY account_id, started_at, call_id, leg_id"
        )
        reader = self._con.cursor().sql(sql, params={**self._span, **names}).to_arrow_reader(_ROWS_A_BATCH)
        return _cast(reader, schema).read_all()

    def without_reseller_view(self) -> set[str]:
        """The accounts that have a leg which does not state the reseller's side."""
        sql = f"SELECT DISTINCT account_id FROM {self._legs} WHERE reseller_cost_units IS NULL"
        return {row[0] for row in self._con.execute(sql, self._span).fetchall()}

    def audited(self) -> Iterator[pa.RecordBatch]:
        """EXPLAINED_LEGS that either party pays by the minute or that a ledger speaks of, with what it took."""
        entries = scan(self._calls.entries, LEDGER_ENTRIES)
        sql = f"""
            SELECT {_columns(AUDITED_LEGS)} FROM (
                SELECT joined.*, taken.* EXCLUDE (taken_call_id, taken_account_id) FROM ({self._joined()}) AS joined
                LEFT JOIN (
                    SELECT account_id AS taken_account_id, call_id AS taken_call_id,
                        (-sum(amount_units) FILTER (ledger_account_id = account_id))::BIGINT AS customer_ledger_units,
                        (-sum(amount_units) FILTER (ledger_account_id = $reseller_id))::BIGINT AS reseller_ledger_units
                    FROM {entries} GROUP BY account_id, call_id
                ) AS taken ON taken_call_id = joined.call_id AND taken_account_id = joined.account_id
            ) WHERE {_MINUTELY} OR coalesce(customer_ledger_units, 0) <> 0 OR coalesce(reseller_ledger_units, 0) <> 0
            ORDER BY started_at, call_id, leg_id
        """
        reader = self._con.cursor().sql(sql, params={**self._span, "reseller_id": self._calls.reseller_id})
        yield from _cast(reader.to_arrow_reader(8_192), AUDITED_LEGS)

    def unlisted(self, party: Literal["customer", "reseller"]) -> Iterator[tuple[str, datetime, int]]:
        """Call id, end and amount of the party's entries whose call is not listed; none of a call across the begin."""
        owner = "account_id" if party == "customer" else "$reseller_id"
        names = {"reseller_id": self._calls.reseller_id} if party == "reseller" else {}
        yield from self._con.execute(
            "SELECT call_id, min(period_start_at), (-sum(amount_units))::BIGINT AS units "
            f"FROM {scan(self._calls.entries, LEDGER_ENTRIES)} WHERE ledger_account_id = {owner} "
            "AND period_start_at >= $from_at + INTERVAL 1 DAY AND period_start_at < $to_at "
            f"AND call_id NOT IN (SELECT call_id FROM {self._legs}) "
            "GROUP BY call_id HAVING units <> 0 ORDER BY call_id",
            {**self._span, **names},
        ).fetchall()

    def undocumented(self) -> Iterator[pa.RecordBatch]:
        """EXPLAINED_LEGS that cost by the minute, were answered and have no document: few of all."""
        where = f"{_MINUTELY} AND answered_seconds > 0 AND NOT has_document"
        sql = f"SELECT {_columns(EXPLAINED_LEGS)} FROM ({self._joined()}) WHERE {where}"
        reader = self._con.cursor().sql(sql, params={**self._span, "reseller_id": self._calls.reseller_id})
        yield from _cast(reader.to_arrow_reader(8_192), EXPLAINED_LEGS)

    def has_reseller_view(self) -> bool:
        """Whether every leg states the reseller's side."""
        return bool(self._one(f"SELECT coalesce(bool_and(reseller_cost_units IS NOT NULL), true) FROM {self._legs}")[0])

    def overview(self) -> Overview:
        billable = f"count(*) FILTER ({_BILLABLE})"
        sources = "coalesce(list(DISTINCT source ORDER BY source), [])"
        legs, count, names = self._one(f"SELECT count(*), {billable}, {sources} FROM {self._legs}")
        own = f"SELECT coalesce(sum(amount_units), 0)::BIGINT FROM {scan(self._calls.entries, LEDGER_ENTRIES)} "
        where = "WHERE ledger_account_id = account_id AND period_start_at >= $from_at AND period_start_at < $to_at"
        (units,) = self._one(own + where)
        charged = f"{_MINUTELY} AND answered_seconds > 0"
        unrated = (
            "rate_units = 0 AND rate_name = '' AND customer_cost_units = 0 AND coalesce(reseller_cost_units, 0) = 0"
        )
        bare = f"{charged} AND NOT ({unrated}) AND entry_charged_seconds IS NULL AND NOT has_document"
        (unexplained,) = self._one(f"SELECT count(*) FROM ({self._joined()}) WHERE {bare}", reseller=True)
        (free,) = self._one(f"SELECT count(*) FROM {self._legs} WHERE {charged} AND {unrated}")
        return Overview(
            legs=legs,
            billable=count,
            unexplained=unexplained,
            unrated=free,
            ledger_per_minute_units=units,
            sources=tuple(names),
        )

    def ledger_difference(self, party: Literal["customer", "reseller"]) -> LedgerDifference:
        """Legs against the party's ledger by call id, both ways.

        An entry is of a call's end: only one a day or more after the period's begin is surely of a call in it.
        """
        owner = "account_id" if party == "customer" else "$reseller_id"
        sql = f"""
            WITH listed AS (
                SELECT call_id, sum({party}_cost_units) AS units FROM {self._legs}
                WHERE {party}_call_type = 'per_minute' GROUP BY call_id
            ), entered AS (
                SELECT call_id, -sum(amount_units) AS units, min(period_start_at) AS ended_at
                FROM {scan(self._calls.entries, LEDGER_ENTRIES)} WHERE ledger_account_id = {owner} GROUP BY call_id
            )
            SELECT count(*), coalesce(sum(listed.units), 0)::BIGINT, coalesce(sum(entered.units), 0)::BIGINT
            FROM listed FULL JOIN entered USING (call_id)
            WHERE coalesce(listed.units, 0) <> coalesce(entered.units, 0) AND (
                listed.units IS NOT NULL OR (ended_at >= $from_at + INTERVAL 1 DAY AND ended_at < $to_at)
            )
        """
        count, listed, ledger = self._one(sql, reseller=party == "reseller")
        return LedgerDifference(calls=count, listed_units=listed, ledger_units=ledger)

    def problems(self) -> list[Problem]:
        """Malformed records of the period, in a fixed order."""
        rows = self._con.execute(
            # Overlapping windows give a record twice; two records without an id are still two.
            "SELECT DISTINCT origin, row, record_id, reason, record "
            f"FROM {scan(self._calls.problems, PROBLEMS)} AS problems "
            'WHERE "at" >= $from_at AND "at" < $to_at '
            # A later file may bring the record mended; then it is a leg, and no problem any more.
            f"AND NOT (origin LIKE 'file:%' AND EXISTS (SELECT 1 FROM {self._legs} AS legs "
            "WHERE legs.leg_id = problems.record_id AND legs.taken_at > problems.taken_at)) "
            "ORDER BY origin, row NULLS FIRST, record_id, reason, record",
            self._span,
        ).fetchall()
        return [Problem(source=source, row=row, record_id=id_, reason=why) for source, row, id_, why, _ in rows]

    def _joined(self) -> str:
        parts = ["charged_seconds", "rate_units", "increment_seconds", "minimum_seconds", "nocharge_seconds"]
        columns = [part if part.startswith(("charged", "rate")) else f"rate_{part}" for part in parts]
        # The reseller's own entry tells the same figures as the customer's; where both stand, one is enough.
        newest = "ORDER BY ledger_account_id = $reseller_id DESC, entry_id"
        entries = ", ".join(f"{c} AS entry_{p}" for c, p in zip(columns, parts, strict=True))
        documents = ", ".join(f"{c} AS document_{p}" for c, p in list(zip(columns, parts, strict=True))[1:])
        entry_rows = scan(self._calls.entries, LEDGER_ENTRIES)
        document_rows = scan(self._calls.documents, LEG_DOCUMENTS)
        return f"""
            SELECT legs.*,
                entries.* EXCLUDE (entry_call_id, entry_account_id),
                documents.* EXCLUDE (document_leg_id, document_account_id),
                document_leg_id IS NOT NULL AS has_document
            FROM {self._legs} AS legs
            LEFT JOIN (
                SELECT account_id AS entry_account_id, call_id AS entry_call_id, {entries}
                FROM {entry_rows}
                QUALIFY row_number() OVER (PARTITION BY account_id, call_id {newest}) = 1
            ) AS entries ON entry_call_id = legs.call_id AND entry_account_id = legs.account_id
            LEFT JOIN (
                SELECT account_id AS document_account_id, leg_id AS document_leg_id, {documents},
                    surcharge_units AS document_surcharge_units, discount_percent AS document_discount_percent
                FROM {document_rows}
            ) AS documents ON document_leg_id = legs.leg_id AND document_account_id = legs.account_id
        """

    def digest(self) -> str:
        """Of every row used, whatever their order and the time and place they were taken."""
        columns = ", ".join(
            f"coalesce(CAST({'epoch_us(started_at)' if name == 'started_at' else name} AS VARCHAR), chr(30))"
            for name in EXPLAINED_LEGS.names
        )
        hashed = f"md5(concat_ws(chr(31), {columns}))"
        sql = f"SELECT sum(md5_number_lower({hashed})::HUGEINT), count(*) FROM ({self._joined()})"
        row = self._con.execute(sql, {**self._span, "reseller_id": self._calls.reseller_id}).fetchall()[0]
        return "-".join(str(value or 0) for value in row)

    def _one(self, sql: str, *, reseller: bool = False) -> tuple[Any, ...]:
        names = {"reseller_id": self._calls.reseller_id} if reseller else {}
        return tuple(self._con.execute(sql, {**self._span, **names}).fetchall()[0])


@contextmanager
def reading(calls: AccountCalls, *, spill: Path | None = None) -> Iterator[CallsReader]:
    with connect(spill=spill) as con:
        yield CallsReader(con, calls)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f'"{name}"' for name in schema.names)


def _cast(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield pa.RecordBatch.from_arrays(
                [batch.column(field.name).cast(field.type) for field in schema], schema=schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())
