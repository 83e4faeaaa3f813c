"""Providers that fail before the first word and come back: one answer, one bill, and everybody sees the wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from app.bootstrap import Pace
from app.services.upstream.retry import RetryPolicy
from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.harness import Console, ConsoleClient, ConsoleProcess, console_app
from tests.harness.console import QUICK
from tests.services.raw_provider import Exchange, RawProvider, event, reply

ANSWER = "text=one%20two%20three"


@pytest.mark.parametrize("fault", ["error=503", "error=502", "error=429", "error=500", "error=429 retry_after=0"])
async def test_one_failure_is_got_over(client: ConsoleClient, emulator: Emulator, fault: str) -> None:
    """The same body is sent again; a reader from the start sees what a reader from the beginning saw."""
    emulator.set_scenario(f"{fault}; times=1; {ANSWER}")
    transcript = await client.answer("count")
    assert transcript.events == ["start", "retry", "token", "usage", "done"]
    assert (transcript.text, transcript.status) == ("one two three", "completed")
    calls = [request.body for request in emulator.requests if request.path.endswith("/chat/completions")]
    assert len(calls) == 2
    assert calls[0] == calls[1]
    generation = await client.generation(transcript.generation_id)
    status = int(fault.split("=")[1][:3])
    assert [attempt["status"] for attempt in generation["attempts"]] == [status, 200]
    assert generation["attempts"][0]["waited_ms"] == 0
    (upstream,) = [row for row in emulator.ledger.rows if row.cost_usd]
    (row,) = (await client.get("/api/usage"))["items"]
    assert (row["state"], row["cost_usd"]) == ("settled", upstream.cost_usd)
    again = await client.follow(transcript.generation_id)
    assert again.frames == transcript.frames


async def test_the_wait_is_told_before_it_is_over(data: Path, emulator: Emulator) -> None:
    """A reader has the retry while nothing is being asked; a stop ends the wait and costs nothing."""
    pace = Pace(QUICK.timeouts, QUICK.reconcile_delays_s, RetryPolicy())
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        client = console.client
        client.http.event_hooks["response"].append(check_reply)
        emulator.set_scenario("error=503 retry_after=25")
        started = await client.start("count")
        generation_id = started["generation"]["id"]
        async with client.events(generation_id) as stream:
            frames = stream.frames()
            assert (await anext(frames)).event == "start"
            retry = (await anext(frames)).data
            assert (retry["attempt"], retry["error_code"]) == (2, "upstream_unavailable")
            assert 25_000 <= retry["wait_ms"] <= 25_500
            stored = await client.generation(generation_id)
            assert [each["error_code"] for each in stored["attempts"]] == ["upstream_unavailable"]
            assert (await client.stop(generation_id))["status"] == "stopped"
            assert (await anext(frames)).event == "done"
            await frames.aclose()
        (row,) = (await client.get("/api/usage"))["items"]
        assert (row["state"], row["cost_usd"]) == ("settled", Decimal(0))


async def test_a_limit_of_the_account_says_when_to_come_back(client: ConsoleClient, emulator: Emulator) -> None:
    """Longer than anybody waits: one call, and the time on the error, on its event and where it is stored."""
    emulator.set_scenario("error=429 retry_after=3600")
    transcript = await client.answer("count")
    assert transcript.data_of("error")["retry_after_ms"] == 3_600_000
    message = await client.message(transcript.data_of("done")["message_id"])
    assert message["error"]["retry_after_ms"] == 3_600_000


async def test_the_credit_left_is_used(data: Path) -> None:
    """Row 43: the second call asks for what the account can pay; the reader is told."""
    async with (
        Emulator(credit_usd=Decimal("0.0005"), scenario=ANSWER) as poor,
        console_app(data, upstream=poor.base_url) as console,
    ):
        transcript = await console.client.answer("count")
        assert transcript.status == "completed"
        limit = transcript.data_of("retry")["max_tokens"]
        assert 16 <= limit < 2048
        asked = [request.body for request in poor.requests if request.path.endswith("/chat/completions")]
        assert [body["max_tokens"] for body in asked if body] == [2048, limit]
        attempts = (await console.client.generation(transcript.generation_id))["attempts"]
        assert [attempt["max_tokens"] for attempt in attempts] == [None, limit]


@pytest.mark.parametrize(("failures", "calls", "status"), [(1, 2, 200), (9, 3, 503)])
async def test_embeddings_are_asked_for_again_too(data: Path, failures: int, calls: int, status: int) -> None:
    """By the same rule, under one ledger row; what failed is counted."""
    vectors = b'{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":1,"total_tokens":1,"cost":0.5}}'
    refused = reply(b'{"error":{"code":503,"message":"Later"}}', status="503 Service Unavailable")

    async def play(exchange: Exchange) -> None:
        asked = [each for each in exchange.provider.requests if b"/embeddings " in each.head]
        await exchange.send(refused if len(asked) <= failures else reply(vectors))

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        answer = await console.client.ask("POST", "/v1/embeddings", json={"model": "a/e", "input": "one"})
        assert answer.status_code == status
        bodies = [each.body for each in provider.requests if b"/embeddings " in each.head]
        assert len(bodies) == calls
        assert len(set(bodies)) == 1
        (row,) = (await console.client.get("/api/usage"))["items"]
        assert (row["state"], row["cost_usd"]) == ("settled", Decimal("0.5") if status == 200 else 0)
        document = (await console.client.ask("GET", "/metrics")).text
        failed = calls - (status == 200)
        errors = 'console_upstream_errors_total{provider="custom",code="upstream_unavailable",phase=""}'
        assert f"{errors} {failed}\n" in document
        assert f'console_upstream_retries_total{{provider="custom",reason="transient"}} {calls - 1}\n' in document


async def test_embeddings_that_are_asked_for_again_count_once(data: Path) -> None:
    """As answers do: the provider is left alone after five that fail, not before."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(reply(b'{"error":{"code":503,"message":"Later"}}', status="503 Service Unavailable"))

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        for _ in range(6):
            answer = await console.client.ask("POST", "/v1/embeddings", json={"model": "a/e", "input": "one"})
            assert answer.status_code == 503
        assert "Nothing was asked: 5 calls" in answer.json()["error"]["message"]
        assert sum(b"/embeddings " in each.head for each in provider.requests) == 4 * 3 + 1


