"""Accounts: the tree as KAZOO last had it, for choosing and searching."""

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status

from reseller_reporting.api.jobs import JobTold, told_job
from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import AccountId, Page, Paging, Text, page_of
from reseller_reporting.app.connections import read_accounts
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import searching
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import asking
from reseller_reporting.control.models import KnownAccount
from reseller_reporting.control.visibility import visible_accounts

router = Router(tags=["accounts"])


class AccountTold(Schema):
    id: str
    name: str
    realm: str
    parent_id: str
    is_reseller: bool
    depth: int  # 0: at the top of the whole tree.


class Branch(Schema):
    id: str
    name: str
    is_reseller: bool
    children: list["Branch"]


class AccountQuery(Paging):
    search: Text = ""  # In name, realm and id; of several words, each.
    parent_id: Text = ""
    below: Text = ""  # The account of this id, and all below it.


@router.get("", response=Page[AccountTold], summary="Accounts by name", **needs(Scope.ACCOUNTS_READ))
def list_accounts(request: HttpRequest, query: Query[AccountQuery]) -> Page[AccountTold]:
    accounts = searching.accounts(visible_accounts(asking(request).user), query.search)
    if query.parent_id:
        accounts = accounts.filter(parent_id=query.parent_id)
    if query.below:
        accounts = accounts.filter(lineage__contains=f"/{query.below}/")
    return page_of(accounts.order_by("name", "account_id"), query, _told)


@router.get("/tree", response=list[Branch], summary="The tree of them, whole", **needs(Scope.ACCOUNTS_READ))
def tree(request: HttpRequest) -> list[Branch]:
    rows = visible_accounts(asking(request).user).order_by("name", "account_id")
    branches: dict[str, tuple[str, Branch]] = {}
    for row in rows.iterator():
        branch = Branch(id=row.account_id, name=row.name, is_reseller=row.is_reseller, children=[])
        branches[row.account_id] = (row.parent_id, branch)
    roots: list[Branch] = []
    for parent_id, branch in branches.values():
        above = branches.get(parent_id)
        (above[1].children if above else roots).append(branch)
    return roots


@router.post("/read", response={202: JobTold}, summary="Read the tree from KAZOO again", **needs(Scope.RUNS_WRITE))
def read_again(request: HttpRequest) -> Status[JobTold]:
    asked = asking(request)
    return Status(202, told_job(read_accounts(this_house(), asked.reseller, asked.user), asked.user))


@router.get("/{account_id}", response=AccountTold, summary="One account", **needs(Scope.ACCOUNTS_READ))
def one_account(request: HttpRequest, account_id: Annotated[AccountId, Path()]) -> AccountTold:
    return _told(get_object_or_404(visible_accounts(asking(request).user), account_id=account_id))


def _told(row: KnownAccount) -> AccountTold:
    return AccountTold(
        id=row.account_id,
        name=row.name,
        realm=row.realm,
        parent_id=row.parent_id,
        is_reseller=row.is_reseller,
        depth=max(0, row.lineage.count("/") - 2),
    )
