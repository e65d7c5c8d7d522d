"""What can be seen without asking KAZOO ends with 2 and one sentence, before a single request."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Outcome, Terminal

    from reseller_reporting.simulate.server import SimulatedKazoo


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    told = [line for line in outcome.err.splitlines() if not line.startswith("Importing")]
    assert len(told) == 1, outcome.err
    for word in words:
        assert word in outcome.complaint


WRONG_PERIODS = [
    "2026-13",
    "9998-01",
    "2026-00",
    "october",
    "2026-10-16..2026-10-01",
    "2026-10-01..2026-10-01",
    "2026-02-30..2026-03-02",
]


@pytest.mark.parametrize("period", [*WRONG_PERIODS, "", "9999-12", "0000-01", "2026-1", "2026-10-01..", "٢٠٢٦-١٠"])
@pytest.mark.parametrize("command", ["run", "sync"])
def test_a_wrong_period(connected: Terminal, kazoo: SimulatedKazoo, command: str, period: str) -> None:
    refused(connected.run(command, "--period", period), "eriod")
    assert kazoo.requests == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "utc+1"])
def test_a_wrong_time_zone(connected: Terminal, kazoo: SimulatedKazoo, zone: str) -> None:
    refused(connected.run("run", "--period", "2024-06", "--timezone", zone), "time zone")
    assert kazoo.requests == []


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "a@b\r\nBcc: x@y.z", "", "a b@c.de", "@x.de"])
def test_a_wrong_mail_address(connected: Terminal, kazoo: SimulatedKazoo, address: str) -> None:
    connected.settings["SMTP_URL"] = "smtp://127.0.0.1:1"
    refused(connected.run("run", "--period", "2024-06", "--email", address), "mail address")
    assert kazoo.requests == []


def test_mail_without_a_mail_server(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    outcome = connected.run("run", "--period", "2024-06", "--email", "a@example.com")
    refused(outcome, "RESELLER_REPORTING_SMTP_URL")
    assert kazoo.requests == []


WRONG_SETTINGS = [
    ("CURRENCY", "Dollars", "currency"),
    ("KAZOO_URL", "kazoo.example.com", "KAZOO_URL"),
    ("KAZOO_URL", "http://user:hunter2@kazoo.example.com/v2", "KAZOO_URL"),
    ("KAZOO_URL", "https://kazoo.example.com/", "/v2"),
    ("KAZO_URL", "https://kazoo.example.com/v2", "RESELLER_REPORTING_KAZOO_URL"),
    ("SMTP_URL", "http://user:hunter2@host", "SMTP"),
    ("MAIL_FROM", "nobody", "mail address"),
    ("KAZOO_API_KEY_FILE", "/nowhere/key", "/nowhere/key"),
    ("STORE_URL", "s3://bucket/prefix", "s3"),
]


@pytest.mark.parametrize(("name", "value", "word"), WRONG_SETTINGS)
@pytest.mark.parametrize("command", [("run",), ("accounts", "--json")])
def test_a_wrong_setting(
    connected: Terminal, kazoo: SimulatedKazoo, command: tuple[str, ...], name: str, value: str, word: str
) -> None:
    if name == "KAZOO_API_KEY_FILE":
        del connected.settings["KAZOO_API_KEY"]
    connected.settings[name] = value
    outcome = connected.run(*command)
    refused(outcome, word)
    assert "hunter2" not in outcome.err
    assert kazoo.requests == []


def test_an_unknown_key_in_the_settings_file(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    (connected.folder / "reseller-reporting.toml").write_text('currencey = "EUR"\n')
    refused(connected.run("run"), "currencey", "currency")
    assert kazoo.requests == []


def test_nothing_configured(terminal: Terminal) -> None:
    refused(terminal.run("run"), "RESELLER_REPORTING_KAZOO_URL")


@pytest.mark.parametrize("out", ["taken", "taken/below", "/proc/here"])
def test_a_folder_that_cannot_be_written_is_seen_before_kazoo_is_asked(
    connected: Terminal, kazoo: SimulatedKazoo, out: str
) -> None:
    (connected.folder / "taken").write_text("a file")
    refused(connected.run("run", "--period", "2024-06", "--out", out), "--out", out)
    assert kazoo.requests == []
    assert (connected.folder / "taken").read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_seen_before_kazoo_is_asked(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    locked = connected.folder / "locked"
    locked.mkdir(mode=0o500)
    refused(connected.run("run", "--period", "2024-06", "--out", locked), "--out")
    assert kazoo.requests == []


def test_the_default_folder_that_cannot_be_written_is_seen_before_kazoo_is_asked(
    connected: Terminal, kazoo: SimulatedKazoo
) -> None:
    (connected.folder / "reports").write_text("a file")
    refused(connected.run("run", "--period", "2024-06"), "--out")
    assert kazoo.requests == []


@pytest.mark.parametrize("command", ["run", "sync"])
def test_a_home_that_cannot_be_written(connected: Terminal, kazoo: SimulatedKazoo, command: str) -> None:
    (connected.folder / "taken").write_text("a file")
    connected.settings["HOME"] = "taken"
    refused(connected.run(command, "--period", "2024-06"), "HOME")
    assert kazoo.requests == []


def test_a_store_that_cannot_be_written(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    (Path(connected.settings["HOME"]) / "store" / "writer.lock").mkdir(parents=True)
    refused(connected.run("sync", "--period", "2024-06"), "HOME")
    assert kazoo.requests == []


@pytest.mark.parametrize("accounts", ["", " , ", "@nowhere.txt", "@empty.txt", "@."])
def test_a_choice_of_no_account(connected: Terminal, kazoo: SimulatedKazoo, accounts: str) -> None:
    (connected.folder / "empty.txt").write_text("\n\n")
    refused(connected.run("run", "--accounts", accounts), "ccount")
    assert kazoo.requests == []


USAGE = [
    ("run", "--legs", "some"),
    ("run", "--source", "disk"),
    ("run", "--nonsense"),
    ("run", "2026-10"),
    ("nonsense",),
    ("import",),
    ("import", "calls.csv"),
    ("simulate", "kazoo", "--port", "99999999"),
    ("demo", "--accounts", "0"),
]


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_words_are_answered_with_how_to_say_it_right(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    outcome = terminal.run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "Traceback" not in outcome.err
    assert re.search(r"(?m)^Error: ", outcome.err), outcome.err


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a workbook", b"name,address\nBob,here\n", b'{"data": [1, 2]}', b"[{"]
)
def test_a_file_that_holds_no_calls(terminal: Terminal, content: bytes) -> None:
    (terminal.folder / "calls.csv").write_bytes(content)
    refused(terminal.run("import", "calls.csv", "--account", "Bob"), "calls.csv")


def test_a_file_that_is_not_there(terminal: Terminal) -> None:
    refused(terminal.run("import", "nowhere.csv", "--account", "Bob"), "nowhere.csv")
    # A refused file leaves no account behind.
    refused(terminal.run("accounts", "--source", "store"), "store is empty")


@pytest.mark.parametrize("account", ["", "  "])
def test_calls_of_nobody(terminal: Terminal, account: str) -> None:
    (terminal.folder / "calls.csv").write_text("id,direction,billing_seconds,timestamp\n")
    refused(terminal.run("import", "calls.csv", "--account", account), "--account")


def test_an_empty_store_has_nothing_to_report(terminal: Terminal) -> None:
    refused(terminal.run("run", "--source", "store", "--period", "2024-06"), "store is empty")


def test_a_choice_that_the_store_does_not_know(connected: Terminal, kazoo: SimulatedKazoo) -> None:
    assert connected.run("sync", "--period", "2024-06", "--accounts", "Alice").code == 0
    kazoo.requests.clear()
    refused(connected.run("run", "--source", "store", "--period", "2024-06", "--accounts", "Nobody"), "Nobody")
    assert kazoo.requests == []


def test_a_wrong_setting_in_a_process_of_its_own(terminal: Terminal) -> None:
    terminal.settings["CURRENCY"] = "Dollars"
    refused(terminal.process("run"), "currency")


def test_help_about_a_wrong_setting_is_still_given(terminal: Terminal) -> None:
    terminal.settings["CURRENCY"] = "Dollars"
    assert terminal.run("run", "--help").code == 0
    assert not Path(terminal.settings["HOME"]).exists()
