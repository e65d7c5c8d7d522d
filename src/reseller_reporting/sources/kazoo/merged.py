"""Streams read side by side, since each of them waits for its own next page."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


async def merged(streams: Iterable[AsyncGenerator[T, None]], *, at_once: int) -> AsyncGenerator[T, None]:
    """Items as they come, from so many streams at once; each stream's own order is kept.

    A stream goes on only when its item was taken, so what waits in memory is one item a stream. The first stream that
    fails ends all.
    """
    waiting = iter(streams)
    running: dict[asyncio.Task[T | None], AsyncGenerator[T, None]] = {}

    async def following(stream: AsyncGenerator[T, None]) -> T | None:
        return await anext(stream, None)

    def follow(stream: AsyncGenerator[T, None]) -> None:
        running[asyncio.ensure_future(following(stream))] = stream

    try:
        for stream in islice(waiting, at_once):
            follow(stream)
        while running:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                stream = running.pop(task)
                item = task.result()
                if item is not None:
                    follow(stream)
                    yield item
                elif (another := next(waiting, None)) is not None:
                    follow(another)
    finally:
        streams_left = list(running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for stream in streams_left:
            await stream.aclose()
