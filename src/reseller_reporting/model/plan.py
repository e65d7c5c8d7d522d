"""Price plans: what the reseller's own customers owe, as a document says it. Names, types and ranges, no arithmetic.

Owns: the shape of one plan and of who gets which. The published JSON Schema is made of these classes.
Does not own: how a file is read, rules between several places of a plan (rating.plan_check), what a plan makes of a
month (rating.pricing).

Invariants
- Money is a Decimal with at most six decimals, so that every price is a whole number of micros.
- What is absent has the default that stands here, and nowhere else.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reseller_reporting.model.exact_text import Day, Exact, Whole
from reseller_reporting.model.rounding import PLACES_MAX, Rounding

Amount = Annotated[Exact, Field(decimal_places=PLACES_MAX, max_digits=16, allow_inf_nan=False)]
Price = Annotated[Amount, Field(ge=0)]
Percent = Annotated[Exact, Field(decimal_places=4, max_digits=9, allow_inf_nan=False)]
Share = Annotated[Percent, Field(ge=0, le=100)]
Seconds = Annotated[Whole, Field(ge=0, le=86_400)]
Count = Annotated[Whole, Field(ge=0, le=1_000_000_000)]
TrunkCount = Annotated[Whole, Field(ge=-1, le=1_000_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Part(BaseModel):
    """What every part of a plan has in common: no unknown key, no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BOTH = "both"


class NumberClass(StrEnum):
    """KAZOO's default classes of a number."""

    TOLLFREE_US = "tollfree_us"
    TOLL_US = "toll_us"
    EMERGENCY = "emergency"
    CARIBBEAN = "caribbean"
    DID_US = "did_us"
    INTERNATIONAL = "international"
    UNKNOWN = "unknown"


class PricedLegs(StrEnum):
    """Which legs a rule puts a price on; the others are covered, and cost nothing."""

    ALL = "all"
    CHARGED = "charged"  # Those that the reseller was charged for.
    OVER_TRUNKS = "over-trunks"  # Those that found no room on the customer's trunks, by the replay.


class TierKind(StrEnum):
    GRADUATED = "graduated"  # Each part at the price of the step that it lies in.
    VOLUME = "volume"  # All of it at the price of the step that the whole reaches.


class Group(StrEnum):
    """Statement lines that discounts, minimums and taxes speak of."""

    USAGE = "usage"
    RECURRING = "recurring"
    ONE_OFF = "one-off"


ALL_GROUPS = tuple(Group)


class RoundingRule(Part):
    places: Annotated[Whole, Field(ge=0, le=PLACES_MAX)] = 4
    way: Rounding = Rounding.HALF_UP


class RoundingRules(Part):
    """Each leg once, each computed line once, the total once; a total that this changes has a line that says so."""

    leg: RoundingRule = RoundingRule()
    line: RoundingRule = RoundingRule(places=4)
    total: RoundingRule = RoundingRule(places=2)


class Destinations(Part):
    """Which legs are meant: any of the prefixes, classes or countries; none of them means every one.

    Prefixes and classes are those of the called number, as KAZOO rates; countries those of the far end.
    """

    direction: Direction = Direction.BOTH
    prefixes: tuple[Digits, ...] = ()
    classes: tuple[NumberClass, ...] = ()
    countries: tuple[CountryCode, ...] = ()


class Markup(Part):
    """Percent first, then the absolute amount, then the floor. On a deck's rate: per minute; on cost: per call."""

    percent: Annotated[Percent, Field(ge=-100)] = Decimal(0)
    absolute: Amount = Decimal(0)
    floor: Price = Decimal(0)


class MinuteStep(Part):
    """Up to and including so many minutes; the last step has no end."""

    to_minutes: Annotated[Count, Field(ge=1)] | None = None
    per_minute: Price


class MinuteTiers(Part):
    kind: TierKind = TierKind.GRADUATED
    steps: Annotated[tuple[MinuteStep, ...], Field(min_length=1)]


class UsageRule(Destinations):
    """A price for legs: exactly one of per_minute, tiers, deck, markup (without a deck: on cost), free."""

    text: Text = ""  # What statements call it; default: the rule's own name.
    legs: PricedLegs | None = None  # Default: the plan's.
    per_minute: Price | None = None
    tiers: MinuteTiers | None = None
    deck: str | None = None
    markup: Markup | None = None
    free: bool = False
    minimum: Seconds = 60
    increment: Annotated[Seconds, Field(ge=1)] = 60
    connect_fee: Price = Decimal(0)
    grace: Seconds = 0  # Up to so many seconds, inclusive, nothing is due.


