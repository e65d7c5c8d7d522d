"""Breakdown: how the reseller's cost of a leg came about, in words an accountant can check with a pencil."""

from functools import lru_cache
from typing import NamedTuple

from reseller_reporting.model.call_type import FLAT_RATE, PER_MINUTE
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, kazoo_cost


class Parts(NamedTuple):
    """A rate as a leg was charged by it: units a minute, seconds, units, percent."""

    rate_units: int
    increment_seconds: int
    minimum_seconds: int
    nocharge_seconds: int
    surcharge_units: int = 0
    discount_percent: int = 0


@lru_cache(maxsize=65_536)
def breakdown(
    *,
    reseller_call_type: str | None,
    reseller_cost_units: int | None,
    answered_seconds: int,
    rate_units: int,
    rate_name: str,
    parts: Parts | None,
) -> str:
    """Nothing for a leg that the reseller's billing never looked at, or without the reseller's view."""
    if not reseller_call_type or reseller_cost_units is None:
        return ""
    if reseller_call_type != PER_MINUTE:
        return _not_by_the_minute(reseller_call_type)
    cost_units = reseller_cost_units
    if answered_seconds <= 0:
        return "not answered" + _stated(cost_units, expected_units=0)
    if parts is None or _is_unrated(parts, cost_units, rate_name):
        if rate_units == 0 and not rate_name and cost_units == 0:
            return "no rate"
        return f"{currency_text(cost_units)} @ {currency_text(rate_units)}/min"
    charge = kazoo_cost(**parts._asdict(), answered_seconds=answered_seconds)
    return _of_parts(parts, answered_seconds) + _stated(cost_units, expected_units=charge.cost_units)


def _stated(cost_units: int, *, expected_units: int) -> str:
    """KAZOO's cost stands beside the words wherever the words lead to another one."""
    return "" if cost_units == expected_units else f" (KAZOO states {currency_text(cost_units)})"


def _not_by_the_minute(call_type: str) -> str:
    if call_type in FLAT_RATE:
        return f"trunk ({call_type})"
    kind = "allotment" if call_type.startswith("allotment_") else "not charged"
    return f"{kind} ({call_type})"


def _is_unrated(parts: Parts, cost_units: int, rate_name: str) -> bool:
    return not rate_name and parts.rate_units == parts.surcharge_units == cost_units == 0


def _of_parts(parts: Parts, answered_seconds: int) -> str:
    if answered_seconds <= parts.nocharge_seconds:
        return f"within {parts.nocharge_seconds} s no-charge time"
    increment = parts.increment_seconds or DEFAULT_INCREMENT_SECONDS
    increments = max(0, -(-(answered_seconds - parts.minimum_seconds) // increment))
    terms = [
        currency_text(parts.surcharge_units) if parts.surcharge_units else "",
        f"{parts.minimum_seconds} s min" if parts.minimum_seconds else "",
        f"{increments} × {increment} s" if increments else "",
    ]
    sold = " + ".join(term for term in terms if term)
    discount = f" − {parts.discount_percent} % discount" if parts.discount_percent else ""
    return f"{sold} @ {currency_text(parts.rate_units)}/min{discount}"
