"""The catalogue through the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from emulator import Emulator
from emulator.models import CATALOGUE
from tests.harness import ConsoleClient


async def test_a_sync_tells_how_many_there_are(client: ConsoleClient) -> None:
    """And then they are listed, by id."""
    assert await client.post("/api/models/sync") == {"synced": len(CATALOGUE.models)}
    listed = await client.every("/api/models")
    assert [model["id"] for model in listed] == sorted(model.id for model in CATALOGUE.models)


async def test_a_model_has_every_field_of_the_contract(client: ConsoleClient) -> None:
    """Prices per million tokens, the seed's per token beside them, all exact."""
    await client.post("/api/models/sync")
    model = await client.get("/api/models/openai/gpt-4o-mini")
    assert model["openrouter_id"] == model["id"] == "openai/gpt-4o-mini"
    assert (model["context_length"], model["max_output_tokens"]) == (128_000, 16_384)
    assert model["pricing"]["prompt"] == Decimal("0.15")
    assert model["pricing"]["completion"] == Decimal("0.6")
    assert model["pricing_prompt"] == Decimal("0.00000015")
    assert model["pricing_completion"] == Decimal("0.0000006")
    assert "text" in model["modalities"]["input"]
    assert (model["family"], model["is_reasoning"], model["removed_at"]) == ("openai", False, None)
    assert "temperature" in model["supported_parameters"]


async def test_a_variable_price_is_null_and_not_negative(client: ConsoleClient) -> None:
    """ "-1" means that it depends."""
    await client.post("/api/models/sync")
    pricing = (await client.get("/api/models/openrouter/auto"))["pricing"]
    assert (pricing["prompt"], pricing["completion"]) == (None, None)


async def test_variants_are_models_of_their_own(client: ConsoleClient) -> None:
    """The slug is a path of any depth."""
    await client.post("/api/models/sync")
    model = await client.get("/api/models/deepseek/deepseek-r1:free")
    assert (model["pricing"]["prompt"], model["is_reasoning"]) == (0, True)
    for slug in ("nope", "openai/nope", "openai", "openai/gpt-4o-mini/x", "%00", "..%2f..", "a" * 200):
        reply = await client.ask("GET", f"/api/models/{slug}")
        assert (reply.status_code, reply.json()["error_code"]) in {(404, "not_found"), (422, "validation_failed")}, slug


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"text": "GPT-4O"}, {"openai/gpt-4o", "openai/gpt-4o-mini"}),
        ({"text": "%"}, set()),
        ({"text": "4o_"}, set()),
        ({"free": "true"}, {"deepseek/deepseek-r1:free", "meta-llama/llama-3.3-70b-instruct:free"}),
        (
            {"text": "deepseek", "free": "false", "min_context": "131072"},
            {"deepseek/deepseek-r1-distill-llama-70b", "deepseek/deepseek-r1"},
        ),
        ({"reasoning": "false", "text": "gpt-4"}, {"openai/gpt-4o", "openai/gpt-4o-mini"}),
    ],
)
async def test_filters_narrow_the_list_and_its_total(
    client: ConsoleClient, query: dict[str, str], expected: set[str]
) -> None:
    """Text is taken literally."""
    await client.post("/api/models/sync")
    page = await client.get("/api/models", count=1, **query)
    assert {model["id"] for model in page["items"]} == expected
    assert page["total"] == len(expected)


async def test_the_list_pages_by_cursor(client: ConsoleClient) -> None:
    """None twice, none left out."""
    await client.post("/api/models/sync")
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.get("/api/models", limit=10, **cursor)
        ids += [model["id"] for model in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert ids == sorted(model.id for model in CATALOGUE.models)


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("error=401", 502, "upstream_bad_key"),
        ("error=429 retry_after=9", 429, "upstream_rate_limited"),
        ("error=503", 503, "upstream_unavailable"),
        ("error=502 html", 503, "upstream_unavailable"),
        ("error=504", 504, "upstream_timeout"),
    ],
)
async def test_a_sync_that_fails_changes_nothing(
    client: ConsoleClient, emulator: Emulator, scenario: str, status: int, code: str
) -> None:
    """The error is typed, and the models of the last sync are still there."""
    await client.post("/api/models/sync")
    before = await client.every("/api/models")
    emulator.set_scenario(scenario, "models")
    reply = await client.ask("POST", "/api/models/sync")
    assert (reply.status_code, reply.json()["error_code"]) == (status, code)
    assert reply.headers.get("retry-after") == ("9" if "retry_after" in scenario else None)
    assert await client.every("/api/models") == before


