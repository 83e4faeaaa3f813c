"""The typed dialect of `POST /chat`: named frames without ids, and the whole answer as one JSON body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core.errors import AppError, running_text
from app.core.money import parse_usd, to_usd
from app.core.sse import sse_data
from app.schemas.errors import typed_type
from app.schemas.events import Annotation, Done, Error, Event, Reasoning, Start, Text, ToolCall, Usage, UsageFigures
from app.schemas.typed import RoutingUsed, TypedUsage
from app.services.turns.frames import Encoder, Facts

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TypedDialect:
    """How the frames of one call are written.

    Args:
        routing: the wishes of the request and what became of them.
        hides_reasoning: leave out the reasoning even if the provider sends it.
    """

    routing: RoutingUsed = field(default_factory=RoutingUsed)
    hides_reasoning: bool = False

    def __call__(self, facts: Facts) -> Encoder:
        """The encoder of one generation."""
        return TypedFrames(self)


@dataclass(slots=True)
class Counts:
    """How many frames of each kind were sent."""

    content_events: int = 0
    reasoning_events: int = 0
    tool_call_events: int = 0
    annotation_events: int = 0


class TypedFrames:
    """Turns events into what the dialect says: text, reasoning, whole tool calls, citations; at the end usage and done.

    After an ``error`` there is nothing, and no ``usage`` before it: to clients of this dialect that frame says that
    the answer is whole. One that broke after its finish reason is whole, and has no ``error``.
    """

    def __init__(self, dialect: TypedDialect) -> None:
        self._dialect = dialect
        self._counts = Counts()
        self._usage: Usage | None = None
        self._requested_model = ""
        self._error: Error | None = None

    def __call__(self, seq: int, event: Event) -> bytes:
        """Encodes one event; one that the dialect does not show is empty."""
        return b"".join(sse_data(data, name) for name, data in self.take(event))

    def take(self, event: Event) -> list[tuple[str, Any]]:
        """The frames of the next event, as names and data."""
        match event:
            case Start():
                self._requested_model = event.model
            case Text() if event.text:
                self._counts.content_events += 1
                return [("content", {"text": event.text})]
            case Reasoning() if event.text and not self._dialect.hides_reasoning:
                self._counts.reasoning_events += 1
                return [("reasoning", {"text": event.text})]
            case ToolCall():
                self._counts.tool_call_events += 1
                return [("tool_call", tool_call(event))]
            case Annotation():
                self._counts.annotation_events += 1
                return [("annotation", event.annotation)]
            case Usage():
                self._usage = event
            case Error():
                self._error = event
            case Done() if self._error is not None and not event.is_whole:
                return [("error", typed_error(self._error))]
            case Done():
                return [("usage", self._used(event)), ("done", {"completed": event.status != "stopped"})]
        return []

    def _used(self, done: Done) -> TypedUsage:
        """All that is known of what the answer took."""
        figures = self._usage or UsageFigures(finish_reason=done.finish_reason)
        wire = (self._usage.extra if self._usage else None) or {}
        prompt, completion, costs = (
            _object(wire.get(name)) for name in ("prompt_tokens_details", "completion_tokens_details", "cost_details")
        )
        return TypedUsage(
            **{name: getattr(figures, name) for name in UsageFigures.__dataclass_fields__},
            **{name: getattr(self._counts, name) for name in Counts.__dataclass_fields__},
            requested_model=self._requested_model,
            actual_model=figures.model,
            native_finish_reason=(done.extra or {}).get("native_finish_reason"),
            duration_ms=figures.latency_ms,
            cost=figures.cost_usd,
            prompt_cost=_money(costs.get("upstream_inference_prompt_cost")),
            completion_cost=_money(costs.get("upstream_inference_completions_cost")),
            upstream_cost=_money(costs.get("upstream_inference_cost")),
            is_byok=wire.get("is_byok") if isinstance(wire.get("is_byok"), bool) else None,
            cache_write_tokens=_count(prompt.get("cache_write_tokens")),
            audio_tokens=_sum(_count(prompt.get("audio_tokens")), _count(completion.get("audio_tokens"))),
            image_tokens=_count(completion.get("image_tokens")),
            routing=self._dialect.routing,
        )


def typed_error(event: Error) -> Json:
    """An error as the dialect tells it."""
    return {"error": running_text(event.message, event.hint), "type": typed_type(AppError.named(event.error_code))}


def tool_call(event: ToolCall) -> Json:
    """A whole call; ``arguments`` is JSON text."""
    return {"id": event.id, "name": event.name, "arguments": event.arguments, "index": event.index}


def whole_answer(events: Iterable[Event], dialect: TypedDialect) -> Json:
    """A completed answer as one body; ``reasoning``, ``tool_calls`` and ``annotations`` where there are any."""
    frames = TypedFrames(dialect)
    said: dict[str, list[Any]] = {"content": [], "reasoning": [], "tool_call": [], "annotation": []}
    usage: Any = None
    for event in events:
        for name, data in frames.take(event):
            if name == "usage":
                usage = data
            elif name in said:
                said[name].append(data["text"] if name in ("content", "reasoning") else data)
    optional = {
        "reasoning": "".join(said["reasoning"]),
        "tool_calls": said["tool_call"],
        "annotations": said["annotation"],
    }
    return {"content": "".join(said["content"]), "usage": usage} | {name: got for name, got in optional.items() if got}


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _money(value: object) -> Decimal | None:
    """US dollars as the provider wrote them, to the picodollar."""
    picousd = parse_usd(str(value)) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    return None if picousd is None else to_usd(picousd)


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
