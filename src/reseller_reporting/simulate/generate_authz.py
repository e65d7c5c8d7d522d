"""Who pays: the authorisation of one party's calls through a day, as KAZOO's jonny5 decides it.

Owns: the tags. Does not own: prices, the calls. What it replays: limits off, exempt numbers, hard limits,
allotments (a UTC day each), trunks with burst, credit, soft limits, in KAZOO's order.

Invariants
- Calls are asked in the order of their start; a refused call holds nothing.
"""

from reseller_reporting.simulate.generate_deck import TOLLFREE, Contact
from reseller_reporting.simulate.generate_people import UNLIMITED, Plan
from reseller_reporting.simulate.listing import PER_MINUTE

LIMITS_DISABLED = "limits_disabled"
LIMITS_ENFORCED = "limits_enforced"
HARD_LIMIT = "hard_limit"
FLAT_RATE = "flat_rate"
FLAT_RATE_BURST = "flat_rate_burst"


class Purse:
    """One party's limits, and what of them is in use during a day."""

    __slots__ = ("_calls_until", "_left_seconds", "_limits_text", "_plan", "_trunks_until")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._calls_until: list[int] = []
        self._trunks_until: dict[str, list[int]] = {"inbound": [], "outbound": []}
        self._left_seconds = dict(plan.allotments)
        self._limits_text = f"{plan.inbound}/{plan.outbound}/{plan.twoway}/{plan.burst}"

    def usage(self, now: int) -> str:
        """The party's trunks and how many are taken, as a CDR tells it."""
        inbound, outbound = self._in_use("inbound", now), self._in_use("outbound", now)
        return f"{self._limits_text}/{inbound}/{outbound}"

    def tag(self, direction: str, contact: Contact, now: int) -> str:
        """How this party would pay for a call that starts now."""
        plan = self._plan
        if not plan.enabled:
            return LIMITS_DISABLED
        if plan.calls_max != UNLIMITED and self._calls_in_use(now) >= plan.calls_max:
            return HARD_LIMIT
        classification = contact.classification
        if classification == "emergency" or (classification == TOLLFREE and direction == "outbound"):
            return LIMITS_DISABLED
        for key in (f"{direction}_{classification}", classification) if self._left_seconds else ():
            if self._left_seconds.get(key, 0) > 0:
                return f"allotment_{key}"
        if contact.flat_rate:
            trunk = self._trunk(direction, now)
            if trunk:
                return trunk
        return PER_MINUTE if plan.prepay else LIMITS_ENFORCED

    def lets_through(self, tag: str) -> bool:
        return tag not in (LIMITS_ENFORCED, HARD_LIMIT) or self._plan.soft

    def hold(self, tag: str, direction: str, until: int, answered_seconds: int) -> None:
        """The call goes on until then, and draws on what its tag names."""
        if self._plan.calls_max != UNLIMITED:
            self._calls_until.append(until)
        if tag in (FLAT_RATE, FLAT_RATE_BURST):
            self._trunks_until[direction].append(until)
        elif tag.startswith("allotment_"):
            self._left_seconds[tag.removeprefix("allotment_")] -= answered_seconds

    def _trunk(self, direction: str, now: int) -> str:
        """Inbound and outbound fill their own trunks; the overflow of both shares two-way ones, then burst."""
        plan = self._plan
        used_in = self._in_use("inbound", now) + (direction == "inbound")
        used_out = self._in_use("outbound", now) + (direction == "outbound")
        left = _rest(plan.twoway, _rest(plan.inbound, used_in) + _rest(plan.outbound, used_out))
        if left == 0:
            return FLAT_RATE
        return FLAT_RATE_BURST if _rest(plan.burst, left) == 0 else ""

    def _in_use(self, direction: str, now: int) -> int:
        held = self._trunks_until[direction]
        if held:
            held[:] = [until for until in held if until > now]
        return len(held)

    def _calls_in_use(self, now: int) -> int:
        self._calls_until = [until for until in self._calls_until if until > now]
        return len(self._calls_until)


def _rest(limit: int, used: int) -> int:
    """What of the channels in use does not fit."""
    return 0 if limit == UNLIMITED or used <= limit else used - limit
