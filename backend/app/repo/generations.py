"""SQL of ``generations``."""

from __future__ import annotations

from typing import Any

import msgspec

from app.core.json import decode, encode_text
from app.db.types import Conn, Row
from app.schemas.context import ContextUse
from app.schemas.events import UsageFigures
from app.schemas.generations import Attempt, Generation
from app.schemas.messages import StoredError

_COLUMNS = """
    g.id, g.session_id, g.user_message_id, g.message_id, g.request_id, g.status, g.model, g.provider, g.params,
    g.attempts, g.context, g.upstream_id, g.usage, g.error, g.created_at, g.first_token_at, g.ended_at,
    CASE WHEN g.ended_at IS NOT NULL THEN g.last_seq ELSE
        COALESCE((SELECT max(e.last_seq) FROM generation_events e WHERE e.generation_id = g.id), 0) END AS last_seq
"""
_GET = f"SELECT {_COLUMNS} FROM generations g WHERE g.id = :id"  # noqa: S608
_PROVIDER = "SELECT provider FROM generations WHERE id = :id"
_OF_USER_MESSAGE = "SELECT id FROM generations WHERE user_message_id = :id ORDER BY id DESC LIMIT 1"
_ANSWERING = "SELECT id FROM generations WHERE user_message_id = :id AND ended_at IS NULL LIMIT 1"
_UNFINISHED = (
    f"SELECT {_COLUMNS}, g.stop_requested_at FROM generations g WHERE g.ended_at IS NULL ORDER BY g.session_id, g.id"  # noqa: S608
)
_INSERT = """
    INSERT INTO generations (id, session_id, user_message_id, message_id, request_id, status, model, provider, params,
        context, created_at)
    VALUES (:id, :session_id, :user_message_id, :message_id, :request_id, 'queued', :model, :provider, :params,
        :context, :now)
"""
_ACCEPTED = """
    UPDATE generations SET upstream_id = :upstream_id,
        status = CASE WHEN status = 'queued' THEN 'running' ELSE status END
    WHERE id = :id AND ended_at IS NULL
"""
_MARK_FIRST = "UPDATE generations SET first_token_at = :at WHERE id = :id AND first_token_at IS NULL"
_SET_ATTEMPTS = "UPDATE generations SET attempts = :attempts WHERE id = :id AND ended_at IS NULL"
_REQUEST_STOP = """
    UPDATE generations SET status = 'stopping', stop_requested_at = COALESCE(stop_requested_at, :now)
    WHERE id = :id AND ended_at IS NULL RETURNING message_id
"""
_END = """
    UPDATE generations SET status = :status, last_seq = :last_seq, attempts = COALESCE(:attempts, attempts),
        context = COALESCE(:context, context),
        upstream_id = COALESCE(:upstream_id, upstream_id),
        first_token_at = COALESCE(first_token_at, :first_token_at), usage = :usage, error = :error, ended_at = :now
    WHERE id = :id AND ended_at IS NULL RETURNING id
"""
_SET_USAGE = "UPDATE generations SET usage = :usage WHERE id = :id"


def generation_from(row: Row) -> Generation:
    return Generation(
        id=row["id"],
        session_id=row["session_id"],
        user_message_id=row["user_message_id"],
        message_id=row["message_id"],
        request_id=row["request_id"],
        status=row["status"],
        model=row["model"],
        provider=row["provider"],
        params=decode(row["params"]),
        last_seq=row["last_seq"],
        attempts=msgspec.json.decode(row["attempts"], type=list[Attempt]),
        context=msgspec.json.decode(row["context"], type=ContextUse) if row["context"] else None,
        usage=msgspec.json.decode(row["usage"], type=UsageFigures) if row["usage"] else None,
        error=msgspec.json.decode(row["error"], type=StoredError) if row["error"] else None,
        created_at=row["created_at"],
        first_token_at=row["first_token_at"],
        ended_at=row["ended_at"],
    )


def get(conn: Conn, generation_id: str) -> Generation | None:
    row = conn.execute(_GET, {"id": generation_id}).fetchone()
    return generation_from(row) if row else None


def provider_of(conn: Conn, generation_id: str) -> str | None:
    """Who was asked; None for an unknown id."""
    row = conn.execute(_PROVIDER, {"id": generation_id}).fetchone()
    return row["provider"] if row else None


def newest_of(conn: Conn, user_message_id: str) -> str | None:
    """The id of the latest attempt to answer a user message."""
    row = conn.execute(_OF_USER_MESSAGE, {"id": user_message_id}).fetchone()
    return row["id"] if row else None


def running_answer(conn: Conn, user_message_id: str) -> str | None:
    """The id of a generation that is answering a user message right now."""
    row = conn.execute(_ANSWERING, {"id": user_message_id}).fetchone()
    return row["id"] if row else None


def unfinished(conn: Conn) -> list[Row]:
    """Everything without an end: after a start, what the last process left behind."""
    return conn.execute(_UNFINISHED).fetchall()


def insert(
    conn: Conn,
    *,
    generation_id: str,
    session_id: str | None,
    user_message_id: str | None,
    message_id: str,
    request_id: str | None,
    model: str,
    provider: str,
    params: dict[str, Any],
    now: str,
    context: ContextUse | None = None,
) -> None:
    conn.execute(
        _INSERT,
        {
            "id": generation_id,
            "session_id": session_id,
            "user_message_id": user_message_id,
            "message_id": message_id,
            "request_id": request_id,
            "model": model,
            "provider": provider,
            "params": encode_text(params),
            "context": encode_text(context) if context else None,
            "now": now,
        },
    )


def set_accepted(conn: Conn, generation_id: str, upstream_id: str | None) -> None:
    """The provider has taken the call."""
    conn.execute(_ACCEPTED, {"id": generation_id, "upstream_id": upstream_id})


def set_first_token(conn: Conn, generation_id: str, at: str) -> None:
    conn.execute(_MARK_FIRST, {"id": generation_id, "at": at})


def set_attempts(conn: Conn, generation_id: str, attempts: list[Attempt]) -> None:
    """The calls made so far, each as far as it is known."""
    conn.execute(_SET_ATTEMPTS, {"id": generation_id, "attempts": encode_text(attempts)})


def request_stop(conn: Conn, generation_id: str, *, now: str) -> str | None:
    """Ask for the end of a running generation; its message id, None when it has ended already."""
    row = conn.execute(_REQUEST_STOP, {"id": generation_id, "now": now}).fetchone()
    return row["message_id"] if row else None


def end(conn: Conn, generation_id: str, values: dict[str, Any]) -> bool:
    """Write a terminal state once: False when it already had one, and nothing was written."""
    return conn.execute(_END, {"id": generation_id, **values}).fetchone() is not None


def set_usage(conn: Conn, generation_id: str, usage: str) -> None:
    conn.execute(_SET_USAGE, {"id": generation_id, "usage": usage})
