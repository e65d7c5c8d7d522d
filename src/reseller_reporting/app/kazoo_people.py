"""People of KAZOO: whoever logs in by their own KAZOO user, whose account says what they are here.

Invariants
- Administrators alone come in; of the reseller's own account as its admin, of one below as that customer's.
- Whoever may not come in is told the same, whatever the reason: wrong, unknown, no administrator, of no account here.
- The KAZOO of one reseller speaks for the accounts of that KAZOO alone; another reseller's people are not its to name.
- Nothing of the password is kept.
"""

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import house_of, is_connected
from reseller_reporting.control import audit
from reseller_reporting.control.models import KnownAccount, Reseller, User
from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import across_resellers
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.model.errors import InvalidSettings, KazooUnavailable

if TYPE_CHECKING:
    from reseller_reporting.sources.kazoo.visitors import Visitor

KAZOO = "kazoo"
# Of the server's threads, so many wait for KAZOO at most: a slow one does not keep others from their pages.
_AT_ONCE = threading.BoundedSemaphore(6)


def connected_reseller(house: House, key: str) -> Reseller | None:
    """Whose KAZOO lets people in at this address."""
    reseller = Reseller.objects.filter(key=key).first()
    with suppress(InvalidSettings):  # What is stored cannot be read: people log in without KAZOO all the same.
        return reseller if reseller is not None and is_connected(house, reseller) else None
    return None


def admit(house: House, reseller: Reseller, *, account: str, username: str, password: str, address: str) -> User | None:
    """The user, made or brought up to date; None when nobody may come in by this. KazooUnavailable when there is no
    telling."""
    visitor = asked(house, reseller, account=account, username=username, password=password)
    if visitor is None or not visitor.is_admin:
        return None
    with across_resellers(), transaction.atomic():
        home = _home_of(house, reseller, visitor.account_id)
        if home is None:
            return None
        user = _kept(house, home, visitor, address)
        return user if user is not None and user.is_active else None


def knows_password(house: House, user: User, password: str) -> bool:
    """Whether KAZOO lets this very user in by it."""
    with across_resellers():
        reseller = user.reseller
        own = KnownAccount.objects.filter(reseller=reseller, account_id=user.account_id or reseller.account_id).first()
    if own is None or not is_connected(house, reseller):
        return False
    name = user.username.rpartition("@")[0]
    visitor = asked(house, reseller, account=own.realm or own.name, username=name, password=password)
    return visitor is not None and visitor.user_id == user.kazoo_user_id


def asked(house: House, reseller: Reseller, *, account: str, username: str, password: str) -> "Visitor | None":
    """By the account's name or by its realm: what looks like a realm may be a name all the same."""
    from reseller_reporting.sources.kazoo.visitors import ask_for

    credentials = replace(house_of(house, reseller).credentials(), api_key=None, username=username, password=password)
    ways = [replace(credentials, account_name=account, account_realm=None)]
    if "." in account and " " not in account:
        ways.insert(0, replace(credentials, account_name=None, account_realm=account.lower()))
    if not _AT_ONCE.acquire(blocking=False):
        raise KazooUnavailable("Many log in just now. Try again in a moment.")
    try:
        found = (asyncio.run(ask_for(way)) for way in ways)
        return next((visitor for visitor in found if visitor is not None), None)
    finally:
        _AT_ONCE.release()


def _home_of(house: House, asked_at: Reseller, account_id: str) -> tuple[Reseller, str] | None:
    """The reseller whose tree holds the account, the nearest above it; and the account, "" for the reseller's own."""
    url = house_of(house, asked_at).settings.kazoo_url
    rows = KnownAccount.objects.filter(account_id=account_id).exclude(reseller__account_id="")
    known = [
        row
        for row in rows.select_related("reseller")
        # A tree that was read from another KAZOO, or not yet from this one, says nothing of this one's accounts.
        if row.reseller.tree_read_at is not None and house_of(house, row.reseller).settings.kazoo_url == url
    ]
    if not known:
        return None
    nearest = min(known, key=lambda row: len(row.lineage.partition(f"/{row.reseller.account_id}/")[2]))
    return nearest.reseller, "" if nearest.reseller.account_id == account_id else account_id


def _kept(house: House, home: tuple[Reseller, str], visitor: "Visitor", address: str) -> User | None:
    reseller, account_id = home
    username = f"{visitor.username.lower()}@{visitor.account_id}:{reseller.pk}"[-254:]
    user = User.log_ins.filter(reseller=reseller, source=KAZOO, kazoo_user_id=visitor.user_id).first()
    for other in User.log_ins.filter(reseller=reseller, source=KAZOO, username=username):
        if user is None or other.pk != user.pk:  # Renamed in KAZOO since, or gone: the name is this one's now.
            other.username = f"{other.pk}-formerly-{username}"[:254]
            other.save(update_fields=["username"])
    role = Role.CUSTOMER_ADMIN if account_id else Role.RESELLER_ADMIN
    action = "user_changed"
    if user is None:
        action = "user_added"
        user = User(reseller=reseller, source=KAZOO, kazoo_user_id=visitor.user_id, created_at=house.clock())
        user.set_unusable_password()
    is_same = (user.username, user.role, user.account_id) == (username, role.value, account_id)
    user.username, user.role, user.account_id = username, role.value, account_id
    user.name, user.email = visitor.name, _email(visitor.email)
    user.save()
    if not is_same:
        audit.record(
            action,
            at=house.clock(),
            reseller=reseller,
            user=user,
            address=address,
            subject=user.username,
            role=user.role,
            account_id=user.account_id,
            source=KAZOO,
        )
    return user


def _email(text: str) -> str:
    try:
        return check_address(text)
    except InvalidSettings:
        return ""
