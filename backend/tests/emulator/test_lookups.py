"""The routes that only read, and what they must agree on with the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator

from .conftest import client_of
from .wire import ask, body_of, stream


async def models_of(client: httpx.AsyncClient, **query: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in (await client.get("/models", params=query)).json()["data"]}


async def test_the_catalogue_is_open_and_cacheable(emulator: Emulator) -> None:
    """No key needed; at least twenty models with string prices."""
    async with httpx.AsyncClient(base_url=emulator.base_url) as client:
        response = await client.get("/models")

    rows = response.json()["data"]
    assert "max-age=300" in response.headers["Cache-Control"]
    assert len(rows) >= 20
    assert all(isinstance(row["pricing"][key], str) for row in rows for key in ("prompt", "completion"))
    assert all(Decimal(row["pricing"]["prompt"]).is_finite() for row in rows)


async def test_the_catalogue_holds_the_odd_shapes(client: httpx.AsyncClient) -> None:
    """A router without price, a free model, null and empty defaults, a smaller provider context, an exponent."""
    models = await models_of(client)

    assert models["openrouter/auto"]["pricing"] == {"prompt": "-1", "completion": "-1"}
    assert models["deepseek/deepseek-r1:free"]["pricing"]["prompt"] == "0"
    assert models["openrouter/auto"]["default_parameters"] is None
    assert models["openai/gpt-5"]["default_parameters"] == {}
    r1 = models["deepseek/deepseek-r1"]
    assert r1["top_provider"]["context_length"] < r1["context_length"]
    assert "e-" in models["meta-llama/llama-3.3-70b-instruct"]["pricing"]["completion"]
    assert models["anthropic/claude-sonnet-4.5"]["pricing"]["overrides"][0]["min_prompt_tokens"] == 200_000
    assert models["deepseek/deepseek-r1"]["reasoning"]["mandatory"] is True
    assert "reasoning" not in models["openai/gpt-4o"]


async def test_the_catalogue_can_be_paged_and_filtered(client: httpx.AsyncClient) -> None:
    """Whole without paging; a bad offset is 400."""
    whole = list(await models_of(client))
    page = list(await models_of(client, offset="2", limit="3"))
    rest = list(await models_of(client, offset="5"))
    with_tools = await models_of(client, supported_parameters="tools,seed")

    assert page == whole[2:5]
    assert rest == whole[5:]
    assert 0 < len(with_tools) < len(whole)
    assert (await client.get("/models?offset=-1")).status_code == 400


FILTERS: list[tuple[dict[str, str], set[str], set[str]]] = [
    ({"q": "GPT-4O MINI"}, {"openai/gpt-4o-mini"}, {"openai/gpt-4o"}),
    ({"input_modalities": "audio"}, {"google/gemini-2.5-pro"}, {"openai/gpt-4o"}),
    ({"output_modalities": "image"}, {"google/gemini-2.5-flash-image"}, {"openai/gpt-4o"}),
    ({"output_modalities": "embeddings"}, {"openai/text-embedding-3-small"}, {"openai/gpt-4o"}),
    ({"output_modalities": "all"}, {"openai/text-embedding-3-small", "openai/gpt-4o"}, set()),
    ({"context": "1000000"}, {"google/gemini-2.5-pro"}, {"openai/gpt-4o"}),
    ({"max_price": "0"}, {"deepseek/deepseek-r1:free"}, {"openai/gpt-4o-mini", "openrouter/auto"}),
    ({"min_price": "2.5", "max_price": "2.5"}, {"openai/gpt-4o"}, {"openai/gpt-4o-mini", "openai/gpt-5"}),
    ({"min_output_price": "60"}, {"openai/o1-preview", "anthropic/claude-3-opus"}, {"openai/gpt-4o"}),
    ({"max_output_price": "0.6"}, {"openai/gpt-4o-mini"}, {"openai/gpt-4o"}),
    ({"arch": "Claude,Grok"}, {"x-ai/grok-4", "anthropic/claude-3-opus"}, {"openai/gpt-4o"}),
    ({"model_authors": "openai"}, {"openai/gpt-4o"}, {"x-ai/grok-4"}),
    ({"providers": "azure"}, {"openai/gpt-4o"}, {"openai/o3"}),
    ({"zdr": "true"}, {"openai/gpt-4o"}, {"openai/o3"}),
    ({"distillable": "true"}, {"moonshotai/kimi-k2"}, {"openai/gpt-4o"}),
    ({"unknown": "x"}, {"openai/gpt-4o"}, set()),
]


@pytest.mark.parametrize(("query", "there", "gone"), FILTERS)
async def test_filters_narrow_the_list(
    client: httpx.AsyncClient, query: dict[str, str], there: set[str], gone: set[str]
) -> None:
    """Prices per million tokens; a router's price is no price; unknown filters change nothing."""
    found = set(await models_of(client, **query))

    assert there <= found
    assert not gone & found
    assert (await client.get("/models/count", params=query)).json()["data"]["count"] == len(found)


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("newest", lambda row: -row["created"]),
        ("context-high-to-low", lambda row: -row["context_length"]),
        ("pricing-low-to-high", lambda row: Decimal(row["pricing"]["prompt"])),
        ("pricing-high-to-low", lambda row: -Decimal(row["pricing"]["prompt"])),
    ],
)
async def test_the_list_can_be_sorted(client: httpx.AsyncClient, order: str, key: Any) -> None:
    """Nothing is lost by it."""
    rows = list((await models_of(client, sort=order)).values())

    assert rows == sorted(rows, key=key)
    assert len(rows) == len(await models_of(client))


