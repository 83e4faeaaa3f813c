"""The typed door, asked by raw HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from app.core.sse_decoder import SseDecoder
from emulator import Emulator
from tests.harness import ConsoleClient
from tests.harness.client import exact

Json = dict[str, Any]
MODEL = "openai/gpt-4o-mini"
PATH = "/chat"
THINKER = "openai/gpt-5"
HYBRID = "anthropic/claude-sonnet-4.5"
TOOLS: list[Json] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("weather", "time")
]


def body(message: str | None = "Hello", **fields: Any) -> Json:
    """One message."""
    return {"model": MODEL, **({} if message is None else {"message": message}), **fields}


async def ask(client: ConsoleClient, request: Json, path: str = PATH, **headers: str) -> httpx.Response:
    """One JSON body, whatever its status."""
    return await client.ask("POST", path, json=request, headers=headers, params={"stream": "false"})


async def complete(client: ConsoleClient, request: Json, **headers: str) -> Json:
    """A call that must succeed, in one piece; money as Decimal."""
    response = await ask(client, request, **headers)
    assert response.status_code == 200, response.text
    whole: Json = exact(response)
    return whole


@dataclass
class Streamed:
    """All frames of a stream, as names and data."""

    response: httpx.Response
    frames: list[tuple[str, Json]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The kinds in order, repeated ones once."""
        names = [name for name, _ in self.frames]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    def joined(self, name: str) -> str:
        return "".join(data["text"] for kind, data in self.frames if kind == name)

    def one(self, name: str) -> Json:
        (found,) = [data for kind, data in self.frames if kind == name]
        return found


@asynccontextmanager
async def opened(
    client: ConsoleClient, request: Json, **headers: str
) -> AsyncIterator[AsyncIterator[tuple[str, Json]]]:
    """The frames of a stream as they come; leaving closes the connection."""
    async with client.http.stream("POST", PATH, json=request) as response:
        assert response.status_code == 200, await response.aread()
        yield frames_of(response)


async def frames_of(response: httpx.Response) -> AsyncIterator[tuple[str, Json]]:
    decoder = SseDecoder()
    async for piece in response.aiter_raw():
        for event in decoder.feed(piece):
            assert event.id == ""
            yield event.event, json.loads(event.data, parse_float=Decimal)


async def stream(client: ConsoleClient, request: Json, path: str = PATH, **headers: str) -> Streamed:
    """A whole stream."""
    async with client.http.stream("POST", path, json=request, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        read = Streamed(response)
        async for frame in frames_of(response):
            read.frames.append(frame)
    return read


def sent(emulator: Emulator) -> list[Json]:
    """The bodies of all chat requests that went upstream."""
    return [record.body for record in emulator.requests if record.path.endswith("/chat/completions")]
