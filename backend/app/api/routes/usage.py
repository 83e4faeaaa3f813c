"""The ledger, read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import page, reply
from app.api.route_class import route_class
from app.core.errors import BadCursor, NotFound, ValidationFailed
from app.schemas.page import Page
from app.schemas.usage import SessionUsage, SummaryQuery, UsageQuery, UsageRow, UsageSummary

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=JsonRoute)


@router.get("", response_model=Page[UsageRow], responses=responses_for(BadCursor, ValidationFailed))
@route_class("read")
async def list_usage(services: ServicesDep, query: Annotated[UsageQuery, Query()]) -> Response:
    """One row per paid call, newest first."""
    return page(await services.usage.list(query))


@router.get("/summary", response_model=UsageSummary, responses=responses_for(ValidationFailed))
@route_class("read")
async def usage_summary(services: ServicesDep, query: Annotated[SummaryQuery, Query()]) -> Response:
    """Sums over whole UTC days, the last 30 unless said otherwise."""
    return reply((await services.usage.summary(query.from_day, query.to_day)).body())


@router.get("/sessions/{session_id}", response_model=SessionUsage, responses=responses_for(NotFound))
@route_class("read")
async def session_usage(services: ServicesDep, session_id: Annotated[str, Path(max_length=128)]) -> Response:
    """What a session has cost; still there after the session was deleted."""
    return reply(await services.usage.of_session(session_id))
