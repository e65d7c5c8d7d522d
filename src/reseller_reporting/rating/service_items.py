"""Service items: what a service plan of KAZOO charges a month for the quantities of an account, and once for more.

Owns: quantity, billable quantity, tiers and discounts by KAZOO's rules. Does not own: which plans are merged into one,
proration, taxes, and the split of a reseller's items over its customers (recurring).

Amounts are exact decimals of currency, where KAZOO's are doubles: they differ from its figures by less than a
thousand-millionth.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

ALL = "_all"
_NOTHING = Decimal(0)
Document = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounts:
    """None: the plan gives no such discount, or not yet at this quantity."""

    single: Decimal | None = None
    cumulative: Decimal | None = None  # Per unit.
    cumulative_quantity: int = 0

    @property
    def total(self) -> Decimal:
        return (self.single or _NOTHING) + self.cumulative_quantity * (self.cumulative or _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceItem:
    """One priced item, a month."""

    category: str
    item: str  # As counted.
    shown_item: str  # As named by the plan's `as`.
    name: str
    quantity: int
    billable: int
    rate: Decimal
    discounts: Discounts
    minimum: int
    maximum: int
    activation_charge: Decimal
    prorates_additions: bool
    prorates_removals: bool

    @property
    def total(self) -> Decimal:
        """May be negative: a discount is not bounded by what it is taken from."""
        return self.billable * self.rate - self.discounts.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """What more of an item costs once."""

    item: ServiceItem
    billable: int
    rate: Decimal

    @property
    def total(self) -> Decimal:
        return self.billable * self.rate


def service_items(plan: Document, quantities: Document) -> list[ServiceItem]:
    """`plan` is the `plan` object of a service plan; `quantities` has `account`, `cascade` and `manual`."""
    return [
        _priced(category, item, stated, quantities)
        for category, items in plan.items()
        for item, stated in _objects(items)
        if stated
    ]


def activations(current: list[ServiceItem], proposed: list[ServiceItem]) -> list[Activation]:
    """The one-off charges of going from the current quantities to the proposed ones, under one plan."""
    before = {(each.category, each.item): each.billable for each in current}
    added = [(each, each.billable - before.get((each.category, each.item), 0)) for each in proposed]
    return [
        Activation(item=each, billable=more, rate=each.activation_charge)
        for each, more in added
        if more > 0 and each.activation_charge > 0
    ]


def _priced(category: str, item: str, stated: Document, quantities: Document) -> ServiceItem:
    quantity = _quantity(category, item, stated, quantities)
    billable = _billable(stated, quantity)
    plain_rate = _amount(stated.get("rate"))
    rate = _tier(stated, "rates", billable)
    flat_rate = _tier(stated, "flat_rates", billable)
    if flat_rate is None and (stated_flat := _amount(stated.get("flat_rate"))) > 0:
        flat_rate = stated_flat
    if flat_rate is not None:
        billable = 1  # Discounts, too, see one unit.
    prorate = _object(stated, "prorate")
    shown_item = str(stated.get("as") or item)
    return ServiceItem(
        category=category,
        item=item,
        shown_item=shown_item,
        name=str(stated.get("name") or (category if item == ALL else f"{category}/{shown_item}")),
        quantity=quantity,
        billable=billable,
        rate=flat_rate if flat_rate is not None else plain_rate if rate is None else rate,
        discounts=_discounts(stated, plain_rate, billable),
        minimum=_whole(stated.get("minimum"), 0),
        maximum=_whole(stated.get("maximum"), quantity),
        activation_charge=_amount(stated.get("activation_charge")),
        prorates_additions=prorate.get("additions") is not False,
        prorates_removals=prorate.get("removals") is not False,
    )


def _quantity(category: str, item: str, stated: Document, quantities: Document) -> int:
    counted = {**_counts(quantities, "account", category), **_counts(quantities, "manual", category)}
    cascaded = _counts(quantities, "cascade", category) if stated.get("cascade") is True else {}
    if item != ALL:
        return counted.get(item, 0) + cascaded.get(item, 0)
    exceptions = stated.get("exceptions")
    left_out = set(exceptions) if isinstance(exceptions, list) else set()
    return sum(count for each in (counted, cascaded) for name, count in each.items() if name not in left_out)


def _billable(stated: Document, quantity: int) -> int:
    """Whole steps, within bounds that are whole steps, too."""
    step = max(1, _whole(stated.get("step"), 1))
    steps = -(-quantity // step) * step
    minimum = -(-_whole(stated.get("minimum"), 0) // step) * step
    maximum = -(-_whole(stated.get("maximum"), quantity) // step) * step
    if steps < minimum:
        return minimum
    return min(steps, maximum)


def _tier(stated: Document, name: str, billable: int) -> Decimal | None:
    """The value of the smallest key that is not below the quantity; beyond the largest there is none."""
    tiers = {int(key): value for key, value in _object(stated, name).items()}
    reached = [key for key in tiers if key >= billable]
    return _amount(tiers[min(reached)]) if reached else None


def _discounts(stated: Document, plain_rate: Decimal, billable: int) -> Discounts:
    """Only an item with a plain rate is discounted, whatever tier its price comes from."""
    if plain_rate <= 0:
        return Discounts()
    offered = _object(stated, "discounts")
    single, cumulative = _object(offered, "single"), _object(offered, "cumulative")
    single_rate = cumulative_rate = None
    limited = 0
    if single and billable >= _whole(single.get("minimum"), 1):
        single_rate = _amount(single.get("rate", plain_rate))
    if cumulative and billable >= _whole(cumulative.get("minimum"), 1):
        limited = min(billable, _whole(cumulative.get("maximum"), 0))
        cumulative_rate = _tier(cumulative, "rates", limited)
        if cumulative_rate is None:
            cumulative_rate = _amount(cumulative.get("rate", plain_rate))
    return Discounts(single=single_rate, cumulative=cumulative_rate, cumulative_quantity=limited)


def _objects(items: object) -> Iterator[tuple[str, Document]]:
    if isinstance(items, Mapping):
        yield from ((name, stated) for name, stated in items.items() if isinstance(stated, Mapping))


def _object(document: Document, name: str) -> Document:
    inner = document.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _counts(quantities: Document, kind: str, category: str) -> dict[str, int]:
    return {name: _whole(count, 0) for name, count in _object(_object(quantities, kind), category).items()}


def _amount(value: object) -> Decimal:
    # A double goes through its shortest text, which is the amount that was meant.
    return _NOTHING if value is None else Decimal(str(value))


def _whole(value: object, default: int) -> int:
    return default if value is None else int(str(value))
