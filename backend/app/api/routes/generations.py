"""Generations: start, read, follow, stop, continue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import IdempotencyKey, LastEventId, RequestIdDep, ServicesDep, keyed
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, replayed_as, reply, stream
from app.api.route_class import route_class
from app.core.errors import (
    SPENDING_REFUSALS,
    BadToolResult,
    Conflict,
    GenerationRunning,
    IdempotencyMismatch,
    MissingKey,
    NotFound,
    NothingToAnswer,
    ShuttingDown,
    ToolResultsMissing,
    ValidationFailed,
)
from app.schemas.generations import AfterQuery, Generation, GenerationCreate, Regenerate, Started

router = APIRouter(prefix="/api/generations", tags=["generations"], route_class=JsonRoute)
GenerationPath = Annotated[str, Path(max_length=128)]
FOLLOWED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events, as `/api/stream` sends them.", "content": {"text/event-stream": {}}}
}
SEEN_ALL: dict[int | str, dict[str, Any]] = {204: {"description": "The reader has seen the end already."}}
START_ERRORS = (
    NotFound, GenerationRunning, Conflict, NothingToAnswer, ToolResultsMissing, MissingKey, IdempotencyMismatch,
    BadToolResult, ValidationFailed, *SPENDING_REFUSALS, ShuttingDown,
)  # fmt: skip


@router.post("", response_model=Started, status_code=201, responses=replayed_as(Started) | responses_for(*START_ERRORS))
@route_class("spend")
async def create_generation(
    services: ServicesDep,
    body: GenerationCreate,
    request_id: RequestIdDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store a message and start its answer; makes the session when none is named.

    Without `content` and `parts` a stored message is answered: a user's, or the last result of the tools that an answer
    called.
    """
    started, replayed = await services.turns.create(keyed(body, idempotency_key), request_id)
    return created(started, replayed=replayed)


@router.get("/{generation_id}", response_model=Generation, responses=responses_for(NotFound))
@route_class("read")
async def get_generation(services: ServicesDep, generation_id: GenerationPath) -> Response:
    """One attempt to answer."""
    return reply(await services.turns.get(generation_id))


@router.get(
    "/{generation_id}/events",
    response_class=Response,
    responses=FOLLOWED | SEEN_ALL | responses_for(NotFound, ValidationFailed),
)
@route_class("read")
async def follow_generation(
    services: ServicesDep,
    generation_id: GenerationPath,
    query: Annotated[AfterQuery, Query()],
    last_event_id: LastEventId = None,
) -> Response:
    """Follow a generation as server-sent events, from after a seq; never starts anything."""
    return stream(await services.turns.attach(generation_id, query.after, last_event_id))


@router.post("/{generation_id}/stop", response_model=Generation, responses=responses_for(NotFound))
@route_class("write")
async def stop_generation(services: ServicesDep, generation_id: GenerationPath) -> Response:
    """Stop it and keep its text; asking again changes nothing."""
    return reply(await services.turns.stop(generation_id))


@router.post(
    "/{generation_id}/continue",
    response_model=Started,
    status_code=201,
    responses=replayed_as(Started) | responses_for(*START_ERRORS),
)
@route_class("spend")
async def continue_generation(
    services: ServicesDep,
    generation_id: GenerationPath,
    body: Regenerate,
    request_id: RequestIdDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Go on where an ended answer stopped: a new message that keeps the old text as its first part."""
    started, replayed = await services.turns.resume(generation_id, keyed(body, idempotency_key), request_id)
    return created(started, replayed=replayed)
