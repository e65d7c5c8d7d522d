"""Groups: saved selections of accounts."""

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import AccountId, Given, Name, Page, Paging, RowId, page_of
from reseller_reporting.app import groups
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.control.models import AccountGroup

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
    user = asking(request).user
    theirs = groups.visible_ids(user)
    return page_of(groups.visible_groups(user).order_by("name"), query, lambda row: _told(row, theirs))


@router.post("", response={201: GroupTold}, summary="Save a group", **needs(Scope.GROUPS_WRITE))
def make_group(request: HttpRequest, given: GroupGiven) -> Status[GroupTold]:
    return Status(201, _save(asking(request), given, None))


@router.put("/{group_id}", response=GroupTold, summary="Change a group", **needs(Scope.GROUPS_WRITE))
def change_group(request: HttpRequest, group_id: Annotated[RowId, Path()], given: GroupGiven) -> GroupTold:
    asked = asking(request)
    return _save(asked, given, get_object_or_404(groups.visible_groups(asked.user), pk=group_id))


@router.delete("/{group_id}", response={204: None}, summary="Delete a group", **needs(Scope.GROUPS_WRITE))
def delete_group(request: HttpRequest, group_id: Annotated[RowId, Path()]) -> Status[None]:
    asked = asking(request)
    group = get_object_or_404(groups.visible_groups(asked.user), pk=group_id)
    groups.delete_group(this_house(), group, doer_of(asked))
    return Status(204, None)


def _save(asked: Asking, given: GroupGiven, group: AccountGroup | None) -> GroupTold:
    saved = groups.save_group(
        this_house(),
        asked.reseller,
        doer_of(asked),
        name=given.name.strip(),
        account_ids=given.account_ids,
        group=group,
    )
    return _told(saved, groups.visible_ids(asked.user))


def _told(row: AccountGroup, theirs: set[str] | None) -> GroupTold:
    return GroupTold(id=row.pk, name=row.name, account_ids=groups.shown_ids(row, theirs))
