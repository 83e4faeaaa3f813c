"""The provider client against servers that break HTTP, lie about their content, or want the key."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.core.errors import (
    UpstreamError,
    UpstreamGarbage,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
    ValidationFailed,
)
from app.services.upstream.openrouter import OpenRouter, UpstreamTimeouts
from app.services.upstream.wire import Chunk
from tests.services.raw_provider import STREAM_HEAD, Exchange, RawProvider, chunked, event, reply, script

KEY = "sk-or-v1-" + "hostile"
BODY: dict[str, Any] = {"model": "a/b", "messages": []}
PLAIN_HEAD = STREAM_HEAD + b"\r\n"  # ends when the connection does
CHUNKED_HEAD = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def client(base_url: str, *, key: str | None = KEY, title: str = "T") -> OpenRouter:
    return OpenRouter(base_url=base_url, key=key, referer="http://localhost:8000", title=title)


async def stream_text(openrouter: OpenRouter, into: list[str] | None = None) -> str:
    """The text of one streamed answer; ``into`` has it also when the stream breaks."""
    texts: list[str] = [] if into is None else into
    async with openrouter.stream(BODY) as stream:
        async for chunks in stream:
            texts += [_text(chunk) for chunk in chunks]
    return "".join(texts)


def _text(chunk: Chunk) -> str:
    return "".join(choice.delta.content or "" for choice in chunk.choices or () if choice.delta)


async def _quiet_loop() -> None:
    """Lets the loop take in what the sockets already hold."""
    for _ in range(20):
        await asyncio.sleep(0)


async def refused(call: Callable[[], Awaitable[object]]) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await call()
    return raised.value


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 402, "message": "Insufficient credits"}, UpstreamNoCredit),
        ({"code": "429", "message": "slow"}, UpstreamRateLimited),
        ({"code": None, "message": "x"}, UpstreamUnavailable),
        ("boom", UpstreamUnavailable),
    ],
)
async def test_an_error_under_status_200_is_that_error(error: Any, expected: type[UpstreamError]) -> None:
    """Row 5: for streams, whole replies and lookups, behind white space too."""
    body = b"\n         \n" * 3 + json.dumps({"error": error, "user_id": "u"}).encode()
    async with RawProvider(script(reply(body, extra="X-Generation-Id: gen-5\r\n"))) as provider:
        openrouter = client(provider.base_url)
        for call in (openrouter.list_models, lambda: openrouter.complete(BODY), lambda: stream_text(openrouter)):
            found = await refused(call)
            assert type(found) is expected
            assert found.details["upstream_id"] == "gen-5"
        await openrouter.aclose()


async def test_a_server_that_does_not_stream_is_read_all_the_same() -> None:
    """One JSON reply where a stream was asked for becomes one chunk; a null error is none (row 8)."""
    body = (
        b'{"id":"c1","error":null,"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"cost":1}}'
    )
    async with RawProvider(script(reply(body))) as provider:
        openrouter = client(provider.base_url)
        async with openrouter.stream(BODY) as stream:
            (chunk,) = await anext(stream)
            assert (_text(chunk), stream.upstream_id, stream.saw_done) == ("Hi", "c1", True)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
        await openrouter.aclose()


@pytest.mark.parametrize(
    "whole",
    [
        reply(b"<html>Just a moment...</html>", content_type="text/html; charset=utf-8"),
        reply(b'{"choices":null}'),
        reply(b'{"choices":[]}'),
        reply(b'{"id":null,"choices":null,"provider":{"id":"c","choices":[{"message":{"content":"lost"}}]}}'),
        reply(b"[]"),
        reply(b""),
        reply(b'{"choices":[{"message":{"content":'),
        reply(gzip.compress(b'{"choices":[{"message":{}}]}'), extra="Content-Encoding: gzip\r\n"),
        reply(gzip.compress(event("a")), content_type="text/event-stream", extra="Content-Encoding: gzip\r\n"),
        reply(b"", status="204 No Content"),
    ],
    ids=["page", "null", "empty", "nested", "list", "nothing", "cut", "gzip", "gzip stream", "204"],
)
async def test_a_reply_without_an_answer_is_garbage(whole: bytes) -> None:
    """Rows 6, 7, 12 and 55; what it held is not repeated."""
    async with RawProvider(script(whole)) as provider:
        openrouter = client(provider.base_url)
        for call in (lambda: openrouter.complete(BODY), lambda: stream_text(openrouter)):
            error = await refused(call)
            assert type(error) is UpstreamGarbage
            assert "moment" not in error.message + repr(error.details)
            assert "lost" not in error.message + repr(error.details)
        await openrouter.aclose()


@pytest.mark.parametrize(
    ("bytes_sent", "expected"),
    [
        (b"", UpstreamUnavailable),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", UpstreamUnavailable),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", UpstreamGarbage),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", UpstreamGarbage),
        (b"\x15\x03\x01\x00\x02\x02\x16", UpstreamGarbage),
        (PLAIN_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 999\r\n\r\n") + event("a"), UpstreamTruncated),
        (CHUNKED_HEAD + chunked(event("a")), UpstreamTruncated),
        (CHUNKED_HEAD + b"5\r\ndata:", UpstreamTruncated),
    ],
    ids=[
        "nothing",
        "half a head",
        "not HTTP",
        "huge header",
        "TLS alert",
        "short length",
        "no last chunk",
        "cut chunk",
    ],
)
async def test_broken_http_is_typed(bytes_sent: bytes, expected: type[UpstreamError]) -> None:
    """The connection closes after these bytes."""
    async with RawProvider(script(bytes_sent, close=True)) as provider:
        openrouter = client(provider.base_url)
        assert type(await refused(lambda: stream_text(openrouter))) is expected
        await openrouter.aclose()


async def test_bad_chunk_framing_in_mid_stream_is_typed_and_loses_nothing() -> None:
    """A chunk size that is no number; what came in the same packet before it is read first."""
    more = asyncio.Event()

    async def play(exchange: Exchange) -> None:
        await exchange.send(CHUNKED_HEAD + chunked(event("a")))
        await more.wait()
        await exchange.send(chunked(event("b")) + b"zz\r\n" + event("c"))

    async with RawProvider(play) as provider:
        openrouter = client(provider.base_url)
        async with openrouter.stream(BODY) as stream:
            texts = [_text(chunk) for chunk in await anext(stream)]
            more.set()
            texts += [_text(chunk) for chunk in await anext(stream)]
            assert texts == ["a", "b"]
            with pytest.raises((UpstreamGarbage, UpstreamTruncated)):
                await anext(stream)
        await openrouter.aclose()


async def test_what_arrived_before_a_break_is_read_by_a_reader_that_came_late() -> None:
    """Bytes wait in a buffer while the reader is busy; the break that follows must not throw them away."""
    more = asyncio.Event()

    async def play(exchange: Exchange) -> None:
        await exchange.send(CHUNKED_HEAD + chunked(event("a")))
        await more.wait()
        await exchange.send(chunked(event("b"), event("c")))
        exchange.writer.close()

    async with RawProvider(play) as provider:
        openrouter = client(provider.base_url)
        async with openrouter.stream(BODY) as stream:
            texts = [_text(chunk) for chunk in await anext(stream)]
            more.set()
            await provider.hung_up.wait()
            await _quiet_loop()
            texts += [_text(chunk) for chunk in await anext(stream)]
            assert texts == ["a", "b", "c"]
            for _ in range(2):
                with pytest.raises(UpstreamTruncated):
                    await anext(stream)
        await openrouter.aclose()


async def test_a_body_without_length_ends_with_its_connection() -> None:
    """HTTP/1.0 manners: a proper end."""
    async with RawProvider(script(PLAIN_HEAD + event("a") + event("b"), close=True)) as provider:
        openrouter = client(provider.base_url)
        assert await stream_text(openrouter) == "ab"
        await openrouter.aclose()


async def test_nothing_after_done_is_read() -> None:
    """Row 16: blank lines or more events may follow."""
    data = event("a") + b"data: [DONE]\n\n\n\n" + event("b")
    async with RawProvider(script(CHUNKED_HEAD + chunked(data, event("c")) + END)) as provider:
        openrouter = client(provider.base_url)
        assert await stream_text(openrouter) == "a"
        await openrouter.aclose()


async def test_done_ends_the_stream_of_a_server_that_does_not_close() -> None:
    """And leaving it closes the connection."""
    async with RawProvider(script(CHUNKED_HEAD + chunked(event("a"), b"data: [DONE]\n\n"))) as provider:
        openrouter = client(provider.base_url)
        assert await stream_text(openrouter) == "a"
        async with asyncio.timeout(5):
            await provider.left.wait()
        await openrouter.aclose()


async def test_finished_streams_share_one_connection() -> None:
    """A new one per answer would cost a TLS handshake before each first token; the end may come after `[DONE]`."""
    done_seen = asyncio.Event()

    async def play(exchange: Exchange) -> None:
        await exchange.send(CHUNKED_HEAD + chunked(event("a"), b"data: [DONE]\n\n"))
        await done_seen.wait()
        await exchange.send(END)

    async with RawProvider(play) as provider:
        openrouter = client(provider.base_url)
        for _ in range(3):
            done_seen.clear()
            async with openrouter.stream(BODY) as stream:
                assert [[_text(chunk) for chunk in chunks] async for chunks in stream] == [["a"]]
                done_seen.set()
        await openrouter.aclose()
        assert (len(provider.requests), provider.connections) == (3, 1)


async def test_the_first_chunk_names_the_call_when_no_header_does() -> None:
    """Other servers send no X-Generation-Id; provider may come in the chunk too."""
    data = (
        b'data: {"choices":[]}\n\ndata: {"id":"gen-8","provider":"P","choices":[]}\n\ndata: {"error":{"code":502}}\n\n'
    )
    async with RawProvider(script(CHUNKED_HEAD + chunked(data) + END)) as provider:
        openrouter = client(provider.base_url)
        async with openrouter.stream(BODY) as stream:
            *_, last = await anext(stream)
            assert (stream.upstream_id, stream.provider) == ("gen-8", "P")
            error = stream.error_of(last)
            assert error is not None
            assert error.details["upstream_id"] == "gen-8"
        await openrouter.aclose()


async def test_a_large_refusal_is_not_read_to_its_end() -> None:
    """The status says enough; the sender of an endless body is hung up on."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 502 Bad\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            await exchange.send(b" " * 65536)

    async with RawProvider(play) as provider:
        openrouter = client(provider.base_url)
        assert type(await refused(lambda: openrouter.complete(BODY))) is UpstreamUnavailable
        async with asyncio.timeout(5):
            await provider.left.wait()
        await openrouter.aclose()


