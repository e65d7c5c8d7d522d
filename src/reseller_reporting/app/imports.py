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
from reseller_reporting.model.errors import AmbiguousAccount
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
        bearer = _account(house, account)
        return [_import(house, path, bearer, call_format, progress) for path in paths]


def _import(house: House, path: Path, account: Account, call_format: str | None, progress: Progress) -> Imported:
    imported = Imported(path, account)
    taken_at = house.clock()
    source = f"file:{path.name}"
    months: set[str] = set()
    legs: list[pa.RecordBatch] = []
    problems: list[pa.RecordBatch] = []

    def keep() -> None:
        leg_rows, problem_rows = pa.Table.from_batches(legs, LEGS), pa.Table.from_batches(problems, PROBLEMS)
        calls.merge_imported(house.lake, "legs", leg_rows, key=["leg_id"])
        calls.merge_imported(house.lake, "problems", problem_rows, key=["origin", "row"])
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


def _account(house: House, text: str) -> Account:
    """The stored account of this id or name; a new one where there is none."""
    now = house.clock()
    taken, own_id = snapshots.read(house.lake, ReportPeriod("now", month_start("2000-01"), now, "UTC"))
    if text in taken:
        return taken[text].account
    bearers = [snapshot.account for snapshot in taken.values() if snapshot.account.name == text]
    if len(bearers) > 1:
        ids = ", ".join(sorted(bearer.id for bearer in bearers))
        raise AmbiguousAccount(f"{len(bearers)} accounts are named '{text}': choose by id, one of {ids}.")
    if bearers:
        return bearers[0]
    is_id = fullmatch(r"[0-9a-f]{32}", text) is not None
    # A made-up id must be the same each time the name is given, or a second import would double every call.
    new_id = text if is_id else md5(text.encode(), usedforsecurity=False).hexdigest()
    reseller = AccountId(own_id) if own_id else None
    account = Account(id=AccountId(new_id), name=text, parent_id=reseller, reseller_id=reseller)
    snapshots.write(house.lake, [Snapshot(account=account, taken_at=now, source="import")], own_id=own_id or "")
    return account
