"""The gate against a matrix of hostile requests. Each rule has a row that only this rule refuses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from app.api.attempts import BURST, MAX_PEERS, REFILL_S, Attempts
from app.api.gate import Gate
from app.api.gate_policy import GatePolicy
from app.api.middleware import RequestLog
from app.core.config import Settings

TOKEN = "t0ken-of-this-console-0123456789abcdefghijk"
OWN = "http://127.0.0.1:8000"
LISTED = "https://pages.example"
DATA = "/api/sessions"
START = "/api/stream"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

FETCH = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
TYPED = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
LINK = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
PART = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
FOREIGN = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "origin": LISTED}
BEARER = {"authorization": f"Bearer {TOKEN}"}

Headers = dict[str, str] | list[tuple[str, str]]


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The error code of a refusal in our own shape."""
        return str(json.loads(self.body)["error_code"]) if self.status >= 400 else None


@dataclass
class Console:
    """A small app behind the gate that counts what reached it."""

    policy: GatePolicy = field(default_factory=lambda: GatePolicy(token=TOKEN))
    now_s: float = 0.0
    reached: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        inner: ASGIApp = Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])
        self.app: ASGIApp = RequestLog(Gate(inner, lambda: self.policy, clock_s=lambda: self.now_s))

    async def answer(self, request: Request) -> Response:
        self.reached.append(request.scope["path"])
        self.bodies.append(await request.body())
        return JSONResponse({"secret": "data"})

    async def ask(
        self,
        path: str = DATA,
        headers: Headers | None = None,
        *,
        method: str = "GET",
        host: str | None = "127.0.0.1:8000",
        peer: str | None = "127.0.0.1",
        body: Iterable[bytes] = (),
    ) -> Reply:
        """One request as raw ASGI: duplicated and odd headers arrive exactly as given."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if host is not None:
            pairs.insert(0, ("host", host))
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
            "client": (peer, 50000) if peer is not None else None,
            "server": ("127.0.0.1", 8000),
        }
        return await run(self.app, scope, body)


async def run(app: ASGIApp, scope: Scope, body: Iterable[bytes] = ()) -> Reply:
    chunks = list(body) or [b""]
    incoming: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent, "nothing was answered"
    headers: dict[str, str] = {}
    for name, value in sent[0]["headers"]:
        assert name.decode() not in headers, f"{name!r} sent twice"
        headers[name.decode()] = value.decode("latin-1")
    return Reply(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def console() -> Console:
    return Console()


def required(console: Console) -> None:
    console.policy = replace(console.policy, auth="token")


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


# Token


async def test_on_loopback_the_owners_programs_need_no_token(console: Console) -> None:
    """`auto`: curl and SDKs work, whatever key they send; both address families."""
    for headers in ({}, {"authorization": "Bearer sk-anything"}, {"authorization": "Basic eDp5"}):
        assert (await console.ask(headers=headers)).status == 200
    assert (await console.ask(peer="::1", host="[::1]:8000")).status == 200
    assert (await console.ask(peer="::ffff:127.0.0.1")).status == 200


Change = Callable[[GatePolicy], GatePolicy]


@pytest.mark.parametrize(
    ("change", "request_"),
    [
        (lambda policy: replace(policy, auth="token"), {}),
        (lambda policy: replace(policy, loopback_bind=False), {}),
        (lambda policy: replace(policy, hosts=("console.example",)), {}),
        (lambda policy: policy, {"peer": "192.168.1.7"}),
        (lambda policy: policy, {"peer": "fe80::1%eth0"}),
        (lambda policy: policy, {"peer": "testclient"}),
        (lambda policy: policy, {"peer": None}),
        (lambda policy: policy, {"headers": {"forwarded": "for=1.2.3.4"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-for": "127.0.0.1"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-proto": "https"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-host": ""}}),
    ],
    ids=["auth", "bind", "hosts", "lan", "link-local", "name", "socket", "forwarded", "xff", "xfp", "xfh"],
)
async def test_the_token_is_required_when(console: Console, change: Change, request_: dict[str, Any]) -> None:
    """Each condition alone; health and the page's static files stay open, docs and unknown paths do not."""
    console.policy = change(console.policy)
    headers = request_.pop("headers", {})
    for path in (DATA, START, "/docs", "/openapi.json", "/v1/models", "/api/admin/backup", "/metrics", "/unknown"):
        reply = await console.ask(path, headers, **request_)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert b"data" not in reply.body
    assert console.reached == []
    assert (await console.ask(DATA, {**headers, **BEARER}, **request_)).status == 200
    for path in ("/health", "/api/health", "/", "/app/chat/1", "/assets/a.js", "/favicon.svg"):
        assert (await console.ask(path, headers, **request_)).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer\t{TOKEN}",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        "Bearer \xff",
    ],
)
async def test_only_the_exact_bearer_is_the_token(console: Console, value: str) -> None:
    """No other scheme, no prefix, no suffix."""
    required(console)
    assert (await console.ask(headers={"authorization": value})).code == "unauthorized"


