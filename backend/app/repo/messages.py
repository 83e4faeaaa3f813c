"""SQL of ``messages``."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from app.core.json import encode_text
from app.db.types import Conn, Row
from app.schemas.parts import Part

_COLUMNS = """
    id, session_id, parent_id, role, content, parts, status, model, generation_id, finish_reason, error, usage,
    pinned, created_at, completed_at
"""
_GET = f"SELECT {_COLUMNS} FROM messages WHERE id = :id"  # noqa: S608
_INSERT = """
    INSERT INTO messages (id, session_id, parent_id, role, content, parts, status, model, generation_id, chain,
        created_at, completed_at)
    VALUES (:id, :session_id, :parent_id, :role, :content, :parts, :status, :model, :generation_id, :chain,
        :created_at, :completed_at)
"""
_FINISH = """
    UPDATE messages SET content = :content, parts = :parts, status = :status, finish_reason = :finish_reason,
        error = :error, usage = :usage, completed_at = :completed_at
    WHERE id = :id RETURNING (SELECT p.chain FROM messages p WHERE p.id = messages.parent_id) AS parent_chain
"""
_CAME_BY_DOOR = """
    SELECT 1 AS found FROM messages m LEFT JOIN usage_logs u ON u.generation_id = m.generation_id WHERE m.id = :id
        AND CASE WHEN m.generation_id IS NULL THEN m.chain IS NOT NULL ELSE u.purpose = 'endpoint' END
"""
_SET_CHAIN = "UPDATE messages SET chain = :chain WHERE id = :id"
_OF_CHAIN = """
    SELECT id, session_id, parent_id, generation_id FROM messages WHERE chain = :chain ORDER BY id DESC LIMIT 1
"""
_SET_STATUS = "UPDATE messages SET status = :status WHERE id = :id"
_SET_PINNED = "UPDATE messages SET pinned = :pinned WHERE id = :id RETURNING id"
_SET_USAGE = "UPDATE messages SET usage = :usage WHERE id = :id"
_LEAF = f"SELECT {_COLUMNS} FROM messages WHERE id = :leaf_id AND session_id = :session_id"  # noqa: S608
# CROSS JOIN keeps SQLite from turning the step around and reading the whole session for each of its messages.
_PATH = f"""
    WITH RECURSIVE path (id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM messages WHERE id = :leaf_id AND session_id = :session_id
        UNION ALL
        SELECT m.id, m.parent_id, path.depth + 1
        FROM path CROSS JOIN messages m
        WHERE m.id = path.parent_id AND m.session_id = :session_id AND path.depth < :limit - 1
    )
    SELECT {", ".join("m." + name.strip() for name in _COLUMNS.split(","))}
    FROM path CROSS JOIN messages m WHERE m.id = path.id ORDER BY path.depth
