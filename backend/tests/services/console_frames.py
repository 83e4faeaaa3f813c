"""The console dialect, read back into events."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import msgspec

from app.core.sse_decoder import SseDecoder
from app.schemas.events import (
    Annotation,
    Context,
    Done,
    Error,
    Event,
    Reasoning,
    Retry,
    Start,
    Text,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from app.services.upstream.accumulator import images_of

_CLASSES: dict[str, type[Any]] = {
    "start": Start,
    "retry": Retry,
    "context": Context,
    "token": Text,
    "reasoning": Reasoning,
    "tool_call_delta": ToolCallDelta,
    "tool_call": ToolCall,
    "usage": Usage,
    "error": Error,
    "done": Done,
}


def read_frames(data: bytes) -> list[tuple[str, int, Event]]:
    """Generation, seq and event of each frame. An unknown event or field fails."""
    found: list[tuple[str, int, Event]] = []
    for frame in SseDecoder().feed(data):
        generation_id, _, seq = frame.id.rpartition(":")
        if frame.event == "annotation":
            event: Event = Annotation(annotation=msgspec.json.decode(frame.data))
        else:
            event = msgspec.json.decode(frame.data, type=_CLASSES[frame.event])
            fields = msgspec.json.decode(frame.data)
            if isinstance(event, Text) and "images" in fields:
                event.extra = {"images": fields.pop("images")}
            assert set(fields) == set(event.__dataclass_fields__) - {"type", "details", "extra"}
        found.append((generation_id, int(seq), event))
    return found


def shown(event: Event) -> Event:
    """An event as readers may know it: the provider's opaque details are kept to ourselves."""
    if isinstance(event, Reasoning):
        return Reasoning(text=event.text)
    if isinstance(event, Text):
        images = [asdict(image) for image in images_of(event)]
        return Text(text=event.text, extra={"images": images} if images else None)
    return replace(event, extra=None) if isinstance(event, Usage | Done) else event


def events_of_all_kinds() -> list[Event]:
    """One whole generation with an event of each kind."""
    return [
        Start(generation_id="g", session_id="s", user_message_id="u", assistant_message_id="m", model="a/b"),
        Retry(attempt=2, error_code="upstream_unavailable", message="m", wait_ms=375, at="2026-01-02T03:04:05.678Z"),
        Context(
            limit_tokens=100,
            reserved_tokens=50,
            estimated_tokens=40,
            dropped_messages=2,
            first_kept_id="m-3",
            strategy="drop_oldest",
            summary_id=None,
        ),
        Reasoning(text="hm\n", details=[{"data": "opaque"}]),
        Text(text="", extra={"logprobs": "opaque", "images": [{"image_url": {"url": "data:image/png;base64,AA=="}}]}),
        Text(text='"quoted"\r\n\u2028é 🙂 data: x\n\n'),
        ToolCallDelta(id="c", name="f", arguments='{"x"', index=0),
        ToolCall(id="c", name="f", arguments='{"x":1}', index=0),
        Annotation(annotation={"type": "url_citation", "url_citation": {"url": "https://a.example"}}),
        Usage(
            prompt_tokens=3,
            cost_usd=Decimal("0.000000000001"),
            cost_state="settled",
            tokens_per_second=1.5,
            extra={"opaque": 1},
        ),
        Error(error_code="upstream_midstream", message="m", retryable=True, hint="h", request_id="r"),
        Done(status="failed", finish_reason=None, message_id="m"),
    ]
