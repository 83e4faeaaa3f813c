"""What stands in a session's composer but was not sent: its text with the session, its parts apart."""

from __future__ import annotations

from typing import Any

from app.core.json import decode, encode_text
from app.db.types import Conn

_GET = """
    SELECT s.draft, p.parts FROM sessions s LEFT JOIN draft_parts p ON p.session_id = s.id WHERE s.id = :session_id
"""
_GET_TEXT = "SELECT draft FROM sessions WHERE id = :session_id"
_SET_TEXT = "UPDATE sessions SET draft = :draft WHERE id = :session_id"
_SET_PARTS = """
    INSERT INTO draft_parts (session_id, parts) VALUES (:session_id, :parts)
    ON CONFLICT (session_id) DO UPDATE SET parts = excluded.parts
"""


def get(conn: Conn, session_id: str) -> dict[str, Any] | None:
    """``{text, parts}``; None for an unknown session."""
    row = conn.execute(_GET, {"session_id": session_id}).fetchone()
    if row is None:
        return None
    draft: dict[str, Any] = decode(row["draft"])
    # Older drafts have their parts beside the text.
    return draft if row["parts"] is None else {**draft, "parts": decode(row["parts"])}


def change(conn: Conn, session_id: str, *, text: str | None, parts: list[dict[str, Any]] | None) -> bool:
    """Replace what is given, keep what is None; False for an unknown session."""
    row = conn.execute(_GET_TEXT, {"session_id": session_id}).fetchone()
    if row is None:
        return False
    if text is not None:
        draft = encode_text({**decode(row["draft"]), "text": text})
        conn.execute(_SET_TEXT, {"session_id": session_id, "draft": draft})
    if parts is not None:
        conn.execute(_SET_PARTS, {"session_id": session_id, "parts": encode_text(parts)})
    return True
