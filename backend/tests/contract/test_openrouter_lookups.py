"""What OpenRouter's own clients look up at our door: the truth of our store, or the provider's own words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.services.doors.openrouter_lookups import MOST_KEPT_BYTES
from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.contract.openai_client import PATH
from tests.harness import Console, ConsoleClient, console_app, soon
from tests.harness.client import MODEL
from tests.services.raw_provider import Exchange, RawProvider, reply

Json = dict[str, Any]
QUESTION = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 20}


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_both_spellings(synced: ConsoleClient, prefix: str) -> None:
    """Clients of OpenRouter use the second, those of OpenAI the first."""
    listed = (await synced.get(f"{prefix}/models"))["total_count"]
    assert await synced.get(f"{prefix}/models/count") == {"data": {"count": listed}}
    told = (await synced.get(f"{prefix}/models/{MODEL}/endpoints"))["data"]
    assert (told["id"], bool(told["endpoints"])) == (MODEL, True)
    assert (await synced.get(f"{prefix}/providers"))["data"]
    assert (await synced.get(f"{prefix}/key"))["data"]["usage"] == 0
    assert (await synced.get(f"{prefix}/credits"))["data"]["total_credits"] > 0


async def test_how_many_models_there_are(synced: ConsoleClient) -> None:
    """As many as the list has under the same filters."""
    queries: list[Json] = [
        {},
        {"output_modalities": "text", "supported_parameters": "tools,seed"},
        {"output_modalities": "image"},
        {"output_modalities": "all"},
        {"zdr": "true", "max_price": "1"},
    ]
    for query in queries:
        listed = await synced.get("/v1/models", **query)
        count = (await synced.get("/v1/models/count", **query))["data"]["count"]
        assert count == listed["total_count"] == len(listed["data"]) > 0, query


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_lists_that_the_provider_tells(synced: ConsoleClient, emulator: Emulator, prefix: str) -> None:
    """Passed on as they came, filters included; the account's own list is asked for with the key."""
    vectors = (await synced.get(f"{prefix}/embeddings/models", q="8b"))["data"]
    assert [model["id"] for model in vectors] == ["qwen/qwen3-embedding-8b"]
    drawing = (await synced.get(f"{prefix}/images/models"))["data"]
    assert drawing
    assert all("image" in model["architecture"]["output_modalities"] for model in drawing)
    keeping = (await synced.get(f"{prefix}/endpoints/zdr"))["data"]
    assert keeping
    assert all("provider_name" in endpoint for endpoint in keeping)
    own = await synced.get(f"{prefix}/models/user", model_authors="openai", limit=1)
    assert [model["id"].partition("/")[0] for model in own["data"]] == ["openai"]
    assert own["total_count"] > 1
    asked = next(record for record in emulator.requests if "/models/user" in record.path)
    assert "authorization" in {name.lower() for name in asked.headers}


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_a_model_by_itself(synced: ConsoleClient, prefix: str) -> None:
    """As the provider lists it, by its slug with a variant, or by an alias that the provider knows."""
    (listed,) = [model for model in (await synced.get("/v1/models"))["data"] if model["id"] == MODEL]
    told = (await synced.get(f"{prefix}/model/{MODEL}:nitro"))["data"]
    assert listed == told | {"object": "model", "owned_by": MODEL.partition("/")[0]}
    alias = (await synced.get(f"{prefix}/model/~anthropic/claude-sonnet-latest"))["data"]
    assert alias["id"].startswith("anthropic/claude-sonnet")
    for missing in (f"{MODEL}:free", "nobody/nothing", "~nobody/latest", "~anthropic", "x"):
        reply = await synced.ask("GET", f"{prefix}/model/{missing}")
        assert reply.status_code == 404, missing


