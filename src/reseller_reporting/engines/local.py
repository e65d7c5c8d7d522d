"""The local engine: a pool of processes on this machine, or this process alone where there is little to do."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
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
    # Fresh interpreters: this one may hold threads, whose locks a fork would copy half-taken.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(tasks)), mp_context=context) as pool:
        futures = [pool.submit(work, task) for task in tasks]
        try:
            for future in as_completed(futures):
                done(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def available_processes() -> int:
    """The processors that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
