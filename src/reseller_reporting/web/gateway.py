"""Between granian and Django: a body is read before a thread is taken, so that whoever sends one slowly holds none.

Times
- A body is there within BODY_SECONDS_MAX; whoever needs longer is told 408.

Invariants
- A name of a header has no underscore: `X_Forwarded_For` would be taken for the word of a proxy of ours.
- A body is as long as it was announced: what broke off is done by nobody, for half a form may look like a whole one.
- No body is read that is larger than a page takes, nor more than BODIES_BYTES_MAX of all of them at once.
- What is streamed is made as fast as its reader takes it, by a thread that answers nothing else; who goes away ends it.
"""

import asyncio
import errno
import io
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

import structlog

from reseller_reporting.web.settings import REQUEST_BYTES_MAX

BODY_SECONDS_MAX = 30.0
BODIES_BYTES_MAX = 100_000_000
_READER_SECONDS_MAX = 5.0
_STREAMS = 64  # Many may read slowly; each costs little.
_AT_ONCE_BYTES_MAX = 1_000_000
_FILE_PART_BYTES = 65_536  # As much as a pipe holds; Django reads files by 4 KB.

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

_PLAIN: Headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]

_log = structlog.get_logger()


class _TooMuch(Exception):
    """Of bodies that arrive."""


class Gateway:
    """What granian calls, by RSGI; so many `threads` answer at a time, others stream, and who comes then waits."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._answering = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._streaming = ThreadPoolExecutor(_STREAMS, thread_name_prefix="stream")
        self._held_bytes = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        environ, body = environ_of(scope), bytearray()
        try:
            if await self._is_there(environ, protocol, body):
                await self._answer(environ, protocol)
        except Exception:
            _log.exception("an answer failed")  # Without its path: that of a new password is a secret.
            raise
        finally:
            self._held_bytes -= len(body)

    async def _is_there(self, environ: dict[str, Any], protocol: Any, body: bytearray) -> bool:
        """The whole request; of one that is not, it is told why, if anybody is there to be told."""
        announced = _announced(environ)
        if not announced:
            return True
        try:
            await asyncio.wait_for(self._read(protocol, body), BODY_SECONDS_MAX)
        except TimeoutError:
            protocol.response_str(408, _PLAIN, "The request did not arrive in time. Send it again.\n")
            return False
        except _TooMuch:
            protocol.response_str(503, _PLAIN, "Too much arrives at once. Send it again in a moment.\n")
            return False
        environ["wsgi.input"] = io.BytesIO(body)
        return len(body) == announced

    async def _read(self, protocol: Any, body: bytearray) -> None:
        async for part in protocol:
            self._held_bytes += len(part)
            body += part
            if self._held_bytes > BODIES_BYTES_MAX:
                raise _TooMuch

    async def _answer(self, environ: dict[str, Any], protocol: Any) -> None:
        loop = asyncio.get_running_loop()
        status, headers, answer = await loop.run_in_executor(self._answering, self._asked, environ)
        if isinstance(answer, bytes):
            protocol.response_bytes(status, headers, answer)
            return

        def begin(pipe: Path) -> None:
            loop.call_soon_threadsafe(protocol.response_file, status, headers, str(pipe))

        await loop.run_in_executor(self._streaming, _stream, answer, begin)

    def _asked(self, environ: dict[str, Any]) -> tuple[int, Headers, Any]:
        """Status, headers, and all that is answered, or what is to be streamed."""
        told: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers) -> None:
            told.append((int(status.partition(" ")[0]), headers))

        response: Any = self._application(environ, start_response)
        if not _goes_at_once(response):
            return *told[0], response
        try:
            return *told[0], b"".join(response)
        finally:
            response.close()


def _goes_at_once(response: Any) -> bool:
    """Static files, too: strangers ask for them, who may read as slowly as they like."""
    length = response.headers.get("Content-Length", "")
    is_short = response.status_code == HTTPStatus.NOT_MODIFIED or (length and int(length) <= _AT_ONCE_BYTES_MAX)
    return not response.streaming or bool(is_short)


def _stream(response: Any, begin: Callable[[Path], None]) -> None:
    """Through a pipe, which waits for its reader: of parts that are handed over, granian keeps all in memory."""
    response.block_size = _FILE_PART_BYTES
    try:
        pipe = Path(gettempdir()) / f"answer-{secrets.token_hex(16)}"
        os.mkfifo(pipe, 0o600)
        begin(pipe)
        with suppress(BrokenPipeError), _opened(pipe) as opened:  # Whoever read it went away.
            for part in response:
                opened.write(part)
                opened.flush()
    finally:
        response.close()


def _opened(pipe: Path) -> IO[bytes]:
    """For writing, once it is being read, and gone from the folder; a reader who never comes has gone away."""
    until = time.monotonic() + _READER_SECONDS_MAX
    try:
        while (descriptor := _begun(pipe)) is None:
            if time.monotonic() > until:
                raise BrokenPipeError
            time.sleep(0.001)
    finally:
        pipe.unlink()
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "wb")


def _begun(pipe: Path) -> int | None:
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise


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
