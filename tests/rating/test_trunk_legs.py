"""Legs as arrays: the flags of whole columns are those of the scalar rules, and tags are read for what they mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.tables import TRUNK_LEGS
from reseller_reporting.model.trunks import Ran
from reseller_reporting.rating.number import EMERGENCY, TOLLFREE_US, classify, is_flat_rate_eligible
from reseller_reporting.rating.replay import State, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.rating.trunk_legs import LegArrays, differs, leg_arrays
from reseller_reporting.rating.trunk_use import ran

NOON = datetime(2025, 11, 2, 12, tzinfo=UTC)


def batch(*legs: dict[str, Any]) -> pa.RecordBatch:
    """Legs to New York of 60 s, a second apart, but for what is said."""
    usual = {
        "account_id": "alice",
        "duration_seconds": 60,
        "answered_seconds": 50,
        "direction": "outbound",
        "dialed_number": "+12125550100",
        "customer_call_type": "flat_rate",
        "customer_cost_units": 0,
        "reseller_call_type": "flat_rate",
        "reseller_cost_units": 0,
    }
    rows = [{**usual, "started_at": NOON + timedelta(seconds=place), **leg} for place, leg in enumerate(legs)]
    return pa.RecordBatch.from_pylist(rows, schema=TRUNK_LEGS)


def arrays(*legs: dict[str, Any]) -> LegArrays:
    return leg_arrays([batch(*legs)], ["customer", "reseller"], account_ids=["alice", "bob"])


NUMBERS = st.one_of(
    st.from_regex(r"\+1[0-9]{10}", fullmatch=True),
    st.from_regex(r"\+?1?(800|833|888|900|264|212|911)[0-9]{0,8}", fullmatch=True),
    st.sampled_from(
        ["", "911", "+911", "+1212555010\n", "+12125550100\n", "\u0661" * 12, "+1\u0662125550100", "+44207"]
    ),
    st.text(max_size=15),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["inbound", "outbound"])), min_size=1, max_size=20))
def test_columns_of_numbers_are_read_as_single_numbers_are(legs: list[tuple[str, str]]) -> None:
    found = arrays(*({"dialed_number": number, "direction": direction} for number, direction in legs))
    for place, (number, direction) in enumerate(legs):
        kind = classify(number)
        is_exempt = kind == EMERGENCY or (kind == TOLLFREE_US and direction == "outbound")
        assert found.is_exempt[place] == is_exempt, number
        assert found.is_eligible[place] == (is_flat_rate_eligible(number) and not is_exempt), number


def test_times_and_accounts_are_numbers_and_an_unknown_account_has_no_place() -> None:
    found = arrays({}, {"account_id": "bob"}, {"account_id": "eve", "duration_seconds": 0})
    assert (found.ends - found.starts).tolist() == [60_000_000, 60_000_000, 0]
    assert found.starts[0] == int(NOON.timestamp()) * 1_000_000
    assert found.accounts.tolist() == [0, 1, -1]


def test_no_legs_at_all_are_arrays_too() -> None:
    nothing = leg_arrays([], ["customer"])
    assert len(nothing) == 0
    assert replay_columns(nothing.asking_legs("customer"), TrunkLimits(twoway=1)).tolist() == []


@pytest.mark.parametrize("tag", ["allotment_did_us", "hard_limit", "limits_disabled"])
def test_what_was_settled_before_trunks_are_asked_takes_none(tag: str) -> None:
    found = arrays({"customer_call_type": tag}, {})
    states = replay_columns(found.asking_legs("customer"), TrunkLimits(twoway=1))
    assert states.tolist() == [State.INELIGIBLE, State.FLAT]
    assert not differs(states, found.said["customer"].states).any()
    # By its number alone the first may use the trunk; then the second finds none.
    assert replay_columns(found.trunk_legs(), TrunkLimits(twoway=1)).tolist() == [State.FLAT, State.OVER]


@pytest.mark.parametrize(
    ("customer", "asked"), [("limits_enforced", False), ("hard_limit", False), ("flat_rate", True)]
)
def test_where_the_customer_could_not_pay_the_reseller_is_not_asked(customer: str, asked: bool) -> None:
    found = arrays({"customer_call_type": customer, "reseller_call_type": "limits_enforced"})
    assert found.asking_legs("reseller").is_eligible.tolist() == [asked]


@pytest.mark.parametrize(
    ("tag", "state", "differing"),
    [
        ("flat_rate", State.FLAT, False),
        ("flat_rate_burst", State.FLAT, True),
        ("flat_rate_burst", State.BURST, False),
        ("flat_rate", State.OVER, True),
        ("per_minute", State.OVER, False),
        ("per_minute", State.INELIGIBLE, False),
        ("limits_enforced", State.OVER, False),
        ("per_minute", State.FLAT, True),
        ("", State.FLAT, False),  # Nothing is said.
    ],
)
def test_a_tag_agrees_with_the_replay_where_it_says_the_same_of_trunks(tag: str, state: State, differing: bool) -> None:
    said = arrays({"customer_call_type": tag}).said["customer"].states
    assert differs(replay_columns(arrays({}).trunk_legs(), TrunkLimits()) * 0 + state, said).tolist() == [differing]


def test_what_ran_over_and_its_cost_which_one_unknown_makes_unknown() -> None:
    found = arrays({}, {"reseller_cost_units": 100}, {"reseller_cost_units": 25, "answered_seconds": 7})
    said = found.said["reseller"]
    states = replay_columns(found.asking_legs("reseller"), TrunkLimits(twoway=1))
    assert ran(states, State.FLAT, found.answered_seconds, said) == Ran(1, 50, 0)
    assert ran(states, State.OVER, found.answered_seconds, said) == Ran(2, 57, 125)
    unknown = arrays({}, {"reseller_cost_units": 100}, {"reseller_cost_units": None})
    assert ran(states, State.OVER, unknown.answered_seconds, unknown.said["reseller"]) == Ran(2, 100, None)
    assert ran(states, State.FLAT, unknown.answered_seconds, unknown.said["reseller"]) == Ran(1, 50, 0)
