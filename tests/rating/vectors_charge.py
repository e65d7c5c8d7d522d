"""Vectors of charging: each row of `call_cost.jsonl` against the function that it names."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.charge import undiscounted_cost_units
from reseller_reporting.rating.kazoo_call import base_cost_units, call_charge, increment_cost_units
from reseller_reporting.rating.kazoo_number import dollars_of_units, units_of_dollars


def _calculate_cost(rate: int, increment: int, minimum: int, surcharge: int, seconds: int) -> dict[str, Any]:
    cost_units = undiscounted_cost_units(
        rate_units=rate,
        increment_seconds=increment,
        minimum_seconds=minimum,
        surcharge_units=surcharge,
        seconds=seconds,
    )
    return {"cost": cost_units}


def _calculate_call(call: Mapping[str, object]) -> dict[str, Any]:
    charge = call_charge(call)
    return {"charged_seconds": charge.charged_seconds, "cost": charge.cost_units}


def _units_to_dollars(units: float | str) -> dict[str, Any]:
    return {"dollars": dollars_of_units(units)}


_ANSWERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "calculate_cost/5": _calculate_cost,
    "calculate_call/1": _calculate_call,
    "base_call_cost/3": lambda *given: {"cost": base_cost_units(*given)},
    "per_minute_cost/1": lambda call: {"cost": increment_cost_units(call)},
    "dollars_to_units/1": lambda dollars: {"units": units_of_dollars(dollars)},
    "units_to_dollars/1": _units_to_dollars,
}


def check_call_cost(row: Mapping[str, Any]) -> None:
    given = row["in"] if isinstance(row["in"], list) else [row["in"]]
    answer = _ANSWERS[row["fn"]]
    if "error" in row:
        with pytest.raises(KazooHasNoAnswer):
            answer(*given)
        return
    # KAZOO's text of a double is not ours to write.
    assert answer(*given) == {key: value for key, value in row["out"].items() if key != "to_binary"}
