"""People: who may log in for a reseller, kept by its admins. Called within the reseller's scope.

Invariants
- Nobody gives more than they have: an operator is made by operators alone, people of a branch by admins of it or above.
- Nobody shuts themselves out, or changes what they themselves may.
- Whoever comes by KAZOO has the role and the password that KAZOO says; here they are shut out and let in.
- A password that is made here is shown once, and changed at the first log-in.
"""

import secrets
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction

from reseller_reporting.app.house import House
from reseller_reporting.app.kazoo_people import KAZOO
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import ApiKey, Reseller, User
from reseller_reporting.control.roles import Role
from reseller_reporting.control.visibility import sees_all, visible_accounts
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.model.errors import InvalidSettings, NotAllowed, UnknownAccount, UserExists
from reseller_reporting.model.naming import check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """As they are to be."""

    role: Role
    account_id: str = ""
    name: str = ""
    language: str = ""
    is_active: bool = True


def check_email(text: str) -> str:
    """The address as it is kept; InvalidSettings says that it is none."""
    return check_address(text).lower()


def add_person(house: House, reseller: Reseller, email: str, person: Person, doer: Doer) -> tuple[User, str]:
    """The user, and the password to log in with for the first time."""
    address = check_email(email)
    check_name(person.name)
    person = _checked(reseller, person, doer)
    password = secrets.token_urlsafe(15)
    now = house.clock()
    try:
        with transaction.atomic():
            user = User.log_ins.create_user(
                address,
                password,
                email=check_address(email),
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
        raise UserExists(f"Someone logs in as {address} already. Each address is one person's.") from None
    return user, password


def change_person(house: House, user: User, person: Person, doer: Doer) -> None:
    """Who is shut out has no session and no key that opens anything from now on."""
    is_their_own = user.pk == doer.user.pk
    before = (user.role, user.account_id, user.is_active)
    if is_their_own and before != (person.role.value, person.account_id, person.is_active):
        raise NotAllowed("Nobody changes what they themselves may: ask another admin.")
    # Where they are stays theirs to be, though KAZOO may know that account no more: shutting out always works.
    if (user.role, user.account_id) != (person.role.value, person.account_id):
        if user.source == KAZOO:
            raise NotAllowed("KAZOO says what they are and whose. Change it there, or shut them out here.")
        person = _checked(user.reseller, person, doer)
    # One that KAZOO gave them stays, whatever it holds.
    if person.name != user.name:
        check_name(person.name)
    was_active = user.is_active
    user.role, user.account_id, user.is_active = person.role.value, person.account_id, person.is_active
    user.name, user.language = person.name, person.language
    action = "user_changed"
    if was_active != user.is_active:
        action = "user_let_in" if user.is_active else "user_shut_out"
    with transaction.atomic():
        user.save(update_fields=["role", "account_id", "is_active", "name", "language"])
        if not user.is_active:
            ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=house.clock())
        _record(house, action, user, doer)


def let_in(house: House, user: User, doer: Doer, *, is_active: bool) -> None:
    """Or shut out: the one undoes the other."""
    person = Person(
        role=Role(user.role),
        account_id=user.account_id,
        name=user.name,
        language=user.language,
        is_active=is_active,
    )
    change_person(house, user, person, doer)


def renew_password(house: House, user: User, doer: Doer) -> str:
    """The new one, to be changed at the log-in. The old one ends, and with it their sessions."""
    if user.pk == doer.user.pk:
        raise NotAllowed("You change your own password as you are logged in, with the old one.")
    if user.source == KAZOO:
        raise NotAllowed("They log in by KAZOO, which keeps their password. It is changed there.")
    password = secrets.token_urlsafe(15)
    user.set_password(password)
    user.must_change_password = True
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        _record(house, "password_made", user, doer)
    return password


def _checked(reseller: Reseller, person: Person, doer: Doer) -> Person:
    if person.role is Role.OPERATOR:
        if doer.user.role != Role.OPERATOR:
            raise NotAllowed("Only operators make operators.")
        return replace(person, account_id="")  # Of no branch, whatever was asked for.
    if person.role is Role.CUSTOMER_ADMIN and not person.account_id:
        raise InvalidSettings("A customer admin belongs to a customer: name the account.")
    if not person.account_id:
        if not sees_all(doer.user):
            raise UnknownAccount("Name an account of your own branch for them.")
        return person
    known = visible_accounts(doer.user).filter(reseller=reseller, account_id=person.account_id)
    if not known.exists():
        raise UnknownAccount(f"There is no account '{person.account_id}'. Name one by its id.")
    return person


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
