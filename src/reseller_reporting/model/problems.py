"""Bad input as data: a record that is no leg, with where it came from and why; and what to warn of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One malformed record: in no count and no sum, but kept, listed and counted."""

    source: str  # `kazoo:cdrs`, or `file:calls.csv`.
    row: int | None  # 1 is the first record of a file; a KAZOO listing has no stable row.
    record_id: str
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class ReportWarning:
    """Something the reader must know; `count` says how often."""

    code: str
    message: str
    count: int = 1