SSE = "text/event-stream"
GOOD = (
    event("Hello") + b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"cost":0.5}}\n\ndata: [DONE]\n\n'
)
NOTHING = b'"usage":{"prompt_tokens":9,"completion_tokens":0,"total_tokens":9,"cost":0}'
FREE_FAILURES: dict[str, tuple[bytes, dict[str, object]]] = {
    "row 34": (
        reply(
            b'data: {"id":"gen-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error",'
            b'"native_finish_reason":"MALFORMED_FUNCTION_CALL"}],%b}\n\ndata: [DONE]\n\n' % NOTHING,
            content_type=SSE,
        ),
        {},
    ),
    "row 46": (
        reply(
            b'{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"P",'
            b'"raw":"{\\"error\\":{\\"message\\":\\"busy\\"}}"}}}',
            status="429 Too Many Requests",
        ),
        {},
    ),
    "row 53": (
        reply(b'{"error":{"code":404,"message":"No endpoints found"}}', status="404 Not Found"),
        {"modalities": ["image", "text"]},
    ),
    "row 56": (reply(b'data: {"choices":[],%b}\n\ndata: [DONE]\n\n' % NOTHING, content_type=SSE), {}),
    "after comments": (
        reply(
            b': PROCESSING\n\ndata: {"error":{"code":502,"message":"x"},"choices":[{"delta":{"content":""},'
            b'"finish_reason":"error"}]}\n\n',
            content_type=SSE,
        ),
        {},
    ),
    "200 with an error": (reply(b'{"error":{"code":503,"message":"Service temporarily unavailable"}}'), {}),
}


@pytest.mark.parametrize("row", FREE_FAILURES)
async def test_failures_that_cost_nothing_are_got_over(data: Path, row: str) -> None:
    """As they look on the wire; the answer and the bill are the second call's."""
    first, fields = FREE_FAILURES[row]
    async with _in_turn(data, first, reply(GOOD, content_type=SSE)) as (console, asked):
        transcript = await console.client.answer("Hi", **fields)
        assert (transcript.text, transcript.status, len(asked)) == ("Hello", "completed", 2)
        assert transcript.events[:2] == ["start", "retry"]
        (row_of_ledger,) = (await console.client.get("/api/usage"))["items"]
        assert (row_of_ledger["state"], row_of_ledger["cost_usd"]) == ("settled", Decimal("0.5"))


UNKNOWN_FATES = {
    "no head": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "a stream without a word": reply(b": PROCESSING\n\n", content_type=SSE),
    "a page of the edge": reply(b"<html>Bad gateway</html>", status="502 Bad Gateway", content_type="text/html"),
    "an empty answer that says no figures": reply(b"data: [DONE]\n\n", content_type=SSE),
    "a finish that is an error and says no figures": reply(
        b'data: {"id":"gen-1","choices":[{"delta":{"content":""},"finish_reason":"error"}]}\n\ndata: [DONE]\n\n',
        content_type=SSE,
    ),
}