async def test_the_scheme_has_no_case_and_other_places_hold_no_token(console: Console) -> None:
    """`bearer` is Bearer; a query field, a cookie or another header is not looked at."""
    required(console)
    assert (await console.ask(headers={"authorization": f"bearer {TOKEN}"})).status == 200
    for headers in ({"x-api-key": TOKEN}, {"cookie": f"token={TOKEN}"}, {"proxy-authorization": f"Bearer {TOKEN}"}):
        assert (await console.ask(headers=headers)).status == 401


async def test_two_authorizations_are_401_even_where_none_is_needed(console: Console) -> None:
    """One reader may take the first, another the second."""
    twice = [*BEARER.items(), ("authorization", "Bearer other")]
    assert (await console.ask(headers=twice)).status == 401
    required(console)
    assert (await console.ask(headers=[*BEARER.items(), *BEARER.items()])).status == 401


async def test_without_a_token_of_our_own_nobody_has_the_right_one() -> None:
    """A policy that requires a token and has none refuses, the empty one too."""
    console = Console(GatePolicy(auth="token"))
    for value in ("Bearer ", "Bearer None", "Bearer x"):
        assert (await console.ask(headers={"authorization": value})).status == 401


async def test_guessing_is_limited_per_peer(console: Console) -> None:
    """Ten guesses, then 429 with Retry-After even for the right token; other peers go on; time heals."""
    required(console)
    for guess in range(BURST):
        assert (await console.ask(headers={"authorization": f"Bearer {guess}"})).status == 401
    blocked = await console.ask(headers=BEARER)
    assert (blocked.status, blocked.code) == (429, "rate_limited_local")
    assert blocked.headers["retry-after"] == "6"
    assert (await console.ask(headers=BEARER, peer="::1")).status == 200
    assert (await console.ask("/api/health")).status == 200
    console.now_s += REFILL_S
    assert (await console.ask(headers=BEARER)).status == 200
    assert (await console.ask(headers={"authorization": "Bearer again"})).status == 401
    assert (await console.ask(headers=BEARER)).status == 429


async def test_a_stale_or_missing_token_is_no_guess(console: Console) -> None:
    """A page that still holds yesterday's token repeats it; that must not lock its owner out."""
    required(console)
    for _ in range(3 * BURST):
        assert (await console.ask(headers={"authorization": "Bearer yesterdays-token"})).status == 401
        assert (await console.ask()).status == 401
    assert (await console.ask(headers=BEARER)).status == 200


def test_attempts_take_bounded_memory() -> None:
    """A million peers are remembered as a thousand; an IPv6 network is one peer."""
    attempts = Attempts(lambda: 0.0)
    for number in range(MAX_PEERS + 100):
        attempts.failed(f"10.0.{number // 256}.{number % 256}", b"x")
    assert len(attempts) == MAX_PEERS
    for number in range(BURST):
        attempts.failed(f"2001:db8::{number + 1:x}", str(number).encode())
    assert attempts.wait_s("2001:db8::ffff") == REFILL_S
    assert attempts.wait_s("2001:db8:0:1::1") == 0
    assert len(attempts) == MAX_PEERS


