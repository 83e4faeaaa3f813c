"""Who may ask for what: the first thing a request meets, before routing, decided on its path and raw headers alone.

In this order, each a refusal of its own: Host (DNS rebinding), Origin and Sec-Fetch (other pages), a generation started
by a browser's GET, the token, the body's type, the body's size. Design section 11 says why; default is to refuse.
A body is read only where a route takes one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.admission import Admission
from app.api.attempts import network_of
from app.api.callers import Callers, check_scope, redeem
from app.api.errors import error_response
from app.api.gate_policy import GatePolicy
from app.api.paths import STREAMED, UPLOADS, PathClass, body_limit_bytes, classify, route_path
from app.api.patience import within
from app.api.rates import RATE_HEADERS, Rates, too_many
from app.api.revocation import until_revoked
from app.api.route_class import Access
from app.api.route_table import RouteTable
from app.core.caller import token_id_var
from app.core.errors import (
    AppError,
    BadHost,
    BodyTooLarge,
    ForbiddenOrigin,
    NotFound,
    UnsupportedMediaType,
)
from app.core.logging_config import request_id_var
from app.services.access_tokens import Grant

_HOST = re.compile(rb"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?")
_JSON = re.compile(rb'(?i)application/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?')
_MULTIPART = re.compile(rb"(?i)multipart/form-data\s*;[ -~]{1,200}")

_WATCHED = frozenset(
    {
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        b"sec-fetch-dest",
        b"sec-purpose",
        b"purpose",
        b"user-agent",
        b"authorization",
        b"forwarded",
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
    }
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_CORS_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_CORS_REQUEST_HEADERS = b"Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Console-Store, X-Request-ID"
_CORS_REPLY_HEADERS = (
    b"Idempotent-Replayed, Retry-After, X-Attached, X-Console-Demo, X-Console-Session-Id, X-Generation-Id, X-Request-ID"
)
_PREFLIGHT_KEPT_S = b"600"

Seen = Mapping[bytes, bytes]


class Gate:
    """Pure ASGI middleware. Refusals are JSON in the dialect of the path; WebSockets are closed unopened.

    ``admission`` is asked on every request, because it is known only once the lifespan has run; until it returns,
    nothing may be served. ``clock_s`` is monotonic seconds, for the limits on token guesses and requests.
    """

    def __init__(
        self,
        app: ASGIApp,
        admission: Callable[[], Admission],
        routes: RouteTable,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._admission, self._routes, self._clock_s = app, admission, routes, clock_s
        self._callers, self._rates = Callers(clock_s), Rates(clock_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        path = route_path(scope)
        try:
            admission = self._admission()
            policy = admission.policy
            seen = read_headers(scope["headers"])
            check_host(policy, seen)
            foreign = foreign_origin(policy, seen)
            if foreign is not None:
                send = _with_cors(send, foreign)
                if scope["method"] == "OPTIONS":
                    await _preflight(send)
                    return
            if "\n" in path:
                # The router's patterns would take one at the end; what is decided here is decided on the path as it is.
                raise NotFound
            path_class, access = classify(path), self._routes.find(scope["method"], path)
            check_fetch(path_class, seen, foreign, download=access is not None and access.download)
            self._check_start(path, scope["method"], seen)
            grant = self._admit(admission, path_class, access, path, scope, seen, foreign)
            if _has_body(seen):
                check_media_type(path, scope["method"], seen)
                arriving = within(receive, policy.body_wait_s, self._clock_s)
                if access is None or path_class.public:
                    # Nothing there takes one, and whoever sends it showed no token.
                    receive = _replay(b"", receive)
                elif path in STREAMED and _MULTIPART.fullmatch(seen.get(b"content-type", b"")):
                    receive = counted_body(arriving, seen, STREAMED[path])
                else:
                    body = await read_body(arriving, seen, body_limit_bytes(path, policy.body_limit_bytes))
                    if body is None:
                        return
                    receive = _replay(body, receive)
        except AppError as refusal:
            await error_response(refusal, path=path, request_id=request_id_var.get())(scope, receive, send)
            return
        if grant is None:
            await self._app(scope, receive, send)
            return
        named = token_id_var.set(grant.id)
        try:
            await until_revoked(grant, self._app, scope, receive, send)
        finally:
            token_id_var.reset(named)

    def _admit(
        self,
        admission: Admission,
        path_class: PathClass,
        access: Access | None,
        path: str,
        scope: Scope,
        seen: Seen,
        foreign: bytes | None,
    ) -> Grant | None:
        """Let a caller in whose token, scope and rate allow it; the grant of a named token."""
        if path_class.public and foreign is None:
            return None
        client = scope.get("client")
        peer = client[0] if client else ""
        query: bytes = scope.get("query_string", b"")
        ticket = redeem(admission, query, path) if access is not None and access.download else None
        if ticket is None:
            grant = self._callers.identify(admission, seen, peer, foreign=foreign is not None)
        else:
            grant, scope["query_string"] = ticket
        check_scope(grant, access)
        route_class = "read" if access is None else access.route_class
        rate = admission.policy.rates.get(route_class)
        if rate is not None:
            asking = network_of(peer) if grant is None else grant.id
            scope[RATE_HEADERS], wait_s = self._rates.take(asking, route_class, rate)
            if wait_s > 0:
                raise too_many(route_class, wait_s)
        return grant

    def _check_start(self, path: str, method: str, seen: Seen) -> None:
        """Refuse a GET that acts (spends, makes a backup) to a browser that does not say where it comes from."""
        if b"sec-fetch-site" in seen or b"mozilla/" not in seen.get(b"user-agent", b"").lower():
            return
        access = self._routes.find("GET", path) if method in _SAFE_METHODS else None
        if access is not None and access.acts:
            raise ForbiddenOrigin("This browser does not say which page is asking.", details={"hint": "Use POST."})


def read_headers(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers that decide. One sent twice has both values, joined by a comma, which no check below accepts.

    Any ``X-Forwarded-…`` counts as ``forwarded``.
    """
    seen: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _WATCHED:
            seen[name] = seen[name] + b", " + value if name in seen else value
        elif name.startswith(b"x-forwarded-"):
            seen[b"forwarded"] = value
    return seen


