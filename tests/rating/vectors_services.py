"""Vectors of service plans: items before and after a change of quantities, and what is due once.

KAZOO adds and multiplies doubles, we exact decimals: amounts may differ by their noise, and by nothing more.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from reseller_reporting.rating.service_items import Activation, ServiceItem, activations, service_items

NOISE = 1e-9


def check_service_plan_items(row: Mapping[str, Any]) -> None:
    given, expected = row["in"], row["out"]
    current = service_items(given["plan"], given["current_quantities"])
    proposed = service_items(given["plan"], given["proposed_quantities"])
    _same(map(_item, current), expected["items_current"])
    _same(map(_item, proposed), expected["items_proposed"])
    annotated = [_annotated(before, after) for before, after in zip(current, proposed, strict=True)]
    _same(annotated, expected["items_annotated"])
    due = activations(current, proposed)
    _same(map(_activation, due), expected["activation_items"])
    assert float(sum(each.total for each in due)) == pytest.approx(expected["activation_total"], abs=NOISE)


def _same(found: Iterable[dict[str, Any]], expected: Iterable[dict[str, Any]]) -> None:
    def in_order(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted((_flat(each) for each in items), key=lambda each: [str(each[k]) for k in ("category", "item")])

    assert in_order(found) == [pytest.approx(each, abs=NOISE) for each in in_order(expected)]


def _flat(document: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {above + key: value}
    return flat


def _item(item: ServiceItem) -> dict[str, Any]:
    """As KAZOO shows it: what is empty or nothing is left out."""
    shown: dict[str, Any] = {
        "category": item.category,
        "item": item.shown_item,
        "name": item.name,
        "quantity": item.quantity,
        "billable": item.billable,
        "rate": float(item.rate),
        "discounts": _discounts(item),
        "minimum": item.minimum,
        "maximum": item.maximum,
        "prorate": {"additions": item.prorates_additions, "removals": item.prorates_removals},
        "total": float(item.total),
    }
    return {key: value for key, value in shown.items() if value or key not in ("discounts", "minimum", "maximum")}


def _discounts(item: ServiceItem) -> dict[str, Any]:
    discounts = item.discounts
    shown: dict[str, Any] = {}
    if discounts.total:
        shown["total"] = float(discounts.total)
    if discounts.single:
        shown["single"] = {"rate": float(discounts.single)}
    if discounts.cumulative:
        quantity = {"quantity": discounts.cumulative_quantity} if discounts.cumulative_quantity else {}
        shown["cumulative"] = {"rate": float(discounts.cumulative), **quantity}
    return shown


def _annotated(before: ServiceItem, after: ServiceItem) -> dict[str, Any]:
    """With what changed: each figure but the total, by its difference."""
    then, now = before.discounts, after.discounts
    discounts = {
        "single": _nonzero({"rate": _more(then.single, now.single)}),
        "cumulative": _nonzero(
            {
                "rate": _more(then.cumulative, now.cumulative),
                "quantity": now.cumulative_quantity - then.cumulative_quantity,
            }
        ),
    }
    difference = {
        "billable": after.billable - before.billable,
        "quantity": after.quantity - before.quantity,
        "rate": _more(before.rate, after.rate),
        "discounts": _nonzero(discounts),
    }
    changed = _nonzero(difference)
    return _item(after) | ({"changes": {"type": "modified", "difference": changed}} if changed else {})


def _more(before: Decimal | None, after: Decimal | None) -> float:
    return float((after or 0) - (before or 0))


def _nonzero(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if value}


def _activation(due: Activation) -> dict[str, Any]:
    return {
        "billable": due.billable,
        "category": due.item.category,
        "item": due.item.item,
        "name": due.item.name,
        "rate": float(due.rate),
        "total": float(due.total),
    }
