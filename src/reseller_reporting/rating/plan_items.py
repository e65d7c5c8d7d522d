"""Quantities that recurring prices are for: a short name, or KAZOO's own `category/item`."""

from reseller_reporting.model.account import Services
from reseller_reporting.model.counted_items import ALL_ITEMS, COUNTED_ITEMS, Item


def items_of(name: str) -> tuple[Item, ...] | None:
    """What a plan means by this name; None: nothing that is known."""
    if name in COUNTED_ITEMS:
        return COUNTED_ITEMS[name]
    category, _, item = name.partition("/")
    return ((category, item),) if category and item and "/" not in item else None


def quantity_of(item: str, services: Services) -> int:
    """What billing counts of it: manual values stand in for counted ones, nothing is below zero."""
    items = items_of(item)
    assert items is not None, f"a checked plan names what is counted, not {item!r}"
    keys = {key for each in items for key in _keys(each, services)}
    return sum(max(0, services.quantity(*key)) for key in keys)


def _keys(item: Item, services: Services) -> set[Item]:
    category, name = item
    if name != ALL_ITEMS:
        return {item}
    return {key for key in (*services.account, *services.manual) if key[0] == category}
