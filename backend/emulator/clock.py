"""Where the emulator's time comes from: the machine's clock, or one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    def unix(self) -> float:
        """Seconds since the epoch; stamps ids and ``created``."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; paces streams."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once that much of this clock's time has passed."""
        ...


class SystemClock:
    def unix(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until ``advance``; makes a paced stream exact in a test."""

    def __init__(self, unix: float = 1_779_760_223.0) -> None:
        self._start_unix = unix
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._occupied = asyncio.Event()

    async def slept_on(self) -> None:
        """Return once some task waits on this clock."""
        await self._occupied.wait()

    def unix(self) -> float:
        return self._start_unix + self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), sleeper))
        self._occupied.set()
        await sleeper

    def advance(self, seconds: float) -> None:
        """Move time on and wake everyone whose time has come."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                sleeper.set_result(None)
        if not self._sleepers:
            self._occupied.clear()
