"""Unfinished pulls: windows that were read whole of an account whose span was not, kept for the pull that goes on.

Times
- A window ends before it is read, so what it holds is settled; `KEPT_FOR` bounds how old a half-read span may get.

Invariants
- A window counts as kept only once its rows are: its description is renamed into place last.
- Once the span is in the lake, nothing is left of it here.
"""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import msgspec

from reseller_reporting.model.tables import LEGS, PROBLEMS
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.store.coverage import Span
from reseller_reporting.store.spool import Spool

KEPT_FOR = timedelta(hours=24)
# Fewer rows are asked for again more quickly than they are looked after.
WORTH_KEEPING = 5_000


@dataclass(frozen=True, slots=True)
class KeptWindow:
    read: WindowRead
    legs: Spool
    problems: Spool


class UnfinishedPull:
    """One account's span in one store."""

    def __init__(self, lake_folder: Path, account_id: str, span: Span) -> None:
        from_at, to_at = span
        self._folder = folder_of(lake_folder) / quote(account_id, safe="") / f"{_name(from_at)}-{_name(to_at)}"

    def kept(self, source: str, *, now: datetime) -> list[KeptWindow]:
        """What an interrupted pull from the same source has read, oldest window first."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            read_from, window = msgspec.json.decode(path.read_bytes(), type=tuple[str, WindowRead])
            if read_from == source and now - window.taken_at < KEPT_FOR:
                stem = path.stem
                legs = Spool.of_file(LEGS, self._folder / f"{stem}.legs.parquet")
                found.append(KeptWindow(window, legs, Spool.of_file(PROBLEMS, self._folder / f"{stem}.bad.parquet")))
        return found

    def keep(self, source: str, window: WindowRead, legs: Spool, problems: Spool) -> None:
        """The spools' rows, from now on in files of this folder; the spools read them there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = f"{_name(window.created_from)}-{_name(window.created_to)}"
        legs.move(self._folder / f"{stem}.legs.parquet")
        problems.move(self._folder / f"{stem}.bad.parquet")
        described = self._folder / f"{stem}.part"
        described.write_bytes(msgspec.json.encode((source, window)))
        described.rename(self._folder / f"{stem}.json")

    def forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def sweep(lake_folder: Path, *, older_than: timedelta) -> None:
    """Takes away what no pull will go on with: the spools of a killed one, and windows too old. Call as the writer."""
    for left in lake_folder.glob("pull-*"):
        shutil.rmtree(left, ignore_errors=True)
    for folder in folder_of(lake_folder).glob("*/*"):
        if time.time() - folder.stat().st_mtime >= older_than.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def folder_of(lake_folder: Path) -> Path:
    return lake_folder / "unfinished"


def _name(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"