# Listed foreign origins


@pytest.fixture
def shared(console: Console) -> Console:
    console.policy = replace(console.policy, origins=(LISTED,))
    return console


async def test_a_listed_origin_is_answered_with_the_token_alone(shared: Console) -> None:
    """Everywhere, also on paths that are otherwise open; refusals can be read by that page too."""
    for path in (DATA, "/api/health", "/"):
        refused = await shared.ask(path, FOREIGN)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, LISTED)
        reply = await shared.ask(path, {**FOREIGN, **BEARER})
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, LISTED)
        assert reply.headers["vary"] == "Origin"
        assert "X-Request-ID" in reply.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in reply.headers


async def test_a_preflight_of_a_listed_origin_never_reaches_a_route(shared: Console) -> None:
    """It cannot carry the token, so it is answered by the gate."""
    asked = {**FOREIGN, "access-control-request-method": "POST"}
    reply = await shared.ask(START, asked, method="OPTIONS")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == LISTED
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "Authorization" in reply.headers["access-control-allow-headers"]
    assert shared.reached == []


@pytest.mark.parametrize(
    "origin",
    ["http://pages.example", "https://pages.example.evil", "https://x.pages.example", "https://pages.example:1"],
)
async def test_a_neighbour_of_a_listed_origin_is_not_listed(shared: Console, origin: str) -> None:
    """Scheme, name and port, exactly."""
    headers = {**FOREIGN, **BEARER, "origin": origin, "access-control-request-method": "GET"}
    for method in ("GET", "OPTIONS"):
        reply = await shared.ask(headers=headers, method=method)
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers


async def test_a_listed_origin_is_still_no_image_and_no_link(shared: Console) -> None:
    """Listing lets its scripts fetch; the other rules stand."""
    assert (await shared.ask(headers={**FOREIGN, **BEARER, "sec-fetch-mode": "no-cors"})).status == 403
    assert (await shared.ask(headers={**FOREIGN, **BEARER, "sec-fetch-dest": "image"})).status == 403
    assert (await shared.ask(headers={**FOREIGN, **BEARER}, host="evil.example")).status == 421


# Bodies


def with_body(content_type: str | None, length: int) -> dict[str, str]:
    headers = {"content-length": str(length)}
    return headers if content_type is None else {**headers, "content-type": content_type}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "text/plain; application/json",
        "application/json\xff",
    ],
)
async def test_a_body_that_is_not_json_is_415(console: Console, method: str, content_type: str | None) -> None:
    """The types a page can send without a preflight, and none at all."""
    reply = await console.ask(headers=with_body(content_type, 2), method=method, body=[b"{}"])
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    chunked = {name: value for name, value in with_body(content_type, 2).items() if name != "content-length"}
    reply = await console.ask(headers={**chunked, "transfer-encoding": "chunked"}, method=method, body=[b"{}"])
    assert reply.status == 415
    assert console.reached == []


async def test_two_content_types_are_415(console: Console) -> None:
    """Even two of the right ones."""
    headers = [("content-length", "2"), ("content-type", "application/json"), ("content-type", "application/json")]
    assert (await console.ask(headers=headers, method="POST", body=[b"{}"])).status == 415


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"'],
)
async def test_json_reaches_the_route_unchanged(console: Console, content_type: str) -> None:
    """In as many pieces as it came; without a body no type is needed."""
    assert (await console.ask(headers=with_body(content_type, 8), method="POST", body=[b'{"a"', b": 1}"])).status == 200
    assert console.bodies == [b'{"a": 1}']
    assert (await console.ask(method="POST")).status == 200
    assert (await console.ask(method="POST", headers={"content-length": "0"})).status == 200


