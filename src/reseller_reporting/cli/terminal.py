"""The terminal: a bar where someone watches, plain lines elsewhere; always on stderr, so stdout stays clean."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reseller_reporting.app.progress import Progress, Quiet
from reseller_reporting.model.account import Account

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


@contextmanager
def watched(*, quiet: bool = False) -> Iterator[Progress]:
    """Progress as this terminal shows it best."""
    if quiet:
        yield Quiet()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bar(bars)
    else:
        lines = _Lines()
        yield lines
        lines.close()


class _Lines:
    """A line as a stage begins, and at most ten more while it goes on: logs stay readable."""

    def __init__(self) -> None:
        self._name, self._total, self._done = "", 0, 0

    def about(self, accounts: Sequence[Account]) -> None:
        """A log says how many when a stage begins."""

    def stage(self, name: str, total: int | None = None) -> None:
        self.close()
        self._name, self._total, self._done = name, total or 0, 0
        self.say(f"{name}: {total}" if total else name)

    def step(self, note: str = "", *, account_id: str = "") -> None:  # noqa: ARG002 - a log needs no name a line.
        self._done += 1
        every = max(1, -(-self._total // 10))
        if self._total > every and (self._done % every == 0 or self._done == self._total):
            self.say(f"{self._name}: {self._done} of {self._total}")

    def say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Nothing is left open by plain lines."""


class _Bar:
    """One bar: the stage that is on, with the name of what was just done."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def about(self, accounts: Sequence[Account]) -> None:
        """The bar counts them."""

    def stage(self, name: str, total: int | None = None) -> None:
        self._finish()
        self._task = self._bars.add_task(name, total=total, note="")

    def step(self, note: str = "", *, account_id: str = "") -> None:  # noqa: ARG002 - people know names.
        if self._task is not None:
            self._bars.update(self._task, advance=1, note=note[:40])

    def say(self, sentence: str) -> None:
        self._bars.console.print(sentence, markup=False)

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[self._task]
            total = task.total if task.total is not None else 1
            self._bars.update(self._task, total=total, completed=total, note="")


def _bars() -> "Bars":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("[dim]{task.fields[note]}", markup=True),
    )
    return Bars(*columns, console=Console(stderr=True))
