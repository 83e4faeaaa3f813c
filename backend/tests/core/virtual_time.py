"""An event loop whose clock jumps: when nothing is ready, the time of the next timer has come."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
REAL_WAIT_S = 10.0


class _JumpingSelector(selectors.DefaultSelector):
    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None:
            self.loop.jump(timeout)
            return []
        # No timer: only another thread can go on.
        ready = super().select(REAL_WAIT_S)
        assert ready, "nothing will ever happen"
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Begins at 1000 s. Waiting costs nothing; the order of what happens is that of real time."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        selector.loop = self
        self._now_s = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        return self._now_s

    def jump(self, by_s: float) -> None:
        self._now_s += by_s


async def passes(seconds: float) -> None:
    """Let virtual time pass; whatever is due until then happens first."""
    loop = asyncio.get_running_loop()
    due = loop.create_future()
    timer = loop.call_later(seconds, due.set_result, None)
    try:
        await due
    finally:
        timer.cancel()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time. Raises AssertionError when it leaves a task, or the loop met an error."""
    problems: list[Mapping[str, Any]] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: problems.append(told))
        result = await main
        for _ in range(5):
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(watched())
    assert not problems, problems
    return result
