"""What is sent as bytes because no client sends it: targets that name a host, and heads without end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from fastapi import FastAPI

from app.cli.http_protocol import HEAD_WAIT_S, MOST_HEAD_BYTES, MOST_HEADERS, MOST_WAITING, HttpProtocol, end_late
from app.cli.server import TICKS_PER_SWEEP, Server
from tests.harness import Console, Json, soon

HERE = "{here}"


async def status_of(console: Console, target: str, host: str, method: str = "GET") -> int:
    url = httpx.URL(console.url)
    here = url.netloc.decode()
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        writer.write(head.replace(HERE, here).encode())
        line = (await soon(reader.readline())).decode()
        await soon(reader.read())
    finally:
        writer.close()
        await writer.wait_closed()
    return int(line.split()[1])


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/api/tokens",
        "http://evil.example/",
        "http://evil.example",
        "HTTP://EVIL.EXAMPLE/api/tokens",
        "https://evil.example/health",
        "http://localhost.evil.example/api/tokens",
        "http://{here}@evil.example/api/tokens",
        "http://evil.example@{here}/api/tokens",
        "http://localhost/api/tokens",
        "http:///api/tokens",
        "http:/api/tokens",
        "//evil.example/api/tokens",
    ],
)
async def test_the_host_of_a_target_counts(console: Console, target: str) -> None:
    """RFC 9112, section 3.2.2. What names another host than ``Host`` does, allowed or not, is not served."""
    assert await status_of(console, target, HERE) in (400, 404, 421)


async def test_a_foreign_host_is_told_so(console: Console) -> None:
    """The same refusal, whichever of the two is foreign."""
    assert await status_of(console, "http://evil.example/api/tokens", HERE) == 421
    assert await status_of(console, "http://{here}/api/tokens", "evil.example") == 421
    assert await status_of(console, "http://evil.example/api/tokens", "evil.example") == 421


async def test_a_target_that_says_the_same_twice_is_served(console: Console) -> None:
    """As a proxy's client would send it; upper case is no other host."""
    assert await status_of(console, "http://{here}/api/tokens", HERE) == 200
    assert await status_of(console, "http://LOCALHOST/api/tokens", "localhost") == 200
    assert await status_of(console, "/api/tokens", HERE) == 200
    assert await status_of(console, "*", HERE, "OPTIONS") < 500


# The size and the time of a head


