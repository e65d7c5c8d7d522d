"""The local engine: a pool of processes on this machine, or this process alone where there is little to do."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_units(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    processes: int,
    done: Callable[[Result], None],
) -> None:
    """Runs each task once and hands over each result as it is ready. Give the largest tasks first."""
    if processes <= 1 or len(tasks) <= 1:
        for task in tasks:
            done(work(task))
        return
    with _pool(min(processes, len(tasks))) as pool:
        for future in as_completed([pool.submit(work, task) for task in tasks]):
            done(future.result())


@contextmanager
def ready_pool(processes: int, prepare: Callable[[], object]) -> Iterator["ReadyPool"]:
    """So many processes, this one among them; the others start and prepare while this one still makes the tasks."""
    if processes <= 1:
        yield ReadyPool(None, 0)
        return
    others = processes - 1
    with _pool(others) as pool:
        for _ in range(others):
            # A process begins with its first task. Where this one fails, so will the work, which says why.
            pool.submit(prepare)
        yield ReadyPool(pool, others)


@dataclass(frozen=True, slots=True)
class ReadyPool:
    """For work that is long only in sum: starting a process takes as long as a good part of it."""

    _pool: ProcessPoolExecutor | None
    _others: int

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task], *, done: Callable[[Result], None]) -> None:
        """As `map_units`; this process takes its share of the tasks."""
        waiting, running = deque(tasks), set[Future[Result]]()
        while waiting:
            # One more than is worked at: no process waits until this one has time for it.
            while self._pool is not None and waiting and len(running) < 2 * self._others:
                running.add(self._pool.submit(work, waiting.popleft()))
            if waiting:
                done(work(waiting.popleft()))
            for future in [each for each in running if each.done()]:
                running.remove(future)
                done(future.result())
        for future in as_completed(running):
            done(future.result())


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Whatever ends the block ends the processes, too."""
    # Fresh interpreters: this one may hold threads, whose locks a fork would copy half-taken.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def available_processes() -> int:
    """The processors that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
