"""Summaries of the older part of a session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import IdempotencyKey, ServicesDep, keyed
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, page, replayed_as
from app.api.route_class import route_class
from app.core.errors import (
    SPENDING_REFUSALS,
    BadCursor,
    Conflict,
    ContextTooLong,
    IdempotencyMismatch,
    MissingKey,
    NotFound,
    UpstreamBadKey,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
    ValidationFailed,
)
from app.schemas.compactions import Compaction, CompactionCreate
from app.schemas.page import Page, PageQuery

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["compactions"], route_class=JsonRoute)
SessionPath = Annotated[str, Path(max_length=128)]


@router.post(
    "/compact",
    response_model=Compaction,
    status_code=201,
    responses=replayed_as(Compaction)
    | responses_for(
        NotFound,
        Conflict,
        *SPENDING_REFUSALS,
        MissingKey,
        IdempotencyMismatch,
        ContextTooLong,
        UpstreamModelNotFound,
        UpstreamBadKey,
        UpstreamNoCredit,
        UpstreamRateLimited,
        UpstreamTimeout,
        UpstreamUnavailable,
        ValidationFailed,
    ),
)
@route_class("spend")
async def compact_session(
    services: ServicesDep, session_id: SessionPath, body: CompactionCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Have a model summarise the older turns of the active path: one paid call.

    From then on the summary is sent in their place; the messages stay as they are.
    """
    compaction, replayed = await services.compactions.create(session_id, keyed(body, idempotency_key))
    return created(compaction, replayed=replayed)


@router.get(
    "/compactions",
    response_model=Page[Compaction],
    responses=responses_for(NotFound, BadCursor, ValidationFailed),
)
@route_class("read")
async def list_compactions(
    services: ServicesDep, session_id: SessionPath, query: Annotated[PageQuery, Query()]
) -> Response:
    """The summaries of a session, newest first, with what each has cost."""
    return page(await services.compactions.list(session_id, query))


@router.delete("/compactions/{compaction_id}", status_code=204, responses=responses_for(NotFound))
@route_class("destructive")
async def delete_compaction(
    services: ServicesDep, session_id: SessionPath, compaction_id: Annotated[str, Path(max_length=128)]
) -> Response:
    """Remove a summary: its messages are sent themselves again."""
    await services.compactions.delete(session_id, compaction_id)
    return Response(status_code=204)
