"""Sessions: create, read, change, delete."""

from __future__ import annotations

from typing import Any

from app.core.clock import now
from app.core.errors import NotFound, Stale, ValidationFailed
from app.core.ids import new_id
from app.db.store import Store
from app.db.types import Conn
from app.repo import drafts, messages, profiles, sessions
from app.schemas.page import Slice
from app.schemas.sessions import Draft, DraftPatch, Session, SessionCreate, SessionPatch, SessionPut, SessionQuery
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor
from app.services.turns.runner import Runner

# What a client may clear by sending null; null elsewhere means "not given".
_NULLABLE = {"profile_id", "model"}


class Sessions:
    """The rules of sessions. Every change is announced after its commit."""

    def __init__(self, store: Store, changes: Changes, runner: Runner) -> None:
        self._store, self._changes, self._runner = store, changes, runner

    async def list(self, query: SessionQuery) -> Slice[Session]:
        """Most recently changed first."""
        return await self._store.read(_list, query)

    async def get(self, session_id: str) -> Session:
        """Raises NotFound."""
        return await self._store.read(_get, session_id)

    async def create(self, request: SessionCreate) -> Session:
        """Raises NotFound for an unknown profile."""
        session = await self._store.write(_create, request)
        self._changed(session)
        return session

    async def replace(self, session_id: str, request: SessionPut) -> Session:
        """Raises NotFound, Stale."""
        return await self._update(session_id, request.model_dump(exclude={"revision"}), request.revision)

    async def patch(self, session_id: str, request: SessionPatch) -> Session:
        """Raises NotFound, Stale. ``active_leaf_id`` may name any message: the newest leaf below it becomes active."""
        changes = {
            name: value
            for name, value in request.model_dump(exclude={"revision"}, exclude_unset=True).items()
            if value is not None or name in _NULLABLE
        }
        return await self._update(session_id, changes, request.revision)

    async def delete(self, session_id: str) -> None:
        """Its running answers are stopped first, its messages go, its ledger rows stay. Raises NotFound."""
        await self.get(session_id)
        await self._runner.stop_session(session_id)
        if not await self._store.write(sessions.delete, session_id):
            raise NotFound.of("session", session_id)
        self._changes.publish("session", session_id, op="delete", session_id=session_id)

    async def draft(self, session_id: str) -> dict[str, Any]:
        """Raises NotFound."""
        draft = await self._store.read(drafts.get, session_id)
        if draft is None:
            raise NotFound.of("session", session_id)
        return draft

    async def change_draft(self, session_id: str, change: Draft | DraftPatch) -> None:
        """Keep what is given of it. Raises NotFound."""
        if not await self._store.write(_change_draft, session_id, change):
            raise NotFound.of("session", session_id)

    async def _update(self, session_id: str, changes: dict[str, Any], revision: int | None) -> Session:
        session = await self._store.write(_update, session_id, changes, revision)
        self._changed(session)
        return session

    def _changed(self, session: Session) -> None:
        self._changes.publish("session", session.id, session_id=session.id, revision=session.revision)


def _get(conn: Conn, session_id: str) -> Session:
    session = sessions.get(conn, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    return session


def _list(conn: Conn, query: SessionQuery) -> Slice[Session]:
    filters: dict[str, Any] = {
        "session_type": query.type,
        "text": query.text,
        "tag": query.tag,
        "archived": query.archived,
    }
    before = decode_cursor("sessions", query.cursor, str, str) if query.cursor else None
    found = sessions.list_page(
        conn, limit=query.limit + 1, before=(str(before[0]), str(before[1])) if before else None, **filters
    )
    items = found[: query.limit]
    more = len(found) > query.limit
    return Slice(
        items=items,
        next_cursor=encode_cursor("sessions", items[-1].updated_at, items[-1].id) if more else None,
        total=sessions.count(conn, **filters) if query.count else None,
    )


def _create(conn: Conn, request: SessionCreate) -> Session:
    _check_profile(conn, request.profile_id)
    session_id = new_id()
    sessions.insert(conn, session_id=session_id, now=now(), **request.model_dump())
    return _get(conn, session_id)


def _change_draft(conn: Conn, session_id: str, change: Draft | DraftPatch) -> bool:
    return drafts.change(conn, session_id, text=change.text, parts=change.parts)


def _update(conn: Conn, session_id: str, changes: dict[str, Any], revision: int | None) -> Session:
    current = _get(conn, session_id)
    if revision is not None and revision != current.revision:
        raise Stale(details={"current": current}, resource_type="session", resource_id=session_id)
    _check_profile(conn, changes.get("profile_id"))
    if "active_leaf_id" in changes:
        changes["active_leaf_id"] = _leaf(conn, session_id, changes["active_leaf_id"])
    sessions.update(conn, session_id, changes, now=now())
    return _get(conn, session_id)


def _check_profile(conn: Conn, profile_id: int | None) -> None:
    if profile_id is not None and profiles.get(conn, profile_id) is None:
        raise NotFound.of("profile", profile_id)


def _leaf(conn: Conn, session_id: str, message_id: str) -> str:
    row = messages.get(conn, message_id)
    if row is None or row["session_id"] != session_id:
        raise ValidationFailed("active_leaf_id names no message of this session.", resource_type="message")
    return messages.leaf_below(conn, session_id, message_id)