async def test_a_sync_is_told_step_by_step(client: ConsoleClient, emulator: Emulator) -> None:
    """As a stream of rare events, ended by `done`, or by `error` in the usual shape."""
    asked = {"headers": {"Accept": "text/event-stream"}}
    reply = await client.ask("POST", "/api/models/sync", **asked)
    assert reply.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in reply.text.splitlines() if line.startswith(("event", "data"))]
    assert lines == [
        "event: progress",
        'data: {"phase":"fetching","models":null}',
        "event: progress",
        f'data: {{"phase":"storing","models":{len(CATALOGUE.models)}}}',
        "event: progress",
        f'data: {{"phase":"done","models":{len(CATALOGUE.models)}}}',
        "event: done",
        "data: {}",
    ]
    emulator.set_scenario("error=503", "models")
    failed = await client.ask("POST", "/api/models/sync", **asked)
    assert "event: error" in failed.text
    assert '"error_code":"upstream_unavailable"' in failed.text
    assert "event: done" not in failed.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"families": "claude,x-ai"}, {"anthropic", "x-ai"}),
        ({"families": "llama", "free": "true"}, {"meta-llama"}),
        ({"families": "jamba"}, set()),
        ({"input_modalities": "audio,video"}, {"google"}),
        ({"supported_parameters": "logprobs", "reasoning": "true"}, {"openrouter", "x-ai"}),
        ({"max_price": "0.05", "free": "false"}, set()),
        ({"min_price": "40"}, {"anthropic"}),
        ({"min_context": "1000000", "max_context": "1000000"}, {"anthropic"}),
        ({"toggleable_reasoning": "true", "families": "openai,google,z-ai"}, {"openai", "google", "z-ai"}),
        ({"tools": "false", "families": "claude,deepseek"}, {"deepseek"}),
        ({"provider": "nobody"}, set()),
        ({"provider": "custom", "text": "claude haiku"}, {"anthropic"}),
    ],
)
async def test_filters_of_capability_and_price(
    client: ConsoleClient, query: dict[str, str], expected: set[str]
) -> None:
    """Prices are per million tokens; what a provider does not say meets no bound."""
    await client.post("/api/models/sync")
    assert {model["family"] for model in await client.every("/api/models", **query)} == expected


async def test_prices_are_compared_per_million_tokens(client: ConsoleClient) -> None:
    """The mean of the prompt and the completion price: 0.375 dollars per million here, on either side."""
    await client.post("/api/models/sync")

    async def found(**query: str) -> bool:
        return bool(await client.every("/api/models", text="gpt-4o-mini", **query))

    assert await found(min_price="0.375", max_price="0.375")
    assert not await found(max_price="0.374999")
    assert not await found(min_price="0.375001")
    dear = {model["id"] for model in await client.every("/api/models", min_price="0")}
    assert "openrouter/auto" not in dear


async def test_every_order_is_one_and_pages_in_it(client: ConsoleClient) -> None:
    """Cheapest, largest, newest first, and the provider's own orders, which hold every model too."""
    await client.post("/api/models/sync")
    everything = {model["id"] for model in await client.every("/api/models")}
    keys: dict[str, Any] = {
        "newest": lambda model: model["created_at"],
        "context_high_to_low": lambda model: model["context_length"],
        "pricing_high_to_low": lambda model: (model["pricing_prompt"] or -1) + (model["pricing_completion"] or 0),
        "top_weekly": None,
        "throughput_high_to_low": None,
        "latency_low_to_high": None,
    }
    for sort, key in keys.items():
        listed: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await client.get("/api/models", sort=sort, limit=7, **cursor)
            listed += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(listed) == len(everything), sort
        assert {model["id"] for model in listed} == everything, sort
        if key is not None:
            assert [key(model) for model in listed] == sorted(map(key, listed), reverse=True), sort
    other = await client.ask("GET", "/api/models", params={"sort": "newest", "cursor": cursor["cursor"]})
    assert (other.status_code, other.json()["error_code"]) == (422, "bad_cursor")


async def test_an_order_that_the_provider_cannot_tell_is_refused(client: ConsoleClient, emulator: Emulator) -> None:
    """With the provider's own failure when it fails."""
    await client.post("/api/models/sync")
    emulator.set_scenario("error=503", "models")
    reply = await client.ask("GET", "/api/models", params={"sort": "top_weekly"})
    assert (reply.status_code, reply.json()["error_code"]) == (503, "upstream_unavailable")


