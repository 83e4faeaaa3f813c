"""The model objects of `/v1/models`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class OpenAIModel(BaseModel, extra="allow"):
    """A model; beside these fields stand those of OpenRouter's catalogue, prices in USD per token as text."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Unix seconds, 0 if not known.")
    owned_by: str


class OpenAIModelPages(BaseModel):
    """There is one page."""

    next: None


class OpenAIModelList(BaseModel):
    object: Literal["list"]
    data: list[OpenAIModel]
    total_count: int
    links: OpenAIModelPages
