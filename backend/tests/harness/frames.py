"""Frames as a client reads them, and what a client holds after them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core.sse_decoder import ServerSentEvent, SseDecoder


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event; ``raw`` is its data as it came, numbers of ``data`` are exact."""

    event: str
    raw: bytes
    generation_id: str = ""
    seq: int = 0

    @classmethod
    def of(cls, event: ServerSentEvent, *, has_id: bool = True) -> Frame:
        generation_id, _, seq = event.id.rpartition(":") if has_id else ("", "", "")
        return cls(event.event, event.data, generation_id, int(seq or 0))

    @property
    def data(self) -> Any:
        return json.loads(self.raw, parse_float=Decimal)

    @property
    def cursor(self) -> str:
        """What a client sends as ``Last-Event-ID``."""
        return f"{self.generation_id}:{self.seq}"


class FrameDecoder:
    """Bytes of a stream, cut anywhere, as frames; an unfinished frame is never given out."""

    def __init__(self) -> None:
        self._decoder = SseDecoder()

    def feed(self, data: bytes) -> list[Frame]:
        return [Frame.of(event) for event in self._decoder.feed(data)]


@dataclass(slots=True)
class Transcript:
    """What a client holds of one generation. Taking a frame out of order, twice or after ``done`` is an error."""

    frames: list[Frame] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        """The next frame; its seq is the next one."""
        assert not self.is_done, f"{frame} after done"
        assert frame.seq == self.last_seq + 1, f"{frame} after seq {self.last_seq}"
        assert not self.frames or frame.generation_id == self.frames[0].generation_id
        self.frames.append(frame)

    def take_all(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.take(frame)

    @property
    def generation_id(self) -> str:
        return self.frames[0].generation_id

    @property
    def last_seq(self) -> int:
        return self.frames[-1].seq if self.frames else 0

    @property
    def cursor(self) -> str | None:
        """Where to go on from; None before the first frame."""
        return self.frames[-1].cursor if self.frames else None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(frame.data["text"] for frame in self.frames if frame.event == "token")

    @property
    def is_done(self) -> bool:
        return bool(self.frames) and self.frames[-1].event == "done"

    @property
    def status(self) -> str | None:
        """The terminal status, None before ``done``."""
        return str(self.frames[-1].data["status"]) if self.is_done else None

    def data_of(self, event: str) -> Any:
        """The data of the one frame of a kind."""
        (found,) = [frame.data for frame in self.frames if frame.event == event]
        return found

    @property
    def events(self) -> list[str]:
        """The kinds in order, repeated ones once."""
        kinds = [frame.event for frame in self.frames]
        return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]
