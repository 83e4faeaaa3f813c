"""The bytes of an answer's stream as chunks. Pure: where the network cut them makes no difference."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from app.core.errors import UpstreamGarbage
from app.core.sse_decoder import EventTooLarge, ServerSentEvent, SseDecoder
from app.services.upstream.salvage import decode_object
from app.services.upstream.wire import Chunk, decode_chunk

_DONE = b"[DONE]"
_ERROR = "error"


class ChunkDecoder:
    """Decodes one stream. ``feed`` it what arrives until ``saw_done`` or ``failure`` is set.

    ``failure`` is why nothing after the last chunk can be read: an event that is no JSON object, or too large.
    """

    __slots__ = ("_events", "failure", "saw_done")

    def __init__(self) -> None:
        self._events = SseDecoder()
        self.saw_done = False
        self.failure: UpstreamGarbage | None = None

    def feed(self, data: bytes) -> list[Chunk]:
        """The chunks that ``data`` completes, also those before ``[DONE]`` or a failure; none for signs of life."""
        try:
            events = self._events.feed(data)
        except EventTooLarge as exc:
            events = exc.events
            self.failure = UpstreamGarbage("The provider sent an event larger than we accept.")
        is_last = bool(events) and events[-1].data == _DONE and events[-1].event != _ERROR
        try:
            chunks = [_chunk(event) for event in (events[:-1] if is_last else events)]
        except UpstreamGarbage:
            return self._decode_until_end(events)
        self.saw_done = is_last
        return chunks

    def _decode_until_end(self, events: list[ServerSentEvent]) -> list[Chunk]:
        """The chunks up to ``[DONE]`` or the first event that is none."""
        chunks = []
        for event in events:
            if event.data.strip() == _DONE:
                self.saw_done = True
                break
            if event.data.strip():
                try:
                    chunks.append(_chunk(event))
                except UpstreamGarbage as exc:
                    self.failure = exc
                    break
        return chunks


class _Bare(Struct):
    """What tells an error without its envelope from a chunk that says nothing."""

    object: str | None = None
    type: str | None = None
    message: str | None = None
    code: int | None = None


def _chunk(event: ServerSentEvent) -> Chunk:
    """The chunk of an event; an event that calls itself an error is one, whatever it holds."""
    if event.event == _ERROR:
        return _failed_chunk(event.data)
    chunk = decode_chunk(event.data)
    if chunk.choices is None and chunk.usage is None and chunk.failure is None:
        bare = decode_object(event.data, _Bare)
        if _ERROR in (bare.object, bare.type) or (bare.message is not None and (bare.code or 0) >= 400):
            chunk.error = Raw(event.data)
    return chunk


def _failed_chunk(data: bytes) -> Chunk:
    try:
        chunk = decode_chunk(data)
    except UpstreamGarbage:
        return Chunk(error=Raw(msgspec.json.encode(data.decode("utf-8", "replace"))))
    if chunk.failure is None:
        chunk.error = Raw(data)
    return chunk if chunk.failure is not None else Chunk(error=Raw(b"true"))
