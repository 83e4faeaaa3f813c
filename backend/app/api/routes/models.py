"""The model catalogue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.lookup_route import lookup
from app.api.progress import progress
from app.api.reply import page, reply
from app.api.route_class import route_class
from app.core.errors import (
    BadCursor,
    MissingKey,
    NotFound,
    UnsupportedSort,
    UpstreamBadKey,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.schemas.model_detail import ModelDetail
from app.schemas.models import Model, ModelFamily, ModelQuery, Synced
from app.schemas.page import Page

STEPS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
router = APIRouter(prefix="/api/models", tags=["models"], route_class=JsonRoute)


@router.post(
    "/sync",
    response_model=Synced,
    responses=STEPS
    | responses_for(MissingKey, UpstreamBadKey, UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable),
)
@route_class("write")
async def sync_models(services: ServicesDep, accept: Annotated[str, Header()] = "") -> Response:
    """Replace the stored catalogue by the provider's current list; with `Accept: text/event-stream`, step by step."""
    if "text/event-stream" in accept:
        return await progress(services.catalog.sync_steps())
    return reply(Synced(synced=await services.catalog.sync()))


@lookup(
    router,
    "",
    response_model=Page[Model],
    responses=responses_for(
        BadCursor,
        UnsupportedSort,
        MissingKey,
        UpstreamBadKey,
        UpstreamRateLimited,
        UpstreamTimeout,
        UpstreamUnavailable,
    ),
)
@route_class("read")
async def list_models(services: ServicesDep, query: Annotated[ModelQuery, Query()]) -> Response:
    """Models on offer. Prices, in filters too, are US dollars per 1,000,000 tokens.

    Popularity, throughput and latency are asked of the provider, at most once an hour; its errors are of that alone.
    """
    return page(await services.catalog.list(query))


@lookup(router, "/families", response_model=Page[ModelFamily])
@route_class("read")
async def list_model_families(services: ServicesDep) -> Response:
    """Who made the models on offer, and how many; filters also take what people call them (`claude`, `gpt`)."""
    return page(await services.catalog.families())


@lookup(router, "/{slug:path}", response_model=ModelDetail, responses=responses_for(NotFound))
@route_class("read")
async def get_model(services: ServicesDep, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """One model by its slug (`author/name`): who serves it, who takes which parameter, what it can do and has cost."""
    return reply(await services.catalog.get(slug))
