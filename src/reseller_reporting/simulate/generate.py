"""GeneratedWorld: a made-up reseller with all its customers' past, derived from a seed when it is asked for.

Owns: the lazy days and what of them is remembered. Does not own: how a day is made (generate_calls), the people
(generate_people), what they own (generate_services).

Invariants
- The same seed, accounts and calls give the same world, on any machine, in any order of asking.
- No more than a bounded number of legs stands in memory, however many there are.
"""

import bisect
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from random import Random
from typing import Generic, TypeVar

from reseller_reporting.simulate import generate_services, gregorian
from reseller_reporting.simulate.generate_calls import Books, Day, make_day
from reseller_reporting.simulate.generate_deck import inbound_book, outbound_book
from reseller_reporting.simulate.generate_legs import DAY_SECONDS, Leg, LegDebit, by_key
from reseller_reporting.simulate.generate_people import Party, make_parties
from reseller_reporting.simulate.listing import PER_MINUTE, Document
from reseller_reporting.simulate.world import (
    AccountRecord,
    ForcedAnswer,
    Key,
    LedgerEntry,
    Login,
    Span,
    StoredCdr,
    StoredEntry,
)

LEGS_REMEMBERED = 100_000
_BUCKETS_REMEMBERED = 40_000
# A month of a large world is asked for again and again, and much dearer to make than to keep. On-net legs included.
_LEGS_A_CALL = 3
_FIRST_MONTH = "201501"
_ACCOUNTS_WITH_PEOPLE = 2  # Beside the reseller itself.
_PER_MINUTE_VOIP = "per-minute-voip"

Made = TypeVar("Made")
# An entry of a voice ledger stands for its leg until it is listed.
LedgerRow = tuple[Key, Leg | LedgerEntry]


