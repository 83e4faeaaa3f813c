"""What clients that ask again by themselves are told: not to, where they might pay twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from emulator import Emulator
from tests.contract.openai_client import ask, body
from tests.harness import Console, ConsoleClient, Json, console_app
from tests.services.raw_provider import Exchange, RawProvider, event, reply

SSE = "text/event-stream"
DOORS = ("/v1", "/api/v1")
REFUSALS = {
    status: reply(b'{"error":{"code":%d,"message":"No"}}' % status, status=f"{status} No")
    for status in (400, 401, 402, 403, 404, 408, 429, 500, 502, 503, 529)
}
USED = b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,"cost":0.5}'
PERHAPS_PAID = {
    "no head": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "a stream without a word": reply(b": PROCESSING\n\n", content_type=SSE),
    "an answer that breaks off": reply(event("Hel"), content_type=SSE),
    "an answer that fails": reply(
        event("Hel") + b'data: {"error":{"code":502,"message":"x"},"choices":[]}\n\n', content_type=SSE
    ),
    "a failure that was charged": reply(
        b'data: {"error":{"code":502,"message":"x"},"choices":[],%b}\n\n' % USED, content_type=SSE
    ),
    "an answer that cannot be read": reply(event("Hel") + b"data: <html>\n\n", content_type=SSE),
    "a page of the edge": reply(b"<html>Bad gateway</html>", status="502 Bad Gateway", content_type="text/html"),
    "a success that is no answer": reply(b"<html></html>", content_type="text/html"),
}
EMBED: Json = {"model": "a/e", "input": "one"}


@asynccontextmanager
async def _answering(data: Path, answer: bytes) -> AsyncIterator[tuple[ConsoleClient, list[bytes]]]:
    """A console whose provider answers every paid call with these bytes, and the calls it was sent."""
    asked: list[bytes] = []

    async def play(exchange: Exchange) -> None:
        if exchange.head.startswith(b"GET "):
            await exchange.send(reply(b'{"data":[]}'))
            return
        asked.append(exchange.body)
        await exchange.send(answer)
        exchange.writer.close()

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        yield console.client, asked


async def _whole(client: ConsoleClient, door: str, **headers: str) -> list[httpx.Response]:
    """A question in one piece, and vectors."""
    return [
        await ask(client, body(), f"{door}/chat/completions", **headers),
        await ask(client, EMBED, f"{door}/embeddings", **headers),
    ]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fate", PERHAPS_PAID)
async def test_a_call_that_may_be_paid_is_not_to_be_asked_again(data: Path, fate: str, door: str) -> None:
    async with _answering(data, PERHAPS_PAID[fate]) as (client, asked):
        for response in await _whole(client, door):
            assert response.status_code >= 500
            assert response.headers["x-should-retry"] == "false", response.text
        assert len(asked) == 2
        assert {row["state"] for row in (await client.get("/api/usage"))["items"]} <= {"unknown", "settled"}


@pytest.mark.parametrize("status", REFUSALS)
async def test_what_was_refused_may_be_asked_again(data: Path, status: int) -> None:
    """Clients decide as they always do."""
    async with _answering(data, REFUSALS[status]) as (client, _):
        for response in await _whole(client, "/v1"):
            assert response.status_code >= 400
            assert "x-should-retry" not in response.headers
        assert {row["cost_usd"] for row in (await client.get("/api/usage"))["items"]} == {0}


async def test_what_was_never_asked_may_be_asked_again(data: Path) -> None:
    """Nobody listens at the provider's address; a lookup that fails costs nothing either."""
    async with console_app(data, upstream="http://127.0.0.1:9") as console:
        for response in [*await _whole(console.client, "/v1"), await console.client.ask("GET", "/api/v1/key")]:
            assert response.status_code >= 500
            assert "x-should-retry" not in response.headers
        bad = await ask(console.client, {"messages": []})
        assert (bad.status_code, "x-should-retry" in bad.headers) == (400, False)


