"""The gate against a matrix of hostile requests. Each rule has a row that only this rule refuses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Scope

from app.api.gate import Gate
from app.api.middleware import RequestLog
from tests.api.gate_console import (
    BEARER,
    DATA,
    FETCH,
    FIREFOX,
    LINK,
    LISTED,
    OWN,
    PART,
    ROUTES,
    START,
    TYPED,
    Console,
    run,
)


@pytest.fixture
def console() -> Console:
    return Console()


# Host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:5173", "LOCALHOST", "[::1]", "[::1]:1"])
async def test_loopback_names_are_answered_on_any_port(console: Console, host: str) -> None:
    """Port mappings and development proxies change the port, never the name."""
    assert (await console.ask(host=host)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8000",
        "localhost.",
        "a.localhost",
        "localhost.evil.example",
        "127.0.0.1:8000, evil.example",
        "127.0.0.1/evil",
        "127.0.0.1?x",
        "127.0.0.1#x",
        "evil.example@127.0.0.1",
        "user@127.0.0.1",
        "127.1",
        "0.0.0.0:8000",
        "2130706433",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "::1",
        "[::1",
        "127.0.0.1:",
        "127.0.0.1:port",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127.0.0.1\x00",
        "127.0.0.1\xff",
        "a" * 5000,
    ],
)
async def test_any_other_host_is_421(console: Console, host: str | None) -> None:
    """DNS rebinding: the request is same-origin in all but its name, also for the page and for health."""
    for path in (DATA, "/", "/health"):
        reply = await console.ask(path, FETCH, host=host)
        assert (reply.status, reply.code) == (421, "bad_host")
    assert console.reached == []


async def test_two_hosts_are_421(console: Console) -> None:
    """A server may use the first and a proxy the second."""
    for second in ("evil.example", "127.0.0.1:8000"):
        assert (await console.ask(headers=[("host", second)])).status == 421
    assert console.reached == []


async def test_a_listed_host_is_answered(console: Console) -> None:
    """CONSOLE_HOSTS, whatever its case; a neighbour of the name is not listed."""
    console.policy = replace(console.policy, hosts=("Console.Example",))
    assert (await console.ask(headers=BEARER, host="console.example:443")).status == 200
    assert (await console.ask(headers=BEARER, host="x.console.example")).status == 421


# Origin


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (OWN, "127.0.0.1:8000"),
        ("https://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost", "localhost"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://localhost:5173", "localhost:5173"),
    ],
)
async def test_the_pages_own_origin_is_answered(console: Console, origin: str, host: str) -> None:
    """The authority must equal Host; which of http and https is the proxy's business."""
    reply = await console.ask(headers={"origin": origin}, host=host)
    assert reply.status == 200
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "*",
        "127.0.0.1:8000",
        "http://127.0.0.1",
        "http://127.0.0.1:8001",
        "http://localhost:8000",
        "http://evil.example",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000/",
        f"{OWN} {OWN}",
        f"{OWN}, {OWN}",
        f"{OWN}, http://evil.example",
        "http://https://127.0.0.1:8000",
        "chrome-extension://127.0.0.1:8000",
        "http://user@127.0.0.1:8000",
        LISTED,
        "http://127.0.0.1:8000\xff",
    ],
)
@pytest.mark.parametrize("path", [DATA, START, "/", "/health", "/v1/models", "/docs"])
async def test_any_other_origin_is_403(console: Console, origin: str, path: str) -> None:
    """Whatever the method and the path, and with the right token too."""
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        reply = await console.ask(path, {"origin": origin, **BEARER}, method=method)
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers
    assert console.reached == []


async def test_two_origins_are_403(console: Console) -> None:
    """Even two of ours: whoever sends two wants two readers to disagree."""
    assert (await console.ask(headers=[("origin", OWN), ("origin", OWN)])).code == "forbidden_origin"


# Sec-Fetch


async def test_the_pages_own_fetches_are_answered(console: Console) -> None:
    """What a browser sends for fetch() and for EventSource."""
    for path in (DATA, START, "/api/health", "/api/admin/backup"):
        assert (await console.ask(path, {**FETCH, "user-agent": FIREFOX})).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "unheard-of", "same-origin, same-origin"])
@pytest.mark.parametrize("path", [DATA, START, "/api/health", "/openapi.json", "/assets/a.js", "/"])
async def test_another_site_is_403(console: Console, site: str, path: str) -> None:
    """Another port of this machine is same-site; an extension's request is none."""
    assert (await console.ask(path, {**FETCH, "sec-fetch-site": site})).code == "forbidden_origin"
    assert console.reached == []


@pytest.mark.parametrize("mode", ["navigate", "no-cors", "websocket", "", "unheard-of"])
async def test_modes_of_links_and_images_are_403_on_data(console: Console, mode: str) -> None:
    """The mode alone is enough to refuse."""
    for path in (DATA, START, "/api/health", "/v1/models", "/models", "/metrics", "/unknown"):
        assert (await console.ask(path, {"sec-fetch-site": "same-origin", "sec-fetch-mode": mode})).status == 403
    assert console.reached == []


@pytest.mark.parametrize("dest", ["image", "document", "iframe", "script", "style", "embed", "object", "video", ""])
async def test_destinations_other_than_empty_are_403_on_data(console: Console, dest: str) -> None:
    """An image in a model's output must not spend, a frame must not show."""
    for path in (DATA, START, "/api/health"):
        assert (await console.ask(path, {**FETCH, "sec-fetch-dest": dest})).status == 403
    assert console.reached == []


