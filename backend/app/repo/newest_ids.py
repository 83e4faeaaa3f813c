"""SQL that finds the newest id of a store, over all that is ordered by ids."""

from __future__ import annotations

from app.db.types import Conn

_TABLES = ("access_tokens", "compactions", "generations", "messages", "sessions", "usage_logs")
# Rows from elsewhere may have ids of other forms, which sort anywhere; of ours the 15th character is the version.
_NEWEST = {
    table: f"SELECT id FROM {table} WHERE length(id) = 36 AND substr(id, 15, 1) = '7' ORDER BY id DESC LIMIT 1"  # noqa: S608
    for table in _TABLES
}


def newest_id(conn: Conn) -> str | None:
    """The id that every later one has to sort behind; None in an empty store."""
    rows = (conn.execute(sql).fetchone() for sql in _NEWEST.values())
    return max((str(row["id"]) for row in rows if row is not None), default=None)
