"""Embeddings in OpenAI's shape: passed on as they are, refused in OpenAI's envelope, paid through the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conformance import check_reply
from tests.harness import Console, console_app, soon
from tests.services.raw_provider import Exchange, RawProvider, reply

Json = dict[str, Any]
ASKED: Json = {"model": "a/embedder", "input": ["one", "two"]}
# Spaces and exponents that no encoder of ours would write.
VECTORS = (
    b'{ "object":"list", "data":[{"object":"embedding","embedding":[0.10,-2e-3],"index":0}], "model":"a/embedder-2",'
    b' "usage":{"prompt_tokens":4,"total_tokens":4,"cost":1.2e-7}, "id":"gen-e" }'
)
NO_COST = VECTORS.replace(b',"cost":1.2e-7', b"")


@dataclass(slots=True)
class Embedder:
    """Answers embeddings with ``answer``, everything else with 404; ``gate`` unset keeps an answer back."""

    answer: bytes = reply(VECTORS)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[Json] = field(default_factory=list)

    async def play(self, exchange: Exchange) -> None:
        if b"/embeddings " not in exchange.head:
            await exchange.send(reply(b"{}", status="404 Not Found"))
            return
        self.bodies.append(json.loads(exchange.body))
        self.reached.set()
        await self.gate.wait()
        await exchange.send(self.answer)


@pytest.fixture
def embedder() -> Embedder:
    made = Embedder()
    made.gate.set()
    return made


@asynccontextmanager
async def _console(data: Path, embedder: Embedder) -> AsyncIterator[Console]:
    async with RawProvider(embedder.play) as provider, console_app(data, upstream=provider.base_url) as running:
        running.client.http.event_hooks["response"].append(check_reply)
        yield running


@pytest.fixture
async def console(data: Path, embedder: Embedder) -> AsyncIterator[Console]:
    async with _console(data, embedder) as running:
        yield running


async def _row(console: Console) -> Json:
    (row,) = await console.client.every("/api/usage")
    return dict(row)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/api/v1/embeddings"])
async def test_the_reply_is_the_provider_s_own(console: Console, path: str) -> None:
    """Byte for byte, at both spellings of the path."""
    answer = await console.client.ask("POST", path, json=ASKED)
    assert (answer.status_code, answer.content) == (200, VECTORS)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-generation-id"] == "gen-e"


@pytest.mark.parametrize("told", ["日本", "gen\r\nSet-Cookie: a=b", "gen\0", "gen e", "x" * 5000])
async def test_an_id_that_no_header_can_carry_does_not_cost_the_reply(
    console: Console, embedder: Embedder, told: str
) -> None:
    """It is paid for; the id stands in the body still."""
    body = VECTORS.replace(b'"gen-e"', json.dumps(told).encode())
    embedder.answer = reply(body)
    answer = await console.client.ask("POST", "/v1/embeddings", json=ASKED)
    assert (answer.status_code, answer.content) == (200, body)
    assert "x-generation-id" not in answer.headers
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "fields",
    [
        {"input": "one"},
        {"input": ["one", "two"]},
        {"input": [1, 2, 3]},
        {"input": [[1, 2], [3]]},
        {"input": [{"content": [{"type": "text", "text": "one"}]}]},
        {"dimensions": 256, "encoding_format": "base64", "user": "u", "input_type": "search_query"},
        {"provider": {"order": ["deepinfra"]}, "a_field_of_tomorrow": {"x": [1, None]}},
    ],
)
async def test_what_is_asked_arrives_as_it_was_sent(console: Console, embedder: Embedder, fields: Json) -> None:
    """Every shape of the input, and fields that we do not know."""
    body = ASKED | fields
    assert (await console.client.ask("POST", "/v1/embeddings", json=body)).status_code == 200
    assert embedder.bodies == [body]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["one", 2]}, "input"),
        ({"input": [True]}, "input"),
        ({"input": [-1]}, "input"),
        ({"input": [2**63]}, "input"),
        ({"input": [[]]}, "input"),
        ({"input": [[1.5]]}, "input"),
        ({"input": [["one"]]}, "input"),
        ({"input": "a\0b"}, "input"),
        ({"input": {"content": []}}, "input"),
        ({"input": [{}]}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
)
async def test_bad_requests_name_the_field_and_reach_nobody(
    console: Console, embedder: Embedder, fields: Json, param: str
) -> None:
    """In OpenAI's envelope; nothing is in the ledger."""
    answer = await console.client.ask("POST", "/v1/embeddings", json=ASKED | fields)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert embedder.bodies == []
    assert await console.client.every("/api/usage") == []


