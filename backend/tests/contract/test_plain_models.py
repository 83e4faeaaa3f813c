"""`/models` as clients of the typed dialect know it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.schemas.plain_models import PlainSort
from app.schemas.typed import TypedChat
from app.services.catalog.plain_models import PARAMETERS
from emulator import Emulator
from emulator.models import CATALOGUE
from tests.contract.conformance import check_reply
from tests.harness import ConsoleClient, console_app, soon
from tests.services.raw_provider import Exchange, RawProvider
from tests.services.raw_provider import reply as raw_reply

SORTS = PlainSort.__args__  # type: ignore[attr-defined]
TEXT_MODELS = {model.id: model for model in CATALOGUE.models}


async def test_every_model_as_its_provider_lists_it(client: ConsoleClient) -> None:
    """Whole entries, prices as text per token; on the first call too, which waits for the list."""
    listed = await client.get("/models")
    assert {model["id"] for model in listed["models"]} == TEXT_MODELS.keys()
    model = next(model for model in listed["models"] if model["id"] == "anthropic/claude-sonnet-4.5")
    expected = TEXT_MODELS["anthropic/claude-sonnet-4.5"].as_json()
    assert model["pricing"] == {**expected["pricing"], "overrides": [*expected["pricing"]["overrides"]]}
    assert model["architecture"]["tokenizer"] == "Claude"
    assert model["top_provider"]["max_completion_tokens"] == 64_000
    assert listed["supported_parameters"]["function_calling"] == ["tools", "tool_choice", "parallel_tool_calls"]


async def test_the_parameter_groups_are_those_of_chat() -> None:
    """Each is a field of its request, or of the routing in it."""
    known = TypedChat.model_fields.keys()
    for name in (*PARAMETERS.routing, *PARAMETERS.behavior, *PARAMETERS.output, *PARAMETERS.function_calling):
        assert name in known, name
    assert set(PARAMETERS.reasoning) <= known


async def test_the_list_takes_the_names_of_the_search(client: ConsoleClient) -> None:
    """The same models under the same filters; without a page, all of them."""
    query = {"families": "gpt,claude", "max_price": "12.5", "sort": "pricing_low_to_high"}
    narrowed = await client.get("/models", **query)
    searched = await client.get("/models/search", **query)
    assert narrowed["models"] == searched["models"] != []
    assert narrowed["total_count"] == searched["total_count"]
    assert narrowed["filters_applied"] == searched["filters_applied"] | {"limit": None}
    assert "supported_parameters" in narrowed
    paged = await client.get("/models", **query, limit=2, offset=1)
    assert paged["models"] == narrowed["models"][1:3]
    assert paged["total_count"] == narrowed["total_count"]
    assert len((await client.get("/models"))["models"]) == len(TEXT_MODELS)
    assert (await client.ask("GET", "/models", params={"family": "gpt"})).status_code == 422


@pytest.mark.parametrize("path", ["/models/families", "/models/openai/gpt-4o-mini"])
async def test_no_query_is_ignored(client: ConsoleClient, path: str) -> None:
    """Whoever filters where nothing is filtered is told so, not given everything."""
    refused = await client.ask("GET", path, params={"families": "openai"})
    assert refused.status_code == 422
    assert "families" in refused.json()["detail"]


async def test_families(client: ConsoleClient) -> None:
    """Id, label and count; the count is that of a search for it."""
    families = (await client.get("/models/families"))["families"]
    assert [family["id"] for family in families] == sorted(family["id"] for family in families)
    labels = {family["id"]: family["label"] for family in families}
    assert labels["openai"] == "OpenAI (ChatGPT)"
    for family in families:
        assert (await client.get("/models/search", families=family["id"]))["total_count"] == family["count"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search_term": "claude haiku"}, {"anthropic/claude-haiku-4.5"}),
        ({"search_term": "writes and reasons"}, {"z-ai/glm-4.6"}),
        ({"families": "gpt", "max_price": "0.5"}, {"openai/gpt-4o-mini"}),
        ({"families": "gpt,claude", "min_price": "37"}, {"openai/o1-preview", "anthropic/claude-3-opus"}),
        (
            {"input_modalities": "video", "max_context_length": "1048576", "free_only": "false", "families": "mixtral"},
            set(),
        ),
        ({"free_only": "true"}, {"deepseek/deepseek-r1:free", "meta-llama/llama-3.3-70b-instruct:free"}),
        (
            {"toggleable_reasoning": "true", "families": "claude"},
            {"anthropic/claude-sonnet-4.5", "anthropic/claude-haiku-4.5"},
        ),
        ({"toggable_reasoning": "true", "families": "gpt"}, {"openai/gpt-5-mini"}),
        ({"supported_parameters": "logprobs,hide_reasoning", "families": "xai"}, {"x-ai/grok-4"}),
        ({"min_context_length": "1000000", "max_context_length": "1000000"}, {"anthropic/claude-sonnet-4.5"}),
        ({"output_modalities": "text", "families": "kimi"}, {"moonshotai/kimi-k2"}),
    ],
)
async def test_filters(client: ConsoleClient, query: dict[str, str], expected: set[str]) -> None:
    """All of them together; prices per million tokens, the mean of prompt and completion."""
    await client.post("/api/models/sync")
    found = await client.get("/models/search", **query)
    assert {model["id"] for model in found["models"]} == expected
    assert found["total_count"] == len(expected)


async def test_filters_and_order_are_told_back(client: ConsoleClient) -> None:
    """As they were understood, the page too; the total is that of all pages."""
    found = await client.get(
        "/models/search", families="gpt, claude", max_price="12.5", limit=2, offset=1, sort="pricing_low_to_high"
    )
    assert found["sort_applied"] == "pricing_low_to_high"
    applied = found["filters_applied"]
    assert (applied["families"], applied["max_price"]) == (["gpt", "claude"], Decimal("12.5"))
    assert (applied["limit"], applied["offset"], applied["search_term"], applied["free_only"]) == (2, 1, None, False)
    assert len(applied) == 14
    everything = await client.get("/models/search", families="gpt,claude", max_price="12.5", sort="pricing_low_to_high")
    ids = [model["id"] for model in everything["models"]]
    assert [model["id"] for model in found["models"]] == ids[1:3]
    assert found["total_count"] == everything["total_count"] == len(ids)


@pytest.mark.parametrize("sort", SORTS)
async def test_the_eight_orders(client: ConsoleClient, sort: str) -> None:
    """Each holds every model; newest is what comes without one."""
    found = await client.get("/models/search", sort=sort, limit=200)
    assert (found["sort_applied"], found["total_count"]) == (sort, len(TEXT_MODELS))
    assert {model["id"] for model in found["models"]} == TEXT_MODELS.keys()
    created = [model["created"] for model in (await client.get("/models/search"))["models"]]
    assert created == sorted(created, reverse=True)


def test_there_are_eight() -> None:
    assert len(SORTS) == 8


async def test_one_model(client: ConsoleClient) -> None:
    """Its own words, and what all, any and each of its providers take; bare and with a variant."""
    model = await client.get("/models/openai/gpt-4o-mini:floor")
    expected = TEXT_MODELS["openai/gpt-4o-mini"]
    assert (model["id"], model["name"], model["created"]) == (expected.id, expected.name, expected.created)
    assert model["pricing"] == expected.pricing
    assert model["architecture"]["input_modalities"] == ["text", "image", "file"]
    assert {endpoint["provider_name"] for endpoint in model["endpoints"]} == {"OpenAI", "Azure"}
    assert model["endpoints"][0]["pricing"]["prompt"] == "0.00000015"
    details = {name: set(taken) for name, taken in model["provider_parameter_details"].items()}
    assert details.keys() == {"OpenAI", "Azure"}
    assert set(model["provider_parameter_union"]) == set.union(*details.values())
    assert set(model["provider_parameter_intersection"]) == set.intersection(*details.values())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models/no/such-model", 404),
        ("/models/nothing", 404),
        ("/models/search?sort=oldest", 422),
        ("/models/search?limit=0", 422),
        ("/models/search?limit=201", 422),
        ("/models/search?offset=-1", 422),
        ("/models/search?min_price=nan", 422),
        ("/models/search?max_price=-1", 422),
        ("/models/search?no_such_filter=1", 422),
        ("/models/search?min_price=2&max_price=1", 422),
        ("/models?min_context_length=2&max_context_length=1", 422),
        ("/models/search?families=bogus", 422),
        ("/models?families=gpt,bogus", 422),
        ("/models/openai/gpt-4o-mini:free", 404),
        ("/models/openai/gpt-4o-mini:thinking", 404),
    ],
)
async def test_refusals_are_a_detail(client: ConsoleClient, path: str, status: int) -> None:
    """One sentence that says what is wrong."""
    reply = await client.ask("GET", path)
    assert reply.status_code == status
    assert reply.json().keys() == {"detail"}
    assert isinstance(reply.json()["detail"], str)


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        ("error=401", 502),
        ("error=429 retry_after=7", 429),
        ("error=503", 503),
        ("error=502 html", 503),
        ("error=504", 504),
    ],
)
async def test_a_provider_that_fails_before_there_is_a_list(
    data: Path, emulator: Emulator, scenario: str, status: int
) -> None:
    """Is told as what it is; once there is a list, it is served whatever the provider does."""
    emulator.set_scenario(scenario, "models")
    async with console_app(data, upstream=emulator.base_url) as console:
        console.client.http.event_hooks["response"].append(check_reply)
        for path in ("/models", "/models/families", "/models/search", "/models/openai/gpt-4o"):
            reply = await console.client.ask("GET", path)
            assert (reply.status_code, reply.json().keys()) == (status, {"detail"}), path
        assert reply.headers.get("retry-after") == ("7" if status == 429 else None)
        emulator.reset()
        await console.client.post("/api/models/sync")
        emulator.set_scenario(scenario, "models")
        emulator.set_scenario(scenario, "endpoints")
        detail: dict[str, Any] = await console.client.get("/models/openai/gpt-4o")
        assert (detail["endpoints"], detail["provider_parameter_intersection"]) == (None, None)
        assert "tools" in detail["provider_parameter_union"]
        assert (await console.client.get("/models/search"))["models"]


async def test_a_first_list_is_asked_for_once_by_many(data: Path) -> None:
    """Who comes while it is fetched gets the same failure, not a turn of their own."""
    asked, go = 0, asyncio.Event()

    async def play(exchange: Exchange) -> None:
        nonlocal asked
        asked += 1
        await go.wait()
        await exchange.send(raw_reply(b"{}", status="503 Service Unavailable"))

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        asking = [asyncio.create_task(console.client.ask("GET", "/models")) for _ in range(10)]

        async def arrived() -> None:
            while len(console.server.server_state.connections) <= len(asking):
                await console.client.get("/health")

        await soon(arrived())
        go.set()
        replies = await asyncio.gather(*asking)
    assert {reply.status_code for reply in replies} == {503}
    assert asked <= 3, "the console's own refresh, this one, and who came when it was over"
