"""Bundles: what a pool holds, who draws first, and what lives on."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Plan
from reseller_reporting.rating import bundles
from reseller_reporting.rating.bundles import Layer, carried_over, draw, pool_of
from reseller_reporting.rating.pricing_terms import PricingSegment, Stretch, month_share


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def segment(plan: dict[str, Any], from_day: int = 1, to_day: int = 32) -> PricingSegment:
    first, after = (date(2026, 10, day) if day < 32 else date(2026, 11, 1) for day in (from_day, to_day))
    read = Plan.model_validate({"plan": "retail"} | plan)
    return PricingSegment(
        plan=read, label=f"retail@{first}", from_day=first, to_day=after, from_at=at(first), to_at=at(after)
    )


def with_bundle(minutes: int = 500, proration: str = "none", **more: Any) -> dict[str, Any]:
    return {"proration": proration, "bundles": {"us": {"minutes": minutes, **more}}}


def stretch(from_day: int, to_day: int, **counts: Any) -> Stretch:
    first, after = (date(2026, 10, day) if day < 32 else date(2026, 11, 1) for day in (from_day, to_day))
    return Stretch(from_day=first, to_day=after, **counts)


def seconds(segments: Sequence[PricingSegment], *stretches: Stretch) -> int:
    return pool_of("us", segments, stretches, {}).seconds


def test_a_whole_month_holds_the_bundles_minutes() -> None:
    for proration in ("none", "days"):
        assert seconds([segment(with_bundle(proration=proration))]) == 500 * 60


def test_with_days_each_version_counts_by_its_days_and_without_the_last_one_alone() -> None:
    def halves(proration: str) -> list[PricingSegment]:
        return [segment(with_bundle(310, proration), 1, 11), segment(with_bundle(620, proration), 11)]

    assert seconds(halves("days")) == (310 * 10 + 620 * 21) // 31 * 60
    assert seconds(halves("none")) == 620 * 60
    gone = [segment(with_bundle(310, "days"), 1, 11), segment({"proration": "days"}, 11)]
    assert seconds(gone) == 100 * 60
    assert seconds([gone[0], segment({}, 11)]) == 0


def test_minutes_are_multiplied_by_the_users_of_each_day() -> None:
    three_then_ten = stretch(1, 11, users=3), stretch(11, 32, users=10)
    assert seconds([segment(with_bundle(31, "days", per="user"))], *three_then_ten) == (3 * 10 + 10 * 21) * 60
    assert seconds([segment(with_bundle(31, per="user"))], *three_then_ten) == 31 * 10 * 60


@pytest.mark.parametrize("proration", ["none", "days"])
@pytest.mark.parametrize("known", [[], [stretch(1, 32, users=None, trunks=3)]])
def test_a_count_that_is_not_known_is_never_taken_for_none(proration: str, known: list[Stretch]) -> None:
    with pytest.raises(CannotPrice, match="'us' gives minutes per user"):
        seconds([segment(with_bundle(31, proration, per="user"))], *known)


def test_what_is_left_lives_on_and_the_oldest_goes_first() -> None:
    pool = pool_of("us", [segment(with_bundle(1, carry_over_months=2))], [], {"us": ((1, 30), (2, 20), (3, 99))})
    assert pool.layers == (Layer(2, 20), Layer(1, 30), Layer(0, 60))
    assert pool.left(35) == (Layer(2, 0), Layer(1, 15), Layer(0, 60))
    assert carried_over(pool.left(35), 2) == (Layer(2, 15), Layer(1, 60))
    assert carried_over(pool.left(110), 2) == ()


def test_a_month_is_the_sum_of_its_days() -> None:
    assert month_share(date(2026, 10, 1), date(2026, 11, 1)) == 1
    assert month_share(date(2026, 1, 31), date(2026, 3, 1)) * 31 == 32
    days = [month_share(date(2026, 10, day), date(2026, 10, day + 1)) for day in range(1, 31)]
    assert sum(days) + month_share(date(2026, 10, 31), date(2026, 11, 1)) == 1


def drawn(billed: list[int], fitting: list[int], available: list[int]) -> list[tuple[int, int, int]]:
    pools = [list(range(len(available)))]
    lists = np.zeros(len(billed), np.int32)
    got = draw(np.array(billed, np.int64), np.array(fitting, np.int64), lists, pools, available)
    return list(zip(got.legs.tolist(), got.pools.tolist(), got.seconds.tolist(), strict=True))


def test_earlier_calls_draw_first_and_several_bundles_in_the_plans_order() -> None:
    assert drawn([60, 90, 60, 60], [0b11, 0b11, 0b10, 0b01], [100, 70]) == [
        (0, 0, 60),
        (1, 0, 40),
        (1, 1, 50),
        (2, 1, 20),
    ]
    assert drawn([60, 0], [0, 1], [100]) == []


LEGS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 7), st.integers(0, 1)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(LEGS, st.lists(st.integers(0, 900), min_size=3, max_size=3))
def test_the_kernel_draws_as_the_definition_does(legs: list[tuple[int, int, int]], available: list[int]) -> None:
    billed, fitting, lists = (np.array([leg[n] for leg in legs], np.int64) for n in range(3))
    pools = [[0, 1, 2], [2, 0]]
    results = []
    for limit in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bundles, "SCALAR_LEGS_MAX", limit)
            patch.setattr(bundles, "pays", lambda count, most: count > most)
            got = draw(billed, fitting, lists, pools, available)
            results.append([column.tolist() for column in got])
    assert results[0] == results[1]
    taken: dict[int, int] = {}
    for pool, amount in zip(results[0][1], results[0][2], strict=True):
        taken[pool] = taken.get(pool, 0) + amount
    assert all(amount <= available[pool] for pool, amount in taken.items())


def test_the_plan_of_the_document_has_a_bundle_that_holds_its_minutes() -> None:
    """The example of docs/price-plans.md, as far as bundles go."""
    example = {"us-500": {"text": "500 minutes to the US", "minutes": 500, "per": "plan", "countries": ["US"]}}
    pool = pool_of("us-500", [segment({"bundles": example, "minimum_spend": Decimal(25)})], [], {})
    assert (pool.text, pool.seconds, pool.label) == ("500 minutes to the US", 30_000, "retail@2026-10-01")
