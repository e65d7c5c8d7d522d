"""Snapshots: what each account was at a moment. KAZOO serves only today's state, so every pull keeps one."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.account import Account, InvoiceItem, Limits, Services, Snapshot
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.store.lake import Files, Lake, connect, scan
from reseller_reporting.store.schemas import ACCOUNTS, INVOICE_ITEMS, LIMITS, NAMES, QUANTITIES

# A snapshot up to a month after the period's end still speaks of the period; a later one of another.
_STILL_OF_PERIOD = timedelta(days=31)
_PLACES = Decimal("0.00000001")


def write(lake: Lake, snapshots: Iterable[Snapshot], *, own_id: str) -> None:
    """Many accounts in one commit per table."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    for snapshot in snapshots:
        _add(rows, snapshot, own_id)
    for name, schema in _TABLES.items():
        lake.append(name, pa.Table.from_pylist(rows[name], schema=schema))


def read(lake: Lake, period: ReportPeriod) -> tuple[dict[str, Snapshot], str | None]:
    """For each account the snapshot that speaks of the period, and the id of the reseller's own account.

    That is the last one up to a month after the period's end; else the first after; else the last before.
    """
    # As of when the last snapshot still speaks of the period; a later one speaks of another.
    times = {"end": period.to_at, "late": period.to_at + _STILL_OF_PERIOD}
    with connect() as con:
        accounts = lake.pin("accounts").all()
        chosen = f"""
            SELECT account_id, coalesce(
                max(taken_at) FILTER (taken_at BETWEEN $end AND $late),
                min(taken_at) FILTER (taken_at > $late),
                max(taken_at)
            ) AS taken_at
            FROM {scan(accounts, _KEYS)} GROUP BY account_id
        """
        rows = _rows(con, accounts, chosen, times)
        found = {str(snapshot.account.id): snapshot for snapshot in _snapshots(lake, con, rows)}
    own = [row for row in rows if row["is_own"]]
    return found, max(own, key=lambda row: row["taken_at"])["account_id"] if own else None


def history(lake: Lake, period: ReportPeriod, account_ids: Iterable[str]) -> dict[str, list[Snapshot]]:
    """For each account every snapshot with services that tells what it had on a day of the period, in order of time.

    Those taken within the period, and before them the last earlier one; where there is neither, the first later one.
    """
    given = {"begin": period.from_at, "end": period.to_at, "wanted": sorted(set(account_ids))}
    with connect() as con:
        accounts = lake.pin("accounts").all()
        chosen = f"""
            SELECT account_id, taken_at FROM {scan(accounts, _TELLING_KEYS)}
            WHERE has_services AND list_contains($wanted, account_id)
            WINDOW of_account AS (PARTITION BY account_id)
            QUALIFY taken_at = max(taken_at) FILTER (taken_at < $begin) OVER of_account
                OR (taken_at >= $begin AND taken_at < $end)
                OR (taken_at = min(taken_at) OVER of_account AND taken_at >= $end)
        """
        found: dict[str, list[Snapshot]] = {}
        for snapshot in _snapshots(lake, con, _rows(con, accounts, chosen, given)):
            found.setdefault(str(snapshot.account.id), []).append(snapshot)
    return found


