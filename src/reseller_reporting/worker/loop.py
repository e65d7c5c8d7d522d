"""The loop: lease a job, start a process for it, renew the lease while that works, see how it ended.

The loop itself stays small and imports no engine; a job that crashes the interpreter, or takes all memory, takes its
own process with it and is put back.

Times
- The lease is renewed every RENEW_SECONDS and lasts `control.jobs.LEASE`. A job that is to be cancelled is interrupted
  as Ctrl-C would, and killed after GRACE_SECONDS.

Invariants
- A process without a lease is ended: its job is another worker's.
- A stop puts what runs back into the queue, without counting the try.
- A database that is away stops nothing that runs; the loop goes on when it is back, and takes no other worker's job for
  lost until that one had time to say that it holds it.
"""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, connection

from reseller_reporting.app.house import House
from reseller_reporting.app.processes import kill_group, start
from reseller_reporting.app.upkeep import rescue, schedule
from reseller_reporting.control import database, jobs
from reseller_reporting.control.jobs import Leased, Standing
from reseller_reporting.model.errors import DatabaseUnavailable

POLL_SECONDS = 0.5
RENEW_SECONDS = 5.0
GRACE_SECONDS = 20.0
_RESCUE_SECONDS = 10.0
_SCHEDULE_SECONDS = 300.0
_AWAY_SECONDS = 2.0
SLOTS = 2

_log = structlog.get_logger()


@dataclass(slots=True)
class _Running:
    leased: Leased
    process: "subprocess.Popen[bytes]"
    renewed_at: float
    interrupted_at: float | None = None
    is_lost: bool = field(default=False)


class Worker:
    """Runs until it is told to stop."""

    def __init__(self, house: House, *, slots: int = SLOTS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._house = house
        self._slots = slots
        self._monotonic = monotonic
        self._told = threading.Event()
        self._running: list[_Running] = []
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._due: dict[str, float] = {}

    def stop(self) -> None:
        self._told.set()

    def reach_database(self) -> None:
        """Brought up to date; waited for while it is away, here rather than by being started again and again: so it is
        known that the other workers were without it, too."""
        while not self._told.is_set():
            try:
                database.prepare(self._house.settings.database_url)
            except DatabaseUnavailable as failure:
                self._was_away(failure.sentence)
                self._told.wait(_AWAY_SECONDS)
            else:
                return

    def run(self) -> None:
        _log.info("worker began", owner=self._owner, slots=self._slots)
        while not self._told.is_set():
            try:
                self._once()
                pause = POLL_SECONDS
            except DatabaseError as error:
                connection.close()
                self._was_away(" ".join(str(error).strip().splitlines()[:1]))
                pause = _AWAY_SECONDS
            self._told.wait(pause)
        self._wind_up()
        _log.info("worker ended", owner=self._owner)

    def _was_away(self, why: str) -> None:
        _log.warning("the control database is away", why=why)
        # Others were without it, too: each renews its leases before any is taken for lost.
        self._due["rescue"] = self._monotonic() + jobs.LEASE.total_seconds()

    def _once(self) -> None:
        self._look_after()
        if self._is_due("rescue", _RESCUE_SECONDS):
            rescue(self._house)
        if self._is_due("schedule", _SCHEDULE_SECONDS):
            schedule(self._house)
        while len(self._running) < self._slots and not self._told.is_set():
            leased = jobs.lease_next(owner=self._owner, now=self._house.clock())
            if leased is None:
                break
            process = start("reseller_reporting.worker.child", str(leased.id), leased.lease)
            self._running.append(_Running(leased, process, self._monotonic()))

    def _is_due(self, what: str, every_seconds: float) -> bool:
        now = self._monotonic()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + every_seconds
        return True

    def _look_after(self) -> None:
        for each in list(self._running):
            if each.process.poll() is not None:
                self._ended(each)
                self._running.remove(each)
            elif each.interrupted_at is not None and self._monotonic() - each.interrupted_at > GRACE_SECONDS:
                kill_group(each.process)
            elif self._monotonic() - each.renewed_at >= RENEW_SECONDS:
                self._renew(each)

    def _renew(self, each: _Running) -> None:
        standing = jobs.heartbeat(each.leased.id, each.leased.lease, now=self._house.clock())
        each.renewed_at = self._monotonic()
        if standing is Standing.LOST:
            each.is_lost = True
            kill_group(each.process)
        elif standing is Standing.CANCEL and each.interrupted_at is None:
            self._interrupt(each)

    def _interrupt(self, each: _Running) -> None:
        each.interrupted_at = self._monotonic()
        each.process.send_signal(signal.SIGINT)

    def _ended(self, each: _Running) -> None:
        """A process that ended well has said so in the row itself; of any other the job goes on, as often as it may."""
        kill_group(each.process)  # What it had started itself, if it was killed.
        if each.process.returncode == 0 or each.is_lost:
            return
        is_ours = self._told.is_set()
        unexpected = f"The process of the job ended unexpectedly ({each.process.returncode})."
        message = "The worker stopped in the middle of it." if is_ours else unexpected
        now = self._house.clock()
        try:
            state = jobs.put_back(
                each.leased.id, each.leased.lease, now=now, due_at=now, message=message, is_counted=not is_ours
            )
        except jobs.LeaseLost:
            return
        # Whoever ends the worker knows that it leaves work for later.
        log = _log.info if is_ours else _log.warning
        log("job put back", job=str(each.leased.id), code=each.process.returncode, state=state.value)

    def _wind_up(self) -> None:
        for each in self._running:
            if each.process.poll() is None:
                self._interrupt(each)
        # One time for all of them, which ends before the supervisor's patience does.
        latest = self._monotonic() + GRACE_SECONDS
        for each in self._running:
            try:
                each.process.wait(max(0.1, latest - self._monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(each.process)
                each.process.wait()
            try:
                self._ended(each)
            except DatabaseError:
                connection.close()  # The lease runs out by itself; another worker goes on.
