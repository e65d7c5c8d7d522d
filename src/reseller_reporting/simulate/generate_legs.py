"""A made-up leg: little to keep, and everything that KAZOO would show of it.

Owns: the row and the document of a generated leg. Does not own: what happened (generate_calls).

Invariants
- The row written here is the row that `listing_row` makes of the document; a test compares them.
- Strings in it hold nothing that JSON would have to escape.
"""

import hashlib
from functools import lru_cache

import msgspec

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.generate_people import Party, Station
from reseller_reporting.simulate.listing import MONTHS, PER_MINUTE, WEEKDAYS, Document, listing_row
from reseller_reporting.simulate.rate import Rate
from reseller_reporting.simulate.world import Key

CARRIER_OUT, DEVICE_OUT, CARRIER_IN, DEVICE_IN = range(4)
DAY_SECONDS = 86_400
DENIED = "OUTGOING_CALL_BARRED"
# CARRIER_OUT and DEVICE_IN are what a customer dials; direction is as the switch sees it.
_DIRECTIONS = ("outbound", "outbound", "inbound", "inbound")


class Leg:
    """One leg. `own` and `far` are numbers; which of them called follows from the kind."""

    __slots__ = (
        "answered_seconds",
        "call_id",
        "charged_seconds",
        "cost_units",
        "customer_tag",
        "customer_usage",
        "duration_seconds",
        "far",
        "hangup_cause",
        "interaction_id",
        "kind",
        "micro",
        "month",
        "other_call_id",
        "own",
        "party",
        "rate",
        "reseller_tag",
        "reseller_usage",
        "saved",
        "started",
        "station",
    )

    def __init__(
        self,
        party: Party,
        kind: int,
        *,
        month: str,
        call_id: str,
        other_call_id: str,
        interaction_id: str,
        started: int,
        duration_seconds: int,
        answered_seconds: int,
        saved: int,
        micro: int,
        own: str,
        far: str,
        station: Station,
        hangup_cause: str,
    ) -> None:
        self.party = party
        self.kind = kind
        self.month = month
        self.call_id = call_id
        self.other_call_id = other_call_id
        self.interaction_id = interaction_id
        self.started = started
        self.duration_seconds = duration_seconds
        self.answered_seconds = answered_seconds
        self.saved = saved
        self.micro = micro
        self.own = own
        self.far = far
        self.station = station
        self.hangup_cause = hangup_cause
        self.customer_tag = ""
        self.reseller_tag = ""
        self.rate: Rate | None = None
        self.cost_units = 0
        self.charged_seconds = 0
        self.customer_usage = ""
        self.reseller_usage = ""

    @property
    def id(self) -> str:
        return f"{self.month}-{self.call_id}"

    @property
    def key(self) -> Key:
        return self.saved, f"{self.month}-{self.call_id}"

    @property
    def owner_id(self) -> str:
        return "" if self.kind == CARRIER_IN else self.station.user_id

    def row(self, *, is_reseller: bool, utc_offset_seconds: int) -> object:
        if utc_offset_seconds:
            return listing_row(self.document(), is_reseller, utc_offset_seconds)
        return msgspec.Raw(self._row_text(is_reseller).encode())

    def _row_text(self, is_reseller: bool) -> str:
        caller, caller_name, callee, callee_name, to, from_, request = self.ends()
        day, second = divmod(self.started, DAY_SECONDS)
        date, rfc_date = _date_texts(day)
        minute, second = divmod(second, 60)
        hour, minute = divmod(minute, 60)
        clock = f"{hour:02d}:{minute:02d}:{second:02d}"
        unix = self.started - gregorian.UNIX_EPOCH
        customer_tag, reseller_tag, kind, rate = self.customer_tag, self.reseller_tag, self.kind, self.rate
        # A carrier's call is authorised by no device and belongs to nobody.
        owner_id, device_id = ("", "") if kind == CARRIER_IN else (self.station.user_id, self.station.device_id)
        text = (
            f'{{"id":"{self.month}-{self.call_id}","call_id":"{self.call_id}","caller_id_number":"{caller}",'
            f'"caller_id_name":"{caller_name}","callee_id_number":"{callee}","callee_id_name":"{callee_name}",'
            f'"duration_seconds":{self.duration_seconds},"billing_seconds":{self.answered_seconds},'
            f'"timestamp":"{self.started}","hangup_cause":"{self.hangup_cause}",'
            f'"other_leg_call_id":"{self.other_call_id}","owner_id":"{owner_id}",'
            f'"to":"{to}","from":"{from_}","direction":"{_DIRECTIONS[kind]}","request":"{request}",'
            f'"authorizing_id":"{device_id}",'
            f'"cost":"{self.cost_units if customer_tag == PER_MINUTE else 0}",'
            f'"dialed_number":"{to.partition("@")[0]}","calling_from":"{caller}","datetime":"{date}_{clock}",'
            f'"unix_timestamp":"{unix}","unix_timestamp_micro":"{unix}.{self.micro}",'
            f'"rfc_1036":"{rfc_date} {clock} GMT",'
            f'"iso_8601":"{date}","iso_8601_combined":"{date}T{clock}Z","call_type":"{customer_tag}",'
            f'"rate":"{rate.units / 10_000 if rate else 0.0}","rate_name":"{rate.name if rate else ""}",'
            f'"bridge_id":"{self.other_call_id}","recording_url":"","media_recordings":[],'
            f'"media_server":"fs1.example.com","call_priority":"","interaction_id":"{self.interaction_id}"'
        )
        if not is_reseller:
            return text + "}"
        cost = self.cost_units if reseller_tag == PER_MINUTE else 0
        return f'{text},"reseller_cost":"{cost}","reseller_call_type":"{reseller_tag}"}}'

    def document(self) -> Document:
        caller, caller_name, callee, callee_name, to, from_, request = self.ends()
        interaction, _, interaction_key = self.interaction_id.partition("-")
        return {
            "_id": self.id,
            "pvt_type": "cdr",
            "pvt_created": self.saved,
            "call_id": self.call_id,
            "call_direction": _DIRECTIONS[self.kind],
            "app_name": "ecallmgr",
            "app_version": "4.0.0",
            "timestamp": self.started + self.duration_seconds,
            "duration_seconds": self.duration_seconds,
            "billing_seconds": self.answered_seconds,
            "ringing_seconds": self.duration_seconds - self.answered_seconds,
            "channel_created_time": (self.started - gregorian.UNIX_EPOCH) * 1_000_000 + self.micro,
            "caller_id_number": caller,
            "caller_id_name": caller_name,
            "callee_id_number": callee,
            "callee_id_name": callee_name,
            "to": to,
            "to_uri": to,
            "from": from_,
            "from_uri": from_,
            "request": request,
            "hangup_cause": self.hangup_cause,
            "disposition": "ANSWER" if self.answered_seconds else "",
            "other_leg_call_id": self.other_call_id,
            "media_server": "fs1.example.com",
            "interaction_id": self.interaction_id,
            "interaction_time": int(interaction),
            "interaction_key": interaction_key,
            "custom_channel_vars": self._channel_vars(),
        }

    @property
    def written(self) -> int:
        """When its ledger entries were: two seconds after the call."""
        return self.started + self.duration_seconds + 2

    def ledger_id(self, owner_id: str) -> str:
        """Its id in the ledger of this party, which both parties' entries must not share."""
        digest = hashlib.md5(f"{owner_id} {self.call_id}".encode(), usedforsecurity=False).hexdigest()
        return f"{_month_of_day(self.written // DAY_SECONDS)}-{digest}"

    def _channel_vars(self) -> Document:
        record = self.party.record
        channel: Document = {
            "account_id": record.id,
            "bridge_id": self.other_call_id,
            "ecallmgr_node": "ecallmgr@node1",
        }
        if self.kind != CARRIER_IN:
            channel |= {
                "authorizing_id": self.station.device_id,
                "authorizing_type": "device",
                "owner_id": self.station.user_id,
            }
        if self.kind == CARRIER_OUT:
            channel |= {"resource_id": "f" * 32, "resource_type": "offnet-termination", "global_resource": "true"}
        if self.kind == CARRIER_IN:
            channel |= {"resource_type": "offnet-origination", "global_resource": "true"}
        if self.customer_tag:
            channel |= {
                "reseller_id": record.reseller_id,
                "account_billing": self.customer_tag,
                "reseller_billing": self.reseller_tag,
                "account_trunk_usage": self.customer_usage,
                "reseller_trunk_usage": self.reseller_usage,
                "channel_authorized": "true" if self.hangup_cause != DENIED else "false",
            }
        return channel | (self.rate.channel_vars() if self.rate else {})

    def ends(self) -> tuple[str, str, str, str, str, str, str]:
        """Caller, its name, callee, its name; then to, from and request as SIP has them."""
        far, own, record, name = self.far, self.own, self.party.record, self.station.name
        if self.kind == CARRIER_OUT:
            to = f"{far}@carrier.example"
            return own, record.name, far, "", to, f"{own}@{record.realm}", to
        if self.kind == DEVICE_IN:
            to = f"{far}@{record.realm}"
            return own, name, far, "", to, f"{own}@{record.realm}", to
        if self.kind == CARRIER_IN:
            return far, far, "", "", f"{own}@{record.realm}", f"{far}@carrier.example", f"{own}@sbc.example.com"
        to = f"{own}@{record.realm}"
        return far, far, own, name, to, f"{far}@{record.realm}", to


