"""Servers that tell no costs: what they take is made of tokens and known prices, and called an estimate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, Json, console_app, soon

FILE = """\
[providers.lab]
base_url = "{url}"

[providers.lab.models."openai/gpt-4o"]
prices = {{ prompt = 1, completion = 2.5 }}

[providers.lab.models."openrouter/auto"]

[providers.lab.models."openai/text-embedding-3-small"]
prices = {{ prompt = 0 }}
"""
PRICED = "lab/openai/gpt-4o"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A server without a key."""
    async with Emulator(needs_key=False) as running:
        yield running


@pytest.fixture
async def client(data: Path, emulator: Emulator) -> AsyncIterator[ConsoleClient]:
    """Of a console beside whose main provider a server speaks OpenAI's API."""
    data.mkdir(parents=True)
    (data / "providers.toml").write_text(FILE.format(url=emulator.base_url))
    for target in ("", "embeddings"):
        emulator.set_scenario("cost=missing; tokens=7", target)
    async with console_app(data, upstream=emulator.base_url) as running:
        yield running.client


def worth(row: Json) -> Decimal:
    """At the prices of the file, which are for a million tokens."""
    tokens = row["prompt_tokens"] + row["completion_tokens"] * Decimal("2.5")
    return Decimal(tokens) / 1_000_000


async def test_an_estimate_is_labelled_everywhere_and_nobody_is_asked(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """Row, event, message and sums agree to the last digit."""
    await client.post("/api/models/sync")
    transcript = await client.answer("hello", model=PRICED)
    (row,) = await client.every("/api/usage")
    assert (row["state"], row["cost_usd"], row["decision"]) == ("estimated", worth(row), None)
    usage = transcript.data_of("usage")
    assert (usage["cost_state"], usage["cost_usd"]) == ("estimated", row["cost_usd"])
    generation = await client.generation(transcript.generation_id)
    assert (generation["usage"]["cost_state"], generation["usage"]["cost_usd"]) == ("estimated", row["cost_usd"])
    for totals in (
        (await client.get("/api/usage/summary"))["totals"],
        (await client.get(f"/api/sessions/{row['session_id']}"))["totals"],
    ):
        assert (totals["cost_usd"], totals["unknown_calls"]) == (row["cost_usd"], 0)
    assert not [request for request in emulator.requests if "/generation?" in request.path]


async def test_other_doors_estimate_too(client: ConsoleClient, emulator: Emulator) -> None:
    """Answers of clients, vectors and summaries."""
    await client.post("/api/models/sync")
    message = [{"role": "user", "content": "hi"}]
    for streams in (False, True):
        body = {"model": PRICED, "messages": message, "stream": streams}
        await client.ask("POST", "/v1/chat/completions", json=body)
    await client.ask("POST", "/chat", json={"model": PRICED, "message": "hi"})
    await client.ask("POST", "/v1/embeddings", json={"model": "lab/openai/text-embedding-3-small", "input": "hi"})
    first = await client.answer("one", model=PRICED)
    session_id = first.data_of("start")["session_id"]
    await client.answer("two", model=PRICED, session_id=session_id)
    await client.post(f"/api/sessions/{session_id}/compact", {"keep_turns": 1, "model": PRICED})
    await soon(emulator.settled())
    rows = await client.every("/api/usage")
    assert [row["state"] for row in rows] == ["estimated"] * 7
    assert {row["purpose"] for row in rows} == {"endpoint", "embedding", "chat", "summary"}
    for row in rows:
        assert row["cost_usd"] == (0 if row["purpose"] == "embedding" else worth(row))


async def test_what_the_server_tells_is_better(client: ConsoleClient, emulator: Emulator) -> None:
    await client.post("/api/models/sync")
    emulator.set_scenario("cost=exact")
    await client.answer("hello", model=PRICED)
    (row,) = await client.every("/api/usage")
    assert (row["state"], row["cost_usd"]) == ("settled", emulator.ledger.total_usd)


@pytest.mark.parametrize(
    ("scenario", "model"), [("cost=missing", "lab/openrouter/auto"), ("missing_usage", PRICED)], ids=["price", "count"]
)
async def test_without_prices_or_counts_it_is_unknown(
    client: ConsoleClient, emulator: Emulator, scenario: str, model: str
) -> None:
    """Never 0: a price that varies is none."""
    await client.post("/api/models/sync")
    emulator.set_scenario(f"{scenario}; misses=1000")
    await client.answer("hello", model=model)
    (row,) = await client.every("/api/usage")
    assert (row["state"], row["cost_usd"]) == ("unknown", None)
