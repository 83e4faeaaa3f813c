"""What an error looks like at each door (contracts, section 5)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class ErrorBody(BaseModel):
    """An error of `/api` and of every path without a dialect of its own."""

    error_code: str
    message: str
    request_id: str | None
    details: dict[str, Any]
    """Always ``hint``, what to do next; the rest depends on the code (``fields`` of a `validation_failed`)."""
    resource_type: str | None = None
    resource_id: str | None = None


class TypedError(BaseModel):
    """An error of `/chat`."""

    error: str
    type: str


class OpenAIErrorDetail(BaseModel):
    """The inner part of OpenAI's envelope."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(BaseModel):
    """An error of `/v1`, as OpenAI's clients read it."""

    error: OpenAIErrorDetail
