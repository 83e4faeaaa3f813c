"""Long conversations through the wire: what is sent, what is told of it, and what calls teach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.repo import token_ratios
from emulator import Emulator
from tests.harness import Console, ConsoleClient, console_app

Json = dict[str, Any]
WORDS = "All work and no play makes Jack a dull boy. "
TURN = WORDS * 40
"""About 440 tokens."""


@pytest.fixture
async def small(data: Path, emulator: Emulator) -> AsyncIterator[Console]:
    """A console that takes one model for smaller, and another for larger, than its server does."""
    data.mkdir(parents=True)
    (data / "providers.toml").write_text(
        f'[providers.lab]\nbase_url = "{emulator.base_url}"\napi_key = "${{LAB_KEY}}"\n'
        '[providers.lab.models."openai/gpt-4o-mini"]\ncontext_length = 2000\nmax_tokens = 200\n'
        '[providers.lab.models."qwen/qwq-32b-preview"]\ncontext_length = 20000\nmax_tokens = 200\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_KEY", "a-key")
        async with console_app(data, upstream=emulator.base_url) as running:
            await running.client.post("/api/models/sync")
            yield running


MODEL = "lab/openai/gpt-4o-mini"


def sent(emulator: Emulator) -> list[list[Json]]:
    """The messages of each chat call."""
    return [record.body["messages"] for record in emulator.requests if record.path.endswith("/chat/completions")]


async def talked(client: ConsoleClient, turns: int, **fields: Any) -> str:
    """A session with so many long questions, answered shortly; its id."""
    session = await client.create_session(model=fields.pop("model", MODEL))
    for n in range(turns):
        await client.answer(f"{n} {TURN}", session_id=session["id"], model=None, **fields)
    return str(session["id"])


async def test_the_oldest_turns_are_left_out_and_it_is_said(small: Console, emulator: Emulator) -> None:
    """In the stream, and of the generation for good; the store keeps everything."""
    client = small.client
    session_id = await talked(client, 4)
    transcript = await client.answer("5 and?", session_id=session_id, model=None)
    messages = sent(emulator)[-1]
    kept = [message["content"].split(" ", 1)[0] for message in messages if message["role"] == "user"]
    assert kept[-1] == "5"
    assert kept[0] != "0"
    context = (await client.generation(transcript.generation_id))["context"]
    assert context["strategy"] == "drop_oldest"
    assert context["limit_tokens"] == 2000
    assert context["reserved_tokens"] == 200
    assert context["dropped_messages"] == 9 - len(messages)
    assert context["estimated_tokens"] <= 1800
    first = await client.message(context["first_kept_id"])
    assert first["content"] == messages[0]["content"]
    assert transcript.data_of("context") == context
    assert len(await client.every(f"/api/sessions/{session_id}/messages")) == 10


async def test_a_conversation_that_fits_is_sent_whole(small: Console, emulator: Emulator) -> None:
    """Nothing is told in the stream; the estimate stands with the generation."""
    transcript = await small.client.answer("Hi", model=MODEL)
    assert "context" not in [frame.event for frame in transcript.frames]
    context = (await small.client.generation(transcript.generation_id))["context"]
    assert (context["strategy"], context["dropped_messages"], context["first_kept_id"]) == ("whole", 0, None)
    assert 0 < context["estimated_tokens"] < 20


async def test_a_message_that_is_surely_too_long_is_refused_before_the_call(small: Console, emulator: Emulator) -> None:
    """Nothing is stored and nothing is sent."""
    reply = await small.client.ask("POST", "/api/generations", json={"content": TURN * 10, "model": MODEL})
    assert (reply.status_code, reply.json()["error_code"]) == (400, "context_too_long")
    assert reply.json()["details"]["limit_tokens"] == 2000
    assert sent(emulator) == []
    assert (await small.client.get("/api/sessions"))["items"] == []


async def test_a_provider_that_says_too_long_gets_less_once(small: Console, emulator: Emulator) -> None:
    """Half of what may go is left out; both attempts are kept, and the reader is told."""
    client = small.client
    session = await client.create_session(model="lab/qwen/qwq-32b-preview")
    for part in [TURN * 10] * 4:
        await client.post_message(session["id"], part)
    session_id = session["id"]
    transcript = await client.answer("short", session_id=session_id, model=None)
    first, second = sent(emulator)
    assert len(second) < len(first)
    assert second[-1] == first[-1]
    assert transcript.data_of("done")["status"] == "completed"
    generation = await client.generation(transcript.generation_id)
    assert [attempt["error_code"] for attempt in generation["attempts"]] == ["context_too_long", None]
    assert (len(first), generation["context"]["dropped_messages"]) == (5, 5 - len(second))
    assert transcript.data_of("context") == generation["context"]
    (row,) = (await client.get("/api/usage"))["items"]
    assert (row["state"], row["prompt_tokens"]) == ("settled", generation["usage"]["prompt_tokens"])


async def test_the_guess_follows_what_the_provider_counts(small: Console, emulator: Emulator) -> None:
    """After some calls it is close, also after a restart."""
    client = small.client
    odd = "Donaudampfschifffahrtsgesellschaftskapitän " * 30
    errors = []
    for _ in range(12):
        transcript = await client.answer(odd, model=MODEL)
        generation = await client.generation(transcript.generation_id)
        told = generation["usage"]["prompt_tokens"]
        errors.append(abs(generation["context"]["estimated_tokens"] - told) / told)
    assert errors[-1] < 0.1
    assert errors[-1] < errors[0]


async def test_a_pinned_message_keeps_its_turn(small: Console, emulator: Emulator) -> None:
    """It is the next oldest that goes; unpinned, it goes again."""
    client = small.client
    session_id = await talked(client, 4)
    oldest = (await client.every(f"/api/sessions/{session_id}/messages"))[0]
    assert oldest["pinned"] is False
    reply = await client.ask("PATCH", f"/api/messages/{oldest['id']}", json={"pinned": True})
    assert (reply.status_code, reply.json()["pinned"]) == (200, True)
    await client.answer("and?", session_id=session_id, model=None)
    assert sent(emulator)[-1][0]["content"].startswith("0 ")
    assert not any(message["content"].startswith("1 ") for message in sent(emulator)[-1])
    await client.ask("PATCH", f"/api/messages/{oldest['id']}", json={"pinned": False})
    await client.answer("and?", session_id=session_id, model=None)
    assert not sent(emulator)[-1][0]["content"].startswith("0 ")


async def test_only_the_pin_of_a_message_may_change(small: Console) -> None:
    started = await small.client.start("Hi", model=MODEL)
    path = f"/api/messages/{started['user_message']['id']}"
    for body in ({"content": "other"}, {"pinned": None}, {"pinned": "maybe"}, {}, {"pinned": True, "role": "user"}):
        assert (await small.client.ask("PATCH", path, json=body)).status_code == 422, body
    assert (await small.client.ask("PATCH", "/api/messages/none", json={"pinned": True})).status_code == 404
    await small.client.follow(started["generation"]["id"])


async def _taught(console: Console, **asked: Any) -> bool:
    """Whether one answer taught something of its model."""
    await console.client.answer(TURN, **asked)
    model = asked.get("model", "openai/gpt-4o-mini")
    return await console.services.store.read(token_ratios.get, model) is not None


async def test_only_comparable_figures_teach(data: Path, emulator: Emulator) -> None:
    """Not those of a prompt that the provider adds text or another model to, and not the demo's."""
    async with console_app(data, upstream=emulator.base_url) as console:
        assert not await _taught(console, plugins=[{"id": "web"}])
        assert not await _taught(console, models=["openai/gpt-4o"])
        assert not await _taught(console, model="openrouter/auto")
        assert await _taught(console)
    async with console_app(data.with_name("demo")) as demo:
        assert not await _taught(demo)
