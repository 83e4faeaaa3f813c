"""The streams: answer a stored message, or store one and answer it; and the live channel."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.api.deps import IdempotencyKey, LastEventId, RequestIdDep, ServicesDep, keyed
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import stream
from app.api.route_class import route_class
from app.api.routes.generations import SEEN_ALL, START_ERRORS
from app.core.errors import (
    SPENDING_REFUSALS,
    MissingKey,
    NotFound,
    NothingToAnswer,
    ToolResultsMissing,
    ValidationFailed,
)
from app.core.sse import EventStream
from app.schemas.events import (
    Annotation,
    Context,
    Done,
    Error,
    Reasoning,
    Retry,
    Start,
    Text,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from app.schemas.generations import GenerationCreate, StreamQuery
from app.schemas.types import ObjectId
from app.services.turns.replay import parse_cursor

router = APIRouter(prefix="/api", tags=["stream"], route_class=JsonRoute)

AnyEvent = Start | Retry | Context | Text | Reasoning | ToolCallDelta | ToolCall | Annotation | Usage | Error | Done
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}, "model": AnyEvent}
}
Cursor = Annotated[str, Field(max_length=160)]


class EventsQuery(BaseModel, extra="forbid"):
    """What a tab watches: sessions, and where it is in their generations."""

    session: Annotated[list[ObjectId], Field(max_length=16)] = Field(default_factory=list)
    after: Annotated[list[Cursor], Field(max_length=16, description="`generation:seq`")] = Field(default_factory=list)

    def cursors(self) -> dict[str, int]:
        """The seq seen by generation id. Raises ValidationFailed for a cursor of another form."""
        parsed = [parse_cursor(cursor) for cursor in self.after]
        if None in parsed:
            raise ValidationFailed("after is generation:seq.")
        return dict(cursor for cursor in parsed if cursor is not None)


@router.post("/stream", responses=STREAMED | responses_for(*START_ERRORS))
@route_class("spend")
async def create_stream(
    services: ServicesDep,
    body: GenerationCreate,
    request_id: RequestIdDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store a message and stream its answer, in one call; or answer a stored one."""
    return stream(await services.turns.create_and_attach(keyed(body, idempotency_key), request_id))


@router.get(
    "/stream",
    responses=STREAMED
    | SEEN_ALL
    | responses_for(NotFound, NothingToAnswer, ToolResultsMissing, MissingKey, *SPENDING_REFUSALS, ValidationFailed),
)
@route_class("spend")
async def answer_stream(
    services: ServicesDep,
    query: Annotated[StreamQuery, Query()],
    request_id: RequestIdDep,
    last_event_id: LastEventId = None,
) -> Response:
    """Stream the answer to a session's newest user message or tool result. Safe to repeat: it never starts a second."""
    return stream(await services.turns.answer(query, last_event_id, request_id))


@router.get("/events", responses=STREAMED | responses_for(ValidationFailed))
@route_class("read")
async def live_channel(services: ServicesDep, query: Annotated[EventsQuery, Query()]) -> Response:
    """Everything a tab watches, and every change of the store, in one stream."""
    return EventStream(await services.live.open(query.session, query.cursors()))
