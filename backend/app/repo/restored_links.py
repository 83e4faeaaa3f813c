"""Whether the rows of a restored file belong together, beyond what the schema itself holds."""

from __future__ import annotations

from app.db.errors import BadFile
from app.db.types import Conn

_RUNNING = "('queued', 'running', 'stopping')"
_BROKEN = {
    "A message of it follows one that its session has not.": """
        SELECT m.id FROM messages m WHERE m.parent_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages p WHERE p.id = m.parent_id AND p.session_id = m.session_id) LIMIT 1
    """,
    "A session of it shows a message that it has not.": """
        SELECT s.id FROM sessions s WHERE s.active_leaf_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages m WHERE m.id = s.active_leaf_id AND m.session_id = s.id) LIMIT 1
    """,
    "A generation of it wrote a message that its session has not.": """
        SELECT g.id FROM generations g WHERE g.session_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages m WHERE m.id = g.message_id AND m.session_id = g.session_id
                AND m.generation_id = g.id) LIMIT 1
    """,
    "A generation of it answers a message that its session has not.": """
        SELECT g.id FROM generations g WHERE g.session_id IS NOT NULL AND g.user_message_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages m WHERE m.id = g.user_message_id AND m.session_id = g.session_id) LIMIT 1
    """,
    "A message of it was written by a generation that it has not.": """
        SELECT m.id FROM messages m WHERE m.generation_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM generations g WHERE g.id = m.generation_id AND g.message_id = m.id) LIMIT 1
    """,
    "A generation of it has ended and has not.": f"""
        SELECT id FROM generations WHERE (ended_at IS NULL) <> (status IN {_RUNNING}) LIMIT 1
    """,  # noqa: S608
    "A message of it is being written by nobody.": f"""
        SELECT m.id FROM messages m WHERE m.status IN {_RUNNING} AND NOT EXISTS (
            SELECT 1 FROM generations g WHERE g.id = m.generation_id AND g.ended_at IS NULL) LIMIT 1
    """,  # noqa: S608
    "A generation of it has more events than can be.": f"""
        SELECT e.generation_id FROM generation_events e JOIN generations g ON g.id = e.generation_id
        WHERE g.ended_at IS NULL AND e.last_seq > {2**40} LIMIT 1
    """,  # noqa: S608
    "A call of it has a cost and has none.": """
        SELECT id FROM usage_logs WHERE (cost_picousd IS NULL) <> (state IN ('reserved', 'unknown')) LIMIT 1
    """,
}  # fmt: skip
_SUSPECT = "SELECT 1 AS found FROM messages WHERE parent_id >= id LIMIT 1"
_COUNT = "SELECT count(*) AS n FROM messages"
_COUNT_REACHED = """
    WITH RECURSIVE reached (id, session_id) AS (
        SELECT id, session_id FROM messages WHERE parent_id IS NULL
        UNION
        SELECT m.id, m.session_id FROM reached r JOIN messages m ON m.session_id = r.session_id AND m.parent_id = r.id
    )
    SELECT count(*) AS n FROM reached
"""


def check_links(conn: Conn) -> None:
    """Raises `BadFile` for rows that refer to what is not there, contradict each other, or form a ring."""
    for reason, sql in _BROKEN.items():
        if conn.execute(sql).fetchone() is not None:
            raise BadFile(reason)
    # Ids grow with time: only where one does not can there be a ring.
    if conn.execute(_SUSPECT).fetchone() is not None and _n(conn, _COUNT_REACHED) != _n(conn, _COUNT):
        raise BadFile("Messages of it follow each other in a ring.")


def _n(conn: Conn, sql: str) -> int:
    row = conn.execute(sql).fetchone()
    return int(row["n"]) if row else 0