def check_host(policy: GatePolicy, seen: Seen) -> None:
    """Refuse a host name that is not ours: under DNS rebinding a foreign page is same-origin but for its name."""
    match = _HOST.fullmatch(seen.get(b"host", b"").lower())
    if match is None or match[1] not in policy.host_names:
        raise BadHost


def foreign_origin(policy: GatePolicy, seen: Seen) -> bytes | None:
    """The listed foreign origin that asks; None for our own page and for programs. Every other origin is refused."""
    origin = seen.get(b"origin")
    if origin is None:
        return None
    origin = origin.lower()
    scheme, _, authority = origin.partition(b"://")
    # Which of the two schemes is not compared: behind a TLS proxy only the browser knows that it spoke https.
    if scheme in (b"http", b"https") and authority == seen[b"host"].lower():
        return None
    if origin in policy.origin_names:
        return origin
    raise ForbiddenOrigin


def check_fetch(path_class: PathClass, seen: Seen, foreign: bytes | None, *, download: bool) -> None:
    """Refuse what a browser sends for other sites, and for links, images and prefetches that lead to data."""
    site, mode, dest = seen.get(b"sec-fetch-site"), seen.get(b"sec-fetch-mode"), seen.get(b"sec-fetch-dest")
    navigation = (path_class.navigable or download) and mode == b"navigate" and dest in (None, b"document")
    if foreign is None and site not in (None, b"same-origin") and not (site == b"none" and navigation):
        if mode == b"navigate":
            raise ForbiddenOrigin(
                "A link may not lead here from elsewhere.", details={"hint": "Open / by its address."}
            )
        raise ForbiddenOrigin
    if path_class.embeddable:
        return
    if not navigation and (dest not in (None, b"empty") or mode not in (None, b"cors", b"same-origin")):
        raise ForbiddenOrigin("Data is not served to links, images or frames.", details={"hint": "Use the page at /."})
    if b"prefetch" in (seen.get(b"sec-purpose", b"") + seen.get(b"purpose", b"")).lower():
        raise ForbiddenOrigin("Data is not served to prefetches.", details={"hint": "Ask when it is wanted."})


def check_media_type(path: str, method: str, seen: Seen) -> None:
    """Refuse a body that a page could send without a preflight, that is not UTF-8 JSON, or that is compressed."""
    if seen.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType(
            "Compressed bodies are not read.", details={"hint": "Send the body as it is, without Content-Encoding."}
        )
    content_type = seen.get(b"content-type", b"")
    if method in _SAFE_METHODS or _JSON.fullmatch(content_type):
        return
    if not (path in UPLOADS and _MULTIPART.fullmatch(content_type)):
        raise UnsupportedMediaType


async def read_body(receive: Receive, seen: Seen, limit_bytes: int) -> bytes | None:
    """The whole body, counted as it comes; None when the client went away. Raises ``BodyTooLarge``."""
    too_large = _refuse_declared(seen, limit_bytes)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


def counted_body(receive: Receive, seen: Seen, limit_bytes: int) -> Receive:
    """A ``receive`` that gives the body as it comes, and raises ``BodyTooLarge`` to its reader past the limit."""
    too_large = _refuse_declared(seen, limit_bytes)
    left_bytes = limit_bytes

    async def counted() -> Message:
        nonlocal left_bytes
        message = await receive()
        left_bytes -= len(message.get("body", b""))
        if left_bytes < 0:
            raise too_large
        return message

    return counted


def _refuse_declared(seen: Seen, limit_bytes: int) -> BodyTooLarge:
    """The refusal of a body past the limit; raised at once for one that says it is."""
    too_large = BodyTooLarge(details={"limit_bytes": limit_bytes})
    declared = seen.get(b"content-length", b"0")
    if declared.isdigit() and (len(declared) > 15 or int(declared) > limit_bytes):
        raise too_large
    return too_large


def _has_body(seen: Seen) -> bool:
    return b"transfer-encoding" in seen or seen.get(b"content-length", b"0").strip(b"0") != b""


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body once more, then what the client does."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _with_cors(send: Send, origin: bytes) -> Send:
    headers = (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _CORS_REPLY_HEADERS),
        (b"vary", b"Origin"),
    )

    def sent(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        return send(message)

    return sent


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-methods", _CORS_METHODS),
        (b"access-control-allow-headers", _CORS_REQUEST_HEADERS),
        (b"access-control-max-age", _PREFLIGHT_KEPT_S),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
