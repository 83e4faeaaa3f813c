"""A console and a provider that answers with the very bytes a test wrote down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bootstrap import Pace
from tests.contract.conformance import check_reply
from tests.harness import ConsoleClient, Frame, Json, Transcript, console_app
from tests.harness.console import QUICK
from tests.services.raw_provider import STREAM_HEAD, Exchange, Play, RawProvider, chunked, reply

CHUNKED = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
USAGE: Json = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5}
UNKNOWN_CALL = reply(b'{"error":{"code":404,"message":"Generation not found"}}', status="404 Not Found")


def chunk(delta: Json | None = None, finish: str | None = None, **fields: Any) -> Json:
    """One object of a stream; no delta and no finish gives ``choices: []``."""
    choices = [] if delta is None and finish is None else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    return {"id": "gen-1", "model": "a/b", "provider": "P", "choices": choices} | fields


def text(content: str, **fields: Any) -> Json:
    return chunk({"role": "assistant", "content": content}, **fields)


FINISH = chunk({"role": "assistant", "content": ""}, "stop")
BILL = chunk({"role": "assistant", "content": ""}, "stop", usage=USAGE)
DONE = "[DONE]"


def sse(*events: Json | str, newline: str = "\n", lead: str = "data: ") -> bytes:
    """Objects and ``[DONE]`` as events; other text as it is."""
    lines = [
        event if isinstance(event, str) and event != DONE else f"{lead}{_data(event)}{newline}{newline}"
        for event in events
    ]
    return "".join(lines).encode()


def _data(event: Json | str) -> str:
    return event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)


def streamed(*events: Json | str) -> bytes:
    """A whole reply that streams these events."""
    return stream_of(sse(*events))


def stream_of(*pieces: bytes) -> bytes:
    """A whole reply whose body comes in these pieces."""
    return CHUNKED + chunked(*pieces) + END


def whole(body: Json | bytes, status: str = "200 OK", **more: Any) -> bytes:
    """A whole reply in JSON."""
    return reply(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status, **more)


def refused(status: int, error: Json, *, extra: str = "") -> bytes:
    return whole({"error": {"code": status, **error}}, f"{status} Refused", extra=extra)


GOOD = streamed(text("Hello"), FINISH, BILL, DONE)


@dataclass
class Scripted:
    """Answers calls with ``answers``, lookups of their cost with ``records``; of each the last one again and again."""

    answers: list[bytes | Play]
    records: list[bytes] = field(default_factory=lambda: [UNKNOWN_CALL])
    models: bytes = field(default_factory=lambda: whole({"data": []}))
    calls: list[Json] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    async def play(self, exchange: Exchange) -> None:
        if b"/models" in exchange.head.split(b"\r\n")[0]:
            await exchange.send(self.models)
        elif b"/generation" in exchange.head.split(b"\r\n")[0]:
            await exchange.send(_next(self.records))
        else:
            self.calls.append(json.loads(exchange.body))
            self.heads.append(exchange.head)
            answer = _next(self.answers)
            if callable(answer):
                await answer(exchange)
            else:
                await exchange.send(answer)


def _next(replies: list[Any]) -> Any:
    return replies.pop(0) if len(replies) > 1 else replies[0]


@dataclass
class Asked:
    """A console over a scripted provider."""

    client: ConsoleClient
    provider: Scripted

    async def answer(self, content: str = "hello", **fields: Any) -> Told:
        """Ask, and read all that is streamed and stored of it."""
        transcript = await self.client.answer(content, **fields)
        generation = await self.client.generation(transcript.generation_id)
        message = await self.client.message(generation["message_id"])
        rows = (await self.client.get("/api/usage"))["items"]
        (row,) = [row for row in rows if row["generation_id"] == transcript.generation_id]
        assert generation["status"] == message["status"] == transcript.status
        assert message["content"] == transcript.text
        assert message["last_seq"] == transcript.last_seq
        return Told(transcript, message, generation, row)

    async def reconciled(self, told: Told) -> Json:
        """The ledger row of an answer once its cost has been told."""
        session_id = told.message["session_id"]
        async with self.client.stream("/api/events", session=session_id) as channel:
            frames = channel.frames()
            try:
                while (row := await self._row(told))["state"] != "reconciled":
                    await _until(frames, lambda frame: frame.event == "changed")
            finally:
                await frames.aclose()
        return row

    async def _row(self, told: Told) -> Json:
        rows: list[Json] = (await self.client.get("/api/usage"))["items"]
        return next(row for row in rows if row["generation_id"] == told.generation["id"])


async def _until(frames: AsyncIterator[Frame], wanted: Callable[[Frame], bool]) -> None:
    while not wanted(await anext(frames)):
        pass


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it was streamed, and as it is stored."""

    transcript: Transcript
    message: Json
    generation: Json
    row: Json

    @property
    def error_code(self) -> str | None:
        error = self.generation["error"]
        return error["error_code"] if error else None

    @property
    def error(self) -> Json:
        found: Json = self.generation["error"]
        return found

    @property
    def end(self) -> tuple[str, str | None, str | None]:
        """Status, finish reason, error code."""
        return self.message["status"], self.message["finish_reason"], self.error_code

    def parts(self, kind: str) -> list[Json]:
        return [part for part in self.message["parts"] if part["type"] == kind]

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Names and arguments of the tool calls."""
        return [(part["name"], part["arguments"]) for part in self.parts("tool_call")]


@asynccontextmanager
async def asking(
    data: Path,
    *answers: bytes | Play,
    records: tuple[bytes, ...] = (UNKNOWN_CALL,),
    models: bytes | None = None,
    pace: Pace = QUICK,
) -> AsyncIterator[Asked]:
    """A console whose provider answers so."""
    scripted = Scripted(list(answers), list(records))
    if models is not None:
        scripted.models = models
    async with (
        RawProvider(scripted.play) as provider,
        console_app(data, upstream=provider.base_url, pace=pace) as console,
    ):
        console.client.http.event_hooks["response"].append(check_reply)
        yield Asked(console.client, scripted)


async def ask(data: Path, *answers: bytes | Play, **fields: Any) -> Told:
    """One question to a console whose provider answers so."""
    async with asking(data, *answers) as it:
        return await it.answer(**fields)
