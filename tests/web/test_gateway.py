"""Between the network and Django: bodies that come slowly or by half, headers that pretend, streams nobody reads."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from structlog.testing import CapturingLogger

from reseller_reporting.web import gateway
from reseller_reporting.web.gateway import Gateway, environ_of

PART = 65_536


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
    reader: threading.Thread = field(default_factory=threading.Thread)

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

    def response_file(self, status: int, _headers: Any, path: str) -> None:
        assert self.status == 0, "answered once"
        self.status = status
        self.reader = threading.Thread(target=self._take, args=(Path(path),))
        self.reader.start()

    def _take(self, path: Path) -> None:
        with path.open("rb", buffering=0) as pipe:
            while self.reads_max > 0 and (part := pipe.read(PART)):
                self.reads_max -= 1
                self.content += part


@dataclass
class Echo:
    """An application that answers what it was sent."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponse:
        self.asked.append(environ)
        start_response("200 OK", [])
        return HttpResponse(environ["wsgi.input"].read())


def ask(application: Any, scope: Scope, *wires: Wire) -> None:
    opened = Gateway(application, threads=1)

    async def all_at_once() -> None:
        await asyncio.gather(*(opened.__rsgi__(scope, wire) for wire in wires))

    asyncio.run(all_at_once())
    for wire in wires:
        if wire.reader.ident is not None:
            wire.reader.join()


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


def answering(response: HttpResponseBase) -> Any:
    def application(_: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        start_response(f"{response.status_code} {response.reason_phrase}", [])
        return response

    return application


def test_a_large_file_is_sent_in_few_parts() -> None:
    content, wire = bytes(2_000_000), Wire()
    response = FileResponse(io.BytesIO(content))
    ask(answering(response), Scope(method="GET"), wire)
    assert (wire.content, response.closed) == (content, True)
    assert wire.reads_max > 1000 - 200


@pytest.mark.parametrize(("content", "status"), [(b"style", 200), (b"", 304)])
def test_what_is_short_goes_at_once_whoever_reads_it(content: bytes, status: int) -> None:
    wire, response = Wire(reads_max=0), FileResponse(io.BytesIO(content) if content else (), status=status)
    ask(answering(response), Scope(method="GET"), wire)
    assert (wire.status, wire.content, wire.reader.ident, response.closed) == (status, content, None, True)


def test_a_stream_is_made_as_it_is_read_and_ends_with_its_reader() -> None:
    made = []

    def endless() -> Iterator[bytes]:
        while True:
            made.append(PART)
            yield bytes(PART)

    wire, response = Wire(reads_max=10), StreamingHttpResponse(endless())
    ask(answering(response), Scope(method="GET"), wire)
    assert (wire.status, response.closed) == (200, True)
    assert sum(made) - len(wire.content) <= 3 * PART


def test_a_stream_that_nobody_comes_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_READER_SECONDS_MAX", 0.0)
    response, wire = StreamingHttpResponse(iter([b"one"])), Wire()
    pipes: list[Path] = []
    monkeypatch.setattr(wire, "response_file", lambda *given: pipes.append(Path(given[2])))
    ask(answering(response), Scope(method="GET"), wire)
    assert response.closed
    assert [pipe.exists() for pipe in pipes] == [False]


def test_a_stream_that_fails_is_told_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> Iterator[bytes]:
        yield b"one "
        raise TimeoutError("the disk is away")

    wire, log = Wire(), CapturingLogger()
    monkeypatch.setattr(gateway, "_log", log)
    with pytest.raises(TimeoutError):
        ask(answering(StreamingHttpResponse(failing())), Scope(method="GET"), wire)
    assert wire.status == 200, "and is not said to have come too slowly"
    assert [call.args for call in log.calls] == [("an answer failed",)]
