"""Stored messages as clients see them: siblings named, and a running answer folded from its journal."""

from __future__ import annotations

import msgspec

from app.core.errors import NotFound
from app.core.json import decode
from app.db.types import Conn, Row
from app.repo import generations, journal, messages
from app.schemas.events import UsageFigures
from app.schemas.messages import Message, StoredError
from app.schemas.parts import Part, content_of, part_from
from app.schemas.types import TERMINAL
from app.services.upstream.accumulator import fold


def view(conn: Conn, rows: list[Row]) -> list[Message]:
    """Rows of one session as messages, from the snapshot that ``conn`` sees."""
    if not rows:
        return []
    siblings = messages.siblings(conn, rows[0]["session_id"], {row["parent_id"] for row in rows})
    return [_message(conn, row, siblings[row["parent_id"]]) for row in rows]


def get(conn: Conn, message_id: str) -> Message:
    """One message. Raises NotFound."""
    row = messages.get(conn, message_id)
    if row is None:
        raise NotFound.of("message", message_id)
    return view(conn, [row])[0]


def base_parts(row: Row) -> list[Part]:
    """The parts that a message's row holds."""
    return [part_from(part) for part in decode(row["parts"])]


def _message(conn: Conn, row: Row, siblings: list[str]) -> Message:
    content, parts, status, last_seq = row["content"], base_parts(row), row["status"], 0
    generation = generations.get(conn, row["generation_id"]) if row["generation_id"] is not None else None
    if generation is not None:
        # The generation knows whether the provider has begun; its message's row is next written at the end.
        status, last_seq = generation.status, generation.last_seq
        if row["status"] not in TERMINAL:
            folded = fold(journal.read(conn, generation.id), parts)
            parts, last_seq = folded.parts(), folded.last_seq
            content = content_of(parts)
    return Message(
        id=row["id"],
        session_id=row["session_id"],
        parent_id=row["parent_id"],
        role=row["role"],
        content=content,
        parts=parts,
        status=status,
        model=row["model"],
        generation_id=row["generation_id"],
        last_seq=last_seq,
        finish_reason=row["finish_reason"],
        error=msgspec.json.decode(row["error"], type=StoredError) if row["error"] else None,
        usage=msgspec.json.decode(row["usage"], type=UsageFigures) if row["usage"] else None,
        siblings=siblings,
        pinned=bool(row["pinned"]),
        created_at=row["created_at"],
        completed_at=row["completed_at"],
    )
