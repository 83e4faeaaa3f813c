"""The model catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from app.schemas.page import PageQuery
from app.schemas.types import PlainText, Usd


@dataclass(slots=True, kw_only=True)
class Pricing:
    """US dollars per 1,000,000 tokens; ``request`` and ``image`` per unit. Null: not known or variable."""

    prompt: Usd | None
    completion: Usd | None
    request: Usd | None
    image: Usd | None
    cache_read: Usd | None
    cache_write: Usd | None
    reasoning: Usd | None


@dataclass(slots=True, kw_only=True)
class Modalities:
    input: list[str]
    output: list[str]


@dataclass(slots=True, kw_only=True)
class Model:
    """One model; ``pricing_prompt`` and ``pricing_completion`` are US dollars per single token."""

    id: str
    openrouter_id: str
    name: str
    description: str
    context_length: int | None
    max_output_tokens: int | None
    pricing: Pricing
    pricing_prompt: Usd | None
    pricing_completion: Usd | None
    modalities: Modalities
    is_reasoning: bool
    supported_parameters: list[str]
    family: str
    provider: str
    created_at: str
    removed_at: str | None


class ModelQuery(PageQuery):
    text: Annotated[PlainText | None, Field(max_length=200)] = None
    reasoning: bool | None = None
    free: bool | None = None
    min_context: Annotated[int | None, Field(ge=0, le=2**53)] = None


@dataclass(slots=True, kw_only=True)
class SyncStep:
    """How far a sync is; ``models`` counts what the provider listed."""

    phase: Literal["fetching", "storing", "done"]
    models: int | None = None


@dataclass(slots=True, kw_only=True)
class Synced:
    """How many models the provider listed."""

    synced: int
