"""JSON that the provider is to repair: it can do so with whole replies only, so that is what it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import Emulator
from tests.contract.openai_client import PATH
from tests.harness import ConsoleClient, Json
from tests.harness.client import MODEL

HEAL = {"plugins": [{"id": "response-healing"}]}
SCHEMA = {
    "name": "city",
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
AS_SCHEMA: Json = {"response_format": {"type": "json_schema", "json_schema": SCHEMA}}
DOORS: dict[str, Json] = {
    PATH: {"messages": [{"role": "user", "content": "Which city?"}], "stream": False},
    "/chat": {"message": "Which city?", "stream": False},
}


def asked_whole(emulator: Emulator) -> list[bool]:
    """Of each paid request, whether it was for the whole reply."""
    return [request.body["stream"] is False for request in emulator.requests if request.kind == "chat.completions"]


@pytest.mark.parametrize("door", DOORS)
async def test_a_door_asks_for_the_whole_reply(client: ConsoleClient, emulator: Emulator, door: str) -> None:
    """And gives it, with its usage and its place in the ledger, as it gives every other."""
    answer = await client.ask("POST", door, json={"model": MODEL, **DOORS[door], **HEAL, **AS_SCHEMA})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    content = told["choices"][0]["message"]["content"] if door == PATH else told["content"]
    assert json.loads(content).keys() == {"city"}
    assert told["usage"]["completion_tokens"] > 0
    assert asked_whole(emulator) == [True]
    (row,) = await client.every("/api/usage")
    assert (row["state"], row["cost_usd"] > 0) == ("settled", True)


async def test_a_turn_does_too(client: ConsoleClient, emulator: Emulator) -> None:
    """Its answer comes at once; all that is told of others is told of it."""
    transcript = await client.answer("Which city?", **HEAL, **AS_SCHEMA)
    assert json.loads(transcript.text).keys() == {"city"}
    assert transcript.frames[-1].data["status"] == "completed"
    assert asked_whole(emulator) == [True]


@pytest.mark.parametrize(
    ("door", "fields"),
    [
        (PATH, {"stream": True, **HEAL, **AS_SCHEMA}),
        (PATH, HEAL),
        (PATH, AS_SCHEMA),
        (PATH, {**AS_SCHEMA, "plugins": [{"id": "response-healing", "enabled": False}]}),
        (PATH, {**AS_SCHEMA, "plugins": [{"id": "web"}]}),
        ("/chat", HEAL),
    ],
)
async def test_everything_else_is_streamed(
    client: ConsoleClient, emulator: Emulator, door: str, fields: dict[str, Any]
) -> None:
    """Without a format there is nothing to repair; who reads a stream gets one, as from the provider itself."""
    answer = await client.ask("POST", door, json={"model": MODEL, **DOORS[door], **fields})
    assert answer.status_code == 200, answer.text
    assert asked_whole(emulator) == [False]
