"""What OpenRouter's own clients call beside answers and models. Every path is also at `/api/v1/…`."""

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
    ShuttingDown,
    UpstreamBadKey,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.schemas.openai_models import ListedModelsQuery
from app.schemas.openrouter_lookups import CallQuery, PaidCallReply, ToldReply

router = APIRouter(tags=["openrouter"], route_class=JsonRoute)
ASKING = (
    *(MissingKey, UpstreamError, UpstreamBadKey, UpstreamNoCredit, UpstreamRateLimited, UpstreamUnavailable),
    *(UpstreamTimeout, ShuttingDown),
)


@lookup(
    router,
    "/v1/models/user",
    "/api/v1/models/user",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def list_user_models(services: ServicesDep, query: Annotated[ListedModelsQuery, Query()]) -> Response:
    """The main provider's models as far as the account's own preferences allow them, as it tells them."""
    return _told(await services.openrouter_lookups.user_models(query))


@lookup(
    router,
    "/v1/embeddings/models",
    "/api/v1/embeddings/models",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def list_embedding_models(services: ServicesDep, query: Annotated[ListedModelsQuery, Query()]) -> Response:
    """The main provider's models that make vectors, as it tells them."""
    return _told(await services.openrouter_lookups.embedding_models(query))


@lookup(
    router,
    "/v1/images/models",
    "/api/v1/images/models",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def list_image_models(services: ServicesDep, query: Annotated[ListedModelsQuery, Query()]) -> Response:
    """The main provider's models that draw, as it tells them."""
    return _told(await services.openrouter_lookups.image_models(query))


@lookup(
    router,
    "/v1/endpoints/zdr",
    "/api/v1/endpoints/zdr",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def list_endpoints_keeping_nothing(services: ServicesDep) -> Response:
    """Who serves models at the main provider and keeps nothing of what is said, as it tells them."""
    return _told(await services.openrouter_lookups.keeping_nothing())


@lookup(
    router,
    "/v1/models/{slug:path}/endpoints",
    "/api/v1/models/{slug:path}/endpoints",
    response_model=ToldReply,
    responses=responses_for(UpstreamModelNotFound, *ASKING, dialect="openai"),
)
@route_class("read")
async def list_model_endpoints(services: ServicesDep, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """Who serves a model (`author/name`), as its provider tells it."""
    return _told(await services.openrouter_lookups.endpoints(slug))


@lookup(
    router,
    "/v1/providers",
    "/api/v1/providers",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def list_serving_companies(services: ServicesDep) -> Response:
    """The companies behind the main provider, as it tells them."""
    return _told(await services.openrouter_lookups.companies())


@lookup(
    router,
    "/v1/key",
    "/api/v1/key",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def get_key_limits(services: ServicesDep) -> Response:
    """What the main provider's key may spend and has spent, as it tells it; never the key."""
    return _told(await services.openrouter_lookups.key())


@lookup(
    router,
    "/v1/credits",
    "/api/v1/credits",
    response_model=ToldReply,
    responses=responses_for(*ASKING, dialect="openai"),
)
@route_class("read")
async def get_credits(services: ServicesDep) -> Response:
    """What the main provider's account has bought and spent; OpenRouter tells it to management keys alone."""
    return _told(await services.openrouter_lookups.credits())


@lookup(
    router,
    "/v1/generation",
    "/api/v1/generation",
    response_model=PaidCallReply,
    responses=responses_for(NotFound, dialect="openai"),
)
@route_class("read")
async def get_paid_call(services: ServicesDep, query: Annotated[CallQuery, Query()]) -> Response:
    """One paid call from the ledger, by our id or the provider's; 404 until its cost is known."""
    return reply(await services.openrouter_lookups.call(query.id))


def _told(body: bytes) -> Response:
    return Response(body, media_type="application/json")
