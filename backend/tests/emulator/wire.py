"""What a careful client does with the emulator's bytes, written for these tests alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

KEY = "any-key-will-do"
CHAT = "/chat/completions"
MODEL = "openai/gpt-4o-mini"
HEADER = "X-Emulator-Scenario"


def body_of(question: str = "Hello", model: str = MODEL, **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": question}], **fields}


async def ask(client: httpx.AsyncClient, body: dict[str, Any], scenario: str = "") -> httpx.Response:
    return await client.post(CHAT, json=body, headers={HEADER: scenario})


async def stream(
    client: httpx.AsyncClient, question: str = "Hello", scenario: str = "", model: str = MODEL, **fields: Any
) -> Stream:
    """A stream read to its end, whatever the end is."""
    raw = b""
    error: httpx.HTTPError | None = None
    body = body_of(question, model, stream=True, **fields)
    try:
        async with client.stream("POST", CHAT, json=body, headers={HEADER: scenario}) as response:
            assert response.status_code == 200, await response.aread()
            async for piece in response.aiter_raw():
                raw += piece
    except httpx.HTTPError as failure:
        error = failure
    return Stream(raw, response, error)


@dataclass
class Stream:
    """The parts of one stream, in the order they came."""

    raw: bytes
    response: httpx.Response
    error: httpx.HTTPError | None
    comments: int = 0
    chunks: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    done: bool = False

    def __post_init__(self) -> None:
        for event in re.split(r"(?:\r\n|\r|\n){2}", self.raw.decode(errors="replace")):
            data: list[str] = []
            for line in re.split(r"\r\n|\r|\n", event):
                self.comments += line.startswith(":")
                if line.startswith("data:"):
                    data.append(line.removeprefix("data:").removeprefix(" "))
                elif line and not line.startswith(":"):
                    self.broken.append(line)
            if data:
                self._take("\n".join(data))

    def _take(self, data: str) -> None:
        if data == "[DONE]":
            self.done = True
            return
        try:
            self.chunks.append(json.loads(data))
        except ValueError:
            self.broken.append(data)

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [choice["delta"] for chunk in self.chunks for choice in chunk.get("choices") or []]

    @property
    def text(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @property
    def reasoning(self) -> str:
        return "".join(delta.get("reasoning") or "" for delta in self.deltas)

    @property
    def details(self) -> list[dict[str, Any]]:
        return [detail for delta in self.deltas for detail in delta.get("reasoning_details") or []]

    @property
    def finishes(self) -> list[str | None]:
        return [choice["finish_reason"] for chunk in self.chunks for choice in chunk.get("choices") or []]

    @property
    def usages(self) -> list[dict[str, Any]]:
        return [chunk["usage"] for chunk in self.chunks if chunk.get("usage")]

    @property
    def errors(self) -> list[dict[str, Any]]:
        inner = [choice["error"] for chunk in self.chunks for choice in chunk.get("choices") or [] if "error" in choice]
        return [chunk["error"] for chunk in self.chunks if "error" in chunk] + inner