def _rows(
    con: duckdb.DuckDBPyConnection, accounts: Files, chosen: str, given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One row per chosen snapshot, by account and time.

    The keys of all snapshots are few bytes; everything else is read in the months of the chosen ones alone.
    """
    keys = con.sql(chosen, params=given).to_arrow_table()
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in _of_chosen(con, accounts, ACCOUNTS, keys, "ORDER BY account_id, taken_at"):
        _keep_one(found, "accounts", row)
    return list(found.values())


def _keep_one(found: dict[tuple[Any, ...], dict[str, Any]], table: str, row: dict[str, Any]) -> None:
    """Of rows that two snapshots of the very same moment left the fullest, whatever order the files have."""
    key = tuple(row[name] for name in ("account_id", "taken_at", *_ONE_ROW_PER[table]))
    kept = found.get(key)
    if kept is None or _fullness(row) > _fullness(kept):
        found[key] = row


def _fullness(row: dict[str, Any]) -> tuple[int, list[str]]:
    """How much was read, then the texts: which of two is kept is the same each time."""
    return sum(value is not None and value is not False for value in row.values()), [str(each) for each in row.values()]


def _of_chosen(
    con: duckdb.DuckDBPyConnection, files: Files, schema: pa.Schema, keys: pa.Table, order: str = ""
) -> list[dict[str, Any]]:
    """The table's rows of these accounts as of these moments."""
    if not keys.num_rows:
        return []
    con.register("chosen", keys)
    months = {f"{month}" for month in pc.unique(pc.strftime(keys["taken_at"], "%Y-%m")).to_pylist()}
    rows = scan({key: paths for key, paths in files.items() if key[0] in months}, schema)
    found = con.sql(f"SELECT rows.* FROM {rows} AS rows JOIN chosen USING (account_id, taken_at) {order}")
    return [dict(row) for row in found.to_arrow_table().to_pylist()]


def _snapshots(lake: Lake, con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> list[Snapshot]:
    """The snapshots of these rows, in their order, with everything that was taken at those moments."""
    keys = pa.table(
        {
            "account_id": pa.array([row["account_id"] for row in rows], pa.string()),
            "taken_at": pa.array([row["taken_at"] for row in rows], ACCOUNTS.field("taken_at").type),
        }
    )
    parts: dict[str, dict[tuple[str, datetime], list[dict[str, Any]]]] = {}
    for name in ("quantities", "invoice_items", "limits", "names"):
        by_snapshot = parts[name] = {}
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for part in _of_chosen(con, lake.pin(name).all(), _TABLES[name], keys):
            _keep_one(found, name, part)
        for part in found.values():
            by_snapshot.setdefault((part["account_id"], part["taken_at"]), []).append(part)
    return [
        _snapshot(row, {name: found.get((row["account_id"], row["taken_at"]), []) for name, found in parts.items()})
        for row in rows
    ]


_TABLES = {
    "accounts": ACCOUNTS,
    "quantities": QUANTITIES,
    "invoice_items": INVOICE_ITEMS,
    "limits": LIMITS,
    "names": NAMES,
}
# What tells the rows of one snapshot from each other.
_ONE_ROW_PER: dict[str, tuple[str, ...]] = {
    "accounts": (),
    "quantities": ("category", "item"),
    "invoice_items": ("position",),
    "limits": (),
    "names": ("kind", "id"),
}
_KEYS = pa.schema([ACCOUNTS.field("account_id"), ACCOUNTS.field("taken_at")])
_TELLING_KEYS = _KEYS.append(ACCOUNTS.field("has_services"))


def _add(rows: dict[str, list[dict[str, Any]]], snapshot: Snapshot, own_id: str) -> None:
    account, services = snapshot.account, snapshot.services
    key = {"month": f"{snapshot.taken_at:%Y-%m}", "account_id": account.id, "taken_at": snapshot.taken_at}
    recurring = None if services is None else services.recurring
    rows["accounts"].append(
        {
            **key,
            "source": snapshot.source,
            "name": account.name,
            "realm": account.realm,
            "parent_id": account.parent_id,
            "reseller_id": account.reseller_id,
            "is_reseller": account.is_reseller,
            "timezone": account.timezone,
            "tree": "/".join(account.tree),
            "is_own": account.id == own_id,
            "has_services": services is not None,
            "has_limits": snapshot.limits is not None,
            "has_users": snapshot.users is not None,
            "has_devices": snapshot.devices is not None,
            "recurring": recurring if recurring is None else recurring.quantize(_PLACES),
        }
    )
    if services is not None:
        rows["quantities"] += [
            {
                **key,
                "category": category,
                "item": item,
                **{s: getattr(services, s).get((category, item)) for s in _SCOPES},
            }
            for category, item in sorted({*services.account, *services.cascade, *services.manual})
        ]
        rows["invoice_items"] += [_item_row(key, position, item) for position, item in enumerate(services.items)]
    if snapshot.limits is not None:
        rows["limits"].append({**key, **asdict(snapshot.limits)})
    for kind, names in (("user", snapshot.users), ("device", snapshot.devices)):
        rows["names"] += [{**key, "kind": kind, "id": id_, "name": name} for id_, name in (names or {}).items()]


_SCOPES = ("account", "cascade", "manual")


def _item_row(key: dict[str, Any], position: int, item: InvoiceItem) -> dict[str, Any]:
    amounts = {name: getattr(item, name).quantize(_PLACES) for name in ("rate", "discount", "total")}
    row = {**asdict(item), **amounts, "is_cascade": item.cascade, "exceptions": ",".join(item.exceptions)}
    del row["cascade"]
    return {**key, "position": position, **row}


def _snapshot(row: dict[str, Any], parts: dict[str, list[dict[str, Any]]]) -> Snapshot:
    tree = tuple(AccountId(part) for part in row["tree"].split("/") if part)
    account = Account(
        id=row["account_id"],
        tree=tree,
        **{n: row[n] for n in ("name", "realm", "parent_id", "reseller_id", "is_reseller", "timezone")},
    )
    limits = None
    if row["has_limits"] and parts["limits"]:
        limits = Limits(**{name: parts["limits"][0][name] for name in Limits.__dataclass_fields__})

    def names(kind: str) -> dict[str, str]:
        return {part["id"]: part["name"] for part in parts["names"] if part["kind"] == kind}

    return Snapshot(
        account=account,
        taken_at=row["taken_at"],
        source=row["source"],
        services=_services(row, parts) if row["has_services"] else None,
        limits=limits,
        users=names("user") if row["has_users"] else None,
        devices=names("device") if row["has_devices"] else None,
    )


def _services(row: dict[str, Any], parts: dict[str, list[dict[str, Any]]]) -> Services:
    quantities = parts["quantities"]
    scopes = {
        scope: {(q["category"], q["item"]): q[scope] for q in quantities if q[scope] is not None} for scope in _SCOPES
    }
    items = [
        InvoiceItem(
            **{n: item[n] for n in ("category", "item", "name", "quantity", "billable", "rate", "discount", "total")},
            cascade=item["is_cascade"],
            bookkeeper_id=item["bookkeeper_id"],
            exceptions=tuple(part for part in item["exceptions"].split(",") if part),
        )
        for item in sorted(parts["invoice_items"], key=lambda item: int(item["position"]))
    ]
    return Services(**scopes, items=tuple(items), recurring=row["recurring"])
