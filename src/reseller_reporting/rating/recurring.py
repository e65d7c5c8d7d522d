"""Recurring: what of the reseller's own invoice falls to which of its accounts.

Invariants
- The parts of an item, the reseller's own included, add up to the item to the last digit.
- Who has no quantity of an item carries no part of it; an item of which nobody has any is the reseller's own.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from reseller_reporting.model.account import InvoiceItem, Services
from reseller_reporting.model.ids import AccountId

Parts = dict[AccountId | None, Decimal]  # The key None is the reseller's own part.

_ALL = "_all"
_PLACES = -4


def split_cascade(
    items: Sequence[InvoiceItem],
    own: Services,
    accounts: Mapping[AccountId, Services],
    carriers: Mapping[AccountId, Collection[AccountId]],
    *,
    are_all_known: bool = True,
) -> Parts:
    """Each cascading item over the reseller and the accounts, by quantity, in 1/10 000 of the currency.

    `carriers` are sub-resellers, each with those accounts below it that have parts of their own: it carries the share
    of all the others. Where an account's services are not known, its share is what the reseller's own count of
    everything below it leaves over; it stays with the reseller, so that no other account pays for it.
    """
    parts: Parts = dict.fromkeys([None, *accounts], Decimal(0))
    for item in (item for item in items if item.cascade):
        carried = _carried(item, accounts, carriers)
        counted = sum(_count(services.account, item) for services in accounts.values()) + sum(carried.values())
        unknown = 0 if are_all_known else max(0, _count(own.cascade, item) - counted)
        weights: dict[AccountId | None, int] = {None: _quantity(own, item) + unknown}
        for account_id, services in accounts.items():
            weights[account_id] = _quantity(services, item) + carried.get(account_id, 0)
        for key, part in _split(item.total, weights).items():
            parts[key] += part
    return parts


def _carried(
    item: InvoiceItem, accounts: Mapping[AccountId, Services], carriers: Mapping[AccountId, Collection[AccountId]]
) -> dict[AccountId, int]:
    """What each carrier carries: all that is counted below it, without what others there have or carry."""
    carried: dict[AccountId, int] = {}
    # A carrier below another has fewer below itself, so it is known when the upper one asks.
    for carrier in sorted(carriers, key=lambda each: (len(carriers[each]), each)):
        others = sum(_count(accounts[each].account, item) + carried.get(each, 0) for each in carriers[carrier])
        carried[carrier] = max(0, _count(accounts[carrier].cascade, item) - others)
    return carried


def _split(total: Decimal, weights: Mapping[AccountId | None, int]) -> Parts:
    """The total in proportion to the weights, by largest remainder; ties go to the smaller account id."""
    whole = sum(weights.values())
    if whole <= 0:
        return {None: total}
    step = Decimal(1).scaleb(min(_PLACES, _exponent(total)))
    steps, sign = int(abs(total) / step), -1 if total < 0 else 1
    shares = {key: divmod(steps * weight, whole) for key, weight in weights.items()}
    left = steps - sum(share for share, _ in shares.values())
    by_remainder = sorted(shares, key=lambda key: (-shares[key][1], key or ""))
    rounded_up = set(by_remainder[:left])
    return {key: sign * step * (share + (key in rounded_up)) for key, (share, _) in shares.items()}


def _exponent(total: Decimal) -> int:
    exponent = total.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "an invoice item's total is a finite amount"
    return exponent


def _quantity(services: Services, item: InvoiceItem) -> int:
    """What billing counts: the manual value where one stands, else the counted one; never below zero."""
    if item.item != _ALL and not item.exceptions:
        return max(0, services.quantity(item.category, item.item))
    keys = {key for key in (*services.account, *services.manual) if key[0] == item.category}
    return sum(max(0, services.quantity(*key)) for key in keys if key[1] not in item.exceptions)


def _count(counts: Mapping[tuple[str, str], int], item: InvoiceItem) -> int:
    """What was counted of the item, with no regard to manual values: so are the counts of all below an account made."""
    if item.item != _ALL and not item.exceptions:
        return max(0, counts.get((item.category, item.item), 0))
    return sum(
        max(0, count)
        for (category, name), count in counts.items()
        if category == item.category and name not in item.exceptions
    )