class GeneratedWorld:
    """`accounts` customers with about `calls` billable legs a month between them."""

    def __init__(self, *, seed: int = 1, accounts: int = 8, calls: int = 2_000) -> None:
        assert accounts >= 1
        assert calls >= 0
        self._parties = make_parties(seed, accounts, calls)
        self._by_id = {party.record.id: party for party in self._parties}
        self._books = Books(outbound_book(Random(f"out {seed}")), inbound_book(Random(f"in {seed}")))
        month = _LEGS_A_CALL * calls
        self._days = _Remembered[Day](LEGS_REMEMBERED + month)
        self._cdr_buckets = _Remembered[list[Leg]](_BUCKETS_REMEMBERED + month)
        self._ledger_buckets = _Remembered[list[LedgerRow]](_BUCKETS_REMEMBERED + month)
        self._cdrs_by_id = _Remembered[dict[str, Leg]](_BUCKETS_REMEMBERED + month)
        self._quantities = lru_cache(maxsize=None)(generate_services.quantities)
        self.logins: Sequence[Login] = [self._login(seed), *self._people(seed)]

    # What the server asks.

    def account(self, account_id: str) -> AccountRecord | None:
        party = self._by_id.get(account_id)
        return party.record if party else None

    def descendants(self, account_id: str) -> Sequence[AccountRecord]:
        return [party.record for party in self._below(account_id)]

    def users(self, account_id: str) -> Sequence[Document]:
        return generate_services.users(self._by_id[account_id])

    def devices(self, account_id: str) -> Sequence[Document]:
        return generate_services.devices(self._by_id[account_id])

    def phone_numbers(self, account_id: str) -> Mapping[str, Document]:
        return generate_services.phone_numbers(self._by_id[account_id])

    def limits(self, account_id: str) -> Document:
        return generate_services.limits(self._by_id[account_id])

    def services_summary(self, account_id: str) -> Document:
        party = self._by_id[account_id]
        below = generate_services.added(self._quantities(each) for each in self._below(account_id))
        return generate_services.services_summary(party, self._quantities(party), below)

    def allotments(self, account_id: str) -> Document:
        return generate_services.allotments(self._by_id[account_id])

    def has_month(self, account_id: str, month: str) -> bool:  # noqa: ARG002
        return month >= _FIRST_MONTH

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        """A month holds the legs that began in it, the last of them saved on the first day of the next."""
        party = self._by_id[account_id]
        first, after = _days_of(month)
        for day in _days_within(span, first, after):
            make = partial(self._saved_on, party, day, first, after)
            bucket = self._cdr_buckets.get((party.place, month, day), make, len)
            yield from _within(bucket, span, by_key)

    def cdr(self, account_id: str, cdr_id: str) -> StoredCdr | None:
        """The call id begins with its day, so that one day need be made."""
        date = cdr_id[7:15]
        if not date.isdecimal() or not "01" <= date[4:6] <= "12" or date < f"{_FIRST_MONTH}01":
            return None
        day = gregorian.month_start(date[:6]) // DAY_SECONDS + int(date[6:]) - 1
        party = self._by_id[account_id]
        return self._cdrs_by_id.get((party.place, day), lambda: _by_leg_id(self._day(party, day)), len).get(cdr_id)

    def ledger(self, account_id: str, month: str, span: Span, service: str | None = None) -> Iterator[StoredEntry]:
        """A month holds what was written in it, whenever the calls began."""
        party = self._by_id[account_id]
        first, after = _days_of(month)
        for day in _days_within(span, first, after - 1):
            bucket = self._ledger_buckets.get((party.place, day), partial(self._written_on, party, day), len)
            for (_, entry_id), row in _within(bucket, span, _key_of_row):
                entry = row if isinstance(row, LedgerEntry) else LegDebit(row, entry_id)
                if service in (None, entry.service):
                    yield entry

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:  # noqa: ARG002
        return None

    # How it is derived.

    def _day(self, party: Party, day: int) -> Day:
        return self._days.get((party.place, day), lambda: make_day(party, self._books, day), _leg_count)

    def _below(self, account_id: str) -> list[Party]:
        return [party for party in self._parties if account_id in party.record.tree]

    def _saved_on(self, party: Party, day: int, first: int, after: int) -> list[Leg]:
        """The legs of a month that were saved on this day: of the day before, if that is the month's, and its own."""
        own = self._day(party, day).own if first <= day < after else []
        late = self._day(party, day - 1).late if first <= day - 1 < after else []
        return sorted(late + own, key=by_key) if late else own

    def _written_on(self, party: Party, day: int) -> list[LedgerRow]:
        """What was debited and credited on this day, for the party's own calls and, as a reseller, its customers'."""
        rows: list[LedgerRow] = [((entry.saved, entry.id), entry) for entry in self._standing_entries(party, day)]
        for each in self._parties if party.record.is_reseller else [party]:
            if each is party or each.record.reseller_id == party.record.id:
                for leg in (*self._day(each, day - 1).legs, *self._day(each, day).legs):
                    tag = leg.customer_tag if each is party else leg.reseller_tag
                    if leg.cost_units and tag == PER_MINUTE and leg.written // DAY_SECONDS == day:
                        rows.append(((leg.written, leg.ledger_id(party.record.id)), leg))
        return sorted(rows, key=_key_of_row)

    def _standing_entries(self, party: Party, day: int) -> list[LedgerEntry]:
        """The month's services on its first day, and two payments."""
        moment = gregorian.to_datetime(day * DAY_SECONDS)
        if moment.day == 1:
            units = generate_services.recurring_units(self.services_summary(party.record.id))
            return [_standing_entry(party, day, "services", -units, "Monthly services")]
        if moment.day in (6, 20):
            paid = 250_000 * (1 + party.station_count // 4)
            return [_standing_entry(party, day, "payments", paid, "Automatic top-up")]
        return []

    def _login(self, seed: int) -> Login:
        reseller = self._parties[0].record
        secret = hashlib.sha256(f"key {seed} {reseller.id}".encode()).hexdigest()
        return Login(
            account_id=reseller.id,
            account_name=reseller.name,
            username="admin",
            password=secret[:12],
            api_key=secret,
            owner_id=str(generate_services.users(self._parties[0])[0]["id"]),
        )

    def _people(self, seed: int) -> Iterator[Login]:
        """An administrator and someone else of the reseller and of its first customers, by their own user names."""
        for party in self._parties[: _ACCOUNTS_WITH_PEOPLE + 1]:
            for user in generate_services.users(party)[:2]:
                secret = hashlib.sha256(f"person {seed} {user['id']}".encode()).hexdigest()
                yield Login(
                    account_id=party.record.id,
                    account_name=party.record.name,
                    username=str(user["username"]),
                    password=secret[:12],
                    api_key=secret,
                    owner_id=str(user["id"]),
                )


def _by_leg_id(day: Day) -> dict[str, Leg]:
    return {leg.id: leg for leg in day.legs}


class _Remembered(Generic[Made]):
    """What was made lately, up to a total weight; the longest unused goes first."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._made: OrderedDict[object, tuple[Made, int]] = OrderedDict()

    def get(self, key: object, make: Callable[[], Made], weigh: Callable[[Made], int]) -> Made:
        known = self._made.get(key)
        if known is not None:
            self._made.move_to_end(key)
            return known[0]
        made = make()
        weight = weigh(made) + 1
        self._made[key] = made, weight
        self._weight += weight
        while self._weight > self._weight_max and len(self._made) > 1:
            _, (_, gone) = self._made.popitem(last=False)
            self._weight -= gone
        return made


def _days_of(month: str) -> tuple[int, int]:
    """The first day of a month and the first after it, both counted from the year 0."""
    after = gregorian.month_start(gregorian.month_after(month))
    return gregorian.month_start(month) // DAY_SECONDS, after // DAY_SECONDS


def _days_within(span: Span, first: int, last: int) -> range:
    """The days that the span touches, in its order."""
    low, high = max(first, span.low[0] // DAY_SECONDS), min(last, span.high[0] // DAY_SECONDS)
    return range(high, low - 1, -1) if span.descending else range(low, high + 1)


def _within(ordered: list[Made], span: Span, key_of: Callable[[Made], Key]) -> Iterator[Made]:
    low = bisect.bisect_left(ordered, span.low, key=key_of)
    high = bisect.bisect_right(ordered, span.high, key=key_of)
    for place in range(high - 1, low - 1, -1) if span.descending else range(low, high):
        yield ordered[place]


def _leg_count(day: Day) -> int:
    return len(day.own) + len(day.late)


def _key_of_row(row: LedgerRow) -> Key:
    return row[0]


def _standing_entry(party: Party, day: int, service: str, units: int, description: str) -> LedgerEntry:
    saved = day * DAY_SECONDS + 300 + party.place % 600
    digest = hashlib.md5(f"{service} {party.record.id} {day}".encode(), usedforsecurity=False).hexdigest()
    return LedgerEntry(
        id=f"{gregorian.month_of(saved)}-{digest}",
        saved=saved,
        service=service,
        source_id=digest,
        units=units,
        quantity=0,
        usage_type="debit" if units < 0 else "credit",
        usage_unit="dollars",
        account_id=party.record.id,
        account_name=party.record.name,
        description=description,
        period_start=saved,
    )
