"""What nobody waits for: forgetting journals that no reader can need any more."""

from __future__ import annotations

import asyncio
import logging
import time

from app.core.clock import stamp
from app.core.errors import AppError
from app.db.store import Store
from app.repo import journal

log = logging.getLogger(__name__)

EVERY_S = 600.0
JOURNAL_KEPT_S = 3600


class Housekeeping:
    """One task that prunes the journals of generations that ended over an hour ago; their messages hold the result."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin at once, then every ten minutes."""
        self._task = asyncio.create_task(self._work(), name="housekeeping")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            try:
                await self.prune()
            except AppError as error:
                log.warning("journals not pruned", extra={"error_code": error.code})
            await asyncio.sleep(EVERY_S)

    async def prune(self) -> None:
        """Forget what may be forgotten now."""
        ended_before = stamp(time.time_ns() - JOURNAL_KEPT_S * 1_000_000_000)
        await self._store.write_relaxed(journal.prune, ended_before=ended_before)
