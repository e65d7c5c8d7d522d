"""Converting: a file of a run in another form, by a process of its own: what reads and writes Parquet weighs as much as
the whole web process, and few ask for it.

Invariants
- Two convert at a time and one more waits, whatever is asked for: the web process answers four requests at a time
  (`web/turns.py`), and one turn is left to everyone else.
"""

import subprocess
import sys
import threading
from pathlib import Path

import structlog

from reseller_reporting.model.errors import CannotWrite, TooManyAtOnce

_SECONDS_MAX = 120

_log = structlog.get_logger()
_places = threading.BoundedSemaphore(3)
_at_once = threading.BoundedSemaphore(2)


def convert(module: str, source: Path, target: Path, *, instead: str) -> None:
    """`python -m module source target`; after a failure nothing there counts. `instead` is the form to ask for then."""
    if not _places.acquire(blocking=False):
        raise TooManyAtOnce("Too many tables are being converted. Ask again in a minute, for fewer of them at a time.")
    try:
        with _at_once:
            command = [sys.executable, "-m", module, str(source), str(target)]
            done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS_MAX)  # noqa: S603 - ours.
            why = done.stderr.decode(errors="replace").strip()[-1000:] if done.returncode else None
    except subprocess.TimeoutExpired:
        why = f"it took longer than {_SECONDS_MAX} seconds"
    finally:
        _places.release()
    if why is not None:
        _log.warning("a table could not be converted", file=source.name, why=why)
        raise CannotWrite(f"{source.name} could not be converted. Ask for {instead}.")
