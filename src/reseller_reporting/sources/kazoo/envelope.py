"""Envelopes: the typed frame around every answer of Crossbar, chunked or not, and its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from reseller_reporting.sources.exact_json import NotJson, untyped
from reseller_reporting.sources.listing import ListingRow

Row = TypeVar("Row")


class Envelope(msgspec.Struct, Generic[Row], gc=False):
    """A chunked answer quotes `page_size`; older installs give keys that are not text."""

    data: list[Row]
    next_start_key: Any = None
    page_size: int | str | None = None


class LoginData(msgspec.Struct):
    account_id: str
    account_name: Any = None
    is_reseller: Any = None
    owner_id: Any = None


class LoginEnvelope(msgspec.Struct):
    data: LoginData
    auth_token: str
    timestamp: Any = None
    version: Any = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page; `rows` is None when a row is not of the expected shape, `records` gives them untyped in any case."""

    rows: list[Row] | None
    records: Callable[[], list[object]]
    next_start_key: str | None
    page_size: int | None

    def __len__(self) -> int:
        return len(self.records() if self.rows is None else self.rows)


def envelope(body: bytes) -> Mapping[str, object]:
    whole = untyped(body)
    if not isinstance(whole, dict):
        raise NotJson("the answer is no object")
    return whole


def read_page(body: bytes, decoder: "msgspec.json.Decoder[Envelope[Row]]") -> Page[Row]:
    try:
        typed = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _untyped_page(body)
    rows = typed.data

    def records() -> list[object]:
        """Rows of no type are the records themselves; typed ones have lost what we do not keep."""
        return [*rows] if decoder is RECORDS else _records(envelope(body))

    return Page(rows, records, _key(typed.next_start_key), _count(typed.page_size))


def _untyped_page(body: bytes) -> Page[Any]:
    whole = envelope(body)
    records = _records(whole)
    return Page(None, lambda: records, _key(whole.get("next_start_key")), _count(whole.get("page_size")))


def _records(whole: Mapping[str, object]) -> list[object]:
    if "data" not in whole:
        raise NotJson("the answer has no data")
    data = whole["data"]
    if data is None or data == {}:
        return []
    if isinstance(data, dict) and isinstance(numbers := data.get("numbers"), dict):
        # Phone numbers come as an object, page by page; each is the key of what is known of it.
        return [{"id": number, **(known if isinstance(known, dict) else {})} for number, known in numbers.items()]
    if not isinstance(data, list):
        raise NotJson("the data is no list")
    return data


def _key(value: object) -> str | None:
    """Opaque; a key that is an array goes back as the JSON it came as."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _count(value: object) -> int | None:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]  # Whatever it is, it counts or it does not.
    except (TypeError, ValueError):
        return None


LISTING = msgspec.json.Decoder(Envelope[ListingRow])
RECORDS = msgspec.json.Decoder(Envelope[object], float_hook=Decimal)
LOGIN = msgspec.json.Decoder(LoginEnvelope)