@pytest.mark.parametrize("name", ["sec-purpose", "purpose"])
@pytest.mark.parametrize("value", ["prefetch", "prefetch;prerender", "Prefetch;anonymous-client-ip"])
async def test_prefetches_are_403_on_data(console: Console, name: str, value: str) -> None:
    """A prefetch is nobody's wish yet; a backup would be made for nothing."""
    for path in (DATA, START, "/api/admin/backup"):
        assert (await console.ask(path, {**FETCH, name: value})).status == 403
    assert console.reached == []


@pytest.mark.parametrize("name", ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"])
async def test_a_sec_fetch_header_sent_twice_is_403(console: Console, name: str) -> None:
    """Twice the right value is not the right value."""
    assert (await console.ask(headers=[*FETCH.items(), (name, FETCH[name])])).status == 403


@pytest.mark.parametrize("path", ["/", "/app", "/app/chat/1", "/docs", "/openapi.json", "/api/admin/backup"])
async def test_the_owner_may_type_these_addresses_or_follow_our_own_links(console: Console, path: str) -> None:
    """Page, docs and backup download; a link on another site leads nowhere."""
    assert (await console.ask(path, TYPED)).status == 200
    assert (await console.ask(path, LINK)).status == 200
    assert (await console.ask(path, {**LINK, "sec-fetch-site": "cross-site"})).status == 403
    assert (await console.ask(path, {**LINK, "sec-fetch-site": "same-site"})).status == 403


@pytest.mark.parametrize(
    "path", [DATA, START, "/health", "/api/health", "/v1/models", "/metrics", "/API/x", "//", "/x"]
)
async def test_data_is_never_navigated_to(console: Console, path: str) -> None:
    """Not even by the owner's own hand: a link in a model's output looks the same."""
    assert (await console.ask(path, TYPED)).status == 403
    assert (await console.ask(path, LINK)).status == 403


async def test_the_pages_own_parts_are_served_to_it_alone(console: Console) -> None:
    """Scripts, styles and images of our page; a backup is no image."""
    for path in ("/assets/a.js", "/favicon.svg", "/docs/docs.js"):
        assert (await console.ask(path, PART)).status == 200
        assert (await console.ask(path, {**PART, "sec-fetch-site": "cross-site"})).status == 403
    assert (await console.ask("/api/admin/backup", PART)).status == 403
    assert (await console.ask("/api/admin/backup", {**LINK, "sec-fetch-dest": "iframe"})).status == 403


# GET that starts


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_browser_that_names_no_site_cannot_start_a_generation(console: Console, method: str) -> None:
    """An old browser's image tag; other routes and other programs are not concerned."""
    reply = await console.ask(START, {"user-agent": FIREFOX}, method=method)
    assert reply.status == 403
    assert (await console.ask(START, {"user-agent": FIREFOX.lower()}, method=method)).status == 403
    assert (await console.ask(START, {"user-agent": "curl/8.5.0"}, method=method)).status == 200
    assert (await console.ask(START, method=method)).status == 200
    assert (await console.ask(DATA, {"user-agent": FIREFOX}, method=method)).status == 200
    assert (await console.ask(START, {"user-agent": FIREFOX, "origin": OWN}, method="POST")).status == 200


@pytest.mark.parametrize("path", [f"{START}\n", "/api/sessions\n", "/\n", "/assets/a\n.js"])
async def test_a_path_with_a_line_break_names_nothing(console: Console, path: str) -> None:
    """The router would take `/api/stream%0A` for `/api/stream`, by which the gate does not know it."""
    reply = await console.ask(path, {"user-agent": FIREFOX})
    assert (reply.status, reply.code) == (404, "not_found")
    assert console.reached == []


# Shape of refusals, other protocols


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (DATA, {"error_code", "message", "request_id", "details"}),
        ("/models", {"detail"}),
        ("/", {"error_code", "message", "request_id", "details"}),
        ("/v1/models", {"error"}),
        ("/api/v1/models", {"error"}),
        ("/chat", {"error", "type"}),
    ],
)
async def test_refusals_speak_the_dialect_of_the_path(console: Console, path: str, keys: set[str]) -> None:
    """JSON with the contract's keys, an id, and the headers that every reply has."""
    reply = await console.ask(path, {"accept": "text/html"}, host="evil.example")
    assert set(json.loads(reply.body)) == keys
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert len(reply.headers["x-request-id"]) == 36


async def test_the_decision_is_made_on_the_path_the_router_sees(console: Console) -> None:
    """With a root path in front, a data path is still data and a page still a page."""
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/assets/api/stream",
        "root_path": "/assets",
        "headers": [(b"host", b"localhost"), (b"user-agent", FIREFOX.encode())],
        "client": ("127.0.0.1", 1),
    }
    assert (await run(console.app, scope)).status == 403


async def test_a_websocket_is_closed_unopened(console: Console) -> None:
    """There is none here; one added later must be thought about first."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await console.app({"type": "websocket", "path": DATA, "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_the_lifespan_passes() -> None:
    """The gate stands in front of an app that must start."""
    passed: list[str] = []

    async def inner(scope: Scope, receive: Callable[[], Awaitable[Message]], send: object) -> None:
        passed.append(scope["type"])

    async def nothing(*_: object) -> Any:
        pytest.fail("not needed")

    gate = RequestLog(Gate(inner, lambda: pytest.fail("no policy yet"), ROUTES))
    await gate({"type": "lifespan"}, nothing, nothing)
    assert passed == ["lifespan"]
