"""Calls that are not streamed."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator, ManualClock

from .conftest import client_of
from .wire import ask, body_of, stream


async def test_json_stands_behind_whitespace_and_matches_the_stream(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """The same question has the same answer and the same price either way."""
    response = await ask(client, body_of("Why?"))
    streamed = await stream(client, "Why?")

    assert response.content.startswith(b"\n         \n")
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    (choice,) = body["choices"]
    assert body["object"] == "chat.completion"
    assert choice["message"]["content"] == streamed.text
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "completed")
    assert body["usage"] == streamed.usages[0]
    assert [row.streamed for row in emulator.ledger.rows] == [False, True]


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("openai/gpt-5-mini", ["reasoning.summary", "reasoning.encrypted"]),
        ("x-ai/grok-4", ["reasoning.summary", "reasoning.encrypted"]),
        ("deepseek/deepseek-r1", ["reasoning.text"]),
        ("google/gemini-2.5-pro", ["reasoning.text", "reasoning.encrypted"]),
    ],
)
async def test_reasoning_comes_whole(client: httpx.AsyncClient, model: str, kinds: list[str]) -> None:
    """One readable detail, then the opaque one of those families that have it."""
    message = (await ask(client, body_of(model=model))).json()["choices"][0]["message"]

    assert [detail["type"] for detail in message["reasoning_details"]] == kinds
    first = message["reasoning_details"][0]
    assert first.get("text", first.get("summary")) == message["reasoning"]


async def test_a_claude_block_holds_text_and_signature_together(client: httpx.AsyncClient) -> None:
    """Sent back as it came, it is accepted."""
    body = body_of(model="anthropic/claude-haiku-4.5", reasoning={"enabled": True})
    message = (await ask(client, body)).json()["choices"][0]["message"]

    (detail,) = message["reasoning_details"]
    assert detail["text"]
    assert detail["signature"]
    again = await ask(client, {**body, "messages": [*body["messages"], message, *body["messages"]]})
    assert again.status_code == 200


async def test_an_error_arrives_in_a_200_body_and_is_free(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """At the top level, or inside the choice."""
    bare = await ask(client, body_of(), "mid_stream_error")
    inside = await ask(client, body_of(), "mid_stream_error form=choice")

    assert (bare.status_code, inside.status_code) == (200, 200)
    assert bare.json()["error"]["code"] == 502
    assert "choices" not in bare.json()
    (choice,) = inside.json()["choices"]
    assert (choice["finish_reason"], choice["error"]["code"]) == ("error", 502)
    assert emulator.ledger.total_usd == Decimal(0)


@pytest.mark.parametrize("form", ["json", "html", "bytes"])
async def test_a_body_may_be_no_json(client: httpx.AsyncClient, form: str) -> None:
    """Cut JSON, an edge page, raw bytes."""
    response = await ask(client, body_of(), f"garbage form={form}")

    assert response.status_code == 200
    with pytest.raises(ValueError):
        json.loads(response.content)


@pytest.mark.parametrize("form", ["null_choices", "nested"])
async def test_a_body_may_have_no_choices(client: httpx.AsyncClient, form: str) -> None:
    """Null, or nested under ``provider``."""
    body: dict[str, Any] = (await ask(client, body_of(), f"garbage form={form}")).json()

    assert body["choices"] is None
    assert isinstance(body["provider"], dict) is (form == "nested")


async def test_usage_may_be_missing_or_null(client: httpx.AsyncClient) -> None:
    """The key is absent, or there without a value."""
    missing = (await ask(client, body_of(), "missing_usage")).json()
    null = (await ask(client, body_of(), "usage_form=null")).json()

    assert "usage" not in missing
    assert null["usage"] is None


async def test_a_body_may_be_cut_off(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Properly ended, closed or reset in the middle; the call was made and is billed."""
    half = await ask(client, body_of(), "drop")
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(client, body_of(), "drop form=fin")
    with pytest.raises(httpx.ReadError):
        await ask(client, body_of(), "reset")

    with pytest.raises(ValueError):
        half.json()
    assert [row.status for row in emulator.ledger.rows] == ["completed"] * 3
    assert all(row.cost_usd > 0 for row in emulator.ledger.rows)


async def test_a_plain_call_takes_as_long_as_its_stream_would(clock: ManualClock) -> None:
    """Latency, then all tokens at the rate, then a stall."""
    scenario = "latency=500; rate=10; tokens=20; stall ms=1000; hold=250"
    async with Emulator(clock=clock, scenario=scenario) as emulator, client_of(emulator) as client:
        start_s = clock.monotonic()
        asking = asyncio.create_task(ask(client, body_of()))
        for step_s in (0.25, 2.5, 1.0):
            await clock.slept_on()
            clock.advance(step_s)
        assert (await asking).status_code == 200

    assert clock.monotonic() - start_s == 3.75
    assert emulator.ledger.rows[0].duration_ms == 3500
