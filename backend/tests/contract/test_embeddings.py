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
from httpx import Response

from app.services.doors.embeddings import MOST_KEPT_BYTES
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


# Idempotency

KEYED = {"Idempotency-Key": "one-click"}


async def _ask(console: Console, headers: dict[str, str] = KEYED, **fields: Any) -> Response:
    return await console.client.ask("POST", "/v1/embeddings", json=ASKED | fields, headers=headers)


async def test_a_repeated_key_is_paid_once(console: Console, embedder: Embedder) -> None:
    """Twenty repeats get the bytes of the first, and say so; a call without a key is a call of its own."""
    first = await _ask(console)
    again = [await _ask(console) for _ in range(20)]
    assert (first.status_code, first.content) == (200, VECTORS)
    assert "idempotent-replayed" not in first.headers
    assert {(reply.status_code, reply.content) for reply in again} == {(200, VECTORS)}
    assert {reply.headers["idempotent-replayed"] for reply in again} == {"true"}
    assert {reply.headers["x-generation-id"] for reply in again} == {"gen-e"}
    assert len(embedder.bodies) == len(await console.client.every("/api/usage")) == 1
    await _ask(console, headers={})
    assert len(embedder.bodies) == 2


async def test_repeats_at_once_wait_for_the_one(console: Console, embedder: Embedder) -> None:
    """Also when the first of them has left meanwhile."""
    embedder.gate.clear()
    first = asyncio.create_task(_ask(console))
    await embedder.reached.wait()
    others = [asyncio.create_task(_ask(console)) for _ in range(10)]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    embedder.gate.set()
    replies = await asyncio.gather(*others)
    assert {(reply.content, reply.headers["idempotent-replayed"]) for reply in replies} == {(VECTORS, "true")}
    assert len(embedder.bodies) == 1


async def test_a_burst_of_one_key_is_one_call(console: Console, embedder: Embedder) -> None:
    """None of them has been stored when the others come."""
    replies = await asyncio.gather(*(_ask(console) for _ in range(20)))
    assert {reply.content for reply in replies} == {VECTORS}
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 1
    assert len(embedder.bodies) == 1


async def test_another_body_under_a_key_is_refused(console: Console, embedder: Embedder) -> None:
    """While the first runs and after it; so is the key of an answer."""
    embedder.gate.clear()
    first = asyncio.create_task(_ask(console))
    await embedder.reached.wait()
    early = await _ask(console, dimensions=8)
    embedder.gate.set()
    await first
    late = await _ask(console, dimensions=8)
    for refused in (early, late):
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_mismatch")
    assert len(embedder.bodies) == 1
    chat = await console.client.ask(
        "POST", "/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hi"}]}, headers=KEYED
    )
    assert chat.status_code == 422


async def test_two_bodies_at_once_under_a_key(console: Console, embedder: Embedder) -> None:
    """One of them is paid, whichever was first."""
    replies = await asyncio.gather(_ask(console), _ask(console, dimensions=8))
    assert sorted(reply.status_code for reply in replies) == [200, 422]
    assert len(embedder.bodies) == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 129])
async def test_a_key_that_is_none_is_refused(console: Console, embedder: Embedder, key: str) -> None:
    """As everywhere."""
    refused = await _ask(console, headers={"Idempotency-Key": key})
    assert refused.status_code == 400
    assert embedder.bodies == []


async def test_a_call_that_was_refused_leaves_its_key_free(console: Console, embedder: Embedder) -> None:
    """It has cost nothing: clients that ask again under their key get vectors in the end."""
    embedder.answer = reply(b'{"error":{"code":0,"message":"no"}}', status="404 Not Found")
    assert (await _ask(console)).status_code == 404
    embedder.answer = reply(VECTORS)
    second = await _ask(console)
    assert (second.status_code, "idempotent-replayed" in second.headers) == (200, False)
    assert len(embedder.bodies) == 2


async def test_a_call_of_unknown_fate_keeps_its_key(console: Console, embedder: Embedder) -> None:
    """It may have been paid, so it is not sent again under the key of the first."""
    embedder.answer = reply(b'{"data":[]}')
    assert (await _ask(console)).status_code == 502
    embedder.answer = reply(VECTORS)
    second = await _ask(console)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert len(embedder.bodies) == 1


async def test_a_key_outlives_the_process_though_not_the_reply(data: Path, embedder: Embedder) -> None:
    """Never a second payment: who wants the vectors anew says so by a new key."""
    async with _console(data, embedder) as console:
        assert (await _ask(console)).status_code == 200
    async with _console(data, embedder) as console:
        again = await _ask(console)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
        assert "new key" in again.json()["error"]["message"]
        assert (await _ask(console, dimensions=8)).status_code == 422
        assert len(embedder.bodies) == 1


async def test_what_is_kept_of_replies_is_bounded(console: Console, embedder: Embedder) -> None:
    """The oldest are forgotten first, and are not paid again for that."""
    long = VECTORS.replace(b'"gen-e"', b'"' + b"x" * (MOST_KEPT_BYTES // 2) + b'"')
    embedder.answer = reply(long)
    keys = [{"Idempotency-Key": name} for name in ("a", "b")]
    for key in keys:
        assert (await _ask(console, headers=key)).content == long
    assert [(await _ask(console, headers=key)).status_code for key in keys] == [409, 200]
    assert len(embedder.bodies) == 2


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_nobody_is_told_to_regenerate_vectors(console: Console, embedder: Embedder, status: str) -> None:
    """That is for answers; also where the provider is left alone and nothing is sent."""
    embedder.answer = reply(b'{"error":{"message":"busy"}}', status=status)
    for _ in range(6):
        refused = await console.client.ask("POST", "/v1/embeddings", json=ASKED)
        message = refused.json()["error"]["message"]
        assert message.endswith("ask again."), message
