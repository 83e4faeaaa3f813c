"""The ledger, read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, page, reply
from app.api.route_class import route_class
from app.core.errors import BadCursor, NotFound, ValidationFailed
from app.schemas.page import Page, PageQuery
from app.schemas.usage import (
    ManualUsage,
    ModelsUsage,
    SessionCost,
    SessionUsage,
    UsageRow,
    UsageStats,
    UsageSummary,
    UsageTimeline,
)
from app.schemas.usage_queries import ExportQuery, SpanQuery, TimelineQuery, UsageQuery
from app.services.usage.export import Export

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=JsonRoute)

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}, "application/x-ndjson": {}}, "description": "The rows."}
}


@router.get("", response_model=Page[UsageRow], responses=FILE | responses_for(BadCursor, NotFound, ValidationFailed))
@route_class("read")
async def list_usage(services: ServicesDep, query: Annotated[UsageQuery, Query()]) -> Response:
    """One row per paid call, newest first, and rows entered by hand; as `csv` or `jsonl` the file of `/export`."""
    if query.format != "json":
        return _file(await services.usage_exports.open(query, query.format))
    return page(await services.usage.list(query))


@router.post("", status_code=201, response_model=UsageRow, responses=responses_for(NotFound, ValidationFailed))
@route_class("write", admin=True)
async def enter_usage(services: ServicesDep, body: ManualUsage) -> Response:
    """Enter what was spent elsewhere: a row of source `manual`, shown apart from the calls, that settles none."""
    return created(await services.usage_entries.add(body))


@router.get("/export", response_class=Response, responses=FILE | responses_for(NotFound, ValidationFailed))
@route_class("read", download=True)
async def export_usage(services: ServicesDep, query: Annotated[ExportQuery, Query()]) -> Response:
    """All rows that match, newest first, as a file. CSV text that spreadsheets would take for a formula is quoted."""
    return _file(await services.usage_exports.open(query, query.format))


@router.get("/summary", response_model=UsageSummary, responses=responses_for(ValidationFailed))
@route_class("read")
async def usage_summary(services: ServicesDep, query: Annotated[SpanQuery, Query()]) -> Response:
    """Sums over whole days of the owner's, the last 30 unless said otherwise."""
    return reply((await services.usage.summary(query)).body())


@router.get("/timeline", response_model=UsageTimeline, responses=responses_for(ValidationFailed))
@route_class("read")
async def usage_timeline(services: ServicesDep, query: Annotated[TimelineQuery, Query()]) -> Response:
    """Sums of every day, week or month of a span, at most 1000, split by what is asked for."""
    return reply((await services.usage.timeline(query)).body())


@router.get("/models", response_model=ModelsUsage, responses=responses_for(ValidationFailed))
@route_class("read")
async def usage_by_model(services: ServicesDep, query: Annotated[SpanQuery, Query()]) -> Response:
    """Sums by model, the dearest first."""
    return reply((await services.usage.models(query)).body())


@router.get("/stats", response_model=UsageStats, responses=responses_for(ValidationFailed))
@route_class("read")
async def usage_stats(services: ServicesDep, query: Annotated[SpanQuery, Query()]) -> Response:
    """Sums and averages; averages of no call are null."""
    return reply((await services.usage.stats(query)).body())


@router.get("/sessions", response_model=Page[SessionCost], responses=responses_for(BadCursor))
@route_class("read")
async def usage_by_session(services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Response:
    """The sessions there are, the dearest first."""
    return page(await services.usage.sessions(query))


@router.get("/sessions/{session_id}", response_model=SessionUsage, responses=responses_for(NotFound))
@route_class("read")
async def session_usage(services: ServicesDep, session_id: Annotated[str, Path(max_length=128)]) -> Response:
    """What a session has cost; still there after the session was deleted."""
    return reply(await services.usage.of_session(session_id))


def _file(export: Export) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{export.name}"'}
    return StreamingResponse(export.pieces, media_type=MEDIA_TYPES[export.form], headers=disposition)
