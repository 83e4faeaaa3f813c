"""The model catalogue as the typed dialect spells it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.lookup_route import lookup
from app.api.reply import reply
from app.api.route_class import route_class
from app.core.errors import (
    MissingKey,
    NotFound,
    UnsupportedSort,
    UpstreamBadKey,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.schemas.plain_models import PlainDetail, PlainFamilies, PlainFound, PlainModels, PlainQuery

UPSTREAM = (MissingKey, UpstreamBadKey, UpstreamRateLimited, UpstreamUnavailable, UpstreamTimeout)
router = APIRouter(prefix="/models", tags=["models, plain"], route_class=JsonRoute)


@lookup(router, "", response_model=PlainModels, responses=responses_for(UnsupportedSort, *UPSTREAM, dialect="plain"))
@route_class("read")
async def list_plain_models(services: ServicesDep, query: Annotated[PlainQuery, Query()]) -> Response:
    """Models on offer as their provider lists them, all unless narrowed, and what `/chat` takes.

    Prices are US dollars per token; filters are those of the search.
    """
    return reply(await services.plain_catalog.everything(query))


@lookup(router, "/families", response_model=PlainFamilies, responses=responses_for(*UPSTREAM, dialect="plain"))
@route_class("read")
async def list_plain_families(services: ServicesDep) -> Response:
    """Who made the models on offer, and how many."""
    return reply(await services.plain_catalog.families())


@lookup(
    router, "/search", response_model=PlainFound, responses=responses_for(UnsupportedSort, *UPSTREAM, dialect="plain")
)
@route_class("read")
async def search_plain_models(services: ServicesDep, query: Annotated[PlainQuery, Query()]) -> Response:
    """Models that meet every filter, with the filters and their total. Price filters are US dollars per 1,000,000."""
    return reply(await services.plain_catalog.search(query))


@lookup(
    router, "/{slug:path}", response_model=PlainDetail, responses=responses_for(NotFound, *UPSTREAM, dialect="plain")
)
@route_class("read")
async def get_plain_model(services: ServicesDep, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """One model (`author/slug`): who serves it, and which parameters all, any and each of them take."""
    return reply(await services.plain_catalog.detail(slug))
