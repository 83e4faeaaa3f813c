"""What we read of the provider's JSON: chunks, completions, models, endpoints, generation records.

Every field has a default and nothing is required, because providers leave out, null or mistype all of them (API
reference, sections 4, 5 and 10); ``upstream_salvage`` reads what does not fit. Money stays the provider's own text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from app.core.errors import UpstreamGarbage
from app.services.upstream.limits import LARGE_BYTES, refuse_bloated
from app.services.upstream.salvage import NOT_JSON, JsonText, decimal_text, decode_object

JsonObject = dict[str, Any]
_S = TypeVar("_S", bound=Struct)
_ABSENT = (b"", b"null")
_NO_FAILURE = frozenset({*_ABSENT, b"false", b"{}", b'""'})
_NONE = Raw()


class FunctionDelta(Struct, gc=False):
    """``arguments`` is a fragment of JSON text; an object sent in its place arrives as its JSON text."""

    name: str | None = None
    arguments: JsonText | None = None


class ToolCallDelta(Struct, gc=False):
    """A fragment of a tool call. ``index`` and ``id`` may be missing, empty or repeated."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None


class Delta(Struct, gc=False):
    """What is new in a chunk, or the whole message of a completion.

    ``reasoning`` repeats the text of ``reasoning_details``; ``reasoning_content`` is what other servers call it.
    """

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[JsonObject] | None = None
    tool_calls: list[ToolCallDelta] | None = None
    refusal: str | None = None
    annotations: list[JsonObject] | None = None
    images: list[JsonObject] | None = None
    audio: JsonObject | None = None


class Choice(Struct, gc=False):
    """One choice of a chunk (``delta``) or of a completion (``message``)."""

    index: int = 0
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    logprobs: JsonObject | None = None
    error: Raw = _NONE


class PromptTokens(Struct, gc=False):
    """Classes of prompt tokens, all included in ``prompt_tokens``."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    video_tokens: int | None = None


class CompletionTokens(Struct, gc=False):
    """Classes of completion tokens; reasoning may exceed the total by a little."""

    reasoning_tokens: int | None = None
    image_tokens: int | None = None
    audio_tokens: int | None = None


class CostDetails(Struct, gc=False):
    """What the upstream provider bills; only with the owner's own provider key is it an extra cost."""

    upstream_inference_cost: Raw = Raw()


class UsageWire(Struct, gc=False):
    """Tokens and money as the provider counts them; None is unknown, not zero."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cost: Raw = Raw()
    is_byok: bool | None = None
    prompt_tokens_details: PromptTokens | None = None
    completion_tokens_details: CompletionTokens | None = None
    cost_details: CostDetails | None = None
    whole: JsonObject | None = None
    """All of it as the provider wrote it, numbers exact; set by ``decode_chunk``, unless the chunk is a large one."""

    @property
    def cost_text(self) -> str | None:
        """The cost in USD as the provider wrote it (``"0.000837"``, ``"4.2e-7"``); None when it said nothing."""
        return decimal_text(self.cost)

    @property
    def upstream_cost_text(self) -> str | None:
        """The upstream provider's own bill in USD, as written."""
        return decimal_text(self.cost_details.upstream_inference_cost) if self.cost_details else None

    @property
    def cached_tokens(self) -> int | None:
        """Prompt tokens read from a cache."""
        return self.prompt_tokens_details.cached_tokens if self.prompt_tokens_details else None

    @property
    def cache_write_tokens(self) -> int | None:
        """Prompt tokens written to a cache."""
        return self.prompt_tokens_details.cache_write_tokens if self.prompt_tokens_details else None

    @property
    def reasoning_tokens(self) -> int | None:
        """Completion tokens spent on reasoning."""
        return self.completion_tokens_details.reasoning_tokens if self.completion_tokens_details else None