class LegDebit:
    """The debit that a party found in its ledger for a leg."""

    __slots__ = ("_leg", "id")
    service = "per-minute-voip"
    usage_type = "voice"
    usage_unit = "sec"

    def __init__(self, leg: Leg, entry_id: str) -> None:
        self._leg = leg
        self.id = entry_id

    @property
    def saved(self) -> int:
        return self._leg.written

    @property
    def units(self) -> int:
        return -self._leg.cost_units

    @property
    def quantity(self) -> int:
        return self._leg.charged_seconds

    @property
    def source_id(self) -> str:
        return self._leg.call_id

    @property
    def account_id(self) -> str:
        return self._leg.party.record.id

    @property
    def account_name(self) -> str:
        return self._leg.party.record.name

    def row(self) -> object:
        leg = self._leg
        record, rate, written = leg.party.record, leg.rate, leg.written
        assert rate is not None
        caller, caller_name, callee, _, to, from_, _ = leg.ends()
        resource = "offnet-termination" if leg.kind == CARRIER_OUT else "offnet-origination"
        return msgspec.Raw(
            (
                f'{{"id":"{self.id}","account":{{"id":"{record.id}","name":"{record.name}"}},'
                f'"amount":{-leg.cost_units / 10_000},"description":"{rate.name}",'
                f'"source":{{"service":"per-minute-voip","id":"{leg.call_id}"}},'
                f'"usage":{{"type":"voice","quantity":{leg.charged_seconds},"unit":"sec"}},'
                f'"period":{{"start":{written - 2}}},"metadata":{{"to":"{to}","from":"{from_}",'
                f'"direction":"{_DIRECTIONS[leg.kind]}","caller_id_number":"{caller}",'
                f'"caller_id_name":"{caller_name}","callee_id_number":"{callee}","resource_type":"{resource}",'
                f'"account_trunk_usage":"{leg.customer_usage}","reseller_trunk_usage":"{leg.reseller_usage}",'
                f'"billing_seconds":{leg.answered_seconds},"rate":{_ledger_rate(rate)}}},'
                f'"audit":{{"available_units":{5_000_000 - written % 1_000_003}}},"executor":{{}}}}'
            ).encode()
        )


@lru_cache(maxsize=1024)
def _ledger_rate(rate: Rate) -> str:
    return msgspec.json.encode(rate.ledger_metadata()).decode()


def by_key(leg: Leg) -> Key:
    return leg.key


@lru_cache(maxsize=64)
def _date_texts(day: int) -> tuple[str, str]:
    """A day since the year 0 as `2024-06-05` and as `Wed, 05 Jun 2024`."""
    moment = gregorian.to_datetime(day * DAY_SECONDS)
    return f"{moment:%Y-%m-%d}", f"{WEEKDAYS[moment.weekday()]}, {moment:%d} {MONTHS[moment.month - 1]} {moment:%Y}"


@lru_cache(maxsize=64)
def _month_of_day(day: int) -> str:
    return gregorian.month_of(day * DAY_SECONDS)