async def test_multipart_is_for_uploads_only(console: Console) -> None:
    """A page can send it without a preflight, so one more path is one more risk."""
    headers = with_body("multipart/form-data; boundary=x", 2)
    assert (await console.ask("/api/documents/upload", headers, method="POST", body=[b"--"])).status == 200
    assert (await console.ask("/api/documents", headers, method="POST", body=[b"--"])).status == 415


async def test_the_body_is_counted_not_believed(console: Console) -> None:
    """A declared length is refused before a byte is read, an undeclared one at the first byte too many."""
    console.policy = replace(console.policy, body_limit_bytes=100)
    typed = {"content-type": "application/json"}
    chunked = {**typed, "transfer-encoding": "chunked"}
    for headers, body in (
        (with_body("application/json", 101), []),
        ({**typed, "content-length": "9" * 400}, []),
        (chunked, [b"x" * 60, b"x" * 41, b"never read"]),
        ({**typed, "content-length": "5"}, [b"x" * 101]),
    ):
        reply = await console.ask(headers=headers, method="POST", body=body)
        assert (reply.status, reply.code) == (413, "body_too_large")
        assert json.loads(reply.body)["details"]["limit_bytes"] == 100
    assert console.reached == []
    assert (await console.ask(headers=chunked, method="POST", body=[b"x" * 60, b"x" * 40])).status == 200


async def test_the_default_limit_is_4_mib(console: Console) -> None:
    """A little more than the longest message the store takes."""
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
    piece = b"x" * 2**20
    assert (await console.ask(headers=headers, method="POST", body=[piece] * 4)).status == 200
    assert (await console.ask(headers=headers, method="POST", body=[piece] * 4 + [b"x"])).status == 413


async def test_a_client_that_leaves_in_mid_body_reaches_nothing(console: Console) -> None:
    """Half a request is no request, and nobody is left to answer."""
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": DATA,
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")],
        "client": ("127.0.0.1", 1),
    }
    incoming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        pytest.fail(f"answered {message}")

    await console.app(scope, receive, send)
    assert console.reached == []


# Shape of refusals, other protocols, policy


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (DATA, {"error_code", "message", "request_id", "details"}),
        ("/models", {"error_code", "message", "request_id", "details"}),
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

    gate = RequestLog(Gate(inner, lambda: pytest.fail("no policy yet")))
    await gate({"type": "lifespan"}, nothing, nothing)
    assert passed == ["lifespan"]


@pytest.mark.parametrize("host", ["*", "*.example", "console.example:8000", "http://console.example", "", "a b"])
def test_a_host_that_could_match_many_is_refused_at_start(host: str) -> None:
    """Names only."""
    with pytest.raises(ValueError, match="CONSOLE_HOSTS"):
        GatePolicy(hosts=(host,))


@pytest.mark.parametrize("origin", ["*", "null", "console.example", "https://*.example", "https://a/b", "", "https://"])
def test_an_origin_that_could_match_many_is_refused_at_start(origin: str) -> None:
    """`null` is what any sandboxed frame sends."""
    with pytest.raises(ValueError, match="APP_ORIGINS"):
        GatePolicy(origins=(origin,))


def settings_of(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "console.example"])  # noqa: S104
def test_a_bind_beyond_loopback_needs_a_decision(host: str) -> None:
    """Refused until the owner asks for a token; with one, every request needs it."""
    with pytest.raises(ValueError, match="CONSOLE_AUTH=token"):
        GatePolicy.of(settings_of(host=host), TOKEN)
    assert GatePolicy.of(settings_of(host=host, auth="token"), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, token=TOKEN), TOKEN).token_always


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_a_loopback_bind_is_open_until_a_token_is_asked_for(host: str) -> None:
    """CONSOLE_TOKEN given, CONSOLE_AUTH=token or a foreign host asks for it."""
    assert not GatePolicy.of(settings_of(host=host), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, token=TOKEN), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, auth="token"), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, hosts=("console.example",)), TOKEN).token_always
    assert not GatePolicy.of(settings_of(host=host, hosts=("localhost",)), TOKEN).token_always