class BundlePer(StrEnum):
    PLAN = "plan"
    TRUNK = "trunk"
    USER = "user"
    DEVICE = "device"


class Bundle(Destinations):
    """Included minutes a month, drawn on billed seconds in the order of calls."""

    text: Text = ""
    minutes: Count
    per: BundlePer = BundlePer.PLAN
    pooled: bool = False  # One pool for the customer and all accounts below it.
    carry_over_months: Annotated[Whole, Field(ge=0, le=12)] = 0  # How long what is left lives on.


class SpendStep(Part):
    """Up to and including such an amount; the last step has no end."""

    to: Price | None = None
    percent: Share


class SpendTiers(Part):
    kind: TierKind = TierKind.GRADUATED
    steps: Annotated[tuple[SpendStep, ...], Field(min_length=1)]


class Discount(Part):
    """Exactly one of percent, amount, tiers; one line for each group that it is of."""

    text: Text
    of: Annotated[tuple[Group, ...], Field(min_length=1)] = (Group.USAGE,)
    percent: Share | None = None
    amount: Price | None = None  # Never more than there is; of exactly one group.
    tiers: SpendTiers | None = None


class MinimumSpend(Part):
    """What the group comes to at least, after discounts; a line makes up for what is missing."""

    amount: Price
    text: Text = "Minimum spend"
    of: Group = Group.USAGE


class QuantityStep(Part):
    to: Annotated[Count, Field(ge=1)] | None = None
    price: Price


class QuantityTiers(Part):
    kind: TierKind = TierKind.GRADUATED
    steps: Annotated[tuple[QuantityStep, ...], Field(min_length=1)]


class RecurringPrice(Part):
    """A price a month for each of a thing: what KAZOO counts (`item`), or a quantity of one's own (`quantity`)."""

    text: Text = ""
    item: str = ""  # `category/item`, or a well-known short name; default: the name of this entry.
    quantity: Annotated[Exact, Field(ge=0, decimal_places=4, max_digits=13)] | None = None
    price: Price | None = None
    tiers: QuantityTiers | None = None
    included: Count = 0
    minimum: Count = 0
    maximum: Count | None = None


class OneOff(Part):
    """A charge, or a credit where the amount is negative, on a day; of some customers, or of all the plan's."""

    text: Text
    amount: Amount
    on: Day
    customers: tuple[str, ...] = ()


class Tax(Part):
    """A named percentage on groups of lines; inclusive: the prices hold it already, and the line only shows it."""

    name: Text
    percent: Share
    of: Annotated[tuple[Group, ...], Field(min_length=1)] = ALL_GROUPS
    inclusive: bool = False


class Trunks(Part):
    """The trunks that the customer bought, where they are not those of its KAZOO limits; -1 is unlimited."""

    inbound: TrunkCount = 0
    outbound: TrunkCount = 0
    twoway: TrunkCount = 0
    burst: TrunkCount = 0


class Proration(StrEnum):
    NONE = "none"  # A whole month, by the quantity and the plan at the period's end.
    DAYS = "days"  # By the days on which a quantity, and a plan, was there.


class Plan(Part):
    """One version of a price plan, from a day on, until the next one begins."""

    plan: Name
    name: Text = ""
    effective: Day | None = None  # In the report's time zone; absent: since ever.
    extends: Name | None = None  # Entries of the same name here take the place of those there.
    currency: Currency | None = None  # Must be the reseller's; absent: it is.
    legs: PricedLegs = PricedLegs.ALL
    trunks: Trunks | None = None
    rounding: RoundingRules = RoundingRules()
    proration: Proration = Proration.NONE
    usage: dict[Name, UsageRule] = {}
    bundles: dict[Name, Bundle] = {}
    recurring: dict[str, RecurringPrice | Price] = {}
    one_off: tuple[OneOff, ...] = ()
    discounts: dict[Name, Discount] = {}
    minimum_spend: MinimumSpend | Price | None = None
    taxes: dict[Name, Tax] = {}


def label_of(plan: str, effective: date | None) -> str:
    """How a version is named: `retail@2026-10-16`; the one since ever by the plan's name alone."""
    return plan if effective in (None, date.min) else f"{plan}@{effective.isoformat()}"


class Assignment(Part):
    """Which plan a customer gets from a day on. An id goes before a name, a name before a pattern, that before all."""

    plan: Name
    customer: Text = "*"  # An id, an exact name, or a pattern with * and ?; `*` alone is the default for everyone.
    effective: Day | None = None
    set: dict[str, Amount | str | bool] = {}  # Overrides: `recurring.twoway_trunks.price: 27.50`.


class Assignments(Part):
    """The file `customers.yaml` beside the plans."""

    customers: tuple[Assignment, ...]
