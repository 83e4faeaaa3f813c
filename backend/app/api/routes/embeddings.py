"""Embeddings in OpenAI's shape."""

from __future__ import annotations

import re
from typing import Final, TypeGuard

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import IdempotencyKey, ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.route_class import route_class
from app.core.errors import (
    SPENDING_REFUSALS,
    Conflict,
    IdempotencyMismatch,
    MissingKey,
    ShuttingDown,
    UpstreamBadKey,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.schemas.embeddings import EmbeddingsList, EmbeddingsRequest

router = APIRouter(tags=["openai"], route_class=JsonRoute)
_ID: Final = re.compile(r"[!-~]{1,256}")


@router.post("/api/v1/embeddings", include_in_schema=False)
@router.post(
    "/v1/embeddings",
    response_model=EmbeddingsList,
    responses=responses_for(
        MissingKey,
        *SPENDING_REFUSALS,
        Conflict,
        IdempotencyMismatch,
        UpstreamError,
        UpstreamBadKey,
        UpstreamNoCredit,
        UpstreamModelNotFound,
        UpstreamRateLimited,
        UpstreamTimeout,
        UpstreamUnavailable,
        ShuttingDown,
        dialect="openai",
    ),
)
@route_class("spend")
async def create_embeddings(
    services: ServicesDep, body: EmbeddingsRequest, idempotency_key: IdempotencyKey = None
) -> Response:
    """Vectors of texts or token ids; the reply is the provider's own. Also at `/api/v1/embeddings`."""
    made = await services.embeddings.create(body, idempotency_key)
    headers = {"X-Generation-Id": made.id} if _fits_header(made.id) else {}
    if made.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(made.body, headers=headers, media_type="application/json")


def _fits_header(told: str | None) -> TypeGuard[str]:
    """Whether an id, which may be anything that the provider wrote, can be sent as a header's value."""
    return bool(told and _ID.fullmatch(told))