async def test_the_ledger_has_the_provider_s_figure(console: Console) -> None:
    """Exactly, under a purpose of its own."""
    await console.client.ask("POST", "/v1/embeddings", json=ASKED)
    row = await _row(console)
    assert (row["purpose"], row["state"], row["model"]) == ("embedding", "settled", "a/embedder")
    assert row["cost_usd"] == Decimal("0.00000012")
    assert (row["prompt_tokens"], row["total_tokens"], row["upstream_id"]) == (4, 4, "gen-e")
    assert row["session_id"] is None


async def test_a_cost_that_nobody_told_is_unknown(console: Console, embedder: Embedder) -> None:
    """Never zero."""
    embedder.answer = reply(NO_COST)
    await console.client.ask("POST", "/v1/embeddings", json=ASKED)
    row = await _row(console)
    assert (row["state"], row["cost_usd"], row["prompt_tokens"]) == ("unknown", None, 4)


@pytest.mark.parametrize(
    ("status", "sent", "code"),
    [
        ("401 Unauthorized", 401, "invalid_api_key"),
        ("402 Payment Required", 402, "insufficient_quota"),
        ("404 Not Found", 404, "model_not_found"),
    ],
)
async def test_refusals_keep_their_status_and_cost_nothing(
    console: Console, embedder: Embedder, status: str, sent: int, code: str
) -> None:
    """As OpenAI's clients tell them apart."""
    embedder.answer = reply(b'{"error":{"code":0,"message":"no"}}', status=status)
    answer = await console.client.ask("POST", "/v1/embeddings", json=ASKED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (sent, code)
    row = await _row(console)
    assert (row["state"], row["cost_usd"]) == ("settled", 0)


async def test_a_reply_that_cannot_be_read_costs_an_unknown_amount(console: Console, embedder: Embedder) -> None:
    """It was answered, so somebody may be paid."""
    embedder.answer = reply(b'{"data":[]}')
    answer = await console.client.ask("POST", "/v1/embeddings", json=ASKED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_garbage")
    assert (await _row(console))["state"] == "unknown"


async def test_a_call_is_in_the_ledger_before_it_is_sent_and_ends_without_its_client(
    console: Console, embedder: Embedder
) -> None:
    """Who leaves early has still paid, and the figure is the provider's."""
    embedder.gate.clear()
    asking = asyncio.create_task(console.client.ask("POST", "/v1/embeddings", json=ASKED))
    await embedder.reached.wait()
    assert (await _row(console))["state"] == "reserved"
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    embedder.gate.set()

    async def settled() -> None:
        while (await _row(console))["state"] != "settled":
            pass

    await soon(settled())


async def test_a_call_cut_by_the_end_of_the_console_is_unknown(data: Path, embedder: Embedder) -> None:
    """Its reservation does not stay open for ever."""
    embedder.gate.clear()
    async with _console(data, embedder) as console:
        asking = asyncio.create_task(console.client.ask("POST", "/v1/embeddings", json=ASKED))
        await embedder.reached.wait()
    await asyncio.gather(asking, return_exceptions=True)
    async with _console(data, embedder) as console:
        row = await _row(console)
        assert (row["state"], row["cost_usd"]) == ("unknown", None)
        summary = await console.client.get("/api/usage/summary")
        assert (summary["totals"]["reserved_usd"], summary["totals"]["unknown_calls"]) == (0, 1)
