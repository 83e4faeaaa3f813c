"""The page of the events: names, fields, and a frame of each as the encoder writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markdown import page, prose
from pydantic import TypeAdapter

from app.schemas import events
from app.services.changes import Changes
from app.services.turns.frames import Facts, console, snapshot_frame

GENERATION = "0198f0c2"
ANSWER = "0198f0c1"
SAMPLES: Sequence[events.Event] = (
    events.Start(
        generation_id=GENERATION,
        session_id="0198f0a0",
        user_message_id="0198f0b0",
        assistant_message_id=ANSWER,
        model="openai/gpt-4o-mini",
    ),
    events.Retry(
        attempt=2,
        error_code="upstream_rate_limited",
        message="Slow down",
        wait_ms=2400,
        at="2026-01-02T03:04:05.678Z",
    ),
    events.Context(
        limit_tokens=8192,
        reserved_tokens=2048,
        estimated_tokens=5210,
        dropped_messages=12,
        first_kept_id="0198f0a7",
        strategy="drop_oldest",
        summary_id=None,
    ),
    events.Reasoning(text="Air scatters"),
    events.Text(text="Blue light"),
    events.Text(text="", extra={"images": [{"image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}),
    events.ToolCallDelta(id="call_1", name="weather", arguments='{"ci', index=0),
    events.ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}', index=0),
    events.Annotation(annotation={"type": "url_citation", "url_citation": {"url": "https://example.org"}}),
    events.Usage(prompt_tokens=12, completion_tokens=30, total_tokens=42, finish_reason="stop"),
    events.Error(error_code="upstream_midstream", message="Provider disconnected", retryable=True, hint="Continue it."),
    events.Done(status="completed", finish_reason="stop", message_id=ANSWER),
)


def event_reference() -> str:
    """The events of streams: names, fields, and a frame of each as the encoder writes it."""
    if {type(sample) for sample in SAMPLES} != set(events.Event.__args__):
        raise SystemExit("SAMPLES has to show every event.")
    frame = console(Facts(GENERATION))
    sections = [
        _event((type(sample).__doc__ or "").strip(), frame(seq, sample), _fields_of(type(sample)))
        for seq, sample in enumerate(SAMPLES, start=1)
    ]
    sections.append(
        _event(
            "All there is of a generation, for a reader whose cursor cannot be honoured: it replaces what the reader "
            "holds. `message` is the message as `GET /api/messages/{message_id}` gives it.",
            snapshot_frame(GENERATION, {"id": ANSWER}, len(SAMPLES)),
            {},
        )
    )
    return page(
        "Events",
        """
Server-sent events of the console dialect, as `GET` and `POST /api/stream` and
`GET /api/generations/{generation_id}/events` send them. `id` is `generation:seq`, counted from 1 with `start`; sent
back as `Last-Event-ID` it gives exactly what is missing. At the end come `usage` if it is known, `error` if there
was one, and `done`, once, after everything is stored. A comment comes
after 15 s of silence, and one that says why when an answer waits
because the disk takes nothing more; `/api/health` is `degraded` until it does. Skip unknown events.""",
        *sections,
        _live_channel(),
    )


def _fields_of(event: type[Any]) -> dict[str, Any]:
    properties: dict[str, Any] = TypeAdapter(event).json_schema()["properties"]
    return properties


def _event(meaning: str, frame: bytes, fields: Mapping[str, Any]) -> str:
    text = frame.decode()
    lines = dict(line.split(": ", 1) for line in text.strip().split("\n"))
    shown = [f"`{name}` {_shape(fields[name])}" for name in json.loads(lines["data"]) if name in fields]
    listed = f"{', '.join(shown)}\n\n" if shown else ""
    return f"## {lines['event']}\n\n{prose(meaning)}\n\n{listed}```text\n{text.strip()}\n```"


def _shape(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_shape(option) for option in field["anyOf"])
    if "enum" in field:
        return "one of " + " ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    return str(field.get("type", "object"))


def _live_channel() -> str:
    changes = Changes()
    changes.listen(lambda: None)  # what nobody hears is not kept
    changes.publish("session", "0198f0a0", session_id="0198f0a0", revision=3)
    frame = (changes.since(0) or b"").decode().strip()
    return f"""## The live channel

`GET /api/events` sends the same frames for every generation of the watched sessions. Without `id` come `hello`, first,
with the `epoch` of the process and its `version`, and `changed` for every stored object that was put or deleted: fetch
it again. Neither is replayed; after opening the channel again, fetch the lists again.

```text
{frame}
```"""
