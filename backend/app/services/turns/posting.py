"""What is posted to a conversation: checked before anything of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.core.errors import GenerationRunning, NotFound
from app.core.ids import new_id
from app.db.types import Conn, Row
from app.repo import messages, profiles, sessions
from app.schemas.generations import GenerationCreate
from app.schemas.parts import Part, ToolResultPart, content_of
from app.schemas.sessions import Session
from app.schemas.types import TERMINAL
from app.services.turns.title import title_of
from app.services.turns.tool_results import check_results

LONGEST_LOOP = 1000
"""Messages between an answer and the last result of the tools that it called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message to be stored below ``parent_id``, or the active leaf if that is None, or ``at_root``."""

    role: str
    parts: list[Part]
    parent_id: str | None = None
    at_root: bool = False


def posted_of(request: GenerationCreate) -> Posted:
    """The message that a request brings."""
    return Posted(
        role="tool" if request.holds_results else "user",
        parts=request.stored_parts(),
        parent_id=request.parent_id,
        at_root=request.at_root,
    )


class Place(NamedTuple):
    """The session that messages are for. One that ``is_new`` is stored with its first messages."""

    session_id: str
    model: str | None
    profile_id: int | None
    leaf_id: str | None = None
    is_new: bool = False


def place_in(session: Session) -> Place:
    """A stored session as the place of a turn."""
    return Place(session.id, session.model, session.profile_id, session.active_leaf_id)


def new_place(conn: Conn, model: str | None, profile_id: int | None) -> Place:
    """A session to be made, of a request's model and profile. Raises NotFound for a profile that is not there."""
    if profile_id is not None and profiles.get(conn, profile_id) is None:
        raise NotFound.of("profile", profile_id)
    return Place(new_id(), model, profile_id, is_new=True)


def checked(conn: Conn, place: Place, posted: Posted, *, at: str) -> Row:
    """The row of a message that may be stored.

    Raises NotFound for a parent elsewhere, GenerationRunning for one that is still being written, BadToolResult for a
    result that belongs to no open call above.
    """
    parent_id = None if posted.at_root else posted.parent_id or place.leaf_id
    if parent_id is not None:
        parent = messages.get(conn, parent_id)
        if parent is None or parent["session_id"] != place.session_id:
            raise NotFound.of("message", parent_id)
        if parent["status"] not in TERMINAL:
            raise GenerationRunning(details={"generation_id": parent["generation_id"]})
    if any(isinstance(part, ToolResultPart) for part in posted.parts):
        check_results(messages.path_up(conn, place.session_id, parent_id or "", limit=LONGEST_LOOP), posted.parts)
    return messages.new_row(
        message_id=new_id(),
        session_id=place.session_id,
        parent_id=parent_id,
        role=posted.role,
        content=content_of(posted.parts),
        parts=posted.parts,
        status="completed",
        now=at,
    )


def store(conn: Conn, place: Place, rows: Sequence[Row], *, at: str) -> None:
    """Store messages, the last of which is where the conversation goes on, and their session when it is new.

    A session without a title takes one from what its user says.
    """
    leaf_id = rows[-1]["id"]
    title = next((title_of(row["content"]) for row in rows if row["role"] == "user"), "")
    if place.is_new:
        sessions.insert(
            conn,
            session_id=place.session_id,
            session_type="chat",
            title=title,
            profile_id=place.profile_id,
            model=place.model,
            tags=[],
            leaf_id=leaf_id,
            messages=len(rows),
            now=at,
        )
    for row in rows:
        messages.insert(conn, row)
    if not place.is_new:
        sessions.touch(conn, place.session_id, leaf_id=leaf_id, new_messages=len(rows), title=title, now=at)


def post(conn: Conn, session: Session, posted: Posted, *, at: str) -> str:
    """Store a message and start nothing; its id. Raises as ``checked``."""
    place = place_in(session)
    row = checked(conn, place, posted, at=at)
    store(conn, place, [row], at=at)
    return str(row["id"])
