"""Probe: what stands between us and KAZOO, step by step, and what would mend it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from reseller_reporting.model.errors import InvalidSettings, KazooDenied, ResellerReportingError
from reseller_reporting.sources.kazoo.accounts import read_reseller
from reseller_reporting.sources.kazoo.client import AccountLocked, Client, RetryPolicy, in_words
from reseller_reporting.sources.kazoo.credentials import Credentials, check_url

# KAZOO clips what we ask for at its own time, and we at ours; a minute loses nothing that a later run does not find.
_SKEW_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One step; the message says what was seen, or what to mend."""

    name: str
    ok: bool
    message: str


async def probe(
    credentials: Credentials,
    *,
    clock: Callable[[], datetime],
    retry: RetryPolicy = RetryPolicy(attempts=2, wait_max_seconds=2, answer_seconds_max=15),  # noqa: B008  # Frozen, so sharing is harmless.
    timeout_seconds: float = 6,
) -> list[Finding]:
    """Every step until one fails that the next ones stand on."""
    try:
        url = check_url(credentials.url)
        credentials.login()
    except InvalidSettings as error:
        return [Finding("kazoo url", ok=False, message=error.sentence)]
    hint = "" if urlsplit(url).path.endswith("/v2") else ", though it does not end in /v2 as KAZOO's usually does"
    findings = [Finding("kazoo url", ok=True, message=f"{url} is a URL{hint}.")]
    # What is typed by a user is asked by the client alone, which sees each address that it connects to.
    steps = () if credentials.is_public_only else (_resolves, _connects, _secures)
    for step in steps:
        finding = await step(urlsplit(url), timeout_seconds)
        if finding is not None:
            findings.append(finding)
            if not finding.ok:
                return findings
    return findings + await _speaks(credentials, clock, retry)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


async def _resolves(parts: SplitResult, timeout_seconds: float) -> Finding:
    host = parts.hostname or ""
    try:
        loop = asyncio.get_running_loop()
        found = await asyncio.wait_for(loop.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM), timeout_seconds)
    except (OSError, UnicodeError):
        message = f"The host name {host} is not known. Check its spelling in the KAZOO URL, and this machine's DNS."
        return Finding("kazoo name", ok=False, message=message)
    address = str(found[0][4][0])
    named = f"{host} needs no name." if host == address else f"{host} is {address}."
    return Finding("kazoo name", ok=True, message=named)


async def _connects(parts: SplitResult, timeout_seconds: float) -> Finding:
    where = f"{parts.hostname}:{_port(parts)}"
    try:
        await _open(parts, None, timeout_seconds)
    except OSError as error:
        cause = "no answer in time" if isinstance(error, TimeoutError) else in_words(error)
        message = (
            f"{where} does not accept connections ({cause}). Check the port in the URL, and the firewalls between."
        )
        return Finding("kazoo connection", ok=False, message=message)
    return Finding("kazoo connection", ok=True, message=f"{where} accepts connections.")


async def _secures(parts: SplitResult, timeout_seconds: float) -> Finding | None:
    if parts.scheme != "https":
        return None
    try:
        await _open(parts, ssl.create_default_context(), timeout_seconds)
    except ssl.SSLCertVerificationError as error:
        message = f"The certificate is not trusted: {error.verify_message}. Mend the certificate, or trust its issuer."
        return Finding("kazoo tls", ok=False, message=message)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        message = f"No secure connection ({cause}). Perhaps this port speaks http: KAZOO's own is 8000, for https 8443."
        return Finding("kazoo tls", ok=False, message=message)
    return Finding("kazoo tls", ok=True, message="The certificate is valid.")


async def _open(parts: SplitResult, context: ssl.SSLContext | None, timeout_seconds: float) -> None:
    opening = asyncio.open_connection(parts.hostname, _port(parts), ssl=context)
    _, writer = await asyncio.wait_for(opening, timeout_seconds)
    writer.close()
    with suppress(OSError):  # It was open, which is all that was asked.
        await writer.wait_closed()


async def _speaks(credentials: Credentials, clock: Callable[[], datetime], retry: RetryPolicy) -> list[Finding]:
    crossbar = Finding("kazoo api", ok=True, message="It speaks Crossbar.")
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(Client(credentials, retry=retry, concurrency=1, clock=clock))
        except AccountLocked as error:
            return [crossbar, Finding("kazoo account", ok=False, message=error.sentence)]
        except KazooDenied as error:
            return [crossbar, Finding("kazoo credentials", ok=False, message=error.sentence)]
        except ResellerReportingError as error:
            return [Finding("kazoo api", ok=False, message=error.sentence)]
        entered = Finding("kazoo credentials", ok=True, message="The credentials are accepted.")
        return [crossbar, entered, await _is_reseller(client), _clock_agrees(client, clock())]


async def _is_reseller(client: Client) -> Finding:
    try:
        account = await read_reseller(client)
    except ResellerReportingError as error:
        return Finding("kazoo reseller", ok=False, message=error.sentence)
    if account.is_reseller:
        return Finding("kazoo reseller", ok=True, message=f"{account.name} is a reseller.")
    message = (
        f"{account.name} is no reseller, so reports lack what calls cost you. "
        "Use credentials of the reseller's account, or ask the provider to make it one."
    )
    return Finding("kazoo reseller", ok=False, message=message)


def _clock_agrees(client: Client, now: datetime) -> Finding:
    try:
        there = datetime.fromisoformat(str(client.login.timestamp).replace("Z", "+00:00"))
    except ValueError:
        return Finding("kazoo clock", ok=True, message="KAZOO does not tell its time.")
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    skew_seconds = round((now - there).total_seconds())
    if abs(skew_seconds) <= _SKEW_SECONDS_MAX:
        return Finding("kazoo clock", ok=True, message="Its clock agrees with ours.")
    which = "ahead of" if skew_seconds > 0 else "behind"
    message = (
        f"This machine's clock is {abs(skew_seconds)} s {which} KAZOO's. Set it by NTP, or calls may seem missing."
    )
    return Finding("kazoo clock", ok=False, message=message)
