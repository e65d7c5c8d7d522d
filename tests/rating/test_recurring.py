"""The reseller's invoice split over its accounts: in proportion, and to the last digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.account import InvoiceItem, Services
from reseller_reporting.model.ids import AccountId
from reseller_reporting.rating.recurring import split_cascade

ALICE, BOB, CHARLIE = AccountId("alice"), AccountId("bob"), AccountId("charlie")
DEVICES = ("devices", "sip_device")
SOFTPHONES = ("devices", "softphone")
NOTHING = Services()


def item(total: str, *, name: str = "sip_device", **facts: Any) -> InvoiceItem:
    usual: dict[str, Any] = {
        "category": "devices",
        "item": name,
        "name": name,
        "quantity": 0,
        "billable": 0,
        "rate": Decimal(1),
        "discount": Decimal(0),
        "total": Decimal(total),
        "cascade": True,
    }
    return InvoiceItem(**usual | facts)


def devices(count: int, **facts: Any) -> Services:
    return Services(account={DEVICES: count}, **facts)


def test_an_item_is_split_in_proportion_to_quantity() -> None:
    parts = split_cascade([item("12")], devices(1), {ALICE: devices(3), BOB: devices(2)}, {})
    assert parts == {None: Decimal(2), ALICE: Decimal(6), BOB: Decimal(4)}


def test_what_is_left_goes_to_the_largest_remainder_and_ties_to_the_smaller_id() -> None:
    parts = split_cascade([item("1")], NOTHING, {CHARLIE: devices(1), BOB: devices(1), ALICE: devices(1)}, {})
    assert parts == {None: 0, ALICE: Decimal("0.3334"), BOB: Decimal("0.3333"), CHARLIE: Decimal("0.3333")}


def test_the_manual_value_stands_before_the_counted_one() -> None:
    parts = split_cascade([item("10")], NOTHING, {ALICE: devices(9, manual={DEVICES: 1}), BOB: devices(4)}, {})
    assert parts == {None: 0, ALICE: Decimal(2), BOB: Decimal(8)}


def test_an_item_for_all_counts_the_category_without_exceptions_and_manual_item_by_item() -> None:
    several = Services(
        account={DEVICES: 5, SOFTPHONES: 7, ("devices", "fax"): 100, ("users", "user"): 50}, manual={DEVICES: 3}
    )
    parts = split_cascade([item("20", name="_all", exceptions=("fax",))], devices(10), {ALICE: several}, {})
    assert parts == {None: Decimal(10), ALICE: Decimal(10)}


def test_only_a_carrier_carries_what_is_below_it() -> None:
    accounts = {ALICE: devices(1, cascade={DEVICES: 2}), BOB: devices(1, cascade={DEVICES: 100})}
    assert split_cascade([item("4")], NOTHING, accounts, {ALICE: []}) == {None: 0, ALICE: Decimal(3), BOB: Decimal(1)}


def test_a_carrier_does_not_carry_again_what_has_a_part_of_its_own() -> None:
    accounts = {ALICE: devices(1, cascade={DEVICES: 6}), CHARLIE: devices(2), BOB: devices(1)}
    parts = split_cascade([item("8")], NOTHING, accounts, {ALICE: [CHARLIE]})
    assert parts == {None: 0, ALICE: Decimal(5), CHARLIE: Decimal(2), BOB: Decimal(1)}


def test_of_carriers_one_above_the_other_each_carries_its_own() -> None:
    accounts = {ALICE: devices(1, cascade={DEVICES: 9}), BOB: devices(1, cascade={DEVICES: 5}), CHARLIE: devices(2)}
    parts = split_cascade([item("10")], NOTHING, accounts, {ALICE: [BOB, CHARLIE], BOB: [CHARLIE]})
    assert parts == {None: 0, ALICE: Decimal(4), BOB: Decimal(4), CHARLIE: Decimal(2)}


def test_nobody_pays_for_an_account_whose_services_are_not_known() -> None:
    own = devices(1, cascade={DEVICES: 9})
    parts = split_cascade([item("10")], own, {ALICE: devices(3)}, {}, are_all_known=False)
    assert parts == {None: Decimal(7), ALICE: Decimal(3)}


def test_what_nobody_has_is_the_resellers_own() -> None:
    assert split_cascade([item("5")], NOTHING, {ALICE: NOTHING}, {}) == {None: Decimal(5), ALICE: Decimal(0)}


def test_an_item_that_does_not_cascade_is_not_split() -> None:
    assert split_cascade([item("5", cascade=False)], devices(1), {ALICE: devices(1)}, {}) == {None: 0, ALICE: 0}


@pytest.mark.parametrize(("total", "part"), [("-1", "-0.5000"), ("0.00005", "0.00003"), ("0", "0")])
def test_parts_have_four_decimals_or_as_many_as_the_total(total: str, part: str) -> None:
    parts = split_cascade([item(total)], devices(1), {ALICE: devices(1)}, {})
    assert parts[None] == Decimal(part)
    assert sum(parts.values()) == Decimal(total)


COUNTS = st.integers(0, 5_000)
SERVICES = st.builds(
    Services,
    account=st.dictionaries(st.sampled_from([DEVICES, SOFTPHONES]), COUNTS),
    cascade=st.dictionaries(st.sampled_from([DEVICES, SOFTPHONES]), COUNTS),
    manual=st.dictionaries(st.sampled_from([DEVICES, SOFTPHONES]), COUNTS),
)
TOTALS = st.decimals(-100_000, 100_000, places=2) | st.decimals(-100, 100, places=7)


@given(
    st.lists(st.tuples(TOTALS, st.sampled_from(["sip_device", "softphone", "_all"])), max_size=4),
    SERVICES,
    st.dictionaries(st.sampled_from("abcdefgh").map(AccountId), SERVICES, max_size=6),
    st.sets(st.sampled_from("abcdefgh").map(AccountId)),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_parts_add_up_to_the_items_and_do_not_depend_on_the_order_of_accounts(
    wanted: list[tuple[Decimal, str]],
    own: Services,
    accounts: dict[AccountId, Services],
    chosen: set[AccountId],
    are_all_known: bool,
) -> None:
    items = [item(str(total), name=name) for total, name in wanted]
    # Each carrier stands above all accounts of a later letter.
    carriers = {each: [a for a in accounts if a > each] for each in chosen & accounts.keys()}
    parts = split_cascade(items, own, accounts, carriers, are_all_known=are_all_known)
    assert sum(parts.values()) == sum(total for total, _ in wanted)
    assert parts.keys() == {None, *accounts}
    assert parts == split_cascade(items, own, dict(reversed(accounts.items())), carriers, are_all_known=are_all_known)
