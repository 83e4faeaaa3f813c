"""The OpenAI door, asked by raw HTTP: no SDK hides what is on the wire."""

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
PATH = "/v1/chat/completions"
MODEL = "openai/gpt-4o-mini"


def body(content: str = "Hello", **fields: Any) -> Json:
    """One question."""
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], **fields}


async def ask(client: ConsoleClient, request: Json, path: str = PATH, **headers: str) -> httpx.Response:
    """A call, whatever its status."""
    return await client.ask("POST", path, json=request, headers=headers)


async def complete(client: ConsoleClient, request: Json, **headers: str) -> Json:
    """A call that must succeed, in one piece; money as Decimal."""
    response = await ask(client, request, **headers)
    assert response.status_code == 200, response.text
    whole: Json = exact(response)
    return whole


@dataclass
class Streamed:
    """All chunks of a stream."""

    response: httpx.Response
    chunks: list[Json] = field(default_factory=list)
    done: bool = False

    @property
    def deltas(self) -> list[Json]:
        return [choice["delta"] for chunk in self.chunks for choice in chunk["choices"]]

    def joined(self, name: str) -> str:
        return "".join(delta.get(name) or "" for delta in self.deltas)


@asynccontextmanager
async def opened(client: ConsoleClient, request: Json, **headers: str) -> AsyncIterator[AsyncIterator[Json]]:
    """The chunks of a stream as they come; leaving closes the connection."""
    async with client.http.stream("POST", PATH, json={**request, "stream": True}, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield chunks_of(response)


async def chunks_of(response: httpx.Response) -> AsyncIterator[Json]:
    decoder = SseDecoder()
    async for piece in response.aiter_raw():
        for event in decoder.feed(piece):
            assert (event.event, event.id) == ("message", "")
            if event.data != b"[DONE]":
                yield json.loads(event.data, parse_float=Decimal)


async def stream(client: ConsoleClient, request: Json, **headers: str) -> Streamed:
    """A whole stream, which must end with ``[DONE]`` and nothing after it."""
    async with client.http.stream("POST", PATH, json={**request, "stream": True}, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        read = Streamed(response)
        decoder = SseDecoder()
        async for piece in response.aiter_raw():
            for event in decoder.feed(piece):
                assert not read.done, "something came after [DONE]"
                if event.data == b"[DONE]":
                    read.done = True
                else:
                    read.chunks.append(json.loads(event.data, parse_float=Decimal))
    assert read.done
    return read


def sent(emulator: Emulator) -> list[Json]:
    """The bodies of all chat calls that the provider got, oldest first."""
    return [record.body for record in emulator.requests if record.path.endswith("/chat/completions")]
