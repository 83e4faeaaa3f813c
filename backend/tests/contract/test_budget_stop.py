"""An answer that costs more than was held for it: paid as long as there is room, then stopped with its text kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json, console_app, soon
from tests.services.raw_provider import STREAM_HEAD, Exchange, RawProvider, chunked, event, reply

FILE = """\
[providers.lab]
base_url = "{url}"

[providers.lab.models.runaway]
prices = {{ prompt = 1, completion = 1000 }}
"""
MODEL = "lab/runaway"
PIECE = "word " * 40
ASKED: Json = {"content": "hi", "model": MODEL, "max_tokens": 20}
SAID: Json = {"messages": [{"role": "user", "content": "hi"}], "model": MODEL, "max_tokens": 20, "stream": True}
DONE = b'data: {"id":"gen-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"cost":0.5}}\n\n'


@asynccontextmanager
async def runaway(data: Path, emulator: Emulator, *tail: bytes, pieces: int = 40) -> AsyncIterator[Console]:
    """A console whose provider takes no notice of a limit; it ends an answer with ``tail``, or never."""

    async def play(exchange: Exchange) -> None:
        if b"/chat/completions " not in exchange.head:
            await exchange.send(reply(b'{"data":[]}'))
            return
        await exchange.send(STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(pieces):
            await exchange.send(chunked(event(PIECE)))
        for piece in tail:
            await exchange.send(chunked(piece))
        if tail and b"finish_reason" in tail[-1]:
            await exchange.send(b"0\r\n\r\n")

    data.mkdir(parents=True)
    async with RawProvider(play) as server:
        (data / "providers.toml").write_text(FILE.format(url=server.base_url))
        async with console_app(data, upstream=emulator.base_url) as console:
            await console.client.post("/api/models/sync")
            yield console


async def limited(console: Console, how: str, limit: str) -> ConsoleClient:
    """A client whose calls a budget pays: one of the day's, or that of a token."""
    if how == "token":
        token = await console.client.post("/api/tokens", {"name": "p", "scopes": ["chat"], "budget_usd": limit})
        return ConsoleClient(console.url, token=token["token"])
    await console.client.post("/api/budgets", {"kind": "all", "period": "day", "limit_usd": limit})
    return console.another_client()


@pytest.mark.parametrize("how", ["budget", "token"])
async def test_an_answer_stops_where_its_budget_ends(data: Path, emulator: Emulator, how: str) -> None:
    """Twenty tokens are held, and a hundred are paid; the text so far stays, and so does all that may be owed."""
    async with runaway(data, emulator) as console, await limited(console, how, "0.1") as client:
        transcript = await soon(client.answer(**ASKED))
        assert transcript.data_of("error")["error_code"] == "budget_exceeded"
        assert transcript.data_of("done")["status"] == "stopped"
        assert len(transcript.text) >= len(PIECE) * 3
        message = await console.client.message(transcript.data_of("done")["message_id"])
        assert (message["status"], message["content"]) == ("stopped", transcript.text)
        assert message["error"]["error_code"] == "budget_exceeded"
        row = (await console.client.every("/api/usage"))[0]
        assert row["state"] == "unknown"
        assert Decimal("0.02") < row["reserved_usd"] <= Decimal("0.1")
        refused = await client.ask("POST", "/api/generations", json=ASKED | {"max_tokens": 1000})
        assert refused.json()["error_code"] == "budget_exceeded"


async def test_a_door_s_client_is_told(data: Path, emulator: Emulator) -> None:
    """Its stream ends with the error, its text before it."""
    async with runaway(data, emulator) as console, await limited(console, "budget", "0.1") as client:
        reply = await soon(client.ask("POST", "/v1/chat/completions", json=SAID))
        assert reply.status_code == 200
        assert "word word" in reply.text
        assert '"budget_exceeded"' in reply.text


async def test_an_answer_goes_on_while_there_is_room(data: Path, emulator: Emulator) -> None:
    """More is held as it grows, in few transactions, and given back at its end."""
    async with runaway(data, emulator, DONE, pieces=20) as console, await limited(console, "budget", "5") as client:
        transcript = await soon(client.answer(**ASKED))
        assert (transcript.data_of("done")["status"], transcript.text) == ("completed", PIECE * 20)
        row = (await console.client.every("/api/usage"))[0]
        assert row["reserved_usd"] > Decimal("0.4")
        (shown,) = (await console.client.get("/api/budgets"))["items"]
        assert (shown["spent_usd"], shown["reserved_usd"]) == (Decimal("0.5"), 0)
        totals = (await console.client.get("/api/usage/summary"))["totals"]
        assert (totals["cost_usd"], totals["reserved_usd"]) == (Decimal("0.5"), 0)


async def test_a_cost_that_the_stream_tells_counts(data: Path, emulator: Emulator) -> None:
    """Whatever was written for it."""
    told = b'data: {"id":"gen-1","choices":[{"index":0,"delta":{"content":"."}}],"usage":{"cost":0.7}}\n\n'
    async with runaway(data, emulator, told, pieces=1) as console, await limited(console, "budget", "0.5") as client:
        transcript = await soon(client.answer(**ASKED))
        assert transcript.data_of("done")["status"] == "stopped"
        row = (await console.client.every("/api/usage"))[0]
        assert row["cost_usd"] == Decimal("0.7")


@pytest.mark.parametrize("fields", [{"hard": False}, {"kind": "purpose", "of": "embedding"}])
async def test_nobody_else_is_stopped(data: Path, emulator: Emulator, fields: Json) -> None:
    """By a soft budget, or one that the call does not count in."""
    async with runaway(data, emulator, DONE, pieces=20) as console:
        body: dict[str, Any] = {"kind": "all", "period": "day", "limit_usd": "0.03", **fields}
        await console.client.post("/api/budgets", body)
        transcript = await soon(console.client.answer(**ASKED))
        assert transcript.data_of("done")["status"] == "completed"


async def test_two_answers_share_what_is_left(data: Path, emulator: Emulator) -> None:
    """Both stop, and together they hold no more than the limit."""
    async with runaway(data, emulator) as console, await limited(console, "budget", "0.1") as client:
        both = await soon(asyncio.gather(client.answer(**ASKED), client.answer(**ASKED)))
        assert [one.data_of("done")["status"] for one in both] == ["stopped", "stopped"]
        (shown,) = (await console.client.get("/api/budgets"))["items"]
        assert shown["remaining_usd"] >= 0
        assert shown["reserved_usd"] > Decimal("0.04")
