"""Every route of the application beside every way in which somebody else may ask for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Scope

from app.api.paths import UPLOADS
from app.api.route_class import ClassedRoute
from tests.harness import Json

TOKEN = "token-of-the-console-in-the-matrix"
HOST = "127.0.0.1:8000"
CANARY = "MATRIX-CANARY-of-the-owner"
MODEL = "openai/gpt-4o-mini"
NEVER_IN_DATA = frozenset({"image", "script", "style", "iframe", "embed", "object", "document"})

Pairs = tuple[tuple[str, str], ...]

FETCH: Pairs = (("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"))
_CONVERTER = re.compile(r"{(\w+):\w+}")
REFUSALS = frozenset({401, 403, 415, 421})


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Hostile:
    """A way to ask: the headers, all of them but those of the body, and where it comes from.

    Attributes:
        reaches: names of classes of paths, or ``download``, that answer to it: there it is how our own page or its
            owner asks.
    """

    name: str
    headers: Pairs
    peer: str = "127.0.0.1"
    content_type: str | None = None
    reaches: frozenset[str] = field(default_factory=frozenset)

    def applies(self, route: ClassedRoute, method: str) -> bool:
        """Whether this is somebody else's way to ask for that, and not the owner's."""
        if self.content_type is None:
            return not (route.access.download and "download" in self.reaches)
        return has_body(method) and not (route.path in UPLOADS and self.content_type.startswith("multipart/"))


def _fetch(**changed: str) -> Pairs:
    return tuple((name, changed.get(name.removeprefix("sec-fetch-"), value)) for name, value in FETCH)


def friendly() -> Hostile:
    """How the owner's own programs ask: the control of it all."""
    return Hostile("the owner", (("host", HOST),))


def browsers() -> Iterator[Hostile]:
    """What other pages, links, images and resolvers can make the owner's own browser send."""
    host = ("host", HOST)
    for name in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.", "0.0.0.0:8000", ""):
        yield Hostile(f"host {name!r}", (("host", name), *FETCH))
    yield Hostile("no host", FETCH)
    yield Hostile("two hosts", (host, ("host", "evil.example"), *FETCH))
    yield Hostile("the same host twice", (host, host, *FETCH))
    for origin in ("http://evil.example", "null", "http://127.0.0.1:8001", "http://localhost:8000", "", "file://"):
        yield Hostile(f"origin {origin!r}", (host, ("origin", origin)))
        yield Hostile(f"origin {origin!r}, fetched", (host, ("origin", origin), *_fetch(site="cross-site")))
    own = ("origin", f"http://{HOST}")
    yield Hostile("two origins", (host, own, ("origin", "http://evil.example")))
    for site in ("cross-site", "same-site", "unheard-of"):
        yield Hostile(f"site {site}", (host, *_fetch(site=site)))
        for mode, dest in (("navigate", "document"), ("no-cors", "image"), ("no-cors", "script"), ("cors", "empty")):
            yield Hostile(f"{mode} {dest} {site}", (host, *_fetch(site=site, mode=mode, dest=dest)))
    parts = frozenset({"page", "docs"})
    yield Hostile("site none", (host, *_fetch(site="none")))
    for mode in ("no-cors", "websocket", "navigate"):
        reaches = parts | {"download"} if mode == "navigate" else parts
        dest = "document" if mode == "navigate" else "empty"
        yield Hostile(f"mode {mode}", (host, *_fetch(mode=mode, dest=dest)), reaches=reaches)
    for dest in sorted(NEVER_IN_DATA - {"document"}):
        yield Hostile(f"dest {dest}", (host, *_fetch(mode="no-cors", dest=dest)), reaches=parts)
        yield Hostile(f"framed {dest}", (host, *_fetch(mode="navigate", dest=dest)), reaches=parts)
    for name, value in (("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")):
        yield Hostile(name, (host, *FETCH, (name, value)), reaches=parts)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"):
        yield Hostile(f"form {kind}", (host,), content_type=kind)


