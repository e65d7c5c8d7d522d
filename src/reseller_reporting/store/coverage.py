"""Coverage: which spans of start time of which account were pulled, when, and whether they are final.

Times
- A leg may last a day and be saved up to a day after its end: a span is final once it was pulled
  `FINAL_AFTER` past its end, without a warning. What is final is never asked for again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import pyarrow as pa

from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.store.lake import Lake, connect, scan
from reseller_reporting.store.schemas import COVERAGE, WINDOWS

FINAL_AFTER = timedelta(hours=48)

Span = tuple[datetime, datetime]
_OF_WINDOW = tuple(field.name for field in fields(WindowRead))


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One pull of one account: `[from_at, to_at)` of start times, as KAZOO stood at `taken_at`."""

    account_id: str
    from_at: datetime
    to_at: datetime
    taken_at: datetime
    source: str
    legs: int
    malformed: int
    has_ledger: bool
    warnings: tuple[ReportWarning, ...] = ()

    @property
    def final_until(self) -> datetime:
        """Start times before this cannot change any more; none when the pull has a warning."""
        if self.warnings or not self.has_ledger:
            return self.from_at
        settled = self.taken_at - FINAL_AFTER
        if settled >= self.to_at:
            return self.to_at
        # Whole days: accounts pulled one after the other then lack the same span, and share its commits.
        return max(self.from_at, settled.replace(hour=0, minute=0, second=0, microsecond=0))

    @property
    def known_until(self) -> datetime:
        """A pull knows nothing of what began after it was made, however far its span goes."""
        return min(self.to_at, self.taken_at)


def record(lake: Lake, rows: list[Covered]) -> None:
    """Written last of a pull: rows without coverage are asked for again."""
    columns = {
        "month": [f"{row.taken_at:%Y-%m}" for row in rows],
        **{
            name: [getattr(row, name) for row in rows]
            for name in ("account_id", "from_at", "to_at", "taken_at", "source", "legs", "malformed", "has_ledger")
        },
        "warnings": [json.dumps([[w.code, w.message, w.count] for w in row.warnings]) for row in rows],
    }
    lake.append("coverage", pa.table(columns, schema=COVERAGE))


def record_windows(lake: Lake, windows: Mapping[str, Sequence[WindowRead]], span: Span) -> None:
    """What was asked for by account, whether it came or not."""
    rows = [
        {"month": f"{each.taken_at:%Y-%m}", "account_id": account_id, "from_at": span[0], "to_at": span[1]}
        | {name: getattr(each, name) for name in _OF_WINDOW}
        for account_id, read in windows.items()
        for each in read
    ]
    lake.append("windows", pa.Table.from_pylist(rows, schema=WINDOWS))


def windows(lake: Lake, account_ids: Iterable[str], span: Span) -> dict[str, list[WindowRead]]:
    """The windows last asked for that touch the span of start times, by account, in order."""
    wanted = sorted(set(account_ids))
    with connect() as con:
        rows = con.sql(
            f"SELECT account_id, {', '.join(_OF_WINDOW)} FROM {scan(lake.pin('windows').all(), WINDOWS)} "
            "WHERE list_contains($accounts, account_id) AND from_at < $to_at AND to_at > $from_at "
            "QUALIFY row_number() OVER (PARTITION BY account_id, listing, created_from, created_to "
            "ORDER BY taken_at DESC) = 1 ORDER BY account_id, listing, created_from, created_to",
            params={"accounts": wanted, "from_at": span[0], "to_at": span[1]},
        ).to_arrow_table()
    found: dict[str, list[WindowRead]] = {}
    for row in rows.to_pylist():
        found.setdefault(row.pop("account_id"), []).append(WindowRead(**row))
    return found


def read(lake: Lake, period: ReportPeriod, *, months_before: int = 0) -> dict[str, list[Covered]]:
    """The pulls that touch the period, or so many months before it, by account, oldest first."""
    from_at = period.from_at - months_before * timedelta(days=31)
    with connect() as con:
        rows = con.sql(
            f"SELECT * FROM {scan(lake.pin('coverage').all(), COVERAGE)} "
            "WHERE from_at < $to_at AND to_at > $from_at ORDER BY taken_at, from_at",
            params={"from_at": from_at, "to_at": period.to_at},
        )
        table = rows.to_arrow_table()
    found: dict[str, list[Covered]] = {}
    for row in table.to_pylist():
        warnings = tuple(ReportWarning(*parts) for parts in json.loads(row.pop("warnings")))
        del row["month"]
        found.setdefault(row["account_id"], []).append(Covered(**row, warnings=warnings))
    return found


def missing(covered: list[Covered], period: ReportPeriod) -> list[Span]:
    """The parts of the period that no final pull covers, in order."""
    gaps = [(period.from_at, period.to_at)]
    for pull in covered:
        gaps = [part for gap in gaps for part in _without(gap, (pull.from_at, pull.final_until))]
    return gaps


def gaps(covered: Sequence[Covered], period: ReportPeriod, *, until: datetime) -> list[Span]:
    """The parts of the period up to `until` that no pull covers at all."""
    if until <= period.from_at:
        return []
    left = [(period.from_at, min(period.to_at, until))]
    for pull in covered:
        left = [part for gap in left for part in _without(gap, (pull.from_at, pull.known_until))]
    return left


def in_force(covered: list[Covered], period: ReportPeriod) -> list[Covered]:
    """The pulls that the period's rows come from: of overlapping ones the newest."""
    kept: list[Covered] = []
    for pull in reversed(covered):
        overlaps = pull.from_at < period.to_at and pull.to_at > period.from_at
        hidden = any(newer.from_at <= pull.from_at and newer.to_at >= pull.to_at for newer in kept)
        if overlaps and not hidden:
            kept.append(pull)
    return kept[::-1]


def _without(span: Span, cut: Span) -> list[Span]:
    start, end = span
    cut_start, cut_end = max(start, cut[0]), min(end, cut[1])
    if cut_start >= cut_end:
        return [span]
    return [part for part in ((start, cut_start), (cut_end, end)) if part[0] < part[1]]
