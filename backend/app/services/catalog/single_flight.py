"""Work that several ask for at the same time, done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from app.core.errors import ShuttingDown

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Tasks by what they find out. One goes on when whoever asked for it has left; ``close`` ends them all."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        self._closing = False

    async def of(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What is found out under ``key``, by the task that is at it or a new one. Raises as ``work``, ShuttingDown."""
        found = await self.within(None, key, work)
        if found is None:
            raise AssertionError("without a limit there is a result")
        return found.result()

    async def within(
        self, patience_s: float | None, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> asyncio.Task[T] | None:
        """The same as a task that is done; None when it takes longer than that. Raises ShuttingDown."""
        if self._closing:
            raise ShuttingDown
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work(), name=f"find out {key}")
            task.add_done_callback(lambda done: self._done(key, done))
        await asyncio.wait({task}, timeout=patience_s)
        if task.cancelled():
            raise ShuttingDown
        return task if task.done() else None

    async def close(self) -> None:
        """Nothing starts any more, and what is under way is given up."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # told to who waits; nobody may
