"""Which rule prices a leg: the five steps, the ways out of a deck, directions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from reseller_reporting.model.plan import Destinations, UsageRule
from reseller_reporting.model.rate import Rate
from reseller_reporting.rating.price_rules import Choice, choose, fits, rule_book

LONDON = "+442071234567"
UK_MOBILE = "+447700900123"
TOLL_FREE = "+18005550100"
ONE = Rate(prefix="44", per_minute_micros=1)


def rules(**each: Any) -> dict[str, UsageRule]:
    money = {"per_minute": Decimal("0.01")}
    return {
        name: UsageRule.model_validate((money if "deck" not in parts else {}) | parts) for name, parts in each.items()
    }


def chosen(
    usage: Mapping[str, UsageRule], number: str, country: str = "ZZ", direction: str = "outbound", **decks: Rate
) -> Choice | None:
    return choose(rule_book(usage, direction), usage, number, country, decks.get)


ALL = rules(
    rest={},
    deck={"deck": "gold"},
    uk={"countries": ["GB"]},
    world={"classes": ["international"]},
    uk_any={"prefixes": ["44"]},
    uk_mobile={"prefixes": ["447", "4470"]},
)


@pytest.mark.parametrize(
    ("without", "rule"),
    [
        ([], "uk_mobile"),
        (["uk_mobile"], "uk_any"),
        (["uk_mobile", "uk_any"], "world"),
        (["uk_mobile", "uk_any", "world"], "uk"),
        (["uk_mobile", "uk_any", "world", "uk"], "deck"),
        (["uk_mobile", "uk_any", "world", "uk", "deck"], "rest"),
    ],
)
def test_prefix_goes_before_class_before_country_before_a_deck_before_the_rest(without: list[str], rule: str) -> None:
    left = {name: each for name, each in ALL.items() if name not in without}
    found = chosen(left, UK_MOBILE, "GB", gold=ONE)
    assert found is not None
    assert found == Choice(rule, ONE if rule == "deck" else None)


def test_the_order_in_the_file_does_not_matter() -> None:
    backwards = dict(reversed(ALL.items()))
    assert chosen(backwards, UK_MOBILE, "GB", gold=ONE) == chosen(ALL, UK_MOBILE, "GB", gold=ONE)


def test_a_deck_without_a_price_for_the_number_leaves_the_call_to_the_next_step() -> None:
    usage = rules(
        mobile={"prefixes": ["447"], "deck": "mobile"},
        any_uk={"prefixes": ["44"]},
        uk={"countries": ["GB"], "deck": "gold"},
        world={"deck": "world"},
        rest={},
    )
    assert chosen(usage, UK_MOBILE, "GB", mobile=ONE) == Choice("mobile", ONE)
    # The next step, not the next shorter prefix.
    assert chosen(usage, UK_MOBILE, "GB", gold=ONE) == Choice("uk", ONE)
    assert chosen(usage, UK_MOBILE, "GB", world=ONE) == Choice("world", ONE)
    assert chosen(usage, UK_MOBILE, "GB") == Choice("rest", None)


def test_a_call_that_no_rule_fits_has_none() -> None:
    usage = rules(uk={"countries": ["GB"]}, inbound={"direction": "inbound"}, world={"deck": "gold"})
    assert chosen(usage, "+33123456789", "FR") is None


def test_a_rule_is_for_its_direction_and_both_for_both() -> None:
    usage = rules(
        inbound={"direction": "inbound"}, us={"countries": ["US"], "direction": "outbound"}, toll={"prefixes": ["1800"]}
    )
    assert chosen(usage, TOLL_FREE, "US", "inbound") == Choice("toll", None)
    assert chosen(usage, "+14155550100", "US", "inbound") == Choice("inbound", None)
    assert chosen(usage, "+14155550100", "US", "outbound") == Choice("us", None)


def test_numbers_are_read_as_the_switch_reads_them() -> None:
    usage = rules(uk={"prefixes": ["44"]}, help={"classes": ["emergency"]})
    assert chosen(usage, "011442071234567") == chosen(usage, LONDON) == Choice("uk", None)
    assert chosen(usage, "911") == Choice("help", None)


@pytest.mark.parametrize(
    ("destinations", "is_fit"),
    [
        ({}, True),
        ({"direction": "inbound"}, False),
        ({"prefixes": ["45", "442"]}, True),
        ({"prefixes": ["4471"]}, False),
        ({"countries": ["FR"], "classes": ["international"]}, True),
        ({"countries": ["GB"], "prefixes": ["33"]}, True),
        ({"countries": ["FR"]}, False),
    ],
)
def test_prefixes_classes_and_countries_are_alternatives(destinations: dict[str, Any], is_fit: bool) -> None:
    assert fits(Destinations.model_validate(destinations), "outbound", LONDON, "GB") is is_fit
