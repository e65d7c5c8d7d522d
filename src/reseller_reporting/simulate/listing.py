"""The row of `/cdrs`: what KAZOO lists of a stored CDR document, column by column, in its order.

Owns: listing_row. Does not own: which rows are listed (the paging), the price formula (rating).

Invariants
- The 35 columns come in KAZOO's order; a reseller's token sees two more at the end.
- A document that KAZOO itself cannot list raises ValueError.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from reseller_reporting.rating.charge import KazooCharge, kazoo_cost
from reseller_reporting.simulate import gregorian

Document = dict[str, object]

PER_MINUTE = "per_minute"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def listing_row(document: Mapping[str, object], is_reseller: bool, utc_offset_seconds: int = 0) -> Document:
    """The row that a token may see of this document."""
    channel = _channel(document)
    duration_seconds = _seconds(document, "duration_seconds")
    started = _integer(document.get("timestamp"), 0) - (duration_seconds or 0)
    customer_tag, reseller_tag = _text(channel, "account_billing"), _text(channel, "reseller_billing")
    cost = str(document_charge(document).cost_units) if PER_MINUTE in (customer_tag, reseller_tag) else "0"
    row: Document = {
        "id": _text(document, "_id"),
        "call_id": _text(document, "call_id"),
        "caller_id_number": _text(document, "caller_id_number"),
        "caller_id_name": _text(document, "caller_id_name"),
        "callee_id_number": _text(document, "callee_id_number"),
        "callee_id_name": _text(document, "callee_id_name"),
        "duration_seconds": "" if duration_seconds is None else duration_seconds,
        "billing_seconds": _or_empty(_seconds(document, "billing_seconds")),
        "timestamp": str(started),
        "hangup_cause": _text(document, "hangup_cause"),
        "other_leg_call_id": _text(document, "other_leg_call_id"),
        "owner_id": _text(channel, "owner_id"),
        "to": _text(document, "to"),
        "from": _text(document, "from"),
        "direction": _text(document, "call_direction"),
        "request": _text(document, "request"),
        "authorizing_id": _authorizing_id(channel),
        "cost": cost if customer_tag == PER_MINUTE else "0",
        **_parties(document),
        **_times(started, utc_offset_seconds, document.get("channel_created_time")),
        "call_type": customer_tag,
        "rate": repr(_integer(channel.get("rate"), 0) / 10_000),
        "rate_name": _text(channel, "rate_name"),
        "bridge_id": _text(channel, "bridge_id"),
        "recording_url": _text(document, "recording_url"),
        "media_recordings": channel.get("media_recordings") or [],
        "media_server": _text(document, "media_server"),
        "call_priority": _text(channel, "call_priority"),
        "interaction_id": _text(document, "interaction_id"),
    }
    if is_reseller:
        row["reseller_cost"] = cost if reseller_tag == PER_MINUTE else "0"
        row["reseller_call_type"] = reseller_tag
    return row


def document_charge(document: Mapping[str, object]) -> KazooCharge:
    """What a stored document costs: KAZOO computes it anew at each reading."""
    channel = _channel(document)
    offset = _integer(document.get("billing_seconds_offset"), 0)
    return kazoo_cost(
        rate_units=_integer(channel.get("rate"), 0),
        increment_seconds=_integer(channel.get("rate_increment"), 60),
        minimum_seconds=_integer(channel.get("rate_minimum"), 0),
        surcharge_units=_integer(channel.get("surcharge"), 0),
        nocharge_seconds=_integer(channel.get("rate_nocharge_time"), 0),
        discount_percent=_integer(channel.get("discount_percentage"), 0),
        answered_seconds=_integer(document.get("billing_seconds"), 0) - offset,
    )


def _channel(document: Mapping[str, object]) -> Mapping[str, object]:
    channel = document.get("custom_channel_vars")
    return channel if isinstance(channel, Mapping) else {}


def _authorizing_id(channel: Mapping[str, object]) -> str:
    """An account that authorises itself is not shown as a device."""
    authorizing_id = _text(channel, "authorizing_id")
    return "" if authorizing_id == _text(channel, "account_id") else authorizing_id


def _parties(document: Mapping[str, object]) -> Document:
    direction = _text(document, "call_direction")
    if direction == "inbound":
        return {"dialed_number": _user(document, "request"), "calling_from": _text(document, "caller_id_number")}
    if direction == "outbound":
        return {"dialed_number": _user(document, "to"), "calling_from": _user(document, "from_uri")}
    raise ValueError(f"KAZOO lists no leg whose direction is {direction!r}")


def _times(started: int, utc_offset_seconds: int, created_microseconds: object) -> Document:
    year, moment = gregorian.civil(started)
    shown_year, shown = gregorian.civil(started + utc_offset_seconds) if utc_offset_seconds else (year, moment)
    unix = started - gregorian.UNIX_EPOCH
    created = float(unix) if created_microseconds is None else _integer(created_microseconds, 0) / 1_000_000
    day, clock = f"{year:04d}-{moment:%m-%d}", f"{moment:%H:%M:%S}"
    return {
        "datetime": f"{shown_year:04d}-{shown:%m-%d_%H:%M:%S}",
        "unix_timestamp": str(unix),
        "unix_timestamp_micro": repr(created),
        "rfc_1036": (f"{WEEKDAYS[moment.weekday()]}, {moment.day:02d} {MONTHS[moment.month - 1]} {year} {clock} GMT"),
        "iso_8601": day,
        "iso_8601_combined": f"{day}T{clock}Z",
    }


def _user(document: Mapping[str, object], key: str) -> str:
    return _text(document, key).partition("@")[0]


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    return "" if value is None else str(value)


def _seconds(document: Mapping[str, object], key: str) -> int | None:
    value = document.get(key)
    return None if value is None else _integer(value, 0)


def _or_empty(seconds: int | None) -> object:
    return "" if seconds is None else seconds


def _integer(value: object, default: int) -> int:
    """Numbers arrive as text too; a decimal is rounded half away from zero, as KAZOO's reader does."""
    if value is None:
        return default
    if isinstance(value, int):
        return value
    try:
        return int(Decimal(str(value)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except InvalidOperation as error:
        raise ValueError(f"KAZOO reads no number in {value!r}") from error
