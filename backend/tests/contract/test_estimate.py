"""What a message would cost, asked before it is sent: a range that holds, and no trace of the question."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from app.db.types import Conn
from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json, console_app

MODEL = "openai/gpt-4o-mini"


async def estimate(client: ConsoleClient, content: str = "Why is the sky blue?", **fields: object) -> Json:
    told: Json = await client.post("/api/estimate", {"content": content, "model": MODEL, **fields})
    return told


def rows(conn: Conn) -> dict[str, list[Json]]:
    tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {table["name"]: conn.execute(f'SELECT * FROM "{table["name"]}"').fetchall() for table in tables}  # noqa: S608


async def test_asking_leaves_no_trace(console: Console, synced: ConsoleClient, emulator: Emulator) -> None:
    """Nothing is stored, sent, or set aside."""
    await synced.post("/api/budgets", {"kind": "all", "period": "day", "limit_usd": 1})
    session = await synced.create_session()
    before, asked = await console.services.store.read(rows), len(emulator.requests)
    await estimate(synced)
    await estimate(synced, session_id=session["id"])
    assert await console.services.store.read(rows) == before
    assert len(emulator.requests) == asked


async def test_what_it_costs_is_within_the_range(synced: ConsoleClient) -> None:
    """Without any history the answer may have up to its limit; the model's own answers narrow that down."""
    first = await estimate(synced, max_tokens=500)
    assert (first["basis"]["completion"], first["basis"]["history_calls"]) == ("max_tokens", 0)
    assert first["completion_tokens"] == {"low": 1, "high": 500}
    for number in range(6):
        await synced.answer(f"[[tokens={40 + number}]] Why is the sky blue?", max_tokens=500)
        row = (await synced.every("/api/usage"))[0]
        assert first["cost_usd"]["low"] <= row["cost_usd"] <= first["cost_usd"]["high"]
    later = await estimate(synced, "[[tokens=42]] Why is the sky blue?", max_tokens=500)
    assert later["completion_tokens"] == {"low": 40, "high": 45}
    assert (later["basis"]["completion"], later["basis"]["history_calls"]) == ("history", 6)
    await synced.answer("[[tokens=42]] Why is the sky blue?", max_tokens=500)
    cost = (await synced.every("/api/usage"))[0]["cost_usd"]
    assert later["cost_usd"]["low"] <= cost <= later["cost_usd"]["high"] < first["cost_usd"]["high"]


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("google/gemini-2.5-flash-image", {"modalities": ["image", "text"]}),
        ("google/gemini-2.5-flash-image", {}),
        ("openai/gpt-audio", {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}),
    ],
)
async def test_a_picture_or_a_sound_is_within_the_range(synced: ConsoleClient, model: str, params: Json) -> None:
    told = await estimate(synced, "[[image]] Show me the sky.", model=model, max_tokens=500, **params)
    await synced.answer("[[image]] Show me the sky.", model=model, max_tokens=500, **params)
    cost = (await synced.every("/api/usage"))[0]["cost_usd"]
    assert told["cost_usd"]["low"] <= cost <= told["cost_usd"]["high"]


async def test_a_session_s_path_is_in_the_prompt(synced: ConsoleClient) -> None:
    """Its profile and model too; what is stored and waits can be asked for without any text."""
    profile = await synced.post("/api/profiles", {"name": "p", "system_prompt": "Be brief. " * 200, "model": MODEL})
    session = await synced.create_session(profile_id=profile["id"])
    alone = await estimate(synced)
    within = await estimate(synced, session_id=session["id"])
    assert within["prompt_tokens"] > alone["prompt_tokens"] + 300
    await synced.post_message(session["id"], "Why is the sky blue?")
    waiting = await synced.post("/api/estimate", {"session_id": session["id"]})
    assert (waiting["model"], waiting["prompt_tokens"]) == (MODEL, within["prompt_tokens"])


async def test_the_budgets_it_would_count_in(synced: ConsoleClient) -> None:
    """Each with what is left, and whether it would refuse: nothing is refused for being asked."""
    wide = await synced.post("/api/budgets", {"kind": "all", "period": "day", "limit_usd": 1})
    tight = await synced.post("/api/budgets", {"kind": "model", "of": MODEL, "period": "day", "limit_usd": 0})
    soft = await synced.post("/api/budgets", {"kind": "all", "period": "week", "limit_usd": 0, "hard": False})
    await synced.post("/api/budgets", {"kind": "purpose", "of": "embedding", "period": "day", "limit_usd": 0})
    told = await estimate(synced)
    assert [(one["id"], one["remaining_usd"], one["would_refuse"]) for one in told["budgets"]] == [
        (wide["id"], 1, False),
        (tight["id"], 0, True),
        (soft["id"], 0, False),
    ]


@pytest.mark.parametrize("fields", [{"preset": "mine"}, {"plugins": [{"id": "fusion"}]}, {"model": "openrouter/auto"}])
async def test_what_nobody_can_price_says_why(synced: ConsoleClient, fields: Json) -> None:
    told = await estimate(synced, **fields)
    assert told["cost_usd"] is None
    assert told["why_unknown"]
    assert told["prompt_tokens"] > 0


async def test_the_demo_costs_nothing(data: Path) -> None:
    async with console_app(data) as console:
        told = await estimate(console.client)
        assert (told["cost_usd"], told["why_unknown"]) == ({"low": Decimal(), "high": Decimal()}, None)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": "nobody/nothing"}, 404, "upstream_model_not_found"),
        ({"session_id": "none"}, 404, "not_found"),
        ({"profile_id": 999}, 404, "not_found"),
        ({"parent_id": "none"}, 404, "not_found"),
        ({"content": " "}, 422, "validation_failed"),
        ({"max_tokens": -1}, 422, "validation_failed"),
        ({"temperature": "NaN"}, 422, "validation_failed"),
        ({"no_such_field": 1}, 422, "validation_failed"),
        ({"parts": []}, 422, "validation_failed"),
    ],
)
async def test_odd_questions_are_refused(synced: ConsoleClient, fields: Json, status: int, code: str) -> None:
    reply = await synced.ask("POST", "/api/estimate", json={"content": "hi", "model": MODEL, **fields})
    assert (reply.status_code, reply.json()["error_code"]) == (status, code), reply.text


async def test_the_rules_of_the_settings_are_told(synced: ConsoleClient) -> None:
    await synced.ask("PATCH", "/api/settings", json={"allowed_models": ["anthropic/*"]})
    reply = await synced.ask("POST", "/api/estimate", json={"content": "hi", "model": MODEL})
    assert (reply.status_code, reply.json()["error_code"]) == (403, "model_not_allowed")
