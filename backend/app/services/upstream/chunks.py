"""The bytes of an answer's stream as chunks. Pure: where the network cut them makes no difference."""

from __future__ import annotations

from app.core.errors import UpstreamGarbage
from app.core.sse_decoder import EventTooLarge, ServerSentEvent, SseDecoder
from app.services.upstream.wire import Chunk, decode_chunk

_DONE = b"[DONE]"


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
        try:
            return [decode_chunk(event.data) for event in events]
        except UpstreamGarbage:
            return self._decode_until_end(events)

    def _decode_until_end(self, events: list[ServerSentEvent]) -> list[Chunk]:
        """The chunks up to ``[DONE]`` or the first event that is none."""
        chunks = []
        for event in events:
            if event.data.strip() == _DONE:
                self.saw_done = True
                break
            if event.data.strip():
                try:
                    chunks.append(decode_chunk(event.data))
                except UpstreamGarbage as exc:
                    self.failure = exc
                    break
        return chunks
