"""The first start: a reseller and an administrator, when there is none yet.

Called within `control.database.opened`. The password that is made here is shown once, and changed at the log-in.
"""

import secrets
from dataclasses import dataclass, field

from reseller_reporting.app.house import House
from reseller_reporting.control.plans import OWN
from reseller_reporting.control.roles import Role
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.model.errors import InvalidSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdministrator:
    username: str
    password: str = field(repr=False)
    is_made_up: bool = False  # Then it is shown once, and changed at the first log-in.


def needs_administrator() -> bool:
    from reseller_reporting.control.models import User

    return not User.log_ins.filter(role=Role.OPERATOR.value, is_active=True).exists()


def from_settings(house: House) -> NewAdministrator | None:
    settings = house.settings
    if settings.admin_email is None and settings.admin_password is not None:
        raise InvalidSettings(
            "RESELLER_REPORTING_ADMIN_PASSWORD does not say whose it is: set RESELLER_REPORTING_ADMIN_EMAIL as "
            "well, or neither."
        )
    if settings.admin_email is None or settings.admin_password is None:
        return None
    return NewAdministrator(username=settings.admin_email, password=settings.admin_password)


def made_up(house: House) -> NewAdministrator:
    """For a start that nobody watches: whoever reads the log once may come in."""
    username = house.settings.admin_email or "admin"
    return NewAdministrator(username=username, password=secrets.token_urlsafe(15), is_made_up=True)


def checked_email(text: str) -> str:
    """InvalidSettings says that it is none."""
    return check_address(text)


def check_password(password: str) -> None:
    """InvalidSettings says what is wrong with it."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as error:
        raise InvalidSettings(f"The administrator's password will not do. {' '.join(error.messages)}") from None


def make_administrator(house: House, stated: NewAdministrator) -> None:
    """The reseller of the settings and its operator, together."""
    from reseller_reporting.control import audit, database
    from reseller_reporting.control.models import Reseller, User

    check_password(stated.password)
    now = house.clock()
    email = check_address(stated.username) if "@" in stated.username else ""
    with database.writing():
        if not needs_administrator():
            return  # Another process was first.
        reseller, _ = Reseller.objects.get_or_create(key=OWN, defaults={"name": "Reseller", "created_at": now})
        user = User.log_ins.create_user(
            stated.username,
            stated.password,
            email=email,
            reseller=reseller,
            role=Role.OPERATOR.value,
            must_change_password=stated.is_made_up,
            created_at=now,
        )
        audit.record("administrator_made", at=now, reseller=reseller, user=user)
