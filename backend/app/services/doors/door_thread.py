"""Where a client's conversation belongs in the store: below what is known of it, or in a session of its own.

A client sends its whole history each time. What is stored of it is found by its chain; only the rest is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ids import new_id
from app.db.types import Conn, Row
from app.repo import generations, messages, sessions
from app.schemas.parts import content_of
from app.services.doors.foreign_messages import ForeignMessage
from app.services.turns.chain import chain_of
from app.services.turns.title import title_of

TAG = "api"
"""What sessions that doors make are tagged with."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes. ``is_shown``: the session's active path leads there."""

    session_id: str
    parent_id: str
    is_shown: bool = True


def post_conversation(conn: Conn, conversation: Sequence[ForeignMessage], *, model: str, at: str) -> Place:
    """Store what is not stored yet of a conversation, in order; the last message is the one to answer.

    A history that goes on from a known one is a branch of its session. The active path follows the client until the
    owner goes on in that session: then it stays where the owner is, and what the client adds is beside it.

    A session is made for one that is new, and for one that shares no more with a known one than its opening, before any
    answer: programs open every task alike.
    """
    links = chain_of((message.role, message.parts) for message in conversation)
    known, row = _longest_known(conn, links)
    if row is None:
        session_id, parent_id, is_shown = _open_session(conn, model, at), None, True
    else:
        session_id, parent_id = str(row["session_id"]), str(row["id"])
        is_shown = _leads_there(conn, session_id, parent_id)
    for message, link in zip(conversation[known:], links[known:], strict=True):
        message_id = new_id()
        messages.insert(
            conn,
            messages.new_row(
                message_id=message_id,
                session_id=session_id,
                parent_id=parent_id,
                role=message.role,
                content=content_of(message.parts),
                parts=message.parts,
                status="completed",
                chain=link,
                now=at,
            ),
        )
        parent_id = message_id
    if parent_id is None:
        raise AssertionError("a conversation has messages")
    if known < len(conversation):
        title = next((title_of(content_of(m.parts)) for m in conversation if m.role == "user"), "")
        new_messages = len(conversation) - known
        leaf_id = parent_id if is_shown else None
        sessions.touch(conn, session_id, leaf_id=leaf_id, new_messages=new_messages, title=title, now=at)
    return Place(session_id, parent_id, is_shown)


def _leads_there(conn: Conn, session_id: str, parent_id: str) -> bool:
    """Whether the active path is to follow: it ends at this message, or in what a door's client sent or got."""
    session = sessions.get(conn, session_id)
    leaf_id = session.active_leaf_id if session else None
    return leaf_id in (None, parent_id) or messages.came_by_door(conn, leaf_id)


def _longest_known(conn: Conn, links: Sequence[str]) -> tuple[int, Row | None]:
    """How many messages are stored from the first on, and the last of them; 0 if none of them was ever answered.

    What holds for a chain holds for each of its beginnings, which is why halving finds the longest.
    """
    known, unknown = 0, len(links) + 1
    row: Row | None = None
    while unknown - known > 1:
        middle = (known + unknown) // 2
        found = messages.newest_of_chain(conn, links[middle - 1])
        if found is None:
            unknown = middle
        else:
            known, row = middle, found
    return (known, row) if row is not None and _was_answered(conn, row) else (0, None)


def _was_answered(conn: Conn, row: Row) -> bool:
    """Whether a message, or one above it, is an answer of ours or has one."""
    above: Row | None = row
    while above is not None:
        if above["generation_id"] is not None or generations.newest_of(conn, above["id"]) is not None:
            return True
        above = messages.get(conn, above["parent_id"]) if above["parent_id"] is not None else None
    return False


def _open_session(conn: Conn, model: str, at: str) -> str:
    session_id = new_id()
    sessions.insert(
        conn,
        session_id=session_id,
        session_type="chat",
        title="",
        profile_id=None,
        model=model,
        tags=[TAG],
        now=at,
    )
    return session_id