async def test_an_answer_that_was_stopped_is_not_to_be_asked_again(client: ConsoleClient, emulator: Emulator) -> None:
    """Its owner wanted no more of it."""
    emulator.set_scenario("stall after=2")
    call = asyncio.create_task(ask(client, body()))
    await emulator.until(lambda it: it.stalled == 1)
    (running,) = (await client.get("/api/usage"))["items"]
    await client.stop(running["generation_id"])
    response = await call
    assert (response.status_code, response.headers["x-should-retry"]) == (409, "false")


@pytest.mark.parametrize("door", DOORS)
async def test_a_key_whose_answer_is_gone_is_not_to_be_sent_again(
    console: Console, emulator: Emulator, door: str
) -> None:
    """409 would be repeated for ever: the answer does not come back."""
    headers = {"Idempotency-Key": "K", "X-Console-Store": "false"}
    first = await ask(console.client, body(), f"{door}/chat/completions", **headers)
    again = await ask(console.client, body(), f"{door}/chat/completions", **headers)
    assert first.status_code == 200
    assert (again.status_code, again.headers["x-should-retry"]) == (409, "false")


async def test_vectors_that_are_gone_are_not_to_be_asked_for_again(data: Path) -> None:
    async with _answering(data, b"") as (client, asked):
        for status in (503, 409):
            response = await ask(client, EMBED, "/v1/embeddings", **{"Idempotency-Key": "K"})
            assert (response.status_code, response.headers["x-should-retry"]) == (status, "false")
        assert len(asked) == 1


async def test_the_replay_of_a_failure_is_not_to_be_asked_for_again(client: ConsoleClient, emulator: Emulator) -> None:
    """It would be the same one."""
    emulator.set_scenario("drop after=2")
    for _ in range(2):
        response = await ask(client, body(), **{"Idempotency-Key": "K"})
        assert (response.status_code, response.headers["x-should-retry"]) == (502, "false")
    assert len(emulator.ledger.rows) == 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat?stream=false"])
@pytest.mark.parametrize("status", [402, 429, 503])
async def test_a_refused_call_leaves_its_key_free(data: Path, status: int, path: str) -> None:
    """What the provider would not take is no reply to keep: under the same key it is asked anew, and then kept."""
    works = reply(event("Hello") + b'data: {"choices":[],%b}\n\ndata: [DONE]\n\n' % USED, content_type=SSE)
    answers = [REFUSALS[status]]

    async def play(exchange: Exchange) -> None:
        await exchange.send(reply(b'{"data":[]}') if exchange.head.startswith(b"GET ") else answers[-1])
        exchange.writer.close()

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        for store in ("true", "false"):
            answers[1:] = []
            request = {"message": store} if path.startswith("/chat") else body(store)
            headers = {"Idempotency-Key": store, "X-Console-Store": store}
            for _ in range(2):
                refused = await ask(console.client, request, path, **headers)
                assert (refused.status_code >= 400, "x-should-retry" in refused.headers) == (True, False), refused.text
                assert "idempotent-replayed" not in refused.headers
            answers.append(works)
            answered = await ask(console.client, request, path, **headers)
            assert (answered.status_code, answered.headers.get("idempotent-replayed")) == (200, None), answered.text
            again = await ask(console.client, request, path, **headers)
            kept = store == "true" and not path.startswith("/chat")
            assert again.status_code == (200 if kept else 409)


async def test_a_call_that_was_never_sent_leaves_its_key_free(data: Path) -> None:
    """In the doors alone; what a start under ``/api`` has made is in the store, and stays its reply."""
    async with console_app(data, upstream="http://127.0.0.1:9") as console:
        for calls in (1, 2):
            await ask(console.client, body(), **{"Idempotency-Key": "K"})
            assert len(await console.client.every("/api/usage")) == calls
        started = [
            await ask(console.client, {"content": "Hi"}, "/api/generations", **{"Idempotency-Key": "S"})
            for _ in range(2)
        ]
        assert [one.status_code for one in started] == [201, 200]
        assert len(await console.client.every("/api/usage")) == 3
