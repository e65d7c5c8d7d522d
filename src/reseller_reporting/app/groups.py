"""Groups: saved selections of accounts, kept by admins. Called within the reseller's scope.

Invariants
- Of a group, everyone sees the accounts that are theirs to see.
- One that holds accounts of others, too, is not a branch's to change.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from reseller_reporting.app.house import House
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import AccountGroup, Reseller, User
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.model.errors import GroupExists, NotAllowed, UnknownAccount


def visible_ids(user: User) -> set[str] | None:
    """Of which accounts groups may hold; None: all of them."""
    return None if sees_all(user) else set(visible_accounts(user).values_list("account_id", flat=True))


def shown_ids(group: AccountGroup, theirs: set[str] | None) -> list[str]:
    return [each for each in group.account_ids if theirs is None or each in theirs]


def save_group(
    house: House,
    reseller: Reseller,
    doer: Doer,
    *,
    name: str,
    account_ids: Sequence[str],
    group: AccountGroup | None = None,
) -> AccountGroup:
    """A new one, or what `group` becomes. Every account is known, and theirs to see."""
    if group is not None:
        _check_theirs(doer.user, group)
    ids = list(dict.fromkeys(account_ids))
    known = set(visible_accounts(doer.user).values_list("account_id", flat=True))
    unknown = [each for each in ids if each not in known]
    if unknown:
        raise UnknownAccount(f"There is no account '{unknown[0]}'. Name accounts by their ids.")
    action = "group_changed" if group else "group_made"
    row = group or AccountGroup(reseller=reseller, created_by=doer.user)
    row.name, row.account_ids, row.updated_at = name, ids, house.clock()
    try:
        with transaction.atomic():
            row.save()
            _record(house, action, row, doer)
    except IntegrityError:
        raise GroupExists(f"There is a group '{name}' already. Change that one.") from None
    return row


def keep_group(house: House, reseller: Reseller, doer: Doer, *, name: str, account_ids: Sequence[str]) -> AccountGroup:
    """Under this name, in the place of the group before, when there is one."""
    before: AccountGroup | None = AccountGroup.objects.filter(name=name).first()
    return save_group(house, reseller, doer, name=name, account_ids=account_ids, group=before)


def delete_group(house: House, group: AccountGroup, doer: Doer) -> None:
    _check_theirs(doer.user, group)
    with transaction.atomic():
        _record(house, "group_deleted", group, doer)
        group.delete()


def _check_theirs(user: User, group: AccountGroup) -> None:
    theirs = visible_ids(user)
    if theirs is not None and not theirs.issuperset(group.account_ids):
        raise NotAllowed("This group holds accounts that are not yours: its keeper changes it.")


def _record(house: House, action: str, group: AccountGroup, doer: Doer) -> None:
    audit.record(
        action,
        at=house.clock(),
        reseller=group.reseller,
        user=doer.user,
        address=doer.address,
        subject=group.name,
    )
