"""The shape of a catalogue row, and how a model string finds its row (API reference, sections 2.9 and 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from .errors import invalid_request, no_endpoints
from .pricing import plain

Family = Literal["openai", "anthropic", "google", "xai", "deepseek", "other"]
DEFAULT_MODEL = "openrouter/auto"
DYNAMIC_VARIANTS = frozenset({"nitro", "floor", "exacto", "online", "extended", "thinking"})
FAMILIES: Mapping[str, Family] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "x-ai": "xai",
    "deepseek": "deepseek",
}
ALIASES: Mapping[str, str] = {
    "~anthropic/claude-sonnet-latest": "anthropic/claude-sonnet-4.5",
    "~google/gemini-flash-latest": "google/gemini-2.5-flash",
    "~openai/gpt-latest": "openai/gpt-5",
}
_SLUG = re.compile(r"~?[\w.-]+/[\w.-]+(?::[\w-]+)*\Z")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One company that serves a model; not every one stops generating when the caller hangs up (section 4.8).

    ``price_factor`` is against the model's listed prices; ``lacks`` names parameters that others serve and it does not;
    ``trains`` and ``retains`` say what happens to prompts, ``first_token_ms`` and ``tokens_per_s`` are medians.
    """

    provider_name: str
    tag: str
    stops_on_cancel: bool
    quantization: str | None = None
    price_factor: str = "1"
    first_token_ms: int = 600
    tokens_per_s: int = 60
    trains: bool = False
    retains: bool = True
    distillable: bool = True
    lacks: Sequence[str] = ()

    @property
    def slug(self) -> str:
        """The provider alone, without its variant."""
        return self.tag.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Reasoning:
    mandatory: bool = False
    default_enabled: bool = True
    efforts: Sequence[str] | None = None
    supports_max_tokens: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "mandatory": self.mandatory,
            "default_enabled": self.default_enabled,
            "default_effort": "medium",
            "supported_efforts": self.efforts,
            "supports_max_tokens": self.supports_max_tokens,
        }


@dataclass(frozen=True, slots=True)
class Model:
    """One row of ``GET /models``; prices are decimal strings in USD per token."""

    id: str
    canonical_slug: str
    name: str
    created: int
    description: str
    context_length: int
    pricing: Mapping[str, Any]
    tokenizer: str
    supported_parameters: Sequence[str]
    endpoints: Sequence[Endpoint]
    max_completion_tokens: int | None = None
    provider_context_length: int | None = None
    input_modalities: Sequence[str] = ("text",)
    output_modalities: Sequence[str] = ("text",)
    instruct_type: str | None = None
    is_moderated: bool = False
    default_parameters: Mapping[str, Any] | None = field(default_factory=dict)
    reasoning: Reasoning | None = None
    hugging_face_id: str | None = None
    knowledge_cutoff: str | None = None
    routes_to: str | None = None
    signs_tool_calls: bool = False
    voices: Sequence[str] | None = None
    dimensions: int | None = None

    @property
    def family(self) -> Family:
        return FAMILIES.get(self.id.partition("/")[0], "other")

    @property
    def usable_context(self) -> int:
        return min(self.context_length, self.provider_context_length or self.context_length)

    def pricing_at(self, endpoint: Endpoint) -> Mapping[str, Any]:
        """What this endpoint takes for the model."""
        factor = Decimal(endpoint.price_factor)
        if factor == 1:
            return self.pricing
        scaled = {key: plain(Decimal(price) * factor) for key, price in self.pricing.items() if isinstance(price, str)}
        return {**self.pricing, **scaled}

    def parameters_at(self, endpoint: Endpoint) -> list[str]:
        """What this endpoint understands."""
        return [name for name in self.supported_parameters if name not in endpoint.lacks]

    def architecture(self) -> dict[str, Any]:
        return {
            "modality": f"{'+'.join(self.input_modalities)}->{'+'.join(self.output_modalities)}",
            "input_modalities": self.input_modalities,
            "output_modalities": self.output_modalities,
            "tokenizer": self.tokenizer,
            "instruct_type": self.instruct_type,
        }

    def as_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": self.id,
            "canonical_slug": self.canonical_slug,
            "hugging_face_id": self.hugging_face_id,
            "name": self.name,
            "created": self.created,
            "description": self.description,
            "context_length": self.context_length,
            "architecture": self.architecture(),
            "pricing": self.pricing,
            "top_provider": {
                "context_length": self.provider_context_length or self.context_length,
                "max_completion_tokens": self.max_completion_tokens,
                "is_moderated": self.is_moderated,
            },
            "per_request_limits": None,
            "supported_parameters": self.supported_parameters,
            "default_parameters": self.default_parameters,
            "supported_voices": self.voices,
            "knowledge_cutoff": self.knowledge_cutoff,
            "expiration_date": None,
            "links": {"details": f"/api/v1/models/{self.canonical_slug}/endpoints"},
        }
        if self.reasoning:
            row["reasoning"] = self.reasoning.as_json()
        return row

    def endpoints_json(self, *, measured: bool) -> dict[str, Any]:
        """The ``data`` of ``GET /models/{author}/{slug}/endpoints``; ``measured`` adds latency and throughput."""
        return {
            "id": self.id,
            "name": self.name,
            "created": self.created,
            "description": self.description,
            "architecture": self.architecture(),
            "endpoints": [self.endpoint_json(endpoint, measured=measured) for endpoint in self.endpoints],
        }

    def endpoint_json(self, endpoint: Endpoint, *, measured: bool) -> dict[str, Any]:
        """One entry of ``endpoints``."""
        return {
            "name": f"{endpoint.provider_name} | {self.canonical_slug}",
            "model_id": self.id,
            "model_name": self.name,
            "context_length": self.provider_context_length or self.context_length,
            "pricing": {**self.pricing_at(endpoint), "discount": 0},
            "provider_name": endpoint.provider_name,
            "tag": endpoint.tag,
            "quantization": endpoint.quantization,
            "max_completion_tokens": self.max_completion_tokens,
            "max_prompt_tokens": None,
            "supported_parameters": self.parameters_at(endpoint),
            "status": 0,
            "uptime_last_5m": None,
            "uptime_last_30m": 99.8,
            "uptime_last_1d": 99.6,
            "latency_last_30m": _percentiles(endpoint.first_token_ms, worst=3) if measured else None,
            "throughput_last_30m": _percentiles(endpoint.tokens_per_s, worst=0.5) if measured else None,
            "supports_implicit_caching": False,
            "supports_tool_choice": dict.fromkeys(
                ("auto", "function", "none", "required"), "tool_choice" in self.parameters_at(endpoint)
            ),
        }


