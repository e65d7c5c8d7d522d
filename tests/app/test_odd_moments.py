"""Odd moments: an account that goes while it is read, a folder with a life of its own, two runs at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import ForcedAnswer
from reseller_reporting.store.lake import Lake

if TYPE_CHECKING:
    from tests.conftest import Terminal


RUN = ("run", "--period", "2024-06", "--out", "out")


class VanishingWorld(ScriptedWorld):
    """Bob is in the tree, and gone whenever he is asked about."""

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        if account_id == "2" * 32:
            return ForcedAnswer(404, "bad_identifier", {"message": "bad identifier"})
        return super().forced_answer(account_id, path)


def test_an_account_deleted_during_the_run_keeps_its_row(terminal: Terminal) -> None:
    world = VanishingWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    world.customer("Alice", parent=acme, account_id="1" * 32)
    world.customer("Bob", parent=acme, account_id="2" * 32)
    with running(world) as kazoo:
        assert terminal.connect(kazoo).run(*RUN).code == 1
    left = terminal.left()
    assert [(entry["name"], entry["status"]) for entry in left.manifest["accounts"]] == [
        ("Alice", "ok"),
        ("Bob", "failed"),
    ]
    bob = left.row("2" * 32)
    assert (bob["Calls"], bob["SIP Devices"], bob["Complete"]) == ("", "", "no")
    assert bob["Warnings"] != ""


def test_all_customers_failing_is_still_a_report(acme: ScriptedWorld, connected: Terminal) -> None:
    for digit in "12":
        acme.answer(digit * 32, "cdrs", status=403)
    assert connected.run(*RUN).code == 1
    assert [row["Calls"] for row in connected.left().summary] == ["", ""]


def test_many_customers_failing_at_once_are_recorded_together(terminal: Terminal) -> None:
    """As when KAZOO goes down in the middle: each failure is known, in one write, and none stops the command."""
    world = ScriptedWorld()
    # Without reseller rights no ledger of our own is read first, so nothing has been recorded yet.
    own = world.customer("Own", parent=world.reseller("Acme", account_id="a" * 32), account_id="b" * 32)
    login = world.login(own)
    for number in range(30):
        customer = world.customer(f"Customer {number}", parent=own, account_id=f"{number:032x}")
        world.answer(customer, "cdrs", status=403)
    with running(world) as kazoo:
        terminal.connect(kazoo).settings["KAZOO_API_KEY"] = login.api_key
        outcome = terminal.run("sync", "--period", "2024-06", "--include-sub-resellers")
        assert outcome.code == 1, outcome.err
        assert "Traceback" not in outcome.err
    told = terminal.run("coverage", "--period", "2024-06", "--include-sub-resellers", "--json").document["accounts"]
    assert len(told) == 30
    assert all(any(window["failure"] for window in account["windows"]) for account in told)
    (windows,) = (terminal.folder / "home").rglob("windows/_delta_log")
    assert len(list(windows.glob("*.json"))) <= 2


def test_a_reseller_without_customers_gets_empty_tables(terminal: Terminal) -> None:
    world = ScriptedWorld()
    world.reseller("Lonely")
    with running(world) as kazoo:
        outcome = terminal.connect(kazoo).run(*RUN, "--json")
    assert (outcome.code, outcome.document["accounts"]) == (0, [])
    assert terminal.left().summary == []


def test_files_of_others_in_the_folder_stay(connected: Terminal) -> None:
    (connected.folder / "out" / "accounts").mkdir(parents=True)
    for name in ("notes.txt", "accounts/mine.xlsx"):
        (connected.folder / "out" / name).write_text("mine")
    assert connected.run(*RUN).code == 0
    assert connected.run(*RUN, "--accounts", "Bob").code == 0
    files = connected.left().files()
    assert files["notes.txt"] == files["accounts/mine.xlsx"] == b"mine"
    assert [name for name in files if "alice" in name]  # A report of some customers takes nobody's workbook away.


def test_a_second_run_at_the_same_time_is_told_who_is_first(connected: Terminal) -> None:
    with Lake(Path(connected.settings["HOME"]) / "store").writing():
        outcome = connected.run(*RUN)
    assert outcome.code == 1
    assert "process" in outcome.complaint
    assert connected.run(*RUN).code == 0


def test_a_store_does_not_grow_with_the_number_of_pulls(connected: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Lake.tidy.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "unused_for", timedelta(0))
    store = Path(connected.settings["HOME"]) / "store"
    sizes = []
    for _ in range(3):
        assert connected.run("sync", "--period", "2024-06", "--refresh").code == 0
        sizes.append({table: len(list((store / table).rglob("*.parquet"))) for table in ("legs", "ledger_entries")})
    assert sizes[0]["legs"] > 0
    assert sizes[0] == sizes[1] == sizes[2]
    assert connected.run(*RUN, "--source", "store").code == 0


def test_a_time_zone_of_kazoo_that_is_none_is_named_with_its_remedy(terminal: Terminal) -> None:
    world = ScriptedWorld()
    world.reseller("Acme", timezone="Mars/Olympus")
    with running(world) as kazoo:
        outcome = terminal.connect(kazoo).run(*RUN)
        assert outcome.code == 1
        assert "Acme" in outcome.complaint
        assert "--timezone" in outcome.complaint
        assert terminal.run(*RUN, "--timezone", "Europe/Berlin").code == 0


def test_a_period_long_ago_is_a_report_without_calls(connected: Terminal) -> None:
    assert connected.run("run", "--period", "1980-01", "--out", "out").code == 0
    assert [row["Calls"] for row in connected.left().summary] == ["0", "0"]
    assert {row["Complete"] for row in connected.left().summary} == {"yes"}


def test_documents_that_are_refused_are_said(acme: ScriptedWorld, connected: Terminal) -> None:
    cheap = Rate(units=300, discount=10, name="UK")
    call = acme.call(
        "2" * 32,
        started_at=datetime(2024, 6, 7, tzinfo=UTC),
        number="+442071234567",
        answered_seconds=61,
        rate=cheap,
    )
    acme.answer("2" * 32, f"cdrs/{call.id}", status=403)
    assert connected.run(*RUN).code == 0
    bob = connected.left().account("Bob")
    # The cost is on the listing; only how it came about is not known.
    assert (bob["status"], bob["calls"], bob["customer_cost"]) == ("ok", 2, "0.0840")
    assert "documents_unread" in {warning["code"] for warning in bob["warnings"]}
    assert connected.left().row("2" * 32)["Complete"] == "no"


def dear_call(acme: ScriptedWorld, day: int) -> str:
    """A call of Bob's whose surcharge stands on its document alone; its id."""
    dear = Rate(units=300, surcharge=5000, name="UK_SPECIAL")
    at = datetime(2024, 6, day, tzinfo=UTC)
    call = acme.call("2" * 32, started_at=at, number="+448701234567", answered_seconds=61, rate=dear)
    return str(call.id)


