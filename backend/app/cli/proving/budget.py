"""Promise: spend stays within the budget, however many ask at the same instant."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal

import httpx

from app.cli.proving.evidence import Evidence
from app.cli.proving.screen import Screen
from app.cli.proving.stage import MODEL, Stage, json_of

CLAIM = "A budget with room for ten calls starts ten, of sixty asked at once"
ROOM = 10
RACERS = 60
# None of them may end, and give back what it did not need, while others still ask.
QUESTION = "[[tokens=20 rate=4]] How much is this?"


async def prove_budget(stage: Stage) -> Evidence:
    """Race a token's budget; compare what was started, refused and spent with the provider's own book."""
    async with stage.console("budget") as console, console.client() as owner:
        json_of(await owner.post("/api/models/sync"))
        price = await _reserved_for_one(owner)
        token = json_of(
            await owner.post("/api/tokens", json={"name": "racer", "scopes": ["chat"], "budget_usd": str(price * ROOM)})
        )
        before = {row["id"] for row in await stage.provider.paid_calls()}
        screens = [Screen() for _ in range(RACERS)]
        async with console.client(token["token"]) as http:
            await asyncio.gather(*(screen.ask(http, content=QUESTION, model=MODEL) for screen in screens))
        paid = [row for row in await stage.provider.paid_calls() if row["id"] not in before]
        charged = sum((Decimal(row["cost"]) for row in paid), Decimal(0))
        (held,) = [one for one in json_of(await owner.get("/api/tokens"))["items"] if one["id"] == token["id"]]
    started = sum(1 for screen in screens if screen.status == "completed")
    refused = Counter(screen.refusal for screen in screens if screen.refusal is not None)
    spent = Decimal(held["spent_usd"])
    ok = (
        started == len(paid) == ROOM
        and refused == {403: RACERS - ROOM}
        and Decimal(held["reserved_usd"]) == 0
        and spent == charged <= price * ROOM
    )
    refusals = ", ".join(f"{count} with HTTP {status}" for status, count in refused.items()) or "none"
    booked, written, allowed = (f"${amount.normalize():f}" for amount in (charged, spent, price * ROOM))
    measured = (
        f"{RACERS} asked at once: {started} answered, refused: {refusals}; "
        f"the provider booked {len(paid)} calls for {booked}, the ledger {written}, the budget was {allowed}"
    )
    return Evidence(CLAIM, measured, ok)


async def _reserved_for_one(owner: httpx.AsyncClient) -> Decimal:
    """What the console sets aside for the question, US dollars."""
    async with owner.stream("POST", "/api/stream", json={"content": QUESTION, "model": MODEL}) as running:
        generation_id = running.headers["x-generation-id"]
        rows = json_of(await owner.get("/api/usage", params={"limit": 10}))["items"]
        (reserved,) = [row["reserved_usd"] for row in rows if row["generation_id"] == generation_id]
        json_of(await owner.post(f"/api/generations/{generation_id}/stop"))
    return Decimal(reserved)
