"""Recorded shapes of an answer's stream, and the path that its bytes take through the product, without a network."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.errors import AppError
from app.core.json import encode_text
from app.schemas.events import Annotation, Done, Event, Reasoning, Text, ToolCall, ToolCallDelta, encode_events
from app.services.turns.frames import Facts, console
from app.services.upstream.accumulator import fold
from app.services.upstream.chunks import ChunkDecoder
from app.services.upstream.deltas import DeltaReader
from app.services.upstream.errors import stream_failure
from app.services.upstream.outcome import Outcome, cost_picousd, error_event, judge, usage_event

FOLDER = Path(__file__).resolve().parents[1] / "fixtures/upstream"
STREAMS: dict[str, bytes] = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.sse"))}
OUTCOMES: dict[str, dict[str, Any]] = json.loads((FOLDER / "outcomes.json").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Answer:
    """What came of a stream."""

    reader: DeltaReader
    outcome: Outcome
    events: list[Event] = field(default_factory=list)
    """Those of the stream, and the complete tool calls; not those of the end."""

    def shown(self) -> dict[str, Any]:
        """In the words of ``outcomes.json``."""
        reasoning = [event for event in self.events if isinstance(event, Reasoning)]
        usage = self.reader.usage
        return {
            "status": self.outcome.status,
            "finish_reason": self.outcome.finish_reason,
            "error_code": self.outcome.error.code if self.outcome.error else None,
            "content": fold(self.events).content(),
            "reasoning": "".join(event.text for event in reasoning),
            "details": [detail for event in reasoning for detail in event.details or ()],
            "calls": [[event.name, event.arguments] for event in self.events if isinstance(event, ToolCall)],
            "annotations": sum(isinstance(event, Annotation) for event in self.events),
            "cost": usage.cost_text if usage else None,
            "total_tokens": usage.total_tokens if usage else None,
            "model": self.reader.model,
            "provider": self.reader.provider,
        }

    def stored(self) -> list[str]:
        """All that the journal, the message and a reader would be given, closing events included, as JSON."""
        cost = cost_picousd(self.reader.usage)
        usage = usage_event(
            self.reader,
            requested_model="a/b",
            provider="P",
            cost=cost,
            upstream_id=self.reader.upstream_id,
            latency_ms=1000,
            first_token_ms=100,
            finish_reason=self.outcome.finish_reason,
        )
        error = error_event(self.outcome.error, None) if self.outcome.error else None
        done = Done(
            status=self.outcome.status,
            finish_reason=self.outcome.finish_reason,
            message_id="m",
            extra=self.reader.extra or None,
        )
        events = [*self.events, *(event for event in (usage, error, done) if event)]
        encode = console(Facts("g"))
        frames = b"".join(encode(seq, event) for seq, event in enumerate(events, 1))
        return [encode_events(events), encode_text(fold(events).parts()), frames.decode()]


def read_answer(reads: Iterable[bytes]) -> Answer:
    """A stream's reads from the decoder to the judgement. Raises nothing but what is a defect."""
    decoder, reader = ChunkDecoder(), DeltaReader()
    events: list[Event] = []
    failure: AppError | None = None
    try:
        for data in reads:
            events += reader.feed(decoder.feed(data))
            if decoder.saw_done or decoder.failure is not None:
                break
        reader.saw_done = decoder.saw_done
        failure = None if decoder.saw_done else decoder.failure
        error = reader.failed.failure if failure is None and reader.failed is not None else None
        if error is not None:
            started = any(isinstance(event, Text | Reasoning | ToolCallDelta) for event in events)
            failure = stream_failure(bytes(error), started=started, now_s=1.8e9)
    except AppError as exc:
        failure = exc
    outcome = judge(reader, failure, stop_requested=False, interrupted=False)
    calls = reader.finish() if outcome.status == "completed" else []
    return Answer(reader, outcome, [*events, *calls])


def cut(stream: bytes, random: Callable[[], float], cuts: int) -> list[bytes]:
    """The stream in ``cuts`` + 1 pieces, some of them empty."""
    ends = [0, *sorted(int(random() * (len(stream) + 1)) for _ in range(cuts)), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(ends)]
