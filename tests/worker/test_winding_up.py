"""A worker that is told to stop, with jobs that do not."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.app import serving
from reseller_reporting.control.jobs import Leased
from reseller_reporting.worker import child, loop

if TYPE_CHECKING:
    from sites import Site


@dataclass
class Stubborn:
    """A process that ends by a kill alone; `clock` goes on while it is waited for."""

    clock: list[float]
    returncode: int | None = None
    signals: list[int] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        self.signals.append(number)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            assert timeout is not None
            self.clock[0] += timeout
            raise subprocess.TimeoutExpired("job", timeout)
        return self.returncode


def test_jobs_that_do_not_end_are_killed_before_the_supervisor_loses_its_patience(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import across_resellers

    def kill(process: Any) -> None:
        process.returncode = -9

    monkeypatch.setattr(loop, "kill_group", kill)
    clock = [0.0]
    worker = loop.Worker(site.house, slots=4, monotonic=lambda: clock[0])
    for _ in range(4):
        jobs.enqueue("accounts", site.reseller, now=site.house.clock())
        leased = jobs.lease_next(owner="test", now=site.house.clock())
        assert isinstance(leased, Leased)
        process: Any = Stubborn(clock)
        worker._running.append(loop._Running(leased, process, 0.0))
    worker.stop()
    worker.run()
    assert clock[0] < serving._STOP_SECONDS_MAX - 5
    with across_resellers():
        assert set(Job.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_a_job_that_is_interrupted_in_a_query_ends_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as told:
            raise RuntimeError("Query interrupted") from told  # As the lake's engine has it.
        return 0

    monkeypatch.setattr(child, "_work", work)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert child.main() == child.INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_job_that_fails_by_itself_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(child, "_work", work)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(RuntimeError):
            child.main()
    finally:
        signal.signal(signal.SIGINT, before)
