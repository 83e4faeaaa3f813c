"""SQL of ``sessions``."""

from __future__ import annotations

from typing import Any

from app.core.clock import not_before
from app.core.json import decode, encode_text
from app.core.money import to_usd
from app.db.types import Conn, Row
from app.repo.sums import MAX_SUM, added
from app.repo.usage_spans import session_groups
from app.repo.usage_sums import MANUAL
from app.schemas.sessions import Session, SessionTotals

_COLUMNS = """
    s.id, s.session_type, s.title, s.profile_id, s.model, s.active_leaf_id, s.pinned, s.archived, s.tags, s.revision,
    s.message_count, s.prompt_tokens, s.completion_tokens, s.total_tokens, s.cost_picousd, s.unknown_calls,
    s.created_at, s.updated_at,
    (SELECT g.id FROM generations g WHERE g.session_id = s.id AND g.ended_at IS NULL ORDER BY g.id DESC LIMIT 1)
        AS running_generation_id
"""
_GET = f"SELECT {_COLUMNS} FROM sessions s WHERE s.id = :id"  # noqa: S608
_INSERT = """
    INSERT INTO sessions (id, session_type, title, profile_id, model, tags, active_leaf_id, message_count, created_at,
        updated_at)
    VALUES (:id, :session_type, :title, :profile_id, :model, :tags, :leaf_id, :messages, :now, :updated_at)
"""
_DELETE = "DELETE FROM sessions WHERE id = :id RETURNING id"
_TOUCH = """
    UPDATE sessions SET active_leaf_id = COALESCE(:leaf_id, active_leaf_id),
        message_count = message_count + :new_messages, title = CASE WHEN title = '' THEN :title ELSE title END,
        revision = revision + 1, updated_at = :now
    WHERE id = :id
"""
_SUMMED = ("prompt_tokens", "completion_tokens", "total_tokens", "cost_picousd")
_COUNT_USAGE = f"""
    UPDATE sessions SET {", ".join(f"{name} = {added(name, f':{name}')}" for name in _SUMMED)},
        unknown_calls = unknown_calls + :unknown_calls, revision = revision + 1, updated_at = :now
    WHERE id = :id RETURNING revision
"""  # noqa: S608
_BY_COST = f"""
    SELECT {_COLUMNS} FROM sessions s WHERE (s.cost_picousd, s.id) < (:cost_picousd, :id)
    ORDER BY s.cost_picousd DESC, s.id DESC LIMIT :limit
"""  # noqa: S608
_NEWEST = "SELECT max(updated_at) AS at FROM sessions"
_SETTABLE = ("session_type", "title", "profile_id", "model", "active_leaf_id", "pinned", "archived", "tags")


def _session(conn: Conn, row: Row) -> Session:
    if any(row[name] >= MAX_SUM for name in _SUMMED):
        closed, _ = session_groups(conn, row["id"])
        row |= {name: sum(one[name] for one in closed if one["purpose"] != MANUAL) for name in _SUMMED}
    return Session(
        id=row["id"],
        session_type=row["session_type"],
        title=row["title"],
        profile_id=row["profile_id"],
        model=row["model"],
        active_leaf_id=row["active_leaf_id"],
        running_generation_id=row["running_generation_id"],
        pinned=bool(row["pinned"]),
        archived=bool(row["archived"]),
        tags=decode(row["tags"]),
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        totals=SessionTotals(
            messages=row["message_count"],
            prompt_tokens=row["prompt_tokens"],
            completion_tokens=row["completion_tokens"],
            total_tokens=row["total_tokens"],
            cost_usd=to_usd(row["cost_picousd"]),
            unknown_calls=row["unknown_calls"],
        ),
    )


def get(conn: Conn, session_id: str) -> Session | None:
    row = conn.execute(_GET, {"id": session_id}).fetchone()
    return _session(conn, row) if row else None


def insert(
    conn: Conn,
    *,
    session_id: str,
    session_type: str,
    title: str,
    profile_id: int | None,
    model: str | None,
    tags: list[str],
    leaf_id: str | None = None,
    messages: int = 0,
    now: str,
) -> None:
    """``messages`` are as many as are about to be stored in it, the last of them ``leaf_id``."""
    conn.execute(
        _INSERT,
        {
            "id": session_id,
            "session_type": session_type,
            "title": title,
            "profile_id": profile_id,
            "model": model,
            "tags": encode_text(tags),
            "leaf_id": leaf_id,
            "messages": messages,
            "now": now,
            "updated_at": _in_order(conn, now),
        },
    )


