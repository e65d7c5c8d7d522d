"""Progress into a job's row and a row a customer, for pages to show. Written by a thread, some times a second.

The work itself may run in an event loop, in which Django's ORM refuses to be used; and a month of a large reseller has
thousands of steps, each of which would be a transaction.

Invariants
- What is written was true; what is not written yet follows within WRITE_EVERY_SECONDS, or at `close`.
- A database that is away loses nothing: what waits is written when it is back.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.db import DatabaseError, connection

from reseller_reporting.app.progress import CALLS, LOGGING_IN, SERVICES, TREE, WORKBOOKS
from reseller_reporting.control import jobs
from reseller_reporting.control.models import JobItem
from reseller_reporting.control.scoping import across_resellers
from reseller_reporting.model.account import Account
from reseller_reporting.words.alphabet import by_name

WRITE_EVERY_SECONDS = 0.5
# How far a report is when a stage begins, in percent; 100 is said by whoever finishes the job.
_BEGINS_AT = {LOGGING_IN: 0, TREE: 1, SERVICES: 3, CALLS: 15, WORKBOOKS: 70}
_ENDS_AT = {LOGGING_IN: 1, TREE: 3, SERVICES: 15, CALLS: 70, WORKBOOKS: 99}
_STATE_AFTER = {CALLS: "read", WORKBOOKS: "made"}


class JobProgress:
    """A `Progress` that is a context: what is left is written when it is left."""

    def __init__(self, job_id: UUID, reseller_id: int, lease: str, clock: Callable[[], datetime]) -> None:
        self._job_id, self._reseller_id, self._lease, self._clock = job_id, reseller_id, lease, clock
        self._lock = threading.Lock()
        self._columns: dict[str, Any] = {}
        self._new_items: list[Account] = []
        self._states: dict[str, str] = {}  # By account.
        self._stage, self._done, self._total = "", 0, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="job-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def about(self, accounts: Sequence[Account]) -> None:
        # A page that is asked for each second sorts no names: their rows are made in the order of people's alphabet.
        in_order = sorted(accounts, key=lambda each: by_name(each.name, each.id))
        with self._lock:
            self._new_items = in_order

    def stage(self, name: str, total: int | None = None) -> None:
        with self._lock:
            self._stage, self._done, self._total = name, 0, total or 0
            self._columns |= {
                "stage": name[:60],
                "stage_done": 0,
                "stage_total": total,
                "stage_began_at": self._clock(),
                "percent": self._percent(),
                "message": "",  # It was about the stage before.
            }

    def step(self, note: str = "", *, account_id: str = "") -> None:  # noqa: ARG002 - pages know names.
        with self._lock:
            self._done += 1
            self._columns |= {"stage_done": self._done, "percent": self._percent()}
            if account_id and self._stage in _STATE_AFTER:
                self._states[account_id] = _STATE_AFTER[self._stage]

    def say(self, sentence: str) -> None:
        with self._lock:
            self._columns["message"] = sentence

    def _percent(self) -> int:
        begins, ends = _BEGINS_AT.get(self._stage, 0), _ENDS_AT.get(self._stage, 99)
        if not self._total:
            return begins
        return begins + (ends - begins) * min(self._done, self._total) // self._total

    def _write_on(self) -> None:
        try:
            while not self._ended.wait(WRITE_EVERY_SECONDS):
                self._write()
            self._write()
        except jobs.LeaseLost:
            return  # Another worker writes from now on; ours is stopped by its parent.
        finally:
            connection.close()

    def _write(self) -> None:
        with self._lock:
            columns, new, states = self._columns, self._new_items, self._states
            self._columns, self._new_items, self._states = {}, [], {}
        try:
            if columns:
                jobs.write(self._job_id, self._lease, **columns)
            with across_resellers():
                self._write_items(new, states)
        except DatabaseError:
            connection.close()
            with self._lock:
                self._columns = columns | self._columns
                self._new_items = self._new_items or new
                self._states = states | self._states

    def _write_items(self, new: Sequence[Account], states: dict[str, str]) -> None:
        if new:
            rows = [
                JobItem(job_id=self._job_id, reseller_id=self._reseller_id, account_id=each.id, name=each.name[:500])
                for each in new
            ]
            JobItem.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        for state in sorted(set(states.values())):
            ids = [account_id for account_id, reached in states.items() if reached == state]
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                JobItem.objects.filter(job_id=self._job_id, account_id__in=some).update(state=state)