async def test_families_are_counted(client: ConsoleClient) -> None:
    """Their counts are those of the list under their filter."""
    await client.post("/api/models/sync")
    families = (await client.get("/api/models/families"))["items"]
    assert {family["id"]: family["label"] for family in families}["anthropic"] == "Anthropic (Claude)"
    for family in families:
        assert len(await client.every("/api/models", families=family["id"])) == family["count"]


async def test_a_model_in_full(client: ConsoleClient) -> None:
    """Who serves it, who takes what, what it can do and has cost; a variant leads to its model."""
    await client.post("/api/models/sync")
    model = await client.get("/api/models/anthropic/claude-sonnet-4.5:nitro")
    assert model["id"] == "anthropic/claude-sonnet-4.5"
    assert model["canonical_slug"] == "anthropic/claude-4.5-sonnet-20250929"
    assert model["pricing"]["cache_write_1h"] == 6
    (tier,) = model["price_tiers"]
    assert (tier["min_prompt_tokens"], tier["pricing"]["completion"]) == (200_000, Decimal("22.5"))
    names = {endpoint["provider_name"] for endpoint in model["endpoints"]}
    assert names == {"Anthropic", "Amazon Bedrock"} == model["parameters"]["by_provider"].keys()
    taken = [set(endpoint["supported_parameters"]) for endpoint in model["endpoints"]]
    assert set(model["parameters"]["union"]) == set.union(*taken)
    assert set(model["parameters"]["intersection"]) == set.intersection(*taken)
    assert (model["endpoints_problem"], model["capabilities"]["tools"]) == (None, True)
    assert (model["capabilities"]["images"], model["capabilities"]["audio"]) == (True, False)
    assert model["reasoning"]["mandatory"] is False
    assert [version["version"] for version in model["price_history"]] == [1] == [model["price_version"]]
    usable = await client.get("/api/models/deepseek/deepseek-r1")
    assert (usable["context_length"], usable["usable_context"]) == (163_840, 64_000)


async def test_an_offer_that_is_not_listed_is_none(client: ConsoleClient) -> None:
    """`:free` has prices and limits of its own; ways to route apply to every model."""
    await client.post("/api/models/sync")
    for variant, status in (("nitro", 200), ("floor", 200), ("online", 200), ("exacto", 200), ("free", 404)):
        reply = await client.ask("GET", f"/api/models/anthropic/claude-sonnet-4.5:{variant}")
        assert reply.status_code == status, variant
    assert (await client.ask("GET", "/api/models/deepseek/deepseek-r1:extended")).status_code == 404
    free = await client.get("/api/models/deepseek/deepseek-r1:free:nitro")
    assert free["id"] == "deepseek/deepseek-r1:free"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("families=bogus", "'bogus'"),
        ("families=antropic", "'anthropic'"),
        ("min_price=2&max_price=1", "max_price is below min_price"),
        ("min_context=2&max_context=1", "max_context is below min_context"),
    ],
)
async def test_filters_that_nothing_can_meet_are_refused(client: ConsoleClient, query: str, said: str) -> None:
    """An empty list would look like an answer."""
    await client.post("/api/models/sync")
    reply = await client.ask("GET", f"/api/models?{query}")
    assert (reply.status_code, said in reply.text) == (422, True)
    assert (await client.get("/api/models", families="mixtral", free="true"))["items"] == [], "known, and nothing of it"


async def test_who_serves_a_model_is_asked_once_and_kept(client: ConsoleClient, emulator: Emulator) -> None:
    """A provider that cannot say is a part of the answer; what it said before still stands."""
    await client.post("/api/models/sync")
    told = await client.get("/api/models/openai/gpt-4o")
    emulator.set_scenario("error=503", "endpoints")
    again = await client.get("/api/models/openai/gpt-4o")
    assert (again["endpoints"], again["endpoints_problem"]) == (told["endpoints"], None)
    other = await client.get("/api/models/openai/gpt-5")
    assert other["endpoints"] is None
    assert other["endpoints_problem"]["error_code"] == "upstream_unavailable"
    assert (other["parameters"]["intersection"], other["parameters"]["by_provider"]) == (None, {})
    assert "tools" in other["parameters"]["union"]
