"""Messages: read a session's, add one by hand."""

from __future__ import annotations

from app.core.clock import now
from app.core.errors import BadCursor, NotFound
from app.db.store import Store
from app.db.types import Conn
from app.repo import messages, sessions
from app.schemas.messages import Message, MessageCreate, MessagePatch, MessageQuery
from app.schemas.page import Slice
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor
from app.services.turns import transcript
from app.services.turns.keys import Key, body_of, earlier, key_of, remember
from app.services.turns.posting import Posted, post


class Messages:
    """The rules of messages. Posting starts nothing; ``Turns`` does that."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store, self._changes = store, changes

    async def list(self, session_id: str, query: MessageQuery) -> Slice[Message]:
        """The newest page in ascending order; the cursor leads to older ones. Raises NotFound, BadCursor."""
        return await self._store.read(_list, session_id, query)

    async def get(self, message_id: str) -> Message:
        """Raises NotFound."""
        return await self._store.read(transcript.get, message_id)

    async def create(self, request: MessageCreate) -> tuple[Message, bool]:
        """Add a message below ``parent_id`` or the active leaf. The flag says that an earlier request had done so.

        Raises NotFound, GenerationRunning, BadToolResult, IdempotencyMismatch.
        """
        key = key_of(request.request_id, "message", body_of(request))
        message, replayed = await self._store.write(_create, request, key)
        if not replayed:
            self._changes.publish("message", message.id, session_id=message.session_id)
            self._changes.publish("session", message.session_id, session_id=message.session_id)
        return message, replayed

    async def patch(self, message_id: str, request: MessagePatch) -> Message:
        """Pin or unpin a message. Raises NotFound."""
        message = await self._store.write(_patch, message_id, request)
        self._changes.publish("message", message.id, session_id=message.session_id)
        return message


def _patch(conn: Conn, message_id: str, request: MessagePatch) -> Message:
    messages.set_pinned(conn, message_id, pinned=request.pinned)
    return transcript.get(conn, message_id)


def _create(conn: Conn, request: MessageCreate, key: Key | None) -> tuple[Message, bool]:
    if (message_id := earlier(conn, key, "message")) is not None:
        return transcript.get(conn, message_id), True
    session = sessions.get(conn, request.session_id)
    if session is None:
        raise NotFound.of("session", request.session_id)
    at = now()
    posted = Posted(
        role=request.role, parts=request.stored_parts(), parent_id=request.parent_id, at_root=request.at_root
    )
    message_id = post(conn, session, posted, at=at)
    remember(conn, key, "message", message_id, at)
    return transcript.get(conn, message_id), False


def _list(conn: Conn, session_id: str, query: MessageQuery) -> Slice[Message]:
    session = sessions.get(conn, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    name = "all_messages" if query.all else "messages"
    cursor = str(decode_cursor(name, query.cursor, str)[0]) if query.cursor else None
    if query.all:
        rows = messages.all_before(conn, session_id, cursor, limit=query.limit + 1)
        following = rows[query.limit - 1]["id"] if len(rows) > query.limit else None
    else:
        if cursor is not None and ((row := messages.get(conn, cursor)) is None or row["session_id"] != session_id):
            raise BadCursor
        rows = messages.path_up(conn, session_id, cursor or session.active_leaf_id or "", limit=query.limit + 1)
        following = rows[query.limit]["id"] if len(rows) > query.limit else None
    return Slice(
        items=transcript.view(conn, rows[: query.limit][::-1]),
        next_cursor=encode_cursor(name, following) if following else None,
        total=messages.count(conn, session_id) if query.count else None,
    )
