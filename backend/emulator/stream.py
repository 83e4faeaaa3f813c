"""One streamed answer: comments, deltas, finish, usage, ``[DONE]``, and every way in which that goes wrong.

API reference, sections 4.1 to 4.6.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import thinking, tools, wire
from .errors import edge_page
from .ledger import Kind, Row, Status
from .media import IMAGE_TOKENS, as_part
from .outlet import Outlet
from .pace import Pace
from .reply import Reply
from .scenarios import Garbage, HugeFrame, MidStreamError, Scenario, Stall, ToolCalls
from .skins import Rendering
from .state import State

IMAGE_PREFIX = "data:image/png;base64,"


class Cut(Exception):
    """The scenario ended the stream; everything due was written and the ledger row is settled."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A delta, and the token it costs; hidden reasoning has a token and no delta."""

    delta: dict[str, Any] | None
    token: str | None = None
    kind: Kind = "text"
    count: int = 1
    logprobs: dict[str, Any] | None = None


def pieces(row: Row, reply: Reply, oddity: ToolCalls) -> Iterator[Piece]:
    """The reply as deltas; a Claude signature comes late, after the text has begun."""
    family = row.model.family
    closing = thinking.closing(family, row.id) if reply.reasoning and reply.shows_reasoning else None
    for token in reply.reasoning:
        delta = thinking.fragment(family, token) if reply.shows_reasoning else None
        yield Piece(delta, token, "reasoning")
    if closing and family == "google" and reply.tool_calls:
        closing["reasoning_details"][0]["id"] = reply.tool_calls[0].id
    if closing and not (family == "anthropic" and reply.text):
        yield Piece(closing)
        closing = None
    for annotation in reply.annotations:
        yield Piece({"annotations": [annotation]})
    for piece in _spoken(row, reply) if reply.speech else _written(reply):
        yield piece
        if closing:
            yield Piece(closing)
            closing = None
    for at, url in enumerate(reply.images):
        yield Piece({"images": [as_part(url, at)]}, "", "image", IMAGE_TOKENS)
    for call, fragment in tools.deltas(reply.tool_calls, oddity):
        yield Piece({"content": None, "tool_calls": [call]}, fragment, "tool")


def _written(reply: Reply) -> Iterator[Piece]:
    for token in reply.text:
        logprobs = None if reply.logprobs is None else wire.logprobs_of([token], reply.logprobs)
        yield Piece({"content": token}, token, logprobs=logprobs)


def _spoken(row: Row, reply: Reply) -> Iterator[Piece]:
    if reply.speech:
        for audio, token in reply.speech.deltas(f"audio_{row.id[-20:]}", reply.text, row.created_unix):
            yield Piece({"audio": audio}, token, "audio")


