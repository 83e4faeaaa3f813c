"""What somebody who reads an answer has seen of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from app.core.sse_decoder import SseDecoder


class Screen:
    """One answer as far as it was shown. ``shown`` is called after each piece that came."""

    def __init__(self, shown: Callable[[], None] = lambda: None) -> None:
        self._shown = shown
        self.generation_id = self.session_id = self.message_id = self.text = ""
        self.status: str | None = None
        self.refusal: int | None = None

    async def ask(self, http: httpx.AsyncClient, **question: Any) -> None:
        """Ask, and read until the answer ends or the connection does; a refusal's status is kept."""
        try:
            async with http.stream("POST", "/api/stream", json=question) as response:
                await self._read(response)
        except httpx.TransportError:
            return

    async def read_again(self, http: httpx.AsyncClient) -> None:
        """The same answer from its first event on."""
        async with http.stream("GET", f"/api/generations/{self.generation_id}/events") as response:
            await self._read(response)

    async def _read(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            await response.aread()
            self.refusal = response.status_code
            return
        decoder = SseDecoder()
        async for piece in response.aiter_raw():
            for event in decoder.feed(piece):
                self._take(event.event, json.loads(event.data))
            self._shown()

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event == "start":
            self.generation_id, self.session_id = data["generation_id"], data["session_id"]
            self.message_id = data["assistant_message_id"]
        elif event == "token":
            self.text += data["text"]
        elif event == "done":
            self.status = data["status"]
