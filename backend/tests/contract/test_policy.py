"""Allowed models and price caps: kept at every door, before anything is asked or stored."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, Json, console_app

MODEL = "openai/gpt-4o-mini"
DEAR = "openai/o3"
SAID: Json = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
DOORS: dict[str, tuple[str, Json]] = {
    "a turn": ("/api/generations", {"content": "hi", "max_tokens": 5}),
    "a stream": ("/api/stream", {"content": "hi", "max_tokens": 5}),
    "typed": ("/chat", {"message": "hi", "max_tokens": 5}),
    "openai": ("/v1/chat/completions", SAID),
    "openrouter": ("/api/v1/chat/completions", SAID),
    "vectors": ("/v1/embeddings", {"input": "hi"}),
}


async def allow(client: ConsoleClient, **settings: Any) -> Json:
    reply = await client.ask("PATCH", "/api/settings", json=settings)
    assert reply.status_code == 200, reply.text
    shown: Json = await client.get("/api/settings")
    return shown


def told(body: Json) -> str:
    """What the refusal says, in any dialect."""
    return str(body.get("error_code") or body.get("error"))


@pytest.mark.parametrize("door", DOORS)
async def test_a_model_that_is_not_allowed_is_asked_at_no_door(
    synced: ConsoleClient, emulator: Emulator, door: str
) -> None:
    """403, nothing stored, nothing paid; an allowed one goes through."""
    path, body = DOORS[door]
    before = len(emulator.ledger.rows)
    await allow(synced, allowed_models=["openai/text-*", "anthropic/*"])
    refused = await synced.ask("POST", path, json={"model": MODEL, **body})
    assert refused.status_code == 403, refused.text
    assert "allow" in told(refused.json())
    assert len(emulator.ledger.rows) == before
    assert await synced.every("/api/usage") == await synced.every("/api/sessions") == []
    await allow(synced, allowed_models=[])
    allowed = "openai/text-embedding-3-small" if door == "vectors" else MODEL
    assert (await synced.ask("POST", path, json={"model": allowed, **body})).status_code in (200, 201)


@pytest.mark.parametrize("door", DOORS)
async def test_a_model_dearer_than_the_caps_is_asked_at_no_door(
    synced: ConsoleClient, emulator: Emulator, door: str
) -> None:
    path, body = DOORS[door]
    await allow(synced, max_prompt_price="0.000001")
    model = "openai/text-embedding-3-small" if door == "vectors" else MODEL
    refused = await synced.ask("POST", path, json={"model": model, **body})
    assert refused.status_code == 403, refused.text
    assert emulator.ledger.rows == []
    await allow(synced, max_prompt_price=None)
    assert (await synced.ask("POST", path, json={"model": model, **body})).status_code in (200, 201)


async def test_answers_again_and_summaries_keep_the_rules(synced: ConsoleClient, emulator: Emulator) -> None:
    """Regenerate, continue and compact are paid calls like any other."""
    start = (await synced.answer("hi", max_tokens=5)).data_of("start")
    for _ in range(2):
        await synced.answer("more", session_id=start["session_id"], max_tokens=5)
    before = len(emulator.ledger.rows)
    await allow(synced, allowed_models=["nobody/*"])
    for path, body in (
        (f"/api/messages/{start['assistant_message_id']}/regenerate", {}),
        (f"/api/generations/{start['generation_id']}/continue", {}),
        (f"/api/sessions/{start['session_id']}/compact", {"keep_turns": 1}),
    ):
        refused = await synced.ask("POST", path, json=body)
        assert (refused.status_code, refused.json()["error_code"]) == (403, "model_not_allowed"), path
        assert refused.json()["details"]["model"] == MODEL
    assert len(emulator.ledger.rows) == before


@pytest.mark.parametrize(
    "fields", [{"models": [DEAR]}, {"preset": "mine"}, {"plugins": [{"id": "fusion"}]}, {"model": f"{MODEL}@preset/x"}]
)
async def test_no_way_round_the_list(synced: ConsoleClient, emulator: Emulator, fields: Json) -> None:
    """Fallbacks, presets, and what asks models of its own choice."""
    await allow(synced, allowed_models=[MODEL])
    refused = await synced.ask("POST", "/v1/chat/completions", json={"model": MODEL, **SAID, **fields})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "model_not_allowed"), refused.text
    assert emulator.ledger.rows == []
    assert (await synced.ask("POST", "/v1/chat/completions", json={"model": f"{MODEL}:online", **SAID})).is_success


async def test_a_fallback_keeps_the_caps(synced: ConsoleClient) -> None:
    model = await synced.get(f"/api/models/{MODEL}")
    await allow(synced, max_completion_price=str(model["pricing"]["completion"]))
    asked = {"model": MODEL, **SAID}
    assert (await synced.ask("POST", "/v1/chat/completions", json=asked)).is_success
    refused = await synced.ask("POST", "/v1/chat/completions", json={**asked, "models": [DEAR]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "price_cap")


async def test_the_rules_are_settings(client: ConsoleClient) -> None:
    """Prices are exact, and null takes a cap away; the list stays as it was given."""
    shown = await allow(client, allowed_models=["a/*"], max_prompt_price="2.5", max_completion_price=0.1)
    assert shown["allowed_models"] == ["a/*"]
    assert (shown["max_prompt_price"], shown["max_completion_price"]) == (Decimal("2.5"), Decimal("0.1"))
    shown = await allow(client, max_prompt_price=None)
    assert (shown["max_prompt_price"], shown["max_completion_price"]) == (None, Decimal("0.1"))


@pytest.mark.parametrize(
    "body",
    [
        {"max_prompt_price": -1},
        {"max_prompt_price": "NaN"},
        {"max_prompt_price": "1e400"},
        {"max_prompt_price": "0.0000001"},
        {"max_prompt_price": True},
        {"allowed_models": "a/*"},
        {"allowed_models": ["a b"]},
        {"allowed_models": [""]},
        {"allowed_models": ["a"] * 501},
    ],
)
async def test_odd_rules_are_422(client: ConsoleClient, body: Json) -> None:
    assert (await client.ask("PATCH", "/api/settings", json=body)).status_code == 422


async def test_the_demo_costs_nothing(data: Path) -> None:
    """So that no cap keeps anybody from trying it; the list of models still counts."""
    async with console_app(data) as console:
        await allow(console.client, max_prompt_price="0")
        assert (await console.client.ask("POST", "/api/generations", json={"content": "hi"})).status_code == 201
        await allow(console.client, allowed_models=["nobody/*"])
        refused = await console.client.ask("POST", "/api/generations", json={"content": "hi"})
        assert refused.json()["error_code"] == "model_not_allowed"
