"""After a crash: what was running becomes ``interrupted``, with every character that had been on screen.

What had been asked to stop becomes ``stopped``.
"""

from __future__ import annotations

import logging

from app.core.errors import Interrupted
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import generations, journal, messages
from app.schemas.events import Done, Event
from app.schemas.types import TerminalStatus
from app.services.providers.providers import DEMO
from app.services.turns.bill import Bill
from app.services.turns.paid_calls import settle_abandoned
from app.services.turns.transcript import base_parts
from app.services.turns.turn_end import Ending, end
from app.services.upstream.accumulator import fold
from app.services.upstream.outcome import error_event

log = logging.getLogger(__name__)


async def recover(store: Store) -> int:
    """End what the last process left running, in one transaction; how many there were. Sends nothing upstream."""
    count = await store.write(recover_all)
    if count:
        log.warning("interrupted generations recovered", extra={"count": count})
    return count


def recover_all(conn: Conn) -> int:
    """The same within a transaction, of any file of ours that no process writes to."""
    unfinished = generations.unfinished(conn)
    for row in unfinished:
        _interrupt(conn, row)
    settle_abandoned(conn)
    return len(unfinished)


def _interrupt(conn: Conn, generation: Row) -> None:
    message = messages.get(conn, generation["message_id"])
    folded = fold(journal.read(conn, generation["id"]), base_parts(message) if message else ())
    # A stop that was asked for is a stop, even if the process died before it acted.
    stopped = generation["stop_requested_at"] is not None
    status: TerminalStatus = "stopped" if stopped else "interrupted"
    cut = Interrupted() if generation["session_id"] is not None else Interrupted().of_unstored()
    error = None if stopped else error_event(cut, None)
    done = Done(status=status, finish_reason=None, message_id=generation["message_id"])
    closing: list[Event] = [event for event in (error, done) if event is not None]
    # A call that was never accepted may still have been sent: its cost is unknown, not zero; the demo is free.
    free = generation["provider"] == DEMO
    bill = Bill(cost_picousd=0, cost_text="0") if free else Bill(cost_picousd=None)
    end(
        conn,
        Ending(
            generation_id=generation["id"],
            session_id=generation["session_id"],
            message_id=generation["message_id"],
            status=status,
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
