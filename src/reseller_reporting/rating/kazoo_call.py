"""A call as KAZOO hands it to its own charging: a CDR document, a channel or a flat object, in three spellings.

Owns: where KAZOO looks for each figure, and the smaller sums it makes of them. Does not own: the charge (charge).
"""

from collections.abc import Mapping

from reseller_reporting.rating.charge import DEFAULT_INCREMENT_SECONDS, KazooCharge, kazoo_cost
from reseller_reporting.rating.kazoo_number import integer, units_of_dollars

_CHANNEL = ("Custom-Channel-Vars", "custom_channel_vars")
Document = Mapping[str, object]


def call_charge(call: Document) -> KazooCharge:
    """What KAZOO charges for the call (`calculate_call/1`); each figure is read as a whole number."""
    return kazoo_cost(
        rate_units=_figure(call, "rate", 0),
        increment_seconds=_figure(call, "rate_increment", DEFAULT_INCREMENT_SECONDS),
        minimum_seconds=_figure(call, "rate_minimum", 0),
        surcharge_units=_figure(call, "surcharge", 0),
        nocharge_seconds=_figure(call, "rate_nocharge_time", 0),
        discount_percent=_figure(call, "discount_percentage", 0),
        answered_seconds=_charged_from(call),
    )


def base_cost_units(rate: float, minimum_seconds: int, surcharge: float) -> int:
    """The cost of a call's minimum, for information only: whole minutes of it and the surcharge.

    A whole number is units, a fraction is currency; a minimum of 0 counts as a minute.
    """
    minutes = (minimum_seconds or 60) // 60
    return _units(rate) * minutes + _units(surcharge)


def increment_cost_units(call: Document) -> int:
    """One increment of the call's rate (`per_minute_cost/1`), nothing while the call is not charged."""
    answered_seconds = _charged_from(call)
    if answered_seconds <= 0 or answered_seconds <= _figure(call, "rate_nocharge_time", 0):
        return 0
    increment_seconds = _figure(call, "rate_increment", DEFAULT_INCREMENT_SECONDS)
    return int((increment_seconds / 60) * _figure(call, "rate", 0))


def _charged_from(call: Document) -> int:
    return integer(_found(call, "billing_seconds", 0)) - _figure(call, "billing_seconds_offset", 0)


def _figure(call: Document, name: str, default: int) -> int:
    channel = next((call[key] for key in _CHANNEL if isinstance(call.get(key), Mapping)), call)
    return integer(_found(channel, name, default))  # type: ignore[arg-type]  # A mapping, by the line above.


def _found(document: Document, name: str, default: object) -> object:
    for spelling in (_hyphenated(name), name):
        value = document.get(spelling)
        if value is not None:
            return value
    return default


def _hyphenated(name: str) -> str:
    """`rate_nocharge_time` as `Rate-NoCharge-Time`."""
    return "-".join("NoCharge" if part == "nocharge" else part.capitalize() for part in name.split("_"))


def _units(amount: float) -> int:
    return amount if isinstance(amount, int) else units_of_dollars(amount)
