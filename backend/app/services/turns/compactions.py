"""Compactions: summaries that the owner asks for, paid once, readable, and sent in place of what they stand for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from app.core.clock import now
from app.core.errors import (
    Conflict,
    IdempotencyMismatch,
    NotFound,
    ShuttingDown,
    UpstreamGarbage,
    UpstreamTruncated,
    paid_perhaps,
)
from app.core.ids import new_id
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import compactions, messages, models, sessions
from app.schemas.compactions import Compaction, CompactionCreate
from app.schemas.page import PageQuery, Slice
from app.schemas.sessions import Session
from app.services.catalog.fallbacks import candidates, with_known_fallbacks
from app.services.changes import Changes
from app.services.context.calibration import calibration_of
from app.services.context.summary import Selection, request_messages, select, standing_on, summary_tokens
from app.services.cursors import decode_cursor, encode_cursor
from app.services.providers.providers import Providers
from app.services.turns.keys import Key, body_of, earlier, key_of
from app.services.turns.paid_calls import PaidCall, PaidCalls, taken
from app.services.turns.prompt import Defaults, Resolved, request_body
from app.services.turns.resolution import resolve_in
from app.services.turns.turn_start import LONGEST_PATH
from app.services.turns.worst_cost import worst_cost_picousd
from app.services.upstream.request import layered, wire_parameters
from app.services.upstream.wire import Completion

_KIND = "compaction"
"""What keys of earlier releases name; today's name the call, from before it is paid."""
_PURPOSE: Final = "summary"
# What the providers file gives a model for conversations is no part of a request for a summary.
_FOREIGN = ("tools", "tool_choice", "parallel_tool_calls", "response_format", "plugins", "web_search", "stop")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A summary to be written: of what, by whom, with which request."""

    session: Session
    selection: Selection
    resolved: Resolved
    body: dict[str, Any]
    offers: Mapping[str, Row | None]


class Compactions:
    """Writes, lists and removes summaries. One at a time per session; ``close`` waits for nothing but its own tasks."""

    def __init__(
        self, store: Store, changes: Changes, providers: Providers, paid_calls: PaidCalls, defaults: Defaults
    ) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._paid_calls, self._defaults = paid_calls, defaults
        self._writing: dict[str, tuple[Key | None, asyncio.Task[tuple[Compaction, bool]]]] = {}
        self._closing = False

    async def close(self) -> None:
        """Let no more begin, and give up what is under way: nothing of it is left but its row in the ledger."""
        self._closing = True
        tasks = [task for _, task in self._writing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def create(self, session_id: str, request: CompactionCreate) -> tuple[Compaction, bool]:
        """Have the older turns of a session's active path summarised, whether or not the caller waits for it.

        The flag says that an earlier request had asked. Raises NotFound, Conflict when there is nothing to summarise or
        another summary of the session is being written or a repeated request was paid whose summary is not stored,
        ContextTooLong, IdempotencyMismatch, MissingKey and upstream errors, with nothing stored but what was paid.
        """
        if self._closing:
            raise ShuttingDown
        key = key_of(request.request_id, _KIND, {"session_id": session_id, **body_of(request)})
        call_id, made = await self._store.read(_made_earlier, key)
        if made is not None:
            return made, True
        if key is not None and any(
            other is not None and other.stored_id == key.stored_id and other != key
            for other, _ in self._writing.values()
        ):
            raise IdempotencyMismatch
        if (writing := self._writing.get(session_id)) is not None:
            if key is None or writing[0] != key:
                raise Conflict("A summary of this session is being written.", details={"session_id": session_id})
            return (await asyncio.shield(writing[1]))[0], True
        if call_id is not None:
            raise taken(call_id)
        task = asyncio.create_task(self._write(session_id, request, key), name=f"compact {session_id}")
        self._writing[session_id] = (key, task)
        task.add_done_callback(partial(self._written, session_id))
        return await asyncio.shield(task)

    async def list(self, session_id: str, query: PageQuery) -> Slice[Compaction]:
        """Newest first. Raises NotFound, BadCursor."""
        return await self._store.read(_list, session_id, query)

    async def delete(self, session_id: str, compaction_id: str) -> None:
        """From now on the messages are sent themselves again. Raises NotFound."""
        if not await self._store.write(compactions.delete, session_id, compaction_id):
            raise NotFound.of("compaction", compaction_id)
        self._changes.publish("session", session_id, session_id=session_id)

    async def _write(self, session_id: str, request: CompactionCreate, key: Key | None) -> tuple[Compaction, bool]:
        task = await self._store.read(self._plan, session_id, request, key)
        if isinstance(task, Compaction):
            return task, True
        route = task.resolved.route
        call = PaidCall(
            purpose=_PURPOSE,
            model=route.slug,
            provider=route.provider,
            body=task.body,
            worst_picousd=worst_cost_picousd(task.body, list(task.offers.values())),
            offers=task.offers,
            session_id=session_id,
            profile_id=task.resolved.profile_id,
            key=key,
        )
        reply = await self._paid_calls.make(call, lambda again: route.provider.client.complete(task.body, again=again))
        stored = await self._store.write(_insert, task, _text_of(reply), call.call_id)
        self._changes.publish("session", session_id, session_id=session_id)
        return stored, False

    def _plan(self, conn: Conn, session_id: str, request: CompactionCreate, key: Key | None) -> _Task | Compaction:
        """What to write, or what was made while the request waited for its turn: it must not be paid again."""
        if (made := _made_earlier(conn, key)[1]) is not None:
            return made
        session = _session(conn, session_id)
        path = messages.path_up(conn, session_id, session.active_leaf_id or "", limit=LONGEST_PATH)[::-1]
        resolved = resolve_in(
            conn,
            session,
            model=request.model,
            profile_id=None,
            given={},
            defaults=self._defaults,
            route=self._providers.route,
        )
        slug = resolved.route.slug
        facts = models.facts(conn, slug)
        limit_tokens = facts.context_length if facts else None
        selection = select(
            path,
            standing_on(path, compactions.of_session(conn, session_id)),
            keep_turns=request.keep_turns,
            limit_tokens=limit_tokens,
            calibration=calibration_of(conn, slug, facts.family if facts else None),
        )
        given = layered(_own(resolved.route.defaults), {"max_tokens": summary_tokens(limit_tokens)})
        params = wire_parameters(given, model=slug, facts=facts)
        body = request_body(resolved, request_messages(selection), params)
        body = with_known_fallbacks(conn, self._providers.route, resolved.route, body)
        offers = {named: models.prices(conn, named) for named in candidates(resolved.route, body)}
        return _Task(session=session, selection=selection, resolved=resolved, body=body, offers=offers)

    def _written(self, session_id: str, task: asyncio.Task[tuple[Compaction, bool]]) -> None:
        del self._writing[session_id]
        if not task.cancelled():
            task.exception()  # told to who waits; nobody may


def _own(defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in defaults.items() if name not in _FOREIGN}


def _text_of(reply: Completion) -> str:
    """The summary. Raises UpstreamGarbage for none, UpstreamTruncated for half of one."""
    choice = reply.choices[0] if reply.choices else None
    text = choice.message.content if choice and choice.message else None
    if not text or not text.strip():
        raise paid_perhaps(UpstreamGarbage("The model wrote no summary.").of_unstored())
    if choice is not None and choice.finish_reason == "length":
        raise paid_perhaps(UpstreamTruncated("The summary did not come to its end.").of_unstored())
    return text.strip()


def _made_earlier(conn: Conn, key: Key | None) -> tuple[str | None, Compaction | None]:
    """The call that a key was used for, and the summary that it made, while that is there."""
    made = earlier(conn, key, _KIND, _PURPOSE)
    if made is None:
        return None, None
    return made, compactions.of_call(conn, made) or compactions.get(conn, made)


def _insert(conn: Conn, task: _Task, text: str, call_id: str) -> Compaction:
    _session(conn, task.session.id)
    compaction_id, at = new_id(), now()
    compactions.insert(
        conn,
        {
            "id": compaction_id,
            "session_id": task.session.id,
            "through_message_id": task.selection.through_message_id,
            "message_count": task.selection.message_count,
            "summary": text,
            "model": task.resolved.route.slug,
            "provider": task.resolved.route.provider.name,
            "usage_id": call_id,
        },
        now=at,
    )
    found = compactions.get(conn, compaction_id)
    if found is None:
        raise AssertionError("what was inserted is there")
    return found


def _list(conn: Conn, session_id: str, query: PageQuery) -> Slice[Compaction]:
    _session(conn, session_id)
    before = str(decode_cursor("compactions", query.cursor, str)[0]) if query.cursor else None
    found = compactions.list_page(conn, session_id, limit=query.limit + 1, before=before)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("compactions", items[-1].id) if len(found) > query.limit else None,
        total=compactions.count(conn, session_id) if query.count else None,
    )


def _session(conn: Conn, session_id: str) -> Session:
    session = sessions.get(conn, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    return session
