"""The simulated KAZOO as a server: alone in the foreground, or beside a program that uses it.

Owns: starting and stopping, the address, what is told about logging in. Does not own: answers, worlds.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from reseller_reporting.simulate.crossbar import RANGE_SECONDS_MAX, Clock, Crossbar, LoggedRequest
from reseller_reporting.simulate.faults import CALM, Faults
from reseller_reporting.simulate.world import Login, World

LOOPBACK = "127.0.0.1"
_START_SECONDS_MAX = 30


@dataclass(slots=True)
class SimulatedKazoo:
    """A running server: its address, a way in, and every request it got so far."""

    url: str
    account_id: str
    account_name: str
    username: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    requests: list[LoggedRequest]
    logins: Sequence[Login] = field(default=(), repr=False)  # Every way in.


def serve(
    world: World, *, host: str = LOOPBACK, port: int, on_ready: Callable[[str], None], faults: Faults = CALM
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` hears the URL once requests are taken."""
    asyncio.run(_serve_until_told(Crossbar(world, faults=faults), host, port, on_ready))


@contextmanager
def running(
    world: World,
    *,
    port: int = 0,
    token_life_seconds: float = 3600,
    clock: Clock | None = None,
    range_seconds_max: int = RANGE_SECONDS_MAX,
    faults: Faults = CALM,
    fault_clock: Clock = time.monotonic,
) -> Iterator[SimulatedKazoo]:
    """The server in a thread of this process, on a free port of loopback unless one is named.

    `fault_clock` is what the buckets fill by, in seconds.
    """
    requests: list[LoggedRequest] = []
    crossbar = Crossbar(world, clock or time.time, token_life_seconds, range_seconds_max, requests, faults, fault_clock)
    thread = _ServerThread(crossbar, port)
    login = world.logins[0]
    url = thread.started()
    try:
        yield SimulatedKazoo(
            url=url,
            account_id=login.account_id,
            account_name=login.account_name,
            username=login.username,
            password=login.password,
            api_key=login.api_key,
            requests=requests,
            logins=world.logins,
        )
    finally:
        thread.stopped()


class _ServerThread:
    """An event loop in a thread of its own; starting and stopping wait until it is done."""

    def __init__(self, crossbar: Crossbar, port: int) -> None:
        self._crossbar = crossbar
        self._port = port
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="simulated-kazoo", daemon=True)

    def started(self) -> str:
        self._thread.start()
        assert self._ready.wait(_START_SECONDS_MAX), "the simulated KAZOO did not start"
        if self._failure is not None:
            raise self._failure
        return _url(LOOPBACK, self._port)

    def stopped(self) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_SECONDS_MAX)

    async def _serve(self) -> None:
        runner = web.AppRunner(self._crossbar.application(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, self._port).start()
            self._port = runner.addresses[0][1]
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await self._stop.wait()
        except OSError as error:
            self._failure = error
            self._ready.set()
        finally:
            await runner.cleanup()


async def _serve_until_told(crossbar: Crossbar, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    runner = web.AppRunner(crossbar.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        on_ready(_url(host, runner.addresses[0][1]))
        await told.wait()
    finally:
        await runner.cleanup()


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v2"
