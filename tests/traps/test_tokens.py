"""Traps of tokens: they die in the middle, in two forms; they are dear; some do not see what a reseller sees."""

from collections.abc import Callable
from typing import Any

import pytest

from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.sources.kazoo.credentials import Credentials

ALICE, BOB, CAROL, SUB, DAVE = "1" * 32, "2" * 32, "3" * 32, "b" * 32, "4" * 32
LOGIN_PATHS = ("/v2/api_auth", "/v2/user_auth")


def logins(june: Any) -> int:
    return sum(request.path in LOGIN_PATHS for request in june.kazoo.requests)


def test_one_log_in_serves_a_whole_run(calm_june: Any) -> None:
    """Each costs 35 of the 100 tokens that all accounts of an address share."""
    assert logins(calm_june) == 1
    assert len(calm_june.kazoo.requests) > 50


@pytest.mark.parametrize("life", [3, 25])
def test_a_token_that_dies_costs_one_log_in_for_all_who_bore_it(life: int, run_june: Callable[..., Any]) -> None:
    june = run_june(f"token_requests={life}")
    asked = len(june.kazoo.requests)
    assert 1 < logins(june) <= asked // life + 1


def test_both_forms_of_401_are_met_by_a_run_whose_tokens_die(run_june: Callable[..., Any]) -> None:
    """By turns: `invalid_credentials` with the word in data, `invalid credentials` with nothing in it."""
    assert logins(run_june("token_requests=10")) >= 4


def test_a_bucket_that_one_log_in_nearly_empties_is_waited_for(run_june: Callable[..., Any], calm_june: Any) -> None:
    assert run_june("bucket=36,token_requests=40").files == calm_june.files


def test_nobody_is_masqueraded_as() -> None:
    """Such a token replaces the reseller, and calls are then listed without what they cost it."""
    by_key = Credentials(url="http://kazoo.example/v2", api_key="k" * 64)
    by_name = Credentials(url="http://kazoo.example/v2", username="Ada", password="p", account_name="Acme")
    assert by_key.login()[1].keys() == {"api_key"}
    assert by_name.login()[1].keys() == {"credentials", "account_name", "method"}


def test_calls_without_the_resellers_columns_cost_it_an_unknown_sum_and_not_zero(
    run_june: Callable[..., Any], calm_june: Any
) -> None:
    """What a masquerading token, or one of no reseller, would see."""
    june = run_june("no_reseller_view")
    assert june.outcome.code == 0
    for account_id in (ALICE, BOB, CAROL):
        assert "no_reseller_view" in june.warnings(account_id)
        row, calm = june.left.row(account_id), calm_june.left.row(account_id)
        assert (row["Reseller Cost"], row["Complete"]) == ("", "no")
        assert calm["Reseller Cost"] != ""
        assert row["Customer Cost"] == calm["Customer Cost"]


def test_the_reseller_figures_of_a_sub_resellers_customer_are_not_ours(
    new_terminal: Callable[[], Any], at: Callable[[str], Any], rate: Any
) -> None:
    """They say what the call cost the sub-reseller; read by us they would be counted as our own cost."""
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    world.reseller("Sub", parent=acme, account_id=SUB)
    for name, parent, account_id in (("Alice", acme, ALICE), ("Dave", SUB, DAVE)):
        world.customer(name, parent=parent, account_id=account_id)
        world.call(account_id, started_at=at("06-10 10:00"), number="+442071234567", answered_seconds=61, rate=rate)
    terminal = new_terminal()
    with running(world, faults=parse_faults("calm")) as kazoo:
        terminal.connect(kazoo)
        outcome = terminal.run("run", "--period", "2024-06", "--out", "out", "--include-sub-resellers")
    assert outcome.code == 0, outcome.err
    left = terminal.left()
    assert left.row(ALICE)["Reseller Cost"] not in ("", "0.0000")
    assert left.row(DAVE)["Reseller Cost"] == ""
    assert left.row(DAVE)["Customer Cost"] == left.row(ALICE)["Customer Cost"]
    codes = {each["code"] for each in left.account(DAVE)["warnings"]}
    assert "reseller_figures_of_sub_reseller" in codes
