"""Replay of trunks: leg by leg against the rule, columns against the definition, and the figures by hand."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.rating import replay as replay_module
from reseller_reporting.rating.replay import State, TrunkLeg, TrunkLegs, replay, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.rating.trunk_use import MINUTE, trunk_use

FLAT, BURST, OVER = State.FLAT, State.BURST, State.OVER
SECOND = 1_000_000
LIMIT = st.sampled_from([-1, 0, 0, 1, 2, 3, 5])


def legs_of(*legs: TrunkLeg) -> TrunkLegs:
    starts, ends, out, eligible = zip(*legs, strict=True) if legs else ((), (), (), ())
    return TrunkLegs(
        np.array(starts, np.int64), np.array(ends, np.int64), np.array(out, np.bool_), np.array(eligible, np.bool_)
    )


def out(start: int, end: int) -> TrunkLeg:
    return TrunkLeg(start * SECOND, end * SECOND, is_outbound=True, is_eligible=True)


def into(start: int, end: int) -> TrunkLeg:
    return TrunkLeg(start * SECOND, end * SECOND, is_outbound=False, is_eligible=True)


def test_a_leg_that_found_no_trunk_holds_none() -> None:
    # The second one runs over, so the third finds the one trunk free, though two calls overlap it.
    assert replay([out(0, 10), out(5, 100), out(10, 20)], TrunkLimits(twoway=1)) == [FLAT, OVER, FLAT]


def test_an_end_frees_the_trunk_for_a_start_at_that_moment() -> None:
    assert replay([out(0, 10), out(10, 20)], TrunkLimits(twoway=1)) == [FLAT, FLAT]


def test_own_direction_first_then_both_then_burst() -> None:
    limits = TrunkLimits(inbound=1, outbound=1, twoway=1, burst=1)
    legs = [into(0, 99), into(1, 99), out(2, 99), into(3, 99), into(4, 99)]
    assert replay(legs, limits) == [FLAT, FLAT, FLAT, BURST, OVER]


def test_a_number_that_may_use_no_trunk_takes_none() -> None:
    dear = TrunkLeg(0, 99 * SECOND, is_outbound=True, is_eligible=False)
    assert replay([dear, out(1, 9)], TrunkLimits(twoway=1)) == [State.INELIGIBLE, FLAT]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 120), st.booleans(), st.sampled_from([True, True, True, False])),
        max_size=60,
    ),
    st.builds(TrunkLimits, inbound=LIMIT, outbound=LIMIT, twoway=LIMIT, burst=LIMIT),
)
def test_columns_replay_as_the_definition_does(
    given_legs: list[tuple[int, int, bool, bool]], limits: TrunkLimits
) -> None:
    legs = [TrunkLeg(start, start + lasts, goes_out, may) for start, lasts, goes_out, may in sorted(given_legs)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_module, "SCALAR_LEGS_MAX", -1)
        assert replay_columns(legs_of(*legs), limits).tolist() == replay(legs, limits)


def test_the_figures_of_a_quarter_of_an_hour() -> None:
    # Monday 2026-11-02, 10:00 in New York is 15:00 UTC; two trunks.
    begin = datetime(2026, 11, 2, 15, tzinfo=UTC)
    base = int(begin.timestamp())
    legs = legs_of(
        out(base, base + 90), out(base + 30, base + 120), into(base + 60, base + 600), out(base + 130, base + 140)
    )
    limits = TrunkLimits(twoway=2)
    states = replay_columns(legs, limits)
    assert states.tolist() == [FLAT, FLAT, OVER, FLAT]
    use = trunk_use(
        legs,
        states,
        limits,
        np.array([80, 80, 500, 5]),
        span=(begin, datetime(2026, 11, 2, 15, 15, tzinfo=UTC)),
        zone="America/New_York",
    )
    assert (use.flat, use.over, use.over_seconds) == (3, 1, 500)
    # Both trunks are taken from second 30 to second 90; three calls would have been up at second 60.
    assert (use.peak, use.demand_peak, use.full_seconds) == (2, 3, 60)
    assert use.peak_at == datetime(2026, 11, 2, 15, 0, 30, tzinfo=UTC)
    # Minute 1 begins with both calls up; minute 2 begins as the second one ends, and has a short one.
    assert use.minutes.tolist() == [2, 2, 1, *[0] * 12]
    assert use.peak_by_hour[0][10] == 2
    assert sum(map(sum, use.peak_by_hour)) == 2
    assert MINUTE == 60 * SECOND
