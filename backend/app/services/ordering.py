"""The order of what is stored, kept over restarts and restores whatever the clock does."""

from __future__ import annotations

import logging
import time

from app.core.clock import stamp
from app.core.ids import go_on_after
from app.db.store import Store
from app.repo.newest_ids import newest_id

log = logging.getLogger(__name__)


async def go_on_after_stored(store: Store) -> None:
    """Call it before anything is made in a store that was opened or replaced: its rows are ordered by their ids."""
    newest = await store.read(newest_id)
    if newest is None:
        return
    go_on_after(newest)
    ahead_ms = (int(newest.replace("-", "")[:12], 16)) - time.time_ns() // 1_000_000
    if ahead_ms > 0:
        log.warning(
            "the clock is behind what is stored", extra={"ahead_s": ahead_ms // 1000, "now": stamp(time.time_ns())}
        )
