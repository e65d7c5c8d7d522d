"""Between granian and Django: a body is read before a thread is taken, so that whoever sends one slowly holds none.

Times
- A body is there within BODY_SECONDS_MAX; whoever needs longer is told 408.

Invariants
- A name of a header has no underscore: `X_Forwarded_For` would be taken for the word of a proxy of ours.
- A body is as long as it was announced: what broke off is done by nobody, for half a form may look like a whole one.
- No body is read that is larger than a page takes, nor more than BODIES_BYTES_MAX of all of them at once.
- A stream is made and sent by one thread, which waits for its reader; who goes away ends it.
"""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # Its types do not say so.

from reseller_reporting.web.settings import REQUEST_BYTES_MAX

BODY_SECONDS_MAX = 30.0
BODIES_BYTES_MAX = 100_000_000
_FILE_PART_BYTES = 65_536  # Django reads files by 4 KB, each of which would cross from the thread to the loop.

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

_PLAIN: Headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]


class _TooMuch(Exception):
    """Of bodies that arrive."""


class Gateway:
    """What granian calls, by RSGI; so many threads answer at a time, and others wait for one."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._held_bytes = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        environ, body = environ_of(scope), bytearray()
        announced = _announced(environ)
        try:
            if announced:
                await asyncio.wait_for(self._read(protocol, body), BODY_SECONDS_MAX)
                if len(body) != announced:
                    return
                environ["wsgi.input"] = io.BytesIO(body)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._pool, self._answer, environ, protocol, loop)
        except TimeoutError:
            protocol.response_str(408, _PLAIN, "The request did not arrive in time. Send it again.\n")
        except _TooMuch:
            protocol.response_str(503, _PLAIN, "Too much arrives at once. Send it again in a moment.\n")
        finally:
            self._held_bytes -= len(body)

    async def _read(self, protocol: Any, body: bytearray) -> None:
        async for part in protocol:
            self._held_bytes += len(part)
            body += part
            if self._held_bytes > BODIES_BYTES_MAX:
                raise _TooMuch

    def _answer(self, environ: dict[str, Any], protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        told: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers) -> None:
            told.append((int(status.partition(" ")[0]), headers))

        response: Any = self._application(environ, start_response)
        try:
            if response.streaming:
                response.block_size = _FILE_PART_BYTES
                with suppress(ProtocolClosed):  # Whoever read it went away.
                    _stream(response, *told[0], protocol, loop)
            else:
                loop.call_soon_threadsafe(protocol.response_bytes, *told[0], b"".join(response))
        finally:
            response.close()


def _stream(
    parts: Iterable[bytes], status: int, headers: Headers, protocol: Any, loop: asyncio.AbstractEventLoop
) -> None:
    async def begin() -> Any:
        return protocol.response_stream(status, headers)

    async def send(part: bytes) -> None:
        await transport.send_bytes(part)

    transport = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    for part in parts:
        asyncio.run_coroutine_threadsafe(send(part), loop).result()


def _announced(environ: Mapping[str, str]) -> int:
    """How long the body is that is read; 0: none. One that is too large is refused by its announcement, in a page."""
    text = environ.get("CONTENT_LENGTH", "")
    length = int(text) if text.isascii() and text.isdigit() else 0
    return length if length <= REQUEST_BYTES_MAX else 0


def environ_of(scope: Any) -> dict[str, Any]:
    """As WSGI has it."""
    server, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # Of both, granian makes text; WSGI has their bytes as letters.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if key := _key_of(name):
            between = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{between}{value}" if key in environ else value
    for key in filter(None, map(_key_of, scope.headers.keys())):
        environ.setdefault(key, "")  # It was sent, and holds what is no ASCII: other than if it were not there.
    if scope.authority:  # Of HTTP/2 in the place of the header, of a whole URL instead of it.
        environ["HTTP_HOST"] = scope.authority
    return environ


def _key_of(name: str) -> str:
    if "_" in name:
        return ""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
