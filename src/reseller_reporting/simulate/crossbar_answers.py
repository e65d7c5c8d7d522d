"""Answers: the envelope that every word of Crossbar comes in, and the ways it says no.

Owns: Reply, Refused, the JSON of both forms of the envelope. Does not own: who may ask, what is listed.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from reseller_reporting.simulate.listing import Document

VERSION = "4.3.142"
_CHUNK_ROWS = 50


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler found. `paging` holds `page_size` and the keys of a paged listing."""

    data: object
    status: int = 200
    paging: Document = field(default_factory=dict)
    chunked: bool = False
    auth_token: str = ""


class Refused(Exception):
    """Crossbar says no: `data` as it stands in the body, the number as text in `error`."""

    def __init__(self, status: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data = {"message": message} if data is None else data


def invalid(field_name: str, rule: str, message: str, cause: object = None) -> Refused:
    """A validation error of one field."""
    detail: Document = {"message": message}
    if cause is not None:
        detail["cause"] = cause
    return Refused(400, "validation error", {field_name: {rule: detail}})


def forbidden() -> Refused:
    return Refused(403, "forbidden")


def bad_identifier() -> Refused:
    return Refused(404, "bad_identifier", {"message": "bad identifier"})


def faulty_request() -> Refused:
    return Refused(404, "faulty_request", {"message": "faulty request"})


def invalid_credentials() -> Refused:
    return Refused(401, "invalid_credentials", {"message": "invalid credentials"})


def expired() -> Refused:
    """The other 401: with a space, and with nothing in `data`."""
    return Refused(401, "invalid credentials", {})


def success_body(reply: Reply, token: str, now: float) -> bytes:
    envelope: Document = {
        "data": reply.data,
        **reply.paging,
        "status": "success",
        "tokens": {"consumed": 0, "remaining": 100},
        **_trailer(token, now),
    }
    try:
        return msgspec.json.encode(envelope)
    except UnicodeEncodeError:  # Half a surrogate pair, which JSON can only escape.
        return json.dumps(envelope, default=msgspec.to_builtins).encode()


def error_body(refused: Refused, token: str, now: float) -> bytes:
    envelope: Document = {
        "data": refused.data,
        "status": "error",
        "error": str(refused.status),
        "message": refused.message,
        **_trailer(token, now),
    }
    return msgspec.json.encode(envelope)


def chunks(reply: Reply, token: str, now: float) -> Iterator[bytes]:
    """The streamed form: rows in pieces, then the rest of the envelope, every value of it quoted text."""
    rows = reply.data
    assert isinstance(rows, Sequence)
    opening = b'{"data":['
    for at in range(0, len(rows), _CHUNK_ROWS):
        yield opening + msgspec.json.encode(rows[at : at + _CHUNK_ROWS])[1:-1]
        opening = b","
    trailer = {**reply.paging, "status": "success", **_trailer(token, now)}
    quoted = {key: str(value) for key, value in trailer.items() if value not in ("", None)}
    yield b"]," + msgspec.json.encode(quoted)[1:]


def _trailer(token: str, now: float) -> Document:
    trailer: Document = {
        "request_id": secrets.token_hex(16),
        "revision": "undefined",
        "node": "simulated",
        "timestamp": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    if token:
        trailer |= {"version": VERSION, "auth_token": token}
    return trailer
