"""What a message would cost."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.core.errors import (
    ContextTooLong,
    MissingKey,
    ModelNotAllowed,
    NotFound,
    NothingToAnswer,
    PriceCap,
    ToolResultsMissing,
    UpstreamModelNotFound,
    ValidationFailed,
)
from app.schemas.estimates import Estimate
from app.schemas.generations import GenerationCreate

router = APIRouter(prefix="/api/estimate", tags=["usage"], route_class=JsonRoute)


@router.post(
    "",
    response_model=Estimate,
    responses=responses_for(
        NotFound,
        NothingToAnswer,
        ToolResultsMissing,
        MissingKey,
        ContextTooLong,
        UpstreamModelNotFound,
        ModelNotAllowed,
        PriceCap,
        ValidationFailed,
    ),
)
@route_class("read")
async def estimate(services: ServicesDep, body: GenerationCreate) -> Response:
    """What `POST /api/generations` with the same body would probably cost. Nothing is stored, sent or set aside."""
    return reply(await services.estimates.of(body))
