"""Between the network and Django: bodies that come slowly or by half, headers that pretend, streams nobody reads."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import FileResponse
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # Its types do not say so.

from reseller_reporting.web import gateway
from reseller_reporting.web.gateway import Gateway, environ_of


@dataclass
class Headers:
    given: Sequence[tuple[str, str]]

    def keys(self) -> Sequence[str]:
        return [name for name, _ in self.given]

    def items(self) -> Sequence[tuple[str, str]]:
        return [(name, value) for name, value in self.given if value.isascii()]


@dataclass
class Scope:
    path: str = "/"
    given: Sequence[tuple[str, str]] = ()
    method: str = "POST"
    query_string: str = ""
    http_version: str = "1"
    scheme: str = "http"
    client: str = "127.0.0.1:4711"
    server: str = "127.0.0.1:8020"
    authority: str | None = None

    @property
    def headers(self) -> Headers:
        return Headers(self.given)


@dataclass
class Wire:
    """What granian hands over: the parts of a body, and where the answer goes. None among the parts never comes."""

    parts: Sequence[bytes | None] = ()
    reads_max: int = 1000
    status: int = 0
    content: bytes = b""
    is_read: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.is_read = True
        for part in self.parts:
            if part is None:
                await asyncio.Event().wait()
            else:
                yield part

    def response_str(self, status: int, _headers: Any, text: str) -> None:
        self.response_bytes(status, _headers, text.encode())

    def response_bytes(self, status: int, _headers: Any, content: bytes) -> None:
        assert self.status == 0, "answered once"
        self.status, self.content = status, content

    def response_stream(self, status: int, _headers: Any) -> Wire:
        self.status = status
        return self

    async def send_bytes(self, part: bytes) -> None:
        if self.reads_max == 0:
            raise ProtocolClosed
        self.reads_max -= 1
        self.content += part


@dataclass
class Answer:
    """As Django's responses are."""

    parts: Iterator[bytes]
    streaming: bool = False
    is_closed: bool = False

    def __iter__(self) -> Iterator[bytes]:
        return self.parts

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Echo:
    """An application that answers what it was sent."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        self.asked.append(environ)
        start_response("200 OK", [])
        return Answer(iter([environ["wsgi.input"].read()]))


def ask(application: Any, scope: Scope, *wires: Wire) -> None:
    opened = Gateway(application, threads=1)

    async def all_at_once() -> None:
        await asyncio.gather(*(opened.__rsgi__(scope, wire) for wire in wires))

    asyncio.run(all_at_once())


def announced(length: int) -> Scope:
    return Scope(given=[("content-length", str(length))])


def test_a_body_comes_whole() -> None:
    wire = Wire([b"a=1&", b"b=2"])
    ask(Echo(), announced(7), wire)
    assert (wire.status, wire.content) == (200, b"a=1&b=2")


def test_who_sends_a_body_slowly_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_SECONDS_MAX", 0.2)
    echo, slow, quick = Echo(), [Wire([b"a", None]) for _ in range(40)], Wire([b"a=1"])
    ask(echo, announced(3), *slow, quick)
    assert quick.content == b"a=1"
    assert {wire.status for wire in slow} == {408}
    assert len(echo.asked) == 1


def test_what_broke_off_is_done_by_nobody() -> None:
    echo, wire = Echo(), Wire([b"accounts=1,2"])
    ask(echo, announced(300), wire)
    assert (echo.asked, wire.status) == ([], 0)


def test_what_is_too_large_is_not_read_and_refused_by_the_application() -> None:
    echo, wire = Echo(), Wire([b"a"])
    ask(echo, announced(10_000_001), wire)
    assert (wire.is_read, wire.status, echo.asked[0]["CONTENT_LENGTH"]) == (False, 200, "10000001")


def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODIES_BYTES_MAX", 10)
    wires = [Wire([b"12345678"]), Wire([b"12345678"])]
    ask(Echo(), announced(8), *wires)
    assert sorted(wire.status for wire in wires) == [200, 503]


def test_a_header_with_an_underscore_is_nobodys_word() -> None:
    environ = environ_of(
        Scope(
            given=[
                ("x-forwarded-for", "6.6.6.6"),
                ("x-forwarded-for", "198.51.100.7"),
                ("x_forwarded_for", "203.0.113.9"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
                ("content-type", "text/plain"),
                ("idempotency-key", "clé"),
            ]
        )
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "6.6.6.6,198.51.100.7"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["HTTP_IDEMPOTENCY_KEY"] == "", "sent, if not to be read: it is refused"


@pytest.mark.parametrize(
    ("client", "expected"), [("127.0.0.1:4711", "127.0.0.1"), ("[2001:db8::5]:4711", "2001:db8::5")]
)
def test_whom_it_comes_from(client: str, expected: str) -> None:
    environ = environ_of(Scope(client=client, path="/é/%41", server="[::1]:8020", authority="here.example"))
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == (expected, "::1", "8020")
    assert (environ["PATH_INFO"], environ["HTTP_HOST"]) == ("/Ã©/%41", "here.example")


def test_a_query_is_read_as_it_was_typed() -> None:
    request = WSGIRequest(environ_of(Scope(method="GET", query_string="search=Ångström 東京")))
    assert request.GET["search"] == "Ångström 東京"


def test_a_whole_url_says_the_host_once() -> None:
    environ = environ_of(Scope(given=[("host", "here.example")], authority="here.example"))
    assert environ["HTTP_HOST"] == "here.example"


def test_a_file_is_sent_in_few_parts() -> None:
    content = bytes(200_000)

    def application(_: dict[str, Any], start_response: Callable[..., Any]) -> FileResponse:
        start_response("200 OK", [])
        return FileResponse(io.BytesIO(content))

    wire = Wire()
    ask(application, Scope(method="GET"), wire)
    assert wire.content == content
    assert wire.reads_max == 1000 - 4


@pytest.mark.parametrize(("reads_max", "expected"), [(1000, b"one two three"), (1, b"one ")])
def test_a_stream_ends_with_its_reader(reads_max: int, expected: bytes) -> None:
    answers = []

    def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        start_response("200 OK", [])
        answers.append(Answer(iter([b"one ", b"two ", b"three"]), streaming=True))
        return answers[0]

    wire = Wire(reads_max=reads_max)
    ask(application, Scope(method="GET"), wire)
    assert (wire.status, wire.content, answers[0].is_closed) == (200, expected, True)
