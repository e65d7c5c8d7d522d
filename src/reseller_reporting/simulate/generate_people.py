"""The made-up people: companies, their time zones, plans, users, devices and numbers.

Owns: what a customer is. Does not own: what it does (generate_calls).

Invariants
- Everything about an account follows from the seed and its place in the list.
- No name holds a quotation mark, a backslash or a control character: rows are written without escaping.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from reseller_reporting.simulate.generate_deck import own_number
from reseller_reporting.simulate.world import MASTER_ID, AccountRecord

UNLIMITED = -1


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Alder Amber Beacon Birch Blue Bright Cedar Clear Coastal Copper Crescent Delta Eagle Elm Evergreen First Garden "
    "Golden Granite Harbor Hillside Iron Ivy Juniper Keystone Lakeside Liberty Lincoln Maple Meadow Metro Midtown "
    "Northern Oak Olive Orchard Pacific Pine Prairie Quarry Redwood River Rocky Silver Spring Summit Union Valley "
    "Village Willow"
)
_TRADES = _words(
    "Accounting Animal-Hospital Architects Auto-Repair Bakery Bank Books Brewing Builders Catering Clinic Coffee "
    "Consulting Dental Design Electric Fitness Florists Foods Freight Furniture Glass Hardware Hotel Insurance "
    "Interiors Labs Landscaping Law Logistics Medical Motors Music Optics Pharmacy Plumbing Printing Properties "
    "Roofing School Software Supply Travel Wines"
)
_FORMS = ("", " Inc", " LLC", " Group", " & Sons", " Co")
_FOREIGN = (
    "Café Müller",
    "Łódź Logistics",
    "Ångström Dental",
    "São João Imports",
    "東京トレーディング",
    "O'Brien & Søn",
    "Ελληνικά Foods, Inc",
    "Crème Brûlée Bakery",
)
_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Denver",
    "America/Toronto",
    "America/New_York",
    "Europe/London",
    None,
    "America/Phoenix",
    "Europe/Berlin",
)
_GIVEN = _words("Ann Bo Carla Dev Elif Femi Gus Hana Igor José Kim Léa Mei Nils Omar Pia Quinn Rosa Søren Tara Zoë")
_FAMILY = _words("Adams Baker Chen Díaz Evans Ferrari Garcia Haddad Ito Jensen Khan Lee Müller Novak Okafor Park Silva")
_DEVICE_KINDS = ("sip_device", "sip_device", "sip_device", "softphone", "cellphone", "landline", "ata", "fax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one party may call. Trunks are channels, -1 unlimited; allotments are seconds a UTC day by classification.

    `calls_max` is a hard limit on all calls at once; `prepay` whether credit pays for what nothing else covers;
    `soft` whether a call that nothing covers goes through all the same.
    """

    name: str
    inbound: int = 0
    outbound: int = 0
    twoway: int = 0
    burst: int = 0
    allotments: Mapping[str, int] = field(default_factory=dict)
    enabled: bool = True
    calls_max: int = UNLIMITED
    prepay: bool = True
    soft: bool = False


_CUSTOMER_PLANS = (
    Plan(name="Trunks", twoway=1, burst=1),
    Plan(name="Pay as you go"),
    Plan(name="Bundle", allotments={"outbound_did_us": 5_400, "inbound_tollfree_us": 1_800}),
    Plan(name="Trunks only", inbound=1, outbound=1, twoway=1, prepay=False),
    Plan(name="Pay as you go"),
    Plan(name="Capped", calls_max=2),
    Plan(name="Unmetered", enabled=False),
    Plan(name="Big trunks", inbound=2, outbound=2, twoway=4, burst=2),
    Plan(name="Lenient", twoway=1, prepay=False, soft=True),
    Plan(name="Unlimited trunks", twoway=UNLIMITED),
)
# What the reseller's provider grants for each customer's calls: its share of the reseller's own trunks.
_RESELLER_PLANS = (
    Plan(name="Share", twoway=1, burst=2),
    Plan(name="Share", twoway=1),
    Plan(name="Credit"),
    Plan(name="Share", twoway=6),
    Plan(name="Allotment", twoway=1, allotments={"did_us": 3_600}),
    Plan(name="Share", twoway=2, burst=2),
    Plan(name="Credit"),
    Plan(name="Trunks only", twoway=2, prepay=False),
    Plan(name="Overflow", burst=1),
    Plan(name="Unmetered", enabled=False),
    Plan(name="Capped", twoway=1, calls_max=4),
)


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """A user and the device that it calls from."""

    user_id: str
    first_name: str
    last_name: str
    level: str
    extension: str
    device_id: str
    device_kind: str
    number: str  # The number that its calls show, and that callers reach it by.

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Party:
    """One account of the made-up world with what is fixed about it. `place` is its place in the list."""

    record: AccountRecord
    place: int
    seed: int
    calls_per_day: float
    plan: Plan
    reseller_plan: Plan
    discount_percent: int
    station_count: int

    @property
    def number_count(self) -> int:
        return 1 + self.station_count // 2

    @property
    def tollfree_count(self) -> int:
        return 1 if self.place % 3 == 0 else 0


