"""Where routes get things from: ``Annotated`` aliases, nothing else."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request

from app.api.route_table import RouteTable
from app.core.errors import ShuttingDown, ValidationFailed
from app.core.logging_config import request_id_var
from app.schemas.compactions import CompactionCreate
from app.schemas.generations import GenerationCreate, Regenerate
from app.schemas.messages import MessageCreate
from app.schemas.typed import TypedChat
from app.schemas.types import RequestId
from app.services.bundle import Services

FORWARDED = (
    "X-OpenRouter-Metadata",
    "X-OpenRouter-Experimental-Metadata",
    "X-OpenRouter-Cache",
    "X-OpenRouter-Cache-TTL",
    "X-OpenRouter-Cache-Clear",
    "X-Anthropic-Beta",
    "X-Session-Id",
)
"""What a client may tell OpenRouter through us (API reference, section 1); keys and names of apps are ours to give."""
MOST_HEADER_CHARS = 256

Keyed = TypeVar("Keyed", GenerationCreate, Regenerate, MessageCreate, CompactionCreate, TypedChat)


async def get_services(request: Request) -> Services:
    """The services of the running process. Raises ShuttingDown outside the lifespan."""
    services: Services | None = getattr(request.app.state, "services", None)
    if services is None:
        raise ShuttingDown
    return services


async def get_routes(request: Request) -> RouteTable:
    """The table of the application's routes."""
    routes: RouteTable = request.app.state.routes
    return routes


async def get_request_id() -> str | None:
    """The id of the request being served, for its log lines and errors."""
    return request_id_var.get()


async def get_forwarded(request: Request) -> dict[str, str]:
    """The headers that OpenRouter's clients send for OpenRouter. Raises ValidationFailed for one that cannot be."""
    found = {name: value for name in FORWARDED if (value := request.headers.get(name)) is not None}
    for name, value in found.items():
        if not (value.isascii() and value.isprintable() and len(value) <= MOST_HEADER_CHARS):
            raise ValidationFailed(f"{name} must be at most {MOST_HEADER_CHARS} printable ASCII characters.")
    return found


RoutesDep = Annotated[RouteTable, Depends(get_routes)]
ServicesDep = Annotated[Services, Depends(get_services)]
RequestIdDep = Annotated[str | None, Depends(get_request_id)]
IdempotencyKey = Annotated[RequestId | None, Header(description="As ``request_id`` in the body.")]
ForwardedDep = Annotated[dict[str, str], Depends(get_forwarded)]
LastEventId = Annotated[str | None, Header(max_length=256, description="``generation:seq`` of the last frame seen.")]


def keyed(body: Keyed, idempotency_key: str | None) -> Keyed:
    """The body under its one request id. Raises ValidationFailed when header and body name different ones."""
    if idempotency_key is None:
        return body
    if body.request_id not in (None, idempotency_key):
        raise ValidationFailed("Idempotency-Key and request_id differ.")
    return body.model_copy(update={"request_id": idempotency_key})
