"""The model list in OpenAI's shape, narrowed as OpenRouter narrows it. Every path is also at `/api/v1/…`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.lookup_route import lookup
from app.api.reply import reply
from app.api.route_class import route_class
from app.api.routes.openrouter_lookups import ASKING
from app.core.errors import UnsupportedSort, UpstreamModelNotFound
from app.schemas.openai_models import ListedModelsQuery, ModelsQuery, OneModel, OpenAIModel, OpenAIModelList
from app.schemas.openrouter_lookups import CountReply

router = APIRouter(tags=["openai"])
Slug = Annotated[str, Path(max_length=200)]


@lookup(
    router,
    "/v1/models",
    "/api/v1/models",
    response_model=OpenAIModelList,
    responses=responses_for(UnsupportedSort, *ASKING, dialect="openai"),
)
@route_class("read")
async def list_openai_models(
    request: Request, services: ServicesDep, query: Annotated[ListedModelsQuery, Query()]
) -> Response:
    """Models on offer, with OpenRouter's fields beside OpenAI's; all of them unless filters or a page are given.

    Filters by modality beyond text, and those that only OpenRouter has figures for (`category`, `providers`, `zdr`,
    `region`, ages, indexes, and their orders), are answered by the main provider, for its own models.
    """
    return reply(await services.openai_models.list(query, request.url.path))


@lookup(
    router,
    "/v1/models/count",
    "/api/v1/models/count",
    response_model=CountReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def count_models(services: ServicesDep, query: Annotated[ModelsQuery, Query()]) -> Response:
    """How many models the list has under the same filters."""
    return reply(await services.openai_models.count(query))


@lookup(
    router,
    "/v1/model/{slug:path}",
    "/api/v1/model/{slug:path}",
    response_model=OneModel,
    responses=responses_for(UpstreamModelNotFound, *ASKING, dialect="openai"),
)
@route_class("read")
async def get_listed_model(services: ServicesDep, slug: Slug) -> Response:
    """One model (`author/name`) as its provider lists it; variants and aliases lead to it."""
    return Response(await services.openai_models.entry(slug), media_type="application/json")


@lookup(
    router,
    "/v1/models/{slug:path}",
    "/api/v1/models/{slug:path}",
    response_model=OpenAIModel,
    responses=responses_for(UpstreamModelNotFound, dialect="openai"),
)
@route_class("read")
async def get_openai_model(services: ServicesDep, slug: Slug) -> Response:
    """One model by its slug (`author/name`), variants included."""
    return reply(await services.openai_models.get(slug))
