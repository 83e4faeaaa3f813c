"""Whatever goes wrong, both sides can come to the same sum."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal

import httpx
import msgspec

from emulator import Emulator

from .conftest import client_of
from .wire import CHAT, body_of

CALLS = 120
AT_ONCE = 20


async def known_cost(client: httpx.AsyncClient, room: asyncio.Semaphore, question: str) -> tuple[str | None, Decimal]:
    """What a careful client finds out about one call: its id, and its cost by ``/generation``."""
    generation_id: str | None = None
    async with room:
        with contextlib.suppress(httpx.TransportError):
            async with client.stream("POST", CHAT, json=body_of(question, stream=True)) as response:
                generation_id = response.headers.get("X-Generation-Id")
                async for _ in response.aiter_raw():
                    pass
        if generation_id is None:
            return None, Decimal(0)
        unknown, found = [await client.get("/generation", params={"id": generation_id}) for _ in range(2)]
    assert unknown.status_code == 404
    return generation_id, msgspec.json.decode(found.content, type=_Found).data.total_cost


class _Cost(msgspec.Struct):
    total_cost: Decimal


class _Found(msgspec.Struct):
    data: _Cost


async def test_under_random_faults_the_known_costs_add_up_to_the_ledger() -> None:
    """Over hundreds of calls of which many fail, to the last digit, and the same in a second run."""
    totals = []
    for _ in range(2):
        async with Emulator(scenario="chaos seed=11") as emulator, client_of(emulator) as client:
            room = asyncio.Semaphore(AT_ONCE)
            found = await asyncio.gather(*(known_cost(client, room, f"question {at}") for at in range(CALLS)))
            await emulator.settled()
        ledger = {row.id: row.cost_usd for row in emulator.ledger.rows}
        assert {generation_id: cost for generation_id, cost in found if generation_id} == ledger
        assert {row.status for row in emulator.ledger.rows} == {"completed", "truncated", "failed"}
        totals.append(emulator.ledger.total_usd)

    assert totals[0] == totals[1] > 0