async def test_a_head_tells_what_the_get_would(synced: ConsoleClient) -> None:
    """Without its body; as monitors and proxies ask."""
    for path in (
        *("/v1/models", "/api/v1/models?limit=1", f"/v1/models/{MODEL}", "/v1/models/count", f"/v1/model/{MODEL}"),
        *("/v1/key", "/models", "/models/search", "/api/models", "/health", "/api/health"),
    ):
        head, whole = await synced.ask("HEAD", path), await synced.ask("GET", path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        assert head.headers["content-length"] == whole.headers["content-length"], path
    assert (await synced.ask("HEAD", "/v1/models/nobody/nothing")).status_code == 404


async def test_a_head_opens_no_stream(synced: ConsoleClient) -> None:
    """Nor starts an answer."""
    for path in ("/api/events", "/api/stream?session_id=x", "/v1/chat/completions", "/chat"):
        assert (await synced.ask("HEAD", path)).status_code == 405, path


async def test_models_that_nobody_serves(synced: ConsoleClient) -> None:
    """404 with advice; a model's own page is still beside it."""
    missing = await synced.ask("GET", "/v1/models/openai/gpt-4o-mni/endpoints")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
    assert "openai/gpt-4o-mini" in missing.json()["error"]["message"]
    assert (await synced.get(f"/v1/models/{MODEL}"))["id"] == MODEL


@pytest.mark.parametrize("stored", ["true", "false"])
async def test_a_call_is_told_as_the_ledger_has_it(client: ConsoleClient, emulator: Emulator, stored: str) -> None:
    """By the id that the door gave, and by the provider's."""
    answer = await client.ask("POST", PATH, json=QUESTION, headers={"X-Console-Store": stored})
    (row,) = await client.every("/api/usage")
    by_ours = (await client.get("/v1/generation", id=answer.json()["id"]))["data"]
    assert by_ours["id"] == answer.headers["x-generation-id"] == answer.json()["id"]
    assert by_ours["total_cost"] == by_ours["usage"] == row["cost_usd"]
    assert isinstance(by_ours["total_cost"], Decimal)
    assert (by_ours["native_tokens_prompt"], by_ours["finish_reason"]) == (row["prompt_tokens"], row["finish_reason"])
    assert (by_ours["api_type"], by_ours["cancelled"], by_ours["model"]) == ("completions", False, MODEL)
    by_theirs = (await client.get("/api/v1/generation", id=row["upstream_id"]))["data"]
    assert by_theirs == by_ours | {"id": row["upstream_id"]}
    assert row["upstream_id"] == emulator.ledger.rows[0].id


async def test_a_call_of_embeddings(client: ConsoleClient) -> None:
    """Its one id is the provider's."""
    body = {"model": "openai/text-embedding-3-small", "input": "one"}
    made = await client.ask("POST", "/v1/embeddings", json=body)
    told = (await client.get("/v1/generation", id=made.headers["x-generation-id"]))["data"]
    assert (told["api_type"], told["cancelled"], told["total_cost"] > 0) == ("embeddings", None, True)


async def test_calls_that_are_not_told(console: Console) -> None:
    """Unknown ones, and those that are not booked yet: their cost is never zero."""
    client = console.client
    for asked in ("none", "x" * 256):
        refused = await client.ask("GET", "/v1/generation", params={"id": asked})
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    for bad in ({}, {"id": ""}, {"id": "a b"}, {"id": "x" * 257}, {"id": "a", "more": "1"}):
        assert (await client.ask("GET", "/v1/generation", params=bad)).status_code == 400
    started = await client.start("Count [[tokens=5000 rate=20]]")
    running = await client.ask("GET", "/v1/generation", params={"id": started["generation"]["id"]})
    assert (running.status_code, "not ended" in running.json()["error"]["message"]) == (404, True)
    await client.stop(started["generation"]["id"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        (
            "POST",
            "chat/completions",
            {"model": "nobody/none", "messages": [{"role": "user", "content": "x"}]},
            404,
            "model_not_found",
        ),
        ("POST", "chat/completions", {"messages": 1}, 400, "validation_failed"),
        ("GET", "generation?id=none", None, 404, "not_found"),
        ("GET", "nowhere", None, 404, "not_found"),
    ],
)
async def test_an_error_speaks_to_the_clients_of_its_spelling(
    synced: ConsoleClient, method: str, path: str, body: Json | None, status: int, kind: str
) -> None:
    """OpenAI's read a word, OpenRouter's the status as a number and fail on anything else."""
    openai = await synced.ask(method, f"/v1/{path}", json=body)
    openrouter = await synced.ask(method, f"/api/v1/{path}", json=body)
    assert openai.status_code == openrouter.status_code == status
    assert openai.json()["error"]["code"] == kind
    assert "metadata" not in openai.json()["error"]
    told = openrouter.json()["error"]
    assert (told["code"], told["metadata"]) == (status, {"error_type": kind})


async def test_the_demo_has_no_account(data: Path) -> None:
    """Its figures would be invented."""
    async with console_app(data) as console:
        for path in ("/v1/key", "/v1/credits"):
            refused = await console.client.ask("GET", path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "missing_key")
        assert (await console.client.get("/v1/providers"))["data"]


class Account:
    """A provider that answers lookups with ``answer``, counted; ``gate`` unset keeps them back."""

    def __init__(self) -> None:
        self.answer = reply(b'{"data":{"usage":1.50,"label":"a-key","a_field_of_tomorrow":[1e-7]}}')
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[bytes] = []

    async def play(self, exchange: Exchange) -> None:
        path = exchange.head.split(b" ")[1]
        if b"/models" not in path:
            self.asked.append(path)
            await self.gate.wait()
        await exchange.send(self.answer)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
async def other(data: Path, account: Account) -> AsyncIterator[ConsoleClient]:
    """A client of a console in front of that provider."""
    async with RawProvider(account.play) as provider, console_app(data, upstream=provider.base_url) as running:
        running.client.http.event_hooks["response"].append(check_reply)
        yield running.client


async def test_an_account_is_told_in_the_provider_s_words(other: ConsoleClient, account: Account) -> None:
    """Figures and fields of tomorrow as they were written; the key, should it be in there, is not."""
    told = await other.ask("GET", "/v1/key")
    assert told.content == b'{"data":{"usage":1.50,"label":"[key]","a_field_of_tomorrow":[1e-7]}}'
    assert told.headers["content-type"] == "application/json"


async def test_an_account_is_asked_once_by_many(other: ConsoleClient, account: Account) -> None:
    """At once, and within seconds."""
    account.gate.clear()
    asking = [asyncio.create_task(other.get("/v1/credits")) for _ in range(5)]

    async def reached() -> None:
        while not account.asked:
            await other.get("/health")

    await soon(reached())
    account.gate.set()
    await asyncio.gather(*asking)
    await other.get("/v1/credits")
    assert len(account.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "sent", "code"),
    [
        ("401 Unauthorized", b'{"error":{"message":"no","code":401}}', 401, "invalid_api_key"),
        ("403 Forbidden", b'{"error":{"message":"Only management keys can perform this"}}', 403, "upstream_error"),
        ("404 Not Found", b"{}", 502, "upstream_error"),
        ("429 Too Many Requests", b"{}", 429, "rate_limit_exceeded"),
        ("503 Service Unavailable", b"<html>", 503, "upstream_unavailable"),
        ("200 OK", b"<html>", 502, "upstream_garbage"),
        ("200 OK", b'{"error":{"message":"no","code":402}}', 402, "insufficient_quota"),
    ],
)
async def test_refusals_are_typed_and_not_kept(
    other: ConsoleClient, account: Account, status: str, body: bytes, sent: int, code: str
) -> None:
    """What a client can do is told by the status; the next call asks again."""
    good, account.answer = account.answer, reply(body, status=status)
    refused = await other.ask("GET", "/v1/credits")
    assert (refused.status_code, refused.json()["error"]["code"]) == (sent, code)
    account.answer = good
    assert (await other.ask("GET", "/v1/credits")).status_code == 200


async def test_what_is_large_is_not_kept(other: ConsoleClient, account: Account) -> None:
    """It is passed on all the same; lists of a megabyte are kept, as many as there is room for."""
    account.answer = reply(b'{"data":"%s"}' % (b"x" * (MOST_KEPT_BYTES // 2)))
    for path in ("/v1/providers", "/v1/providers", "/v1/endpoints/zdr", "/v1/providers"):
        assert (await other.ask("GET", path)).status_code == 200
    assert len(account.asked) == 3
    account.asked.clear()
    account.answer = reply(b'{"data":"%s"}' % (b"x" * MOST_KEPT_BYTES))
    for _ in range(2):
        assert len((await other.ask("GET", "/v1/endpoints/zdr")).content) > MOST_KEPT_BYTES
    assert len(account.asked) == 2
