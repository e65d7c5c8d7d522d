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


BAD_SETTINGS = [
    # What is set; what is said of it; what is not looked at for it.
    ({"CURRENCY": "Dollars"}, "RESELLER_REPORTING_CURRENCY takes an ISO 4217 code", set()),
    ({"KAZOO_URL": "kazoo.example.com"}, "RESELLER_REPORTING_KAZOO_URL must be", {"kazoo settings"}),
    ({"SMTP_URL": "http://user:hunter2@host"}, "The SMTP URL must be", {"mail"}),
    ({"STORE_URL": "s3://bucket"}, "s3:// is not supported yet", {"store"}),
    ({"CURENCY": "EUR"}, "did you mean RESELLER_REPORTING_CURRENCY?", set()),
    ({"LOGO_FILE": "nowhere.png"}, "RESELLER_REPORTING_LOGO_FILE names nowhere.png", set()),
]


@pytest.mark.parametrize(("wrong", "sentence", "waiting"), BAD_SETTINGS)
def test_a_setting_that_will_not_do_is_told_among_the_others(
    connected: Terminal, wrong: dict[str, str], sentence: str, waiting: set[str]
) -> None:
    names = set(findings(connected.run("doctor", "--json")))
    connected.settings |= wrong
    outcome = connected.run("doctor", "--json")
    found = findings(outcome)
    assert outcome.code == 1
    assert sentence in found["settings"]["message"]
    assert {name for name, finding in found.items() if not finding["ok"]} == {"settings"} | waiting
    # What can be looked at is; of a KAZOO that has no address there is only that.
    assert names - set(found) == (
        {name for name in names if name.startswith("kazoo")} if "KAZOO_URL" in wrong else set()
    )
    told = connected.run("doctor").out
    assert sum(line.startswith("MEND") for line in told.splitlines()) == 1 + len(waiting)
    assert "hunter2" not in told


def test_every_wrong_setting_of_the_file_is_told_by_its_key(connected: Terminal) -> None:
    text = 'currency = "Dollars"\nlanguage = "la"\nkazoo_page_size = 0\nlanguge = "de"\nfooter_text = 1.5\n'
    (connected.folder / "reseller-reporting.toml").write_text(text)
    told = connected.run("doctor").out
    file = connected.folder / "reseller-reporting.toml"
    for words in (
        f"currency in {file} takes an ISO 4217 code",
        f"language in {file} is 'la'",
        f"kazoo_page_size in {file} is '0'",
        f"'languge' in {file} is no setting; did you mean language?",
        f"footer_text in {file} must be a text",
    ):
        assert f"{words}" in told
    assert told.count("MEND") == 5
    assert "RESELLER_REPORTING_CURRENCY" not in told
    # Whatever else is run stops at one of them, in the same words.
    assert f" in {file}" in connected.run("run").complaint


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
