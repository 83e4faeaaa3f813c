"""Spend shown is spend known: five hundred calls under random faults, and not a picodollar between the two ledgers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from decimal import Decimal

import pytest

from emulator import Emulator
from emulator.ledger import Row
from tests.faults import audit
from tests.harness import Console, ConsoleClient, Json, soon
from tests.harness.client import exact
from tests.harness.stored import store_of

CALLS = 500
AT_ONCE = 25
MODELS = ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "meta-llama/llama-3.3-70b-instruct")
SUMS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")


def price_of(row: Row) -> Decimal:
    """What a call cost its owner: the provider's charge, and behind an own key the bill of who served it."""
    return row.cost_usd + row.upstream_cost_usd if row.is_byok else row.cost_usd


async def settle_all(client: ConsoleClient, knowable: set[str]) -> list[Json]:
    """The ledger's rows once each ended call that the provider has a record of has its cost."""
    async with asyncio.timeout(30), client.stream("/api/events") as changes:
        rows = await client.every("/api/usage")
        unknowable = sum(row["state"] == "unknown" and row["upstream_id"] not in knowable for row in rows)
        async for frame in changes:
            if frame.event not in ("hello", "changed"):
                continue
            if (await client.get("/api/usage/summary"))["totals"]["unknown_calls"] == unknowable:
                return await client.every("/api/usage")
    raise AssertionError("the live channel ended")


class Customer:
    """Asks one question after the other in one session; stops some, and at times deletes the session for another."""

    def __init__(self, client: ConsoleClient, name: str, seed: int, draw: random.Random) -> None:
        self._client, self._name, self._seed, self._draw = client, name, seed, draw
        self._session_id: str | None = None

    async def ask(self, number: int) -> None:
        question = f"[[chaos={self._seed}; tokens={self._draw.randrange(1, 200)}]] {self._name} {number}"
        place = {"session_id": self._session_id} if self._session_id else {}
        started = await self._client.start(question, model=self._draw.choice(MODELS), **place)
        self._session_id = started["session"]["id"]
        if self._draw.random() < 0.1:
            await self._client.stop(started["generation"]["id"])
        await self._client.follow(started["generation"]["id"])
        if self._draw.random() < 0.05:
            await self._client.delete(f"/api/sessions/{self._session_id}")
            self._session_id = None


