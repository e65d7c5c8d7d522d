"""The local engine: a pool of processes on this machine, or this process alone where there is little to do."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
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
        _map(pool, work, tasks, done)


@contextmanager
def ready_pool(processes: int, prepare: Callable[[], object]) -> Iterator["ReadyPool"]:
    """Processes that start and prepare while this one still makes their tasks; none where one is enough."""
    if processes <= 1:
        yield ReadyPool(None)
        return
    with _pool(processes) as pool:
        for _ in range(processes):
            # A process begins with its first task. Where this one fails, so will the work, which says why.
            pool.submit(prepare)
        yield ReadyPool(pool)


@dataclass(frozen=True, slots=True)
class ReadyPool:
    _pool: ProcessPoolExecutor | None

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task], *, done: Callable[[Result], None]) -> None:
        """As `map_units`."""
        if self._pool is not None:
            _map(self._pool, work, tasks, done)
            return
        for task in tasks:
            done(work(task))


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


def _map(
    pool: ProcessPoolExecutor, work: Callable[[Task], Result], tasks: Sequence[Task], done: Callable[[Result], None]
) -> None:
    futures = [pool.submit(work, task) for task in tasks]
    for future in as_completed(futures):
        done(future.result())


def available_processes() -> int:
    """The processors that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
