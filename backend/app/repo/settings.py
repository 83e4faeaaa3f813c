"""SQL of ``settings``: what the settings page stores. Secrets are never here."""

from __future__ import annotations

from typing import Any

from app.core.json import decode, encode_text
from app.db.types import Conn

_ALL = "SELECT name, value FROM settings"
_PUT = """
    INSERT INTO settings (name, value, updated_at) VALUES (:name, :value, :now)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
"""


def all_values(conn: Conn) -> dict[str, Any]:
    return {row["name"]: decode(row["value"]) for row in conn.execute(_ALL).fetchall()}


def put(conn: Conn, changes: dict[str, Any], *, now: str) -> None:
    conn.executemany(_PUT, [{"name": name, "value": encode_text(value), "now": now} for name, value in changes.items()])
