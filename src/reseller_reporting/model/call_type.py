"""Billing tags of a leg as KAZOO writes them, and what each means for a bill."""

PER_MINUTE = "per_minute"
FLAT_RATE_TRUNK = "flat_rate"
FLAT_RATE_BURST = "flat_rate_burst"
FLAT_RATE = frozenset({FLAT_RATE_TRUNK, FLAT_RATE_BURST})


def is_billable(customer_call_type: str, reseller_call_type: str | None) -> bool:
    """A leg that KAZOO's billing looked at for either party; on-net legs bear no tag."""
    return bool(customer_call_type or reseller_call_type)


def is_per_minute(customer_call_type: str, reseller_call_type: str | None) -> bool:
    """Only the exact tag costs money; every other one, known or not, does not."""
    return PER_MINUTE in (customer_call_type, reseller_call_type)
