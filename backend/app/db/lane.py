"""Units of work and the threads they run on.

A unit is one call of a repository function. A lane keeps units in order; its threads take them from there as long as
any wait, so that many callers cost one hand-over between threads, and a slow unit holds up nobody whom another thread
can serve. The writer is a lane of one thread, the readers are a lane of a few.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from app.core.errors import ShuttingDown
from app.db.sqlite import SqliteConnection
from app.db.thread import ConnectionThread
from app.db.types import Conn


class Unit:
    """One call: what to run, and where its outcome goes. Cancelling `future` cancels the wait, never the call."""

    __slots__ = ("alone", "args", "durable", "error", "f", "future", "kwargs", "result")

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        durable: bool,
        future: asyncio.Future[Any],
        alone: bool = False,
    ) -> None:
        self.f = f
        self.args = args
        self.kwargs = kwargs
        self.durable = durable
        self.alone = alone
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, conn: Conn) -> None:
        """Call it on the connection's thread and keep what comes of it."""
        try:
            self.result = self.f(conn, *self.args, **self.kwargs)
        except StopIteration as error:
            # A future refuses this one, and its caller would wait for ever.
            self.error = RuntimeError("the unit raised StopIteration")
            self.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller
            self.error = error

    def settle(self) -> None:
        """Wake the caller, on the loop's thread."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


Carry = Callable[[deque[Unit], SqliteConnection], Iterator[Sequence[Unit]]]
"""Runs on a thread: takes waiting units, carries them out, yields those whose callers may resume. Raises nothing."""


class Lane:
    """A queue of units before some threads; lives on one event loop."""

    def __init__(self, threads: Sequence[ConnectionThread], carry: Carry) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = threads
        self._free = list(threads)
        self._carry = carry
        self._waiting: deque[Unit] = deque()
        self._hand_over_is_due = False
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        durable: bool = False,
        alone: bool = False,
    ) -> asyncio.Future[Any]:
        """Queue a call. Raises `ShuttingDown` after `close` began; nothing runs then."""
        if self._closing:
            raise ShuttingDown
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(Unit(f, args, kwargs, durable, future, alone))
        if self._free and not self._hand_over_is_due:
            # Not at once: callers that are ready in this turn of the loop share the hand-over.
            self._hand_over_is_due = True
            self._loop.call_soon(self._hand_over)
        return future

    async def close(self) -> None:
        """Refuse new units, wait for those in hand, close the connections."""
        self._closing = True
        if self._waiting or len(self._free) < len(self._threads):
            self._idle.clear()
            await self._idle.wait()
        for thread in self._threads:
            await thread.close()

    def _hand_over(self) -> None:
        self._hand_over_is_due = False
        for _ in range(min(len(self._free), len(self._waiting))):
            thread = self._free.pop()
            thread.run(self._work).add_done_callback(partial(self._landed, thread))

    def _work(self, conn: SqliteConnection) -> None:
        for units in self._carry(self._waiting, conn):
            self._loop.call_soon_threadsafe(_settle, units)

    def _landed(self, thread: ConnectionThread, landed: asyncio.Future[None]) -> None:
        self._free.append(thread)
        self._hand_over()
        if self._closing and len(self._free) == len(self._threads):
            self._idle.set()
        landed.result()


def _settle(units: Sequence[Unit]) -> None:
    for unit in units:
        unit.settle()
