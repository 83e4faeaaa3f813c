"""Calls that cannot succeed are refused before they are stored or paid, at every door."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from app.services.catalog.catalog import Refresh
from emulator import Emulator
from tests.contract.openai_client import PATH
from tests.harness import Console, ConsoleClient, console_app
from tests.harness.console import QUICK
from tests.services.turning import contents

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


async def refused(console: Console, method: str, path: str, **request: Any) -> dict[str, Any]:
    """The error of a call that leaves no trace."""
    before = await console.services.store.read(contents)
    reply = await console.client.ask(method, path, **request)
    assert 400 <= reply.status_code < 500, reply.text
    assert await console.services.store.read(contents) == before
    found: dict[str, Any] = reply.json()
    return found


async def test_a_model_that_nobody_offers(console: Console, emulator: Emulator) -> None:
    """404 with what may have been meant."""
    client = console.client
    await client.post("/api/models/sync")
    message = await client.post_message((await client.create_session())["id"], "Hi")
    body = {"content": "Hi", "model": "openai/gpt-4o-mni"}
    query = {"session_id": message["session_id"], "model": "openai/gpt-4o-mni"}
    for method, path, request in (
        ("POST", "/api/generations", {"json": body}),
        ("POST", "/api/stream", {"json": body}),
        ("GET", "/api/stream", {"params": query}),
    ):
        error = await refused(console, method, path, **request)
        assert error["error_code"] == "upstream_model_not_found", path
        assert error["details"]["close_matches"][0] == "openai/gpt-4o-mini", path
    completion = {"model": "openai/gpt-4o-mni", "messages": [{"role": "user", "content": "Hi"}]}
    error = await refused(console, "POST", PATH, json=completion)
    assert error["error"]["code"] == "model_not_found"
    assert "openai/gpt-4o-mini" in error["error"]["message"]
    assert emulator.ledger.rows == []


async def test_a_task_that_the_model_cannot_do(console: Console, emulator: Emulator) -> None:
    """Tools, pictures and schemas, each named."""
    await console.client.post("/api/models/sync")
    body = {"content": "Hi", "model": "deepseek/deepseek-r1", "tools": [TOOL]}
    error = await refused(console, "POST", "/api/generations", json=body)
    assert (error["error_code"], error["details"]["lacks"]) == ("model_incapable", ["tools"])
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    completion = {
        "model": "deepseek/deepseek-r1",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, IMAGE]}],
        "response_format": schema,
    }
    error = await refused(console, "POST", PATH, json=completion)
    assert "structured output or image input" in error["error"]["message"]
    assert emulator.ledger.rows == []


@pytest.mark.parametrize("model", ["gpt-4o-mini", "openai/gpt-4o-mini:floor", "openai/gpt-4o-mini-2024-07-18"])
async def test_other_names_of_a_model(client: ConsoleClient, emulator: Emulator, model: str) -> None:
    """A short one is written out, and a variant is priced as its model."""
    await client.post("/api/models/sync")
    await client.answer("Hi", model=model)
    (row,) = emulator.ledger.rows
    assert row.model.id == "openai/gpt-4o-mini"
    (usage,) = (await client.get("/api/usage"))["items"]
    assert usage["model"] == ("openai/gpt-4o-mini" if model == "gpt-4o-mini" else model)
    assert (usage["model_id"], usage["price_version"]) == ("openai/gpt-4o-mini", 1)
    assert usage["reserved_usd"] > 0


CHEAP, DEAR, SHORT = "google/gemini-2.5-flash", "openai/o1-preview", "gpt-4o-mini"


@pytest.mark.parametrize("door", ["/api/generations", PATH, "/chat"])
async def test_fallbacks_are_known_priced_and_written_out(console: Console, emulator: Emulator, door: str) -> None:
    """What is reserved is the dearest of those that may answer: the first one may be the one that does not."""
    await console.client.post("/api/models/sync")
    bodies: dict[str, dict[str, Any]] = {
        "/api/generations": {"content": "Hi"},
        PATH: {"messages": [{"role": "user", "content": "Hi"}]},
        "/chat": {"message": "Hi"},
    }
    body = bodies[door] | {"max_tokens": 1000, "model": CHEAP, "stream": False}
    if door == "/api/generations":
        del body["stream"]
    query = {"params": {"stream": "false"}} if door == "/chat" else {}
    error = await refused(console, "POST", door, json=body | {"models": ["openai/gpt-4o-mni"]}, **query)
    assert "openai/gpt-4o-mini" in str(error)
    for models in ([], [DEAR, SHORT]):
        reply = await console.client.ask("POST", door, json=body | ({"models": models} if models else {}), **query)
        assert reply.status_code in (200, 201), reply.text
        if door == "/api/generations":
            await console.client.follow(reply.json()["generation"]["id"])
    with_fallbacks, alone = [row["reserved_usd"] for row in await console.client.every("/api/usage")]
    assert alone < 0.003
    assert with_fallbacks > 0.06, "1000 tokens of the dear one"
    sent = [request.body.get("models") for request in emulator.requests if request.path.endswith("/chat/completions")]
    assert sent == [None, [DEAR, f"openai/{SHORT}"]]


async def test_a_task_that_no_named_model_can_do(console: Console) -> None:
    """A fallback that can do it is what fallbacks are for."""
    await console.client.post("/api/models/sync")
    body = {"content": "Hi", "model": "deepseek/deepseek-r1", "tools": [TOOL]}
    error = await refused(console, "POST", "/api/generations", json=body | {"models": ["qwen/qwq-32b-preview"]})
    assert error["error_code"] == "model_incapable"
    reply = await console.client.ask("POST", "/api/generations", json=body | {"models": ["openai/gpt-4o-mini"]})
    assert reply.status_code == 201


async def test_a_model_that_is_missing_is_looked_for(data: Path, emulator: Emulator) -> None:
    """It may be newer than the list: the next try finds it."""
    pace = dataclasses.replace(QUICK, refresh=Refresh(least_between_s=0))
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        await console.client.post("/api/models/sync")
        async with console.client.stream("/api/events") as live, asyncio.timeout(10):
            frames = live.frames()
            assert (await anext(frames)).event == "hello"
            reply = await console.client.ask("POST", "/api/generations", json={"content": "Hi", "model": "a/b"})
            assert reply.status_code == 404
            async for frame in frames:
                if frame.event == "changed" and frame.data["kind"] == "model":
                    break
            await frames.aclose()
