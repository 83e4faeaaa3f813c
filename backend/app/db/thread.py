"""A thread that owns one SQLite connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import aiosqlite

from app.db.sqlite import SqliteConnection

T = TypeVar("T")


class ConnectionThread(aiosqlite.Connection):
    """aiosqlite's thread and queue around our connection; `close` waits for what was handed over before."""

    def __init__(self, connector: Callable[[], SqliteConnection]) -> None:
        super().__init__(cast("Any", connector), iter_chunk_size=0)  # nothing here iterates
        # A store nobody closed must not keep the process from ending.
        self._thread.daemon = True

    @classmethod
    async def open(cls, connector: Callable[[], SqliteConnection]) -> ConnectionThread:
        """Start the thread and connect on it; raises what the connector raises, with the thread ended."""
        thread = cls(connector)
        try:
            await thread
        except BaseException:
            # aiosqlite has told it to stop but does not wait: it would report to a loop that may be gone by then.
            thread._thread.join()
            raise
        return thread

    def run(self, f: Callable[[SqliteConnection], T]) -> asyncio.Future[T]:
        """Queue `f` for the thread, in order. Cancelling the future does not stop `f`."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, partial(f, cast("SqliteConnection", self._conn))))
        return future
