"""What the main provider's account tells: credits, and its book beside ours."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.api.routes.openrouter_lookups import ASKING
from app.core.errors import ManagementKeyNeeded, ValidationFailed
from app.schemas.account import CreditsReport, Drift, DriftQuery

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=JsonRoute)


@router.get("/credits", response_model=CreditsReport, responses=responses_for(ManagementKeyNeeded, *ASKING))
@route_class("read")
async def get_credits_left(services: ServicesDep) -> Response:
    """What the main provider's account has left; OpenRouter tells it to a management key alone."""
    return reply(await services.account.credits())


@router.get("/drift", response_model=Drift, responses=responses_for(ValidationFailed, *ASKING))
@route_class("read")
async def get_drift(services: ServicesDep, query: Annotated[DriftQuery, Query()]) -> Response:
    """Our book against the main provider's, by UTC day and model, with our calls of the lines that differ."""
    return reply((await services.account.drift(query)).body())
