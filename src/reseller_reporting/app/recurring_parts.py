"""Recurring parts: what of the reseller's own recurring invoice falls to each of its customers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reseller_reporting.app.ingest import Pulled
from reseller_reporting.model.account import Services, Snapshot
from reseller_reporting.rating.recurring import split_cascade


def recurring_parts(pulled: Pulled, taken: Mapping[str, Snapshot]) -> dict[str, Decimal] | None:
    """What of the reseller's own recurring invoice falls to each account; None when that cannot be known."""
    own = taken.get(pulled.own.id)
    if not pulled.own.is_reseller or own is None or own.services is None or own.services.recurring is None:
        return None
    chosen = {account.id for account in pulled.selected}
    customers = [a for a in pulled.tree if a.reseller_id == pulled.own.id or a.id in chosen]
    services: dict[Any, Services] = {
        a.id: snapshot.services
        for a in customers
        if (snapshot := taken.get(a.id)) is not None and snapshot.services is not None
    }
    below = {a.id: [c.id for c in customers if a.id in c.tree] for a in customers if a.is_reseller}
    carriers = {id_: ids for id_, ids in below.items() if services.keys() >= {id_, *ids}}
    parts = split_cascade(
        own.services.items, own.services, services, carriers, are_all_known=len(services) == len(customers)
    )
    return {str(key): part for key, part in parts.items() if key is not None}
