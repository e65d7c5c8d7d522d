"""Calls and ledgers: what happened to an account, as Crossbar lists it.

Owns: the handlers of `/cdrs…` and `/ledgers…`. Does not own: paging, who may ask.
"""

from collections.abc import Iterable, Iterator, Mapping

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.crossbar_answers import Refused, Reply, bad_identifier, faulty_request
from reseller_reporting.simulate.crossbar_listing import (
    Ask,
    created_range,
    over_months,
    paged,
    start_key,
)
from reseller_reporting.simulate.listing import Document
from reseller_reporting.simulate.world import Span, StoredCdr, StoredEntry

_MONTH_NAME_LENGTH = 6
_TWO_DAYS_SECONDS = 172_800
_PRIVATE = ("_", "pvt_")
_AVAILABLE = {
    "per-minute-voip": "Per Minute VoIP",
    "services": "Services",
    "payments": "Payments",
    "rollovers": "Rollovers",
}


def cdrs(ask: Ask) -> Reply:
    """`/cdrs` and `/users/{user}/cdrs`: legs by the time they were saved, both ends included."""
    utc_offset_seconds = _utc_offset_seconds(ask)
    created_from, created_to = created_range(ask)
    user_id = ask.parts.get("user")

    def read(month: str, span: Span) -> Iterator[StoredCdr]:
        stored = ask.world.cdrs(ask.account.id, month, span)
        return stored if user_id is None else (cdr for cdr in stored if cdr.owner_id == user_id)

    def show(cdr: StoredCdr) -> object:
        return cdr.row(is_reseller=ask.reads_as_reseller, utc_offset_seconds=utc_offset_seconds)

    found = over_months(ask, created_from, created_to, read, start_key(ask))
    return paged(ask, found, lambda cdr: (cdr.saved, cdr.id), show, chunked=True)


def cdr_document(ask: Ask) -> Reply:
    """`/cdrs/{id}`: the stored document without its private keys."""
    cdr_id = ask.parts["cdr"]
    if not _is_month(cdr_id[:_MONTH_NAME_LENGTH]):
        raise bad_identifier()
    cdr = ask.world.cdr(ask.account.id, cdr_id)
    document = cdr.document() if cdr is not None and cdr.saved <= ask.now else None
    if document is None:
        raise bad_identifier()
    return Reply(_public(document))


def cdr_legs(ask: Ask) -> Reply:
    """`/cdrs/legs/{id}`: every leg of an interaction, named by its own id or that of a leg."""
    wanted = ask.parts["cdr"]
    cdr = ask.world.cdr(ask.account.id, wanted) if _is_month(wanted[:_MONTH_NAME_LENGTH]) else None
    stored = cdr.document() if cdr is not None else None
    interaction_id = str(stored.get("interaction_id", "")) if stored is not None else wanted
    started, _, key = interaction_id.partition("-")
    if not key or not started.isdecimal() or len(started) != len(str(gregorian.UNIX_EPOCH)):
        raise bad_identifier()
    span = Span.of_seconds(int(started), min(int(started) + _TWO_DAYS_SECONDS, ask.now))
    found = ask.world.cdrs(ask.account.id, gregorian.month_of(int(started)), span)
    documents = (document for document in (each.document() for each in found) if document is not None)
    return Reply([_public(document) for document in documents if document.get("interaction_id") == interaction_id])


def ledger_totals(ask: Ask) -> Reply:
    """`/ledgers`: the sum of each source over the range, both ends included."""
    created_from, created_to = created_range(ask)
    return Reply(_sums(_entries(ask, created_from, created_to)))


def ledger_entries(ask: Ask) -> Reply:
    """`/ledgers/{source}`: entries by the time they were written, the end of the range excluded."""
    service = ask.parts["source"]
    created_from, created_to = created_range(ask)

    def read(month: str, span: Span) -> Iterator[StoredEntry]:
        return ask.world.ledger(ask.account.id, month, span, service)

    found = over_months(ask, created_from, created_to - 1, read, start_key(ask))
    return paged(ask, found, lambda entry: (entry.saved, entry.id), _entry, chunked=True)