def update(conn: Conn, session_id: str, changes: dict[str, Any], *, now: str) -> None:
    """Set the named columns and step the revision. Names are checked against what a client may set."""
    columns = [name for name in _SETTABLE if name in changes]
    assignments = "".join(f"{name} = :{name}, " for name in columns)
    sql = f"UPDATE sessions SET {assignments}revision = revision + 1, updated_at = :now WHERE id = :id"  # noqa: S608
    values = {name: _column_value(changes[name]) for name in columns}
    conn.execute(sql, {**values, "now": _in_order(conn, now), "id": session_id})


def delete(conn: Conn, session_id: str) -> bool:
    """Whether there was one. Its messages and journal go with it; its ledger rows stay."""
    return conn.execute(_DELETE, {"id": session_id}).fetchone() is not None


def touch(conn: Conn, session_id: str, *, leaf_id: str | None, new_messages: int, title: str, now: str) -> None:
    """Note new messages; ``title`` is only taken by a session that has none, ``leaf_id`` None leaves the active one."""
    at = _in_order(conn, now)
    conn.execute(
        _TOUCH, {"id": session_id, "leaf_id": leaf_id, "new_messages": new_messages, "title": title, "now": at}
    )


def count_usage(conn: Conn, session_id: str, *, now: str, **counts: int) -> int | None:
    """Add to the session's totals; the new revision, None when the session is gone."""
    row = conn.execute(_COUNT_USAGE, {"id": session_id, "now": _in_order(conn, now), **counts}).fetchone()
    return row["revision"] if row else None


def list_page(
    conn: Conn,
    *,
    limit: int,
    before: tuple[str, str] | None,
    session_type: str | None,
    text: str | None,
    tag: str | None,
    archived: bool | None,
) -> list[Session]:
    """The most recently changed first; ``before`` is (updated_at, id) of the last one seen."""
    where, values = _filters(session_type=session_type, text=text, tag=tag, archived=archived)
    if before:
        where.append("(s.updated_at, s.id) < (:before_at, :before_id)")
        values |= {"before_at": before[0], "before_id": before[1]}
    sql = f"SELECT {_COLUMNS} FROM sessions s WHERE {' AND '.join(where)} ORDER BY s.updated_at DESC, s.id DESC LIMIT :limit"  # noqa: E501, S608
    return [_session(conn, row) for row in conn.execute(sql, {**values, "limit": limit}).fetchall()]


def by_cost(conn: Conn, *, limit: int, before: tuple[int, str] | None) -> list[tuple[int, Session]]:
    """The dearest first, each with the cost it is ordered by; ``before`` is that and the id of the last one seen."""
    cost_picousd, session_id = before or (MAX_SUM + 1, "")
    rows = conn.execute(_BY_COST, {"cost_picousd": cost_picousd, "id": session_id, "limit": limit}).fetchall()
    return [(row["cost_picousd"], _session(conn, row)) for row in rows]


def count(conn: Conn, *, session_type: str | None, text: str | None, tag: str | None, archived: bool | None) -> int:
    where, values = _filters(session_type=session_type, text=text, tag=tag, archived=archived)
    row = conn.execute(f"SELECT count(*) AS n FROM sessions s WHERE {' AND '.join(where)}", values).fetchone()  # noqa: S608
    return int(row["n"]) if row else 0


def _filters(
    *, session_type: str | None, text: str | None, tag: str | None, archived: bool | None
) -> tuple[list[str], dict[str, Any]]:
    where, values = ["1 = 1"], dict[str, Any]()
    if session_type is not None:
        where.append("s.session_type = :session_type")
        values["session_type"] = session_type
    if text is not None:
        # Both sides by the database's own idea of lower case, which may leave letters beyond ASCII as they are.
        where.append(r"lower(s.title) LIKE lower(:text) ESCAPE '\'")
        values["text"] = f"%{_escape_like(text)}%"
    if tag is not None:
        where.append(r"s.tags LIKE :tag ESCAPE '\'")
        values["tag"] = f"%{_escape_like(encode_text(tag))}%"
    if archived is not None:
        where.append("s.archived = :archived")
        values["archived"] = int(archived)
    return where, values


def _in_order(conn: Conn, now: str) -> str:
    """The time of a change: sessions are listed by it, so it is never before that of an earlier change."""
    row = conn.execute(_NEWEST).fetchone()
    return not_before(now, row["at"] if row else None)


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _column_value(value: Any) -> Any:
    if isinstance(value, list):
        return encode_text(value)
    return int(value) if isinstance(value, bool) else value
