"""The connection to KAZOO: whether there is one, and what a test of it finds. Never its secrets."""

from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from ninja import Router, Schema, Status

from reseller_reporting.api.jobs import JobTold, told_job
from reseller_reporting.api.permission import needs
from reseller_reporting.app.connections import order_test, unreadable
from reseller_reporting.app.tenancy import house_of, is_connected, this_house
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import asking, doer_of

router = Router(tags=["connection"])


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


@router.post(
    "/test",
    response={202: JobTold},
    summary="Test it: the job's `findings` say what works and what would mend the rest",
    **needs(Scope.CONNECTION_WRITE),
)
def test(request: HttpRequest) -> Status[JobTold]:
    asked = asking(request)
    return Status(202, told_job(order_test(this_house(), asked.reseller, doer_of(asked)), asked.user))


def _without_secret(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
