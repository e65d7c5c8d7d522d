"""A made-up day: the calls that an account makes and gets between two midnights, UTC.

Owns: when, whom, how long, and what billing makes of it. Does not own: people, prices, how a leg is shown.

Invariants
- A day follows from the seed, the account and the date alone; no other day is needed to know it.
- Trunks, allotments and limits begin each UTC day unused; the reseller's are its share for this account.
- A leg's database is the month in which its interaction began.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from math import exp, sqrt
from random import Random
from zoneinfo import ZoneInfo

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.generate_authz import HARD_LIMIT, LIMITS_ENFORCED, Purse
from reseller_reporting.simulate.generate_deck import (
    BOOK_SIZE,
    DID_US,
    TOLLFREE,
    TOLLFREE_INBOUND,
    US_INBOUND,
    Contact,
)
from reseller_reporting.simulate.generate_legs import (
    CARRIER_IN,
    CARRIER_OUT,
    DAY_SECONDS,
    DENIED,
    DEVICE_IN,
    DEVICE_OUT,
    Leg,
    by_key,
)
from reseller_reporting.simulate.generate_people import Party, Station, stations
from reseller_reporting.simulate.listing import PER_MINUTE
from reseller_reporting.simulate.rate import Rate

_DAY_WEIGHTS = (1.25, 1.32, 1.3, 1.28, 1.15, 0.42, 0.28)  # Monday first; one on average.
_HOUR_WEIGHTS = (2, 1, 1, 1, 1, 3, 8, 22, 60, 88, 95, 90, 62, 78, 92, 88, 74, 50, 32, 22, 15, 10, 6, 4)
_HOURS = tuple(accumulate(_HOUR_WEIGHTS))
_UNANSWERED_SHARE = 0.12
_ON_NET_SHARE = 0.13
_INBOUND_SHARE = 0.42
_CALL_SECONDS_MAX = 14_400
_TOLLFREE_CLASSES = ("+1888", "+1855")
_REFUSALS = (LIMITS_ENFORCED, HARD_LIMIT)
_US_LINE = Contact("", DID_US, flat_rate=True, rate=US_INBOUND)
_TOLLFREE_LINE = Contact("", TOLLFREE, flat_rate=False, rate=TOLLFREE_INBOUND)
_UNANSWERED_CAUSES = ("NO_ANSWER", "ORIGINATOR_CANCEL", "USER_BUSY", "NO_USER_RESPONSE")


@dataclass(frozen=True, slots=True)
class Books:
    """The far ends of this world, known to all accounts; each keeps to a stretch of its own."""

    outbound: list[Contact]
    inbound: list[str]


@lru_cache(maxsize=256)
def _discounted(rate: Rate, percent: int) -> Rate:
    return replace(rate, discount=percent)


@dataclass(frozen=True, slots=True)
class Day:
    """The legs that began on a day, by the time they were saved: that day, or `late`, the next."""

    own: list[Leg]
    late: list[Leg]

    @property
    def legs(self) -> Iterator[Leg]:
        yield from self.own
        yield from self.late


def make_day(party: Party, books: Books, day: int) -> Day:
    """`day` counts from the year 0."""
    rng = Random(party.seed * 1_000_003 + day)
    starts = _starts(party, day, rng)
    if not starts:
        return Day([], [])
    legs = _DayMaker(party, books, day, rng).legs(starts)
    midnight = (day + 1) * DAY_SECONDS
    own = [leg for leg in legs if leg.saved < midnight]
    late = [leg for leg in legs if leg.saved >= midnight]
    return Day(sorted(own, key=by_key), sorted(late, key=by_key))


def _starts(party: Party, day: int, rng: Random) -> list[int]:
    """Seconds of the UTC day at which something begins, in order: the rhythm is that of the account's own zone."""
    weekday, offset_seconds = _local_day(party.record.timezone or "America/New_York", day)
    mean = party.calls_per_day * _DAY_WEIGHTS[weekday] * (1 + _ON_NET_SHARE)
    count = max(0, int(mean + sqrt(mean) * rng.gauss(0, 1) + rng.random())) if mean > 0 else 0
    hours = rng.choices(range(24), cum_weights=_HOURS, k=count)
    chance = rng.random
    return sorted((hour * 3600 + int(chance() * 3600) - offset_seconds) % DAY_SECONDS for hour in hours)


