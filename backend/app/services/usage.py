"""The ledger, read: rows, sums over days, sums of a session."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.core.clock import now
from app.core.errors import NotFound, ValidationFailed
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import ledger, sessions
from app.schemas.page import Slice
from app.schemas.usage import DayUsage, ModelUsage, SessionUsage, UsageQuery, UsageRow, UsageSummary, UsageTotals
from app.services.cursors import decode_cursor, encode_cursor

DEFAULT_DAYS = 30
SESSION_ITEMS = 200


class UsageReports:
    """What was spent. Days are UTC days of the call's start."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, query: UsageQuery) -> Slice[UsageRow]:
        """Newest first."""
        return await self._store.read(_list, query)

    async def summary(self, from_day: str | None, to_day: str | None) -> UsageSummary:
        """Sums over whole days, the last 30 unless said otherwise. Raises ValidationFailed for a day that is none.

        Calls dated ahead, by a clock that has gone back since, are among the last ones.
        """
        last = _day(to_day) if to_day else _day(now()[:10])
        first = _day(from_day) if from_day else last - min(timedelta(days=DEFAULT_DAYS - 1), last - date.min)
        return await self._store.read(_summary, first.isoformat(), last.isoformat(), open_ended=not to_day)

    async def of_session(self, session_id: str) -> SessionUsage:
        """Totals, models and the newest 200 rows. Raises NotFound for a session that never was."""
        return await self._store.read(_of_session, session_id)


def _list(conn: Conn, query: UsageQuery) -> Slice[UsageRow]:
    filters = {"session_id": query.session_id, "model": query.model}
    before = str(decode_cursor("usage", query.cursor, str)[0]) if query.cursor else None
    found = ledger.list_page(conn, limit=query.limit + 1, before=before, **filters)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("usage", items[-1].id) if len(found) > query.limit else None,
        total=ledger.count(conn, **filters) if query.count else None,
    )


def _summary(conn: Conn, from_day: str, to_day: str, *, open_ended: bool) -> UsageSummary:
    if open_ended:
        to_day = max(to_day, ledger.newest_day(conn) or to_day)
    totals, by_model, by_day = ledger.sum_days(conn, from_day, to_day)
    return UsageSummary(
        from_day=from_day,
        to_day=to_day,
        tz="UTC",
        totals=UsageTotals(**_sums(totals)),
        by_model=[ModelUsage(**_sums(row)) for row in by_model],
        by_day=[DayUsage(**_sums(row)) for row in by_day],
    )


def _of_session(conn: Conn, session_id: str) -> SessionUsage:
    totals, by_model = ledger.sum_session(conn, session_id)
    if not totals["calls"] and sessions.get(conn, session_id) is None:
        raise NotFound.of("session", session_id)
    return SessionUsage(
        session_id=session_id,
        totals=UsageTotals(**_sums(totals)),
        by_model=[ModelUsage(**_sums(row)) for row in by_model],
        items=ledger.of_session(conn, session_id, limit=SESSION_ITEMS),
    )


def _sums(row: Row) -> dict[str, Any]:
    money = {f"{name}_usd": to_usd(row[f"{name}_picousd"]) for name in ("cost", "reserved")}
    return {name: value for name, value in row.items() if not name.endswith("_picousd")} | money


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValidationFailed(f"{text} is no day.") from error
