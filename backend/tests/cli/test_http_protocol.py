"""Request targets that name a host themselves, sent as bytes: clients do not send them to servers, attackers may."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.harness import Console, soon

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