async def test_pages_lead_to_the_next(client: httpx.AsyncClient) -> None:
    """``links.next`` keeps the filter, and is null on the last page."""
    whole = list(await models_of(client, model_authors="openai"))
    path, seen = "/models?model_authors=openai&limit=3", []
    while path:
        page = (await client.get(path)).json()
        assert page["total_count"] == len(whole)
        seen += [row["id"] for row in page["data"]]
        path = (page["links"]["next"] or "").removeprefix("/api/v1")

    assert seen == whole


@pytest.mark.parametrize(
    "query", ["sort=best", "limit=0", "limit=1001", "offset=x", "min_price=cheap", "max_price=nan", "context=-"]
)
async def test_a_query_that_cannot_be_is_400(client: httpx.AsyncClient, query: str) -> None:
    """Named in the message."""
    response = await client.get(f"/models?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["error"]["message"]


async def test_the_other_lists(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The account's models need a key; one model by variant or alias; who serves; who keeps nothing."""
    embeddings = (await client.get("/embeddings/models")).json()["data"]
    one = (await client.get("/model/~openai/gpt-latest:online")).json()["data"]
    companies = {row["slug"]: row["name"] for row in (await client.get("/providers")).json()["data"]}
    zdr = {row["provider_name"] for row in (await client.get("/endpoints/zdr")).json()["data"]}
    own = (await client.get("/models/user")).json()
    async with httpx.AsyncClient(base_url=emulator.base_url) as stranger:
        refused = await stranger.get("/models/user")
        unmeasured = (await stranger.get("/models/openai/gpt-4o/endpoints")).json()["data"]["endpoints"]
    measured = (await client.get("/models/openai/gpt-4o/endpoints")).json()["data"]["endpoints"]

    assert {row["architecture"]["output_modalities"][0] for row in embeddings} == {"embeddings"}
    assert one["id"] == "openai/gpt-5"
    assert companies["amazon-bedrock"] == "Amazon Bedrock"
    assert "Azure" in zdr
    assert "OpenAI" not in zdr
    assert own["data"] == list((await models_of(client)).values())
    assert refused.status_code == 401
    assert (await client.get("/model/openai/none")).status_code == 404
    assert unmeasured[0]["latency_last_30m"] is None
    assert measured[0]["latency_last_30m"]["p50"] < measured[0]["latency_last_30m"]["p99"]
    assert measured[0]["throughput_last_30m"]["p50"] > measured[0]["throughput_last_30m"]["p99"]


async def test_endpoints_differ_in_price_and_parameters(client: httpx.AsyncClient) -> None:
    """A client can tell what all of them know from what one of them knows."""
    data = (await client.get("/models/meta-llama/llama-3.3-70b-instruct/endpoints")).json()["data"]
    known = {row["provider_name"]: set(row["supported_parameters"]) for row in data["endpoints"]}
    prices = {row["provider_name"]: Decimal(row["pricing"]["prompt"]) for row in data["endpoints"]}

    assert known["DeepInfra"] - known["Groq"] == {"logit_bias"}
    assert prices["DeepInfra"] < prices["Groq"] < prices["Together"]


SEED_MODELS = (
    "anthropic/claude-3-opus", "anthropic/claude-3.5-sonnet", "deepseek/deepseek-r1",
    "deepseek/deepseek-r1-distill-llama-70b", "openai/gpt-4o", "openai/gpt-4o-mini", "openai/o1-mini",
    "openai/o1-preview", "openai/o3", "openai/o3-mini", "openrouter/auto", "qwen/qwen3-next-80b-a3b-thinking",
    "qwen/qwq-32b-preview",
)  # fmt: skip


@pytest.mark.parametrize("model", SEED_MODELS)
async def test_the_models_that_documents_name_answer(client: httpx.AsyncClient, model: str) -> None:
    """An example that is copied from a document works."""
    assert model in await models_of(client)
    assert (await ask(client, body_of(model=model), "tokens=1")).status_code == 200


async def test_endpoints_tell_who_serves_a_model(client: httpx.AsyncClient) -> None:
    """Free variants have their own; unknown models are 404."""
    data = (await client.get("/models/openai/gpt-4o-mini/endpoints")).json()["data"]
    free = (await client.get("/models/deepseek/deepseek-r1:free/endpoints")).json()["data"]

    assert [endpoint["provider_name"] for endpoint in data["endpoints"]] == ["OpenAI", "Azure"]
    assert data["endpoints"][0]["pricing"]["discount"] == 0
    assert free["endpoints"][0]["tag"] == "chutes/bf16"
    assert (await client.get("/models/openai/none/endpoints")).status_code == 404


async def test_a_generation_is_unknown_at_first_and_then_agrees_with_the_usage(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """One 404 by default, as many as the call's scenario says otherwise."""
    usage = (await ask(client, body_of(), "misses=2; tokens=9")).json()["usage"]
    generation_id = emulator.ledger.rows[0].id
    lookups = [await client.get("/generation", params={"id": generation_id}) for _ in range(3)]

    assert [response.status_code for response in lookups] == [404, 404, 200]
    data = lookups[-1].json()["data"]
    assert data["id"] == generation_id
    assert data["total_cost"] == data["usage"] == usage["cost"]
    assert (data["native_tokens_prompt"], data["native_tokens_completion"]) == (usage["prompt_tokens"], 9)
    assert (data["streamed"], data["cancelled"], data["finish_reason"]) == (False, False, "stop")
    assert data["created_at"].endswith("+00:00")


async def test_a_cancelled_generation_says_so_and_has_its_cost(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """This is where a client learns what an aborted stream cost."""
    scenario = {"X-Emulator-Scenario": "misses=0; stall after=3"}
    body = body_of(stream=True)
    async with client.stream("POST", "/chat/completions", json=body, headers=scenario) as response:
        await emulator.until(lambda running: running.stalled == 1)
        running = await client.get("/generation", params={"id": response.headers["X-Generation-Id"]})
    await emulator.settled()
    data = (await client.get("/generation", params={"id": emulator.ledger.rows[0].id})).json()["data"]

    assert running.status_code == 404
    assert (data["cancelled"], data["native_tokens_completion"]) == (True, 3)
    assert Decimal(str(data["total_cost"])) == emulator.ledger.total_usd


async def test_own_keys_show_the_upstream_cost(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """BYOK: nothing charged here."""
    await ask(client, body_of(), "byok; misses=0")
    data = (await client.get("/generation", params={"id": emulator.ledger.rows[0].id})).json()["data"]

    assert (data["is_byok"], data["total_cost"]) == (True, 0)
    assert data["upstream_inference_cost"] > 0


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?id=", 400), ("?id=gen-1", 404)])
async def test_a_generation_that_never_was(client: httpx.AsyncClient, query: str, status: int) -> None:
    """No id is 400, an unknown one 404."""
    assert (await client.get(f"/generation{query}")).status_code == status


async def test_key_and_credits_follow_the_spend(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """What is left is what was bought less the ledger's total."""
    await stream(client)
    key = (await client.get("/key")).json()["data"]
    account = (await client.get("/credits")).json()["data"]

    assert Decimal(str(key["usage"])) == emulator.ledger.total_usd
    assert Decimal(str(key["limit_remaining"])) == 1000 - emulator.ledger.total_usd
    assert account == {"total_credits": 1000, "total_usage": key["usage"]}


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("models", "/models"),
        ("endpoints", "/models/openai/gpt-4o/endpoints"),
        ("generation", "/generation?id=x"),
        ("key", "/key"),
        ("credits", "/credits"),
    ],
)
async def test_each_reading_route_can_be_made_to_fail(
    client: httpx.AsyncClient, emulator: Emulator, endpoint: str, path: str
) -> None:
    """By the name of the endpoint; chat is not touched."""
    emulator.set_scenario("hold=1; error=503 retry_after=2", endpoint)
    refused = await client.get(path)
    emulator.set_scenario("error=502 html", endpoint)
    page = await client.get(path)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert (page.status_code, page.text[:9]) == (502, "<!DOCTYPE")
    assert (await ask(client, body_of())).status_code == 200


async def test_models_need_no_key_but_generation_does() -> None:
    """Only the catalogue is public."""
    async with Emulator() as emulator, client_of(emulator) as client:
        client.headers.pop("Authorization")
        assert (await client.get("/models/openai/gpt-4o/endpoints")).status_code == 200
        assert (await client.get("/key")).status_code == 401
