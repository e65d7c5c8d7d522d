"""The made-up deck: what a minute costs, and the numbers that the made-up customers talk to.

Owns: the rates, the phone books, what billing makes of each number. Does not own: who calls when.

Words
- Contact: a far end, with all that authorisation and rating would find out about its number.
"""

from dataclasses import dataclass
from random import Random

from reseller_reporting.simulate.rate import Rate

TOLLFREE = "tollfree_us"
DID_US = "did_us"
BOOK_SIZE = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """`flat_rate` tells whether a trunk may carry a call to it; `tagged` whether billing looks at it at all."""

    number: str
    classification: str
    flat_rate: bool
    rate: Rate | None
    tagged: bool = True


@dataclass(frozen=True, slots=True)
class _Destination:
    """A share of the phone book: numbers begin with one of `prefixes` and go on for `digits`."""

    weight: int
    prefixes: tuple[str, ...]
    digits: int
    classification: str
    rate: Rate | None
    flat_rate: bool = False


US_INBOUND = Rate(units=50, increment=6, minimum=6, name="US_INBOUND", description="US DID inbound")
TOLLFREE_INBOUND = Rate(units=180, increment=6, minimum=30, name="US_TOLLFREE_INBOUND", description="US toll-free")
_US = Rate(units=100, increment=6, minimum=6, name="US_DOMESTIC", description="United States")
_US_RURAL = Rate(units=333, increment=60, minimum=60, name="US_RURAL", description="United States, rural")
_CA = Rate(units=120, increment=60, minimum=60, name="CA_DOMESTIC", description="Canada")
_US_TOLLFREE = Rate(units=0, increment=60, minimum=60, name="US_TOLLFREE", description="US toll-free")

_AREAS_US = ("+1212", "+1415", "+1303", "+1312", "+1512", "+1617", "+1206", "+1305", "+1404", "+1702")
_DESTINATIONS = (
    _Destination(520, _AREAS_US, 7, DID_US, _US, flat_rate=True),
    _Destination(60, ("+1605", "+1712", "+1641"), 7, DID_US, _US_RURAL, flat_rate=True),
    _Destination(90, ("+1416", "+1514", "+1604", "+1403"), 7, DID_US, _CA, flat_rate=True),
    _Destination(90, ("+1800", "+1888", "+1877", "+1866"), 7, TOLLFREE, _US_TOLLFREE),
    _Destination(14, ("+1876",), 7, "caribbean", Rate(units=2150, name="JM_JAMAICA", description="Jamaica")),
    _Destination(
        14, ("+1809", "+1829"), 7, "caribbean", Rate(units=800, increment=6, minimum=30, name="DO_DOMINICAN_REPUBLIC")
    ),
    _Destination(
        10, ("+1787", "+1939"), 7, "caribbean", Rate(units=140, increment=6, minimum=6, name="PR_PUERTO_RICO")
    ),
    _Destination(
        40,
        ("+44207", "+44161", "+44121"),
        7,
        "international",
        Rate(units=110, increment=6, minimum=30, name="UK_LANDLINE", description="United Kingdom"),
    ),
    _Destination(
        34,
        ("+4477", "+4478", "+4479"),
        8,
        "international",
        Rate(units=290, increment=1, minimum=30, nocharge=3, name="UK_MOBILE", description="United Kingdom, mobile"),
    ),
    _Destination(
        26, ("+4930", "+4989", "+4940"), 8, "international", Rate(units=95, increment=1, minimum=1, name="DE_LANDLINE")
    ),
    _Destination(
        20, ("+49151", "+49170"), 8, "international", Rate(units=410, name="DE_MOBILE", description="Germany, mobile")
    ),
    _Destination(18, ("+336", "+337"), 8, "international", Rate(units=520, increment=30, minimum=30, name="FR_MOBILE")),
    _Destination(
        26,
        ("+5255", "+5233", "+5281"),
        8,
        "international",
        Rate(units=330, name="MX_MOBILE", description="Mexico, mobile"),
    ),
    _Destination(
        20, ("+9198", "+9199"), 8, "international", Rate(units=175, increment=6, minimum=50, name="IN_MOBILE")
    ),
    _Destination(8, ("+535",), 7, "international", Rate(units=7900, surcharge=500, name="CU_CUBA", description="Cuba")),
    _Destination(
        4,
        ("+87077",),
        7,
        "international",
        Rate(units=64_500, increment=15, minimum=30, surcharge=2500, name="INMARSAT"),
    ),
    _Destination(4, ("+883510",), 6, "international", None),
)
_SHORT = (
    Contact("411", "unknown", flat_rate=False, rate=Rate(units=0, surcharge=7500, name="US_DIRECTORY_ASSISTANCE")),
    Contact("933", "emergency", flat_rate=False, rate=None),
    Contact("911", "emergency", flat_rate=False, rate=None, tagged=False),
)
_STRANGE_CALLERS = ("anonymous", "Restricted", "266696687", "72345", "+48221234567", "0015550100")


def outbound_book(rng: Random) -> list[Contact]:
    """Whom the customers call, the short codes among them."""
    chosen = rng.choices(_DESTINATIONS, weights=[each.weight for each in _DESTINATIONS], k=BOOK_SIZE)
    book = [_contact(destination, rng) for destination in chosen]
    for place in range(150, BOOK_SIZE, 500):
        book[place] = _SHORT[place // 500 % len(_SHORT)]
    return book


def inbound_book(rng: Random) -> list[str]:
    """Who calls in: numbers, and now and then something that is none."""
    book = [_contact(_DESTINATIONS[rng.choice((0, 0, 0, 0, 1, 2, 7, 8))], rng).number for _ in range(BOOK_SIZE)]
    for place in range(3, BOOK_SIZE, 45):
        book[place] = _STRANGE_CALLERS[place // 45 % len(_STRANGE_CALLERS)]
    return book


def own_number(rng: Random, *, is_tollfree: bool) -> str:
    return f"{rng.choice(('+1888', '+1855') if is_tollfree else _AREAS_US)}{rng.randrange(2_000_000, 9_999_999)}"


def _contact(destination: _Destination, rng: Random) -> Contact:
    lowest = 2 * 10 ** (destination.digits - 1)
    number = f"{rng.choice(destination.prefixes)}{rng.randrange(lowest, 5 * lowest)}"
    return Contact(number, destination.classification, destination.flat_rate, destination.rate)
