"""``POST /embeddings``: deterministic vectors of any size (API reference, section 8.3)."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from . import routing, tokens, validation, wire
from .access import authorize, check_credit, check_key_limit
from .calls import headers_of, open_row
from .catalogue import Model
from .errors import ApiError, invalid_request, no_endpoints
from .keys import STATE
from .lookups import misbehave, reply
from .scenarios import resolve
from .state import State

MAX_DIMENSIONS = 16_384
MAX_INPUTS = 2048
MEDIA_TOKENS = 258
_DEFAULT_DIMENSIONS = 1536

Token = Annotated[int, Meta(ge=0)]
Vector = list[float]


class Content(msgspec.Struct):
    """One input of several parts."""

    content: Annotated[list[dict[str, Any]], Meta(min_length=1)]


class EmbeddingRequest(msgspec.Struct):
    """The fields whose types and ranges are held; all others pass."""

    model: str
    input: str | Annotated[list[str | Token | list[Token] | Content], Meta(min_length=1)]
    dimensions: Annotated[int, Meta(ge=1, le=MAX_DIMENSIONS)] | None = None
    encoding_format: Literal["float", "base64"] = "float"
    input_type: str = ""
    user: str = ""
    provider: validation.Routing = validation.Routing()


async def embeddings(request: web.Request) -> web.Response:
    """``POST /embeddings``: vectors for one input or many; texts that share words are near each other."""
    state = request.app[STATE]
    key = authorize(state, request)
    check_key_limit(state, key)
    raw = await request.read()
    body = validation.decode(raw)
    await misbehave(state, "embeddings")
    scenario = resolve([state.endpoint_scenario("embeddings")])
    inputs = _inputs_of(body)
    model = _model_of(state, body["model"])
    # Parameters of chat mean nothing here, whatever they hold.
    endpoint = routing.choose(model, {"provider": body.get("provider", {})})
    counts = [_count(item) for item in inputs]
    if max(counts) > model.context_length:
        raise ApiError(
            400,
            f"This model's maximum context length is {model.context_length} tokens, however you requested "
            f"{max(counts)} tokens. Please reduce your prompt.",
            metadata={"error_type": "context_length_exceeded"},
        )
    check_credit(state, model.pricing_at(endpoint), sum(counts), 0)
    digest, misses = hashlib.sha256(raw).hexdigest(), scenario.misses
    row = open_row(state, model, endpoint, digest, key=key, api_type="embeddings", lookup_misses=misses)
    row.prompt_tokens = sum(counts)
    row.settle("completed", None)
    state.pulse()
    size = body.get("dimensions") or model.dimensions or _DEFAULT_DIMENSIONS
    packed = body.get("encoding_format") == "base64"
    answer: dict[str, Any] = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": _encoded(vector_of(text_of(item), size), packed=packed)}
            for at, item in enumerate(inputs)
        ],
        "model": model.canonical_slug,
        "id": row.id,
        "provider": endpoint.provider_name,
        "usage": {
            "prompt_tokens": row.prompt_tokens,
            "total_tokens": row.prompt_tokens,
            "is_byok": False,
            "cost_details": wire.cost_details(row),
        },
    }
    wire.put_cost(answer["usage"], row.cost_usd, scenario.cost)
    response = reply(answer)
    response.headers.update(headers_of(row))
    return response


def vector_of(text: str, dimensions: int) -> Vector:
    """A unit vector: each word leans on a few dimensions of its own, so that texts which share words are near."""
    total = [0.0] * dimensions
    for word in text.lower().split() or [""]:
        digest = hashlib.sha512(word.encode(errors="surrogatepass")).digest()
        for place, weight in struct.iter_unpack(">Hh", digest):
            total[place % dimensions] += weight / 32768
    length = math.sqrt(sum(part * part for part in total))
    return [round(part / length, 8) for part in total] if length else [1.0, *total[1:]]


def text_of(item: object) -> str:
    """What is embedded of an input: text as it is, token ids and media by their spelling."""
    if isinstance(item, str):
        return item
    if isinstance(item, dict):
        parts = item["content"]
        return " ".join(part["text"] if part.get("type") == "text" else str(part) for part in parts)
    return " ".join(map(str, item)) if isinstance(item, list) else str(item)


def _inputs_of(body: Mapping[str, Any]) -> list[Any]:
    try:
        msgspec.convert(body, EmbeddingRequest)
    except msgspec.ValidationError as error:
        raise invalid_request(f"Invalid request parameters: {error}") from None
    given = body["input"]
    if isinstance(given, list) and len({type(item) for item in given}) > 1:
        raise invalid_request("Invalid request parameters: input: items of one kind are expected")
    inputs = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    if len(inputs) > MAX_INPUTS:
        raise invalid_request(f"Invalid request parameters: input: at most {MAX_INPUTS} items")
    if any(not item for item in inputs):
        raise invalid_request("Invalid request parameters: input: empty item")
    return list(inputs)


def _model_of(state: State, model_id: str) -> Model:
    model = state.catalogue.resolve(model_id)
    if "embeddings" not in model.output_modalities:
        raise no_endpoints(model_id)
    return model


def _count(item: object) -> int:
    if isinstance(item, list):
        return len(item)
    media = sum(part.get("type") != "text" for part in item["content"]) if isinstance(item, dict) else 0
    return tokens.count(text_of(item)) if not media else MEDIA_TOKENS * media


def _encoded(vector: Vector, *, packed: bool) -> object:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if packed else vector
