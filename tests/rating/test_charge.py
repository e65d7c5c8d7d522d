"""KAZOO's charge of a leg, against its documented table and against what KAZOO's own code answered."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.rating.charge import (
    DEFAULT_INCREMENT_SECONDS,
    DEFAULT_MINIMUM_SECONDS,
    KazooCharge,
    kazoo_cost,
)

# They are not ours to copy, so they are read where they stand: beside the checkout, if at all.
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "vectors" / "call_cost.jsonl"


def charge(
    rate: int,
    increment: int,
    minimum: int,
    surcharge: int,
    answered: int,
    nocharge: int = 0,
    discount: int = 0,
) -> KazooCharge:
    return kazoo_cost(
        rate_units=rate,
        increment_seconds=increment,
        minimum_seconds=minimum,
        surcharge_units=surcharge,
        nocharge_seconds=nocharge,
        discount_percent=discount,
        answered_seconds=answered,
    )


@pytest.mark.parametrize(
    ("rate", "increment", "minimum", "surcharge", "answered", "nocharge", "discount", "charged", "cost"),
    [
        (300, 60, 60, 0, 0, 0, 0, 0, 0),
        (300, 60, 60, 0, 1, 0, 0, 60, 300),
        (300, 60, 60, 0, 60, 0, 0, 60, 300),
        (300, 60, 60, 0, 61, 0, 0, 120, 600),
        (300, 60, 60, 0, 125, 0, 0, 180, 900),
        (300, 60, 60, 0, 125, 0, 10, 180, 810),
        (333, 60, 60, 0, 61, 0, 15, 120, 567),  # 666 less 99.9, which is truncated.
        (300, 60, 60, 5000, 61, 0, 0, 120, 5600),
        (300, 60, 60, 0, 5, 5, 0, 0, 0),  # Within the no-charge time, its last second included.
        (300, 60, 60, 0, 6, 5, 0, 60, 300),
        (100, 6, 30, 0, 7, 0, 0, 30, 50),
        (100, 6, 30, 0, 31, 0, 0, 36, 60),
        (250, 6, 6, 0, 73, 0, 0, 78, 325),
        (123, 1, 0, 0, 47, 0, 0, 47, 96),  # 96.35 is truncated.
        (100, 60, 50, 0, 61, 0, 0, 120, 183),  # Counted from 0, priced from the end of the minimum.
        (100, 0, 60, 0, 61, 0, 0, 120, 200),  # No increment is a minute.
        (10, 1, 1, 0, 90, 0, 0, 90, 14),  # Doubles; exact would be 15.
        (11, 1, 0, 0, 600, 0, 0, 600, 109),  # Doubles; exact would be 110.
    ],
)
def test_a_leg_costs_what_kazoo_charges(
    rate: int,
    increment: int,
    minimum: int,
    surcharge: int,
    answered: int,
    nocharge: int,
    discount: int,
    charged: int,
    cost: int,
) -> None:
    assert charge(rate, increment, minimum, surcharge, answered, nocharge, discount) == (charged, cost)


@given(st.integers(0, 86_400), st.integers(0, 600), st.sampled_from([0, 1, 6, 30, 60]), st.sampled_from([0, 6, 30, 60]))
@settings(max_examples=100, deadline=None)
def test_a_longer_call_never_costs_less(answered: int, longer: int, increment: int, minimum: int) -> None:
    short = charge(333, increment, minimum, 500, answered)
    long = charge(333, increment, minimum, 500, answered + longer)
    assert short.cost_units <= long.cost_units
    assert short.charged_seconds <= long.charged_seconds


def rows(function: str) -> list[dict[str, Any]]:
    """What KAZOO's own code answered to this function; a row without an answer is no row."""
    if not VECTORS.exists():
        pytest.skip("the figures of KAZOO's own code are not on this machine")
    with VECTORS.open(encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["fn"] == function and "out" in row]


def spelled_flat(call: dict[str, Any]) -> dict[str, Any]:
    """One spelling of the three that KAZOO reads: lower case, underscores, no inner object."""
    lower = {key.lower().replace("-", "_"): value for key, value in call.items()}
    inner = lower.pop("custom_channel_vars", {})
    return lower | {key.lower().replace("-", "_"): value for key, value in inner.items()}


def whole(value: object, default: int) -> int:
    """KAZOO takes whole numbers and text; decimal text is rounded half away from zero."""
    return default if value is None else int(Decimal(str(value)).quantize(Decimal(1), ROUND_HALF_UP))


def test_the_cost_is_that_of_kazoos_own_code() -> None:
    # KAZOO turns negative seconds to 0 a step earlier, in calculate_call; this inner step alone would charge them.
    for row in (row for row in rows("calculate_cost/5") if row["in"][-1] >= 0):
        assert charge(*row["in"]).cost_units == row["out"]["cost"], row


def test_a_call_is_charged_as_by_kazoos_own_code() -> None:
    for row in rows("calculate_call/1"):
        call = spelled_flat(row["in"])
        answered = whole(call.get("billing_seconds"), 0) - whole(call.get("billing_seconds_offset"), 0)
        charged = charge(
            whole(call.get("rate"), 0),
            whole(call.get("rate_increment"), DEFAULT_INCREMENT_SECONDS),
            whole(call.get("rate_minimum"), DEFAULT_MINIMUM_SECONDS),
            whole(call.get("surcharge"), 0),
            answered,
            whole(call.get("rate_nocharge_time"), 0),
            whole(call.get("discount_percentage"), 0),
        )
        assert charged._asdict() == {"charged_seconds": row["out"]["charged_seconds"], "cost_units": row["out"]["cost"]}
