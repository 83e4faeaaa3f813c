"""What the API refuses before it looks for a model: shapes, types and ranges of a chat request.

``null`` means absent, and unknown fields are ignored, as the real API does (API reference, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .errors import USER_ID, ApiError, invalid_request
from .strictness import check_format

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Share = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Positive = Annotated[int, Meta(ge=1)]
Json = dict[str, Any]
Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]


class Url(Struct):
    url: str


class Picture(Struct):
    """On the web, or inside the request in one of the four formats."""

    url: Annotated[str, Meta(pattern=r"^(https?://|data:image/(png|jpe?g|webp|gif);base64,)")]
    detail: Literal["auto", "low", "high", "original"] | None = None


class Sound(Struct):
    """Base64 without ``data:`` in front, and no address."""

    data: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/=]*$")]
    format: Literal["wav", "mp3", "aiff", "aac", "ogg", "flac", "m4a", "pcm16", "pcm24"]


class Attachment(Struct):
    filename: str | None = None
    file_data: str | None = None
    file_id: str | None = None


class TextPart(Struct, tag_field="type", tag="text"):
    text: str


class ImagePart(Struct, tag_field="type", tag="image_url"):
    image_url: Picture


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    input_audio: Sound


class FilePart(Struct, tag_field="type", tag="file"):
    file: Attachment


class VideoPart(Struct, tag_field="type", tag="video_url"):
    video_url: Url


Content = str | list[TextPart | ImagePart | AudioPart | FilePart | VideoPart]


class CalledFunction(Struct):
    name: str | None = None
    arguments: str | None = None


class CalledTool(Struct):
    function: CalledFunction
    id: str | None = None


class System(Struct, tag_field="role", tag="system"):
    content: Content


class Developer(Struct, tag_field="role", tag="developer"):
    content: Content


class User(Struct, tag_field="role", tag="user"):
    content: Content


class Assistant(Struct, tag_field="role", tag="assistant"):
    content: Content | None = None
    tool_calls: list[CalledTool] | None = None
    reasoning: str | None = None
    reasoning_details: list[Json] | None = None


class ToolResult(Struct, tag_field="role", tag="tool"):
    content: Content
    tool_call_id: str


class Function(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    parameters: Json | None = None


class Tool(Struct):
    type: str
    function: Function | None = None


class NamedFunction(Struct):
    name: str


class NamedTool(Struct):
    type: str
    function: NamedFunction | None = None


class Reasoning(Struct, frozen=True):
    effort: Effort | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class Percentiles(Struct, frozen=True):
    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p99: float | None = None


class Sort(Struct, frozen=True):
    by: Literal["price", "throughput", "latency", "exacto"] | None = None
    partition: Literal["model", "none"] | None = None


Amount = float | Annotated[str, Meta(pattern=r"^\d+(\.\d+)?([eE][-+]?\d+)?$")]


class MaxPrice(Struct, frozen=True):
    """US dollars per million tokens, or per request and image; numbers, or text."""

    prompt: Amount | None = None
    completion: Amount | None = None
    request: Amount | None = None
    image: Amount | None = None
    audio: Amount | None = None


class Routing(Struct, frozen=True):
    order: list[str] | None = None
    only: list[str] | None = None
    ignore: list[str] | None = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    enforce_distillable_text: bool | None = None
    quantizations: list[Quantization] | None = None
    sort: Literal["price", "throughput", "latency", "exacto"] | Sort | None = None
    preferred_min_throughput: float | Percentiles | None = None
    preferred_max_latency: float | Percentiles | None = None
    max_price: MaxPrice | None = None


class Speech(Struct, frozen=True):
    voice: str
    format: Literal["wav", "mp3", "flac", "opus", "pcm16"]


class Plugin(Struct):
    id: str
    enabled: bool | None = None


class Prediction(Struct, tag_field="type", tag="content"):
    content: str | list[TextPart]


class CacheControl(Struct, tag_field="type", tag="ephemeral"):
    ttl: Literal["5m", "1h"] | None = None


MetadataKey = Annotated[str, Meta(max_length=64, pattern=r"^[^\[\]]*$")]
MetadataValue = Annotated[str, Meta(max_length=512)]


class ChatRequest(Struct):
    """The fields whose types and ranges are held; all others pass."""

    messages: Annotated[list[System | Developer | User | Assistant | ToolResult], Meta(min_length=1)]
    model: str = ""
    models: list[str] = []
    stream: bool = False
    temperature: Annotated[float, Meta(ge=0, le=2)] = 1
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1
    min_p: Share = 0
    top_a: Share = 0
    top_k: Annotated[int, Meta(ge=0)] = 0
    frequency_penalty: Penalty = 0
    presence_penalty: Penalty = 0
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] = 1
    max_tokens: Positive = 1
    max_completion_tokens: Positive = 1
    seed: int = 0
    stop: str | Annotated[list[str], Meta(max_length=4)] = ""
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] = {}
    logprobs: bool = False
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] = 0
    tools: list[Tool] = []
    tool_choice: Literal["none", "auto", "required"] | NamedTool = "auto"
    parallel_tool_calls: bool = True
    response_format: Json = {}
    reasoning: Reasoning = Reasoning()
    reasoning_effort: Effort | None = None
    include_reasoning: bool = False
    provider: Routing = Routing()
    plugins: list[Plugin] = []
    transforms: list[Literal["middle-out"]] = []
    modalities: list[Literal["text", "image", "audio"]] = []
    audio: Speech | None = None
    image_config: Json = {}
    prediction: Prediction | None = None
    verbosity: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    cache_control: CacheControl | None = None
    web_search_options: Json = {}
    max_tool_calls: Positive = 1
    service_tier: Literal["auto", "default", "fast", "flex", "priority", "scale"] | None = None
    metadata: Annotated[dict[MetadataKey, MetadataValue], Meta(max_length=16)] = {}
    trace: Json = {}
    preset: str = ""
    user: str = ""
    prompt_cache_key: str = ""
    session_id: Annotated[str, Meta(max_length=256)] = ""


def decode(raw: bytes) -> dict[str, Any]:
    """The request body without its nulls.

    Raises:
        ApiError: 400 for anything but a JSON object.
    """
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise invalid_request("Invalid JSON in request body") from None
    if not isinstance(body, dict):
        raise invalid_request("Invalid request parameters: expected an object")
    return {key: value for key, value in body.items() if value is not None}


def check(body: Mapping[str, Any]) -> None:
    """Raise the API's 400 for the first thing wrong with a chat request."""
    if "messages" not in body:
        raise invalid_request('Input required: specify "prompt" or "messages"')
    try:
        request = msgspec.convert(body, ChatRequest)
    except msgspec.ValidationError as error:
        raise invalid_request(f"Invalid request parameters: {error}") from None
    if request.response_format:
        check_format(request.response_format)
    if len(request.models) > 3:
        raise ApiError(400, "'models' array must have 3 items or fewer.", user_id=USER_ID)
    problem = _contradiction(request)
    if problem:
        raise invalid_request(f"Invalid request parameters: {problem}")


def _contradiction(request: ChatRequest) -> str | None:
    effort, flat = request.reasoning.effort, request.reasoning_effort
    if effort and flat and effort != flat:
        return "reasoning_effort contradicts reasoning.effort"
    if effort and request.reasoning.max_tokens is not None:
        return 'only one of "reasoning.effort" and "reasoning.max_tokens" can be specified'
    if any(tool.type == "function" and tool.function is None for tool in request.tools):
        return "a tool of type function needs a function"
    if request.top_logprobs and not request.logprobs:
        return "top_logprobs needs logprobs"
    if "audio" in request.modalities and not request.stream:
        return "audio output requires stream: true"
    if "audio" in request.modalities and request.audio is None:
        return "audio output requires audio: {voice, format}"
    return None
