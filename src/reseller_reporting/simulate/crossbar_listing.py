"""Listings: ranges, pages and keys, the same for every list that Crossbar gives.

Owns: what `created_*`, `page_size`, `start_key`, `ascending`, `is_chunked` mean. Does not own: what a row shows.

Invariants
- `next_start_key` names the first row not yet given; its absence alone is the end.
- A range opens only the months from that of its start to that of its end, and one start key serves them all.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import msgspec

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.crossbar_answers import Refused, Reply, faulty_request, invalid
from reseller_reporting.simulate.crossbar_tokens import Token
from reseller_reporting.simulate.listing import Document
from reseller_reporting.simulate.world import AccountRecord, Key, Span, World

DEFAULT_PAGE_SIZE = 50
CHUNK_SIZE_MAX = 50
T = TypeVar("T")
_LAST_ID = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Ask:
    """One authorised request about one account. `now` is Gregorian."""

    world: World
    token: Token
    reads_as_reseller: bool
    account: AccountRecord
    query: Mapping[str, str]
    parts: Mapping[str, str]
    now: int
    range_seconds_max: int


def is_true(ask: Ask, name: str, default: bool = False) -> bool:
    value = ask.query.get(name, "").lower()
    return value == "true" if value in ("true", "false") else default


def is_descending(ask: Ask) -> bool:
    return is_true(ask, "descending", default=not is_true(ask, "ascending"))


def page_size(ask: Ask) -> int | None:
    """How many rows a page may hold; None without paging."""
    if not is_true(ask, "paginate", default=True):
        return None
    size = _number(ask.query.get("page_size", str(DEFAULT_PAGE_SIZE)))
    if size is None or size <= 0:
        raise faulty_request()
    return size


def created_range(ask: Ask) -> tuple[int, int]:
    """`created_from` and `created_to`; what is no positive number is silently replaced by the default."""
    created_to = _positive(ask.query.get("created_to")) or ask.now
    created_from = _positive(ask.query.get("created_from")) or created_to - ask.range_seconds_max
    if created_to < created_from:
        message = f"created_to {created_to} is prior to created_from {created_from}"
        raise invalid("created_from", "date_range", message, created_to)
    if created_to - created_from > ask.range_seconds_max:
        message = (
            f"created_to {created_to} is more than {ask.range_seconds_max} seconds from created_from {created_from}"
        )
        raise invalid("created_from", "date_range", message, created_to)
    return created_from, created_to


def over_months(
    ask: Ask, created_from: int, last_second: int, read: Callable[[str, Span], Iterator[T]], start: Key | None = None
) -> Iterator[T]:
    """The records of every month of the range, month after month, each cut by the same keys."""
    low, high = (created_from, ""), (min(last_second, ask.now), _LAST_ID)
    descending = is_descending(ask)
    if start is not None:
        low, high = (low, start) if descending else (start, high)
    months = [m for m in gregorian.months_between(created_from, last_second) if ask.world.has_month(ask.account.id, m)]
    for month in reversed(months) if descending else months:
        yield from read(month, Span(low, high, descending))


def paged(
    ask: Ask, records: Iterable[T], key_of: Callable[[T], Key], show: Callable[[T], object], *, chunked: bool = False
) -> Reply:
    """One page of the records, which begin at the start key of the request already."""
    size = page_size(ask)
    chunked = is_true(ask, "is_chunked", default=chunked)
    chunk_size = _number(ask.query.get("chunk_size", str(CHUNK_SIZE_MAX)))
    if chunk_size is None or not 0 < chunk_size <= CHUNK_SIZE_MAX:
        raise faulty_request()
    chosen = list(records if size is None else islice(records, size + 1))
    following = chosen.pop() if size is not None and len(chosen) > size else None
    rows = [show(record) for record in chosen]
    if chunked and not rows:
        return Reply(rows)
    paging: Document = {}
    if size is not None:
        paging["page_size"] = len(rows)
        if "start_key" in ask.query:
            paging["start_key"] = ask.query["start_key"]
        if following is not None:
            paging["next_start_key"] = encode_key(key_of(following))
    return Reply(rows, paging=paging, chunked=chunked)


def paged_by_name(
    ask: Ask, records: Sequence[T], key_of: Callable[[T], tuple[str, str]], show: Callable[[T], object]
) -> Reply:
    """A page of things that are kept by name: accounts, users, devices."""
    descending = is_descending(ask)
    ordered = sorted(records, key=key_of, reverse=descending)
    if "start_key" in ask.query:
        start = _decoded(ask.query["start_key"], tuple[str, str])
        ordered = [each for each in ordered if (key_of(each) <= start if descending else key_of(each) >= start)]
    size = page_size(ask)
    rows = [show(each) for each in ordered[:size]]
    if size is None:
        return Reply(rows)
    paging: Document = {"page_size": len(rows)}
    if "start_key" in ask.query:
        paging["start_key"] = ask.query["start_key"]
    if len(ordered) > size:
        paging["next_start_key"] = encode_key(key_of(ordered[size]))
    return Reply(rows, paging=paging)


def start_key(ask: Ask) -> Key | None:
    text = ask.query.get("start_key")
    return _decoded(text, tuple[int, str]) if text else None


def encode_key(key: tuple[object, object]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def raw_key(text: str) -> object:
    """A key as old installations show it: what the opaque one says."""
    return _decoded(text, list[object])


def encode_raw_key(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decoded(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise Refused(400, "invalid request", {"message": "start_key is not one that was given"}) from error


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _positive(text: str | None) -> int | None:
    number = _number(text) if text is not None else None
    return number if number is not None and number > 0 else None
