"""Both books agree to the last digit after thousands of calls by every door, under faults, stops and kills."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from emulator import Emulator
from emulator.ledger import Row
from tests.faults import audit
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.faults.test_money import check_row, price_of
from tests.harness import ConsoleClient, Json, soon
from tests.harness.client import exact
from tests.harness.scale import Scale
from tests.harness.stored import store_of

AT_ONCE = 16
MODELS = ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "meta-llama/llama-3.3-70b-instruct")
RECONCILED_S = 120


class Customer:
    """Asks by one door after the other, goes on from its last answer or asks anew, stops and deletes some."""

    def __init__(self, name: str, draw: random.Random) -> None:
        self._name, self._draw = name, draw
        self._number = 0
        self._session_id: str | None = None
        self._generation: Json | None = None

    async def ask(self, client: ConsoleClient) -> None:
        """One call, or none where its last answer allows no such."""
        self._number += 1
        ways: list[Callable[[ConsoleClient], Awaitable[None]]] = [
            self._start,
            self._start,
            self._stream,
            self._again,
            self._go_on,
            self._compact,
            self._typed,
            self._openai,
            self._openai_unstored,
            self._embed,
        ]
        await self._draw.choice(ways)(client)
        if self._session_id is not None and self._draw.random() < 0.03:
            await client.ask("DELETE", f"/api/sessions/{self._session_id}")
            self._session_id = self._generation = None

    def _question(self) -> str:
        return f"[[tokens={self._draw.randrange(1, 120)}]] {self._name} {self._number}"

    def _choice(self) -> Json:
        return {"model": self._draw.choice(MODELS)}

    async def _start(self, client: ConsoleClient) -> None:
        place = {"session_id": self._session_id} if self._session_id else {}
        body = {"content": self._question(), **self._choice(), **place}
        await self._started(client, await client.ask("POST", "/api/generations", json=body))

    async def _again(self, client: ConsoleClient) -> None:
        if self._generation is not None:
            path = f"/api/messages/{self._generation['message_id']}/regenerate"
            await self._started(client, await client.ask("POST", path, json=self._choice()))

    async def _go_on(self, client: ConsoleClient) -> None:
        if self._generation is not None:
            path = f"/api/generations/{self._generation['id']}/continue"
            await self._started(client, await client.ask("POST", path, json=self._choice()))

    async def _started(self, client: ConsoleClient, response: httpx.Response) -> None:
        if not response.is_success:
            return
        self._generation = exact(response)["generation"]
        assert self._generation is not None
        self._session_id = self._generation["session_id"]
        if self._draw.random() < 0.1:
            await client.ask("POST", f"/api/generations/{self._generation['id']}/stop")
        await client.follow(self._generation["id"])

    async def _stream(self, client: ConsoleClient) -> None:
        await client.ask("POST", "/api/stream", json={"content": self._question(), **self._choice()})

    async def _compact(self, client: ConsoleClient) -> None:
        if self._session_id is not None:
            await client.ask("POST", f"/api/sessions/{self._session_id}/compact", json={"keep_turns": 1})

    async def _typed(self, client: ConsoleClient) -> None:
        place = {"session_id": self._session_id} if self._session_id and self._draw.random() < 0.5 else {}
        body = {"message": self._question(), **self._choice(), **place, "stream": self._draw.random() < 0.5}
        await client.ask("POST", "/chat", json=body)

    async def _openai(self, client: ConsoleClient, **headers: str) -> None:
        messages = [{"role": "user", "content": self._question()}]
        body = {**self._choice(), "messages": messages, "stream": self._draw.random() < 0.5}
        await client.ask("POST", "/v1/chat/completions", json=body, headers=headers)

    async def _openai_unstored(self, client: ConsoleClient) -> None:
        await self._openai(client, **{"X-Console-Store": "false"})

    async def _embed(self, client: ConsoleClient) -> None:
        body = {"model": "openai/text-embedding-3-small", "input": self._question()}
        await client.ask("POST", "/v1/embeddings", json=body)


async def live(process: FailingConsole, customers: list[Customer], asks: int, *, killed: bool) -> None:
    """So many asks of one process; at the end of them it is killed among those that are under way, or not."""
    left = asks
    enough = asyncio.Event()

    async def one(client: ConsoleClient, customer: Customer) -> None:
        nonlocal left
        try:
            while left > 0:
                left -= 1
                await customer.ask(client)
        except httpx.TransportError:
            return
        finally:
            if left <= 0:
                enough.set()

    async with process.client() as client:
        running = asyncio.gather(*(one(client, customer) for customer in customers))
        await enough.wait()
        if killed:
            process.signal(signal.SIGKILL)
        await running
    if killed:
        assert await process.wait() == -signal.SIGKILL


async def asked_again(emulator: Emulator) -> None:
    """Wait for the console's next question, or a moment: its last answer is stored after it was given."""
    looks = itertools.count()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await emulator.until(lambda _: next(looks) > 0)


