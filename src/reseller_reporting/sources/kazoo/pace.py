"""Pace: how many requests may be in flight, found out by how the server bears them.

Owns: the number, and the turns that keep to it. Does not own: which failure is a sign of too much; the caller says so.

Invariants
- The pace is never below one and never above the ceiling.
- Until the first trouble every answer raises it by one; after that, a run of quick answers does.
- Trouble halves it, but a burst of troubles is one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_FIRST = 2
_QUICK_RUN = 10
_SLOW_FACTOR = 2.0
_SMOOTHING = 1 / 8
# Small documents come before large pages. A best time that never faded would call every page slow for ever.
_FADING = 1 / 64
_BURST_SECONDS = 1.0


class Pace:
    """Pure: it is told what happened and when."""

    def __init__(self, ceiling: int) -> None:
        assert ceiling >= 1
        self.ceiling = ceiling
        self.allowed = min(_FIRST, ceiling)
        self._is_untroubled = True
        self._quick_run = 0
        self._smoothed_seconds: float | None = None
        self._best_seconds = 0.0
        self._halved_at_seconds: float | None = None

    def answered(self, took_seconds: float) -> None:
        is_quick = self._learn(took_seconds)
        self._quick_run = self._quick_run + 1 if is_quick else 0
        if self._is_untroubled or self._quick_run >= _QUICK_RUN:
            self.allowed = min(self.allowed + 1, self.ceiling)
            self._quick_run = 0

    def troubled(self, now_seconds: float) -> None:
        self._is_untroubled = False
        self._quick_run = 0
        # Requests in flight together fail together: they tell of one trouble.
        if self._halved_at_seconds is not None and now_seconds - self._halved_at_seconds < _BURST_SECONDS:
            return
        self._halved_at_seconds = now_seconds
        self.allowed = max(1, self.allowed // 2)

    def _learn(self, took_seconds: float) -> bool:
        """Whether the answer was quick, by what was known before it."""
        if self._smoothed_seconds is None:
            self._smoothed_seconds = self._best_seconds = took_seconds
            return True
        is_quick = took_seconds <= _SLOW_FACTOR * self._best_seconds
        self._smoothed_seconds += (took_seconds - self._smoothed_seconds) * _SMOOTHING
        faded = self._best_seconds + (self._smoothed_seconds - self._best_seconds) * _FADING
        self._best_seconds = min(self._smoothed_seconds, faded)
        return is_quick


class Turns:
    """Lets requests in, first come first served, as many at once as the pace allows."""

    def __init__(
        self,
        pace: Pace,
        *,
        is_trouble: Callable[[Exception], bool],
        now_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace
        self._is_trouble = is_trouble
        self._now_seconds = now_seconds
        self._slots = pace.allowed  # Free or in use.
        self._free = asyncio.Semaphore(self._slots)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One request. Failures that are no trouble, such as a refusal, leave the pace as it is."""
        await self._free.acquire()
        started_seconds = self._now_seconds()
        try:
            yield
            self._pace.answered(self._now_seconds() - started_seconds)
        except Exception as error:
            if self._is_trouble(error):
                self._pace.troubled(self._now_seconds())
            raise
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        self._slots -= 1
        while self._slots < self._pace.allowed:
            self._slots += 1
            self._free.release()
        while self._slots > self._pace.allowed and not self._free.locked():
            await self._free.acquire()  # Does not wait: a slot is free, and nobody else is in line.
            self._slots -= 1
