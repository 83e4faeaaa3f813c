"""A small app behind the gate, asked in raw ASGI so that odd and doubled headers arrive exactly as written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from app.api.admission import Admission
from app.api.errors import install_error_handlers
from app.api.gate import Gate
from app.api.gate_policy import GatePolicy
from app.api.middleware import RequestLog
from app.api.route_class import classed_routes
from app.api.route_table import RouteTable
from app.main import create_app
from app.services.tickets import Tickets

TOKEN = "t0ken-of-this-console-0123456789abcdefghijk"
OWN = "http://127.0.0.1:8000"
LISTED = "https://pages.example"
DATA = "/api/sessions"
START = "/api/stream"
BACKUP = "/api/admin/backup"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

FETCH = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
TYPED = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
LINK = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
PART = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
FOREIGN = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "origin": LISTED}
BEARER = {"authorization": f"Bearer {TOKEN}"}

ROUTES = RouteTable(classed_routes(create_app().routes))

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
    tickets: Tickets = field(default_factory=Tickets)

    def __post_init__(self) -> None:
        methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        inner = FastAPI(routes=[Route("/{path:path}", self.answer, methods=methods)], openapi_url=None)
        install_error_handlers(inner)
        gate = Gate(inner, lambda: Admission(self.policy, tickets=self.tickets), ROUTES, clock_s=lambda: self.now_s)
        self.app: ASGIApp = RequestLog(gate)

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
        query: str = "",
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
            "query_string": query.encode(),
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
