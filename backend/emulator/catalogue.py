"""The shape of a catalogue row, and how a model string finds its row (API reference, sections 2.9 and 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import ApiError, invalid_request, no_endpoints

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
_SLUG = re.compile(r"~?[\w.-]+/[\w.-]+(?::[\w-]+)?\Z")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One company that serves a model; not every one stops generating when the caller hangs up (section 4.8)."""

    provider_name: str
    tag: str
    stops_on_cancel: bool
    quantization: str | None = None


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
    instruct_type: str | None = None
    is_moderated: bool = False
    default_parameters: Mapping[str, Any] | None = field(default_factory=dict)
    reasoning: Reasoning | None = None
    hugging_face_id: str | None = None
    knowledge_cutoff: str | None = None
    routes_to: str | None = None
    signs_tool_calls: bool = False

    @property
    def family(self) -> Family:
        return FAMILIES.get(self.id.partition("/")[0], "other")

    @property
    def usable_context(self) -> int:
        return min(self.context_length, self.provider_context_length or self.context_length)

    def architecture(self) -> dict[str, Any]:
        return {
            "modality": f"{'+'.join(self.input_modalities)}->text",
            "input_modalities": self.input_modalities,
            "output_modalities": ["text"],
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
            "supported_voices": None,
            "knowledge_cutoff": self.knowledge_cutoff,
            "expiration_date": None,
            "links": {"details": f"/api/v1/models/{self.canonical_slug}/endpoints"},
        }
        if self.reasoning:
            row["reasoning"] = self.reasoning.as_json()
        return row

    def endpoints_json(self) -> dict[str, Any]:
        """The ``data`` of ``GET /models/{author}/{slug}/endpoints``."""
        return {
            "id": self.id,
            "name": self.name,
            "created": self.created,
            "description": self.description,
            "architecture": self.architecture(),
            "endpoints": [self._endpoint_json(endpoint) for endpoint in self.endpoints],
        }

    def _endpoint_json(self, endpoint: Endpoint) -> dict[str, Any]:
        return {
            "name": f"{endpoint.provider_name} | {self.canonical_slug}",
            "model_id": self.id,
            "model_name": self.name,
            "context_length": self.provider_context_length or self.context_length,
            "pricing": {**self.pricing, "discount": 0},
            "provider_name": endpoint.provider_name,
            "tag": endpoint.tag,
            "quantization": endpoint.quantization,
            "max_completion_tokens": self.max_completion_tokens,
            "max_prompt_tokens": None,
            "supported_parameters": self.supported_parameters,
            "status": 0,
            "uptime_last_5m": None,
            "uptime_last_30m": 99.8,
            "uptime_last_1d": 99.6,
            "latency_last_30m": None,
            "throughput_last_30m": None,
            "supports_implicit_caching": False,
        }


class Catalogue:
    """Models by id; looks up variants, presets and routers."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._by_id = {model.id: model for model in models}
        self._by_slug = {model.canonical_slug: model for model in models if ":" not in model.id}

    @property
    def models(self) -> list[Model]:
        return list(self._by_id.values())

    def get(self, model_id: str) -> Model | None:
        return self._by_id.get(model_id) or self._by_slug.get(model_id)

    def resolve(self, model_id: str) -> Model:
        """The concrete model that answers for a model string.

        Raises:
            ApiError: 400 for a string that is no model id, 404 for one that nobody serves.
        """
        bare = model_id.partition("@preset/")[0] or DEFAULT_MODEL
        if not _SLUG.match(bare):
            raise invalid_request(f"{model_id} is not a valid model ID")
        base, _, variant = bare.partition(":")
        model = self.get(bare) or (self.get(base) if variant in DYNAMIC_VARIANTS else None)
        if model is None:
            raise no_endpoints(model_id)
        return self._by_id[model.routes_to] if model.routes_to else model


def choose_endpoint(model: Model, routing: Mapping[str, Any], wanted: Sequence[str]) -> Endpoint:
    """The endpoint that the request's ``provider`` object leaves, best first.

    Raises:
        ApiError: 404 when the filters leave none.
    """
    if routing.get("require_parameters") and not set(wanted) <= set(model.supported_parameters):
        raise ApiError(404, "No endpoints found that can handle the requested parameters.")
    order, only = routing.get("order") or [], routing.get("only")
    ignore = routing.get("ignore") or []
    allowed = [
        endpoint
        for endpoint in model.endpoints
        if (only is None or _named(endpoint, only)) and not _named(endpoint, ignore)
    ]
    listed = [endpoint for slug in order for endpoint in allowed if _named(endpoint, [slug])]
    if routing.get("allow_fallbacks") is False and order:
        allowed = listed
    if not allowed:
        raise ApiError(404, "No allowed providers are available for the selected model.")
    return (listed or allowed)[0]


def _named(endpoint: Endpoint, slugs: Sequence[str]) -> bool:
    wanted = {slug.lower() for slug in slugs}
    tag = endpoint.tag.lower()
    return not wanted.isdisjoint({tag, tag.partition("/")[0], endpoint.provider_name.lower()})
