"""What an account holds: data that is an object and pages, and a refusal that means nothing is configured."""

from typing import Any

import pytest

from reseller_reporting.model.ids import AccountId
from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.sources.kazoo.client import BadRequest

ALICE = AccountId("1" * 32)
NUMBERS = [f"+1415555{number:04}" for number in range(7)]


@pytest.fixture(autouse=True)
def alice(world: ScriptedWorld) -> None:
    world.customer("Alice", parent=world.reseller("Acme"), account_id=ALICE)
    for number in NUMBERS:
        world.number(ALICE, number, features=("e911",))


@pytest.mark.parametrize("faults", ["calm", "raw_keys", "short_pages=1"])
def test_data_that_is_an_object_is_merged_page_by_page(asked: Any, faults: str) -> None:
    asked.options["page_size"] = 2
    asked.server_options["faults"] = parse_faults(faults)
    found = asked.ask(lambda source: source.phone_numbers(ALICE))
    assert sorted(found) == NUMBERS
    assert found[NUMBERS[0]]["features"] == ["e911"]


def test_an_account_without_numbers_has_none(world: ScriptedWorld, asked: Any) -> None:
    bob = world.customer("Bob", parent=world.account(ALICE).tree[-1])  # type: ignore[union-attr]
    assert asked.ask(lambda source: source.phone_numbers(bob)) == {}


def test_allotments_that_are_not_configured_are_none_and_no_failure(world: ScriptedWorld, asked: Any) -> None:
    assert asked.ask(lambda source: source.allotments(ALICE)) == {}
    world.allotments_of(ALICE, did_us={"amount": 600, "cycle": "monthly"})
    assert asked.ask(lambda source: source.allotments(ALICE)) == {"did_us": {"amount": 600, "cycle": "monthly"}}
    asked.server_options["faults"] = parse_faults("no_allotments")
    assert asked.ask(lambda source: source.allotments(ALICE)) == {}


def test_another_400_about_allotments_is_a_failure(world: ScriptedWorld, asked: Any) -> None:
    world.answer(ALICE, "/allotments", status=400)
    with pytest.raises(BadRequest):
        asked.ask(lambda source: source.allotments(ALICE))
