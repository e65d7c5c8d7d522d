"""Changes: a report held against the last one of its period that was made of other data, and kept for the next.

Owns: which reports are compared. Does not own: how they are kept (store), what is shown of it (reports).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled
from reseller_reporting.engines.local import available_processes, map_units
from reseller_reporting.model.changes import Changes, LegChanges, Reported, ReportedAccount
from reseller_reporting.reports.changes import customer_changes, to_compare
from reseller_reporting.store.reported import ReportedLine, compare

# Starting a process costs about a second; fewer legs than this are compared sooner by this one alone.
_LEGS_WORTH_A_POOL = 500_000


def line_of(house: House, pulled: Pulled, *, include_sub_resellers: bool, is_priced: bool) -> ReportedLine:
    """The reports that one of all customers is compared with: of the same reseller, period and kind."""
    period = pulled.period
    kind = [
        re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", str(pulled.own.id)) or "imported",
        f"{period.from_at:%Y%m%dT%H%M%S}-{period.to_at:%Y%m%dT%H%M%S}",
        "sub-resellers" if include_sub_resellers else "own",
        "priced" if is_priced else "unpriced",
    ]
    return ReportedLine(house.lake.folder / "reported" / "--".join(kind))


def version_of(store_version: str, plan_versions: Mapping[str, str], accounts: Sequence[ReportedAccount]) -> str:
    """Two reports of one version were made of the same data, and come to the same."""
    said = [(account.id, account.name, account.amounts) for account in accounts]
    return hashlib.sha256(
        repr((store_version, sorted(plan_versions.items()), said)).encode("utf-8", "backslashreplace")
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class _Pair:
    account: str
    before: Path
    now: Path
    spill: Path


@dataclass(slots=True)
class Comparison:
    """What changed, or why that is not known; `keep` is called once the report stands."""

    now: Reported
    changes: Changes | None = None
    line: ReportedLine | None = None
    files: Mapping[str, Path] = field(default_factory=dict)  # Of the legs, by their digests.

    def keep(self) -> None:
        if self.line is not None:
            self.line.keep(self.now, self.files)


@contextmanager
def compared(house: House, line: ReportedLine | None, now: Reported, files: Mapping[str, Path]) -> Iterator[Comparison]:
    """The line is held until the report is published, so that two runs do not take turns within it."""
    if line is None:
        yield Comparison(now)
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(line.held())
        except OSError:
            yield Comparison(now)  # A store that cannot be written has no history.
            return
        before = line.earlier(now.version)
        changes = _changes(house, line, before, now, files) if before is not None else None
        yield Comparison(now, changes, line, files)


def _changes(house: House, line: ReportedLine, before: Reported, now: Reported, files: Mapping[str, Path]) -> Changes:
    calls = {account.id: account.amounts.calls for account in now.accounts if account.amounts}
    found: dict[str, LegChanges] = {}
    pairs = [
        _Pair(id_, line.legs(old), files[new], house.lake.folder / "spill")
        for id_, old, new in to_compare(before, now.accounts)
    ]
    pairs.sort(key=lambda pair: (-calls[pair.account], pair.account))
    size = sum(calls[pair.account] for pair in pairs)
    processes = available_processes() if size >= _LEGS_WORTH_A_POOL else 1
    map_units(_compare, pairs, processes=processes, done=lambda each: found.update([each]))
    return Changes(before=before, customers=customer_changes(before, now.accounts, found))


def _compare(pair: _Pair) -> tuple[str, LegChanges]:
    return pair.account, compare(pair.before, pair.now, spill=pair.spill)
