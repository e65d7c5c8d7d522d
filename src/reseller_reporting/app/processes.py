"""Processes of our own: started with a lifeline, so that none outlives the one that started it, even if that is killed.

Invariants
- A child leads a process group: what it started itself goes with it.
- Its standard input is the lifeline. It ends when the parent does, in whatever way.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress


def start(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """`python -m module`, tied to this process."""
    return subprocess.Popen(  # noqa: S603 - our own modules, by this very interpreter.
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        env=dict(os.environ if environment is None else environment),
        start_new_session=True,
    )


def hold_lifeline(on_loss: Callable[[], None]) -> None:
    """Called by a child of `start`, early: once the parent is gone, `on_loss` is called in a thread."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        on_loss()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def end_own_group() -> None:
    """This process and all that it started, at once."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """A child and all that it started; those may be left when it is gone itself."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
