"""One pull: the missing spans of many accounts, from KAZOO into the lake, some accounts a commit.

Times
- Legs are asked for by start time; the ledger entries of the same calls are written up to FINAL_AFTER later.

Invariants
- A span is recorded as covered only after all its rows are written.
- What an interrupted pull has written, or has kept of a large account, is not asked for again.
- One account's failure is its own: it is remembered with its reason, and the others go on.
- The lake bears one work at a time; call documents are asked for beside it and beside the pages of later accounts.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from reseller_reporting.app.progress import CALLS, Progress
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import KazooUnavailable, ResellerReportingError
from reseller_reporting.model.ids import LegId
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.tables import LEDGER_ENTRIES, LEGS, PROBLEMS
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.rating.billed_columns import needing_documents
from reseller_reporting.sources.kazoo.source import KazooSource
from reseller_reporting.store import calls, coverage
from reseller_reporting.store.coverage import FINAL_AFTER, Covered, Span
from reseller_reporting.store.lake import Lake
from reseller_reporting.store.spool import Spool
from reseller_reporting.store.unfinished import WORTH_KEEPING, UnfinishedPull

T = TypeVar("T")
_A_MONTH = timedelta(days=32)
# Many accounts a commit (a commit costs as much as hundreds of rows), few enough to keep memory flat.
_ACCOUNTS_PER_COMMIT = 50
_LEGS_PER_COMMIT = 40_000
# What took longer to read is kept though it is little: a KAZOO that throttles may take minutes for it.
_KEPT_AFTER = timedelta(seconds=10)
# A cursor is sequential: accounts side by side keep the connections busy, and only these are in memory.
_ACCOUNTS_AT_ONCE = 24
# Commits whose rows are written and whose call documents are on their way; an interrupted pull asks for them again.
_COMMITS_AT_ONCE = 3


@dataclass(slots=True)
class _WindowRows:
    """What one window has given so far."""

    legs: Spool
    problems: Spool
    has_warnings: bool = False
    is_kept: bool = False


@dataclass(slots=True)
class _AccountPull:
    """One account's rows of one span on their way to the lake."""

    account: Account
    taken_at: datetime
    entries: Spool
    unfinished: UnfinishedPull
    rows: dict[int, _WindowRows] = field(default_factory=dict)  # By window; those known from before are negative.
    windows: list[WindowRead] = field(default_factory=list)
    has_ledger: bool = True
    warnings: list[ReportWarning] = field(default_factory=list)

    @property
    def legs(self) -> list[Spool]:
        return [window.legs for window in self.rows.values()]

    @property
    def problems(self) -> list[Spool]:
        return [window.problems for window in self.rows.values()]

    @property
    def leg_count(self) -> int:
        return sum(spool.count for spool in self.legs)

    def close(self, *, but_kept: bool = False) -> None:
        for window in self.rows.values():
            if not (but_kept and window.is_kept):
                window.legs.close()
                window.problems.close()
        self.entries.close()


class _Steps:
    """Of one account: a step for each month or so of the span, so that a long one shows how far it is."""

    def __init__(self, progress: Progress, account: Account, span: Span) -> None:
        self._progress, self._account = progress, account
        self._length, self._total, self._done = span[1] - span[0], steps_of(span), 0

    def read(self, windows: Sequence[WindowRead]) -> None:
        length = sum((window.created_to - window.created_from for window in windows), timedelta(0))
        self._go_to(round(self._total * (length / self._length)))

    def end(self) -> None:
        self._go_to(self._total)
        self._progress.step(self._account.name, account_id=self._account.id)

    def _go_to(self, place: int) -> None:
        """The last one is left for the end: windows may overlap the span, and each other."""
        while self._done < min(place, self._total - 1):
            self._done += 1
            self._progress.step(self._account.name)


def steps_of(span: Span) -> int:
    """One for a month, as for a week."""
    length = span[1] - span[0]
    return 1 if length <= _A_MONTH else length // timedelta(days=28)