@lru_cache(maxsize=4096)
def _local_day(timezone: str, day: int) -> tuple[int, int]:
    """Which weekday it is there at noon UTC, and how far the zone is ahead of UTC."""
    noon = gregorian.to_datetime(day * DAY_SECONDS + DAY_SECONDS // 2).astimezone(ZoneInfo(timezone))
    offset = noon.utcoffset()
    assert offset is not None
    return noon.weekday(), int(offset.total_seconds())


class _DayMaker:
    """Walks through a day in time's order, so that trunks and limits fill and empty as they would."""

    def __init__(self, party: Party, books: Books, day: int, rng: Random) -> None:
        self._party = party
        self._books = books
        self._day_second = day * DAY_SECONDS
        self._rng = rng
        self._stations = stations(party)
        self._customer = Purse(party.plan)
        self._reseller = Purse(party.reseller_plan)
        moment = gregorian.to_datetime(self._day_second)
        self._month = f"{moment:%Y%m}"
        self._date = f"{moment:%Y%m%d}"
        self._span = min(BOOK_SIZE, 60 + int(party.calls_per_day * 4))
        self._offset = party.seed % BOOK_SIZE

    def legs(self, starts: list[int]) -> list[Leg]:
        chance = self._rng.random
        legs: list[Leg] = []
        for index, start in enumerate(starts):
            kind = chance() * (1 + _ON_NET_SHARE)
            started, ringing = self._day_second + start, 2 + int(chance() * 22)
            if kind < _INBOUND_SHARE:
                legs += self._inbound_call(index, started, ringing)
            elif kind < 1:
                legs += self._outbound_call(index, started, ringing)
            else:
                legs += self._internal_call(index, started, ringing)
        return legs

    def _outbound_call(self, index: int, started: int, ringing: int) -> tuple[Leg, Leg]:
        """The device's own leg, and a second later that to the carrier, which billing looks at."""
        contact = self._books.outbound[self._place()]
        station = self._station()
        carrier_start = started + 1
        tags = self._ask("outbound", contact, carrier_start) if contact.tagged else ("", "", True)
        answered, cause = self._fate(tags[2])
        ringing = ringing if tags[2] else 0
        device, carrier = self._pair(
            (DEVICE_IN, CARRIER_OUT), index, (started, carrier_start), ringing, answered, cause, station,
            own=(station.extension, station.number), far=contact.number,
        )  # fmt: skip
        self._bill(carrier, "outbound", tags, contact.rate)
        return device, carrier

    def _inbound_call(self, index: int, started: int, ringing: int) -> tuple[Leg, ...]:
        """The carrier's leg to the customer's number, and the leg to the device that rings."""
        station = self._station()
        far = self._books.inbound[self._place()]
        is_tollfree = station.number.startswith(_TOLLFREE_CLASSES)
        contact = _TOLLFREE_LINE if is_tollfree else _US_LINE
        tags = self._ask("inbound", contact, started)
        answered, cause = self._fate(tags[2])
        ringing = ringing if tags[2] else 0
        carrier, device = self._pair(
            (CARRIER_IN, DEVICE_OUT), index, (started, started + 1), ringing, answered, cause, station,
            own=(station.number, station.extension), far=far,
        )  # fmt: skip
        self._bill(carrier, "inbound", tags, contact.rate)
        return (carrier, device) if tags[2] else (carrier,)

    def _internal_call(self, index: int, started: int, ringing: int) -> tuple[Leg, Leg]:
        caller, callee = self._station(), self._station()
        answered, cause = self._fate(allowed=True)
        first, second = self._pair(
            (DEVICE_IN, DEVICE_OUT), index, (started, started + 1), ringing, answered, cause, caller,
            own=(caller.extension, callee.extension), far=callee.extension,
        )  # fmt: skip
        second.station, second.far = callee, caller.extension
        return first, second

    def _ask(self, direction: str, contact: Contact, now: int) -> tuple[str, str, bool]:
        """The two tags, and whether the call goes through: the reseller is asked only after the customer could pay."""
        customer_tag = self._customer.tag(direction, contact, now)
        if customer_tag in _REFUSALS:
            return customer_tag, LIMITS_ENFORCED, self._customer.lets_through(customer_tag)
        reseller_tag = self._reseller.tag(direction, contact, now)
        return customer_tag, reseller_tag, self._reseller.lets_through(reseller_tag)

    def _bill(self, leg: Leg, direction: str, tags: tuple[str, str, bool], rate: Rate | None) -> None:
        """Write on the carrier's leg what authorisation and rating found, and hold what the call uses."""
        customer_tag, reseller_tag, allowed = tags
        if not customer_tag:
            return
        now, until = leg.started, leg.started + leg.duration_seconds
        leg.customer_tag, leg.reseller_tag = customer_tag, reseller_tag
        leg.customer_usage, leg.reseller_usage = self._customer.usage(now), self._reseller.usage(now)
        if not allowed:
            return
        self._customer.hold(customer_tag, direction, until, leg.answered_seconds)
        self._reseller.hold(reseller_tag, direction, until, leg.answered_seconds)
        if rate is None:
            return
        leg.rate = _discounted(rate, self._party.discount_percent) if self._party.discount_percent else rate
        if leg.answered_seconds and PER_MINUTE in (customer_tag, reseller_tag):
            charge = leg.rate.charge(leg.answered_seconds)
            leg.cost_units, leg.charged_seconds = charge.cost_units, charge.charged_seconds

    def _pair(
        self,
        kinds: tuple[int, int],
        index: int,
        starts: tuple[int, int],
        ringing_seconds: int,
        answered_seconds: int,
        hangup_cause: str,
        station: Station,
        *,
        own: tuple[str, str],
        far: str,
    ) -> tuple[Leg, Leg]:
        """Two legs that are bridged and end together."""
        bits = self._rng.getrandbits(48)
        stem = f"{self._date}-{index:05x}"
        tail = f"{bits:012x}@10.0.{1 + bits % 4}.{5 + bits % 7}"
        call_ids = f"{stem}a-{tail}", f"{stem}b-{tail}"
        interaction_id = f"{starts[0]}-{bits & 0xFFFFFFFF:08x}"
        ended = starts[1] + ringing_seconds + answered_seconds
        first, second = (
            Leg(
                self._party,
                kinds[side],
                month=self._month,
                call_id=call_ids[side],
                other_call_id=call_ids[1 - side],
                interaction_id=interaction_id,
                started=starts[side],
                duration_seconds=ended - starts[side],
                answered_seconds=answered_seconds,
                saved=ended + 1,
                # Never ends in 0: a double then shows all six digits.
                micro=100_001 + 2 * (bits % 400_000) // 10 * 10,
                own=own[side],
                far=far,
                station=station,
                hangup_cause=hangup_cause,
            )
            for side in (0, 1)
        )
        return first, second

    def _fate(self, allowed: bool) -> tuple[int, str]:
        """How long the call is answered, and why it ends."""
        rng = self._rng
        if not allowed:
            return 0, DENIED
        chance = rng.random()
        if chance < _UNANSWERED_SHARE:
            return 0, _UNANSWERED_CAUSES[int(chance / _UNANSWERED_SHARE * len(_UNANSWERED_CAUSES))]
        return min(1 + int(exp(4.4 + 1.15 * rng.gauss(0, 1))), _CALL_SECONDS_MAX), "NORMAL_CLEARING"

    def _station(self) -> Station:
        return self._stations[int(self._rng.random() * len(self._stations))]

    def _place(self) -> int:
        """A place in the books: the first of the account's stretch come most often."""
        chance = self._rng.random()
        return (self._offset + int(chance * chance * self._span)) % BOOK_SIZE
