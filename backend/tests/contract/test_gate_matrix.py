"""Every route, documented or not, against every hostile way to ask: no effect, no call, not a byte of the owner's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from app.api.paths import classify
from app.api.route_class import ClassedRoute, classed_routes
from app.db.types import Conn
from app.main import create_app
from emulator import Emulator
from tests.contract import gate_matrix
from tests.contract.gate_matrix import CANARY, MODEL, REFUSALS, TOKEN, Hostile
from tests.harness import Console, console_app, reading
from tests.harness.document import DOCUMENT

Mode = Literal["auto", "token"]


@pytest.fixture(scope="module")
def routes() -> list[ClassedRoute]:
    """Those of OpenAPI, aliases, the page, its files and the docs."""
    return classed_routes(create_app().routes)


@asynccontextmanager
async def lived_in(data: Path, emulator: Emulator, mode: Mode) -> AsyncIterator[tuple[Console, Mapping[str, str]]]:
    """A console with something of every kind in it, an answer that stands still in mid-sentence, and their ids."""
    async with console_app(
        data, upstream=emulator.base_url, auth=mode, token=TOKEN if mode == "token" else None
    ) as console:
        client = console.client
        if mode == "token":
            client.http.headers["authorization"] = f"Bearer {console.services.token}"
        await client.post("/api/models/sync")
        profile = await client.post("/api/profiles", {"name": CANARY, "system_prompt": CANARY})
        named = await client.post("/api/tokens", {"name": CANARY, "scopes": ["read"]})
        budget = await client.post("/api/budgets", {"kind": "all", "period": "day", "limit_usd": 99, "name": CANARY})
        backup = await client.post("/api/admin/backups")
        waiting = await client.create_session(title=CANARY)
        await client.post_message(waiting["id"], CANARY)
        started = await client.start(f"[[stall after=3]] {CANARY}")
        generation_id = started["generation"]["id"]
        async with reading(client.events(generation_id)) as reader:
            await reader.until(lambda transcript: bool(transcript.text))
            await emulator.until(lambda upstream: upstream.stalled == 1)
            yield (
                console,
                {
                    "session_id": started["session"]["id"],
                    "waiting_id": waiting["id"],
                    "message_id": started["user_message"]["id"],
                    "generation_id": generation_id,
                    "profile_id": str(profile["id"]),
                    "token_id": named["id"],
                    "budget_id": budget["id"],
                    "name": backup["name"],
                    "compaction_id": "none",
                    "usage_id": "none",
                    "slug": MODEL,
                    "rest": "chat",
                },
            )
            emulator.release()


def everything(conn: Conn) -> dict[str, Any]:
    """All rows of all tables."""
    tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {table["name"]: conn.execute(f'SELECT * FROM "{table["name"]}"').fetchall() for table in tables}  # noqa: S608


async def state(console: Console, data: Path, emulator: Emulator) -> tuple[Any, ...]:
    """All that a request could have changed: the store, the files beside it, what the provider was asked."""
    rows = await console.services.store.read(everything)
    files = sorted(path.relative_to(data) for path in data.rglob("*") if not path.name.startswith("console.db"))
    return rows, files, len(emulator.requests), [path.read_bytes() for path in data.glob("*.json")]


async def refused(
    console: Console, route: ClassedRoute, request: tuple[str, str, Any], hostile: Hostile, token: str | None
) -> str | None:
    """What is wrong with the answer to a hostile request, if anything."""
    method, path, body = request
    if not hostile.applies(route, method):
        return None
    # Uvicorn types its application as any of three protocols; ours is ASGI 3.
    reply = await gate_matrix.ask(console.server.config.app, method, path, hostile, body, token)  # type: ignore[arg-type]
    what = f"{method} {path} as {hostile.name!r}: {reply.status}"
    told = reply.body + repr(reply.headers).encode()
    if CANARY.encode() in told or console.services.token.encode() in told:
        return f"{what} tells"
    if missing := {"content-security-policy", "x-content-type-options", "x-request-id"} - reply.headers.keys():
        return f"{what} lacks {missing}"
    if "access-control-allow-origin" in reply.headers:
        return f"{what} lets another origin read"
    if classify(path.partition("?")[0]).name in hostile.reaches:
        return None
    return None if reply.status in REFUSALS else what


@pytest.mark.parametrize("mode", ["auto", "token"])
async def test_nobody_else_gets_in(data: Path, emulator: Emulator, routes: list[ClassedRoute], mode: Mode) -> None:
    """Stop, attach, resume, import and export too. Pages that hold the right token are refused for what they are."""
    async with lived_in(data, emulator, mode) as (console, ids):
        token = console.services.token
        ways = [(hostile, token if mode == "token" else None) for hostile in gate_matrix.browsers()]
        ways += [(hostile, None) for hostile in gate_matrix.strangers()]
        ways += [(hostile, None) for hostile in gate_matrix.tokenless()] if mode == "token" else []
        before, wrong = await state(console, data, emulator), []
        for route, method, path, body in gate_matrix.requests(routes, ids):
            answers = [await refused(console, route, (method, path, body), hostile, given) for hostile, given in ways]
            wrong += [answer for answer in answers if answer is not None]
            if await state(console, data, emulator) != before:
                wrong.append(f"{method} {path} had an effect")
                before = await state(console, data, emulator)
        assert not wrong, "\n".join(wrong[:60])
        assert len(ways) > 60


@pytest.mark.parametrize("mode", ["auto", "token"])
async def test_the_owner_does(data: Path, emulator: Emulator, routes: list[ClassedRoute], mode: Mode) -> None:
    """The same requests, asked as the owner's programs ask, reach their routes: the refusals above are the gate's."""
    async with lived_in(data, emulator, mode) as (console, ids):
        token = console.services.token if mode == "token" else None
        turned_away, acted = [], 0
        for route, method, path, body in gate_matrix.requests(routes, ids):
            if route.access.route_class == "destructive":
                continue
            async with asyncio.timeout(30):
                app: Any = console.server.config.app
                reply = await gate_matrix.ask(app, method, path, gate_matrix.friendly(), body, token)
            if reply.status in REFUSALS and route.path not in ("/api/profiles/import", "/api/admin/restore"):
                turned_away.append(f"{method} {path}: {reply.status} {reply.body[:100]!r}")
            acted += route.access.acts and reply.status < 300
            emulator.release()
        assert turned_away == []
        assert acted >= 15


def test_the_matrix_knows_every_kind_of_request(routes: list[ClassedRoute]) -> None:
    """Every route of the document is in it, under each of its methods, and each parameter has a value that exists."""
    paths = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    known = {(method.lower(), re.sub(r":\w+}", "}", route.path)) for route in routes for method in route.methods}
    assert paths <= known