@pytest.mark.parametrize("fate", UNKNOWN_FATES)
async def test_a_call_of_unknown_fate_is_not_repeated_and_not_called_free(data: Path, fate: str) -> None:
    """Nobody knows what became of it: one call, cost unknown, and regenerating is the owner's choice."""
    async with _in_turn(data, UNKNOWN_FATES[fate], reply(GOOD, content_type=SSE)) as (console, asked):
        transcript = await console.client.answer("Hi")
        assert transcript.events == ["start", "error", "done"]
        assert transcript.data_of("error")["retryable"]
        assert len(asked) == 1
        (row,) = (await console.client.get("/api/usage"))["items"]
        assert (row["state"], row["cost_usd"]) == ("unknown", None)


@pytest.mark.parametrize("form", ["documented", "empty", "null", "bare", "choice", "idle"])
async def test_no_attempt_is_paid_that_the_ledger_does_not_have(
    client: ConsoleClient, emulator: Emulator, form: str
) -> None:
    """An error before the first word of an accepted call: whether or not it is asked again, the sums agree."""
    emulator.set_scenario(f"mid_stream_error after=0 form={form}; times=1; {ANSWER}")
    await client.answer("count")
    assert len(emulator.ledger.rows) >= 1
    rows = (await client.get("/api/usage"))["items"]
    known = sum((row["cost_usd"] for row in rows if row["cost_usd"] is not None), Decimal(0))
    billed = sum((row.cost_usd for row in emulator.ledger.rows), Decimal(0))
    assert known == billed or [row["state"] for row in rows] == ["unknown"]


@asynccontextmanager
async def _in_turn(data: Path, *replies: bytes) -> AsyncIterator[tuple[Console, list[bytes]]]:
    """A console whose provider answers with these bytes, one call after the other, and the bodies it was sent."""
    asked: list[bytes] = []

    async def play(exchange: Exchange) -> None:
        if b"/chat/completions " not in exchange.head:
            await exchange.send(reply(b'{"data":[]}'))
            return
        asked.append(exchange.body)
        await exchange.send(replies[min(len(asked), len(replies)) - 1])
        exchange.writer.close()

    async with RawProvider(play) as provider, console_app(data, upstream=provider.base_url) as console:
        yield console, asked


async def test_a_provider_that_stays_down_is_left_alone(client: ConsoleClient, emulator: Emulator) -> None:
    """After five failed calls in a row the next answer fails at once: nothing is sent or paid.

    It is said how long. A call is one, however often it was made; the fifth is not made again.
    """
    emulator.set_scenario("error=503")
    for _ in range(5):
        assert (await client.answer("count")).status == "failed"
    assert sum(request.path.endswith("/chat/completions") for request in emulator.requests) == 4 * 3 + 1
    emulator.set_scenario("")
    before = len(emulator.requests)
    transcript = await client.answer("count")
    assert transcript.events == ["start", "error", "done"]
    error = transcript.data_of("error")
    assert error["error_code"] == "upstream_unavailable"
    assert 0 < error["retry_after_ms"] <= 15_000
    assert len(emulator.requests) == before
    rows = (await client.get("/api/usage"))["items"]
    assert {(row["state"], row["cost_usd"]) for row in rows} == {("settled", 0)}


@pytest.mark.faults
async def test_a_kill_during_a_wait_leaves_the_attempts(data: Path, emulator: Emulator) -> None:
    """The next process finds the answer interrupted, knows what failed, and sends nothing by itself."""
    emulator.set_scenario("error=503 retry_after=25")
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            started = await client.start("count")
            generation_id = started["generation"]["id"]
            async with client.events(generation_id) as stream:
                frames = stream.frames()
                assert [(await anext(frames)).event for _ in range(2)] == ["start", "retry"]
                await process.kill()
                await frames.aclose()
        await process.start()
        async with process.client() as client:
            generation = await client.generation(generation_id)
            assert generation["status"] == "interrupted"
            (attempt,) = generation["attempts"]
            assert (attempt["status"], attempt["error_code"]) == (503, "upstream_unavailable")
            again = await client.follow(generation_id)
            assert again.events == ["start", "retry", "error", "done"]
        assert await process.interrupt() == 0
    assert len([request for request in emulator.requests if request.path.endswith("/chat/completions")]) == 1
