"""The chunks of one answer as they are read."""

from __future__ import annotations

from collections.abc import Callable

from app.core.errors import UpstreamError
from app.services.upstream.chunks import ChunkDecoder
from app.services.upstream.deltas import says_something
from app.services.upstream.reply import Reply
from app.services.upstream.wire import Chunk


class ChunkStream:
    """The chunks of one answer: an async iterator of lists, one list per network read. Made by ``OpenRouter.stream``.

    It ends normally after ``[DONE]`` (then ``saw_done``) or when the provider closes the stream properly; whether the
    answer is whole is for the reader to tell by the finish reason. Otherwise it raises UpstreamTruncated,
    UpstreamTimeout or UpstreamGarbage, always after everything that was readable before has been given out. Error
    objects in the stream are chunks like others: see ``error_of``.

    ``upstream_id`` is the ``X-Generation-Id`` header, else the first chunk's id; ``provider`` is who serves the model.
    """

    def __init__(self, reply: Reply, first: Chunk | None, begun: Callable[[], None]) -> None:
        self.upstream_id = reply.upstream_id
        self.provider = reply.provider
        self.saw_done = False
        self._reply = reply
        self._decoder = ChunkDecoder()
        self._first = first
        self._begun = begun
        self._started = False

    def __aiter__(self) -> ChunkStream:
        return self

    async def __anext__(self) -> list[Chunk]:
        if self._first is not None:
            chunks, self._first, self.saw_done = [self._first], None, True
            return self._noted(chunks)
        while not self.saw_done:
            if self._decoder.failure is not None:
                raise self._decoder.failure
            data = await self._reply.body.read()
            if not data:
                break
            chunks = self._decoder.feed(data)
            self.saw_done = self._decoder.saw_done
            if chunks:
                self._reply.body.progressed()
                return self._noted(chunks)
        raise StopAsyncIteration

    def error_of(self, chunk: Chunk) -> UpstreamError | None:
        """The error that ``chunk`` reports, if any: mid-stream when some of the answer had come before it."""
        if (reported := chunk.failure) is None:
            return None
        error = self._reply.failure(bytes(reported), started=self._started)
        if self.provider is not None:
            error.details.setdefault("provider", self.provider)
        return error

    def _noted(self, chunks: list[Chunk]) -> list[Chunk]:
        if self.upstream_id is None:
            self.upstream_id = self._reply.upstream_id = next((chunk.id for chunk in chunks if chunk.id), None)
        if self.provider is None:
            self.provider = next((chunk.provider for chunk in chunks if chunk.provider), None)
        if not self._started and any(says_something(chunk) for chunk in chunks):
            self._started = True
            self._begun()
        return chunks
