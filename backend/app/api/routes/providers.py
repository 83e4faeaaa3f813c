"""The configured providers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.schemas.providers import ModelsConfig, ProviderList

router = APIRouter(tags=["providers"], route_class=JsonRoute)


@router.get("/api/providers", response_model=ProviderList)
@route_class("read")
async def list_providers(services: ServicesDep) -> Response:
    """Who can be asked, the main provider first: models, default, where the key comes from; never a key."""
    return reply(await services.provider_index.list())


@router.get("/models/config", response_model=ModelsConfig, responses=responses_for(dialect="plain"))
@route_class("read")
async def models_config(services: ServicesDep) -> Response:
    """The same in the spelling of older clients."""
    return reply(await services.provider_index.config())
