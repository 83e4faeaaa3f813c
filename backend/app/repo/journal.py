"""SQL of ``generation_events``: what a generation has said, in order, one row per generation and tick."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from app.db.types import Conn
from app.schemas.events import Event, decode_events

log = logging.getLogger(__name__)

# A generation that was deleted with its session takes no more rows, and must not fail the tick of the others.
_APPEND = """
    INSERT INTO generation_events (generation_id, last_seq, events)
    SELECT id, CAST(:last_seq AS INTEGER), CAST(:events AS TEXT) FROM generations WHERE id = :generation_id
"""
_READ = "SELECT events FROM generation_events WHERE generation_id = :generation_id ORDER BY last_seq"
_PRUNE = """
    DELETE FROM generation_events WHERE generation_id IN (
        SELECT id FROM generations WHERE ended_at IS NOT NULL AND ended_at < :ended_before
    )
"""


def append(conn: Conn, rows: Iterable[tuple[str, int, str]]) -> None:
    """Add ticks: (generation id, seq of the tick's last event, its events as JSON)."""
    for generation_id, last_seq, events in rows:
        conn.execute(_APPEND, {"generation_id": generation_id, "last_seq": last_seq, "events": events})


def read(conn: Conn, generation_id: str) -> list[Event]:
    """All events from seq 1 on; empty once pruned. A damaged row ends them and is logged: text must not hang on it."""
    events: list[Event] = []
    for row in conn.execute(_READ, {"generation_id": generation_id}).fetchall():
        try:
            events.extend(decode_events(row["events"]))
        except (msgspec.MsgspecError, KeyError):
            log.exception("damaged journal", extra={"generation_id": generation_id, "readable_events": len(events)})
            break
    return events


def prune(conn: Conn, *, ended_before: str) -> None:
    """Forget the journal of generations that ended before a time; their messages hold the result."""
    conn.execute(_PRUNE, {"ended_before": ended_before})
