"""The web application as a process of its own, and someone who comes to it by the network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.conftest import Terminal


@contextmanager
def serving(terminal: Terminal, *command: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The process, and what it said as it was ready."""
    with terminal.started(*command, "--port", "0", "--json") as process:
        try:
            assert process.stdout is not None
            said = ""
            while not said.endswith("\n}\n"):
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                said += line
            yield process, json.loads(said)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def listen_to(process: subprocess.Popen[str]) -> None:
    """What it logs is taken from it, so that it never waits for a reader."""
    assert process.stderr is not None
    number = process.stderr.fileno()

    def listen() -> None:
        with suppress(OSError):
            while os.read(number, 65536):
                pass

    threading.Thread(target=listen, daemon=True).start()


class Browser:
    """Someone who comes by the network and keeps cookies; what is refused is raised."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=30) as answer:
            return str(answer.read().decode())

    def log_in(self, username: str, password: str, *, path: str = "/login/", **more: str) -> str:
        self.get(path)
        token = next(cookie.value for cookie in self.cookies if cookie.name == "reseller_reporting_csrf")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token, **more}
        with self._opener.open(self.url + path, urlencode(form).encode(), timeout=30) as answer:
            return str(answer.read().decode())
