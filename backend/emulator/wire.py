"""Payloads as OpenRouter shapes them, and the bytes they travel as (API reference, sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from . import likelihoods
from .ledger import Row
from .pricing import plain
from .scenarios import Scenario

COMMENT = b": OPENROUTER PROCESSING"
PADDING = b"\n         \n"
_NEWLINES = {"crlf": b"\r\n", "cr": b"\r"}


class Framing:
    """How events become bytes: the recorded way, or as a proxy might have left them."""

    def __init__(self, scenario: Scenario) -> None:
        style = "crlf" if scenario.crlf else scenario.framing
        self._newline = _NEWLINES.get(style, b"\n")
        self._lead = b"data:" if style == "nospace" else b"data: "
        self._multiline = style == "multiline"

    def event(self, payload: object) -> bytes:
        encoded = msgspec.json.encode(payload)
        if self._multiline:
            encoded = msgspec.json.format(encoded, indent=1)
        return self.line(encoded)

    def line(self, data: bytes) -> bytes:
        """An event with this data, whatever it is."""
        lines = [self._lead + line for line in data.split(b"\n")]
        return self._newline.join(lines) + self._newline * 2

    def comment(self) -> bytes:
        return COMMENT + self._newline * 2

    def done(self) -> bytes:
        return self.line(b"[DONE]")


def fragments(data: bytes, mode: str | None) -> Iterator[bytes]:
    """Data in the pieces it is written in: whole, byte by byte, or cut inside every multi-byte character."""
    if mode == "bytes":
        yield from (data[at : at + 1] for at in range(len(data)))
        return
    start = 0
    if mode == "cuts":
        for at, byte in enumerate(data):
            if byte >= 0xC0:
                yield data[start : at + 1]
                start = at + 1
    yield data[start:]


def chunk(
    row: Row,
    delta: Mapping[str, Any] | None,
    finish: str | None = None,
    *,
    logprobs: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One ``chat.completion.chunk``; no delta gives ``choices: []``."""
    payload: dict[str, Any] = {
        "id": row.id,
        "object": "chat.completion.chunk",
        "created": row.created_unix,
        "model": row.model.canonical_slug,
        "provider": row.endpoint.provider_name,
        "choices": [],
    }
    if delta is not None:
        payload["choices"] = [
            {
                "index": 0,
                "delta": {"content": "", "role": "assistant", **delta},
                "finish_reason": finish,
                "native_finish_reason": row.native_finish_reason if finish else None,
            }
        ]
        if logprobs is not None:
            payload["choices"][0]["logprobs"] = logprobs
    if row.service_tier and (finish or "usage" in more):
        payload["service_tier"] = row.service_tier
    return payload | more


def logprobs_of(tokens: Sequence[str], alternatives: int) -> dict[str, Any]:
    """The ``logprobs`` of a choice for these tokens."""
    return {"content": [likelihoods.of_token(token, alternatives) for token in tokens], "refusal": None}


def usage(row: Row, scenario: Scenario) -> dict[str, Any]:
    """The ``usage`` object; money is written as decimals, to the last digit."""
    body: dict[str, Any] = {
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "total_tokens": row.prompt_tokens + row.completion_tokens,
        "is_byok": row.is_byok,
        "prompt_tokens_details": {
            "cached_tokens": row.cached_tokens,
            "cache_write_tokens": row.cache_write_tokens,
            "audio_tokens": 0,
            "video_tokens": 0,
        },
        "cost_details": cost_details(row),
        "completion_tokens_details": {
            "reasoning_tokens": row.reasoning_tokens,
            "image_tokens": row.image_tokens,
            "audio_tokens": row.audio_tokens,
        },
    }
    if row.search_results:
        body["server_tool_use_details"] = {
            "web_search_requests": 1,
            "tool_calls_requested": 1,
            "tool_calls_executed": 1,
        }
    put_cost(body, row.cost_usd, scenario.cost)
    return body


def cost_details(row: Row) -> dict[str, Any]:
    """What the provider takes, and its parts."""
    return {
        "upstream_inference_cost": money(row.upstream_cost_usd),
        "upstream_inference_prompt_cost": money(row.cost.prompt),
        "upstream_inference_completions_cost": money(row.cost.completion),
    }


def money(amount: Decimal) -> msgspec.Raw:
    """A decimal as a plain JSON number."""
    return msgspec.Raw(plain(amount).encode())


def completion(
    row: Row, message: Mapping[str, Any], scenario: Scenario, logprobs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The body of a call that was not streamed."""
    body: dict[str, Any] = {
        "id": row.id,
        "object": "chat.completion",
        "created": row.created_unix,
        "model": row.model.canonical_slug,
        "provider": row.endpoint.provider_name,
        "system_fingerprint": None,
        "service_tier": row.service_tier,
        "choices": [
            {
                "index": 0,
                "logprobs": logprobs,
                "finish_reason": row.finish_reason,
                "native_finish_reason": row.native_finish_reason,
                "message": message,
            }
        ],
    }
    if not scenario.missing_usage:
        body["usage"] = None if scenario.usage_form == "null" else usage(row, scenario)
    return body


def put_cost(usage: dict[str, Any], amount: Decimal, style: str) -> None:
    """Print the cost into a usage object, or leave it out, as a provider may."""
    if style != "missing":
        usage["cost"] = _printed(amount, style)


def _printed(amount: Decimal, style: str) -> object:
    match style:
        case "null":
            return None
        case "string":
            return plain(amount)
        case "exponent":
            return msgspec.Raw(f"{amount:e}".replace("e+", "e").encode())
        case "zero":
            return 0
        case "negative":
            return money(-amount - 1)
        case "nan":
            return "NaN"
        case "huge":
            return msgspec.Raw(b"1e30")
        case "words":
            return "free of charge"
    return money(amount)