class Peer:
    """A connection that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def flood(self, piece: bytes, most_bytes: int) -> int:
        """Send a piece over and over until the other side ends it; how many bytes were sent."""
        sent_bytes = 0
        try:
            while sent_bytes < most_bytes:
                self.writer.write(piece)
                await soon(self.writer.drain())
                sent_bytes += len(piece)
        except ConnectionError:
            pass
        return sent_bytes

    async def reply(self) -> tuple[int, Json]:
        """Status and body of the last thing said before the connection ends."""
        raw = await soon(self.reader.read())
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"\r\nConnection: close" in head
        return int(head.split()[1]), json.loads(body)


@asynccontextmanager
async def connected(console: Console) -> AsyncIterator[Peer]:
    url = httpx.URL(console.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def head_of(console: Console, *headers: str, target: str = "/api/health", method: str = "GET") -> bytes:
    host = httpx.URL(console.url).netloc.decode()
    lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", "")
    return "\r\n".join(lines).encode()


async def refused(console: Console, *pieces: bytes) -> tuple[int, str]:
    """Status and code of the answer to some bytes, sent piece by piece."""
    async with connected(console) as peer:
        for piece in pieces:
            peer.writer.write(piece)
            await soon(peer.writer.drain())
            await asyncio.sleep(0)
        status, body = await peer.reply()
        assert body["request_id"]
        assert body["details"]["hint"]
        return status, body["error_code"]


async def test_a_head_has_a_hundred_headers_at_most(console: Console) -> None:
    """``Host`` is one of them; the last one that is allowed is served."""
    few = [f"a{number}: b" for number in range(MOST_HEADERS - 2)]
    async with connected(console) as peer:
        peer.writer.write(head_of(console, *few, "Connection: close"))
        assert (await soon(peer.reader.read())).startswith(b"HTTP/1.1 200")
    assert await refused(console, head_of(console, *few, "x: y", "z: y")) == (431, "headers_too_large")


async def test_a_head_has_64_kib_at_most(console: Console) -> None:
    """Whether it comes at once or not, and of whatever it is made."""
    value = "v" * (MOST_HEAD_BYTES // 2)
    large = head_of(console, f"a: {value}", f"b: {value}")
    assert await refused(console, large) == (431, "headers_too_large")
    assert await refused(console, large[:100], large[100:40_000], large[40_000:]) == (431, "headers_too_large")
    for target in ("/api/health?" + "x" * MOST_HEAD_BYTES, "/" + "x" * 4 * MOST_HEAD_BYTES):
        status, code = await refused(console, head_of(console, target=target))
        assert (status, code) in ((414, "target_too_long"), (431, "headers_too_large"))
    assert await refused(console, b"GET /" + b"x" * (MOST_HEAD_BYTES + 1)) == (414, "target_too_long")


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        ("", b"\r\n" * 8192),
        ("GET /", b"x" * 2**16),
        ("GET / HTTP/1.1\r\n", b"a:\r\n" * 2**14),
        ("GET / HTTP/1.1\r\na: ", b"v" * 2**16),
        ("GET / HTTP/1.1\r\n", b"n" * 2**16),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"e" * 2**16),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"a: b\r\n" * 2**13),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na: ", b"v" * 2**16),
    ],
    ids=["empty lines", "target", "headers", "value", "name", "chunk extension", "trailers", "trailer"],
)
async def test_what_is_no_body_does_not_go_on_for_ever(console: Console, start: str, piece: bytes) -> None:
    """The connection ends after little more than what the kernels hold; the console goes on."""
    async with connected(console) as peer:
        peer.writer.write(start.encode())
        assert await peer.flood(piece, 300 * 2**20) < 32 * 2**20
    assert (await console.client.get("/api/health"))["ok"]


async def test_a_second_head_that_is_too_large_is_not_answered_into_the_first_reply(console: Console) -> None:
    """A stream that runs is cut; nothing foreign is in it."""
    async with connected(console) as peer:
        peer.writer.write(head_of(console, target="/api/events"))
        assert (await soon(peer.reader.readline())).startswith(b"HTTP/1.1 200")
        await soon(peer.reader.readuntil(b"hello"))
        await peer.flood(b"GET /" + b"x" * 2**16, 2**23)
        with suppress(ConnectionError):
            assert b"HTTP/1.1" not in await soon(peer.reader.read())


async def test_few_requests_wait_for_one_another(console: Console) -> None:
    """One read may hold thousands of them, each with its own memory; a connection that sends so many is cut."""
    async with connected(console) as peer:
        peer.writer.write(head_of(console) * MOST_WAITING)
        peer.writer.write(head_of(console, "Connection: close"))
        assert (await soon(peer.reader.read())).count(b"HTTP/1.1 200") == MOST_WAITING + 1
    async with connected(console) as peer:
        with suppress(ConnectionError):
            await peer.flood(head_of(console) * 2000, 1)
            assert (await soon(peer.reader.read())).count(b"HTTP/1.1 200") <= MOST_WAITING


async def test_large_bodies_are_no_heads(console: Console) -> None:
    """Three megabytes in one field reach their route."""
    reply = await console.client.ask("POST", "/api/sessions", json={"title": "x" * 3 * 2**20})
    assert reply.status_code == 422


def later(console: Console, seconds: float) -> None:
    """As if the sweep came so many seconds from now."""
    end_late(console.server.server_state.connections, asyncio.get_running_loop().time() + seconds)


async def arrived(console: Console) -> None:
    """What was sent before on other connections has been read: this came after it."""
    async with console.another_client() as another:
        await another.get("/api/health")


async def test_a_connection_that_says_nothing_is_closed(console: Console) -> None:
    """After half a minute, without a word; not before."""
    async with connected(console) as peer:
        await arrived(console)
        later(console, HEAD_WAIT_S - 5)
        await arrived(console)
        assert not peer.reader.at_eof()
        later(console, HEAD_WAIT_S + 5)
        assert await soon(peer.reader.read()) == b""


async def test_a_head_that_trickles_in_is_408(console: Console) -> None:
    """A byte now and then does not renew the time; nor does a first request that was whole."""
    async with connected(console) as peer:
        peer.writer.write(head_of(console))
        await soon(peer.reader.readuntil(b"}"))
        for byte in b"\r\nGET / HT":
            peer.writer.write(bytes([byte]))
            await arrived(console)
            later(console, HEAD_WAIT_S - 5)
        later(console, HEAD_WAIT_S + 5)
        status, body = await peer.reply()
        assert (status, body["error_code"]) == (408, "request_timeout")


async def test_a_connection_between_two_requests_and_one_that_streams_are_left_alone(console: Console) -> None:
    """Keep-alive has its own time, and a stream has all."""
    async with connected(console) as idle, connected(console) as streaming:
        idle.writer.write(head_of(console))
        await soon(idle.reader.readuntil(b"}"))
        streaming.writer.write(head_of(console, target="/api/events"))
        await soon(streaming.reader.readuntil(b"hello"))
        later(console, 10 * HEAD_WAIT_S)
        idle.writer.write(head_of(console))
        await soon(idle.reader.readuntil(b"}"))
        await arrived(console)
        assert not streaming.reader.at_eof()


async def test_a_body_that_nobody_waits_for_ends_too(console: Console) -> None:
    """It was refused before it was read; what still trickles in holds the connection no longer than a head does."""
    async with connected(console) as peer:
        typed = ("Content-Type: text/plain", "Content-Length: 1000")
        peer.writer.write(head_of(console, *typed, target="/api/sessions", method="POST"))
        assert b" 415 " in await soon(peer.reader.readline())
        await soon(peer.reader.readuntil(b"}}"))
        peer.writer.write(b"x")
        await arrived(console)
        later(console, HEAD_WAIT_S + 5)
        assert await soon(peer.reader.read()) == b""


async def test_the_server_sweeps_once_a_second(console: Console) -> None:
    """In the main loop that uvicorn has anyway."""
    server = Server(console.server.config, FastAPI(), open_browser=False)
    server.server_state = console.server.server_state
    async with connected(console) as peer:
        await arrived(console)
        (late,) = [
            one for one in server.server_state.connections if isinstance(one, HttpProtocol) and one.cycle is None
        ]
        late._head_due_s = 0.0  # half a minute ago
        assert not await server.on_tick(TICKS_PER_SWEEP - 1)
        await arrived(console)
        assert not peer.reader.at_eof()
        assert not await server.on_tick(TICKS_PER_SWEEP)
        assert await soon(peer.reader.read()) == b""