@pytest.mark.parametrize(("status", "code"), [(403, 0), (503, 1), (429, 1)])
def test_a_document_that_fails_leaves_those_of_the_other_calls(
    acme: ScriptedWorld, connected: Terminal, status: int, code: int
) -> None:
    """Refused it stays; what KAZOO does not answer is no success, and the next run asks for it again."""
    ids = [dear_call(acme, day) for day in range(6, 16)]
    acme.answer("2" * 32, f"cdrs/{ids[4]}", status=status)
    assert connected.run(*RUN).code == code
    left = connected.left()
    whys = {row["Call ID"]: row["Reseller Cost Breakdown"] for row in left.sheet("Bob", "Calls")}
    told = [each for each in ids if "0.5000 + " in (whys[each.partition("-")[2]] or "")]
    assert told == [*ids[:4], *ids[5:]]
    (warning,) = [each for each in left.account("Bob")["warnings"] if each["code"] == "documents_unread"]
    assert (warning["count"], left.row("2" * 32)["Complete"], left.row("1" * 32)["Complete"]) == (1, "no", "yes")


def test_what_kazoo_leaves_unanswered_is_told_and_asked_for_by_the_next_pull(terminal: Terminal) -> None:
    class Recovering(ScriptedWorld):
        """Documents cannot be read until it has recovered."""

        has_recovered = False
        asked = 0

        def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
            if path.startswith("/cdrs/2") and not self.has_recovered:
                self.asked += 1
                return ForcedAnswer(503, "datastore_fault", {})
            return super().forced_answer(account_id, path)

    world = Recovering()
    bob = world.customer("Bob", parent=world.reseller("Acme", account_id="a" * 32), account_id="2" * 32)
    for day in range(1, 29):
        dear_call(world, day)
    with running(world) as kazoo:
        terminal.connect(kazoo)
        broken = terminal.run("sync", "--period", "2024-06", "--json")
        assert broken.code == 1
        assert [each["id"] for each in broken.document["incomplete"]] == [bob]
        assert "503 datastore_fault" in broken.document["incomplete"][0]["reason"]
        assert world.asked < 28 * 6  # A KAZOO that is down is not asked for every one of them again and again.
        world.has_recovered = True
        assert terminal.run("sync", "--period", "2024-06").code == 0
        assert terminal.run("coverage", "--period", "2024-06").out.splitlines()[-1] == "1 final"


def test_debug_shows_where_an_error_came_from(connected: Terminal) -> None:
    connected.settings["KAZOO_API_KEY"] = "f" * 64
    outcome = connected.process("--debug", "accounts")
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    assert "f" * 64 not in outcome.err