class Catalogue:
    """Models by id; looks up variants, aliases, presets and routers."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._by_id = {model.id: model for model in models}
        self._by_slug = {model.canonical_slug: model for model in models if ":" not in model.id}

    @property
    def models(self) -> list[Model]:
        """Those that answer in text."""
        return [model for model in self._by_id.values() if "text" in model.output_modalities]

    @property
    def everything(self) -> list[Model]:
        """Also models for embeddings."""
        return list(self._by_id.values())

    def get(self, model_id: str) -> Model | None:
        """A row by id or dated slug."""
        return self._by_id.get(model_id) or self._by_slug.get(model_id)

    def find(self, model_id: str) -> Model | None:
        """A row by id, dated slug, alias, or any of these with dynamic variants."""
        base, _, variants = ALIASES.get(model_id, model_id).partition(":")
        static = [variant for variant in variants.split(":") if variant and variant not in DYNAMIC_VARIANTS]
        return self.get(":".join([ALIASES.get(base, base), *static]))

    def resolve(self, model_id: str) -> Model:
        """The concrete model that answers for a model string.

        Raises:
            ApiError: 400 for a string that is no model id, 404 for one that nobody serves.
        """
        bare = model_id.partition("@preset/")[0] or DEFAULT_MODEL
        if not _SLUG.match(bare):
            raise invalid_request(f"{model_id} is not a valid model ID")
        model = self.find(bare)
        if model is None:
            raise no_endpoints(model_id)
        return self._by_id[model.routes_to] if model.routes_to else model


def variants_of(model_id: str) -> frozenset[str]:
    """The dynamic variants in a model string: how to route it, and whether to search the web."""
    _, *variants = model_id.partition("@preset/")[0].split(":")
    return DYNAMIC_VARIANTS.intersection(variants)


def _percentiles(median: int, *, worst: float) -> dict[str, float]:
    step = median * (worst - 1)
    return {name: median + step * share for name, share in (("p50", 0), ("p75", 0.25), ("p90", 0.5), ("p99", 1))}
