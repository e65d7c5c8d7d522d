"""`serve` as a person starts it: ready soon, an administrator made once, ended cleanly, nothing left running."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlsplit

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
def test_whoever_never_sends_what_they_announced_keeps_nobody_from_the_pages(terminal: Terminal) -> None:
    terminal.settings |= {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "a password of some length"}
    begun = (
        b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 1000\r\n\r\nusername="
    )
    with serving(terminal, "serve") as (_, said), ExitStack() as held:
        where = urlsplit(said["url"])
        for _ in range(60):  # More than the server has threads.
            connection = held.enter_context(socket.create_connection((where.hostname or "", where.port or 0)))
            connection.sendall(begun)
        browser = Browser(said["url"])
        assert "boss@example.com" in browser.log_in("boss@example.com", "a password of some length")
        assert browser.get("/healthz") == "ok\n"


@pytest.mark.slow
def test_half_a_form_is_done_by_nobody_and_a_header_with_an_underscore_is_no_proxys_word(terminal: Terminal) -> None:
    terminal.settings |= {
        "ADMIN_EMAIL": "boss@example.com",
        "ADMIN_PASSWORD": "a password of some length",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    half = b"POST /password/forgot/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nusername=boss"
    whole = (
        b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.7\r\nX_Forwarded_For: 203.0.113.9\r\n"
        b"Connection: close\r\n\r\n"
    )
    with serving(terminal, "serve") as (process, said):
        where = urlsplit(said["url"])
        for sent in (half, whole):
            with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
                connection.sendall(sent)
                if sent is whole:
                    assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    requests = [json.loads(line) for line in told.splitlines() if '"request"' in line and "/login/" in line]
    assert {line["address"] for line in requests} == {"198.51.100.7"}
    assert "/password/forgot/" not in told


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
    del terminal.settings["ADMIN_EMAIL"]
    outcome = terminal.run("serve", "--port", "0")
    assert outcome.code == 2
    assert "ADMIN_EMAIL as well" in outcome.complaint
    terminal.settings["ADMIN_EMAIL"] = "boss@example.com"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = terminal.run("serve", "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert "Choose another with --port" in outcome.complaint


def block(process: subprocess.Popen[str]) -> list[str]:
    """What stands between the rules once it is ready."""
    out, rule = process.stdout, "-" * 72
    assert out is not None
    while (line := out.readline()).rstrip() != rule:
        assert line, process.communicate()[1]
    return list(iter(lambda: out.readline().rstrip(), rule))


@contextmanager
def told(terminal: Terminal, *command: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and what a person reads when it is ready."""
    with terminal.started(*command, "--port", "0") as process:
        try:
            yield process, block(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def after(words: str, lines: list[str], nth: int = 0) -> str:
    return [line.partition(words)[2].strip() for line in lines if words in line][nth]


def test_the_demo_opens_the_whole_thing_and_says_how_to_come_in_below_all_logs(terminal: Terminal) -> None:
    with told(terminal, "demo", "--serve", "--accounts", "2", "--calls", "10") as (process, lines):
        url = after("is ready at ", lines)
        browser = Browser(url)
        assert "demo" in browser.log_in(after("user ", lines), after("password ", lines))
        by_kazoo = Browser(url)
        by_kazoo.log_in(
            after("user ", lines, 1),
            after("password ", lines, 1),
            account=after("account ", lines),
            path="/login/kazoo/",
        )
        assert json.loads(by_kazoo.get("/api/v1/me"))["role"] == "reseller_admin"
        by_kazoo = Browser(url)
        account = after("account ", lines, 1)
        by_kazoo.log_in(after("user ", lines, 2), after("password ", lines, 2), account=account, path="/login/kazoo/")
        assert json.loads(by_kazoo.get("/api/v1/me"))["role"] == "customer_admin"
        assert [each["name"] for each in json.loads(by_kazoo.get("/api/v1/accounts"))["items"]][:1] == [account]
        assert f"{url}/login/kazoo/" in "\n".join(lines)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
    assert not list(terminal.folder.glob("**/*.sqlite3"))


@pytest.mark.slow
def test_a_program_is_told_all_ways_into_the_demo(terminal: Terminal) -> None:
    with serving(terminal, "demo", "--serve", "--accounts", "2", "--calls", "10") as (_, said):
        assert "demo" in Browser(said["url"]).log_in(said["username"], said["password"])
        for name, role in (("kazoo", "reseller_admin"), ("customer", "customer_admin")):
            kazoo = said[name]
            assert kazoo["url"] == f"{said['url']}/login/kazoo/"
            browser = Browser(said["url"])
            browser.log_in(kazoo["username"], kazoo["password"], account=kazoo["account_name"], path="/login/kazoo/")
            assert json.loads(browser.get("/api/v1/me"))["role"] == role


@pytest.mark.slow
def test_each_start_says_where_it_is_and_how_to_log_in_once_it_is_ready(terminal: Terminal) -> None:
    with told(terminal, "serve") as (_, lines):
        password = after("password ", lines).split()[0]
        assert "This password was made for you" in Browser(after("is ready at ", lines)).log_in("admin", password)
    terminal.settings["WEB_URL"] = "https://reports.example.com"
    with told(terminal, "serve") as (_, lines):
        assert "People reach it at https://reports.example.com" in lines
        assert "Log in with your user name and password." in lines
        assert password not in "\n".join(lines)


def test_an_administrator_of_the_settings_is_named_without_the_password(terminal: Terminal) -> None:
    terminal.settings |= {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "a password of some length"}
    with told(terminal, "serve") as (_, lines):
        assert after("user ", lines) == "boss@example.com"
        assert after("password ", lines) == "that of RESELLER_REPORTING_ADMIN_PASSWORD"
