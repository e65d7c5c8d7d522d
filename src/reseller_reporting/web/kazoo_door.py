"""The second door: a log-in that KAZOO checks. Counted and closed like the first, by user and account."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from reseller_reporting.app.kazoo_people import admit
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.models import Reseller, User
from reseller_reporting.web.log_ins import address_of


class KazooBackend(ModelBackend):
    """Django calls it with credentials of these names alone; what it leaves of the password is what it leaves of any:
    nothing, since the name of the argument says what it is."""

    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,
        *,
        username: str,  # noqa: ARG002 - Under which wrong passwords are counted: user and account, as KAZOO has them.
        kazoo_reseller: Reseller,
        kazoo_account: str,
        kazoo_user: str,
        kazoo_password: str,
        **_: Any,
    ) -> User | None:
        return admit(
            this_house(),
            kazoo_reseller,
            account=kazoo_account,
            username=kazoo_user,
            password=kazoo_password,
            address=address_of(request),
        )
