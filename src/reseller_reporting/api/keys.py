"""Keys: one's own ways in for programs. Shown once, as they are made.

Invariants
- A key makes no key that does more than itself, or outlives it.
- They belong to their user's own reseller, whichever one an operator works for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.permission import needs
from reseller_reporting.api.refusing import Refused
from reseller_reporting.api.schemas import Given, Name, Page, Paging, RowId, page_of
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import audit
from reseller_reporting.control.api_keys import ACTION_OF, Scope, make_key
from reseller_reporting.control.asking import Asking, asking
from reseller_reporting.control.models import ApiKey
from reseller_reporting.control.roles import may
from reseller_reporting.control.scoping import within
from reseller_reporting.model.naming import check_name

router = Router(tags=["keys"])

_DAYS_MAX = 3660


class KeyTold(Schema):
    id: int
    name: str
    prefix: str  # The first characters, to tell keys apart.
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None  # To the minute.
    revoked_at: datetime | None


class KeyMade(KeyTold):
    key: str | None  # Shown once: nobody can show it again.


class KeyGiven(Given):
    name: Name = Field(examples=["bookkeeping"])
    scopes: list[Scope] = Field(
        min_length=1, max_length=len(Scope), examples=[["runs:read", "runs:write", "files:read"]]
    )
    expires_in_days: int | None = Field(365, ge=1, le=_DAYS_MAX, description="null: never")


@router.get("", response=Page[KeyTold], summary="Your keys, the newest first", **needs(Scope.KEYS_READ))
def list_keys(request: HttpRequest, query: Query[Paging]) -> Page[KeyTold]:
    user = asking(request).user
    with within(user.reseller):
        return page_of(ApiKey.objects.filter(user=user).order_by("-created_at", "-pk"), query, _told)


@router.post("", response={201: KeyMade}, summary="Make a key", **needs(Scope.KEYS_WRITE))
def make(request: HttpRequest, given: KeyGiven) -> Status[KeyMade]:
    asked = asking(request)
    now = this_house().clock()
    scopes = list(dict.fromkeys(given.scopes))
    _check_scopes(asked, scopes)
    expires_at = now + timedelta(days=given.expires_in_days) if given.expires_in_days else None
    own = asked.api_key
    if own is not None and own.expires_at is not None and (expires_at is None or expires_at > own.expires_at):
        expires_at = own.expires_at
    with transaction.atomic():
        row, text = make_key(
            asked.user,
            name=check_name(given.name.strip()),
            scopes=[scope.value for scope in scopes],
            now=now,
            expires_at=expires_at,
        )
        _record(asked, "api_key_made", row)
    return Status(201, KeyMade(**_told(row).model_dump(), key=text))


@router.delete("/{key_id}", response={204: None}, summary="End a key", **needs(Scope.KEYS_WRITE))
def revoke(request: HttpRequest, key_id: Annotated[RowId, Path()]) -> Status[None]:
    asked = asking(request)
    with within(asked.user.reseller):
        row = get_object_or_404(ApiKey.objects.filter(user=asked.user), pk=key_id)
        with transaction.atomic():
            if ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=this_house().clock()):
                _record(asked, "api_key_revoked", row)
    return Status(204, None)


def _check_scopes(asked: Asking, scopes: Sequence[Scope]) -> None:
    for scope in scopes:
        if not may(asked.user, ACTION_OF[scope]):
            raise Refused(403, "not_allowed", f"Your role, {asked.user.role}, does not allow {scope.value}.")
        if asked.api_key is not None and scope.value not in asked.api_key.scopes:
            raise Refused(403, "scope_missing", f"A key gives no scope that it lacks, such as {scope.value}.")


def _record(asked: Asking, action: str, row: ApiKey) -> None:
    audit.record(
        action,
        at=this_house().clock(),
        reseller=asked.user.reseller,
        user=asked.user,
        address=asked.address,
        subject=row.name,
        prefix=row.prefix,
        scopes=row.scopes,
    )


def _told(row: ApiKey) -> KeyTold:
    return KeyTold(
        id=row.pk,
        name=row.name,
        prefix=row.prefix,
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
