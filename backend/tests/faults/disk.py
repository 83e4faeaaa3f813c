"""Disks that are slow or full at the wrong moment, as the store meets them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.core.errors import DiskFull
from app.db.store import Store
from app.db.types import Conn
from tests.harness import Console


class HeldWriter:
    """Keeps the store's writer busy from ``hold`` to ``release``, as a slow disk would."""

    def __init__(self) -> None:
        self._holding, self._released = threading.Event(), threading.Event()

    def unit(self, conn: Conn) -> None:
        self._holding.set()
        assert self._released.wait(20)

    @asynccontextmanager
    async def held(self, console: Console) -> AsyncIterator[None]:
        """Nothing is committed inside."""
        unit = asyncio.create_task(console.services.store.write(self.unit))
        try:
            assert await asyncio.to_thread(self._holding.wait, 10)
            yield
        finally:
            self._released.set()
            await unit


class FullOnce:
    """The journal's store, whose disk is full for one tick."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.has_refused = False

    async def write_relaxed(self, f: Callable[..., Any], *args: Any) -> Any:
        if not self.has_refused:
            self.has_refused = True
            raise DiskFull
        return await self._store.write_relaxed(f, *args)
