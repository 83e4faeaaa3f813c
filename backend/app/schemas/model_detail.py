"""One model with all that is known of it: who serves it, what they take, what it can do, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.schemas.models import Model, PriceTier, PriceVersion, Pricing


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """One company's offer of a model. Uptime in per cent, latency in ms to the first token, throughput in tokens/s.

    ``tag`` is what routing preferences call it; ``status`` 0 is normal; null: not told.
    """

    provider_name: str
    tag: str | None
    context_length: int | None
    max_output_tokens: int | None
    max_prompt_tokens: int | None
    quantization: str | None
    pricing: Pricing
    price_tiers: list[PriceTier]
    supported_parameters: list[str]
    status: int | None
    uptime_last_30m: float | None
    latency_last_30m: dict[str, Any] | None
    throughput_last_30m: dict[str, Any] | None
    supports_implicit_caching: bool | None


@dataclass(slots=True, kw_only=True)
class EndpointsProblem:
    """Why the endpoints are not told, or not afresh."""

    error_code: str
    message: str


@dataclass(slots=True, kw_only=True)
class ParameterAnalysis:
    """Which parameters anybody (``union``), everybody (``intersection``) and each company takes.

    Without endpoints the union is the model's own list, and the intersection is not known.
    """

    union: list[str]
    intersection: list[str] | None
    by_provider: dict[str, list[str]]


@dataclass(slots=True, kw_only=True)
class Capabilities:
    """What the model can do; null where its provider does not say."""

    tools: bool | None
    parallel_tools: bool | None
    json_mode: bool | None
    structured_outputs: bool | None
    reasoning: bool
    toggleable_reasoning: bool
    images: bool | None
    files: bool | None
    audio: bool | None
    video: bool | None
    image_output: bool | None
    audio_output: bool | None
    logprobs: bool | None
    prompt_caching: bool


@dataclass(slots=True, kw_only=True)
class ModelDetail(Model):
    """A model and its analysis. ``endpoints`` is null where the provider cannot say who serves it."""

    endpoints: list[Endpoint] | None
    endpoints_fetched_at: str | None
    endpoints_problem: EndpointsProblem | None
    parameters: ParameterAnalysis
    capabilities: Capabilities
    price_history: list[PriceVersion]
