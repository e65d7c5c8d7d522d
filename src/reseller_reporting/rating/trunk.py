"""Trunks: whether a call finds room on a party's flat-rate trunks, by the counts of calls that hold one.

A call is not bound to a kind of trunk: all current ones are held against all limits anew, as the switch does.
"""

from dataclasses import dataclass

from reseller_reporting.model.call_type import FLAT_RATE_BURST, FLAT_RATE_TRUNK

UNLIMITED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLimits:
    """Calls at once by kind of trunk; -1 is unlimited."""

    inbound: int = 0
    outbound: int = 0
    twoway: int = 0
    burst: int = 0


def flat_rate_tag(limits: TrunkLimits, *, inbound: int, outbound: int) -> str | None:
    """`flat_rate` or `flat_rate_burst`, or None where there is no room. The counts include the new call."""
    over = _over(limits.inbound, inbound) + _over(limits.outbound, outbound)
    over = _over(limits.twoway, over)
    if over == 0:
        return FLAT_RATE_TRUNK
    return FLAT_RATE_BURST if _over(limits.burst, over) == 0 else None


def _over(limit: int, used: int) -> int:
    return 0 if limit == UNLIMITED else max(0, used - limit)