class Chunk(Struct, gc=False):
    """One object of a stream. ``choices`` may be None, empty or repeat a finish; ``usage`` may come in any chunk."""

    id: str | None = None
    model: str | None = None
    provider: str | None = None
    choices: list[Choice] | None = None
    usage: UsageWire | None = None
    error: Raw = _NONE
    service_tier: str | None = None
    system_fingerprint: str | None = None
    openrouter_metadata: JsonObject | None = None

    @property
    def failure(self) -> Raw | None:
        """The error object of the chunk or of one of its choices; null, false and ``{}`` are none."""
        return failure_of(self.error, self.choices)


class Completion(Struct, gc=False):
    """The one reply of a call that does not stream. ``choices[0].message`` is there once ``OpenRouter`` returned it."""

    id: str | None = None
    model: str | None = None
    provider: str | None = None
    choices: list[Choice] | None = None
    usage: UsageWire | None = None
    error: Raw = _NONE
    service_tier: str | None = None
    created: int | None = None
    system_fingerprint: str | None = None

    @property
    def failure(self) -> Raw | None:
        """The error object of the reply or of one of its choices."""
        return failure_of(self.error, self.choices)


class Architecture(Struct, gc=False):
    """What goes in and comes out of a model."""

    modality: str | None = None
    input_modalities: list[str] | None = None
    output_modalities: list[str] | None = None
    tokenizer: str | None = None
    instruct_type: str | None = None


class TopProvider(Struct, gc=False):
    """Limits of the endpoint tried first; its context may be smaller than the model's."""

    context_length: int | None = None
    max_completion_tokens: int | None = None
    is_moderated: bool | None = None


class ReasoningSupport(Struct, gc=False):
    """How a model's reasoning can be steered."""

    mandatory: bool | None = None
    default_enabled: bool | None = None
    default_effort: str | None = None
    supported_efforts: list[str] | None = None
    supports_max_tokens: bool | None = None


class _Priced(Struct, gc=False):
    pricing: dict[str, Raw] | None = None

    def price_text(self, name: str) -> str | None:
        """A price in USD per unit as written (``"0.000003"``, ``"-1"`` for variable); None where it does not apply."""
        return decimal_text((self.pricing or {}).get(name, Raw()))


class WireModel(_Priced, gc=False):
    """One model of the catalogue; ``created`` is in Unix seconds, prices are in USD per token or unit."""

    id: str = ""
    canonical_slug: str | None = None
    name: str | None = None
    description: str | None = None
    created: int | None = None
    context_length: int | None = None
    architecture: Architecture | None = None
    top_provider: TopProvider | None = None
    supported_parameters: list[str] | None = None
    default_parameters: JsonObject | None = None
    per_request_limits: JsonObject | None = None
    reasoning: ReasoningSupport | None = None
    knowledge_cutoff: str | None = None
    expiration_date: str | None = None
    listing: Raw = _NONE
    """The whole entry as it came, whatever it holds under this name."""


class WireEndpoint(_Priced, gc=False):
    """One provider's offer of a model; uptime in per cent, latency in ms, throughput in tokens per second."""

    name: str | None = None
    model_id: str | None = None
    model_name: str | None = None
    provider_name: str | None = None
    tag: str | None = None
    context_length: int | None = None
    max_completion_tokens: int | None = None
    max_prompt_tokens: int | None = None
    quantization: str | None = None
    supported_parameters: list[str] | None = None
    status: int | None = None
    uptime_last_5m: float | None = None
    uptime_last_30m: float | None = None
    uptime_last_1d: float | None = None
    latency_last_30m: JsonObject | None = None
    throughput_last_30m: JsonObject | None = None
    supports_implicit_caching: bool | None = None


class ModelEndpoints(Struct, gc=False):
    """A model and everyone who serves it."""

    id: str = ""
    name: str | None = None
    description: str | None = None
    created: int | None = None
    architecture: Architecture | None = None
    endpoints: list[WireEndpoint] | None = None


