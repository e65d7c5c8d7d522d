"""A KAZOO that cannot be reached or says no: exit code 1, one sentence with the URL and the cause, never a secret."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Outcome, Terminal

    from reseller_reporting.simulate.scripted import ScriptedWorld
    from reseller_reporting.simulate.server import SimulatedKazoo

SECRET = "hunter2" * 9 + "x"


def failed(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 1, outcome
    assert outcome.out == ""
    assert SECRET not in outcome.err
    for word in words:
        assert word in outcome.complaint


@pytest.fixture
def refused_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("arguments", [("run",), ("accounts", "--json"), ("sync", "--json"), ("run", "--json")])
def test_a_port_that_refuses(terminal: Terminal, refused_port: int, arguments: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{refused_port}/v2"
    terminal.settings |= {"KAZOO_URL": url, "KAZOO_API_KEY": SECRET}
    failed(terminal.run(*arguments), url, "refused")
    # Not even an empty folder stays.
    assert not (terminal.folder / "reports").exists()


def test_a_host_that_is_not_known(terminal: Terminal) -> None:
    url = "http://kazoo.invalid:8000/v2"
    terminal.settings |= {"KAZOO_URL": url, "KAZOO_API_KEY": SECRET}
    failed(terminal.run("run"), url, "not known")


@pytest.mark.slow
def test_a_port_that_refuses_is_told_soon(terminal: Terminal, refused_port: int) -> None:
    """In a process of its own, with the waits of real life: they come to 5 s, the rest is for a busy machine."""
    url = f"http://127.0.0.1:{refused_port}/v2"
    terminal.settings |= {"KAZOO_URL": url, "KAZOO_API_KEY": SECRET}
    with terminal.started("run") as process:
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (1, "")
    assert url in err
    assert "Traceback" not in err


def test_a_wrong_api_key(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    connected.settings["KAZOO_API_KEY"] = SECRET
    failed(connected.run("run", "--period", "2024-06", "--out", "out"), kazoo.url, "credentials")
    assert len(kazoo.requests) == 1, "what is refused is not asked again"
    assert not (connected.folder / "out").exists()


def test_a_wrong_password(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    terminal.settings |= {
        "KAZOO_URL": kazoo.url,
        "KAZOO_USERNAME": kazoo.username,
        "KAZOO_PASSWORD": SECRET,
        "KAZOO_ACCOUNT_NAME": kazoo.account_name,
    }
    failed(terminal.run("run", "--period", "2024-06"), kazoo.url, "credentials")


def test_the_right_password(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    (terminal.folder / "secret").write_text(f"{kazoo.password}\n")
    terminal.settings |= {
        "KAZOO_URL": kazoo.url,
        "KAZOO_USERNAME": kazoo.username,
        "KAZOO_PASSWORD_FILE": "secret",
        "KAZOO_ACCOUNT_NAME": kazoo.account_name,
    }
    assert terminal.run("accounts").code == 0


def test_a_server_that_is_no_kazoo_at_this_path(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    connected.settings["KAZOO_URL"] = kazoo.url.replace("/v2", "/wrong/v2")
    failed(connected.run("run"), "/wrong/v2", "Crossbar")


def test_a_tree_that_cannot_be_listed(connected: Terminal, acme: ScriptedWorld, kazoo: SimulatedKazoo) -> None:
    acme.answer("a" * 32, "descendants", status=500)
    failed(connected.run("run", "--period", "2024-06", "--out", "out"), kazoo.url, "500")
    assert not (connected.folder / "out").exists()


def test_a_kazoo_that_fails_leaves_the_earlier_reports_as_they_were(
    connected: Terminal, acme: ScriptedWorld, kazoo: SimulatedKazoo
) -> None:
    assert connected.run("run", "--period", "2024-06", "--out", "out").code == 0
    before = connected.left().files()
    acme.answer("a" * 32, "descendants", status=503, message="no")
    failed(connected.run("run", "--period", "2024-06", "--out", "out"), kazoo.url)
    assert connected.left().files() == before
