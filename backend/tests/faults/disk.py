"""Disks that are slow or full at the wrong moment, as the store meets them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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


REFUSE_TICKS = """
    CREATE TEMP TRIGGER refuse_ticks BEFORE INSERT ON generation_events
    WHEN NEW.events NOT LIKE '%"type":"done"%' AND unixepoch('subsec') < (SELECT until_s FROM refusal)
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
"""


def refuse_ticks(conn: Conn, for_s: float) -> None:
    """For a while from now the store takes no tick of the journal; everything else, ends included, it takes."""
    conn.execute("CREATE TEMP TABLE refusal AS SELECT unixepoch('subsec') + :for_s AS until_s", {"for_s": for_s})
    conn.execute(REFUSE_TICKS)
