"""People: who may log in for a reseller, kept by its admins. Called within the reseller's scope.

Invariants
- Nobody gives more than they have: an operator is made by operators alone, people of a branch by admins of it or above.
- Nobody shuts themselves out, or changes what they themselves may.
- A password that is made here is shown once, and changed at the first log-in.
"""

import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from reseller_reporting.app.house import House
from reseller_reporting.app.run_changes import Doer
from reseller_reporting.control import audit
from reseller_reporting.control.models import ApiKey, Reseller, User
from reseller_reporting.control.roles import Role
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.model.errors import InvalidSettings, NotAllowed, UnknownAccount, UserExists


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """As they are to be."""

    role: Role
    account_id: str = ""
    name: str = ""
    language: str = ""
    is_active: bool = True


def add_person(house: House, reseller: Reseller, email: str, person: Person, doer: Doer) -> tuple[User, str]:
    """The user, and the password to log in with for the first time."""
    address = check_address(email)
    _check(reseller, person, doer)
    password = secrets.token_urlsafe(15)
    now = house.clock()
    try:
        with transaction.atomic():
            user = User.log_ins.create_user(
                address,
                password,
                email=address,
                reseller=reseller,
                must_change_password=True,
                created_at=now,
                role=person.role.value,
                account_id=person.account_id,
                name=person.name,
                language=person.language,
                is_active=person.is_active,
            )
            _record(house, "user_added", user, doer)
    except IntegrityError:
        raise UserExists(f"Someone logs in as {address.lower()} already. Each address is one person's.") from None
    return user, password


def change_person(house: House, user: User, person: Person, doer: Doer) -> None:
    """Who is shut out has no session and no key that opens anything from now on."""
    is_their_own = user.pk == doer.user.pk
    before = (user.role, user.account_id, user.is_active)
    if is_their_own and before != (person.role.value, person.account_id, person.is_active):
        raise NotAllowed("Nobody changes what they themselves may: ask another admin.")
    if not is_their_own:
        _check(user.reseller, person, doer)
    user.role, user.account_id, user.is_active = person.role.value, person.account_id, person.is_active
    user.name, user.language = person.name, person.language
    with transaction.atomic():
        user.save(update_fields=["role", "account_id", "is_active", "name", "language"])
        if not user.is_active:
            ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=house.clock())
        _record(house, "user_changed", user, doer)


def _check(reseller: Reseller, person: Person, doer: Doer) -> None:
    if person.role is Role.OPERATOR and doer.user.role != Role.OPERATOR:
        raise NotAllowed("Only operators make operators.")
    if person.role is Role.CUSTOMER_ADMIN and not person.account_id:
        raise InvalidSettings("A customer admin belongs to a customer: name the account.")
    if not person.account_id:
        if not sees_all(doer.user):
            raise UnknownAccount("Name an account of your own branch for them.")
        return
    known = visible_accounts(doer.user).filter(reseller=reseller, account_id=person.account_id)
    if not known.exists():
        raise UnknownAccount(f"There is no account '{person.account_id}'. Name one by its id.")


def _record(house: House, action: str, user: User, doer: Doer) -> None:
    audit.record(
        action,
        at=house.clock(),
        reseller=user.reseller,
        user=doer.user,
        address=doer.address,
        subject=user.username,
        role=user.role,
        account_id=user.account_id,
        is_active=user.is_active,
    )
