"""What a budget does not pay for, because nobody can tell what it costs, and what it holds for what has no bound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json, soon

ASKED: Json = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}


@pytest.fixture
async def program(console: Console) -> AsyncIterator[ConsoleClient]:
    """A program that holds a token with five dollars."""
    await console.client.post("/api/models/sync")
    token = await console.client.post("/api/tokens", {"name": "p", "scopes": ["chat"], "budget_usd": 5})
    async with ConsoleClient(console.url, token=token["token"]) as client:
        yield client


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"service_tier": "priority"}, "service_tier"),
        ({"service_tier": "fast"}, "service_tier"),
        ({"service_tier": "of-tomorrow"}, "service_tier"),
        ({"speed": "fast"}, "speed"),
        ({"search_parameters": {"mode": "on"}}, "search_parameters"),
        ({"model": "openai/gpt-4o-mini:nitro"}, "model"),
        ({"models": ["openai/gpt-4o:nitro"]}, "model"),
        ({"provider": {"order": ["openai/priority"]}}, "provider"),
        ({"provider": {"only": ["OpenAI/Fast"]}}, "provider"),
        ({"provider": {"options": {"openai": {"service_tier": "priority"}}}}, "provider.options"),
        ({"image_config": {"n": 10}}, "image_config"),
        ({"deferred_tools": []}, "deferred_tools"),
    ],
)
async def test_a_budget_does_not_pay_what_is_dearer_than_the_list(
    console: Console, program: ConsoleClient, emulator: Emulator, fields: Json, named: str
) -> None:
    """The refusal names the field; nothing was asked. The owner may try."""
    reply = await program.ask("POST", "/v1/chat/completions", json=ASKED | fields)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "budget_exceeded"), reply.text
    assert repr(named) in reply.json()["error"]["message"]
    assert emulator.ledger.rows == []
    assert (await console.client.ask("POST", "/v1/chat/completions", json=ASKED | fields)).status_code != 403


@pytest.mark.parametrize(
    "fields",
    [
        {"service_tier": "flex"},
        {"service_tier": None, "speed": None},
        {"service_tier": "default", "store": False, "safety_identifier": "x"},
        {"provider": {"order": ["openai"], "sort": "price"}, "model": "openai/gpt-4o-mini:floor"},
        {"user": "u", "metadata": {"a": "b"}, "seed": 1, "logprobs": True},
    ],
)
async def test_what_changes_no_price_is_paid(program: ConsoleClient, fields: Json) -> None:
    reply = await program.ask("POST", "/v1/chat/completions", json=ASKED | fields)
    assert reply.status_code == 200, reply.text


async def test_our_own_door_refuses_the_tier_too(program: ConsoleClient) -> None:
    reply = await program.ask("POST", "/api/generations", json={"content": "hi", "service_tier": "priority"})
    assert (reply.status_code, reply.json()["error_code"]) == (403, "budget_exceeded")
    assert reply.json()["details"]["parameter"] == "service_tier"


async def test_options_lower_nothing_where_they_do_not_exist(
    console: Console, program: ConsoleClient, emulator: Emulator
) -> None:
    """The plugin has neither `max_total_results` nor `max_characters`: all it may find is held."""
    plugin: dict[str, Any] = {"id": "web", "max_results": 25, "max_total_results": 1, "max_characters": 1}
    await program.post("/v1/chat/completions", ASKED | {"plugins": [plugin]})
    row = (await console.client.every("/api/usage"))[0]
    (billed,) = emulator.ledger.rows
    assert row["reserved_usd"] >= billed.cost_usd >= Decimal("0.1")


async def test_a_linked_film_holds_all_that_the_model_reads(console: Console, program: ConsoleClient) -> None:
    film = {"type": "video_url", "video_url": {"url": "HTTPS://a.example/an-hour.mp4"}}
    asked = {**ASKED, "model": "google/gemini-2.5-flash", "messages": [{"role": "user", "content": [film]}]}
    reply = await program.ask("POST", "/v1/chat/completions", json=asked)
    assert reply.status_code == 200, reply.text
    row = (await console.client.every("/api/usage"))[0]
    model = await console.client.get("/api/models/google/gemini-2.5-flash")
    whole = model["context_length"] * model["pricing"]["prompt"] / 10**6
    assert row["reserved_usd"] >= whole > Decimal("0.1")


@pytest.mark.parametrize(
    ("model", "fields", "limit"),
    [
        ("anthropic/claude-sonnet-4.5", {"reasoning": {"effort": "medium"}}, 8192),
        ("anthropic/claude-sonnet-4.5", {"reasoning": {"effort": "high"}}, 20_480),
        ("anthropic/claude-sonnet-4.5", {"reasoning": {"enabled": True}}, 8192),
        ("anthropic/claude-sonnet-4.5", {"reasoning": {"max_tokens": 2000}}, 6096),
        ("anthropic/claude-sonnet-4.5", {"reasoning": {"max_tokens": 62_000}}, 64_000),
        ("anthropic/claude-sonnet-4.5", {}, 4096),
        ("openai/gpt-4o-mini", {}, 4096),
        ("openai/gpt-5", {"reasoning_effort": "high"}, 20_480),
        ("anthropic/claude-sonnet-4.5", {"reasoning_effort": "none"}, 4096),
        ("openai/gpt-5", {}, 8192),
    ],
)
async def test_an_answer_has_its_tokens_beside_what_is_thought(
    program: ConsoleClient, emulator: Emulator, model: str, fields: Json, limit: int
) -> None:
    """Where its client names no limit; never more than the model can write, or nobody would serve it."""
    asked = {"model": model, "messages": ASKED["messages"], **fields}
    reply = await program.ask("POST", "/v1/chat/completions", json=asked)
    assert reply.status_code == 200, reply.text
    (sent,) = [request.body for request in emulator.requests if request.path.endswith("/chat/completions")]
    assert sent["max_tokens"] == limit


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "openai/gpt-5", "anthropic/claude-sonnet-4.5"])
async def test_the_flag_for_searches_is_affordable(console: Console, program: ConsoleClient, model: str) -> None:
    """We choose its form, so we choose its bounds: two searches, not thirty."""
    body = {"content": "What is new?", "model": model, "web_search": True, "max_tokens": 500}
    started = await program.ask("POST", "/api/generations", json=body)
    assert started.status_code == 201, started.text
    await soon(program.follow(started.json()["generation"]["id"]))
    row = (await console.client.every("/api/usage"))[0]
    assert row["cost_usd"] <= row["reserved_usd"] < 1
