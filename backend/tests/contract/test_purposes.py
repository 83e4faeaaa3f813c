"""Every paid call of every door has one row with its purpose, and nothing is paid that nobody asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from app.api.route_class import classed_routes
from app.main import create_app
from emulator import Emulator
from tests.contract import gate_matrix
from tests.harness import Console, ConsoleClient, Json, soon

MODEL = "openai/gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "hi"}]


@dataclass(frozen=True)
class Asker:
    """Somebody with a session of two answered turns."""

    client: ConsoleClient
    session_id: str
    generation: Json

    async def follow(self, started: Json) -> None:
        await self.client.follow(started["generation"]["id"])

    async def start(self) -> None:
        await self.follow(await self.client.start("hi", session_id=self.session_id))

    async def stream(self) -> None:
        await self.client.answer("hi", session_id=self.session_id)

    async def stream_stored(self) -> None:
        await self.client.post_message(self.session_id, "hi")
        async with self.client.stream("/api/stream", session_id=self.session_id, model=MODEL) as stream:
            async for _ in stream:
                pass

    async def regenerate(self) -> None:
        await self.follow(await self.client.post(f"/api/messages/{self.generation['message_id']}/regenerate"))

    async def resume(self) -> None:
        await self.follow(await self.client.resume(self.generation["id"]))

    async def compact(self) -> None:
        await self.client.post(f"/api/sessions/{self.session_id}/compact", {"keep_turns": 1})

    async def typed(self) -> None:
        await self.client.ask("POST", "/chat", json={"message": "hi", "model": MODEL})

    async def typed_in_session(self) -> None:
        await self.client.ask("POST", "/chat", json={"message": "hi", "model": MODEL, "session_id": self.session_id})

    async def openai(self) -> None:
        await self.client.post("/v1/chat/completions", {"model": MODEL, "messages": MESSAGES})

    async def openai_unstored(self) -> None:
        body = {"model": MODEL, "messages": MESSAGES, "stream": False}
        await self.client.post("/v1/chat/completions", body, **{"X-Console-Store": "false"})

    async def embed(self) -> None:
        await self.client.post("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "hi"})


@dataclass(frozen=True)
class Way:
    """A way to spend: the route that it takes, and what the ledger calls it."""

    method: str
    path: str
    purpose: str
    go: Callable[[Asker], Awaitable[None]]


WAYS = [
    Way("POST", "/api/generations", "chat", Asker.start),
    Way("POST", "/api/stream", "chat", Asker.stream),
    Way("GET", "/api/stream", "chat", Asker.stream_stored),
    Way("POST", "/api/messages/{message_id}/regenerate", "regenerate", Asker.regenerate),
    Way("POST", "/api/generations/{generation_id}/continue", "continue", Asker.resume),
    Way("POST", "/api/sessions/{session_id}/compact", "summary", Asker.compact),
    Way("POST", "/chat", "endpoint", Asker.typed),
    Way("POST", "/chat", "chat", Asker.typed_in_session),
    Way("POST", "/v1/chat/completions", "endpoint", Asker.openai),
    Way("POST", "/v1/chat/completions", "endpoint", Asker.openai_unstored),
    Way("POST", "/v1/embeddings", "embedding", Asker.embed),
]


@pytest.fixture
async def asker(client: ConsoleClient, emulator: Emulator) -> Asker:
    await client.post("/api/models/sync")
    first = await client.answer("first")
    session_id = first.data_of("start")["session_id"]
    second = await client.answer("second", session_id=session_id)
    return Asker(client, session_id, await client.generation(second.generation_id))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.go.__name__)
async def test_one_call_upstream_is_one_row(asker: Asker, emulator: Emulator, way: Way) -> None:
    """Of its purpose, with the provider's id and to its last digit."""
    before = {row["id"] for row in await asker.client.every("/api/usage")}
    billed = len(emulator.ledger.rows)
    await way.go(asker)
    await soon(emulator.settled())
    (call,) = emulator.ledger.rows[billed:]
    (row,) = (row for row in await asker.client.every("/api/usage") if row["id"] not in before)
    assert (row["purpose"], row["state"]) == (way.purpose, "settled")
    assert (row["upstream_id"], row["cost_usd"]) == (call.id, call.cost_usd)


