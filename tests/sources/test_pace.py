"""How many requests are in flight at once: as many as the server bears, and never more than the setting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from reseller_reporting.sources.kazoo.client import Client, RetryPolicy, _is_trouble, _WorthRetrying
from reseller_reporting.sources.kazoo.credentials import Credentials
from reseller_reporting.sources.kazoo.pace import Pace, Turns

QUICK, SLOW = 0.1, 0.5
RUN = 10  # Quick answers that earn one more request.


def answered(pace: Pace, count: int, took_seconds: float = QUICK) -> Pace:
    for _ in range(count):
        pace.answered(took_seconds)
    return pace


def troubled(ceiling: int, *, at: float = 0.0) -> Pace:
    """A pace that had reached its ceiling when the first trouble came."""
    pace = answered(Pace(ceiling), ceiling)
    pace.troubled(at)
    return pace


def test_starts_at_two() -> None:
    assert Pace(8).allowed == 2


def test_a_ceiling_of_one_is_kept_from_the_start() -> None:
    assert answered(Pace(1), 50).allowed == 1


def test_every_answer_raises_it_until_the_first_trouble() -> None:
    assert [answered(Pace(8), count).allowed for count in range(8)] == [2, 3, 4, 5, 6, 7, 8, 8]


def test_trouble_halves_it() -> None:
    assert troubled(8).allowed == 4


def test_troubles_of_one_burst_halve_it_once() -> None:
    pace = troubled(8, at=100.0)
    for at in (100.0, 100.2, 100.9):
        pace.troubled(at)
    assert pace.allowed == 4
    pace.troubled(101.0)
    assert pace.allowed == 2


def test_one_request_is_always_allowed() -> None:
    pace = troubled(8)
    for at in range(1, 20):
        pace.troubled(float(at))
    assert pace.allowed == 1


def test_after_trouble_a_run_of_quick_answers_earns_one_more() -> None:
    pace = answered(troubled(8), RUN - 1)
    assert pace.allowed == 4
    assert answered(pace, 1).allowed == 5
    assert answered(pace, RUN).allowed == 6


def test_a_slow_answer_or_trouble_breaks_the_run() -> None:
    slow = answered(answered(answered(troubled(8), RUN - 1), 1, SLOW), RUN - 1)
    assert slow.allowed == 4
    broken = answered(troubled(8, at=0.0), RUN - 1)
    broken.troubled(0.5)
    assert answered(broken, RUN - 1).allowed == 4


def test_answers_that_are_slow_from_now_on_become_the_new_measure() -> None:
    pace = answered(troubled(8), RUN, SLOW)
    assert pace.allowed == 4
    assert answered(pace, 200, SLOW).allowed == 8


@given(
    st.integers(1, 100),
    st.lists(st.tuples(st.booleans(), st.floats(0, 100, allow_nan=False)), max_size=200),
)
def test_it_stays_between_one_and_the_ceiling(ceiling: int, events: list[tuple[bool, float]]) -> None:
    pace, now = Pace(ceiling), 0.0
    for is_trouble, seconds in events:
        now += seconds
        if is_trouble:
            pace.troubled(now)
        else:
            pace.answered(seconds)
        assert 1 <= pace.allowed <= ceiling


class Crowd:
    """Requests that wait for a word each before they end; time stands still unless told."""

    def __init__(self, ceiling: int) -> None:
        self.pace = Pace(ceiling)
        self.now = 0.0
        self.turns = Turns(self.pace, is_trouble=lambda error: isinstance(error, OSError), now_seconds=lambda: self.now)
        self.inside: list[asyncio.Future[None]] = []

    async def request(self) -> None:
        async with self.turns.turn():
            ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.inside.append(ending)
            try:
                await ending
            finally:
                self.inside.remove(ending)

    async def ended(self, error: Exception | None = None) -> None:
        """The oldest request ends."""
        ending = self.inside[0]
        if error is None:
            ending.set_result(None)
        else:
            ending.set_exception(error)
        await settled()

    async def filled(self, count: int) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.request()) for _ in range(count)]
        await settled()
        return tasks


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def in_a_crowd(ceiling: int, story: Callable[[Crowd], Awaitable[None]]) -> None:
    async def run() -> None:
        await story(Crowd(ceiling))

    asyncio.run(run())


async def over(crowd: Crowd, tasks: list[asyncio.Task[None]]) -> None:
    while crowd.inside:
        await crowd.ended()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_as_many_requests_are_inside_as_the_pace_allows() -> None:
    async def story(crowd: Crowd) -> None:
        tasks = await crowd.filled(30)
        seen = [len(crowd.inside)]
        for _ in range(4):
            await crowd.ended()
            seen.append(len(crowd.inside))
        assert seen == [2, 3, 4, 5, 5]
        await over(crowd, tasks)

    in_a_crowd(5, story)


def test_after_trouble_nobody_enters_until_enough_have_left() -> None:
    async def story(crowd: Crowd) -> None:
        answered(crowd.pace, 6)
        tasks = [*await crowd.filled(1)]
        await crowd.ended()  # The end of a turn opens the slots that were earned.
        tasks += await crowd.filled(30)
        assert len(crowd.inside) == 8
        seen = []
        for error in (OSError(), OSError(), None, None, None, None):
            await crowd.ended(error)
            seen.append(len(crowd.inside))
        assert seen == [7, 6, 5, 4, 4, 4]
        await over(crowd, tasks)

    in_a_crowd(8, story)


def test_slots_that_are_free_are_taken_back_at_once() -> None:
    async def story(crowd: Crowd) -> None:
        answered(crowd.pace, 6)
        tasks = [*await crowd.filled(1)]
        await crowd.ended()
        tasks += await crowd.filled(1)
        await crowd.ended(OSError())
        tasks += await crowd.filled(30)
        assert len(crowd.inside) == 4
        await over(crowd, tasks)

    in_a_crowd(8, story)


def test_a_request_that_is_cancelled_gives_its_turn_back() -> None:
    async def story(crowd: Crowd) -> None:
        tasks = await crowd.filled(6)
        for task in (tasks[0], tasks[2]):  # One inside, one in line.
            task.cancel()
        await settled()
        assert len(crowd.inside) == 2
        await over(crowd, tasks)
        assert crowd.pace.allowed == 6

    in_a_crowd(8, story)


def test_a_refusal_leaves_the_pace_as_it_is() -> None:
    async def story(crowd: Crowd) -> None:
        tasks = await crowd.filled(4)
        await crowd.ended(ValueError())
        assert (crowd.pace.allowed, len(crowd.inside)) == (2, 2)
        await over(crowd, tasks)

    in_a_crowd(8, story)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_WorthRetrying("it answers 429", status=429), True),
        (_WorthRetrying("it answers 500", status=500), True),
        (_WorthRetrying("no answer in time"), True),
        (_WorthRetrying("it answers 503", status=503, is_missing_view=True), False),
        (ValueError(), False),
    ],
)
def test_what_may_be_too_much_is_trouble_and_a_missing_view_is_not(error: Exception, expected: bool) -> None:
    assert _is_trouble(error) is expected


class Together:
    """A server that answers nobody before `expected` requests wait at once, and remembers the most that did."""

    def __init__(self) -> None:
        self.expected, self.waiting, self.most = 1, 0, 0
        self.failures: list[Callable[[web.Request], web.Response]] = []
        self.are_here = asyncio.Event()

    def expect(self, count: int) -> None:
        self.expected, self.most, self.are_here = count, 0, asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        if self.failures:
            return self.failures.pop()(request)
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting >= self.expected:
            self.are_here.set()
        await asyncio.wait_for(self.are_here.wait(), 10)
        self.waiting -= 1
        return web.json_response({"data": {"account_id": "a" * 32, "is_reseller": True}, "auth_token": "token"})


def broken(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize("failure", [lambda _: web.Response(status=429), lambda _: web.Response(status=500), broken])
def test_the_client_asks_half_as_much_at_once_after_a_failure(failure: Callable[[web.Request], web.Response]) -> None:
    async def run() -> None:
        server = Together()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        credentials = Credentials(url=f"http://127.0.0.1:{runner.addresses[0][1]}/v2", api_key="k" * 64)
        at_once = RetryPolicy(attempts=4, wait_initial_seconds=0, wait_max_seconds=0)
        now = datetime(2026, 11, 2, 12, tzinfo=UTC)
        try:
            async with Client(credentials, retry=at_once, concurrency=8, clock=lambda: now) as client:
                for _ in range(8):
                    await client.document("one")
                server.expect(8)
                await asyncio.gather(*(client.document("many") for _ in range(16)))
                assert server.most == 8
                server.expect(1)
                # The HTTP library itself repeats, once and unseen, what a kept connection broke.
                server.failures = [failure] * (2 if failure is broken else 1)
                await client.document("one")
                server.expect(4)
                await asyncio.gather(*(client.document("many") for _ in range(8)))
                assert server.most == 4
        finally:
            await runner.cleanup()

    asyncio.run(run())
