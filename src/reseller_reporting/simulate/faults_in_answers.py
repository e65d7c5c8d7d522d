"""Faults in answers: what a listing or a document looks like on an installation that is not as one would wish.

Owns: the shapes of old versions, of limits that administrators set, of streams that stop. Does not own: chance.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import msgspec

from reseller_reporting.simulate.crossbar_answers import Refused, Reply, bad_identifier
from reseller_reporting.simulate.crossbar_listing import Ask, encode_raw_key, page_size, raw_key
from reseller_reporting.simulate.faults import Faults
from reseller_reporting.simulate.faults_at_work import Asked, FaultsAtWork
from reseller_reporting.simulate.listing import Document

Handler = Callable[[Ask], Reply]
_CALLS = ("/cdrs", "/users/{user}/cdrs")
_CHUNKED_BY_DEFAULT = (*_CALLS, "/ledgers/{source}")
_DOCUMENTS = ("", "/limits", "/services/summary", "/cdrs/{cdr}")
_OF_RESELLERS = ("reseller_cost", "reseller_call_type")
_NOT_IN_OLD_ROWS = ("unix_timestamp_micro", "iso_8601_combined", "interaction_id")
_NOBODY_KNOWS: Document = {"x_new": {"deep": [1, None, "ü", {"id": "no id"}]}, "x_none": None, "x_number": 1.5e300}
_NOISE_DIGITS = 19


def spoilt_reply(work: FaultsAtWork, asked: Asked, handler: Handler, ask: Ask) -> Reply:
    """The handler's reply with everything that the faults make of it."""
    faults, path = work.faults, asked.path
    if faults.range_seconds:
        ask = replace(ask, range_seconds_max=min(ask.range_seconds_max, faults.range_seconds))
    if faults.no_allotments and path.startswith("/allotments"):
        raise Refused(400, "allotments are not configured for this account yet")
    if faults.raw_keys:
        ask = replace(ask, query=_with_key_of_ours(ask.query))
    if faults.short_pages and (size := page_size(ask)) and size > 1 and work.strikes_now("short_pages", asked):
        ask = replace(ask, query={**ask.query, "page_size": str(size // 2)})
    if path in _CHUNKED_BY_DEFAULT and _touches_rows(faults):
        handler = _with_plain_rows(handler)
    reply = _old_services(path, handler, ask) if faults.old else handler(ask)
    if faults.chunked and path in _CHUNKED_BY_DEFAULT and reply.data:
        reply = replace(reply, chunked=True)
    if not reply.chunked and faults.rows_max and isinstance(reply.data, list) and len(reply.data) > faults.rows_max:
        raise Refused(416, "range not satisfiable")
    if reply.chunked:
        reply = _cut(work, asked, handler, ask, reply)
    if _repeats_its_key(work, asked, ask, reply):
        reply = replace(reply, paging={**reply.paging, "next_start_key": ask.query["start_key"]})
    if path in _CHUNKED_BY_DEFAULT:
        reply = _miscounted(work, asked, reply)
    return _reshaped(faults, path, reply)


def _touches_rows(faults: Faults) -> bool:
    looks_into = (faults.lost_entries, faults.cut_stream_keyless, faults.old, faults.no_empty, faults.no_reseller_view)
    return any((*looks_into, faults.unknown_keys, faults.float_noise))


def _with_plain_rows(handler: Handler) -> Handler:
    """A made-up world gives its rows as finished text, which nothing can be taken out of."""

    def plain(ask: Ask) -> Reply:
        reply = handler(ask)
        assert isinstance(reply.data, list)
        rows = [msgspec.json.decode(row) if isinstance(row, msgspec.Raw) else row for row in reply.data]
        return replace(reply, data=rows)

    return plain


def _with_key_of_ours(query: Mapping[str, str]) -> dict[str, str]:
    """The start key in the form that the listings know, where it came back in the old one."""
    key = query.get("start_key", "")
    return {**query, "start_key": encode_raw_key(key)} if key.startswith("[") else dict(query)


def _miscounted(work: FaultsAtWork, asked: Asked, reply: Reply) -> Reply:
    """Entries that are lost on the way leave no trace in the page; a row announced and not sent does."""
    faults, rows = work.faults, reply.data
    assert isinstance(rows, list)
    if faults.lost_entries and asked.path == "/ledgers/{source}":
        rows = [row for row in rows if work.chance("lost_entries", str(row.get("id"))) >= faults.lost_entries]
    paging = dict(reply.paging)
    if "page_size" in paging:
        paging["page_size"] = len(rows) + work.strikes_now("count_wrong", asked)
    return replace(reply, data=rows, paging=paging)


def _cut(work: FaultsAtWork, asked: Asked, handler: Handler, ask: Ask, reply: Reply) -> Reply:
    """A failure within a month leaves the key of the first row not sent; one between two months leaves nothing."""
    assert isinstance(reply.data, list)
    whole, first_month = len(reply.data), _first_month_rows(reply.data)
    keyless = first_month < whole and work.strikes_now("cut_stream_keyless", asked)
    keyed = not keyless and whole > 1 and work.strikes_now("cut_stream", asked)
    if not keyless and not keyed:
        return reply
    query = {name: value for name, value in ask.query.items() if name != "paginate"}
    shorter = handler(replace(ask, query={**query, "page_size": str(first_month if keyless else whole // 2)}))
    paging = {key: value for key, value in shorter.paging.items() if keyed or key != "next_start_key"}
    return replace(shorter, paging=paging, chunked=True)


def _first_month_rows(rows: list[Mapping[str, object]]) -> int:
    """How many rows came before another month's database was opened."""
    months = [str(row.get("id", ""))[:6] if isinstance(row, Mapping) else "" for row in rows]
    return next((at for at, month in enumerate(months) if month != months[0]), len(rows))


def _repeats_its_key(work: FaultsAtWork, asked: Asked, ask: Ask, reply: Reply) -> bool:
    if not work.faults.repeated_key or "next_start_key" not in reply.paging or "start_key" not in ask.query:
        return False
    return work.chance("repeated_key", asked.url_path) < work.faults.repeated_key


def _old_services(path: str, handler: Handler, ask: Ask) -> Reply:
    """4.2 has no summary; what is counted stands at `/services`, and nobody has an invoice."""
    if path == "/services/summary":
        raise bad_identifier()
    if path != "/services":
        return handler(ask)
    quantities = ask.world.services_summary(ask.account.id).get("quantities", {})
    assert isinstance(quantities, Mapping)
    return Reply(
        {
            "account_quantities": quantities.get("account", {}),
            "cascade_quantities": quantities.get("cascade", {}),
            "plans": {},
            "billing_id": ask.account.id,
            "reseller": ask.account.is_reseller,
            "reseller_id": ask.account.reseller_id,
            "dirty": False,
            "in_good_standing": True,
            "items": {},
        }
    )


def _reshaped(faults: Faults, path: str, reply: Reply) -> Reply:
    data, paging = reply.data, reply.paging
    if faults.raw_keys and "next_start_key" in paging:
        key = raw_key(str(paging["next_start_key"]))
        paging = {**paging, "next_start_key": msgspec.json.encode(key).decode() if reply.chunked else key}
    if path in _CALLS and isinstance(data, list):
        data = [_call_row(faults, row) for row in data]
    if faults.old and path == "/descendants" and isinstance(data, list):
        data = [{key: value for key, value in row.items() if key != "flags"} for row in data]
    if faults.unknown_keys:
        paging = {**paging, **_NOBODY_KNOWS} if paging else paging
        if isinstance(data, list):
            data = [{**_NOBODY_KNOWS, **row} if isinstance(row, Mapping) else row for row in data]
        elif isinstance(data, Mapping) and path in _DOCUMENTS:
            data = {**_NOBODY_KNOWS, **data}
    if faults.float_noise:
        data = noisy(data)
    return replace(reply, data=data, paging=paging)


def _call_row(faults: Faults, row: object) -> object:
    if not isinstance(row, Mapping):
        return row
    left_out = (*(_NOT_IN_OLD_ROWS if faults.old else ()), *(_OF_RESELLERS if faults.no_reseller_view else ()))
    return {key: value for key, value in row.items() if key not in left_out and not (faults.no_empty and value == "")}


def noisy(value: object) -> object:
    """Doubles as they truly are, to so many digits: -0.09 is -0.08999999999999999667."""
    match value:
        case float():
            exact = Decimal(value)
            digits = max(0, _NOISE_DIGITS - exact.adjusted())
            is_noise_possible = -20 < exact.adjusted() < _NOISE_DIGITS
            text = f"{exact:.{digits}f}" if is_noise_possible else repr(value)
            return msgspec.Raw(text.encode())
        case Mapping():
            return {key: noisy(inner) for key, inner in value.items()}
        case list() | tuple():
            return [noisy(inner) for inner in value]
    return value
