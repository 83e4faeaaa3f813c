"""Idempotency keys of several callers: each has its own, wherever a key is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json

CHAT = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5}
KEYED: dict[str, tuple[str, Json, str]] = {
    "door": ("/v1/chat/completions", CHAT, "x-generation-id"),
    "embeddings": ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "a"}, ""),
    "generation": ("/api/generations", {"content": "Hello", "max_tokens": 5}, ""),
    "stream": ("/api/stream", {"content": "Hello", "max_tokens": 5}, "x-generation-id"),
}


@pytest.fixture
async def callers(console: Console) -> AsyncIterator[list[ConsoleClient]]:
    """The owner, and two programs with tokens of their own."""
    async with AsyncExitStack() as stack:
        found = [console.client]
        for name in ("one", "other"):
            token = await console.client.post("/api/tokens", {"name": name, "scopes": ["chat"]})
            found.append(await stack.enter_async_context(ConsoleClient(console.url, token=token["token"])))
        yield found


@pytest.mark.parametrize("kind", KEYED)
async def test_nobody_is_told_what_another_asked(callers: list[ConsoleClient], emulator: Emulator, kind: str) -> None:
    """The same key and body from each is a call of each; repeated by the same one, it is the same call."""
    path, body, names = KEYED[kind]
    headers = {"Idempotency-Key": "K/1#a"}
    told = []
    for _ in range(2):
        for caller in callers:
            reply = await caller.ask("POST", path, json=body, headers=headers)
            assert reply.status_code in (200, 201), reply.text
            told.append((reply.headers.get("idempotent-replayed"), reply.headers.get(names)))
            if kind == "generation":
                await caller.follow(reply.json()["generation"]["id"])
    assert [replayed for replayed, _ in told] == [None] * 3 + ["true"] * 3
    assert [name for _, name in told[:3]] == [name for _, name in told[3:]]
    assert len({name for _, name in told}) == (3 if names else 1)
    calls = [request for request in emulator.requests if request.method == "POST"]
    assert len(calls) == 3


@pytest.mark.parametrize("kind", ["embeddings", "door"])
async def test_keys_that_come_at_once_are_apart_too(
    callers: list[ConsoleClient], emulator: Emulator, kind: str
) -> None:
    """What is still under way is nobody else's either."""
    path, body, _ = KEYED[kind]
    replies = await asyncio.gather(
        *(caller.ask("POST", path, json=body, headers={"Idempotency-Key": "K"}) for caller in callers for _ in range(3))
    )
    assert {reply.status_code for reply in replies} == {200}
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 3
    assert len([request for request in emulator.requests if request.method == "POST"]) == 3


async def test_another_s_key_is_no_mismatch(callers: list[ConsoleClient]) -> None:
    """Nor does a refusal tell that it was used; for its own caller another body is one."""
    _, one, other = callers
    path, body, _ = KEYED["door"]
    await one.ask("POST", path, json=body, headers={"Idempotency-Key": "K"})
    changed = {**body, "temperature": 0}
    assert (await other.ask("POST", path, json=changed, headers={"Idempotency-Key": "K"})).status_code == 200
    assert (await one.ask("POST", path, json=changed, headers={"Idempotency-Key": "K"})).status_code == 422


async def test_a_restore_keeps_them_apart(console: Console, callers: list[ConsoleClient], emulator: Emulator) -> None:
    """Whatever characters they have."""
    path, body, _ = KEYED["door"]
    headers = {"Idempotency-Key": 'K/1#"%'}
    for caller in callers[:2]:
        await caller.ask("POST", path, json=body, headers=headers)
    backup = await console.client.post("/api/admin/backups")
    await console.client.post("/api/admin/restore", {"name": backup["name"]})
    before = len(emulator.ledger.rows)
    replies = [await caller.ask("POST", path, json=body, headers=headers) for caller in callers]
    assert [reply.headers.get("idempotent-replayed") for reply in replies] == ["true", "true", None]
    assert len(emulator.ledger.rows) == before + 1