class GenerationRecord(Struct, gc=False):
    """The provider's account of one call, readable a second or more after it ended. Times in ms, money as written."""

    id: str = ""
    upstream_id: str | None = None
    model: str | None = None
    provider_name: str | None = None
    created_at: str | None = None
    streamed: bool | None = None
    cancelled: bool | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    latency: float | None = None
    generation_time: float | None = None
    tokens_prompt: int | None = None
    tokens_completion: int | None = None
    native_tokens_prompt: int | None = None
    native_tokens_completion: int | None = None
    native_tokens_cached: int | None = None
    native_tokens_reasoning: int | None = None
    is_byok: bool | None = None
    total_cost: Raw = Raw()
    usage: Raw = Raw()
    upstream_inference_cost: Raw = Raw()

    @property
    def cost_text(self) -> str | None:
        """What was charged, in USD as written."""
        return decimal_text(self.total_cost) or decimal_text(self.usage)

    @property
    def upstream_cost_text(self) -> str | None:
        """The upstream provider's own bill in USD, as written."""
        return decimal_text(self.upstream_inference_cost)


class _Envelope(Struct):
    error: Raw = _NONE


class _ModelList(Struct):
    data: list[Raw] | None = None


class _EndpointsReply(Struct):
    data: ModelEndpoints | None = None


class _GenerationReply(Struct):
    data: GenerationRecord | None = None


class _WithUsage(Struct):
    usage: JsonObject | None = None


_chunks = msgspec.json.Decoder(Chunk)
_usages = msgspec.json.Decoder(_WithUsage, float_hook=Decimal)


def decode_chunk(data: bytes) -> Chunk:
    """One stream event's data. Raises UpstreamGarbage when it is no JSON object, or one of too many parts."""
    refuse_bloated(data)
    try:
        chunk = _chunks.decode(data)
    except NOT_JSON:
        chunk = decode_object(data, Chunk)
    if chunk.usage is not None:
        chunk.usage.whole = _whole_usage(data) if len(data) <= LARGE_BYTES else None
    return chunk


def decode_completion(data: bytes) -> Completion:
    """The body of a reply that does not stream; leading white space is the provider's keep-alive."""
    return decode_object(data, Completion)


def decode_models(data: bytes) -> list[WireModel]:
    """The catalogue; entries without an id are left out. Raises UpstreamGarbage when there is no list."""
    entries = decode_object(data, _ModelList).data
    if entries is None:
        raise UpstreamGarbage("The provider's list of models is not readable.")
    return [model for entry in entries if (model := _listed(entry)) is not None and model.id]


def _listed(entry: Raw) -> WireModel | None:
    try:
        model = decode_object(bytes(entry), WireModel)
    except UpstreamGarbage:
        return None
    model.listing = entry.copy()
    return model


def decode_endpoints(data: bytes) -> ModelEndpoints:
    """The endpoints of one model. Raises UpstreamGarbage."""
    return data_of(decode_object(data, _EndpointsReply).data)


def decode_generation(data: bytes) -> GenerationRecord:
    """One generation record. Raises UpstreamGarbage."""
    return data_of(decode_object(data, _GenerationReply).data)


def decode_failure(data: bytes) -> Raw | None:
    """The error object of a body that is not streamed, unless it is null, false or empty. Raises UpstreamGarbage."""
    return failure_of(decode_object(data, _Envelope).error)


def _whole_usage(data: bytes) -> JsonObject | None:
    try:
        return _usages.decode(data).usage
    except NOT_JSON:
        return None


def data_of(data: _S | None) -> _S:
    """What stands under ``data``. Raises UpstreamGarbage when nothing does."""
    if data is None:
        raise UpstreamGarbage("The provider's reply has no data.")
    return data


def failure_of(error: Raw, choices: list[Choice] | None = None) -> Raw | None:
    """The error object of a reply or of one of its choices; null, false and ``{}`` are none."""
    if _is_failure(error):
        return error
    for choice in choices or ():
        if _is_failure(choice.error):
            return choice.error
    return None


def _is_failure(error: Raw) -> bool:
    # Nearly every chunk has no error, and then the default itself stands here.
    return error is not _NONE and bytes(error) not in _NO_FAILURE