"""  # noqa: S608
_ALL = f"""
    SELECT {_COLUMNS} FROM messages WHERE session_id = :session_id AND (:before IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit
"""  # noqa: S608
_CHILDREN = """
    SELECT id, parent_id FROM messages
    WHERE session_id = :session_id AND (parent_id = :parent_id OR (parent_id IS NULL AND :parent_id IS NULL))
    ORDER BY id
"""
_COUNT = "SELECT count(*) AS n FROM messages WHERE session_id = :session_id"
_LEAF_BELOW = """
    WITH RECURSIVE down (id, depth) AS (
        SELECT id, 0 FROM messages WHERE id = :id
        UNION ALL
        SELECT (SELECT max(c.id) FROM messages c WHERE c.session_id = :session_id AND c.parent_id = down.id),
            down.depth + 1
        FROM down WHERE down.id IS NOT NULL AND down.depth < 100000
    )
    SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1
"""


def get(conn: Conn, message_id: str) -> Row | None:
    return conn.execute(_GET, {"id": message_id}).fetchone()


def new_row(
    *,
    message_id: str,
    session_id: str,
    parent_id: str | None,
    role: str,
    content: str,
    parts: list[Part],
    status: str,
    now: str,
    model: str | None = None,
    generation_id: str | None = None,
    chain: str | None = None,
) -> Row:
    """The row of a message that is not stored yet, as it is read once it is."""
    return {
        "id": message_id,
        "session_id": session_id,
        "parent_id": parent_id,
        "role": role,
        "content": content,
        "parts": encode_text(parts),
        "status": status,
        "model": model,
        "generation_id": generation_id,
        "finish_reason": None,
        "error": None,
        "usage": None,
        "pinned": 0,
        "created_at": now,
        "completed_at": now if status == "completed" else None,
        "chain": chain,
    }


def insert(conn: Conn, row: Row) -> None:
    """Store a row of ``new_row``."""
    conn.execute(_INSERT, row)


def finish(conn: Conn, message_id: str, values: dict[str, Any]) -> str | None:
    """Write the final content, parts, status, finish_reason, error, usage and completed_at; its parent's chain."""
    row = conn.execute(_FINISH, {"id": message_id, **values}).fetchone()
    return row["parent_chain"] if row else None


def set_chain(conn: Conn, message_id: str, chain: str) -> None:
    conn.execute(_SET_CHAIN, {"id": message_id, "chain": chain})


def came_by_door(conn: Conn, message_id: str) -> bool:
    """Whether a message is of a foreign door's client, or an answer to one: nobody posted or asked for it here."""
    return conn.execute(_CAME_BY_DOOR, {"id": message_id}).fetchone() is not None


def newest_of_chain(conn: Conn, chain: str) -> Row | None:
    """Id, session, parent and generation of the newest message that ends a conversation with this chain."""
    return conn.execute(_OF_CHAIN, {"chain": chain}).fetchone()


def set_status(conn: Conn, message_id: str, status: str) -> None:
    conn.execute(_SET_STATUS, {"id": message_id, "status": status})


def set_usage(conn: Conn, message_id: str, usage: str) -> None:
    conn.execute(_SET_USAGE, {"id": message_id, "usage": usage})


def set_pinned(conn: Conn, message_id: str, *, pinned: bool) -> bool:
    """Whether there is such a message."""
    return conn.execute(_SET_PINNED, {"id": message_id, "pinned": int(pinned)}).fetchone() is not None


def path_up(conn: Conn, session_id: str, leaf_id: str, *, limit: int) -> list[Row]:
    """At most ``limit`` messages from ``leaf_id`` towards the root, leaf first."""
    leaf = conn.execute(_LEAF, {"session_id": session_id, "leaf_id": leaf_id}).fetchone()
    if leaf is None or leaf["parent_id"] is None:
        return [leaf] if leaf else []
    return conn.execute(_PATH, {"session_id": session_id, "leaf_id": leaf_id, "limit": limit}).fetchall()


def all_before(conn: Conn, session_id: str, before: str | None, *, limit: int) -> list[Row]:
    """Messages of every branch, newest first."""
    return conn.execute(_ALL, {"session_id": session_id, "before": before, "limit": limit}).fetchall()


def leaf_below(conn: Conn, session_id: str, message_id: str) -> str:
    """The newest leaf that is reached by always taking the newest child."""
    row = conn.execute(_LEAF_BELOW, {"session_id": session_id, "id": message_id}).fetchone()
    return str(row["id"]) if row else message_id


def siblings(conn: Conn, session_id: str, parent_ids: set[str | None]) -> dict[str | None, list[str]]:
    """For each parent, the ids of its children in order."""
    found: dict[str | None, list[str]] = defaultdict(list)
    for parent_id in parent_ids:
        for row in conn.execute(_CHILDREN, {"session_id": session_id, "parent_id": parent_id}).fetchall():
            found[parent_id].append(row["id"])
    return found


def count(conn: Conn, session_id: str) -> int:
    row = conn.execute(_COUNT, {"session_id": session_id}).fetchone()
    return int(row["n"]) if row else 0
