"""What the sources' tests share: asking the simulated KAZOO without waiting between attempts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running
from reseller_reporting.sources.kazoo.client import RetryPolicy
from reseller_reporting.sources.kazoo.credentials import Credentials
from reseller_reporting.sources.kazoo.source import KazooSource
from reseller_reporting.sources.listing import LegPage

T = TypeVar("T")
NOW = datetime(2026, 12, 10, 12, tzinfo=UTC)
AT_ONCE = RetryPolicy(attempts=3, wait_initial_seconds=0, wait_max_seconds=0)


class Asked:
    """A simulated KAZOO over a scripted world, and one question at a time to it."""

    def __init__(self, world: ScriptedWorld, *, now: datetime = NOW) -> None:
        self.world = world
        self.now = now
        self.options: dict[str, Any] = {"page_size": 1000}
        self.server_options: dict[str, Any] = {}
        self.kazoo: SimulatedKazoo | None = None

    def ask(self, question: Callable[[KazooSource], Awaitable[T]]) -> T:
        with running(self.world, clock=self.now.timestamp, **self.server_options) as kazoo:
            self.kazoo = kazoo

            async def run() -> T:
                credentials = Credentials(url=kazoo.url, api_key=kazoo.api_key)
                async with KazooSource(credentials, retry=AT_ONCE, clock=lambda: self.now, **self.options) as source:
                    return await question(source)

            return asyncio.run(run())

    def pages(self, account_id: str, from_at: datetime, to_at: datetime) -> list[LegPage]:
        async def read(source: KazooSource) -> list[LegPage]:
            return await collected(source.legs(account_id, from_at, to_at))  # type: ignore[arg-type]

        return self.ask(read)

    def leg_ids(self, account_id: str, from_at: datetime, to_at: datetime) -> list[str]:
        return sorted(i for page in self.pages(account_id, from_at, to_at) for i in page.legs["leg_id"].to_pylist())


async def collected(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


@pytest.fixture
def world() -> ScriptedWorld:
    return ScriptedWorld()


@pytest.fixture
def asked(world: ScriptedWorld) -> Asked:
    return Asked(world)
