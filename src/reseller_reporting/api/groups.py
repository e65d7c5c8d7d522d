"""Groups: saved selections of accounts."""

from typing import Annotated

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.permission import needs
from reseller_reporting.api.refusing import Refused
from reseller_reporting.api.schemas import AccountId, Given, Name, Page, Paging, RowId, page_of
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import audit
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking
from reseller_reporting.control.models import AccountGroup, User
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.model.errors import UnknownAccount

router = Router(tags=["groups"])


class GroupTold(Schema):
    id: int
    name: str
    account_ids: list[str]


class GroupGiven(Given):
    name: Name
    account_ids: list[AccountId] = Field(max_length=10_000)


@router.get("", response=Page[GroupTold], summary="Groups by name", **needs(Scope.ACCOUNTS_READ))
def list_groups(request: HttpRequest, query: Query[Paging]) -> Page[GroupTold]:
    """Of each, the accounts that are yours to see."""
    theirs = _visible_ids(asking(request).user)
    return page_of(AccountGroup.objects.order_by("name"), query, lambda row: _told(row, theirs))


@router.post("", response={201: GroupTold}, summary="Save a group", **needs(Scope.GROUPS_WRITE))
def make_group(request: HttpRequest, given: GroupGiven) -> Status[GroupTold]:
    asked = asking(request)
    row = AccountGroup(reseller=asked.reseller, created_by=asked.user)
    return Status(201, _save(asked, row, given, "group_made"))


@router.put("/{group_id}", response=GroupTold, summary="Change a group", **needs(Scope.GROUPS_WRITE))
def change_group(request: HttpRequest, group_id: Annotated[RowId, Path()], given: GroupGiven) -> GroupTold:
    asked = asking(request)
    return _save(asked, _changeable(asked, group_id), given, "group_changed")


@router.delete("/{group_id}", response={204: None}, summary="Delete a group", **needs(Scope.GROUPS_WRITE))
def delete_group(request: HttpRequest, group_id: Annotated[RowId, Path()]) -> Status[None]:
    asked = asking(request)
    row = _changeable(asked, group_id)
    with transaction.atomic():
        _record(asked, row, "group_deleted")
        row.delete()
    return Status(204, None)


def _changeable(asked: Asking, group_id: int) -> AccountGroup:
    """One that holds accounts of others, too, is not a branch's to change."""
    row: AccountGroup = get_object_or_404(AccountGroup.objects.all(), pk=group_id)
    theirs = _visible_ids(asked.user)
    if theirs is not None and not theirs.issuperset(row.account_ids):
        raise Refused(403, "not_allowed", "This group holds accounts that are not yours: its keeper changes it.")
    return row


def _save(asked: Asking, row: AccountGroup, given: GroupGiven, action: str) -> GroupTold:
    ids = list(dict.fromkeys(given.account_ids))
    known = set(visible_accounts(asked.user).values_list("account_id", flat=True))
    unknown = [each for each in ids if each not in known]
    if unknown:
        raise UnknownAccount(f"There is no account '{unknown[0]}'. Name accounts by their ids.")
    row.name, row.account_ids, row.updated_at = given.name.strip(), ids, this_house().clock()
    try:
        with transaction.atomic():
            row.save()
            _record(asked, row, action)
    except IntegrityError:
        raise Refused(409, "group_exists", f"There is a group '{row.name}' already. Change that one.") from None
    return _told(row, _visible_ids(asked.user))


def _record(asked: Asking, row: AccountGroup, action: str) -> None:
    audit.record(
        action,
        at=this_house().clock(),
        reseller=asked.reseller,
        user=asked.user,
        address=asked.address,
        subject=row.name,
    )


def _visible_ids(user: User) -> set[str] | None:
    """None: all of them."""
    return None if sees_all(user) else set(visible_accounts(user).values_list("account_id", flat=True))


def _told(row: AccountGroup, theirs: set[str] | None) -> GroupTold:
    ids = [each for each in row.account_ids if theirs is None or each in theirs]
    return GroupTold(id=row.pk, name=row.name, account_ids=ids)
