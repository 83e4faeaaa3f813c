"""Where the key goes and where it never does: headers, base URLs, redirects, cookies, echoes."""

from __future__ import annotations

import json
import socket

import pytest

from app import __version__
from app.core.errors import UpstreamBadKey, UpstreamError
from tests.services.raw_provider import RawProvider, chunked, reply, script
from tests.services.upstream.test_openrouter_hostile import BODY, CHUNKED_HEAD, END, KEY, client, refused, stream_text


async def test_every_call_carries_the_headers_and_only_those() -> None:
    """Attribution, identity encoding, our name; the body says whether it streams."""
    async with RawProvider(script(reply(b'{"data":[]}'))) as provider:
        openrouter = client(provider.base_url + "/", title="Konsole  ä\r\nX-Evil: 1")
        await openrouter.list_models()
        await openrouter.aclose()
        base_url = provider.base_url
    head = provider.requests[0].head.decode()
    lines = head.strip().split("\r\n")
    assert lines[0] == "GET /api/v1/models HTTP/1.1"
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    host = headers.pop("host")
    assert headers == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": f"Bearer {KEY}",
        "http-referer": "http://localhost:8000",
        "user-agent": f"llm-console/{__version__}",
        "x-openrouter-title": "Konsole ä X-Evil: 1",
        "x-title": "Konsole ä X-Evil: 1",
    }
    assert base_url.startswith(f"http://{host}/")


async def test_without_a_key_none_is_sent() -> None:
    """Keyless servers exist."""
    async with RawProvider(script(reply(b'{"data":[]}'))) as provider:
        openrouter = client(provider.base_url, key=None)
        assert await openrouter.list_models() == []
        await openrouter.aclose()
    assert b"authorization" not in provider.requests[0].head.lower()


@pytest.mark.parametrize(
    ("base_url", "reason"),
    [
        ("http://openrouter.example/api/v1", "plain_http"),
        ("http://127.0.0.1.openrouter.example/v1", "plain_http"),
        ("http://10.0.0.1:4861/v1", "plain_http"),
        ("http://0.0.0.0:4861/v1", "plain_http"),
        ("http://0x7f.1/v1", "plain_http"),
        ("http://[2001:db8::1]/v1", "plain_http"),
        ("http://localhost.example/v1", "plain_http"),
        ("https://user:pass@openrouter.example/v1", "bad_base_url"),
        ("https://openrouter.example/v1?x=1", "bad_base_url"),
        ("ftp://127.0.0.1/v1", "bad_base_url"),
        ("file:///etc/passwd", "bad_base_url"),
        ("openrouter.example", "bad_base_url"),
        ("http://[::1", "bad_base_url"),
        ("", "bad_base_url"),
    ],
)
async def test_the_key_goes_nowhere_in_the_clear(base_url: str, reason: str) -> None:
    """Refused before a connection is made."""
    openrouter = client(base_url)
    for call in (openrouter.list_models, lambda: openrouter.complete(BODY), lambda: stream_text(openrouter)):
        error = await refused(call)
        assert (type(error), error.details["reason"]) == (UpstreamError, reason)
    await openrouter.aclose()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3", "LOCALHOST"])
async def test_the_key_may_go_to_this_machine(host: str) -> None:
    """Nobody listens there, so it is the connection that fails."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    openrouter = client(f"http://{host}:{port}/v1")
    assert (await refused(openrouter.list_models)).details["reason"] == "connect"
    await openrouter.aclose()


@pytest.mark.parametrize("key", ["sk-or-v1-a\r\nX-Evil: 1", "sk or", "schlüssel", "k\0"])
async def test_a_malformed_key_is_refused_and_not_shown(key: str) -> None:
    """It could not be a header."""
    openrouter = client("https://openrouter.example/v1", key=key)
    error = await refused(openrouter.list_models)
    await openrouter.aclose()
    assert type(error) is UpstreamBadKey
    assert key not in repr(error) + repr(error.details)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_redirects_are_not_followed(status: str) -> None:
    """Not for lookups, not for paid calls; the other host sees nothing of the key."""
    async with (
        RawProvider(script(reply(b'{"data":[]}'))) as elsewhere,
        RawProvider(script(reply(b"", status=status, extra=f"Location: {elsewhere.base_url}/models\r\n"))) as provider,
    ):
        openrouter = client(provider.base_url)
        for call in (openrouter.list_models, lambda: openrouter.complete(BODY), lambda: stream_text(openrouter)):
            error = await refused(call)
            assert error.details["reason"] == "redirect"
            assert "OPENROUTER_BASE_URL" in error.next_step, "there is nothing to correct in the request"
        await openrouter.aclose()
        assert elsewhere.connections == 0


async def test_cookies_are_neither_kept_nor_sent() -> None:
    """The edge sets them; they would tie calls together."""
    cookie = "Set-Cookie: __cf_bm=abc; Path=/\r\n"
    async with RawProvider(script(reply(b'{"data":[]}', extra=cookie))) as provider:
        openrouter = client(provider.base_url)
        await openrouter.list_models()
        await openrouter.list_models()
        await openrouter.aclose()
    assert b"cookie" not in provider.requests[1].head.lower()


async def test_the_key_is_not_in_what_the_provider_makes_us_say() -> None:
    """It echoes the key, of a form that only we know, in a header, a message and a stream."""
    key = "hunter2-hunter2"
    echo = json.dumps({"error": {"code": 401, "message": f"bad key {key}", "metadata": {"raw": key}}}).encode()
    plays = [
        reply(echo, status="401 Unauthorized", extra=f"X-Generation-Id: {key}\r\n"),
        reply(echo),
        CHUNKED_HEAD + chunked(b"data: " + echo + b"\n\n") + END,
    ]
    for whole in plays:
        async with RawProvider(script(whole)) as provider:
            openrouter = client(provider.base_url, key=key)
            error: UpstreamError | None = None
            try:
                async with openrouter.stream(BODY) as stream:
                    (chunk,) = await anext(stream)
                    error = stream.error_of(chunk)
            except UpstreamError as exc:
                error = exc
            await openrouter.aclose()
        assert type(error) is UpstreamBadKey
        assert "hunter2" not in error.message + repr(error.details) + repr(error)
