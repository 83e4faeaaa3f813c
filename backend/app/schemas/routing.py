"""Which upstream providers may serve a call, and OpenRouter's plugins (API reference, sections 2.7 and 2.8)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from app.schemas.json_values import JsonObject, bounded_json
from app.schemas.types import Flag, JsonInput, PlainDecimal, PlainText, Slug

ProviderSlug = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
ProviderSlugs = Annotated[list[ProviderSlug], Field(max_length=64)]
Domain = Annotated[PlainText, StringConstraints(min_length=1, max_length=253)]
Domains = Annotated[list[Domain], Field(max_length=100)]
Models = Annotated[list[Slug], Field(max_length=100)]
Quantity = Annotated[float, Field(gt=0, le=1_000_000_000, allow_inf_nan=False)]


def _to_places(value: Any) -> Any:
    """A float holds what its sum came to in binary: 0.1 + 0.2 has 17 places."""
    return round(Decimal(str(value)), 15) if isinstance(value, float) and math.isfinite(value) else value


MaxUsd = Annotated[
    PlainDecimal,
    BeforeValidator(_to_places),
    Field(ge=0, le=1_000_000, allow_inf_nan=False, max_digits=24, decimal_places=15),
]
Uses = Annotated[int, Field(ge=1, le=1000)]
CostTier: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
Quantization: TypeAlias = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
SortKey: TypeAlias = Literal["price", "throughput", "latency", "exacto"]


class Sort(JsonInput):
    """``partition`` ``none`` ranks the endpoints of all ``models`` together."""

    by: SortKey
    partition: Literal["model", "none"] | None = None


class Percentiles(JsonInput):
    """Tokens per second, or seconds, that the endpoints should reach at each percentile."""

    p50: Quantity | None = None
    p75: Quantity | None = None
    p90: Quantity | None = None
    p99: Quantity | None = None


class MaxPrice(JsonInput):
    """US dollars per million tokens; ``image`` and ``request`` for each. Dearer endpoints are not used."""

    prompt: MaxUsd | None = None
    completion: MaxUsd | None = None
    request: MaxUsd | None = None
    image: MaxUsd | None = None
    audio: MaxUsd | None = None


class ProviderRouting(JsonInput):
    """OpenRouter's ``provider`` object: the wishes of a call about who serves it."""

    order: ProviderSlugs | None = None
    allow_fallbacks: Flag | None = None
    only: ProviderSlugs | None = None
    ignore: ProviderSlugs | None = None
    require_parameters: Flag | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: Flag | None = None
    enforce_distillable_text: Flag | None = None
    quantizations: Annotated[list[Quantization] | None, Field(max_length=12)] = None
    sort: SortKey | Sort | None = None
    preferred_min_throughput: Quantity | Percentiles | None = None
    preferred_max_latency: Quantity | Percentiles | None = None
    max_price: MaxPrice | None = None
    options: JsonObject | None = None


class _Plugin(JsonInput):
    enabled: Flag | None = None


class WebPlugin(_Plugin):
    """Web search before the model answers."""

    id: Literal["web"]
    engine: Literal["native", "exa", "firecrawl", "parallel", "perplexity"] | None = None
    max_results: Annotated[int | None, Field(ge=1, le=25)] = None
    search_prompt: Annotated[PlainText | None, StringConstraints(max_length=10_000)] = None
    include_domains: Domains | None = None
    exclude_domains: Domains | None = None
    max_uses: Uses | None = None
    mode: Annotated[PlainText | None, StringConstraints(max_length=64)] = None
    user_location: JsonObject | None = None


class WebFetchPlugin(_Plugin):
    id: Literal["web-fetch"]
    max_uses: Uses | None = None
    max_content_tokens: Annotated[int | None, Field(ge=1, le=10_000_000)] = None
    allowed_domains: Domains | None = None
    blocked_domains: Domains | None = None


class PdfOptions(JsonInput):
    engine: Literal["native", "mistral-ocr", "cloudflare-ai", "pdf-text"] | None = None


class FileParserPlugin(_Plugin):
    """How PDFs are read."""

    id: Literal["file-parser"]
    pdf: PdfOptions | None = None


class ContextCompressionPlugin(_Plugin):
    id: Literal["context-compression"]
    engine: Literal["middle-out"] | None = None


class PlainPlugin(_Plugin):
    """Plugins without options."""

    id: Literal["response-healing", "moderation"]


class AutoRouterPlugin(_Plugin):
    id: Literal["auto-router"]
    allowed_models: Models | None = None
    excluded_models: Models | None = None
    cost_tier: CostTier | None = None
    cost_quality_tradeoff: Annotated[int | None, Field(ge=0, le=10)] = None
    pin_model: Flag | None = None


class RouterPlugin(_Plugin, extra="allow"):
    """Routers whose options OpenRouter does not document as a whole; they pass as they are."""

    id: Literal["auto-beta-router", "pareto-router", "fusion"]

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        options: dict[str, Any] = self.model_extra or {}
        bounded_json(options)
        return self


Plugin: TypeAlias = Annotated[
    WebPlugin
    | WebFetchPlugin
    | FileParserPlugin
    | ContextCompressionPlugin
    | PlainPlugin
    | AutoRouterPlugin
    | RouterPlugin,
    Field(discriminator="id"),
]


def unique_plugins(plugins: list[Plugin]) -> list[Plugin]:
    """Refuse a plugin given twice."""
    ids = [plugin.id for plugin in plugins]
    twice = {one for one in ids if ids.count(one) > 1}
    if twice:
        raise ValueError(f"plugin {min(twice)!r} is given twice")
    return plugins
