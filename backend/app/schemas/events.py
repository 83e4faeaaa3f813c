"""The events of a generation: the one union that every dialect encodes and the journal stores.

Stdlib dataclasses tagged by a literal ``type``: msgspec encodes and decodes them, the OpenAPI document describes them.
Each stored event has one ``seq`` from 1; ``start`` is 1. An ending is
``usage`` if known, ``error`` if any, ``done``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec

from app.schemas.context import Strategy
from app.schemas.types import CostState, GenerationStatus, Usd


@dataclass(slots=True, kw_only=True)
class Start:
    """The generation is stored and about to run."""

    generation_id: str
    session_id: str
    user_message_id: str
    assistant_message_id: str
    model: str
    type: Literal["start"] = "start"


@dataclass(slots=True, kw_only=True)
class Retry:
    """The provider failed before the first word and is asked again: call ``attempt`` goes out at ``at``.

    ``error_code`` and ``message`` tell what failed; ``max_tokens`` is set when the next call may write less than asked,
    because that is what the account's credit allows. No part of the answer.
    """

    attempt: int
    error_code: str
    message: str
    wait_ms: int
    at: str
    max_tokens: int | None = None
    type: Literal["retry"] = "retry"


@dataclass(slots=True, kw_only=True)
class Context:
    """Not all of the conversation is sent as it is; told again when still less of it is. No part of the answer.

    The fields are those of ``context`` of the generation.
    """

    limit_tokens: int | None
    reserved_tokens: int
    estimated_tokens: int
    dropped_messages: int
    first_kept_id: str | None
    strategy: Strategy
    summary_id: str | None
    type: Literal["context"] = "context"


@dataclass(slots=True, kw_only=True)
class Text:
    """New answer text.

    ``extra`` is what came with it: ``logprobs``, ``images``, ``audio`` as the provider sent them, and ``refusal``
    true where the text is one. The OpenAI dialect shows it all, the console dialect only pictures, as the image parts
    that the message will hold, in ``images`` behind ``text``.
    """

    text: str
    extra: dict[str, Any] | None = None
    type: Literal["text"] = "text"


@dataclass(slots=True, kw_only=True)
class Reasoning:
    """New reasoning text; ``details`` are the provider's opaque pieces, kept for replay and not shown."""

    text: str
    details: list[dict[str, Any]] | None = None
    type: Literal["reasoning"] = "reasoning"


@dataclass(slots=True, kw_only=True)
class ToolCallDelta:
    """A fragment of a tool call's arguments."""

    id: str
    name: str
    arguments: str
    index: int
    type: Literal["tool_call_delta"] = "tool_call_delta"


@dataclass(slots=True, kw_only=True)
class ToolCall:
    """A complete tool call; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str
    index: int
    type: Literal["tool_call"] = "tool_call"


@dataclass(slots=True, kw_only=True)
class Annotation:
    """A citation, as the provider gave it."""

    annotation: dict[str, Any]
    type: Literal["annotation"] = "annotation"


@dataclass(slots=True, kw_only=True)
class UsageFigures:
    """Tokens and money of a generation. ``cost_usd`` is exact; null with the reason in ``cost_state``."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Usd | None = None
    cost_state: CostState = "unknown"
    model: str | None = None
    provider: str | None = None
    upstream_id: str | None = None
    latency_ms: int | None = None
    first_token_ms: int | None = None
    tokens_per_second: float | None = None
    finish_reason: str | None = None


@dataclass(slots=True, kw_only=True)
class Usage(UsageFigures):
    """What the generation used, as far as the provider said.

    ``extra`` is the provider's own usage object, whole and exact; the console dialect does not show it.
    """

    extra: dict[str, Any] | None = None
    type: Literal["usage"] = "usage"


@dataclass(slots=True, kw_only=True)
class Error:
    """Why the generation ended early. Always followed by ``done``.

    ``retry_after_ms`` is how long to wait before another call can succeed, where that is known.
    """

    error_code: str
    message: str
    retryable: bool
    hint: str
    request_id: str | None = None
    retry_after_ms: int | None = None
    type: Literal["error"] = "error"


@dataclass(slots=True, kw_only=True)
class Done:
    """The end, sent once and only after everything is stored.

    ``extra`` is what the provider said of the whole answer beside its usage: ``native_finish_reason``,
    ``service_tier``, ``system_fingerprint``, ``openrouter_metadata``. The console dialect does not show it.
    """

    status: GenerationStatus
    finish_reason: str | None
    message_id: str
    extra: dict[str, Any] | None = None
    done: Literal[True] = True
    type: Literal["done"] = "done"

    @property
    def is_whole(self) -> bool:
        """Whether the answer has a finish reason of its own; a limit is one, an error is none."""
        return self.finish_reason not in (None, "error")


Event: TypeAlias = (
    Start | Retry | Context | Text | Reasoning | ToolCallDelta | ToolCall | Annotation | Usage | Error | Done
)


_CLASSES: dict[str, type[Any]] = {
    "start": Start,
    "retry": Retry,
    "context": Context,
    "text": Text,
    "reasoning": Reasoning,
    "tool_call_delta": ToolCallDelta,
    "tool_call": ToolCall,
    "annotation": Annotation,
    "usage": Usage,
    "error": Error,
    "done": Done,
}


@dataclass(slots=True)
class _Tag:
    type: str = field(default="")


_encoder = msgspec.json.Encoder(decimal_format="number")
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_tag = msgspec.json.Decoder(_Tag)
_decoders = {name: msgspec.json.Decoder(kind, float_hook=Decimal) for name, kind in _CLASSES.items()}


def encode_events(events: list[Event]) -> str:
    """Events as the JSON array that a journal row holds."""
    return _encoder.encode(events).decode()


def decode_events(row: str) -> list[Event]:
    """The events of a journal row; decimals come back exact."""
    return [_decoders[_tag.decode(raw).type].decode(raw) for raw in _rows.decode(row)]
