"""Tenancy: the house as one reseller has it, with its KAZOO, its store, its currency.

Invariants
- Resellers share no store: the one of the settings has the settings' store, each other one a folder of its own.
- The web application imports this: nothing that reads KAZOO is imported before it is used.
- Credentials are unsealed on the way into the house, and nowhere else.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from reseller_reporting.app.house import House
from reseller_reporting.config import Settings, kazoo_credentials_problem
from reseller_reporting.control.models import KnownAccount, Reseller
from reseller_reporting.control.plans import OWN
from reseller_reporting.control.sealing import Seal, seal_of
from reseller_reporting.model.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class KazooLogin:
    """What a reseller's connection needs; either the key, or the other three."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    account_name: str | None = None


def house_of(house: House, reseller: Reseller) -> House:
    """The same house before this reseller's KAZOO."""
    settings = house.settings
    if reseller.key != OWN:
        folder = settings.home / "resellers" / reseller.key / "store"
        settings = _without_kazoo(replace(settings, store_url=str(folder)))
    own = House(replace(settings, currency=currency_of(house, reseller)), house.clock, house.is_kazoo_typed)
    if not reseller.sealed_credentials:
        return own
    stated = json.loads(seal(house).unseal(reseller.sealed_credentials))
    return house_at(own, KazooLogin(url=reseller.kazoo_url, **stated))


def house_at(house: House, login: KazooLogin) -> House:
    """The same house before the KAZOO that a user typed."""
    settings = replace(
        _without_kazoo(house.settings),
        kazoo_url=login.url,
        kazoo_api_key=login.api_key,
        kazoo_username=login.username,
        kazoo_password=login.password,
        kazoo_account_name=login.account_name,
    )
    return House(settings, house.clock, is_kazoo_typed=True)


def keep_login(house: House, reseller: Reseller, login: KazooLogin) -> None:
    """Sealed from here on; what was known of another KAZOO's accounts is forgotten."""
    names = ("api_key", "username", "password", "account_name")
    stated = {name: getattr(login, name) for name in names if getattr(login, name)}
    reseller.kazoo_url = login.url
    reseller.sealed_credentials = seal(house).seal(json.dumps(stated))
    reseller.tree_read_at = None
    reseller.save(update_fields=["kazoo_url", "sealed_credentials", "tree_read_at"])


def is_connected(house: House, reseller: Reseller) -> bool:
    """What is sealed was whole when it was kept. It is not unsealed for this: it may be of another secret key."""
    if reseller.sealed_credentials:
        return bool(reseller.kazoo_url)
    return reseller.key == OWN and kazoo_credentials_problem(house.settings) is None


def currency_of(house: House, reseller: Reseller) -> str:
    return reseller.currency or house.settings.currency


def run_folder(house: House, run_id: object) -> Path:
    return runs_folder(house) / str(run_id)


def runs_folder(house: House) -> Path:
    return house.settings.home / "runs"


def read_tree(house: House, reseller: Reseller) -> int:
    """The accounts as KAZOO has them now, for choosing and searching; returns how many."""
    from reseller_reporting.app.ingest import customer_tree

    own, tree = customer_tree(house_of(house, reseller))
    keep_tree(reseller, own, tree, now=house.clock())
    return len(tree)


def keep_tree(reseller: Reseller, own: Account, tree: list[Account], *, now: datetime) -> None:
    """Called within the reseller's scope. Accounts that are gone go; reports on them stay."""
    from django.db import transaction

    rows = [_known(reseller, account) for account in [own, *tree]]
    with transaction.atomic():
        KnownAccount.objects.exclude(account_id__in=[row.account_id for row in rows]).delete()
        KnownAccount.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["reseller", "account_id"],
            update_fields=["name", "realm", "parent_id", "reseller_account_id", "is_reseller", "lineage", "sought"],
            batch_size=500,
        )
        row = Reseller.objects.filter(pk=reseller.pk)
        row.update(account_id=own.id, tree_read_at=now, **({"name": own.name[:200]} if own.name else {}))
        # Reading took its time: a zone that was chosen meanwhile stands.
        row.filter(timezone="").update(timezone=own.timezone or "")
    reseller.refresh_from_db()


def seal(house: House) -> Seal:
    return seal_of(house.settings.home, house.settings.secret_key)


def _without_kazoo(settings: Settings) -> Settings:
    return replace(
        settings,
        kazoo_url=None,
        kazoo_api_key=None,
        kazoo_username=None,
        kazoo_password=None,
        kazoo_account_name=None,
    )


def _known(reseller: Reseller, account: Account) -> KnownAccount:
    return KnownAccount(
        reseller=reseller,
        account_id=account.id,
        name=account.name[:500],
        realm=account.realm[:500],
        parent_id=account.parent_id or "",
        reseller_account_id=account.reseller_id or "",
        is_reseller=account.is_reseller,
        lineage=f"/{'/'.join([*account.tree, account.id])}/",
        sought=f"{account.name}\n{account.realm}\n{account.id}".lower(),
    )


def this_house() -> House:
    """That of the web process, for views: set once, as the application is opened."""
    from django.conf import settings

    house: House = cast("Any", settings).HOUSE
    return house