async def test_tls_to_a_server_that_has_none_is_typed() -> None:
    """The wrong port, or a captive portal."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        openrouter = client(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        error = await refused(openrouter.list_models)
        await openrouter.aclose()
    assert (type(error), error.details["reason"]) == (UpstreamUnavailable, "tls")


async def test_a_handshake_that_does_not_come_about_is_a_connect_time_out() -> None:
    """A server that accepts the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        openrouter = OpenRouter(
            base_url=f"https://127.0.0.1:{silent.getsockname()[1]}/v1",
            key=KEY,
            referer="",
            title="",
            timeouts=UpstreamTimeouts(connect_s=0.1),
        )
        error = await refused(openrouter.list_models)
        await openrouter.aclose()
    assert type(error) is UpstreamTimeout
    assert error.details == {"phase": "connect", "limit_s": 0.1, "hint": "Ask again, or pick a faster model."}


@pytest.mark.parametrize("body", [{"x": object()}, {"x": "\ud800"}])
async def test_a_body_that_is_no_json_is_our_fault_not_the_providers(body: dict[str, Any]) -> None:
    """Nothing is sent."""
    async with RawProvider(script(b"")) as provider:
        openrouter = client(provider.base_url)
        with pytest.raises(ValidationFailed):
            await openrouter.complete(body)
        await openrouter.aclose()
        assert provider.connections == 0


