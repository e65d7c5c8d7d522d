"""ScriptedWorld: a world told line by line, for tests and stories.

Owns: the pleasant way to tell accounts, calls, ledger entries, services. Does not own: chance, the server.

Invariants
- Ids come from names and counters: the same script makes the same world.
- A call that costs a party money stands in that party's ledger, to the unit; any other does not.
- Rows given with `raw_row` are listed exactly as given.
"""

import bisect
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reseller_reporting.rating.charge import KazooCharge
from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.listing import PER_MINUTE, Document, listing_row
from reseller_reporting.simulate.rate import Rate
from reseller_reporting.simulate.world import (
    MASTER_ID,
    AccountRecord,
    ForcedAnswer,
    LedgerEntry,
    Login,
    Span,
    StoredCdr,
)

__all__ = ["DocumentCdr", "Rate", "RawCdr", "ScriptedWorld", "invoice", "invoice_item"]

RESELLER_COLUMNS = ("reseller_cost", "reseller_call_type")
PER_MINUTE_VOIP = "per-minute-voip"

_FORCED_ANSWERS: dict[int, tuple[str, object]] = {
    400: ("validation error", {}),
    401: ("invalid_credentials", {"message": "invalid credentials"}),
    403: ("forbidden", {"message": "forbidden"}),
    404: ("bad_identifier", {"message": "bad identifier"}),
    423: ("locked", {"message": "account disabled"}),
    429: ("too_many_requests", {"message": "too many requests"}),
    500: ("unspecified_fault", {}),
    503: ("datastore missing view", {"message": "datastore missing view"}),
}


@dataclass(frozen=True, slots=True)
class DocumentCdr:
    """A leg known by its document; its row follows from it."""

    id: str
    saved: int
    stored: Document

    @property
    def owner_id(self) -> str:
        channel = self.stored.get("custom_channel_vars")
        return str(channel.get("owner_id", "")) if isinstance(channel, Mapping) else ""

    def row(self, *, is_reseller: bool, utc_offset_seconds: int) -> object:
        return listing_row(self.stored, is_reseller, utc_offset_seconds)

    def document(self) -> Document | None:
        return self.stored


@dataclass(frozen=True, slots=True)
class RawCdr:
    """A leg known by its row alone, however malformed."""

    id: str
    saved: int
    verbatim: object
    owner_id: str = ""

    def row(self, *, is_reseller: bool, utc_offset_seconds: int) -> object:  # noqa: ARG002
        if is_reseller or not isinstance(self.verbatim, Mapping):
            return self.verbatim
        return {key: value for key, value in self.verbatim.items() if key not in RESELLER_COLUMNS}

    def document(self) -> Document | None:
        return None


@dataclass(slots=True)
class _Told:
    """What the script has told of one account."""

    record: AccountRecord
    users: list[Document] = field(default_factory=list)
    devices: list[Document] = field(default_factory=list)
    numbers: dict[str, Document] = field(default_factory=dict)
    limits: Document = field(default_factory=dict)
    summary: Document = field(default_factory=dict)
    allotments: Document = field(default_factory=dict)
    forced: dict[str, ForcedAnswer] = field(default_factory=dict)
    cdrs: dict[str, list[StoredCdr]] = field(default_factory=dict)
    ledger: dict[str, list[LedgerEntry]] = field(default_factory=dict)


