"""Audit: who did what, from where."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from reseller_reporting.api.permission import needs
from reseller_reporting.api.refusing import Refused
from reseller_reporting.api.schemas import Page, Paging, Text, page_of
from reseller_reporting.control import searching
from reseller_reporting.control.api_keys import Scope
from reseller_reporting.control.asking import asking
from reseller_reporting.control.models import AuditEvent
from reseller_reporting.control.visibility import visible_events

router = Router(tags=["audit"])


class EventTold(Schema):
    id: int
    at: datetime
    who: str
    address: str
    action: str
    subject: str
    details: dict[str, Any]


class EventQuery(Paging):
    search: Text = ""  # In person, action, subject and address.
    action: Text = ""
    who: Text = ""
    from_at: datetime | None = None  # With an offset; inclusive.
    to_at: datetime | None = None  # Exclusive.


@router.get("", response=Page[EventTold], summary="Who did what, the newest first", **needs(Scope.AUDIT_READ))
def list_events(request: HttpRequest, query: Query[EventQuery]) -> Page[EventTold]:
    events = searching.events(visible_events(asking(request).user), query.search)
    for name, bound, lookup in (("from_at", query.from_at, "at__gte"), ("to_at", query.to_at, "at__lt")):
        if bound is not None:
            if bound.tzinfo is None:
                raise Refused(422, "invalid_request", f"{name} needs an offset, such as 2026-11-01T00:00:00Z.")
            events = events.filter(**{lookup: _in_utc(name, bound)})
    if query.action:
        events = events.filter(action=query.action)
    if query.who:
        events = events.filter(who=query.who)
    return page_of(events.order_by("-at", "-pk"), query, _told)


def _in_utc(name: str, bound: datetime) -> datetime:
    """The first and the last hours of all time have none where there is an offset."""
    try:
        return bound.astimezone(UTC)
    except OverflowError:
        raise Refused(
            422, "invalid_request", f"{name} lies beyond all times; give one such as 2026-11-01T00:00:00Z."
        ) from None


def _told(event: AuditEvent) -> EventTold:
    return EventTold(
        id=event.pk,
        at=event.at,
        who=event.who,
        address=event.address,
        action=event.action,
        subject=event.subject,
        details=event.details,
    )
