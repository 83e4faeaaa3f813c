"""Every key of the ``provider`` object, variants, presets, and what is left when a filter leaves nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator
from emulator.models import CATALOGUE

from .wire import MODEL, ask, body_of

LLAMA = "meta-llama/llama-3.3-70b-instruct"
R1 = "deepseek/deepseek-r1"


async def provider_of(client: httpx.AsyncClient, model: str, routing: dict[str, Any], **fields: Any) -> str:
    response = await ask(client, body_of(model=model, provider=routing, **fields), "tokens=1")
    return str(response.json()["provider"]) if response.status_code == 200 else f"{response.status_code}"


CHOSEN: list[tuple[str, dict[str, Any], str]] = [
    (LLAMA, {}, "DeepInfra"),
    (LLAMA, {"sort": "throughput"}, "Groq"),
    (LLAMA, {"sort": "latency"}, "Groq"),
    (LLAMA, {"sort": "price"}, "DeepInfra"),
    (LLAMA, {"sort": {"by": "throughput", "partition": "none"}}, "Groq"),
    (LLAMA, {"sort": "throughput", "order": ["together"]}, "Together"),
    (LLAMA, {"order": ["deepinfra/turbo"]}, "DeepInfra"),
    (LLAMA, {"quantizations": ["fp16", "bf16"]}, "Together"),
    (LLAMA, {"quantizations": ["unknown"]}, "Groq"),
    (LLAMA, {"quantizations": ["int4"]}, "404"),
    (LLAMA, {"zdr": True}, "DeepInfra"),
    (LLAMA, {"max_price": {"prompt": 0.1, "completion": "0.32"}}, "DeepInfra"),
    (LLAMA, {"max_price": {"prompt": 0.09}}, "404"),
    (LLAMA, {"max_price": {"prompt": 1}, "ignore": ["DeepInfra"]}, "Groq"),
    (LLAMA, {"preferred_min_throughput": 10_000, "preferred_max_latency": {"p50": 0.001}}, "DeepInfra"),
    (R1, {"data_collection": "deny"}, "Novita"),
    (R1, {"data_collection": "deny", "only": ["deepseek"]}, "404"),
    (R1, {"zdr": True}, "404"),
    (MODEL, {"zdr": True}, "Azure"),
    (MODEL, {"enforce_distillable_text": True}, "404"),
    (R1, {"enforce_distillable_text": True}, "Novita"),
]


@pytest.mark.parametrize(("model", "routing", "provider"), CHOSEN)
async def test_each_key_filters_or_orders(
    client: httpx.AsyncClient, model: str, routing: dict[str, Any], provider: str
) -> None:
    """Hard filters may leave nobody; preferences never do."""
    assert await provider_of(client, model, routing) == provider


@pytest.mark.parametrize(
    ("routing", "code", "excluded_by"),
    [
        ({"only": ["nobody"]}, "constraint_filtered", "allowed_providers"),
        ({"max_price": {"prompt": 0}}, "constraint_filtered", "max_price"),
        ({"quantizations": ["int4"]}, "constraint_filtered", "quantization"),
        ({"require_parameters": True}, "constraint_filtered", "require_parameters"),
        ({"zdr": True}, "privacy_restricted", "data_policy:zdr"),
        ({"data_collection": "deny", "only": ["deepseek"]}, "privacy_restricted", "data_policy:training"),
    ],
)
async def test_a_filter_that_leaves_nobody_is_named(
    client: httpx.AsyncClient, emulator: Emulator, routing: dict[str, Any], code: str, excluded_by: str
) -> None:
    """404 with ``availability``: what excluded whom; nothing is billed."""
    response = await ask(client, body_of(model=R1, provider=routing, verbosity="low"))

    assert response.status_code == 404
    availability = response.json()["error"]["availability"]
    assert (availability["code"], availability["excluded_by"]) == (code, [excluded_by])
    assert availability["affected_providers"]
    assert availability["constraint"]["field"].startswith("provider.")
    assert emulator.ledger.rows == []


async def test_required_parameters_are_looked_up_per_endpoint(client: httpx.AsyncClient) -> None:
    """Two companies serve one model, and one of them knows less."""
    needing = {"logit_bias": {"1": 5}}

    assert await provider_of(client, LLAMA, {"sort": "latency"}, **needing) == "Groq"
    assert await provider_of(client, LLAMA, {"sort": "latency", "require_parameters": True}, **needing) == "DeepInfra"


async def test_a_schema_prefers_who_can_hold_to_it(client: httpx.AsyncClient) -> None:
    """Those without support come last, and are still there."""
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}

    assert await provider_of(client, "moonshotai/kimi-k2", {}) == "Novita"
    assert await provider_of(client, "moonshotai/kimi-k2", {}, response_format=wanted) == "Together"
    assert await provider_of(client, "moonshotai/kimi-k2", {"only": ["novita"]}, response_format=wanted) == "Novita"


async def test_a_dearer_endpoint_bills_its_own_price(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The ledger follows the company that served, not the list."""
    body = body_of(model=LLAMA, provider={"only": ["groq"]})
    await ask(client, body, "tokens=10")

    (row,) = emulator.ledger.rows
    listed = row.prompt_tokens * Decimal("0.0000001") + 10 * Decimal("0.00000032")
    assert row.cost_usd == listed * Decimal("1.75")


