"""After a crash: whatever was running becomes ``interrupted``, with every character that had been on screen."""

from __future__ import annotations

import logging

from app.core.errors import Interrupted
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import generations, journal, messages
from app.schemas.events import Done, Event
from app.services.accumulator import fold
from app.services.outcome import error_event
from app.services.providers import DEMO
from app.services.transcript import base_parts
from app.services.turn_end import Bill, Ending, end

log = logging.getLogger(__name__)


async def recover(store: Store) -> int:
    """End what the last process left running, in one transaction; how many there were. Sends nothing upstream."""
    count = await store.write(_recover_all)
    if count:
        log.warning("interrupted generations recovered", extra={"count": count})
    return count


def _recover_all(conn: Conn) -> int:
    unfinished = generations.unfinished(conn)
    for row in unfinished:
        _interrupt(conn, row)
    return len(unfinished)


def _interrupt(conn: Conn, generation: Row) -> None:
    message = messages.get(conn, generation["message_id"])
    folded = fold(journal.read(conn, generation["id"]), base_parts(message) if message else ())
    error = error_event(Interrupted(), None)
    closing: list[Event] = [
        error,
        Done(status="interrupted", finish_reason=None, message_id=generation["message_id"]),
    ]
    # A call that was never accepted may still have been sent: its cost is unknown, not zero; the demo is free.
    free = generation["provider"] == DEMO
    bill = Bill(cost_picousd=0, cost_text="0") if free else Bill(cost_picousd=None)
    end(
        conn,
        Ending(
            generation_id=generation["id"],
            session_id=generation["session_id"],
            message_id=generation["message_id"],
            status="interrupted",
            finish_reason=None,
            parts=folded.parts(),
            events=closing,
            last_seq=generation["last_seq"] + len(closing),
            usage=None,
            error=error,
            bill=bill,
            upstream_id=generation["upstream_id"],
        ),
    )
