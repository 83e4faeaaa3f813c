"""When a stream's tokens are due: one timer at a time, set against the stream's own start, so that it never drifts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .clock import Clock


class Pace:
    """Tokens per second of one stream; None means as fast as they can be written."""

    def __init__(self, clock: Clock, rate: float | None, flush: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._rate = rate
        self._flush = flush
        self._start_s = clock.monotonic()

    async def pause(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Write what is held, wait, and move the later tokens back by as long as that took."""
        await self._flush()
        began_s = self._clock.monotonic()
        await wait()
        self._start_s += self._clock.monotonic() - began_s

    async def token(self, number: int) -> None:
        """Return when the token with this number, from 0, is due."""
        if self._rate is None:
            return
        wait_s = self._start_s + number / self._rate - self._clock.monotonic()
        if wait_s > 0:
            await self._flush()
            await self._clock.sleep(wait_s)