class Stream:
    """Writes one answer through an outlet. The caller settles the row when the client leaves."""

    def __init__(
        self, state: State, row: Row, reply: Reply, scenario: Scenario, outlet: Outlet, rendering: Rendering
    ) -> None:
        self._state = state
        self._row = row
        self._reply = reply
        self._scenario = scenario
        self._outlet = outlet
        self._rendering = rendering
        self._framing = wire.Framing(scenario)
        self._pace = Pace(state.clock, scenario.rate, outlet.flush)
        self._faults = self._planned_faults()

    async def run(self) -> None:
        """Write the whole stream.

        Raises:
            Cut: the scenario ended it early.
            ConnectionError: the client has left; what was counted until then was produced.
        """
        scenario = self._scenario
        self._outlet.put(self._framing.comment() * scenario.comments)
        while scenario.slow_loris:
            await self._pace.pause(self._sleep(scenario.slow_loris.ms))
            self._outlet.put(self._framing.comment())
        if scenario.latency:
            await self._pace.pause(self._sleep(scenario.latency))
        for piece in pieces(self._row, self._reply, scenario.tool_calls or ToolCalls()):
            await self._write(piece)
        await self._strike(self._reply.tokens)
        self._settle("completed", self._reply.finish_reason)
        self._end()
        await self._outlet.flush()

    async def _write(self, piece: Piece) -> None:
        if piece.token is not None:
            produced = self._row.completion_tokens
            await self._strike(produced)
            await self._pace.token(produced)
            self._row.produce(piece.token, piece.kind, piece.count)
            every = self._scenario.comment_every
            if every and produced and produced % every == 0:
                self._outlet.put(self._framing.comment())
        if piece.delta is not None:
            self._event(wire.chunk(self._row, piece.delta, logprobs=piece.logprobs))
        if self._outlet.is_full:
            await self._outlet.flush()

    def _end(self) -> None:
        row, form = self._row, self._scenario.usage_form
        last: dict[str, Any] = {"reasoning": None} if self._reply.reasoning else {}
        usage = None if form == "null" else wire.usage(row, self._scenario)
        finish = wire.chunk(row, last, row.finish_reason)
        missing = self._scenario.missing_usage
        if form == "finish" and not missing:
            finish["usage"] = usage
        self._event(finish)
        if form != "finish" and not missing:
            delta: dict[str, Any] | None = None if form == "empty" else {}
            closing = wire.chunk(row, delta, None if form == "choice" else row.finish_reason, usage=usage)
            self._event(closing)
            if form == "twice":
                self._event(closing)
        for event in self._rendering.end():
            self._outlet.put(self._framing.event(event))
        if not self._scenario.no_done:
            self._outlet.put(self._framing.done())

    def _event(self, chunk: Mapping[str, Any]) -> None:
        for event in self._rendering.events(chunk):
            self._outlet.put(self._framing.event(event))

    def _settle(self, status: Status, finish_reason: str | None) -> None:
        self._row.native_finish_reason = self._reply.native_finish_reason if status == "completed" else None
        self._row.settle(status, finish_reason)
        self._state.pulse()

    def _planned_faults(self) -> list[tuple[int, Callable[[], Awaitable[None]]]]:
        scenario = self._scenario
        steps = (
            (scenario.huge_frame, self._huge_frame),
            (scenario.garbage, self._garbage),
            (scenario.stall, self._stall),
            (scenario.mid_stream_error, self._error),
            (scenario.drop, self._drop),
            (scenario.reset, self._reset),
        )
        last = self._reply.tokens
        planned = [(min(step.after, last), strike) for step, strike in steps if step is not None]
        return sorted(planned, key=lambda fault: fault[0])

    async def _strike(self, produced: int) -> None:
        while self._faults and self._faults[0][0] <= produced:
            _, strike = self._faults.pop(0)
            await strike()

    async def _stall(self) -> None:
        await self._pace.pause(self._silence)

    async def _silence(self) -> None:
        stall = self._scenario.stall or Stall()
        with self._state.stalling() as released:
            if stall.heartbeat is None:
                await (released.wait() if stall.ms is None else self._sleep(stall.ms)())
                return
            waited_ms = 0.0
            while not released.is_set() and (stall.ms is None or waited_ms < stall.ms):
                await self._sleep(stall.heartbeat)()
                waited_ms += stall.heartbeat
                self._outlet.put(self._framing.comment())
                await self._outlet.flush()

    def _sleep(self, ms: float) -> Callable[[], Awaitable[None]]:
        return partial(self._state.clock.sleep, ms / 1000)

    async def _drop(self) -> None:
        self._settle("truncated", None)
        await self._outlet.flush()
        if self._scenario.drop and self._scenario.drop.form == "fin":
            self._outlet.close()
        raise Cut

    async def _reset(self) -> None:
        self._settle("truncated", None)
        await self._outlet.flush()
        self._outlet.reset()
        raise Cut

    async def _garbage(self) -> None:
        form = (self._scenario.garbage or Garbage()).form
        if form == "bytes":
            self._outlet.put(bytes(range(128, 256)) + b"\x00\xff\n\n")
        elif form == "html":
            self._outlet.put(edge_page(502).encode() + b"\n\n")
        elif form == "json":
            self._outlet.put(self._framing.line(b'{"id": "gen-broken", "choices": [{"delta": {"content": "'))
        else:
            whole = wire.chunk(self._row, {"content": "lost"})
            self._event({**whole, "choices": None, "provider": whole if form == "nested" else None})

    async def _huge_frame(self) -> None:
        huge = self._scenario.huge_frame or HugeFrame()
        text = "A" * int(huge.mb * 1024 * 1024)
        if huge.kind == "text":
            await self._write(Piece({"content": text}, text))
            return
        image = {"type": "image_url", "image_url": {"url": IMAGE_PREFIX + text}, "index": 0}
        self._event(wire.chunk(self._row, {"images": [image]}))

    async def _error(self) -> None:
        fault = self._scenario.mid_stream_error or MidStreamError()
        if fault.form == "length_usage":
            self._settle("completed", "length")
            self._event(wire.chunk(self._row, {}, "length"))
            error: dict[str, Any] = {"code": 400, "message": "Token limit reached"}
            usage = wire.usage(self._row, self._scenario)
            self._event(wire.chunk(self._row, {}, None, error=error, usage=usage))
            for event in self._rendering.end():
                self._outlet.put(self._framing.event(event))
            self._outlet.put(self._framing.done())
        else:
            self._settle("failed", "error")
            self._event(error_chunk(self._row, fault))
            if self._rendering.fails_in_band:
                self._outlet.put(self._framing.done())
        await self._outlet.flush()
        raise Cut


def error_chunk(row: Row, fault: MidStreamError) -> dict[str, Any]:
    """An error in mid-stream, in one of the shapes on record."""
    error: dict[str, Any] = {
        "code": fault.code,
        "message": fault.message,
        "metadata": {"error_type": "provider_unavailable"},
    }
    match fault.form:
        case "bare":
            return {"error": error}
        case "empty":
            return wire.chunk(row, None, error=error)
        case "null":
            return {**wire.chunk(row, None, error=error), "choices": None}
        case "string_code":
            error["code"] = "server_error"
        case "no_metadata":
            del error["metadata"]
        case "idle":
            error = {"code": 502, "message": "Upstream idle timeout exceeded"}
        case "choice":
            payload = wire.chunk(row, {}, "error")
            payload["choices"][0]["error"] = error
            return payload
        case _:
            pass
    payload = wire.chunk(row, {}, "error", error=error)
    del payload["choices"][0]["delta"]["role"]
    return payload
