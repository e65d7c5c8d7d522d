"""Import: calls from files into the same tables that a pull fills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from pathlib import Path
from re import fullmatch

import pyarrow as pa

from reseller_reporting.app.house import House
from reseller_reporting.app.progress import Progress
from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import ReportPeriod, month_after, month_start
from reseller_reporting.model.tables import LEGS, PROBLEMS
from reseller_reporting.sources.files import read_calls
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.coverage import Covered

_ROWS_PER_COMMIT = 200_000


@dataclass(slots=True)
class Imported:
    """What a file gave."""

    path: Path
    account: Account
    legs: int = 0
    malformed: int = 0


def import_files(
    house: House,
    paths: Sequence[Path],
    *,
    account: str,
    call_format: str | None,
    progress: Progress,
) -> list[Imported]:
    """Calls of one account; importing a file again changes nothing."""
    progress.stage("Importing", len(paths))
    with house.lake.writing():
        bearer, own_id = _bearer(house, account)
        return [_import(house, path, bearer, call_format, progress, own_id=own_id) for path in paths]


def _import(
    house: House, path: Path, account: Account, call_format: str | None, progress: Progress, *, own_id: str
) -> Imported:
    imported = Imported(path, account)
    taken_at = house.clock()
    source = f"file:{path.name}"
    months: set[str] = set()
    legs: list[pa.RecordBatch] = []
    problems: list[pa.RecordBatch] = []

    def keep() -> None:
        leg_rows, problem_rows = pa.Table.from_batches(legs, LEGS), pa.Table.from_batches(problems, PROBLEMS)
        calls.merge_imported(house.lake, "legs", leg_rows, key=["leg_id"])
        calls.merge_imported(house.lake, "problems", problem_rows, key=["origin", "row", "record"])
        imported.legs += leg_rows.num_rows
        imported.malformed += problem_rows.num_rows
        months.update(leg_rows["month"].to_pylist())
        legs.clear()
        problems.clear()

    for page in read_calls(path, account_id=account.id, format=call_format, source=source, taken_at=taken_at):
        legs.append(page.legs)
        problems.append(page.problems)
        if sum(batch.num_rows for batch in legs) >= _ROWS_PER_COMMIT:
            keep()
    keep()
    if account.id not in _stored(house)[0]:  # Only now: a file that is refused leaves no account behind.
        snapshots.write(house.lake, [Snapshot(account=account, taken_at=taken_at, source="import")], own_id=own_id)
    coverage.record(house.lake, [_covered(account, month, source, taken_at, imported) for month in sorted(months)])
    progress.step(path.name)
    return imported


def _covered(account: Account, month: str, source: str, taken_at: datetime, imported: Imported) -> Covered:
    """A file says nothing of what it leaves out: its months count as covered, never as final."""
    return Covered(
        account_id=account.id,
        from_at=month_start(month),
        to_at=month_start(month_after(month)),
        taken_at=taken_at,
        source=source,
        legs=imported.legs,
        malformed=imported.malformed,
        has_ledger=False,
    )


def _bearer(house: House, text: str) -> tuple[Account, str]:
    """The stored account of this id or name, or a new one where there is none; and the id of the reseller's own."""
    text = text.strip()
    if not text:
        raise InvalidSettings("--account names no account. Write the id or the name of the one whose calls these are.")
    taken, own_id = _stored(house)
    if text in taken:
        return taken[text].account, own_id
    bearers = [snapshot.account for snapshot in taken.values() if snapshot.account.name == text]
    if len(bearers) > 1:
        ids = ", ".join(sorted(bearer.id for bearer in bearers))
        raise InvalidSettings(f"{len(bearers)} accounts are named '{text}': choose by id, one of {ids}.")
    if bearers:
        return bearers[0], own_id
    is_id = fullmatch(r"[0-9a-f]{32}", text) is not None
    # A made-up id must be the same each time the name is given, or a second import would double every call.
    new_id = text if is_id else md5(text.encode(), usedforsecurity=False).hexdigest()
    reseller = AccountId(own_id) if own_id else None
    return Account(id=AccountId(new_id), name=text, parent_id=reseller, reseller_id=reseller), own_id


def _stored(house: House) -> tuple[dict[str, Snapshot], str]:
    """Every account that the store knows, and the id of the reseller's own, empty where there is none."""
    period = ReportPeriod("now", month_start("2000-01"), house.clock(), "UTC")
    taken, own_id = snapshots.read(house.lake, period)
    return taken, own_id or ""
