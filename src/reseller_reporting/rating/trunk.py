"""Trunks: whether a call finds room on a party's flat-rate trunks, by the counts of calls that hold one.

A call is not bound to a kind of trunk: all current ones are held against all limits anew, as the switch does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reseller_reporting.model.account import Limits
from reseller_reporting.model.call_type import FLAT_RATE_BURST, FLAT_RATE_TRUNK
from reseller_reporting.rating.kazoo_number import integer

UNLIMITED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLimits:
    """Calls at once by kind of trunk; -1 is unlimited."""

    inbound: int = 0
    outbound: int = 0
    twoway: int = 0
    burst: int = 0

    @property
    def calls_max(self) -> int | None:
        """Calls at once that all kinds together can hold; None is no limit."""
        figures = (self.inbound, self.outbound, self.twoway, self.burst)
        return None if UNLIMITED in figures else sum(figures)


def trunk_limits(document: Mapping[str, object]) -> TrunkLimits:
    """The limits in force by a KAZOO limits document, whose private figures cap its public ones.

    A private 0 closes the trunks, a negative one leaves the public figure. Otherwise the smaller one holds, by plain
    comparison: a public -1 stays unlimited whatever the private figure says.
    """
    return TrunkLimits(
        inbound=_in_force(document, "inbound_trunks"),
        outbound=_in_force(document, "outbound_trunks"),
        twoway=_in_force(document, "twoway_trunks"),
        burst=_in_force(document, "burst_trunks"),
    )


def trunk_limits_of(shown: Limits | None) -> TrunkLimits:
    """The trunks that an account's public limits show; none where they could not be read.

    What KAZOO keeps to itself (burst trunks, private caps, bundles) is not known.
    """
    if shown is None:
        return TrunkLimits()
    return TrunkLimits(
        inbound=shown.inbound_trunks or 0, outbound=shown.outbound_trunks or 0, twoway=shown.twoway_trunks or 0
    )


def _in_force(document: Mapping[str, object], name: str) -> int:
    public = _whole(document.get(name), 0)
    private = document.get(f"pvt_{name}")
    if private is None:
        return public
    capped = _whole(private, 0)
    return public if capped < 0 else min(capped, public) if capped > 0 else 0


def _whole(value: object, default: int) -> int:
    """A limit as the document gives it; text and fractions are read as KAZOO reads any integer."""
    return default if value is None else integer(value)


def flat_rate_tag(limits: TrunkLimits, *, inbound: int, outbound: int) -> str | None:
    """`flat_rate` or `flat_rate_burst`, or None where there is no room. The counts include the new call."""
    over = _over(limits.inbound, inbound) + _over(limits.outbound, outbound)
    over = _over(limits.twoway, over)
    if over == 0:
        return FLAT_RATE_TRUNK
    return FLAT_RATE_BURST if _over(limits.burst, over) == 0 else None


def _over(limit: int, used: int) -> int:
    return 0 if limit == UNLIMITED else max(0, used - limit)