@pytest.mark.parametrize(
    ("variant", "provider"),
    [("nitro", "Groq"), ("floor", "DeepInfra"), ("exacto", "DeepInfra"), ("nitro:online", "Groq")],
)
async def test_variants_route(client: httpx.AsyncClient, variant: str, provider: str) -> None:
    """The fastest, the cheapest; several may stand together."""
    assert await provider_of(client, f"{LLAMA}:{variant}", {}) == provider


@pytest.mark.parametrize(
    "routing",
    [
        {"sort": "speed"},
        {"sort": {"by": "speed"}},
        {"data_collection": "maybe"},
        {"quantizations": ["fp7"]},
        {"max_price": {"prompt": "cheap"}},
        {"zdr": "yes"},
        {"only": "openai"},
    ],
)
async def test_a_malformed_provider_object_is_400(client: httpx.AsyncClient, routing: dict[str, Any]) -> None:
    """Not silently dropped."""
    assert await provider_of(client, MODEL, routing) == "400"


async def test_a_preset_is_saved_named_and_overridden(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Field by field; its system message comes first and its tools are united with the request's."""
    tool = {"type": "function", "function": {"name": "look_up"}}
    own = {"type": "function", "function": {"name": "own"}}
    saved = {
        "model": "openai/gpt-4o",
        "max_tokens": 3,
        "tools": [tool],
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "left out"}],
    }
    assert (await client.post("/presets/short/chat/completions", json=saved)).status_code == 200

    by_model = await ask(client, body_of(model="@preset/short"), "text=one%20two%20three%20four")
    by_field = await ask(client, body_of(preset="short"))
    beside = await ask(client, body_of(model=f"{MODEL}@preset/short", max_tokens=1))
    tools = await ask(client, body_of(preset="@preset/short", tools=[own], tool_choice="required"), "tool_calls=2")
    nobodys = await ask(client, body_of(preset="none"), "tokens=5")

    assert by_model.json()["model"] == "openai/gpt-4o-2024-08-06"
    assert by_model.json()["choices"][0]["finish_reason"] == "length"
    assert by_field.json()["usage"]["completion_tokens"] == 3
    assert (beside.json()["model"], beside.json()["usage"]["completion_tokens"]) == ("openai/gpt-4o-mini-2024-07-18", 1)
    called = tools.json()["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in called] == ["look_up", "own"]
    assert nobodys.json()["usage"]["completion_tokens"] == 5
    prompts = [row.prompt_tokens for row in emulator.ledger.rows]
    assert prompts[0] > prompts[-1]


def test_an_alias_leads_to_a_model() -> None:
    """With its variants."""
    assert CATALOGUE.resolve("~openai/gpt-latest:nitro").id == "openai/gpt-5"
