"""`serve` as a person starts it: ready soon, an administrator made once, ended cleanly, nothing left running."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest
from serving import Browser, serving

if TYPE_CHECKING:
    from tests.conftest import Terminal

IDLE_MEGABYTES_MAX = 350


def below(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # It has just ended.
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def own_megabytes(pid: int) -> float:
    """What would be free without it: pages that it shares with others are theirs in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


@pytest.mark.slow
def test_it_serves_and_ends_and_serves_again(terminal: Terminal) -> None:
    terminal.settings |= {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "a password of some length"}
    with serving(terminal, "serve") as (process, said):
        browser = Browser(said["url"])
        assert json.loads(browser.get("/readyz"))["ready"] is True
        with pytest.raises(HTTPError, match="401"):
            browser.get("/api/v1/me")
        assert "boss@example.com" in browser.log_in("boss@example.com", "a password of some length")
        assert json.loads(browser.get("/api/v1/me"))["role"] == "operator"
        styles = next(line for line in browser.get("/").splitlines() if "tabler.min.css" in line).split('"')[3]
        assert "--tblr-blue" in browser.get(styles)
        tree = below(process.pid)
        assert sum(map(own_megabytes, tree)) < IDLE_MEGABYTES_MAX
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        assert not [pid for pid in tree if Path(f"/proc/{pid}").exists()]
        assert "Traceback" not in told
        assert "password of some length" not in told
    terminal.settings |= {"ADMIN_PASSWORD": "another one, which changes nothing"}
    with serving(terminal, "serve") as (_, said):
        assert "boss@example.com" in Browser(said["url"]).log_in("boss@example.com", "a password of some length")
    key = Path(terminal.settings["HOME"]) / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_unwatched_it_makes_an_administrator_up_and_says_the_password_once(terminal: Terminal) -> None:
    with serving(terminal, "serve") as (process, said):
        assert process.stderr is not None
        line = process.stderr.readline()
        password = line.split()[-1]
        assert "Log in as 'admin'" in line
        assert "This password was made for you" in Browser(said["url"]).log_in("admin", password)
    with serving(terminal, "serve") as (process, _):
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert "Log in as" not in told


def test_a_weak_password_and_a_port_that_is_taken_are_told_before_anything_starts(terminal: Terminal) -> None:
    terminal.settings |= {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "short"}
    outcome = terminal.run("serve", "--port", "0")
    assert outcome.code == 2
    assert "too short" in outcome.complaint
    terminal.settings["ADMIN_PASSWORD"] = "a password of some length"
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = terminal.run("serve", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert "Choose another with --port" in outcome.complaint


def test_the_demo_opens_the_whole_thing_with_a_log_in(terminal: Terminal) -> None:
    with serving(terminal, "demo", "--serve", "--accounts", "2", "--calls", "10") as (_, said):
        browser = Browser(said["url"])
        assert "demo" in browser.log_in(said["username"], said["password"])
    assert not list(terminal.folder.glob("**/*.sqlite3"))
