"""Client: one session with Crossbar. Logs in once, asks politely, repeats what may be repeated.

Owns: the token, retries, and which answer is which error.
Does not own: what the answers mean, and how many requests are in flight (pace).

Times
- The token lives by the server's clock; we renew it a little before its lifetime, counted from when we got it, is over.

Invariants
- No message carries a token, a key, a password or the query of a URL.
- Concurrent refusals of one token cause one log-in.
- Redirects are not followed: the token must not travel to another host.
"""

import asyncio
import base64
import logging
import os
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import aiohttp
import msgspec
import stamina
from yarl import URL

from reseller_reporting import __version__
from reseller_reporting.model.errors import (
    KazooDenied,
    KazooNotFound,
    KazooProtocolError,
    KazooUnavailable,
)
from reseller_reporting.sources.exact_json import NotJson
from reseller_reporting.sources.kazoo.credentials import Credentials, check_url
from reseller_reporting.sources.kazoo.envelope import LOGIN, LoginEnvelope, envelope
from reseller_reporting.sources.kazoo.outside import check_literal, connector
from reseller_reporting.sources.kazoo.pace import Pace, Turns
from reseller_reporting.sources.kazoo.throttling import Line

USER_AGENT = f"reseller-reporting/{__version__}"
_REPEATABLE = frozenset({500, 502, 503, 504})
_FIRST_ATTEMPTS = 3  # Somebody waits to hear that the URL is wrong.
_THROTTLED_WAIT_SECONDS = 1.0
_RENEW_EARLY = timedelta(seconds=60)

T = TypeVar("T")

# Retries are told by the caller's progress, not by a last-resort handler on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())
# Where structlog is installed stamina prints by it, on stdout, which is for results alone.
stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.LoggingOnRetryHook])


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    attempts: int = 6
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 20.0
    answer_seconds_max: float = 90.0  # Silence for longer is no answer.


class BadRequest(KazooProtocolError):
    """400: Crossbar says which parameter it refuses and why."""

    def __init__(self, sentence: str, said: str, data: object) -> None:
        super().__init__(sentence)
        self.said = said
        self.data = data


class TooLarge(KazooProtocolError):
    """416: the answer does not fit into the server's memory limit."""


class AccountLocked(KazooDenied):
    """423: the account is disabled or expired."""


class MissingView(KazooUnavailable):
    """503 to the end of the retries: a month database without the view that lists it."""


