"""The connection to KAZOO: whether there is one, what a test of it finds, another one. Its secrets go in, never out."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from ninja import Body, Router, Schema, Status
from pydantic import Field

from reseller_reporting.api.jobs import JobTold, told_job
from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import Given, Text
from reseller_reporting.app.connections import checked_login, keep_connection, order_test, unreadable
from reseller_reporting.app.tenancy import KazooLogin, house_of, is_connected, this_house
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import Asking, asking, doer_of
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.period import check_zone

router = Router(tags=["connection"])


class LoginGiven(Given):
    """A secret that is left out is the stored one, for the address that it was stored for alone."""

    kazoo_url: Text = Field("", description="Such as https://kazoo.example.com:8443/v2; without, the stored connection")
    uses: Literal["api_key", "password"] = "api_key"
    api_key: Text = ""
    account_name: Text = ""
    username: Text = ""
    password: Text = ""


class ConnectionGiven(LoginGiven):
    kazoo_url: Annotated[Text, Field(min_length=1, description="Such as https://kazoo.example.com:8443/v2")]
    timezone: Text = Field("", description="Such as Europe/Berlin; without, as KAZOO has it")
    currency: str = Field("", pattern=r"^([A-Za-z]{3})?$", description="Such as EUR; without, that of the settings")


class ConnectionTold(Schema):
    is_connected: bool
    kazoo_url: str
    uses: str  # api_key, password, nothing; unreadable: it was stored under another secret key.
    tree_read_at: datetime | None


@router.get("", response=ConnectionTold, summary="The connection, without its secrets", **needs(Scope.CONNECTION_READ))
def connection(request: HttpRequest) -> ConnectionTold:
    reseller = asking(request).reseller
    url, uses = reseller.kazoo_url, "unreadable"
    if not unreadable(this_house(), reseller):
        settings = house_of(this_house(), reseller).settings
        url = settings.kazoo_url or ""
        uses = "api_key" if settings.kazoo_api_key else "password" if settings.kazoo_password else "nothing"
    return ConnectionTold(
        is_connected=is_connected(this_house(), reseller),
        kazoo_url=_without_secret(url),
        uses=uses,
        tree_read_at=reseller.tree_read_at,
    )


@router.put(
    "",
    response={202: JobTold},
    summary="Keep another one and read its customers; the job tests it",
    **needs(Scope.CONNECTION_WRITE),
)
def keep(request: HttpRequest, given: ConnectionGiven) -> Status[JobTold]:
    asked = asking(request)
    zone = check_zone(given.timezone) if given.timezone else ""
    job = keep_connection(
        this_house(),
        asked.reseller,
        doer_of(asked),
        _login(asked, given),
        timezone=zone,
        currency=given.currency.upper(),
    )
    return Status(202, told_job(job, asked.user))


@router.post(
    "/test",
    response={202: JobTold},
    summary="Test it, or what is sent: the job's `findings` say what works and what would mend the rest",
    **needs(Scope.CONNECTION_WRITE),
)
def try_out(request: HttpRequest, given: Body[LoginGiven | None] = None) -> Status[JobTold]:
    asked = asking(request)
    if given and not given.kazoo_url and given.model_fields_set - {"kazoo_url"}:
        raise InvalidSettings(
            "`kazoo_url` is missing: say whose log-in this is. Without anything, the stored connection is tested."
        )
    login = _login(asked, given) if given and given.kazoo_url else None
    return Status(202, told_job(order_test(this_house(), asked.reseller, doer_of(asked), login), asked.user))


def _login(asked: Asking, given: LoginGiven) -> KazooLogin:
    stated = {name: getattr(given, name) for name in ("api_key", "account_name", "username", "password")}
    uses_key = given.uses == "api_key"
    return checked_login(this_house(), asked.reseller, url=given.kazoo_url, uses_key=uses_key, stated=stated)


def _without_secret(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
