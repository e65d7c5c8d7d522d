"""Groups: saved selections of accounts, kept by admins. Called within the reseller's scope.

Invariants
- Of a group, everyone sees the accounts that are theirs to see; where that is none, it is not there for them. A
  customer's own people see none: its name may be about them.
- One that holds accounts of others, too, is not a branch's to change.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from reseller_reporting.app.house import House
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import AccountGroup, Reseller, User
from reseller_reporting.control.roles import Action, may
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.model.errors import GroupExists, NotAllowed, UnknownAccount
from reseller_reporting.model.naming import check_name


def visible_ids(user: User) -> set[str] | None:
    """Of which accounts groups may hold; None: all of them."""
    return None if sees_all(user) else set(visible_accounts(user).values_list("account_id", flat=True))


def shown_ids(group: AccountGroup, theirs: set[str] | None) -> list[str]:
    return [each for each in group.account_ids if theirs is None or each in theirs]


def visible_groups(user: User) -> QuerySet[AccountGroup]:
    groups: QuerySet[AccountGroup] = AccountGroup.objects.all()
    if not may(user, Action.SEE_INTERNAL_EDITION):
        return groups.none()
    theirs = visible_ids(user)
    if theirs is None:
        return groups
    return groups.filter(pk__in=[row.pk for row in groups if shown_ids(row, theirs) or _is_own(row, user)])


def present_ids(group: AccountGroup, user: User) -> list[str]:
    """Whom an order of it means: accounts that are theirs, and that KAZOO still has."""
    return shown_ids(group, set(visible_accounts(user).values_list("account_id", flat=True)))


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
    name = check_name(name)
    if group is not None:
        check_theirs(doer.user, group)
    same = group_named(name)
    if same is not None and (group is None or same.pk != group.pk):
        raise _taken(name)
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
        raise _taken(name) from None
    return row


def group_named(name: str) -> AccountGroup | None:
    """The one of this name, however large its letters: two that differ in that alone are taken for one another."""
    sought = name.casefold()
    return next((row for row in AccountGroup.objects.order_by("pk") if row.name.casefold() == sought), None)


def _taken(name: str) -> GroupExists:
    return GroupExists(f"There is a group '{name}' already. Change that one.")


def delete_group(house: House, group: AccountGroup, doer: Doer) -> None:
    check_theirs(doer.user, group)
    with transaction.atomic():
        _record(house, "group_deleted", group, doer)
        group.delete()


def check_theirs(user: User, group: AccountGroup) -> None:
    """NotAllowed, when it is another one's to change."""
    theirs = visible_ids(user)
    if theirs is None:
        return
    is_theirs = theirs.issuperset(group.account_ids) if group.account_ids else _is_own(group, user)
    if not is_theirs:
        raise NotAllowed("This group holds accounts that are not yours: its keeper changes it.")


def _is_own(group: AccountGroup, user: User) -> bool:
    """An empty one tells nothing of whose it is."""
    return not group.account_ids and group.created_by_id == user.pk


def _record(house: House, action: str, group: AccountGroup, doer: Doer) -> None:
    audit.record(
        action,
        at=house.clock(),
        reseller=group.reseller,
        user=doer.user,
        address=doer.address,
        subject=group.name,
    )
