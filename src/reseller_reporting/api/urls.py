"""The API as one object, and its address. A subject gets a module with a router, added here.

Who asks was found out before (`control/asking.py`): no router authenticates, each checks `may` and the key's scopes.
"""

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI, Schema

from reseller_reporting import __version__
from reseller_reporting.control.asking import asking

api = NinjaAPI(title="Reseller Reporting", version=__version__, urls_namespace="api", docs_url=None)


class Me(Schema):
    username: str
    role: str
    reseller: str
    account_id: str


@api.get("/me", response=Me, summary="Who this key or session is")
def me(request: HttpRequest) -> Me:
    user = asking(request).user
    return Me(
        username=user.username, role=user.role, reseller=asking(request).reseller.name, account_id=user.account_id
    )


urlpatterns = [path("", api.urls)]
