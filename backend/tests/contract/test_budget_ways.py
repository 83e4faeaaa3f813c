"""Ways around a hard budget: a model's other names, and doors that belong to no session before they are stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.repo import budgets
from emulator import Emulator
from tests.harness import QUICK, ConsoleClient, Json, console_app, soon

MODEL = "openai/gpt-4o-mini"
SAID: Json = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "model": MODEL}


async def budget(client: ConsoleClient, **fields: Any) -> Json:
    made: Json = await client.post("/api/budgets", {"kind": "all", "period": "day", **fields})
    return made


@pytest.mark.parametrize(
    "fields",
    [
        {"model": f"{MODEL}-2024-07-18"},
        {"model": f"{MODEL}-2024-07-18:floor"},
        {"model": f"{MODEL}-2024-07-18:free"},
        {"model": "openai/gpt-4o", "models": [f"{MODEL}-2024-07-18"]},
        {"model": "openai/gpt-4o", "models": [f"{MODEL}:floor"]},
        {"model": "openai/gpt-4o", "models": ["openrouter/auto"]},
        {"model": "openai/gpt-4o", "preset": "mine"},
        {"model": "openai/gpt-4o", "plugins": [{"id": "fusion"}]},
        {"model": "openrouter/auto"},
        {"model": "@preset/mine"},
        {"model": "openai/gpt-4o@preset/mine"},
        {"model": "~openai/gpt-latest"},
    ],
)
async def test_no_other_name_passes_the_budget_of_a_model(
    synced: ConsoleClient, emulator: Emulator, fields: Json
) -> None:
    """Dated names are the same model; what may choose it is not paid, as the forecast says. A soft one lets through."""
    made = await budget(synced, kind="model", of=f"{MODEL}-2024-07-18", limit_usd=0)
    assert made["of"] == MODEL
    said = {**SAID, **fields}
    asked = {"content": "hi", "max_tokens": 5, **fields}
    refused = await synced.ask("POST", "/v1/chat/completions", json=said)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "budget_exceeded"), refused.text
    refused = await synced.ask("POST", "/api/generations", json=asked)
    assert (refused.status_code, refused.json()["details"]["budget_id"]) == (403, made["id"]), refused.text
    forecast = await synced.post("/api/estimate", asked)
    assert [(each["id"], each["would_refuse"]) for each in forecast["budgets"]] == [(made["id"], True)]
    assert emulator.ledger.rows == []
    await synced.ask("PATCH", f"/api/budgets/{made['id']}", json={"hard": False})
    assert (await synced.ask("POST", "/v1/chat/completions", json=said)).status_code != 403


async def test_a_budget_counts_each_name_of_its_model(synced: ConsoleClient, emulator: Emulator) -> None:
    """When it is kept and when it is made from the rows; other models of its maker are not its."""
    await budget(synced, kind="model", of=MODEL, limit_usd=5)
    for model in (f"{MODEL}-2024-07-18", MODEL, f"{MODEL}:floor"):
        await synced.answer("hi", model=model, max_tokens=5)
    cost = emulator.ledger.total_usd
    await synced.answer("hi", model="openai/gpt-4o-2024-08-06", max_tokens=5)
    await synced.answer("hi", model="~anthropic/claude-sonnet-latest", max_tokens=5)
    again = await budget(synced, kind="model", of=MODEL, limit_usd=6, hard=False)
    assert (await synced.get("/api/budgets"))["items"][0]["spent_usd"] == again["spent_usd"] == cost > 0


async def test_a_session_pays_no_more_than_it_has_through_a_door(synced: ConsoleClient, emulator: Emulator) -> None:
    """What its follow-ups name no limit for is bounded as for any hard budget: what is held is enough."""
    said = [{"role": "user", "content": "[[tokens=8000]] Go on."}]
    first = await synced.post("/v1/chat/completions", {"model": MODEL, "messages": said, "max_tokens": 5})
    row = (await synced.every("/api/usage"))[0]
    made = await budget(synced, kind="session", of=row["session_id"], limit_usd="0.008")
    said += [first["choices"][0]["message"], {"role": "user", "content": "[[tokens=8000]] More."}]
    asking = [synced.ask("POST", "/v1/chat/completions", json={"model": MODEL, "messages": said}) for _ in range(10)]
    replies = await asyncio.gather(*asking)
    assert {reply.status_code for reply in replies} == {200, 403}
    (shown,) = (await synced.get("/api/budgets"))["items"]
    assert shown["id"] == made["id"]
    assert 0 < shown["spent_usd"] <= made["limit_usd"]
    rows = await synced.every("/api/usage")
    assert all(row["cost_usd"] <= row["reserved_usd"] for row in rows)


async def test_what_is_reserved_is_the_most_without_a_budget_too(synced: ConsoleClient) -> None:
    """A client that names no limit may get all that the model can write."""
    said = [{"role": "user", "content": "[[tokens=9000]] Go on."}]
    whole = await synced.post("/v1/chat/completions", {"model": MODEL, "messages": said})
    assert whole["usage"]["completion_tokens"] == 9000
    row = (await synced.every("/api/usage"))[0]
    assert row["cost_usd"] <= row["reserved_usd"] < 1


async def test_sums_of_another_zone_are_made_though_every_call_is_refused(data: Path, emulator: Emulator) -> None:
    """A refused call keeps nothing; without this each would add the period's rows up again. Nobody listens."""
    pace = replace(QUICK, budgets_watched_every_s=0.01)
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        await budget(console.client, limit_usd=0)
        await console.client.ask("PATCH", "/api/settings", json={"time_zone": "Asia/Kathmandu"})
        refused = await console.client.ask("POST", "/v1/chat/completions", json=SAID)
        assert refused.status_code == 403

        async def kept() -> None:
            while (await console.services.store.read(budgets.every))[0]["zone"] != "Asia/Kathmandu":
                pass

        await soon(kept())
