"""Serving: the web application and its worker as one process tree, looked after until it is told to stop.

Invariants
- What dies is started again, at once the first time and ever later after that; a stop is passed on and waited for.
- Nothing outlives this process, not even its kill: see `processes`.
"""

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.error import URLError

import structlog

from reseller_reporting.app.processes import kill_group, start
from reseller_reporting.model.errors import InvalidSettings

WEB = "reseller_reporting.web"
WORKER = "reseller_reporting.worker"
READY_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 30.0
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS_MAX = 30.0
_STEADY_SECONDS = 60.0

_log = structlog.get_logger()


@dataclass(slots=True)
class _Kept:
    """A process that is kept alive."""

    module: str
    arguments: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    began_at: float = 0.0
    deaths: int = 0
    again_at: float = field(default=0.0)


class ProcessTree:
    """Started, watched, stopped. `run` returns once everything has ended."""

    def __init__(self, modules: Sequence[tuple[str, Sequence[str]]], environment: Mapping[str, str]) -> None:
        self._kept = [_Kept(module, arguments) for module, arguments in modules]
        self._environment = environment
        self._told = threading.Event()

    def stop(self) -> None:
        self._told.set()

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        try:
            while not self._told.is_set():
                for each in self._kept:
                    self._look_after(each)
                self._told.wait(_LOOK_SECONDS)
        finally:
            self._wind_up()

    def _look_after(self, each: _Kept) -> None:
        now = time.monotonic()
        if each.process is None:
            if now >= each.again_at:
                each.process = start(each.module, *each.arguments, environment=self._environment)
                each.began_at = now
            return
        if each.process.poll() is None:
            return
        kill_group(each.process)
        each.deaths = 1 if now - each.began_at > _STEADY_SECONDS else each.deaths + 1
        pause = min(0.5 * 2 ** (each.deaths - 1), _AGAIN_SECONDS_MAX)
        _log.error("process ended, starting it again", module=each.module, code=each.process.returncode, seconds=pause)
        each.process, each.again_at = None, now + pause

    def _wind_up(self) -> None:
        living = [each.process for each in self._kept if each.process is not None]
        for process in living:
            if process.poll() is None:
                process.terminate()
        latest = time.monotonic() + _STOP_SECONDS_MAX
        for process in living:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, latest - time.monotonic()))
            kill_group(process)
            process.wait()


def serve(*, host: str, port: int, ready: Callable[[str], None], environment: Mapping[str, str] | None = None) -> None:
    """Until it is told to stop; `ready` hears the address once pages are answered."""
    tree = ProcessTree([(WEB, (host, str(port))), (WORKER, ())], os.environ if environment is None else environment)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    asked = f"http://{_called(host)}:{port}/readyz"
    threading.Thread(target=_tell_ready, args=(asked, lambda: ready(url)), daemon=True).start()
    tree.run()


def work() -> None:
    """The worker alone, until it is told to stop."""
    ProcessTree([(WORKER, ())], os.environ).run()


def _called(host: str) -> str:
    """By which name this machine reaches what listens there."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - asked for by whoever serves.
        return "127.0.0.1" if host != "::" else "[::1]"
    return f"[{host}]" if ":" in host else host


def checked_port(host: str, port: int) -> int:
    """A port that is taken is told before anything starts; 0 is any free one."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno and error.errno > 0 else "it cannot be opened"
        raise InvalidSettings(f"Port {port} of {host}: {cause}. Choose another with --port.") from error


def _tell_ready(url: str, tell: Callable[[], None]) -> None:
    latest = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < latest:
        with suppress(URLError, OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address.
            tell()
            return
        time.sleep(0.05)
