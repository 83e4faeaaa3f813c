"""The owner's decision on a call whose cost nobody told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.core.errors import Conflict, NotFound, ValidationFailed
from app.schemas.usage import Decision, UsageRow

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=JsonRoute)


@router.post(
    "/{usage_id}/decision", response_model=UsageRow, responses=responses_for(NotFound, Conflict, ValidationFailed)
)
@route_class("write", admin=True)
async def decide_cost(
    services: ServicesDep, usage_id: Annotated[str, Path(max_length=128)], body: Decision
) -> Response:
    """Settle by hand what the provider never told: at a cost, or written off at 0. What is known is 409."""
    return reply(await services.decisions.decide(usage_id, body))