class Pull:
    """`failed` tells after the run whose calls could not be read, and why.

    `incomplete` tells of whom KAZOO left a part unanswered. One that it refuses is none: asking again changes nothing.
    """

    def __init__(
        self,
        lake: Lake,
        source: KazooSource,
        own: Account,
        *,
        folder: Path,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.failed: dict[str, str] = {}
        self.incomplete: dict[str, str] = {}
        self.legs = 0
        self.malformed = 0
        self._lake = lake
        self._source = source
        self._own = own
        self._folder = folder
        self._clock = clock
        self._progress = progress
        self._spools = 0
        self._lake_works = asyncio.Lock()
        self._own_warnings: list[ReportWarning] = []
        self._windows_of_failed: dict[
            str, list[WindowRead]
        ] = {}  # Written together: the lake bears one write at a time.

    async def run(self, accounts: Sequence[Account], missing: Mapping[str, list[Span]]) -> None:
        """Every missing span of every account; accounts with the same span share commits."""
        by_span: dict[Span, list[Account]] = {}
        for account in accounts:
            for span in missing[account.id]:
                by_span.setdefault(span, []).append(account)
        self._progress.stage(CALLS, sum(steps_of(span) * len(group) for span, group in by_span.items()))
        for span, group in sorted(by_span.items()):
            await self._pull_span(span, group)

    async def _pull_span(self, span: Span, accounts: Sequence[Account]) -> None:
        """The reseller's own ledger tells every customer's charges, so it is read once for all."""
        own_entries = self._spool(LEDGER_ENTRIES)
        commits: list[asyncio.Task[None]] = []
        try:
            await self._read_own_ledger(span, own_entries)
            ready: list[_AccountPull] = []
            kept_at = self._clock()
            async with aclosing(self._pulled(span, accounts)) as all_pulled:
                async for pulled in all_pulled:
                    ready.append(pulled)
                    if self._is_worth_a_commit(ready, kept_at):
                        await self._commit(span, ready, own_entries, commits)
                        ready, kept_at = [], self._clock()
            await self._commit(span, ready, own_entries, commits)
            while commits:
                await commits.pop(0)
            await self._in_lake(self._record_failed, span)
        finally:
            for commit in commits:
                commit.cancel()
            await asyncio.gather(*commits, return_exceptions=True)
            own_entries.close()

    async def _in_lake(self, work: Callable[..., T], *given: object) -> T:
        async with self._lake_works:
            return await asyncio.to_thread(work, *given)

    def _is_worth_a_commit(self, ready: Sequence[_AccountPull], kept_at: datetime) -> bool:
        return (
            len(ready) >= _ACCOUNTS_PER_COMMIT
            or sum(pulled.leg_count for pulled in ready) >= _LEGS_PER_COMMIT
            or self._clock() - kept_at >= _KEPT_AFTER
        )

    async def _read_own_ledger(self, span: Span, entries: Spool) -> None:
        self._own_warnings = []
        windows: list[WindowRead] = []
        if not self._own.is_reseller:
            return
        try:
            until = span[1] + FINAL_AFTER
            reading = self._source.ledger_entries(
                self._own.id, span[0], until, warnings=self._own_warnings, windows=windows
            )
            async for batch in reading:
                entries.add(batch)
        except ResellerReportingError as error:
            message = f"The reseller's own ledger could not be read: {error.sentence}"
            self._own_warnings.append(ReportWarning("reseller_ledger_unread", message))
            self._tell_incomplete(self._own.id, message, error)
        await self._in_lake(coverage.record_windows, self._lake, {self._own.id: windows}, span)

    async def _pulled(self, span: Span, accounts: Sequence[Account]) -> AsyncGenerator[_AccountPull, None]:
        """Accounts as they are done. A new one starts only when one is taken, so few are ever in memory."""
        waiting, running = iter(accounts), set[asyncio.Task[_AccountPull | None]]()
        try:
            while True:
                for account in islice(waiting, _ACCOUNTS_AT_ONCE - len(running)):
                    running.add(asyncio.ensure_future(self._pull_account(account, span)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    pulled = await task
                    if pulled is not None:
                        yield pulled
        finally:
            for task in running:
                task.cancel()

    async def _pull_account(self, account: Account, span: Span) -> _AccountPull | None:
        unfinished = UnfinishedPull(self._lake.folder, account.id, span)
        pulled = _AccountPull(account, self._clock(), self._spool(LEDGER_ENTRIES), unfinished)
        steps = _Steps(self._progress, account, span)
        try:
            await self._read_legs(pulled, span, steps)
        except ResellerReportingError as error:
            self.failed[account.id] = error.sentence
            pulled.close(but_kept=True)
            self._windows_of_failed[account.id] = pulled.windows
            return None
        finally:
            steps.end()
        try:
            until = span[1] + FINAL_AFTER
            reading = self._source.ledger_entries(
                account.id, span[0], until, warnings=pulled.warnings, windows=pulled.windows
            )
            async for batch in reading:
                pulled.entries.add(batch)
        except ResellerReportingError as error:
            pulled.has_ledger = False
            message = f"The ledger could not be read: {error.sentence}"
            pulled.warnings.append(ReportWarning("ledger_unread", message))
            self._tell_incomplete(account.id, message, error)
        return pulled

    def _tell_incomplete(self, account_id: str, message: str, error: ResellerReportingError) -> None:
        if isinstance(error, KazooUnavailable):
            self.incomplete.setdefault(account_id, message)

    async def _read_legs(self, pulled: _AccountPull, span: Span, steps: _Steps) -> None:
        """Large windows are kept as soon as they are whole: a pull that ends here goes on there."""
        known = pulled.unfinished.kept(self._source.name, now=self._clock())
        for number, kept in enumerate(known, start=1):
            pulled.rows[-number] = _WindowRows(kept.legs, kept.problems, is_kept=True)
            pulled.windows.append(kept.read)
            pulled.taken_at = min(pulled.taken_at, kept.read.taken_at)
        pages = self._source.legs(pulled.account.id, *span, known=[kept.read for kept in known])
        async with aclosing(pages):
            async for page in pages:
                if page.window not in pulled.rows:
                    pulled.rows[page.window] = _WindowRows(self._spool(LEGS), self._spool(PROBLEMS))
                rows = pulled.rows[page.window]
                rows.legs.add(page.legs)
                rows.problems.add(page.problems)
                rows.has_warnings = rows.has_warnings or bool(page.warnings)
                pulled.warnings += page.warnings
                if page.ended is not None:
                    pulled.windows.append(page.ended)
                    steps.read(pulled.windows)
                    is_whole = page.shows_all and not page.ended.failure and not rows.has_warnings
                    if is_whole and self._is_worth_keeping(rows.legs.count, page.ended):
                        pulled.unfinished.keep(self._source.name, page.ended, rows.legs, rows.problems)
                        rows.is_kept = True

    def _is_worth_keeping(self, legs: int, window: WindowRead) -> bool:
        return legs >= WORTH_KEEPING or self._clock() - window.taken_at >= _KEPT_AFTER

    async def _commit(
        self, span: Span, ready: Sequence[_AccountPull], own_entries: Spool, commits: list[asyncio.Task[None]]
    ) -> None:
        """Rows at once; what remains to be asked for becomes one of `commits`, of which there are few."""
        if not ready:
            return
        await self._in_lake(self._write_rows, span, ready, own_entries)
        for pulled in ready:
            pulled.close(but_kept=True)  # Written; the counts stay.
        needed = await self._in_lake(self._legs_without_explanation, span, [p.account.id for p in ready])
        while len(commits) >= _COMMITS_AT_ONCE:
            await commits.pop(0)
        commits.append(asyncio.ensure_future(self._explain(span, ready, needed)))

    async def _explain(self, span: Span, ready: Sequence[_AccountPull], needed: Mapping[str, list[LegId]]) -> None:
        """The end of a commit: its call documents, and then that its accounts are covered."""
        await self._fetch_documents(ready, needed)
        covered = [self._covered(span, pulled) for pulled in ready]
        await self._in_lake(self._record, span, covered, {pulled.account.id: pulled.windows for pulled in ready})
        self.legs += sum(each.legs for each in covered)
        self.malformed += sum(each.malformed for each in covered)
        for pulled in ready:
            pulled.close()
            pulled.unfinished.forget()

    def _record(self, span: Span, covered: list[Covered], windows: Mapping[str, Sequence[WindowRead]]) -> None:
        coverage.record_windows(self._lake, windows, span)
        coverage.record(self._lake, covered)

    def _record_failed(self, span: Span) -> None:
        coverage.record_windows(self._lake, self._windows_of_failed, span)
        self._windows_of_failed = {}

    def _write_rows(self, span: Span, ready: Sequence[_AccountPull], own_entries: Spool) -> None:
        accounts = [pulled.account.id for pulled in ready]
        for table, spools in (
            ("legs", [spool for pulled in ready for spool in pulled.legs]),
            ("problems", [spool for pulled in ready for spool in pulled.problems]),
        ):
            calls.replace_span(self._lake, table, spools, account_ids=accounts, from_at=span[0], to_at=span[1])
        # Entries after the span are another period's, too: who refused the ledger now keeps what was read of them.
        for has_ledger, to_at in ((True, span[1] + FINAL_AFTER), (False, span[1])):
            group = [pulled for pulled in ready if pulled.has_ledger is has_ledger]
            if not group:
                continue
            calls.replace_span(
                self._lake,
                "ledger_entries",
                [*(pulled.entries for pulled in group), own_entries],
                account_ids=[pulled.account.id for pulled in group],
                from_at=span[0],
                to_at=to_at,
            )

    async def _fetch_documents(self, ready: Sequence[_AccountPull], needed: Mapping[str, list[LegId]]) -> None:
        """CDR documents of the few legs that the ledger does not explain, of all accounts side by side."""
        if not needed:
            return
        self._progress.say(f"Asking for {sum(map(len, needed.values()))} call documents that explain a charge")
        read = await asyncio.gather(
            *(self._source.leg_documents(p.account.id, needed[p.account.id]) for p in ready if p.account.id in needed)
        )
        for pulled, found in zip([p for p in ready if p.account.id in needed], read, strict=True):
            if found.failure is not None:
                message = f"Call documents could not be read: {found.failure.sentence}"
                pulled.warnings.append(ReportWarning("documents_unread", message, found.unread))
                self._tell_incomplete(pulled.account.id, message, found.failure)
        documents = pa.concat_tables(found.table for found in read)
        await self._in_lake(calls.merge_documents, self._lake, documents)

    def _legs_without_explanation(self, span: Span, accounts: Sequence[str]) -> dict[str, list[LegId]]:
        where = calls.pin(self._lake).calls(accounts, from_at=span[0], to_at=span[1], reseller_id=self._own.id)
        needed: dict[str, list[LegId]] = {}
        with calls.reading(where, spill=self._lake.folder / "spill") as reader:
            for batch in reader.undocumented():
                legs = needing_documents(batch)
                for account_id, leg_id in zip(
                    legs.column("account_id").to_pylist(), legs.column("leg_id").to_pylist(), strict=True
                ):
                    needed.setdefault(account_id, []).append(leg_id)
        return needed

    def _covered(self, span: Span, pulled: _AccountPull) -> Covered:
        return Covered(
            account_id=pulled.account.id,
            from_at=span[0],
            to_at=span[1],
            taken_at=pulled.taken_at,
            source=self._source.name,
            legs=pulled.leg_count,
            malformed=sum(spool.count for spool in pulled.problems),
            has_ledger=pulled.has_ledger,
            warnings=tuple(_merged([*pulled.warnings, *self._own_warnings])),
        )

    def _spool(self, schema: pa.Schema) -> Spool:
        self._spools += 1
        return Spool(schema, self._folder / f"{self._spools}.parquet")


def _merged(warnings: Sequence[ReportWarning]) -> list[ReportWarning]:
    """Each warning once, with how often it came."""
    counts: dict[tuple[str, str], int] = {}
    for warning in warnings:
        key = (warning.code, warning.message)
        counts[key] = counts.get(key, 0) + warning.count
    return [ReportWarning(code, message, count) for (code, message), count in counts.items()]
