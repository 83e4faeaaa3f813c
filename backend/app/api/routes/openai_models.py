"""The model list in OpenAI's shape."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.reply import reply
from app.api.route_class import route_class
from app.core.errors import UpstreamModelNotFound
from app.schemas.openai_models import OpenAIModel, OpenAIModelList

router = APIRouter(tags=["openai"])


@router.get("/api/v1/models", include_in_schema=False)
@router.get("/v1/models", response_model=OpenAIModelList, responses=responses_for(dialect="openai"))
@route_class("read")
async def list_openai_models(services: ServicesDep) -> Response:
    """Every model on offer, with OpenRouter's fields beside OpenAI's. Also at `/api/v1/models`."""
    return reply(await services.openai_models.list())


@router.get("/api/v1/models/{slug:path}", include_in_schema=False)
@router.get(
    "/v1/models/{slug:path}",
    response_model=OpenAIModel,
    responses=responses_for(UpstreamModelNotFound, dialect="openai"),
)
@route_class("read")
async def get_openai_model(services: ServicesDep, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """One model by its slug (`author/name`), variants included. Also at `/api/v1/models/author/name`."""
    return reply(await services.openai_models.get(slug))
