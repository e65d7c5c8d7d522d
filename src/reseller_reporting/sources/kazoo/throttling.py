"""Throttling: who waits where KAZOO's bucket of tokens is empty. It has a bucket for each account that is asked about.

Owns: the line before a bucket. Does not own: how long its head waits, and what counts as empty; the caller says so.

Invariants
- While anybody waits, one request at a time asks of the bucket, in the order in which they came: of many at once some
  would never be the one that gets through.
- What the head of the line gives up, nobody behind it asks for in vain.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    def __init__(self) -> None:
        self._head = asyncio.Lock()
        self._given_up: Exception | None = None

    @property
    def is_formed(self) -> bool:
        return self._head.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """One's place at the head; gives whether one waited for it, so that the bucket may have filled meanwhile."""
        has_waited, given_up = self.is_formed, self._given_up
        async with self._head:
            if self._given_up is not None and self._given_up is not given_up:
                raise self._given_up
            yield has_waited

    def give_up(self, error: Exception) -> None:
        """Said by the head: everybody behind it gets this."""
        self._given_up = error
