"""Authorisation: who pays for a call, asked of the account's limits first and then of its reseller's.

The order, and its reason: a hard limit protects the switch, so it stands before all; an allotment is paid already,
so it goes before trunks; a trunk is paid by the month, so it goes before credit. The first that takes the call names
its tag. Exemptions stand in front of the hard limit and are refused by it, too.

Owns: the order, balances, and the calls in progress. Does not own: each bucket's own rule (allotment, trunk, charge).

Times
- Seconds of one clock; events are played in the order given.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reseller_reporting.model.call_type import FLAT_RATE, PER_MINUTE
from reseller_reporting.rating.allotment import RESERVED_SECONDS, Allotment, Draws, allotment_for
from reseller_reporting.rating.charge import kazoo_cost
from reseller_reporting.rating.kazoo_number import integer, limit_units
from reseller_reporting.rating.number import EMERGENCY, TOLLFREE_US, classify, is_flat_rate_eligible, normalise
from reseller_reporting.rating.trunk import UNLIMITED, TrunkLimits, flat_rate_tag, trunk_limits

LIMITS_DISABLED = "limits_disabled"
LIMITS_ENFORCED = "limits_enforced"
HARD_LIMIT = "hard_limit"
_DEFAULT_RESERVE_UNITS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRate:
    """What rating put on a channel."""

    rate_units: int = 0
    increment_seconds: int = 60
    minimum_seconds: int = 0
    surcharge_units: int = 0
    nocharge_seconds: int = 0
    discount_percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedCall:
    """A leg that a carrier brings or is to take."""

    id: str
    direction: str
    number: str  # The called one, in both directions.
    rate: CallRate = CallRate()
    resource_type: str = ""
    authorizing_type: str = ""


@dataclass(frozen=True)
class Limits:
    """A party's limits document, as the switch reads it."""

    document: Mapping[str, object]

    @cached_property
    def is_enabled(self) -> bool:
        """Only the private word counts: nobody takes themselves out of billing."""
        return _is_true(self.document.get("pvt_enabled"), absent=True)

    @cached_property
    def trunks(self) -> TrunkLimits:
        return trunk_limits(self.document)

    @cached_property
    def allows_prepay(self) -> bool:
        private = self.document.get("pvt_allow_prepay")
        return _is_true(self.document.get("allow_prepay") if private is None else private, absent=True)

    @cached_property
    def postpay_units_max(self) -> int | None:
        """How far the balance may go below nothing; None without postpay."""
        if not _is_true(self.document.get("pvt_allow_postpay"), absent=False):
            return None
        return limit_units(self.document.get("pvt_max_postpay_amount"), 0)

    @cached_property
    def reserve_units(self) -> int:
        return limit_units(self.document.get("pvt_reserve_amount"), _DEFAULT_RESERVE_UNITS)

    def is_exempt(self, resource_type: str) -> bool:
        private, public = (self.document.get(f"{door}authz_resource_types") for door in ("pvt_", ""))
        exempt = private if isinstance(private, list) else public
        return isinstance(exempt, list) and resource_type in exempt

    def is_soft(self, direction: str) -> bool:
        return _is_true(self.document.get(f"pvt_soft_limit_{direction}"), absent=False)

    def calls_max(self, name: str) -> int:
        """The private figure where it is the tighter one, or the only one; a public one below 0 says nothing."""
        private, public = (_whole(self.document.get(f"{door}{name}")) for door in ("pvt_", ""))
        if private is not None and (public is None or public < 0 or 0 <= private < public):
            return private
        return UNLIMITED if public is None or public < 0 else public

    def inbound_calls_max(self, number: str) -> int:
        """By the first rule whose expression the called number matches."""
        rules = self.document.get("pvt_inbound_channels_per_did_rules")
        for pattern, calls_max in rules.items() if isinstance(rules, Mapping) else ():
            if re.search(str(pattern), number):
                return integer(calls_max)
        return UNLIMITED


@dataclass(slots=True)
class Party:
    """The account or its reseller: limits, and what they have left."""

    limits: Limits
    balance_units: int = 0
    is_in_good_standing: bool = True
    draws: Draws = field(default_factory=Draws)