def strangers() -> Iterator[Hostile]:
    """Who is not on this machine, or says so, and has not the token."""
    host, open_paths = ("host", HOST), frozenset({"open", "page"})
    wrong = ("authorization", "Bearer of-somebody-else")
    for name, value in (
        ("forwarded", "for=192.168.1.7"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", HOST),
        ("x-forwarded-proto", "https"),
    ):
        yield Hostile(name, (host, (name, value)), reaches=open_paths)
    for peer in ("192.168.1.7", "fe80::1", "8.8.8.8", ""):
        yield Hostile(f"peer {peer}", (host,), peer=peer, reaches=open_paths)
        yield Hostile(f"peer {peer!r} with a wrong token", (host, wrong), peer=peer, reaches=open_paths)
    right = ("authorization", f"Bearer {TOKEN}")
    yield Hostile("two tokens", (host, right, wrong), peer="192.168.1.7", reaches=open_paths)


def tokenless() -> Iterator[Hostile]:
    """Who asks on this machine without the token that everybody needs."""
    host, open_paths = ("host", HOST), frozenset({"open", "page"})
    for name, headers in (
        ("no token", ()),
        ("our own page without it", FETCH),
        ("another scheme", (("authorization", f"Basic {TOKEN}"),)),
        ("in a cookie", (("cookie", f"token={TOKEN}"),)),
        ("as a key", (("x-api-key", TOKEN),)),
    ):
        yield Hostile(name, (host, *headers), reaches=open_paths)
    # Guesses are limited by peer, and the limit is not what is tested here: each is always the same, from one address.
    for number, wrong in enumerate(("of-somebody-else", "llmc_nobody", TOKEN[:-1], f"{TOKEN}x"), 2):
        headers = (host, ("authorization", f"Bearer {wrong}"))
        yield Hostile(f"the token {wrong!r}", headers, peer=f"127.0.0.{number}", reaches=open_paths)


def requests(routes: list[ClassedRoute], ids: Mapping[str, str]) -> Iterator[tuple[ClassedRoute, str, str, Json]]:
    """Route, method, path and body of one sound request to every route and method."""
    bodies: Mapping[str, Json] = {
        "/api/generations": {"content": "hi", "model": MODEL},
        "/api/stream": {"content": "hi", "model": MODEL},
        "/api/messages": {"session_id": ids["session_id"], "role": "user", "content": "hi"},
        "/api/messages/{message_id}": {"pinned": True},
        "/api/sessions": {"title": "another"},
        "/api/sessions/{session_id}": {"title": "renamed"},
        "/api/sessions/{session_id}/draft": {"text": "typed", "parts": []},
        "/api/profiles": {"name": "another"},
        "/api/profiles/{profile_id}": {"name": "renamed"},
        "/api/settings": {"model": "some/other"},
        "/api/settings/key": {"key": "sk-of-somebody-else"},
        "/api/tokens": {"name": "stolen", "scopes": ["admin"]},
        "/api/admin/tickets": {"path": "/api/admin/backup"},
        "/chat": {"message": "hi", "model": MODEL},
        "/v1/chat/completions": {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]},
        "/v1/embeddings": {"model": "openai/text-embedding-3-small", "input": "hi"},
    }
    for route in routes:
        template = _CONVERTER.sub("{\\1}", route.path)
        path = template.format(**ids)
        path = f"{path}/x.js" if not route.methods else path
        for method in sorted(route.methods or {"GET"}):
            named = template.removeprefix("/api") if template.startswith("/api/v1/") else template
            query = f"?session_id={ids['waiting_id']}" if (method, path) == ("GET", "/api/stream") else ""
            yield route, method, path + query, bodies.get(named, {})


def has_body(method: str) -> bool:
    return method not in ("GET", "HEAD", "DELETE")


async def ask(app: ASGIApp, method: str, path: str, hostile: Hostile, body: Json, token: str | None) -> Reply:
    """One request as raw ASGI, so that odd and doubled headers arrive exactly as given; its client leaves at once.

    Status 0: the route waited for its own work, and its client had left by then.
    """
    target, _, query = path.partition("?")
    headers = [(name.encode(), value.encode("latin-1")) for name, value in hostile.headers]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    content = json.dumps(body).encode() if has_body(method) else b""
    if content:
        kind = hostile.content_type or "application/json"
        headers += [(b"content-type", kind.encode()), (b"content-length", str(len(content)).encode())]
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": (hostile.peer, 50000),
        "server": ("127.0.0.1", 8000),
    }
    incoming: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return Reply(0, {}, b"")
    head = sent[0]
    told = {name.decode(): value.decode("latin-1") for name, value in head["headers"]}
    return Reply(head["status"], told, b"".join(message.get("body", b"") for message in sent))