class _WorthRetrying(Exception):
    """Attempt failed in a way that another may not."""

    def __init__(self, cause: str, *, status: int | None = None, is_missing_view: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.status = status
        self.is_missing_view = is_missing_view

    @property
    def is_throttled(self) -> bool:
        return self.status == 429


class _TokenRefused(Exception):
    """401 on a request that bore a token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class Client:
    """An async context manager; entering logs in."""

    def __init__(
        self, credentials: Credentials, *, retry: RetryPolicy, concurrency: int, clock: Callable[[], datetime]
    ) -> None:
        self.url = check_url(credentials.url)
        if credentials.is_public_only:
            check_literal(self.url)
        self._credentials = credentials
        self._retry = retry
        self._clock = clock
        self._turns = Turns(Pace(concurrency), is_trouble=_is_trouble)
        self._lines: defaultdict[str, Line] = defaultdict(Line)  # By account, as KAZOO's buckets are.
        self._login_at_once = asyncio.Lock()
        self._concurrency = concurrency
        self._http: aiohttp.ClientSession | None = None
        self._token: str | None = None
        self._useless_tokens = 0  # Refusals since a token was last accepted.
        self._renew_at: datetime | None = None
        self._login: LoginEnvelope | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=connector(limit=self._concurrency, is_public_only=self._credentials.is_public_only),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=self._retry.answer_seconds_max),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        try:
            await self._renew(None)
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http is not None
        await self._http.close()

    @property
    def login(self) -> LoginEnvelope:
        """What Crossbar said when it let us in: whose account this is, and what time it has."""
        assert self._login is not None, "the client is used before it is entered"
        return self._login

    async def get(
        self, path: tuple[str, ...], read: Callable[[bytes], T], parameters: Mapping[str, object] | None = None
    ) -> T:
        """The answer of `path`, read by `read`; parts of the path are encoded here."""
        where = "/".join(map(_encoded, path))

        async def ask() -> T:
            while True:
                try:
                    return read(await self._ask(where, parameters))
                except _TokenRefused as refused:
                    await self._renew(refused.token, is_refused=True)

        return await self._repeat(where, ask, bucket=path[1] if path[0] == "accounts" else "")

    async def document(self, *path: str) -> object:
        """The `data` of a single document."""
        return await self.get(path, lambda body: envelope(body).get("data"))

    # --- log-in --------------------------------------------------------------------------------------------------

    async def _valid_token(self) -> str:
        token = self._token
        if token is None or (self._renew_at is not None and self._clock() >= self._renew_at):
            return await self._renew(token)
        return token

    async def _renew(self, stale: str | None, *, is_refused: bool = False) -> str:
        async with self._login_at_once:
            if self._token is not None and self._token != stale:
                return self._token  # Another task has renewed it meanwhile.
            if is_refused:
                # A token may die after few requests; where two never served at all, the reason is another one.
                self._useless_tokens += 1
            if self._useless_tokens > 1:
                raise KazooDenied(
                    f"KAZOO at {self.url} refuses a token that it has just given. Check the account of the credentials."
                )
            endpoint, data = self._credentials.login()
            body = msgspec.json.encode({"data": data})

            async def ask() -> LoginEnvelope:
                return self._read_login(await self._send("PUT", endpoint, body=body))

            try:
                granted = await self._repeat(endpoint, ask, attempts=_FIRST_ATTEMPTS if self._login is None else None)
            except (BadRequest, KazooNotFound, MissingView, TooLarge) as error:
                raise self._login_refused(error) from None
            self._login, self._token = granted, granted.auth_token
            self._renew_at = renewal_time(granted.auth_token, self._clock())
            return granted.auth_token

    def _read_login(self, answer: bytes) -> LoginEnvelope:
        try:
            return LOGIN.decode(answer)
        except (msgspec.ValidationError, UnicodeDecodeError):
            raise self._no_crossbar() from None
        except msgspec.DecodeError as error:
            raise NotJson(str(error)) from None

    def _login_refused(self, error: Exception) -> KazooDenied | KazooProtocolError:
        if isinstance(error, BadRequest):
            return KazooDenied(
                f"KAZOO at {self.url} does not accept these credentials ({error.said}). "
                "Check the account name, or the API key, which has 64 characters."
            )
        return self._no_crossbar()

    def _no_crossbar(self) -> KazooProtocolError:
        return KazooProtocolError(
            f"{self.url} does not answer as KAZOO's Crossbar does. "
            "Check the URL: it goes up to and including /v2, like https://kazoo.example.com:8443/v2."
        )

    # --- one request, and its repetition -------------------------------------------------------------------------

    async def _repeat(
        self, where: str, ask: Callable[[], Awaitable[T]], *, bucket: str = "", attempts: int | None = None
    ) -> T:
        """The answer, however often it must be asked for; where a bucket is empty, in the line before it."""
        line, failed = self._lines[bucket], None
        if not line.is_formed:
            try:
                return await ask()  # Nearly always enough, and much cheaper than the machinery of repetition.
            except NotJson as error:
                failed = _cut_short(error)
            except _WorthRetrying as error:
                failed = error
            if not failed.is_throttled:
                try:
                    return await self._again(ask, failed, attempts, in_line=False)
                except _WorthRetrying as error:
                    failed = error
            if not failed.is_throttled:
                raise self._unusable(where, failed)
        async with line.turn() as has_waited:
            try:
                return await self._again(ask, None if has_waited else failed, attempts, in_line=True)
            except _WorthRetrying as error:
                unusable = self._unusable(where, error)
                if error.is_throttled:
                    line.give_up(unusable)
            raise unusable

    async def _again(
        self, ask: Callable[[], Awaitable[T]], failed: "_WorthRetrying | None", attempts: int | None, *, in_line: bool
    ) -> T:
        """Asks until it is answered or patience is over; `failed` is the attempt that was made already."""
        policy = self._retry
        number = 0

        def next_wait(error: Exception) -> bool | float:
            if not isinstance(error, _WorthRetrying) or (error.is_throttled and not in_line):
                return False
            # A view that is missing stays missing: it is asked for again only to be sure.
            allowed = _FIRST_ATTEMPTS if error.is_missing_view else attempts
            if allowed is not None and not error.is_throttled and number >= allowed:
                return False
            wait: float = policy.wait_initial_seconds * 2.0 ** (number - 1)
            if error.is_throttled:
                wait = max(wait, _THROTTLED_WAIT_SECONDS)
            return min(wait * random.uniform(1, 1.5), policy.wait_max_seconds)  # noqa: S311  # Jitter, not a secret.

        async for attempt in stamina.retry_context(on=next_wait, attempts=policy.attempts, timeout=None):
            with attempt:
                number += 1
                if number == 1 and failed is not None:
                    raise failed
                try:
                    return await ask()
                except NotJson as error:
                    raise _cut_short(error) from None
        raise AssertionError("a retried request neither answers nor fails")

    def _unusable(self, where: str, error: "_WorthRetrying") -> KazooUnavailable:
        kind = MissingView if error.is_missing_view else KazooUnavailable
        return kind(f"KAZOO at {self.url} cannot be used: {error.cause} (asked for /{where}). Try again later.")

    async def _ask(self, where: str, parameters: Mapping[str, object] | None) -> bytes:
        """One GET. The token is taken when the turn has come: many wait for one, and meanwhile a token may die."""
        async with self._turns.turn():
            token = await self._valid_token()
            content = await self._send("GET", where, parameters=parameters, token=token)
            self._useless_tokens = 0
            return content

    async def _send(
        self,
        verb: str,
        where: str,
        *,
        parameters: Mapping[str, object] | None = None,
        body: bytes | None = None,
        token: str | None = None,
    ) -> bytes:
        assert self._http is not None, "the client is used before it is entered"
        query = f"?{urlencode(parameters)}" if parameters else ""
        url = URL(f"{self.url}/{where}{query}", encoded=True)
        headers = {} if token is None else {"X-Auth-Token": token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._http.request(verb, url, data=body, headers=headers, allow_redirects=False) as response:
                content = await response.read()
                self._check(response, content, where, token)
                return content
        except aiohttp.ClientConnectorCertificateError as error:
            raise KazooUnavailable(
                f"The certificate of {self.url} is not trusted: {error.certificate_error}."
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _WorthRetrying(cause_of(error)) from None

    def _check(self, response: aiohttp.ClientResponse, content: bytes, where: str, token: str | None) -> None:
        status = response.status
        is_page = response.content_type == "text/html" or content.lstrip()[:1] == b"<"
        if status in _REPEATABLE or status == 429:
            said = "" if is_page else said_by(content)
            missing = status == 503 and said.replace("_", " ") == "datastore missing view"
            raise _WorthRetrying(f"it answers {status} {said}".rstrip(), status=status, is_missing_view=missing)
        if 300 <= status < 400:
            target = _shown(response.headers.get("Location", ""))
            raise KazooProtocolError(f"{self.url} redirects to {target or 'another place'}. Set the KAZOO URL to that.")
        is_json = response.content_type.endswith("json") or content.lstrip()[:1] == b"{"
        # Before anyone is logged in, whatever refuses in other words than Crossbar's may be anything.
        is_strange = not is_json and (status < 300 or (token is None and status in (401, 402, 403, 423)))
        if is_page or is_strange:
            raise self._no_crossbar()
        if status >= 300:
            raise self._refusal(status, content, where, token)

    def _refusal(self, status: int, content: bytes, where: str, token: str | None) -> Exception:  # noqa: PLR0911
        said = said_by(content) or f"status {status}"
        match status:
            case 401 if token is not None:
                return _TokenRefused(token)
            case 401:
                return KazooDenied(
                    f"KAZOO at {self.url} refuses the credentials. Check the API key, or user name and password."
                )
            case 400:
                said = _bad_request_text(said, content)
                sentence = f"KAZOO at {self.url} finds the request /{where} invalid ({said})."
                return BadRequest(sentence, said, data_of(content))
            case 404:
                return KazooNotFound(f"KAZOO at {self.url} knows no /{where} ({said}).")
            case 416:
                return TooLarge(f"The answer to /{where} is larger than KAZOO at {self.url} may send ({said}).")
            case 423:
                return AccountLocked(
                    f"KAZOO at {self.url} says that the account is locked or disabled. Ask the provider."
                )
            case 402 | 403:
                return KazooDenied(f"KAZOO at {self.url} does not permit /{where} with these credentials ({said}).")
            case _:
                return KazooProtocolError(f"KAZOO at {self.url} answers {status} to /{where} ({said}).")


def _is_trouble(error: Exception) -> bool:
    """Whether fewer requests at once might have gone well; a missing view is missing at any pace."""
    return isinstance(error, _WorthRetrying) and not error.is_missing_view


def _cut_short(error: NotJson) -> _WorthRetrying:
    return _WorthRetrying(f"the answer is cut short or no JSON ({error})")


def cause_of(error: Exception) -> str:  # noqa: PLR0911
    """Why nothing came back, in words; never with the URL, whose query is nobody's business."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the host name {error.host} is not known"
        case aiohttp.ClientSSLError():
            return f"no secure connection ({error.strerror or type(error).__name__})"
        case aiohttp.ClientConnectorError():
            return f"no connection to {error.host}:{error.port} ({in_words(error)})"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientPayloadError():
            return "the answer was cut short"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer"
        case OSError() if error.strerror:
            return f"the connection broke ({error.strerror})"
    return f"the connection broke ({type(error).__name__})"


def in_words(error: OSError) -> str:
    """The system's own words, where it gave a number; asyncio puts an address in their place."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or type(error).__name__


def said_by(content: bytes) -> str:
    """Crossbar's own short message."""
    try:
        message = envelope(content).get("message")
    except NotJson:
        return ""
    return message[:200] if isinstance(message, str) else ""


def data_of(content: bytes) -> object:
    try:
        return envelope(content).get("data")
    except NotJson:
        return None


def renewal_time(token: str, now: datetime) -> datetime | None:
    """Shortly before the lifetime that the token states is over; None when it states none that makes sense."""
    try:
        payload = token.split(".")[1]
        claims = envelope(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, NotJson):
        return None
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int):
        return None
    # The two claims come from one clock; ours may go differently.
    lifetime = timedelta(seconds=expires - (issued if isinstance(issued, int) else int(now.timestamp())))
    return now + lifetime - min(_RENEW_EARLY, lifetime / 10) if lifetime > timedelta(0) else None


@lru_cache(maxsize=1024)
def _encoded(part: str) -> str:
    return quote(part, safe="")


def _bad_request_text(said: str, content: bytes) -> str:
    """The message and the names of the refused fields: `validation error: account_name.not_found`."""
    data = data_of(content)
    if not isinstance(data, Mapping):
        return said
    fields = [f"{name}.{rule}" for name, rules in data.items() if isinstance(rules, Mapping) for rule in rules]
    return f"{said}: {', '.join(fields)}"[:300] if fields else said


def _shown(url: str) -> str:
    """A URL without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