class ScriptedWorld:
    """Tell resellers first, then customers, then what happened to them. The first reseller logs in."""

    def __init__(self) -> None:
        self.logins: list[Login] = []
        self._told: dict[str, _Told] = {}
        self._counter = 0

    # Telling accounts.

    def reseller(
        self, name: str, *, parent: str | None = None, timezone: str | None = None, account_id: str | None = None
    ) -> str:
        """A reseller's account; with a parent, a sub-reseller. Returns its id."""
        new_id = self._tell_account(name, parent, timezone, account_id, is_reseller=True)
        if not self.logins:
            self.login(new_id)
        return new_id

    def customer(self, name: str, *, parent: str, timezone: str | None = None, account_id: str | None = None) -> str:
        """A customer of the nearest reseller above it. Returns its id."""
        return self._tell_account(name, parent, timezone, account_id, is_reseller=False)

    def login(self, account_id: str, *, username: str = "admin", password: str | None = None) -> Login:
        """A way into this account; the first one told is the server's."""
        record = self._told[account_id].record
        secret = hashlib.sha256(f"key of {account_id} {username}".encode()).hexdigest()
        login = Login(
            account_id=account_id,
            account_name=record.name,
            username=username,
            password=password or secret[:16],
            api_key=secret,
            owner_id=self._new_id(f"owner {account_id} {username}"),
        )
        self.logins.append(login)
        return login

    def forget_account(self, account_id: str) -> None:
        """The account is deleted: it is in no tree any more and answers 404."""
        del self._told[account_id]

    # Telling what an account has.

    def user(
        self, account_id: str, first_name: str = "", last_name: str = "", *, username: str = "", level: str = "user"
    ) -> str:
        """A user; returns its id, the `owner` of calls."""
        user_id = self._new_id(f"user {account_id} {first_name} {last_name} {username}")
        shown = username or f"{first_name}.{last_name}".lower()
        self._told[account_id].users.append(
            {
                "id": user_id,
                "username": shown,
                "email": f"{shown}@example.com",
                "first_name": first_name,
                "last_name": last_name,
                "priv_level": level,
                "features": [],
                "flags": [],
            }
        )
        return user_id

    def device(self, account_id: str, name: str, *, owner: str | None = None, kind: str = "sip_device") -> str:
        device_id = self._new_id(f"device {account_id} {name}")
        document: Document = {"id": device_id, "name": name, "mac_address": "", "device_type": kind, "flags": []}
        if owner is not None:
            document["owner_id"] = owner
        self._told[account_id].devices.append(document)
        return device_id

    def number(self, account_id: str, number: str, *, features: Sequence[str] = ()) -> None:
        created = self._told[account_id].record.created
        self._told[account_id].numbers[number] = {
            "state": "in_service",
            "features": list(features),
            "features_allowed": [],
            "features_denied": [],
            "features_available": ["e911", "cnam"],
            "assigned_to": account_id,
            "used_by": "callflow",
            "created": created,
            "updated": created,
            "locality": {},
        }

    def limits_of(self, account_id: str, **limits: object) -> None:
        """Trunks and credit as `/limits` shows them: `twoway_trunks=2`."""
        self._told[account_id].limits = {"id": "limits", **limits}

    def services_of(
        self,
        account_id: str,
        *,
        account: Mapping[str, Mapping[str, int]] | None = None,
        cascade: Mapping[str, Mapping[str, int]] | None = None,
        manual: Mapping[str, Mapping[str, int]] | None = None,
        invoices: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Quantities and invoices as `/services/summary` shows them; `invoice` makes one of items."""
        self._told[account_id].summary = {
            "invoices": [dict(each) for each in invoices],
            "quantities": {
                "account": dict(account or {}),
                "cascade": dict(cascade or {}),
                "manual": dict(manual or {}),
            },
        }

    def allotments_of(self, account_id: str, **allotments: Mapping[str, object]) -> None:
        self._told[account_id].allotments = dict(allotments)

    # Telling what happened.

    def call(
        self,
        account_id: str,
        *,
        started_at: datetime,
        number: str,
        direction: str = "outbound",
        answered_seconds: int = 60,
        ringing_seconds: int = 5,
        customer: str = PER_MINUTE,
        reseller: str = PER_MINUTE,
        rate: Rate | None = None,
        caller: str = "+14155550100",
        owner: str | None = None,
        device: str | None = None,
        interaction_at: datetime | None = None,
        saved_after_seconds: int = 1,
        call_id: str | None = None,
        hangup_cause: str | None = None,
        ledger: bool = True,
        document: Mapping[str, object] | None = None,
        channel: Mapping[str, object] | None = None,
    ) -> DocumentCdr:
        """A leg to or from a carrier, with the ledger entries that it causes.

        `number` is the far end's number of an outbound leg, the dialled number of an inbound one. `document` and
        `channel` replace parts of the stored document; `ledger=False` leaves the entries out.
        """
        record = self._told[account_id].record
        stored = _call_document(
            record,
            call_id or f"call-{self._next():06d}@10.0.0.1",
            started_at,
            number=number,
            direction=direction,
            answered_seconds=answered_seconds,
            ringing_seconds=ringing_seconds,
            caller=caller,
            interaction_at=interaction_at,
        )
        stored["hangup_cause"] = hangup_cause or ("NORMAL_CLEARING" if answered_seconds else "NO_ANSWER")
        stored["custom_channel_vars"] = {
            "account_id": account_id,
            **_billing_vars(record, direction, customer, reseller),
            **({"authorizing_id": device, "authorizing_type": "device"} if device else {}),
            **({"owner_id": owner} if owner else {}),
            **(rate.channel_vars() if rate else {}),
            **(channel or {}),
        }
        stored.update(document or {})
        cdr = self.document(account_id, stored, saved=_int(stored["timestamp"]) + saved_after_seconds)
        if ledger and rate is not None:
            self._charge(account_id, cdr, rate, answered_seconds=answered_seconds, customer=customer, reseller=reseller)
        return cdr

    def on_net_leg(
        self, account_id: str, *, started_at: datetime, number: str = "1001", **details: object
    ) -> DocumentCdr:
        """A device's own leg: billing never looked at it."""
        return self.call(account_id, started_at=started_at, number=number, customer="", reseller="", **details)  # type: ignore[arg-type]

    def document(self, account_id: str, stored: Mapping[str, object], *, saved: int) -> DocumentCdr:
        """A stored CDR document told outright; its `_id` names the month of its database."""
        cdr = DocumentCdr(str(stored["_id"]), saved, dict(stored))
        self._store(account_id, cdr, cdr.id[:6])
        return cdr

    def raw_row(
        self, account_id: str, row: object, *, saved_at: datetime, month: str | None = None, cdr_id: str | None = None
    ) -> None:
        """A listing row verbatim, well-formed or not; `month` is its database, else that of saving."""
        saved = gregorian.from_datetime(saved_at)
        owner = str(row.get("owner_id", "")) if isinstance(row, Mapping) else ""
        row_id = cdr_id or str(row.get("id", "") if isinstance(row, Mapping) else "") or f"raw-{self._next():06d}"
        self._store(account_id, RawCdr(row_id, saved, row, owner), month or gregorian.month_of(saved))

    def ledger_entry(
        self,
        account_id: str,
        *,
        units: int,
        written_at: datetime,
        service: str = PER_MINUTE_VOIP,
        source_id: str | None = None,
        period_at: datetime | None = None,
        quantity: int = 0,
        calling_account: str | None = None,
        description: str = "",
        metadata: Mapping[str, object] | None = None,
    ) -> LedgerEntry:
        """An entry told outright. `units` as the API signs them: negative is a debit."""
        calling = self._told[calling_account or account_id].record
        is_voice = service == PER_MINUTE_VOIP
        saved = gregorian.from_datetime(written_at)
        entry = LedgerEntry(
            id=f"{gregorian.month_of(saved)}-{self._new_id(f'entry {account_id}')}",
            saved=saved,
            service=service,
            source_id=source_id or self._new_id("source"),
            units=units,
            quantity=quantity,
            usage_type="voice" if is_voice else "credit",
            usage_unit="sec" if is_voice else "dollars",
            account_id=calling.id,
            account_name=calling.name,
            description=description,
            period_start=gregorian.from_datetime(period_at or written_at),
            metadata=metadata or {},
        )
        self._write(account_id, entry)
        return entry

    def answer(
        self, account_id: str, path: str, *, status: int, message: str | None = None, data: object = None
    ) -> None:
        """Every GET of this account's path, and of what lies below it, gets this answer; 200 gives `data`."""
        known_message, known_data = _FORCED_ANSWERS.get(status, ("error", {}))
        forced = ForcedAnswer(status, message or known_message, known_data if data is None else data)
        self._told[account_id].forced["/" + path.strip("/")] = forced

    # What the server asks.

    def account(self, account_id: str) -> AccountRecord | None:
        told = self._told.get(account_id)
        return told.record if told else None

    def descendants(self, account_id: str) -> Sequence[AccountRecord]:
        return [told.record for told in self._told.values() if account_id in told.record.tree]

    def users(self, account_id: str) -> Sequence[Document]:
        return self._told[account_id].users

    def devices(self, account_id: str) -> Sequence[Document]:
        return self._told[account_id].devices

    def phone_numbers(self, account_id: str) -> Mapping[str, Document]:
        return self._told[account_id].numbers

    def limits(self, account_id: str) -> Document:
        return self._told[account_id].limits

    def services_summary(self, account_id: str) -> Document:
        return self._told[account_id].summary

    def allotments(self, account_id: str) -> Document:
        return self._told[account_id].allotments

    def has_month(self, account_id: str, month: str) -> bool:
        told = self._told[account_id]
        return month in told.cdrs or month in told.ledger

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        stored = self._told[account_id].cdrs.get(month, [])
        chosen = [cdr for cdr in stored if span.covers((cdr.saved, cdr.id))]
        return reversed(chosen) if span.descending else iter(chosen)

    def cdr(self, account_id: str, cdr_id: str) -> StoredCdr | None:
        stored = self._told[account_id].cdrs.get(cdr_id[:6], [])
        return next((cdr for cdr in stored if cdr.id == cdr_id), None)

    def ledger(self, account_id: str, month: str, span: Span, service: str | None = None) -> Iterator[LedgerEntry]:
        entries = self._told[account_id].ledger.get(month, [])
        chosen = [e for e in entries if span.covers((e.saved, e.id)) and service in (None, e.service)]
        return reversed(chosen) if span.descending else iter(chosen)

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        forced = self._told[account_id].forced if account_id in self._told else {}
        return next((answer for own, answer in forced.items() if path == own or path.startswith(f"{own}/")), None)

    # How it is kept.

    def _tell_account(
        self, name: str, parent: str | None, timezone: str | None, account_id: str | None, *, is_reseller: bool
    ) -> str:
        above = self._told[parent].record if parent else None
        tree = (*above.tree, above.id) if above else (MASTER_ID,)
        resellers = (each for each in reversed(tree) if each in self._told and self._told[each].record.is_reseller)
        new_id = account_id or self._new_id(f"account {name}")
        self._told[new_id] = _Told(
            AccountRecord(
                id=new_id,
                name=name,
                realm=f"{new_id[:8]}.sip.example.com",
                tree=tree,
                reseller_id=next(resellers, MASTER_ID),
                is_reseller=is_reseller,
                timezone=timezone,
            )
        )
        return new_id

    def _charge(
        self, account_id: str, cdr: DocumentCdr, rate: Rate, *, answered_seconds: int, customer: str, reseller: str
    ) -> None:
        """Debit each party whose tag is per_minute, in its own ledger, in the name of the calling account."""
        charge = rate.charge(answered_seconds)
        if charge.cost_units <= 0:
            return
        record = self._told[account_id].record
        parties = [(account_id, customer), (record.reseller_id, reseller)]
        ended = _int(cdr.stored["timestamp"])
        for party_id, tag in parties:
            if tag == PER_MINUTE and party_id in self._told:
                self._write(party_id, _voice_entry(record, cdr, rate, charge, ended))

    def _store(self, account_id: str, cdr: StoredCdr, month: str) -> None:
        stored = self._told[account_id].cdrs.setdefault(month, [])
        bisect.insort(stored, cdr, key=lambda each: (each.saved, each.id))

    def _write(self, account_id: str, entry: LedgerEntry) -> None:
        entries = self._told[account_id].ledger.setdefault(gregorian.month_of(entry.saved), [])
        bisect.insort(entries, entry, key=lambda each: (each.saved, each.id))

    def _next(self) -> int:
        self._counter += 1
        return self._counter

    def _new_id(self, seed: str) -> str:
        return hashlib.md5(f"{seed} {self._next()}".encode(), usedforsecurity=False).hexdigest()


def invoice(
    items: Sequence[Mapping[str, object]],
    *,
    plan: Mapping[str, object] | None = None,
    bookkeeper_id: str = "default_bookkeeper",
) -> Document:
    """An invoice of `/services/summary`: its recurring sum is that of the items' totals."""
    recurring = sum(float(str(item.get("total", 0))) for item in items)
    return {
        "activation_charges": [],
        "items": [dict(item) for item in items],
        "taxes": [],
        "summary": {"today": 0.0, "recurring": recurring},
        "plan": dict(plan or {}),
        "bookkeeper": {"id": bookkeeper_id, "vendor_id": MASTER_ID, "type": "default"},
    }


def invoice_item(category: str, item: str, *, quantity: int, rate: float, **details: object) -> Document:
    """A priced item; `total`, `billable`, `name` and the like may be told otherwise."""
    return {
        "category": category,
        "item": item,
        "name": f"{category}/{item}",
        "quantity": quantity,
        "billable": quantity,
        "rate": rate,
        "prorate": {"additions": True, "removals": True},
        "total": quantity * rate,
        **details,
    }


def _call_document(
    record: AccountRecord,
    call_id: str,
    started_at: datetime,
    *,
    number: str,
    direction: str,
    answered_seconds: int,
    ringing_seconds: int,
    caller: str,
    interaction_at: datetime | None,
) -> Document:
    started = gregorian.from_datetime(started_at)
    interaction = gregorian.from_datetime(interaction_at or started_at)
    duration_seconds = ringing_seconds + answered_seconds
    key = hashlib.md5(call_id.encode(), usedforsecurity=False).hexdigest()[:8]
    carrier, home = f"{number}@carrier.example", f"{caller}@{record.realm}"
    return {
        "_id": f"{gregorian.month_of(interaction)}-{call_id}",
        "pvt_type": "cdr",
        "call_id": call_id,
        "call_direction": direction,
        "app_name": "ecallmgr",
        "app_version": "4.0.0",
        "timestamp": started + duration_seconds,
        "duration_seconds": duration_seconds,
        "billing_seconds": answered_seconds,
        "ringing_seconds": ringing_seconds,
        "channel_created_time": (started - gregorian.UNIX_EPOCH) * 1_000_000 + 71_108,
        "caller_id_number": caller,
        "caller_id_name": record.name if direction == "outbound" else caller,
        "callee_id_number": number if direction == "outbound" else "",
        "callee_id_name": "",
        "to": carrier,
        "to_uri": carrier,
        "from": home,
        "from_uri": home,
        "request": carrier,
        "other_leg_call_id": "",
        "media_server": "fs1.example",
        "disposition": "ANSWER" if answered_seconds else "",
        "interaction_id": f"{interaction}-{key}",
        "interaction_time": interaction,
        "interaction_key": key,
    }


def _billing_vars(record: AccountRecord, direction: str, customer: str, reseller: str) -> Document:
    """What authorisation leaves on a leg; it leaves nothing on one that it was never asked about."""
    if not customer and not reseller:
        return {}
    resource: Document = {"resource_id": "f" * 32} if direction == "outbound" else {}
    tags = {"account_billing": customer, "reseller_billing": reseller}
    return {"reseller_id": record.reseller_id, "global_resource": "true", **resource, **tags}


def _voice_entry(record: AccountRecord, cdr: DocumentCdr, rate: Rate, charge: KazooCharge, ended: int) -> LedgerEntry:
    stored = cdr.stored
    digest = hashlib.md5(f"{PER_MINUTE_VOIP} {cdr.id}".encode(), usedforsecurity=False).hexdigest()
    return LedgerEntry(
        id=f"{gregorian.month_of(ended + 2)}-{digest}",
        saved=ended + 2,
        service=PER_MINUTE_VOIP,
        source_id=str(stored["call_id"]),
        units=-charge.cost_units,
        quantity=charge.charged_seconds,
        account_id=record.id,
        account_name=record.name,
        description=rate.name,
        period_start=ended,
        metadata={
            "to": stored["to"],
            "from": stored["from"],
            "direction": stored["call_direction"],
            "caller_id_number": stored["caller_id_number"],
            "caller_id_name": stored["caller_id_name"],
            "callee_id_number": stored["callee_id_number"],
            "billing_seconds": stored["billing_seconds"],
            "rate": rate.ledger_metadata(),
        },
        available_units=1_000_000,
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