def ledger_entry(ask: Ask) -> Reply:
    service, entry_id = ask.parts["source"], ask.parts["entry"]
    for entry in _month_entries(ask, entry_id[:_MONTH_NAME_LENGTH]):
        if entry.id == entry_id and entry.service == service:
            return Reply(_entry(entry))
    raise bad_identifier()


def ledger_summary(ask: Ask) -> Reply:
    """`/ledgers/summary/{YYYYMM}`: a UTC month by source, and again for each calling account."""
    text = ask.parts["month"]
    month = f"{text[:4]}0{text[4:]}" if len(text) == _MONTH_NAME_LENGTH - 1 else text
    if not _is_month(month):
        raise bad_identifier()
    if not ask.world.has_month(ask.account.id, month):
        raise Refused(503, "datastore missing view", {"message": "datastore missing view"})
    entries = list(_month_entries(ask, month))
    by_account: dict[tuple[str, str], list[StoredEntry]] = {}
    for entry in entries:
        by_account.setdefault((entry.account_id, entry.account_name), []).append(entry)
    breakdown = [
        {
            "account": {"id": account_id, "name": name},
            "ledgers": _sums(own),
            "total": _currency(sum(entry.units for entry in own)),
        }
        for (account_id, name), own in by_account.items()
    ]
    return Reply({"summary": _sums(entries), "breakdown": breakdown})


def ledgers_available(ask: Ask) -> Reply:  # noqa: ARG001
    return Reply([{"name": name, "friendly_name": text, "markup_type": []} for name, text in _AVAILABLE.items()])


def ledger_total(ask: Ask) -> Reply:
    """The balance: every source of the current month."""
    month = gregorian.month_of(ask.now)
    return Reply({"amount": _currency(sum(entry.units for entry in _month_entries(ask, month)))})


def _entries(ask: Ask, from_second: int, last_second: int) -> Iterator[StoredEntry]:
    def read(month: str, span: Span) -> Iterator[StoredEntry]:
        return ask.world.ledger(ask.account.id, month, span)

    return over_months(ask, from_second, last_second, read)


def _month_entries(ask: Ask, month: str) -> Iterator[StoredEntry]:
    if not _is_month(month):
        return iter(())
    start = gregorian.month_start(month)
    span = Span.of_seconds(start, min(gregorian.month_start(gregorian.month_after(month)) - 1, ask.now))
    return ask.world.ledger(ask.account.id, month, span)


def _sums(entries: Iterable[StoredEntry]) -> Document:
    units: dict[str, int] = {}
    usages: dict[str, Document] = {}
    quantities: dict[str, int] = {}
    for entry in entries:
        units[entry.service] = units.get(entry.service, 0) + entry.units
        quantities[entry.service] = quantities.get(entry.service, 0) + entry.quantity
        usages.setdefault(entry.service, {"type": entry.usage_type, "unit": entry.usage_unit})
    return {
        service: {"amount": _currency(total), "usage": {**usages[service], "quantity": quantities[service]}}
        for service, total in units.items()
    }


def _entry(entry: StoredEntry) -> object:
    return entry.row()


def _currency(units: int) -> float:
    """Money leaves KAZOO as a double, four decimals exact."""
    return units / 10_000


def _public(document: Mapping[str, object]) -> Document:
    shown = {key: value for key, value in document.items() if not key.startswith(_PRIVATE)}
    return {"id": document.get("_id"), **shown}


def _is_month(text: str) -> bool:
    return len(text) == _MONTH_NAME_LENGTH and text.isdecimal() and "01" <= text[4:] <= "12" and text[:4] >= "0001"


def _utc_offset_seconds(ask: Ask) -> int:
    try:
        return int(ask.query.get("utc_offset", "0"))
    except ValueError as error:
        raise faulty_request() from error
