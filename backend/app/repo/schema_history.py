"""SQL of ``schema_migrations``, which the store itself writes."""

from __future__ import annotations

from app.db.types import Conn

_BORN_AT = "SELECT min(applied_at) AS at FROM schema_migrations"


def born_at(conn: Conn) -> str:
    """When the store was made."""
    row = conn.execute(_BORN_AT).fetchone()
    return str(row["at"]) if row else ""
