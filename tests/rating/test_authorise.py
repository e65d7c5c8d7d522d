"""Who pays, where the recorded answers say little: the reseller's own buckets, private limits, cycles."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.allotment import Cycle, Draws, allotment_for
from reseller_reporting.rating.authorise import CallRate, Decision, Limits, OfferedCall, Party, Switch

OFF: Mapping[str, Any] = {"pvt_enabled": False}
RICH = 1_000_000
US = "+14155552671"


def party(balance_units: int = 0, /, **limits: object) -> Party:
    return Party(Limits(limits), balance_units)


def call(call_id: str, *, direction: str = "outbound", number: str = US, **more: Any) -> OfferedCall:
    return OfferedCall(id=call_id, direction=direction, number=number, **more)


def talked(switch: Switch, call_id: str, seconds: int, *, at: int = 0) -> Decision:
    decision = switch.start(call(call_id), at)
    switch.answer(call_id, at)
    switch.end(call_id, at + seconds)
    return decision


def test_the_resellers_allotment_runs_out_of_what_its_ended_calls_took() -> None:
    reseller = party(RICH, allotments={"did_us": {"amount": 600}})
    switch = Switch(party(**OFF), reseller)
    now = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
    tags = [talked(switch, str(place), 400, at=now + place * 1_000).reseller_tag for place in range(3)]
    # 0 and 400 of 600 seconds are taken when the first two begin, 800 when the third does.
    assert tags == ["allotment_did_us", "allotment_did_us", "per_minute"]
    assert switch.account.draws.by_key == {}


def test_each_party_draws_by_its_own_terms() -> None:
    account = party(allotments={"did_us": {"amount": 6_000, "increment": 60}})
    reseller = party(allotments={"did_us": {"amount": 6_000, "increment": 1}})
    switch = Switch(account, reseller)
    switch.start(call("a"), 100)
    switch.answer("a", 100)
    reconciled = switch.end("a", 161)
    assert reconciled is not None
    assert reconciled.allotment_seconds == 120
    assert reseller.draws.by_key == {"did_us": [(161, 61)]}


def test_an_account_that_is_its_own_reseller_draws_on_no_allotment() -> None:
    switch = Switch(party(allotments={"did_us": {"amount": 600}}), None)
    switch.start(call("a"), 100)
    switch.answer("a", 100)
    reconciled = switch.end("a", 500)
    assert reconciled is not None
    assert reconciled.allotment_seconds == 0


def test_a_group_that_names_its_own_bucket_counts_it_twice() -> None:
    account = party(RICH, allotments={"did_us": {"amount": 600, "group_consume": ["did_us"]}})
    switch = Switch(account, party(**OFF))
    now = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
    assert talked(switch, "a", 301, at=now).account_tag == "allotment_did_us"
    assert talked(switch, "b", 60, at=now + 1_000).account_tag == "per_minute"


@pytest.mark.parametrize(
    ("cycle", "began"),
    [
        (Cycle.MINUTELY, "2026-11-12 13:14:00"),
        (Cycle.HOURLY, "2026-11-12 13:00:00"),
        (Cycle.DAILY, "2026-11-12 00:00:00"),
        (Cycle.WEEKLY, "2026-11-09 00:00:00"),  # A Monday.
        (Cycle.MONTHLY, "2026-11-01 00:00:00"),
    ],
)
def test_when_a_cycle_began(cycle: Cycle, began: str) -> None:
    now = int(datetime(2026, 11, 12, 13, 14, 15, tzinfo=UTC).timestamp())
    assert f"{datetime.fromtimestamp(cycle.began(now), UTC):%Y-%m-%d %H:%M:%S}" == began


def test_of_a_call_over_the_begin_of_a_cycle_only_what_lies_in_it_counts() -> None:
    draws = Draws()
    midnight = int(datetime(2026, 11, 12, tzinfo=UTC).timestamp())
    draws.add("did_us", midnight - 1, 500)
    draws.add("did_us", midnight + 40, 100)
    assert draws.seconds("did_us", Cycle.DAILY, midnight + 60) == 40
    assert Cycle.DAILY.live_seconds(midnight - 1_000, midnight + 30) == 90


def test_a_week_that_began_last_month_forgets_that_months_days() -> None:
    draws = Draws()
    first = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())  # A Thursday.
    draws.add("did_us", first - 10, 5)
    draws.add("did_us", first + 10, 7)
    assert draws.seconds("did_us", Cycle.WEEKLY, first + 20) == 7


def test_a_cycle_that_kazoo_does_not_know_has_no_answer() -> None:
    with pytest.raises(KazooHasNoAnswer, match="fortnightly"):
        allotment_for({"allotments": {"did_us": {"cycle": "fortnightly"}}}, "outbound", "did_us")


def test_calls_to_one_number_are_limited_by_the_first_rule_that_matches_it() -> None:
    account = party(RICH, pvt_inbound_channels_per_did_rules={r"^\+1415": 1, r"^\+1": 0})
    switch = Switch(account, party(**OFF))
    tags = [switch.start(call(one, direction="inbound"), 0).account_tag for one in "ab"]
    assert tags == ["per_minute", "hard_limit"]
    assert switch.start(call("c", direction="inbound", number="+14165552671"), 0).account_tag == "hard_limit"


@pytest.mark.parametrize(
    ("private", "public", "limit"),
    [(None, None, -1), (3, None, 3), (3, 5, 3), (5, 3, 3), (-1, 3, 3), (3, -1, 3), (None, -1, -1), (0, 4, 0)],
)
def test_the_tighter_of_a_private_and_a_public_limit_on_calls(
    private: int | None, public: int | None, limit: int
) -> None:
    assert Limits({"pvt_calls": private, "calls": public}).calls_max("calls") == limit


def test_limits_on_resources_are_counted_by_each_partys_own_tags() -> None:
    """The account's limits are off, so its tag exempts; the reseller's tags are what its limit counts."""
    reseller = party(RICH, resource_consuming_calls=1)
    switch = Switch(party(**OFF), reseller)
    assert [switch.start(call(one), 0).reseller_tag for one in "abc"] == ["per_minute", "per_minute", "hard_limit"]


def test_only_the_private_word_takes_an_account_out_of_billing() -> None:
    switch = Switch(party(RICH, enabled=False), party(**OFF))
    assert switch.start(call("a"), 0).account_tag == "per_minute"


def test_soft_limits_of_a_party_whose_limits_are_off_soften_nothing() -> None:
    switch = Switch(party(pvt_enabled=False, pvt_soft_limit_outbound=True), party(0))
    decision = switch.start(call("a"), 0)
    assert (decision.is_allowed, decision.is_soft_limited) == (False, False)


def test_an_own_reseller_over_a_hard_limit_is_refused_as_the_reseller() -> None:
    switch = Switch(party(RICH, calls=0), None)
    refused = switch.start(call("a"), 0)
    assert (refused.is_allowed, refused.account_tag, refused.reseller_tag) == (
        False,
        "limits_enforced",
        "hard_limit",
    )
    exempt = switch.start(call("b", number="+18005552671"), 0)
    assert (exempt.is_allowed, exempt.account_tag, exempt.reseller_tag) == (True, "limits_disabled", "hard_limit")


def test_a_call_in_progress_owes_what_it_would_if_it_ended_a_minute_later() -> None:
    rate = CallRate(rate_units=6_000, increment_seconds=60, minimum_seconds=60, nocharge_seconds=90)
    switch = Switch(party(5_001), party(**OFF))
    switch.start(call("a", rate=rate), 0)
    # 60 seconds to come are within the 90 that cost nothing: the next call still finds all the credit.
    assert switch.start(call("b", rate=rate), 0).account_tag == "per_minute"
    switch.answer("a", 0)
    assert not switch.start(call("c", rate=rate), 31).is_allowed


def test_what_a_party_owes_after_the_fact_and_what_it_must_hold_back() -> None:
    limits = Limits({"pvt_allow_postpay": "true", "pvt_max_postpay_amount": -2.5, "pvt_reserve_amount": -100})
    assert (limits.postpay_units_max, limits.reserve_units) == (25_000, 100)
