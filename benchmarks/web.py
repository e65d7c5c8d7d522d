"""The web application under load: pages of 5 000 accounts; fifty users who browse while two reports are made.

    ./dev python benchmarks/web.py [SECONDS]

Everything runs on this machine: the simulated KAZOO, `serve` with its worker, and the users.
"""

import http.client
import itertools
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from measuring import COMMAND, _document, environment, simulated_kazoo

USERS, CUSTOMERS, CALLS = 50, 5_000, 20_000
THINKING_SECONDS = 1.0
USERNAME, PASSWORD = "boss@example.com", "a password of some length"


@dataclass
class Visitor:
    """A browser with one connection; keeps what each request took."""

    url: str
    took: dict[str, list[float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def ask(self, name: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.cookies["reseller_reporting_csrf"]})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        method = "GET" if form is None else "POST"
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # It was idle for long; browsers connect anew, too.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        text = answer.read().decode(errors="replace")
        self.took.setdefault(name, []).append(time.perf_counter() - began)
        for each in answer.headers.get_all("Set-Cookie") or []:
            key, _, rest = each.partition("=")
            self.cookies[key] = rest.partition(";")[0]
        if answer.status >= 400:
            self.failed.append(f"{answer.status} {path}")
        return answer.status, answer.headers.get("Location", ""), text

    def log_in(self) -> None:
        self.ask("log-in", "/login/")
        status, _, _ = self.ask("log-in", "/login/", {"username": USERNAME, "password": PASSWORD})
        assert status == 302, "the log-in was refused"

    def order(self, period: str, accounts: str) -> str:
        """The address of its page."""
        form = {"scope": "some", "accounts": accounts, "period": period, "timezone": "UTC", "edition": "internal"}
        status, place, text = self.ask("order", "/", form | {"token": period})
        assert status == 302, text[:2000]
        return place


def megabytes(pid: int) -> float:
    """Of a process and all below it: what would be free without them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1]) / 1024  # type: ignore[index]
    return own + sum(megabytes(int(child)) for child in children)


def pages(visitor: Visitor) -> None:
    """By itself, nothing else at work."""
    print("| page, 5 000 accounts | median ms | slowest of 20 ms |\n| --- | --- | --- |")
    for name, path in (
        ("report page", "/"),
        ("a level of the tree", "/report/accounts"),
        ("search `a`", "/report/accounts?q=a"),
        ("search, nothing found", "/report/accounts?q=zzz+qqq"),
        ("ids of all", "/report/accounts/ids"),
    ):
        visitor.ask("warm", path)
        visitor.took[name] = []
        for _ in range(20):
            visitor.ask(name, path)
        took = [seconds * 1000 for seconds in visitor.took[name]]
        print(f"| {name} | {statistics.median(took):.0f} | {max(took):.0f} |", flush=True)


def crowd(url: str, places: list[str], seconds: float) -> list[Visitor]:
    """Each polls the progress of a run as its page does, and opens one page after the other."""
    visitors = [Visitor(url) for _ in range(USERS)]
    for visitor in visitors:
        visitor.log_in()
        visitor.took.clear()
    until = time.monotonic() + seconds

    def browse(number: int, visitor: Visitor) -> None:
        place = places[number % len(places)]
        paths = ["/", "/report/accounts?q=ab", "/reports/", place, "/audit/", "/users/", "/reports/?q=2026"]
        tour = itertools.cycle(paths[number % len(paths) :] + paths[: number % len(paths)])
        while time.monotonic() < until:
            visitor.ask("progress", f"{place}progress")
            time.sleep(THINKING_SECONDS)
            path = next(tour)
            visitor.ask("a run" if path == place else path.partition("?")[0], path)
            time.sleep(THINKING_SECONDS)

    threads = [threading.Thread(target=browse, args=each) for each in enumerate(visitors)]
    for thread in threads:
        thread.start()
        time.sleep(2 * THINKING_SECONDS / USERS)  # People do not come all at once.
    for thread in threads:
        thread.join()
    return visitors


def tell(visitors: list[Visitor]) -> None:
    print("\n| request | how many | median ms | 99 of 100 below ms | slowest ms |\n| --- | --- | --- | --- | --- |")
    names = sorted({name for visitor in visitors for name in visitor.took})
    everything: list[float] = []
    for name in names:
        took = sorted(1000 * each for visitor in visitors for each in visitor.took.get(name, []))
        everything += took
        figures = (statistics.median(took), took[int(len(took) * 0.99)], took[-1])
        print(f"| `{name}` | {len(took)} | {' | '.join(f'{each:.0f}' for each in figures)} |")
    failed = [each for visitor in visitors for each in visitor.failed]
    over = sum(each > 1000 for each in everything)
    print(f"\n{len(everything)} requests, {over} over a second, {len(failed)} failed {failed[:5]}", flush=True)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as home, simulated_kazoo(accounts=CUSTOMERS, calls=CALLS) as kazoo:
        variables = environment(kazoo, Path(home)) | {
            "RESELLER_REPORTING_ADMIN_EMAIL": USERNAME,
            "RESELLER_REPORTING_ADMIN_PASSWORD": PASSWORD,
        }
        log = (Path(home) / "log").open("w")
        command = [*COMMAND, "serve", "--port", "0", "--json"]
        with log, subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=log, text=True) as server:
            assert server.stdout is not None
            url = json.loads(_document(server.stdout))["url"]
            try:
                visitor = Visitor(url)
                visitor.log_in()
                while 'value="some"' not in visitor.ask("wait", "/")[2]:
                    time.sleep(1)
                time.sleep(5)
                print(f"`serve`, idle: {megabytes(server.pid):.0f} MB; load of the machine {os.getloadavg()[0]:.1f}\n")
                pages(visitor)
                ids = json.loads(visitor.ask("ids", "/report/accounts/ids")[2])["ids"]
                chosen = ",".join(ids[:2000])
                places = [visitor.order(period, chosen) for period in ("last-month", "this-month")]
                tell(crowd(url, places, seconds))
                for place in places:
                    found = re.search(r'max="100" value="(\d+)"', visitor.ask("end", place)[2])
                    print(f"{place} is at {found[1] if found else 100} % at the end")
            finally:
                server.send_signal(signal.SIGINT)
                server.wait()


if __name__ == "__main__":
    main()
