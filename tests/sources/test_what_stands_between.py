"""The causes that `doctor` tells apart, each from a real thing on loopback that behaves so."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.sources.kazoo.client import RetryPolicy
from reseller_reporting.sources.kazoo.credentials import Credentials
from reseller_reporting.sources.kazoo.probe import Finding, probe

AT_ONCE = RetryPolicy(attempts=1, wait_initial_seconds=0, wait_max_seconds=0, answer_seconds_max=0.2)
KEY = "k" * 64
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def now() -> datetime:
    return datetime(2026, 12, 10, 12, tzinfo=UTC)


def last_finding(credentials: Credentials, clock: Callable[[], datetime] = now) -> Finding:
    return asyncio.run(probe(credentials, clock=clock, retry=AT_ONCE))[-1]


def finding_at(served: Served, scheme: str, context: ssl.SSLContext | None = None) -> Finding:
    async def run() -> Finding:
        server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server:
            url = f"{scheme}://127.0.0.1:{port}/v2"
            return (await probe(Credentials(url=url, api_key=KEY), clock=now, retry=AT_ONCE))[-1]

    return asyncio.run(run())


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def test_a_name_that_no_one_knows() -> None:
    finding = last_finding(Credentials(url="http://kazoo.invalid/v2", api_key=KEY))
    assert (finding.name, finding.ok) == ("kazoo name", False)
    assert "kazoo.invalid is not known" in finding.message


def test_a_server_that_accepts_and_never_answers() -> None:
    finding = finding_at(silence, "http")
    assert (finding.name, finding.ok) == ("kazoo api", False)
    assert "no answer in time" in finding.message


def test_a_certificate_of_nobody_we_trust() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    finding = finding_at(silence, "https", context)
    assert (finding.name, finding.ok) == ("kazoo tls", False)
    assert "not trusted" in finding.message


def test_a_port_that_speaks_http_where_https_is_asked() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    finding = finding_at(plain, "https")
    assert (finding.name, finding.ok) == ("kazoo tls", False)
    assert "Perhaps this port speaks http" in finding.message


def test_a_path_without_v2() -> None:
    with running(acme(), clock=now().timestamp) as kazoo:
        finding = last_finding(Credentials(url=kazoo.url.removesuffix("/v2"), api_key=kazoo.api_key))
    assert (finding.name, finding.ok) == ("kazoo api", False)
    assert "up to and including /v2" in finding.message


def acme() -> ScriptedWorld:
    world = ScriptedWorld()
    world.reseller("Acme", account_id="a" * 32)
    return world


def test_credentials_that_are_refused() -> None:
    with running(acme(), clock=now().timestamp) as kazoo:
        by_key = last_finding(Credentials(url=kazoo.url, api_key=KEY))
        by_password = last_finding(
            Credentials(url=kazoo.url, username=kazoo.username, password="wrong", account_name=kazoo.account_name)
        )
    for finding in (by_key, by_password):
        assert (finding.name, finding.ok) == ("kazoo credentials", False)
        assert KEY not in finding.message
        assert "wrong" not in finding.message


def test_an_account_that_is_no_reseller() -> None:
    world = ScriptedWorld()
    customer = world.customer("Alice", parent=world.reseller("Acme", account_id="a" * 32))
    login = world.login(customer)
    with running(world, clock=now().timestamp) as kazoo:
        findings = asyncio.run(probe(Credentials(url=kazoo.url, api_key=login.api_key), clock=now, retry=AT_ONCE))
    (finding,) = [each for each in findings if not each.ok]
    assert finding.name == "kazoo reseller"
    assert "no reseller" in finding.message


@pytest.mark.parametrize(("hours", "which"), [(2, "ahead of"), (-2, "behind")])
def test_a_clock_that_goes_wrong(hours: int, which: str) -> None:
    with running(acme(), clock=now().timestamp) as kazoo:
        finding = last_finding(
            Credentials(url=kazoo.url, api_key=kazoo.api_key), clock=lambda: now() + timedelta(hours=hours)
        )
    assert (finding.name, finding.ok) == ("kazoo clock", False)
    assert f"7200 s {which} KAZOO's" in finding.message
