"""The catalogue through the wire."""

from __future__ import annotations

from decimal import Decimal

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
