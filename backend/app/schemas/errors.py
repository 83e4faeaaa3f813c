"""What an error looks like at each door (contracts, section 5)."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from app.core.errors import (
    AppError,
    Interrupted,
    UpstreamError,
    UpstreamMidstream,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)

TypedErrorType: TypeAlias = Literal[
    "upstream_http_error",
    "timeout",
    "network_error",
    "connection_error",
    "api_unavailable",
    "api_error",
    "unexpected_error",
]

_TYPED_TYPES: tuple[tuple[type[AppError], TypedErrorType], ...] = (
    (UpstreamTimeout, "timeout"),
    (UpstreamUnavailable, "api_unavailable"),
    (UpstreamTruncated, "connection_error"),
    (UpstreamMidstream, "network_error"),
    (UpstreamError, "upstream_http_error"),
    (Interrupted, "connection_error"),
)


class ErrorBody(BaseModel):
    """An error of `/api` and of every path without a dialect of its own."""

    error_code: str
    message: str
    request_id: str | None
    details: dict[str, Any]
    """Always ``hint``, what to do next; the rest depends on the code (``fields`` of a `validation_failed`)."""
    resource_type: str | None = None
    resource_id: str | None = None


class PlainError(BaseModel):
    """An error of `/models`."""

    detail: str


class TypedError(BaseModel):
    """An error of `/chat`."""

    error: str
    type: TypedErrorType


def typed_type(kind: type[AppError]) -> TypedErrorType:
    """Which of the seven types of `/chat` an error is."""
    found = next((name for above, name in _TYPED_TYPES if issubclass(kind, above)), None)
    return found or ("unexpected_error" if kind is AppError else "api_error")


class OpenAIErrorDetail(BaseModel):
    """The inner part of OpenAI's envelope."""

    message: str
    type: str
    param: str | None
    code: str | int | None
    """A word; below `/api/v1` the status, as OpenRouter's clients want it, and the word is `metadata.error_type`."""
    metadata: dict[str, str] | None = None


class OpenAIError(BaseModel):
    """An error of `/v1`, as OpenAI's clients read it, and of `/api/v1`, as OpenRouter's do."""

    error: OpenAIErrorDetail