async def settled(client: ConsoleClient, emulator: Emulator) -> list[Json]:
    """The rows once each call that the provider has a record of has its cost."""
    await soon(emulator.settled())
    billed = {row.id for row in emulator.ledger.rows}
    async with asyncio.timeout(RECONCILED_S):
        rows = await client.every("/api/usage")
        unknowable = sum(row["state"] == "unknown" and row["upstream_id"] not in billed for row in rows)
        while (await client.get("/api/usage/summary"))["totals"]["unknown_calls"] > unknowable:
            await asked_again(emulator)
    return await client.every("/api/usage")


def unnamed_calls(rows: list[Json], billed: dict[str, Row]) -> list[Row]:
    """What the provider took money for and never told us the name of."""
    named = {row["upstream_id"] for row in rows}
    return [row for row in billed.values() if row.id not in named and price_of(row)]


@pytest.mark.faults
async def test_every_door_under_faults_stops_and_kills_agrees_to_the_last_digit(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """One row for each call upstream, with its exact cost or known to be unknown; none twice."""
    lives, asks = scale.of((2, 20), (40, 300))
    async with (
        Emulator(scenario=f"chaos seed={draw.randrange(2**20)}") as emulator,
        FailingConsole(tmp_path / "data", upstream=emulator.base_url) as process,
    ):
        customers = [Customer(f"customer {number}", draw) for number in range(AT_ONCE)]
        for number in range(lives):
            process.control.live()
            await process.start()
            await live(process, customers, asks, killed=number < lives - 1)
        async with process.client() as client:
            rows = await settled(client, emulator)
        assert await process.interrupt() == 0
        billed = {row.id: row for row in emulator.ledger.rows}
        with store_of(process.data) as conn:
            broken = audit.broken_rules(conn)
    broken.pop("a ledger row without a generation", None)  # of the deleted sessions
    assert broken == {}

    names = Counter(row["upstream_id"] for row in rows)
    nameless = names.pop(None, 0)
    assert max(names.values()) == 1
    unnamed = unnamed_calls(rows, billed)
    assert len(unnamed) <= sum(row["state"] == "unknown" and row["upstream_id"] is None for row in rows) <= nameless
    for row in rows:
        check_row({**row, "completion_tokens": row["completion_tokens"] or 0}, billed.get(row["upstream_id"]))
    known = sum((row["cost_usd"] for row in rows if row["cost_usd"] is not None), Decimal(0))
    assert known == sum(map(price_of, billed.values()), Decimal(0)) - sum(map(price_of, unnamed), Decimal(0))
    states, purposes = Counter(row["state"] for row in rows), Counter(row["purpose"] for row in rows)
    figures.tell(
        "Two ledgers: every door under random faults, stops and kills",
        f"{len(rows):,} calls ({', '.join(f'{count:,} {name}' for name, count in purposes.most_common())}),"
        f" {lives - 1} kills",
        f"{states['settled']:,} settled, {states['reconciled']:,} reconciled, {states['unknown']:,} unknown;"
        f" {known} USD known, the same at the provider; none double",
    )
    assert len(rows) >= scale.of(8, 10_000)
