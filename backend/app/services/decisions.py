"""The owner's word on calls whose cost nobody told: what they cost, or that they are written off."""

from __future__ import annotations

import logging

from app.core.errors import Conflict, NotFound
from app.core.money import parse_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import usage_rows
from app.schemas.usage import Decision, UsageRow
from app.services.changes import Changes
from app.services.late_costs import LateCost, book, tell

log = logging.getLogger(__name__)

_WHY_NOT = {"reserved": "That call has not ended.", "unknown": "That row is of no call."}


class Decisions:
    """Whoever comes first counts: what the provider tells after a decision is not booked, and the other way round."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store, self._changes = store, changes

    async def decide(self, row_id: str, decision: Decision) -> UsageRow:
        """Settle an unknown row by hand; the row as it is then. The same decision again changes nothing.

        Raises NotFound, and Conflict for a call that is under way and for one whose cost is known.
        """
        row, session_id = await self._store.write(_decide, row_id, decision)
        if row.generation_id is not None and session_id is not None:
            tell(self._changes, row.generation_id, session_id)
            told = {"usage_id": row_id, "decision": row.decision, "cost_usd": str(row.cost_usd)}
            log.info("cost decided", extra=told)
        return row


def _decide(conn: Conn, row_id: str, decision: Decision) -> tuple[UsageRow, str | None]:
    row = usage_rows.get(conn, row_id)
    if row is None:
        raise NotFound.of("usage row", row_id)
    cost_text = "0" if decision.cost_usd is None else f"{decision.cost_usd:f}"
    late = LateCost(
        cost_picousd=parse_usd(cost_text) or 0,
        cost_text=cost_text,
        decision="write_off" if decision.cost_usd is None else "cost",
    )
    if row.state == "unknown" and row.generation_id is not None:
        session_id = book(conn, row.generation_id, late)
        return usage_rows.get(conn, row_id) or row, session_id
    if row.decision == late.decision and row.cost_usd == (decision.cost_usd or 0):
        return row, None
    raise Conflict(
        _WHY_NOT.get(row.state, "What that call cost is known."), resource_type="usage row", resource_id=row_id
    )
