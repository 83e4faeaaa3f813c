"""When a door commits to a status, and what it does when its client leaves first. In virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

from app.api.door_reply import PATIENCE_S, DoorJson, DoorStream
from app.core.errors import UpstreamRateLimited
from app.schemas.events import Done, Error, Event, Retry, Start, Text
from app.services.doors.doors import Door
from app.services.doors.openai_dialect import completion, openai_chunks
from app.services.turns.runs import Run
from tests.core import virtual_time

SCOPE = {"type": "http", "path": "/v1/chat/completions", "headers": []}
START = Start(generation_id="g", session_id="", user_message_id="", assistant_message_id="", model="a/b")
DONE = Done(status="completed", finish_reason="stop", message_id="")
RETRY = Retry(attempt=2, error_code="x", message="m", wait_ms=1, at="2026-01-01T00:00:00.000Z")


class Client:
    """The server's side of a connection."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []
        self.leaves = asyncio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


class Call:
    """A run that the test speaks for, and who reads it."""

    def __init__(self, *, whole: bool = False) -> None:
        self.run, self.client, self.left = Run("g"), Client(), list[str]()
        self.run.begin(START, [])
        door = Door(self.run, replayed=False, left=lambda: self.left.append("left"))
        reply = DoorJson(door, completion) if whole else DoorStream(door, openai_chunks)
        self.task = asyncio.create_task(reply(SCOPE, self.client.receive, self.client.send))

    def say(self, *events: Event) -> None:
        self.run.add(events)
        tick = self.run.take()
        assert tick is not None
        self.run.publish(tick)

    def fail(self) -> None:
        self.run.failure = UpstreamRateLimited(retry_after_s=7)
        error = Error(error_code="upstream_rate_limited", message="m", retryable=True, hint="h")
        self.say(error, Done(status="failed", finish_reason=None, message_id=""))
        self.run.close()


def test_the_status_waits_for_the_first_word() -> None:
    """A start or a retry is none."""

    async def main() -> None:
        call = Call()
        await virtual_time.passes(1)
        call.say(RETRY)
        await virtual_time.passes(1)
        assert call.client.status is None
        call.say(Text(text="a"))
        await virtual_time.passes(0)
        assert call.client.status == 200
        call.say(DONE)
        call.run.close()
        await call.task
        assert call.client.body.endswith(b"data: [DONE]\n\n")
        assert call.left == []

    virtual_time.run(main())


def test_a_refusal_is_a_status() -> None:
    """With what the error knows; nobody is told that the client has left."""

    async def main() -> None:
        for whole in (False, True):
            call = Call(whole=whole)
            await virtual_time.passes(PATIENCE_S - 1)
            call.fail()
            await call.task
            assert call.client.status == 429
            headers = dict(call.client.messages[0]["headers"])
            assert (headers[b"retry-after"], headers[b"x-generation-id"]) == (b"7", b"g")
            assert json.loads(call.client.body)["error"]["code"] == "rate_limit_exceeded"
            assert call.left == []

    virtual_time.run(main())


def test_silence_is_taken_for_consent() -> None:
    """After ten seconds the reply begins, heartbeats follow, and an error comes in the stream."""

    async def main() -> None:
        call = Call()
        await virtual_time.passes(PATIENCE_S + 0.1)
        assert call.client.status == 200
        await virtual_time.passes(10)
        assert call.client.body == b": heartbeat\n\n"
        call.fail()
        await call.task
        assert b'"error":{"code":429' in call.client.body
        assert call.client.body.endswith(b"data: [DONE]\n\n")

    virtual_time.run(main())


def test_who_leaves_stops_it_at_any_time() -> None:
    """Before the first word nothing is sent at all."""

    async def main() -> None:
        for spoken in (False, True):
            call = Call()
            if spoken:
                call.say(Text(text="a"))
            await virtual_time.passes(1)
            call.client.leaves.set()
            await call.task
            assert call.left == ["left"]
            assert call.client.status == (200 if spoken else None)

    virtual_time.run(main())


def test_an_answer_whose_end_could_not_be_stored_is_no_answer() -> None:
    """The process gave it up; the reply says so instead of looking whole."""

    async def main() -> None:
        call = Call(whole=True)
        call.say(Text(text="a"))
        call.run.close()
        await call.task
        assert (call.client.status, json.loads(call.client.body)["error"]["code"]) == (503, "store_busy")

    virtual_time.run(main())
