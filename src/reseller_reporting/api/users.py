"""Users: who may log in for this reseller, kept by its admins."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import Given, Page, Paging, RowId, Text, page_of
from reseller_reporting.app import second_factor
from reseller_reporting.app.people import Person, add_person, change_person, renew_password
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control import searching
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import asking, doer_of
from reseller_reporting.control.models import User
from reseller_reporting.control.roles import Role
from reseller_reporting.control.visibility import visible_users

router = Router(tags=["users"])

_Short = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Account = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f/]*$")]
_Language = Annotated[str, Field(pattern=r"^([a-z]{2})?$", description="Such as de; the browser's without")]


class UserTold(Schema):
    id: int
    username: str
    email: str
    name: str
    role: str
    account_id: str  # "": the reseller's own people, who see all of it.
    source: str  # local, or kazoo: KAZOO checks the password.
    language: str
    is_active: bool
    has_second_step: bool  # Their log-in asks for a code as well.
    created_at: datetime


class UserMade(UserTold):
    password: str | None  # Shown once; chosen anew at the first log-in.


class UserGiven(Given):
    email: str = Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")
    role: Role
    account_id: _Account = ""
    name: _Short = ""
    language: _Language = ""


class UserChange(Given):
    """What is left out stays."""

    role: Role | None = None
    account_id: _Account | None = None
    name: _Short | None = None
    language: _Language | None = None
    is_active: bool | None = None


class UserQuery(Paging):
    search: Text = ""  # In name and address.


@router.get("", response=Page[UserTold], summary="Users by name", **needs(Scope.USERS_READ))
def list_users(request: HttpRequest, query: Query[UserQuery]) -> Page[UserTold]:
    users = searching.users(visible_users(asking(request).user), query.search)
    return page_of(users.select_related("second_factor").order_by("username"), query, _told)


@router.post("", response={201: UserMade}, summary="Let someone in", **needs(Scope.USERS_WRITE))
def add(request: HttpRequest, given: UserGiven) -> Status[UserMade]:
    asked = asking(request)
    person = Person(role=given.role, account_id=given.account_id, name=given.name, language=given.language)
    user, password = add_person(this_house(), asked.reseller, given.email, person, doer_of(asked))
    return Status(201, UserMade(**_told(user).model_dump(), password=password))


@router.get("/{user_id}", response=UserTold, summary="One user", **needs(Scope.USERS_READ))
def one_user(request: HttpRequest, user_id: Annotated[RowId, Path()]) -> UserTold:
    return _told(get_object_or_404(visible_users(asking(request).user), pk=user_id))


@router.patch("/{user_id}", response=UserTold, summary="Change someone, or shut them out", **needs(Scope.USERS_WRITE))
def change(request: HttpRequest, user_id: Annotated[RowId, Path()], given: UserChange) -> UserTold:
    asked = asking(request)
    user: User = get_object_or_404(visible_users(asked.user).select_related("reseller"), pk=user_id)
    stated = given.model_dump(exclude_none=True)
    person = Person(
        role=Role(stated.get("role", user.role)),
        account_id=stated.get("account_id", user.account_id),
        name=stated.get("name", user.name),
        language=stated.get("language", user.language),
        is_active=stated.get("is_active", user.is_active),
    )
    change_person(this_house(), user, person, doer_of(asked))
    return _told(user)


@router.post(
    "/{user_id}/password", response=UserMade, summary="Make a new password for someone", **needs(Scope.USERS_WRITE)
)
def new_password(request: HttpRequest, user_id: Annotated[RowId, Path()]) -> UserMade:
    """The old one ends, and with it their sessions."""
    asked = asking(request)
    user: User = get_object_or_404(visible_users(asked.user).select_related("reseller"), pk=user_id)
    password = renew_password(this_house(), user, doer_of(asked))
    return UserMade(**_told(user).model_dump(), password=password)


@router.delete(
    "/{user_id}/second-step",
    response=UserTold,
    summary="Switch off someone's second step, whose phone is gone",
    **needs(Scope.USERS_WRITE),
)
def reset_second_step(request: HttpRequest, user_id: Annotated[RowId, Path()]) -> UserTold:
    asked = asking(request)
    user: User = get_object_or_404(visible_users(asked.user).select_related("reseller"), pk=user_id)
    second_factor.reset(this_house(), user, doer_of(asked))
    return _told(User.objects.get(pk=user.pk))


def _told(user: User) -> UserTold:
    return UserTold(
        id=user.pk,
        username=user.username,
        email=user.email,
        name=user.name,
        role=user.role,
        account_id=user.account_id,
        source=user.source,
        language=user.language,
        is_active=user.is_active,
        has_second_step=hasattr(user, "second_factor"),
        created_at=user.created_at,
    )
