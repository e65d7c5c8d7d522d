"""Resellers: which there are, and a new one; for operators."""

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from reseller_reporting.api.permission import needs
from reseller_reporting.api.schemas import Given, Name, Page, Paging, page_of
from reseller_reporting.app.resellers import add_reseller
from reseller_reporting.app.tenancy import this_house
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import asking, doer_of
from reseller_reporting.control.models import Reseller

router = Router(tags=["resellers"])


class ResellerTold(Schema):
    id: int  # What `X-Reseller` names.
    name: str
    account_id: str


class ResellerGiven(Given):
    name: Name


@router.get("", response=Page[ResellerTold], summary="Resellers by name", **needs(Scope.RESELLERS_READ))
def list_resellers(request: HttpRequest, query: Query[Paging]) -> Page[ResellerTold]:  # noqa: ARG001 - Ninja's form.
    return page_of(Reseller.objects.order_by("name", "pk"), query, _told)


@router.post(
    "",
    response={201: ResellerTold},
    summary="A new one; its connection is kept by `PUT /connection` with its id as `X-Reseller`",
    **needs(Scope.RESELLERS_WRITE),
)
def add(request: HttpRequest, given: ResellerGiven) -> Status[ResellerTold]:
    return Status(201, _told(add_reseller(this_house(), given.name, doer_of(asking(request)))))


def _told(reseller: Reseller) -> ResellerTold:
    return ResellerTold(id=reseller.pk, name=reseller.name, account_id=reseller.account_id)
