"""Messages: add one by hand, read one, answer one again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.deps import IdempotencyKey, RequestIdDep, ServicesDep, keyed
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, replayed_as, reply
from app.api.route_class import route_class
from app.core.errors import (
    SPENDING_REFUSALS,
    BadToolResult,
    GenerationRunning,
    IdempotencyMismatch,
    MissingKey,
    NotFound,
    ValidationFailed,
)
from app.schemas.generations import Regenerate, Started
from app.schemas.messages import Message, MessageCreate, MessagePatch

router = APIRouter(prefix="/api/messages", tags=["messages"], route_class=JsonRoute)
MessagePath = Annotated[str, Path(max_length=128)]


@router.post(
    "",
    response_model=Message,
    status_code=201,
    responses=replayed_as(Message)
    | responses_for(NotFound, GenerationRunning, IdempotencyMismatch, BadToolResult, ValidationFailed),
)
@route_class("write")
async def create_message(
    services: ServicesDep, body: MessageCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Store a message below `parent_id` or the end of the conversation. Starts nothing.

    A tool's result goes below the answer that called it.
    """
    message, replayed = await services.messages.create(keyed(body, idempotency_key))
    return created(message, replayed=replayed)


@router.get("/{message_id}", response_model=Message, responses=responses_for(NotFound))
@route_class("read")
async def get_message(services: ServicesDep, message_id: MessagePath) -> Response:
    """One message; a running one with its text so far."""
    return reply(await services.messages.get(message_id))


@router.patch("/{message_id}", response_model=Message, responses=responses_for(NotFound, ValidationFailed))
@route_class("write")
async def patch_message(services: ServicesDep, message_id: MessagePath, body: MessagePatch) -> Response:
    """Pin a message: its turn is never left out of what a model is sent. What was said does not change."""
    return reply(await services.messages.patch(message_id, body))


@router.post(
    "/{message_id}/regenerate",
    response_model=Started,
    status_code=201,
    responses=replayed_as(Started)
    | responses_for(NotFound, GenerationRunning, MissingKey, IdempotencyMismatch, *SPENDING_REFUSALS, ValidationFailed),
)
@route_class("spend")
async def regenerate(
    services: ServicesDep,
    message_id: MessagePath,
    body: Regenerate,
    request_id: RequestIdDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Start another answer beside an assistant message; nothing is overwritten."""
    started, replayed = await services.turns.regenerate(message_id, keyed(body, idempotency_key), request_id)
    return created(started, replayed=replayed)
