"""What is forgotten, and when."""

from __future__ import annotations

import time

from app.core.clock import stamp
from app.db.store import Store
from app.db.types import Conn
from app.repo import journal
from app.services.housekeeping import JOURNAL_KEPT_S, Housekeeping
from app.services.turns import transcript
from tests.services.turning import answered, begin


def _ended(conn: Conn, generation_id: str, ago_s: float) -> None:
    at = stamp(time.time_ns() - int(ago_s * 10**9))
    conn.execute("UPDATE generations SET ended_at = :at WHERE id = :id", {"at": at, "id": generation_id})


async def test_journals_are_forgotten_an_hour_after_the_end(store: Store) -> None:
    """Not those of newer ends, and never one that still runs; messages keep their text."""
    old, new, running = await answered(store), await answered(store), await begin(store)
    await store.write(_ended, old.generation_id, JOURNAL_KEPT_S + 5)
    await store.write(_ended, new.generation_id, JOURNAL_KEPT_S - 5)
    await Housekeeping(store).prune()
    assert await store.read(journal.read, old.generation_id) == []
    assert await store.read(journal.read, new.generation_id)
    assert await store.read(journal.read, running.generation_id)
    assert old.start is not None
    message = await store.read(transcript.get, old.start.assistant_message_id)
    assert (message.content, message.last_seq) == ("Hello", 3)