@dataclass(slots=True)
class Channel:
    """A call on the switch, and what was decided of it."""

    call: OfferedCall
    started: int
    answered: int | None = None
    other_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)  # By party: ACCOUNT, RESELLER. None yet while it is decided.


ACCOUNT, RESELLER = "account", "reseller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a call; `usage` is the account's trunks and flat-rate calls before this one."""

    call_id: str
    is_authorised: bool
    is_soft_limited: bool
    account_tag: str
    reseller_tag: str
    usage: str

    @property
    def is_allowed(self) -> bool:
        return self.is_authorised or self.is_soft_limited


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What an allowed call took when it ended."""

    answered_seconds: int
    account_debit_units: int
    reseller_debit_units: int
    allotment_seconds: int


class Switch:
    """One account and its reseller (None: it is its own), and the calls in progress."""

    def __init__(self, account: Party, reseller: Party | None) -> None:
        self.account = account
        self.reseller = reseller
        self._channels: dict[str, Channel] = {}

    def start(self, call: OfferedCall, now: int) -> Decision:
        """Registers the call and decides; one that is not allowed is gone at once."""
        usage = self._usage()
        channel = Channel(call, now, tags={ACCOUNT: LIMITS_ENFORCED, RESELLER: LIMITS_ENFORCED})
        self._channels[call.id] = channel
        is_authorised = self._decide(ACCOUNT, channel, now)
        if self.reseller is None:
            is_soft = not is_authorised and self._is_soft(self.account, call)
        else:
            # The switch asks whether both parties agreed before the reseller was asked.
            is_soft = self._is_soft(self.account, call)
            if is_authorised:
                is_authorised = self._decide(RESELLER, channel, now)
                is_soft = is_soft or (not is_authorised and self._is_soft(self.reseller, call))
        decision = Decision(
            call_id=call.id,
            is_authorised=is_authorised,
            is_soft_limited=is_soft,
            account_tag=channel.tags[ACCOUNT],
            reseller_tag=channel.tags[RESELLER],
            usage=usage,
        )
        if not decision.is_allowed:
            del self._channels[call.id]
        return decision

    def answer(self, call_id: str, now: int) -> None:
        if call_id in self._channels:
            self._channels[call_id].answered = now

    def bridge(self, call_id: str, other_id: str) -> None:
        if call_id in self._channels and other_id in self._channels:
            self._channels[call_id].other_id = other_id
            self._channels[other_id].other_id = call_id

    def unbridge(self, call_id: str, other_id: str) -> None:
        if call_id in self._channels and other_id in self._channels:
            self._channels[call_id].other_id = self._channels[other_id].other_id = None

    def end(self, call_id: str, now: int) -> Reconciled | None:
        """Takes what the call owes; None where no such call is up."""
        channel = self._channels.pop(call_id, None)
        if channel is None:
            return None
        answered_seconds = 0 if channel.answered is None else now - channel.answered
        drawn_seconds = self._draw(self.account, channel, ACCOUNT, answered_seconds, now)
        self._draw(self.reseller, channel, RESELLER, answered_seconds, now)
        cost_units = _cost_units(channel.call.rate, answered_seconds)
        return Reconciled(
            answered_seconds=answered_seconds,
            account_debit_units=self._debit(self.account, channel, ACCOUNT, cost_units),
            reseller_debit_units=self._debit(self.reseller, channel, RESELLER, cost_units),
            allotment_seconds=drawn_seconds,
        )

    def _draw(self, party: Party | None, channel: Channel, side: str, answered_seconds: int, now: int) -> int:
        """What the call takes from the party's allotment; an account that is its own reseller draws on none."""
        if party is None or self.reseller is None or not channel.tags[side].startswith(Allotment.TAG):
            return 0
        allotment = _allotment_for(party, channel.call)
        if allotment is None:
            return 0
        seconds = allotment.drawn_seconds(answered_seconds)
        party.draws.add(allotment.key, now, seconds)
        return seconds

    def _debit(self, party: Party | None, channel: Channel, side: str, cost_units: int) -> int:
        # An account that is its own reseller is asked for its reseller's tag here, too, and pays nothing.
        if party is None or self.reseller is None or channel.tags[side] != PER_MINUTE:
            return 0
        party.balance_units -= cost_units
        return cost_units

    # --- one party -----------------------------------------------------------------------------------------------

    def _decide(self, side: str, channel: Channel, now: int) -> bool:
        """Whether the party takes the call; its tag says by what."""
        party = self._party(side)
        if not party.limits.is_enabled:
            return self._tagged(channel, side, LIMITS_DISABLED)
        is_taken = self._is_exempt(party, channel, side, now)
        is_own_reseller = self.reseller is None
        if self._is_over_hard_limit(party, channel, side):
            # An account that is its own reseller is refused as the reseller, while the account's own word stands.
            channel.tags[RESELLER if is_own_reseller else side] = HARD_LIMIT
            return is_taken and is_own_reseller
        # Of an account that is its own reseller the switch asks the reseller's flag, which is never set: every bucket
        # is asked, and the last one that takes the call names the tag.
        for takes in (self._allotment_takes, self._trunk_takes, self._credit_takes):
            if is_taken and not is_own_reseller:
                break
            is_taken = takes(party, channel, side, now) or is_taken
        return is_taken

    def _is_exempt(self, party: Party, channel: Channel, side: str, now: int) -> bool:
        call = channel.call
        is_paid = call.authorizing_type == "mobile" and self._credit_takes(party, channel, side, now)
        if is_paid and self.reseller is not None:
            return True
        kind = classify(call.number)
        is_exempt = (
            party.limits.is_exempt(call.resource_type)
            or kind == EMERGENCY
            or (kind == TOLLFREE_US and call.direction == "outbound")
        )
        return (is_exempt and self._tagged(channel, side, LIMITS_DISABLED)) or is_paid

    def _is_over_hard_limit(self, party: Party, channel: Channel, side: str) -> bool:
        """Limits on calls and on a number count the new one; that on resources counts what was taken, not exempt."""
        up = self._channels.values()
        # Of an account that is its own reseller both tags are its own.
        sides = (ACCOUNT, RESELLER) if self.reseller is None else (side,)
        consuming = [
            each for each in up if each is not channel and any(each.tags[one] != LIMITS_DISABLED for one in sides)
        ]
        called = normalise(channel.call.number.partition("@")[0])
        to_it = [each for each in up if each.call.direction == "inbound" and normalise(each.call.number) == called]
        limits = party.limits
        return (
            _is_over(limits.calls_max("calls"), _calls(up))
            or _is_over(limits.calls_max("resource_consuming_calls"), _calls(consuming))
            or _is_over(limits.inbound_calls_max(channel.call.number), len(to_it))
        )

    def _is_soft(self, party: Party, call: OfferedCall) -> bool:
        """Where limits are off nobody asks."""
        return party.limits.is_enabled and party.limits.is_soft(call.direction)

    def _allotment_takes(self, party: Party, channel: Channel, side: str, now: int) -> bool:
        allotment = _allotment_for(party, channel.call)
        if allotment is None:
            return False
        # A group that names the bucket itself counts it twice, there as here.
        keys = (allotment.key, *allotment.group_consume)
        consumed_seconds = sum(
            party.draws.seconds(key, allotment.cycle, now) + self._live_seconds(side, key, allotment, now)
            for key in keys
        )
        return allotment.has_room(consumed_seconds) and self._tagged(channel, side, allotment.tag)

    def _trunk_takes(self, party: Party, channel: Channel, side: str, now: int) -> bool:  # noqa: ARG002
        if not party.is_in_good_standing or not is_flat_rate_eligible(channel.call.number):
            return False
        inbound, outbound = self._flat_rate_calls(side)
        is_inbound = channel.call.direction == "inbound"
        tag = flat_rate_tag(party.limits.trunks, inbound=inbound + is_inbound, outbound=outbound + (not is_inbound))
        return tag is not None and self._tagged(channel, side, tag)

    def _credit_takes(self, party: Party, channel: Channel, side: str, now: int) -> bool:
        left_units = party.balance_units - self._owed_units(side, now) - party.limits.reserve_units
        postpay_units = party.limits.postpay_units_max
        can_pay = (party.limits.allows_prepay and left_units > 0) or (
            postpay_units is not None and left_units > -postpay_units
        )
        return can_pay and self._tagged(channel, side, PER_MINUTE)

    def _tagged(self, channel: Channel, side: str, tag: str) -> bool:
        channel.tags[side] = tag
        return True

    def _party(self, side: str) -> Party:
        return self.reseller if side == RESELLER and self.reseller is not None else self.account

    # --- the calls in progress -----------------------------------------------------------------------------------

    def _usage(self) -> str:
        trunks = self.account.limits.trunks
        inbound, outbound = self._flat_rate_calls(ACCOUNT)
        return f"{trunks.inbound}/{trunks.outbound}/{trunks.twoway}/{trunks.burst}/{inbound}/{outbound}"

    def _flat_rate_calls(self, side: str) -> tuple[int, int]:
        directions = [each.call.direction for each in self._channels.values() if each.tags[side] in FLAT_RATE]
        inbound = directions.count("inbound")
        return inbound, len(directions) - inbound

    def _live_seconds(self, side: str, key: str, allotment: Allotment, now: int) -> int:
        tag = f"{Allotment.TAG}{key}"
        up = [each for each in self._channels.values() if each.tags[side] == tag]
        return sum(allotment.cycle.live_seconds(each.answered, now) for each in up)

    def _owed_units(self, side: str, now: int) -> int:
        return sum(_so_far_units(each, now) for each in self._channels.values() if each.tags[side] == PER_MINUTE)


