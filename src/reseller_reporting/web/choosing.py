"""Choosing accounts: a level of the tree, a search, all below an account; each a few queries whatever the size."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from reseller_reporting.control import searching
from reseller_reporting.control.models import KnownAccount, Reseller, User
from reseller_reporting.control.visibility import reportable, sees_everything, visible_accounts
from reseller_reporting.web.namesakes import short_id

SHOWN_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    account_id: str
    name: str
    realm: str
    children: int
    is_reseller: bool
    above: str = ""  # Whom it is below, for a row that was found by a search or has a namesake.
    short_id: str = ""  # For a row that has a namesake.


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    rows: Sequence[Row]
    total: int
    next_start: int | None
    start: int


def choices(user: User, reseller: Reseller) -> QuerySet[KnownAccount]:
    """Who can be reported on, of those that are theirs to see."""
    return reportable(visible_accounts(user), reseller)


def own_customers(accounts: QuerySet[KnownAccount], user: User, reseller: Reseller) -> QuerySet[KnownAccount]:
    """Whom "all customers" means: those whose reseller it is, not those of its sub-resellers; of a branch all of it."""
    if not reseller.account_id or not sees_everything(user):
        return accounts
    own = accounts.filter(reseller_account_id=reseller.account_id)
    return own if own.exists() else accounts


def level(user: User, reseller: Reseller, below: str, start: int) -> Listed:
    accounts = choices(user, reseller)
    if below:
        rows = accounts.filter(parent_id=below)
    elif user.account_id:
        rows = accounts.filter(account_id=user.account_id)
    else:
        rows = accounts.filter(parent_id=reseller.account_id)
        if not rows.exists():
            rows = accounts
    return _listed(accounts, rows, start)


def search(user: User, reseller: Reseller, text: str, start: int) -> Listed:
    accounts = choices(user, reseller)
    return _listed(accounts, searching.accounts(accounts, text), start, shows_above=True)


def _listed(
    accounts: QuerySet[KnownAccount], rows: QuerySet[KnownAccount], start: int, *, shows_above: bool = False
) -> Listed:
    total = rows.count()
    shown = list(rows.order_by("name", "account_id")[start : start + SHOWN_AT_ONCE])
    ids = [row.account_id for row in shown]
    children = dict(accounts.filter(parent_id__in=ids).values_list("parent_id").annotate(count=Count("pk")).order_by())
    alike = accounts.filter(name__in={row.name for row in shown}).values_list("name").annotate(count=Count("pk"))
    namesakes = {name for name, count in alike.order_by() if count > 1}
    names: dict[str, str] = {}
    if shows_above or namesakes:
        above = accounts.filter(account_id__in={row.parent_id for row in shown})
        names = dict(above.values_list("account_id", "name"))
    end = start + len(shown)
    return Listed(
        rows=[
            Row(
                account_id=row.account_id,
                name=row.name,
                realm=row.realm,
                children=children.get(row.account_id, 0),
                is_reseller=row.is_reseller,
                above=names.get(row.parent_id, "") if shows_above or row.name in namesakes else "",
                short_id=short_id(row.account_id) if row.name in namesakes else "",
            )
            for row in shown
        ],
        total=total,
        next_start=end if end < total else None,
        start=start,
    )
