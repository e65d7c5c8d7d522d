"""Accounts and what they own: tree, users, devices, numbers, limits, services, allotments, as Crossbar shows them.

Owns: the handlers of all that has no time of its own. Does not own: calls and ledgers, paging, who may ask.
"""

from collections.abc import Mapping
from datetime import timedelta

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.crossbar_answers import Refused, Reply, bad_identifier
from reseller_reporting.simulate.crossbar_listing import (
    Ask,
    created_range,
    paged_by_name,
)
from reseller_reporting.simulate.listing import Document
from reseller_reporting.simulate.world import MASTER_ID, AccountRecord, Span


def account(ask: Ask) -> Reply:
    record = ask.account
    document: Document = {
        "id": record.id,
        "name": record.name,
        "realm": record.realm,
        "language": "en-us",
        "enabled": record.enabled,
        "created": record.created,
        "is_reseller": record.is_reseller,
        "reseller_id": record.reseller_id,
        "billing_mode": _billing_mode(ask),
        "superduper_admin": False,
        "wnm_allow_additions": False,
        "call_restriction": {},
        "caller_id": {},
        "flags": [],
    }
    if record.timezone is not None:
        document["timezone"] = record.timezone
    return Reply(document)


def descendants(ask: Ask) -> Reply:
    def show(record: AccountRecord) -> object:
        shown = {"id": record.id, "name": record.name, "realm": record.realm}
        return {**shown, "tree": list(record.tree), "flags": []}

    return paged_by_name(ask, ask.world.descendants(ask.account.id), lambda each: (each.name, each.id), show)


def children(ask: Ask) -> Reply:
    below = ask.world.descendants(ask.account.id)
    direct = [record for record in below if record.tree[-1] == ask.account.id]

    def show(record: AccountRecord) -> object:
        count = sum(1 for each in below if record.id in each.tree)
        shown = {"id": record.id, "name": record.name, "realm": record.realm}
        return {**shown, "descendants_count": count, "flags": []}

    return paged_by_name(ask, direct, lambda each: (each.name, each.id), show)


def users(ask: Ask) -> Reply:
    return paged_by_name(ask, ask.world.users(ask.account.id), _by_id, lambda each: each)


def user(ask: Ask) -> Reply:
    wanted = ask.parts["user"]
    for each in ask.world.users(ask.account.id):
        if each["id"] == wanted:
            return Reply({"enabled": True, **each})
    raise bad_identifier()


def devices(ask: Ask) -> Reply:
    return paged_by_name(ask, ask.world.devices(ask.account.id), _by_id, lambda each: each)


def phone_numbers(ask: Ask) -> Reply:
    """`data` is an object here: the pages of it are to be merged."""
    below = [record.id for record in ask.world.descendants(ask.account.id)]
    cascade = sum(len(ask.world.phone_numbers(account_id)) for account_id in below)
    own = list(ask.world.phone_numbers(ask.account.id).items())
    page = paged_by_name(ask, own, lambda each: (each[0], ""), lambda each: each)
    assert isinstance(page.data, list)
    return Reply({"cascade_quantity": cascade, "numbers": dict(page.data)}, paging=page.paging)


def limits(ask: Ask) -> Reply:
    return Reply(ask.world.limits(ask.account.id))


def services(ask: Ask) -> Reply:
    return Reply(ask.world.services_summary(ask.account.id).get("plans", {}))


def services_summary(ask: Ask) -> Reply:
    """What the world says of an account's services, within all that KAZOO shows beside it."""
    next_month = gregorian.month_start(gregorian.month_after(gregorian.month_of(ask.now)))
    data: Document = {
        "plans": {},
        "overrides": {},
        "invoices": [],
        "quantities": {"account": {}, "cascade": {}, "manual": {}},
        "reseller": {"id": ask.account.reseller_id, "is_reseller": ask.account.is_reseller},
        "ratedeck": {},
        "applications": {},
        "limits": ask.world.limits(ask.account.id),
        "im": {},
        "payment_tokens": {},
        "billing_cycle": {"next": next_month, "period": 1, "unit": "month"},
        "status": {"acceptable": True, "reason": "good standing not required"},
    }
    return Reply(data | ask.world.services_summary(ask.account.id))


def allotments(ask: Ask) -> Reply:
    return Reply(_configured_allotments(ask))


def allotments_consumed(ask: Ask) -> Reply:
    """Seconds drawn in the cycle that holds the given time, or in the range where both ends are given."""
    consumed: Document = {}
    for classification, allotment in _configured_allotments(ask).items():
        assert isinstance(allotment, Mapping)
        cycle, from_second, to_second = _cycle(ask, str(allotment.get("cycle", "monthly")))
        seconds = _drawn_seconds(ask, classification, allotment, from_second, to_second)
        if seconds:
            consumed[classification] = {
                "cycle": cycle,
                "consumed_from": from_second,
                "consumed_to": to_second,
                "consumed": seconds,
            }
    return Reply(consumed)


def _configured_allotments(ask: Ask) -> Document:
    configured = ask.world.allotments(ask.account.id)
    if not configured:
        raise Refused(400, "allotments are not configured for this account yet")
    return configured


def _cycle(ask: Ask, cycle: str) -> tuple[str, int, int]:
    if "created_from" in ask.query and "created_to" in ask.query:
        return "manual", *created_range(ask)
    given = ask.query.get("created_from") or ask.query.get("created_to") or ""
    moment = gregorian.to_datetime(int(given) if given.isdecimal() else ask.now).replace(second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0)
    starts = {
        "minutely": (moment, timedelta(minutes=1)),
        "hourly": (moment.replace(minute=0), timedelta(hours=1)),
        "daily": (day, timedelta(days=1)),
        "weekly": (day - timedelta(days=day.weekday()), timedelta(days=7)),
    }
    if cycle in starts:
        start, length = starts[cycle]
        return cycle, gregorian.from_datetime(start), gregorian.from_datetime(start + length)
    month = gregorian.month_of(gregorian.from_datetime(moment))
    return cycle, gregorian.month_start(month), gregorian.month_start(gregorian.month_after(month))


def _drawn_seconds(
    ask: Ask, classification: str, allotment: Mapping[str, object], from_second: int, to_second: int
) -> int:
    tag, seconds = f"allotment_{classification}", 0
    span = Span.of_seconds(from_second, min(to_second - 1, ask.now))
    for month in gregorian.months_between(from_second, to_second - 1):
        for cdr in ask.world.cdrs(ask.account.id, month, span):
            document = cdr.document() or {}
            channel = document.get("custom_channel_vars")
            if isinstance(channel, Mapping) and channel.get("account_billing") == tag:
                seconds += _consumption_seconds(int(str(document.get("billing_seconds", 0))), allotment)
    return seconds


def _consumption_seconds(answered_seconds: int, allotment: Mapping[str, object]) -> int:
    """First the minimum, then whole increments after it; nothing within the time that draws nothing."""

    def setting(name: str, default: int) -> int:
        return int(str(allotment.get(name, default)))

    minimum_seconds, increment_seconds = setting("minimum", 0), setting("increment", 1) or 1
    if answered_seconds <= setting("no_consume_time", 0):
        return 0
    beyond_seconds = max(0, answered_seconds - minimum_seconds)
    return minimum_seconds + -(-beyond_seconds // increment_seconds) * increment_seconds


def _billing_mode(ask: Ask) -> str:
    if ask.token.account_id == ask.account.reseller_id:
        return "limits_only"
    return "normal" if ask.account.reseller_id == MASTER_ID else "manual"


def _by_id(document: Document) -> tuple[str, str]:
    return str(document["id"]), ""
