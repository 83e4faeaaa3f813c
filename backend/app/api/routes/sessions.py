"""Sessions: stored conversations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, page, reply
from app.api.route_class import route_class
from app.core.errors import BadCursor, NotFound, Stale, ValidationFailed
from app.schemas.messages import Message, MessageQuery
from app.schemas.page import Page
from app.schemas.sessions import Draft, DraftPatch, Session, SessionCreate, SessionPatch, SessionPut, SessionQuery

router = APIRouter(prefix="/api/sessions", tags=["sessions"], route_class=JsonRoute)
SessionPath = Annotated[str, Path(max_length=128)]


@router.get("", response_model=Page[Session], responses=responses_for(BadCursor, ValidationFailed))
@route_class("read")
async def list_sessions(services: ServicesDep, query: Annotated[SessionQuery, Query()]) -> Response:
    """Sessions, the most recently changed first."""
    return page(await services.sessions.list(query))


@router.post("", response_model=Session, status_code=201, responses=responses_for(NotFound, ValidationFailed))
@route_class("write")
async def create_session(services: ServicesDep, body: SessionCreate) -> Response:
    """Make a session. Its title, if none is given, comes from its first user message."""
    return created(await services.sessions.create(body))


@router.get("/{session_id}", response_model=Session, responses=responses_for(NotFound))
@route_class("read")
async def get_session(services: ServicesDep, session_id: SessionPath) -> Response:
    """One session with its totals."""
    return reply(await services.sessions.get(session_id))


@router.put("/{session_id}", response_model=Session, responses=responses_for(NotFound, Stale, ValidationFailed))
@route_class("write")
async def replace_session(services: ServicesDep, session_id: SessionPath, body: SessionPut) -> Response:
    """Replace what a client may set; what is left out becomes its default."""
    return reply(await services.sessions.replace(session_id, body))


@router.patch("/{session_id}", response_model=Session, responses=responses_for(NotFound, Stale, ValidationFailed))
@route_class("write")
async def patch_session(services: ServicesDep, session_id: SessionPath, body: SessionPatch) -> Response:
    """Change what is given."""
    return reply(await services.sessions.patch(session_id, body))


@router.delete("/{session_id}", status_code=204, responses=responses_for(NotFound))
@route_class("destructive")
async def delete_session(services: ServicesDep, session_id: SessionPath) -> Response:
    """Delete a session with its messages; running answers are stopped first. Its ledger rows stay."""
    await services.sessions.delete(session_id)
    return Response(status_code=204)


@router.get(
    "/{session_id}/messages",
    response_model=Page[Message],
    responses=responses_for(NotFound, BadCursor, ValidationFailed),
)
@route_class("read")
async def list_messages(
    services: ServicesDep, session_id: SessionPath, query: Annotated[MessageQuery, Query()]
) -> Response:
    """The newest page of the active path in ascending order; the cursor leads to older messages."""
    return page(await services.messages.list(session_id, query))


@router.get("/{session_id}/draft", response_model=Draft, responses=responses_for(NotFound))
@route_class("read")
async def get_draft(services: ServicesDep, session_id: SessionPath) -> Response:
    """What stands in the session's composer."""
    return reply(await services.sessions.draft(session_id))


@router.put("/{session_id}/draft", response_model=Draft, responses=responses_for(NotFound, ValidationFailed))
@route_class("write")
async def put_draft(services: ServicesDep, session_id: SessionPath, body: Draft) -> Response:
    """Keep what stands in the session's composer."""
    await services.sessions.change_draft(session_id, body)
    return reply(body.model_dump())


@router.patch("/{session_id}/draft", status_code=204, responses=responses_for(NotFound, ValidationFailed))
@route_class("write")
async def patch_draft(services: ServicesDep, session_id: SessionPath, body: DraftPatch) -> Response:
    """Keep what changed of it: the text while it is typed, without the pictures beside it. They are not sent back."""
    await services.sessions.change_draft(session_id, body)
    return Response(status_code=204)