def play(switch: Switch, calls: Iterable[OfferedCall], events: Iterable[Sequence[object]]) -> "Timeline":
    """Plays `[time, start | answer | end, id]` and `[time, bridge | unbridge, id, other id]` strictly in order."""
    by_id = {call.id: call for call in calls}
    timeline = Timeline()
    for time, what, call_id, *rest in events:
        now, name = integer(time), str(call_id)
        match what:
            case "start":
                timeline.decisions[name] = switch.start(by_id[name], now)
            case "answer":
                switch.answer(name, now)
            case "end":
                if (reconciled := switch.end(name, now)) is not None:
                    timeline.reconciled[name] = reconciled
            case "bridge":
                switch.bridge(name, str(rest[0]))
            case "unbridge":
                switch.unbridge(name, str(rest[0]))
            case _:
                raise AssertionError(f"no such event: {what}")
    return timeline


@dataclass(frozen=True, slots=True)
class Timeline:
    """What was decided and taken, by call id."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    reconciled: dict[str, Reconciled] = field(default_factory=dict)


def _calls(channels: Iterable[Channel]) -> int:
    """How many calls these legs are: two that are bridged are one."""
    return len({frozenset((each.call.id, each.other_id or each.call.id)) for each in channels})


def _so_far_seconds(channel: Channel, now: int) -> int:
    return RESERVED_SECONDS + (0 if channel.answered is None else now - channel.answered)


def _so_far_units(channel: Channel, now: int) -> int:
    return _cost_units(channel.call.rate, _so_far_seconds(channel, now))


def _cost_units(rate: CallRate, answered_seconds: int) -> int:
    return kazoo_cost(
        rate_units=rate.rate_units,
        increment_seconds=rate.increment_seconds,
        minimum_seconds=rate.minimum_seconds,
        surcharge_units=rate.surcharge_units,
        nocharge_seconds=rate.nocharge_seconds,
        discount_percent=rate.discount_percent,
        answered_seconds=answered_seconds,
    ).cost_units


def _allotment_for(party: Party, call: OfferedCall) -> Allotment | None:
    return allotment_for(party.limits.document, call.direction, classify(call.number))


def _is_over(limit: int, used: int) -> bool:
    """0 lets nothing through, whatever is up."""
    return limit == 0 or (limit != UNLIMITED and used > limit)


def _is_true(value: object, *, absent: bool) -> bool:
    return absent if value is None else value is True or value == "true"


def _whole(value: object) -> int | None:
    return None if value is None else integer(value)
