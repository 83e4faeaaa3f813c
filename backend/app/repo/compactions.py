"""SQL of ``compactions``. What a summary has cost is read from its ledger row."""

from __future__ import annotations

from typing import Any

from app.core.money import to_usd
from app.db.types import Conn, Row
from app.schemas.compactions import Compaction

_COLUMNS = """
    c.id, c.session_id, c.through_message_id, c.message_count, c.summary, c.model, c.provider, u.prompt_tokens,
    u.completion_tokens, u.cost_picousd, c.created_at
"""
_FROM = "FROM compactions c LEFT JOIN usage_logs u ON u.generation_id = c.usage_id"
_GET = f"SELECT {_COLUMNS} {_FROM} WHERE c.id = :id"
_OF_CALL = f"SELECT {_COLUMNS} {_FROM} WHERE c.usage_id = :call_id"
_PAGE = f"""
    SELECT {_COLUMNS} {_FROM} WHERE c.session_id = :session_id AND (:before IS NULL OR c.id < :before)
    ORDER BY c.id DESC LIMIT :limit
"""
_COUNT = "SELECT count(*) AS n FROM compactions WHERE session_id = :session_id"
_OF_SESSION = """
    SELECT id, through_message_id, summary FROM compactions WHERE session_id = :session_id ORDER BY id DESC
"""
_INSERT = """
    INSERT INTO compactions (id, session_id, through_message_id, message_count, summary, model, provider, usage_id,
        created_at)
    VALUES (:id, :session_id, :through_message_id, :message_count, :summary, :model, :provider, :usage_id, :now)
"""
_DELETE = "DELETE FROM compactions WHERE id = :id AND session_id = :session_id RETURNING id"


def get(conn: Conn, compaction_id: str) -> Compaction | None:
    row = conn.execute(_GET, {"id": compaction_id}).fetchone()
    return _compaction(row) if row else None


def of_call(conn: Conn, call_id: str) -> Compaction | None:
    """What a paid call has written, if it was stored and is still there."""
    row = conn.execute(_OF_CALL, {"call_id": call_id}).fetchone()
    return _compaction(row) if row else None


def list_page(conn: Conn, session_id: str, *, limit: int, before: str | None) -> list[Compaction]:
    """Newest first."""
    values = {"session_id": session_id, "limit": limit, "before": before}
    return [_compaction(row) for row in conn.execute(_PAGE, values).fetchall()]


def count(conn: Conn, session_id: str) -> int:
    row = conn.execute(_COUNT, {"session_id": session_id}).fetchone()
    return int(row["n"]) if row else 0


def of_session(conn: Conn, session_id: str) -> list[Row]:
    """``id``, ``through_message_id`` and ``summary`` of every summary of a session, newest first."""
    return conn.execute(_OF_SESSION, {"session_id": session_id}).fetchall()


def insert(conn: Conn, values: dict[str, Any], *, now: str) -> None:
    conn.execute(_INSERT, {**values, "now": now})


def delete(conn: Conn, session_id: str, compaction_id: str) -> bool:
    """Whether the session had it."""
    return conn.execute(_DELETE, {"id": compaction_id, "session_id": session_id}).fetchone() is not None


def _compaction(row: Row) -> Compaction:
    cost = row.pop("cost_picousd")
    return Compaction(**row, cost_usd=None if cost is None else to_usd(cost))