def make_parties(seed: int, accounts: int, calls: int) -> list[Party]:
    """The reseller, then its `accounts` customers, then those of the sub-reseller that is among them."""
    reseller = _record(seed, 0, "Brightline Telecom", (MASTER_ID,), MASTER_ID, is_reseller=True)
    tree = (*reseller.tree, reseller.id)
    has_sub_reseller = accounts >= 3
    records = [reseller]
    for place in range(1, accounts + 1):
        is_sub_reseller = has_sub_reseller and place == 3
        # From six customers on, one is a branch of another: a customer at depth two.
        parent_tree = (*tree, records[1].id) if place == 5 and accounts >= 6 else tree
        records.append(
            _record(seed, place, _name(seed, place, accounts), parent_tree, reseller.id, is_reseller=is_sub_reseller)
        )
    if has_sub_reseller:
        sub = records[3]
        for place in range(accounts + 1, accounts + 3 + accounts // 50):
            name = _name(seed, place, accounts)
            records.append(_record(seed, place, name, (*sub.tree, sub.id), sub.id, is_reseller=False))
    return _with_volumes(seed, records, calls)


def _with_volumes(seed: int, records: list[AccountRecord], calls: int) -> list[Party]:
    """Calls are spread as such things are: a few accounts make most of them. The resellers make few of their own."""
    rng = Random(f"volumes {seed}")
    ranks = list(range(1, len(records)))
    rng.shuffle(ranks)
    weights = [0.02, *(1 / rank**0.85 for rank in ranks)]
    share_of_one = calls / 30.44 / sum(weights)
    return [_party(seed, place, record, weights[place] * share_of_one) for place, record in enumerate(records)]


def _party(seed: int, place: int, record: AccountRecord, calls_per_day: float) -> Party:
    return Party(
        record=record,
        place=place,
        seed=_seed(seed, f"party {place}"),
        calls_per_day=calls_per_day,
        plan=_CUSTOMER_PLANS[(place - 1) % len(_CUSTOMER_PLANS)],
        reseller_plan=_RESELLER_PLANS[(place - 1) % len(_RESELLER_PLANS)],
        discount_percent=(0, 0, 10, 0, 15)[place % 5],
        station_count=min(3 + int(calls_per_day / 12), 60),
    )


@lru_cache(maxsize=1024)
def stations(party: Party) -> tuple[Station, ...]:
    """The party's users, each with a device; the first one is the administrator."""
    rng = Random(party.seed)
    numbers = [own_number(rng, is_tollfree=False) for _ in range(party.number_count)]
    numbers += [own_number(rng, is_tollfree=True) for _ in range(party.tollfree_count)]
    return tuple(
        Station(
            user_id=_id(party.seed, f"user {place}"),
            first_name=rng.choice(_GIVEN),
            last_name=rng.choice(_FAMILY),
            level="user" if place else "admin",
            extension=str(1001 + place),
            device_id=_id(party.seed, f"device {place}"),
            device_kind=rng.choice(_DEVICE_KINDS),
            number=numbers[place % len(numbers)],
        )
        for place in range(party.station_count)
    )


def _record(
    seed: int, place: int, name: str, tree: tuple[str, ...], reseller_id: str, *, is_reseller: bool
) -> AccountRecord:
    account_id = _id(seed, f"account {place}")
    return AccountRecord(
        id=account_id,
        name=name,
        realm=f"{account_id[:6]}.sip.example.com",
        tree=tree,
        reseller_id=reseller_id,
        is_reseller=is_reseller,
        timezone=_ZONES[(place - 1) % len(_ZONES)] if place else "America/New_York",
    )


def _name(seed: int, place: int, accounts: int) -> str:
    """Names are told apart by construction, but for one pair that is the same on purpose."""
    if place == 9 and accounts >= 12:
        place = 4
    if place % 4 == 2 and place // 4 < len(_FOREIGN):
        return _FOREIGN[place // 4]
    combinations = len(_FIRST) * len(_TRADES) * len(_FORMS)
    which = (place * 3_571 + seed * 997) % combinations
    first, rest = divmod(which, len(_TRADES) * len(_FORMS))
    trade, form = divmod(rest, len(_FORMS))
    return f"{_FIRST[first]} {_TRADES[trade].replace('-', ' ')}{_FORMS[form]}"


def _id(seed: int, what: str) -> str:
    return hashlib.md5(f"{seed} {what}".encode(), usedforsecurity=False).hexdigest()


def _seed(seed: int, what: str) -> int:
    return int(_id(seed, what)[:15], 16)
