"""Where routes get things from: ``Annotated`` aliases, nothing else."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request

from app.core.errors import ShuttingDown, ValidationFailed
from app.core.logging_config import request_id_var
from app.schemas.generations import GenerationCreate, Regenerate
from app.schemas.messages import MessageCreate
from app.schemas.typed import TypedChat
from app.schemas.types import RequestId
from app.services.bundle import Services

Keyed = TypeVar("Keyed", GenerationCreate, Regenerate, MessageCreate, TypedChat)


async def get_services(request: Request) -> Services:
    """The services of the running process. Raises ShuttingDown outside the lifespan."""
    services: Services | None = getattr(request.app.state, "services", None)
    if services is None:
        raise ShuttingDown
    return services


async def get_request_id() -> str | None:
    """The id of the request being served, for its log lines and errors."""
    return request_id_var.get()


ServicesDep = Annotated[Services, Depends(get_services)]
RequestIdDep = Annotated[str | None, Depends(get_request_id)]
IdempotencyKey = Annotated[RequestId | None, Header(description="As ``request_id`` in the body.")]
LastEventId = Annotated[str | None, Header(max_length=256, description="``generation:seq`` of the last frame seen.")]


def keyed(body: Keyed, idempotency_key: str | None) -> Keyed:
    """The body under its one request id. Raises ValidationFailed when header and body name different ones."""
    if idempotency_key is None:
        return body
    if body.request_id not in (None, idempotency_key):
        raise ValidationFailed("Idempotency-Key and request_id differ.")
    return body.model_copy(update={"request_id": idempotency_key})
