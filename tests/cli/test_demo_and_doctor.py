"""The first two commands that anyone runs: `demo` with nothing configured, `doctor` with everything wrong."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Outcome, Terminal

    from reseller_reporting.simulate.server import SimulatedKazoo


def test_the_demo_needs_nothing_and_leaves_nothing_but_its_files(terminal: Terminal) -> None:
    outcome = terminal.run("demo", "--json", "--accounts", "3", "--calls", "60")
    assert outcome.code == 0
    assert outcome.document == terminal.left("reports/demo").manifest
    assert len(outcome.document["accounts"]) == 3
    assert outcome.document["totals"]["calls"] > 0
    assert {path.name for path in terminal.folder.iterdir()} <= {"reports", "home"}
    assert not list(terminal.folder.glob("home/**/*.parquet"))


def test_the_demo_is_the_same_each_time_and_another_with_another_seed(terminal: Terminal) -> None:
    for out, seed in (("one", 1), ("two", 1), ("three", 2)):
        assert terminal.run("demo", "--accounts", "2", "--calls", "30", "--seed", seed, "--out", out).code == 0
    assert terminal.left("one").files() == terminal.left("two").files()
    assert terminal.left("one").summary != terminal.left("three").summary


def test_the_demo_of_nobody_calling_is_a_report_too(terminal: Terminal) -> None:
    outcome = terminal.run("demo", "--accounts", "1", "--calls", "0", "--json")
    assert outcome.code == 0
    assert outcome.document["totals"]["reseller_cost"] == "0.0000"


def findings(outcome: Outcome) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in outcome.document["findings"]}


def test_a_healthy_installation(connected: Terminal) -> None:
    outcome = connected.run("doctor", "--json")
    assert outcome.code == 0, outcome.out
    assert outcome.document["ok"] is True
    assert all(finding["ok"] for finding in findings(outcome).values())
    told = connected.run("doctor")
    assert told.code == 0
    assert "MEND" not in told.out


def test_every_sickness_is_told_at_once(connected: Terminal) -> None:
    (connected.folder / "taken").write_text("a file")
    connected.settings |= {"HOME": "taken", "KAZOO_API_KEY": "f" * 64, "SMTP_URL": "smtp://bob:hunter2@127.0.0.1:1"}
    outcome = connected.run("doctor", "--json")
    assert outcome.code == 1
    assert {name for name, finding in findings(outcome).items() if not finding["ok"]} == {
        "store",
        "kazoo credentials",
        "mail",
    }
    assert "hunter2" not in outcome.out
    assert "f" * 64 not in outcome.out
    assert connected.run("doctor").out.count("MEND") == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v2", "http://kazoo.invalid:8000/v2"])
def test_a_kazoo_that_is_not_there(terminal: Terminal, url: str) -> None:
    terminal.settings |= {"KAZOO_URL": url, "KAZOO_API_KEY": "f" * 64}
    outcome = terminal.run("doctor", "--json")
    assert outcome.code == 1
    (sick,) = [finding for finding in findings(outcome).values() if not finding["ok"]]
    assert url.split("/")[2].split(":", maxsplit=1)[0] in sick["message"]


def test_a_doctor_without_any_setting_says_which_to_make(terminal: Terminal) -> None:
    outcome = terminal.run("doctor")
    assert outcome.code == 1
    assert "RESELLER_REPORTING_KAZOO_URL" in outcome.out


def test_the_simulated_kazoo_serves_whoever_has_its_key_until_it_is_told_to_end(terminal: Terminal) -> None:
    with terminal.started("simulate", "kazoo", "--port", "0", "--accounts", "2", "--calls", "20", "--json") as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if line.startswith("}"):
                break
        ways = json.loads(told)
        terminal.settings |= {"KAZOO_URL": ways["url"], "KAZOO_API_KEY": ways["api_key"]}
        assert len(terminal.run("accounts", "--json").document["accounts"]) == 2
        people = ways["people"]
        assert {person["priv_level"] for person in people} == {"admin", "user"}
        assert len({person["account_name"] for person in people}) == 3
        someone = people[-1]
        terminal.settings |= {
            "KAZOO_API_KEY": "",
            "KAZOO_ACCOUNT_NAME": someone["account_name"],
            "KAZOO_USERNAME": someone["username"],
            "KAZOO_PASSWORD": someone["password"],
        }
        assert terminal.run("accounts", "--json").document["accounts"] == []
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_a_port_that_is_taken(terminal: Terminal, kazoo: SimulatedKazoo) -> None:
    port = kazoo.url.split(":")[2].split("/")[0]
    outcome = terminal.run("simulate", "kazoo", "--port", port)
    assert (outcome.code, outcome.out) == (2, "")
    assert port in outcome.complaint
    assert "--port" in outcome.complaint
