"""CDR documents, as KAZOO stores them and `/cdrs/{id}` gives them, told as the listing would tell them.

A document does not state what the leg cost: KAZOO computes that when it lists. Where nothing states it, a per-minute
leg stays without a cost, and its reader says so.
"""

from collections.abc import Mapping
from typing import TypeGuard

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.units import currency_text
from reseller_reporting.sources.listing import text, whole_number


def is_document(record: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(record, Mapping) and "direction" not in record and "call_direction" in record


def listed(document: Mapping[str, object]) -> dict[str, object]:
    """The document under the names of the listing. Its time is the leg's end; ours is the start."""
    channel = document.get("custom_channel_vars")
    channel = channel if isinstance(channel, Mapping) else {}
    direction = text(document.get("call_direction"))
    end, duration = whole_number(document.get("timestamp")), whole_number(document.get("duration_seconds")) or 0
    called = text(document.get("request" if direction == "inbound" else "to"))
    record = {name: document.get(name) for name in _SAME if name in document}
    record |= {
        "id": document.get("id") or document.get("_id"),
        "timestamp": document.get("timestamp") if end is None else end - duration,
        "direction": direction,
        "dialed_number": called.partition("@")[0],
        "calling_from": text(document.get("caller_id_number"))
        if direction == "inbound"
        else text(document.get("from_uri")).partition("@")[0],
        "owner_id": channel.get("owner_id"),
        "authorizing_id": channel.get("authorizing_id"),
        "call_type": channel.get("account_billing"),
        "cost": document.get("cost"),
        "rate": _rate(channel.get("rate")),
        "rate_name": channel.get("rate_name"),
    }
    if "reseller_billing" in channel:
        record |= {
            "reseller_call_type": channel.get("reseller_billing"),
            "reseller_cost": document.get("reseller_cost", "" if _pays(channel, "reseller_billing") else "0"),
        }
    return record


def lacks_cost(record: Mapping[str, object]) -> bool:
    pairs = (("call_type", "cost"), ("reseller_call_type", "reseller_cost"))
    return any(record.get(type_) == PER_MINUTE and not text(record.get(cost)) for type_, cost in pairs)


def _pays(channel: Mapping[str, object], name: str) -> bool:
    return channel.get(name) == PER_MINUTE


def _rate(units: object) -> str:
    """The channel's rate is in units, the listing's in currency."""
    whole = whole_number(units)
    return "" if whole is None else currency_text(whole)


_SAME = (
    "call_id",
    "interaction_id",
    "other_leg_call_id",
    "duration_seconds",
    "billing_seconds",
    "caller_id_number",
    "caller_id_name",
    "callee_id_number",
    "hangup_cause",
)
