"""A careful client of a running console: REST with exact numbers, streams as frames."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx

from tests.harness.frames import Frame, FrameDecoder, Transcript

Json = dict[str, Any]
TIMEOUT_S = 30.0
MODEL = "openai/gpt-4o-mini"
# The client library looks for it at each request, in every folder of the path where it is not installed.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used on loopback, but a client that is given none reads the system's certificates, which takes longer than most
tests."""


class EventStream:
    """An open stream; iterate over its frames. It ends when the server ends it.

    Who takes single frames with ``anext`` closes ``frames()`` themselves.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.headers = response.headers

    @property
    def generation_id(self) -> str:
        return str(self.headers["x-generation-id"])

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self.frames()

    async def frames(self) -> AsyncGenerator[Frame, None]:
        decoder = FrameDecoder()
        async for piece in self.response.aiter_raw():
            for frame in decoder.feed(piece):
                yield frame


class ConsoleClient:
    """Speaks to one console; an async context manager, or ``aclose`` it.

    Every call but ``ask`` fails the test on any other status than success; money comes as Decimal.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self.http = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=TIMEOUT_S, limits=limits, trust_env=False, verify=NO_TLS
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.http.aclose()

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request, whatever its status."""
        return await self.http.request(method, path, **request)

    async def get(self, path: str, **params: Any) -> Any:
        return _body(await self.http.get(path, params=params))

    async def post(self, path: str, body: Json | None = None, **headers: str) -> Any:
        return _body(await self.http.post(path, json={} if body is None else body, headers=headers))

    async def delete(self, path: str) -> None:
        _body(await self.http.delete(path))

    async def every(self, path: str, **params: Any) -> list[Json]:
        """All items of a list, page by page."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            named = {"cursor": cursor} if cursor else {}
            page = await self.get(path, limit=200, **params, **named)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def create_session(self, **fields: Any) -> Json:
        session: Json = await self.post("/api/sessions", fields)
        return session

    async def post_message(self, session_id: str, content: str, **fields: Any) -> Json:
        message: Json = await self.post(
            "/api/messages", {"session_id": session_id, "role": "user", "content": content, **fields}
        )
        return message

    async def start(self, content: str, **fields: Any) -> Json:
        """A new user message and its answer: ``{generation, session, user_message, assistant_message}``."""
        started: Json = await self.post("/api/generations", {"content": content, "model": MODEL, **fields})
        return started

    async def resume(self, generation_id: str, **fields: Any) -> Json:
        started: Json = await self.post(f"/api/generations/{generation_id}/continue", fields)
        return started

    async def stop(self, generation_id: str) -> Json:
        generation: Json = await self.post(f"/api/generations/{generation_id}/stop")
        return generation

    async def generation(self, generation_id: str) -> Json:
        generation: Json = await self.get(f"/api/generations/{generation_id}")
        return generation

    async def message(self, message_id: str) -> Json:
        message: Json = await self.get(f"/api/messages/{message_id}")
        return message

    @asynccontextmanager
    async def stream(
        self, path: str, *, body: Json | None = None, last_event_id: str | None = None, **params: Any
    ) -> AsyncIterator[EventStream]:
        """An open stream: POST with a body, else GET. Leaving the context closes the connection."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        method = "GET" if body is None else "POST"
        async with self.http.stream(method, path, json=body, headers=headers, params=params or None) as response:
            if response.status_code != 200:
                await response.aread()
            assert response.status_code == 200, f"{response.status_code} {response.text}"
            yield EventStream(response)

    @asynccontextmanager
    async def events(
        self, generation_id: str, *, last_event_id: str | None = None, **params: Any
    ) -> AsyncIterator[EventStream]:
        """Follow a generation."""
        path = f"/api/generations/{generation_id}/events"
        async with self.stream(path, last_event_id=last_event_id, **params) as stream:
            yield stream

    async def follow(self, generation_id: str, transcript: Transcript | None = None) -> Transcript:
        """Read a generation to its ``done``, going on where a transcript ends."""
        transcript = transcript or Transcript()
        async with self.events(generation_id, last_event_id=transcript.cursor) as stream:
            async for frame in stream:
                transcript.take(frame)
        return transcript

    async def answer(self, content: str | None, **fields: Any) -> Transcript:
        """Store a message, read its whole answer; ``content`` None where ``parts`` are given."""
        transcript = Transcript()
        async with self.stream("/api/stream", body={"content": content, "model": MODEL, **fields}) as stream:
            async for frame in stream:
                transcript.take(frame)
        return transcript


def exact(response: httpx.Response) -> Any:
    """A JSON body with exact numbers, None when there is none."""
    return json.loads(response.content, parse_float=Decimal) if response.content else None


def _body(response: httpx.Response) -> Any:
    assert response.is_success, f"{response.request.method} {response.url}: {response.status_code} {response.text}"
    return exact(response)