async def ask_many(client: ConsoleClient, emulator: Emulator, draw: random.Random) -> None:
    """All calls, of as many customers as there are calls at once."""
    seed = draw.randrange(2**20)

    async def one(customer: Customer) -> None:
        for number in range(CALLS // AT_ONCE):
            await customer.ask(number)

    await asyncio.gather(*(one(Customer(client, f"customer {n}", seed, draw)) for n in range(AT_ONCE)))
    await soon(emulator.settled())


def check_row(row: Json, billed: Row | None) -> None:
    """One row against the provider's own."""
    if row["state"] == "unknown":
        assert billed is None, row
        assert row["cost_usd"] is None
        return
    assert row["state"] in ("settled", "reconciled"), row
    if billed is None:
        # Refused: the provider answered with a status and charged nothing.
        assert row["upstream_id"] is None
        assert row["cost_usd"] == 0
        return
    assert row["cost_usd"] == price_of(billed), row
    assert row["completion_tokens"] == billed.completion_tokens
    assert row["prompt_tokens"] == billed.prompt_tokens


@pytest.mark.faults
async def test_under_random_faults_both_ledgers_agree_to_the_last_digit(
    console: Console, emulator: Emulator, draw: random.Random
) -> None:
    """Each call the provider billed has one row with its exact cost; unknown is only what it has no record of."""
    client = console.client
    await ask_many(client, emulator, draw)
    billed = {row.id: row for row in emulator.ledger.rows}
    rows = await settle_all(client, set(billed))

    assert len(rows) == CALLS
    # Stopped after it was sent and before the provider had named it: on our side unknown, never free.
    nameless = [row for row in rows if row["state"] == "unknown" and row["upstream_id"] is None]
    unnamed = [billed.pop(name) for name in set(billed) - {row["upstream_id"] for row in rows}]
    assert len(unnamed) <= len(nameless)
    assert {row["upstream_id"] for row in rows} - {None} == set(billed)
    for row in rows:
        check_row(row, billed.get(row["upstream_id"]))
    known = sum((row["cost_usd"] for row in rows if row["cost_usd"] is not None), Decimal(0))
    assert known == sum(map(price_of, billed.values()), Decimal(0))
    states = Counter(row["state"] for row in rows)
    assert min(states["settled"], states["reconciled"], states["unknown"]) > 0, states

    await check_sums(client, rows)
    with store_of(console.services.settings.data_dir) as conn:
        broken = audit.broken_rules(conn)
    broken.pop("a ledger row without a generation", None)  # of the deleted sessions
    assert broken == {}


async def check_sums(client: ConsoleClient, rows: list[Json]) -> None:
    """Rollups, session totals and rows tell the same."""
    expected = sums_of(rows)
    summary = await client.get("/api/usage/summary")
    assert {name: summary["totals"][name] for name in expected} == expected
    assert summary["totals"]["reserved_usd"] == 0
    for group in summary["by_model"]:
        own = sums_of([row for row in rows if row["model"] == group["model"]])
        assert {name: group[name] for name in own} == own
    for group in summary["by_day"]:
        own = sums_of([row for row in rows if row["created_at"].startswith(group["day"])])
        assert {name: group[name] for name in own} == own
    for session in await client.every("/api/sessions"):
        own = sums_of([row for row in rows if row["session_id"] == session["id"]])
        told = await client.get(f"/api/usage/sessions/{session['id']}")
        assert {name: told["totals"][name] for name in own} == own
        assert {name: own[name] for name in session["totals"] if name in own} == {
            name: total for name, total in session["totals"].items() if name in own
        }


def sums_of(rows: list[Json]) -> Json:
    totals: Json = {name: sum(row[name] or 0 for row in rows) for name in SUMS}
    cost = sum((row["cost_usd"] or Decimal(0) for row in rows), Decimal(0))
    unknown = sum(row["state"] == "unknown" for row in rows)
    return {**totals, "calls": len(rows), "cost_usd": cost, "unknown_calls": unknown}


@pytest.mark.parametrize("scenario", ["byok", "byok; missing_usage"], ids=["told by the stream", "told later"])
async def test_an_own_key_behind_the_provider_costs_the_same_either_way(
    console: Console, emulator: Emulator, scenario: str
) -> None:
    """The bill of who served the model counts, whether the stream told it or the record did."""
    transcript = await console.client.answer(f"[[tokens=50; {scenario}]] hello")
    (billed,) = emulator.ledger.rows
    (row,) = await settle_all(console.client, {billed.id})
    assert row["generation_id"] == transcript.generation_id
    assert row["cost_usd"] == price_of(billed) == billed.upstream_cost_usd > 0


async def test_a_call_that_broke_before_its_answer_is_unknown_not_free(console: Console) -> None:
    """The request had been sent: whether the provider took it, nobody here can know."""
    transcript = await console.client.answer("[[hangup]] hello")
    assert transcript.status == "failed"
    (row,) = await console.client.every("/api/usage")
    assert row["state"] == "unknown"
    assert row["cost_usd"] is None
    assert (await console.client.get("/api/usage/summary"))["totals"]["unknown_calls"] == 1


@pytest.mark.parametrize("status", [402, 429, 502])
async def test_a_refused_call_costs_nothing(console: Console, status: int) -> None:
    """The provider answered, and did not take it."""
    transcript = await console.client.answer(f"[[error={status}]] hello")
    assert transcript.status == "failed"
    (row,) = await console.client.every("/api/usage")
    assert (row["state"], row["cost_usd"]) == ("settled", 0)


async def test_a_provider_that_is_not_there_costs_nothing(console: Console, emulator: Emulator) -> None:
    """No connection came about, so nothing was sent."""
    await emulator.stop()
    response = await console.client.ask("POST", "/api/generations", json={"content": "hello"})
    await console.client.follow(exact(response)["generation"]["id"])
    (row,) = await console.client.every("/api/usage")
    assert (row["state"], row["cost_usd"]) == ("settled", 0)


async def test_tokens_told_twice_are_counted_once(console: Console, emulator: Emulator) -> None:
    """The stream told the tokens and not the cost; the record, asked later, tells both."""
    await console.client.answer("[[tokens=50; cost=missing]] hello")
    (billed,) = emulator.ledger.rows
    rows = await settle_all(console.client, {billed.id})
    assert (rows[0]["state"], rows[0]["completion_tokens"]) == ("reconciled", 50)
    await check_sums(console.client, rows)
