"""The parameters of a model call, as OpenRouter names and bounds them (API reference, sections 2.1 to 2.8).

``model``, ``messages`` and ``stream`` are the console's own business. ``null`` means not given.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from app.core.json import encode
from app.schemas.json_values import JsonObject
from app.schemas.routing import Plugin, ProviderRouting, unique_plugins
from app.schemas.tools import CacheControl, ResponseFormat, ToolChoice, Tools, unique_functions
from app.schemas.types import Flag, JsonInput, PlainText, Slug

MOST_BYTES = 512 * 1024
"""All parameters of a request together, as JSON."""

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Verbosity: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
ServiceTier: TypeAlias = Literal["auto", "default", "fast", "flex", "priority", "scale"]
Modality: TypeAlias = Literal["text", "image", "audio"]
MaxTokens = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1)]
Penalty = Annotated[float, Field(allow_inf_nan=False, ge=-2, le=2)]
Stop = Annotated[PlainText, Field(min_length=1, max_length=500)]
Word = Annotated[PlainText, StringConstraints(min_length=1, max_length=64)]
Key = Annotated[PlainText, StringConstraints(min_length=1, max_length=256)]
TokenId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")]
Bias = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
MetadataKey = Annotated[PlainText, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\[\]]+$")]
MetadataValue = Annotated[PlainText, StringConstraints(max_length=512)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _bare(value: Any) -> Any:
    return value.removeprefix("@preset/") if isinstance(value, str) else value


PresetSlug = Annotated[
    str,
    BeforeValidator(_bare),
    StringConstraints(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9._-]+$"),
    Field(description="`@preset/slug` is accepted too."),
]


class ReasoningOptions(JsonInput):
    """How hard the model may think (section 2.6); unset leaves it to the model."""

    effort: Effort | None = None
    max_tokens: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    exclude: Flag | None = None
    enabled: Flag | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "all_turns", "current_turn"] | None = None
    mode: Literal["standard", "pro"] | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if self.effort is not None and self.max_tokens is not None:
            raise ValueError("give reasoning.effort or reasoning.max_tokens, not both")
        wishes = self.effort not in (None, "none") or bool(self.max_tokens)
        if self.enabled is False and wishes:
            raise ValueError("reasoning.enabled is false, but an effort or a budget is given")
        if self.enabled and self.effort == "none":
            raise ValueError("reasoning.enabled is true, but the effort is none")
        return self


class TextPiece(JsonInput):
    type: Literal["text"] = "text"
    text: Annotated[PlainText, StringConstraints(max_length=200_000)]


class Prediction(JsonInput):
    """Text that the answer will largely repeat."""

    type: Literal["content"] = "content"
    content: (
        Annotated[PlainText, StringConstraints(max_length=200_000)]
        | Annotated[list[TextPiece], Field(min_length=1, max_length=64)]
    )


class OwnVoice(JsonInput):
    """A voice that was made at the provider."""

    id: Key


class AudioOutput(JsonInput):
    voice: Word | OwnVoice
    format: Word


class CacheOptions(JsonInput):
    mode: Literal["explicit"]
    ttl: Word | None = None


class WebSearchOptions(JsonInput):
    """For models that search by themselves."""

    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: JsonObject | None = None


class DebugOptions(JsonInput):
    echo_upstream_body: Flag | None = None


class SamplingParameters(BaseModel, extra="forbid"):
    """How the next token is chosen (section 2.1)."""

    temperature: Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(allow_inf_nan=False, gt=0, le=1)] = None
    top_k: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    min_p: Share | None = None
    top_a: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float | None, Field(allow_inf_nan=False, gt=0, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**63), le=2**63 - 1)] = None


class SamplingGroup(SamplingParameters, JsonInput):
    """The same as an object of a body."""


class QueryParameters(SamplingParameters):
    """Those parameters that a query string can carry."""

    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    stop: Annotated[
        Annotated[list[Stop], Field(max_length=4)] | None,
        BeforeValidator(_listed, json_schema_input_type=Stop | Annotated[list[Stop], Field(max_length=4)] | None),
    ] = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int | None, Field(ge=0, le=20)] = None
    structured_outputs: bool | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[int | None, Field(ge=1, le=30)] = None
    reasoning_effort: Effort | None = None
    include_reasoning: bool | None = None
    verbosity: Verbosity | None = None
    modalities: Annotated[list[Modality] | None, Field(min_length=1, max_length=3)] = None
    models: Annotated[list[Slug] | None, Field(max_length=3, description="Fallbacks, tried in order.")] = None
    route: Literal["fallback", "sort"] | None = None
    transforms: Annotated[list[Literal["middle-out"]] | None, Field(max_length=1)] = None
    preset: PresetSlug | None = None
    web_search: Annotated[bool | None, Field(description="Let the model search the web.")] = None
    service_tier: ServiceTier | None = None
    user: Key | None = None
    prompt_cache_key: Key | None = None

    def given(self) -> dict[str, Any]:
        """Only the parameters that were set, nested ones as plain values; money stays Decimal."""
        named = self.model_fields_set & NAMES
        return self.model_dump(include=named, exclude_none=True) if named else {}

    @model_validator(mode="after")
    def _agreeing(self) -> Self:
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs")
        if None not in (self.max_tokens, self.max_completion_tokens) and self.max_tokens != self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens differ; give one of them")
        return self


class Parameters(QueryParameters, JsonInput):
    """Every parameter of a request."""

    logit_bias: Annotated[dict[TokenId, Bias] | None, Field(max_length=1024)] = None
    response_format: ResponseFormat | None = None
    tools: Annotated[Tools | None, AfterValidator(lambda tools: tools and unique_functions(tools))] = None
    tool_choice: ToolChoice | None = None
    reasoning: ReasoningOptions | None = None
    prediction: Prediction | None = None
    audio: AudioOutput | None = None
    image_config: JsonObject | None = None
    provider: ProviderRouting | None = None
    plugins: Annotated[
        list[Plugin] | None,
        Field(max_length=16),
        AfterValidator(lambda plugins: plugins and unique_plugins(plugins)),
    ] = None
    prompt_cache_options: CacheOptions | None = None
    cache_control: CacheControl | None = None
    metadata: Annotated[dict[MetadataKey, MetadataValue] | None, Field(max_length=16)] = None
    trace: JsonObject | None = None
    web_search_options: WebSearchOptions | None = None
    x_search_filter: JsonObject | None = None
    stop_server_tools_when: Annotated[list[JsonObject] | None, Field(max_length=16)] = None
    debug: DebugOptions | None = None

    @model_validator(mode="after")
    def _one_reasoning(self) -> Self:
        options, effort = self.reasoning, self.reasoning_effort
        if options is None:
            return self
        if effort is not None and (options.effort not in (None, effort) or options.max_tokens is not None):
            raise ValueError("reasoning_effort contradicts reasoning; give one of them")
        if effort is not None and options.enabled is not None and options.enabled is (effort == "none"):
            raise ValueError("reasoning_effort contradicts reasoning.enabled")
        if self.include_reasoning is not None and options.exclude is self.include_reasoning:
            raise ValueError("include_reasoning contradicts reasoning.exclude")
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if len(encode(self.given())) > MOST_BYTES:
            raise ValueError(f"all parameters together must take at most {MOST_BYTES:,} bytes of JSON")
        return self


NAMES: frozenset[str] = frozenset(Parameters.model_fields)
"""The names of all parameters."""