def test_every_route_that_spends_is_walked() -> None:
    """A new one names its purpose here."""
    spending = {
        (method, route.path.removeprefix("/api") if route.path.startswith("/api/v1/") else route.path)
        for route in classed_routes(create_app().routes)
        if route.access.route_class == "spend"
        for method in route.methods - {"HEAD"}
    }
    assert spending == {(way.method, way.path) for way in WAYS}


STRANGE = {
    "zero": "settled",
    "string": "settled",
    "exponent": "settled",
    "missing": "unknown",
    "null": "unknown",
    "negative": "unknown",
    "nan": "unknown",
    "huge": "unknown",
    "words": "unknown",
}


@pytest.mark.parametrize(("shape", "state"), STRANGE.items())
async def test_a_cost_of_an_odd_shape_is_what_it_is_at_every_door(
    asker: Asker, emulator: Emulator, shape: str, state: str
) -> None:
    """An explicit 0 is 0 and a number in quotes a number; what is no amount is unknown, never 0."""
    before = {row["id"] for row in await asker.client.every("/api/usage")}
    billed = len(emulator.ledger.rows)
    for target in ("", "embeddings"):
        emulator.set_scenario(f"cost={shape}; misses=1000; tokens=3", target)
    for way in WAYS:
        await way.go(asker)
    await soon(emulator.settled())
    rows = [row for row in await asker.client.every("/api/usage") if row["id"] not in before]
    assert len(rows) == len(WAYS) == len(emulator.ledger.rows) - billed
    costs = {row.id: row.cost_usd for row in emulator.ledger.rows}
    for row in rows:
        expected = {"zero": 0, "string": costs[row["upstream_id"]], "exponent": costs[row["upstream_id"]]}.get(shape)
        assert (row["state"], row["cost_usd"]) == (state, expected), row["purpose"]
        assert row["total_tokens"] > 0


async def test_what_a_door_was_not_told_is_asked_for_later(asker: Asker, emulator: Emulator) -> None:
    """With or without a generation: vectors and summaries, too."""
    for target in ("", "embeddings"):
        emulator.set_scenario("cost=missing; tokens=3", target)
    for way in WAYS:
        await way.go(asker)
    await soon(emulator.settled())
    async with asyncio.timeout(30):
        while (await asker.client.get("/api/usage/summary"))["totals"]["unknown_calls"]:
            pass
    rows = (await asker.client.every("/api/usage"))[: len(WAYS)]
    costs = {row.id: row.cost_usd for row in emulator.ledger.rows}
    assert {row["purpose"] for row in rows} == {way.purpose for way in WAYS}
    for row in rows:
        assert (row["state"], row["cost_usd"]) == ("reconciled", costs[row["upstream_id"]])


async def calls_of(client: ConsoleClient) -> list[str]:
    """Our ids of the paid calls, newest first."""
    return [row["generation_id"] for row in await client.every("/api/usage") if row["generation_id"] is not None]


async def test_no_other_route_costs_anything(asker: Asker, console: Console, emulator: Emulator) -> None:
    """Titles, searches, models, settings, backups: all of it is done here or asked for free."""
    profile = await asker.client.post("/api/profiles", {"name": "p"})
    billed, calls = len(emulator.ledger.rows), await calls_of(asker.client)
    routes = classed_routes(create_app().routes)
    ids = dict.fromkeys((name for route in routes for name in re.findall(r"{(\w+)", route.path)), "none") | {
        "session_id": asker.session_id,
        "waiting_id": asker.session_id,
        "message_id": asker.generation["message_id"],
        "generation_id": asker.generation["id"],
        "profile_id": str(profile["id"]),
        "slug": MODEL,
    }
    app = console.server.config.app
    for route, method, path, body in gate_matrix.requests(routes, ids):
        if route.access.route_class != "spend" and route.path != "/api/settings/key":
            reply = await gate_matrix.ask(app, method, path, gate_matrix.friendly(), body, None)  # type: ignore[arg-type]
            assert reply.status != 500, path
    assert len(emulator.ledger.rows) == billed
    assert await calls_of(asker.client) == calls