async def test_a_large_body_is_sent_whole_and_of_known_length() -> None:
    """Pictures and documents make bodies of many megabytes; servers count on Content-Length."""
    text = "ä" * 3_000_000
    async with RawProvider(script(reply(b'{"choices":[{"message":{"content":"Hi"}}]}'))) as provider:
        openrouter = client(provider.base_url)
        for content in (text, text[: 2**19]):
            await openrouter.complete(BODY | {"messages": [{"role": "user", "content": content}]})
            request = provider.requests[-1]
            assert json.loads(request.body)["messages"][0]["content"] == content
            assert b"transfer-encoding" not in request.head.lower()
        await openrouter.aclose()
        assert provider.connections == 1


async def test_a_closed_client_says_so() -> None:
    """Calls after `aclose`, and streams it broke, are typed."""
    async with RawProvider(script(CHUNKED_HEAD + chunked(event("a")))) as provider:
        openrouter = client(provider.base_url)
        async with openrouter.stream(BODY) as stream:
            await anext(stream)
            await openrouter.aclose()
            with pytest.raises(UpstreamError):
                await anext(stream)
        assert isinstance(await refused(openrouter.list_models), UpstreamUnavailable)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "422 Unprocessable"])
async def test_what_is_compressed_unasked_is_said_to_be_so(status: str) -> None:
    """Neither the request nor another try mends it; "as the provider says" would name words that nobody can read."""
    body = gzip.compress(b'{"error":{"message":"temperature is wrong","code":400}}')
    answer = reply(body, status=status, extra="Content-Encoding: gzip\r\n")
    async with RawProvider(script(answer)) as provider:
        openrouter = client(provider.base_url)
        error = await refused(lambda: openrouter.complete(BODY))
        await openrouter.aclose()
    assert error.details["reason"] == "compressed"
    assert "compressed" in error.next_step
    assert "as the provider says" not in error.next_step
