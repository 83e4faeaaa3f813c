"""The account of the main provider: its credits, and its book beside ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.types import Conn
from emulator import Emulator
from tests.harness import Console, ConsoleClient, console_app

Json = dict[str, Any]
KEY = "a-key"
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


async def a_day_passes(console: Console, emulator: Emulator) -> None:
    """All calls, in both books, were made yesterday at noon."""
    noon = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC)
    for row in emulator.ledger.rows:
        row.created_unix = int(noon.timestamp())

    def shift(conn: Conn) -> None:
        conn.execute("UPDATE usage_logs SET created_at = :at", {"at": f"{YESTERDAY}T12:00:00.000Z"})

    await console.services.store.write(shift)


async def drift(client: ConsoleClient, **query: str) -> dict[str, Json]:
    """Its lines by model."""
    return {line["model"]: line for line in (await client.get("/api/usage/drift", **query))["days"]}


async def test_credits_are_told_and_kept_for_a_minute(client: ConsoleClient, emulator: Emulator) -> None:
    await client.answer("hello")
    told = await client.get("/api/usage/credits")
    assert told["total_credits_usd"] == 1000
    assert told["total_usage_usd"] == emulator.ledger.total_usd
    assert told["remaining_usd"] == 1000 - emulator.ledger.total_usd
    await client.answer("and again")
    assert await client.get("/api/usage/credits") == told
    assert sum(request.path.endswith("/credits") for request in emulator.requests) == 1


async def test_a_key_that_may_not_ask_says_so(client: ConsoleClient, emulator: Emulator) -> None:
    """For credits it is the error, for the books the reason why they are not compared."""
    emulator.set_management_keys("another-key")
    response = await client.ask("GET", "/api/usage/credits")
    assert (response.status_code, response.json()["error_code"]) == (403, "management_key_needed")
    assert "OPENROUTER_MANAGEMENT_KEY" in response.json()["details"]["hint"]
    told = await client.get("/api/usage/drift")
    assert told["days"] == []
    assert [gap["reason"] for gap in told["not_compared"]] == ["management_key_needed"]


async def test_a_management_key_asks_and_pays_for_nothing(data: Path, emulator: Emulator) -> None:
    emulator.set_management_keys("sk-manager")
    async with console_app(data, upstream=emulator.base_url, openrouter_management_key="sk-manager") as console:
        await console.client.answer("hello")
        assert (await console.client.get("/api/usage/credits"))["total_credits_usd"] == 1000
        assert (await console.client.get("/api/usage/drift"))["not_compared"] == []
    assert [row.key for row in emulator.ledger.rows] == [KEY]


async def test_without_an_account_there_is_nothing_to_ask(data: Path) -> None:
    """The demo's would be invented."""
    async with console_app(data) as console:
        response = await console.client.ask("GET", "/api/usage/credits")
        assert (response.status_code, response.json()["error_code"]) == (409, "missing_key")
        (gap,) = (await console.client.get("/api/usage/drift"))["not_compared"]
        assert gap["reason"] == "no_account"


async def test_a_provider_that_keeps_no_book_says_so(client: ConsoleClient, emulator: Emulator) -> None:
    """There is nothing that the owner could correct, and the words do not say that there is."""
    emulator.set_scenario("error=404", "activity")
    (gap,) = (await client.get("/api/usage/drift"))["not_compared"]
    assert gap["reason"] == "no_account"
    assert "nothing to compare with" in gap["message"]
    assert "Correct the request" not in gap["message"]


async def test_equal_books_are_the_same(console: Console, emulator: Emulator) -> None:
    """Routers and own keys included; a refused call is in neither."""
    client = console.client
    await client.answer("hello")
    await client.answer("[[byok]] hello", model="anthropic/claude-sonnet-4.5")
    await client.answer("[[missing_usage]] hello", model="openai/o3")
    await client.answer("[[error=400]] hello")
    async with client.stream("/api/events") as changes:
        async for _ in changes:
            if (await client.get("/api/usage/summary"))["totals"]["unknown_calls"] == 0:
                break
    await a_day_passes(console, emulator)
    told = await drift(client)
    assert {model: (line["verdict"], line["our_calls"], line["rows"]) for model, line in told.items()} == {
        "openai/gpt-4o-mini": ("same", 1, []),
        "anthropic/claude-sonnet-4.5": ("same", 1, []),
        "openai/o3": ("same", 1, []),
    }
    assert all(line["ours_usd"] == line["theirs_usd"] > 0 for line in told.values())


async def test_what_differs_is_named_with_its_rows(console: Console, emulator: Emulator) -> None:
    """Another figure, a call they do not have, a program beside us, and one that we have no cost of."""
    client = console.client
    await client.answer("one")
    await client.answer("two", model="openai/o3")
    await client.answer("three", model="anthropic/claude-sonnet-4.5")
    other, missing, mixed = emulator.ledger.rows
    emulator.misreport(other.id, other.cost_usd + Decimal("0.00001"))
    emulator.misreport(missing.id, None)
    body = {"messages": [{"role": "user", "content": "hi"}]}
    async with httpx.AsyncClient(headers={"Authorization": "Bearer of-another-program"}) as program:
        for model in ("openai/gpt-4o", "anthropic/claude-sonnet-4.5"):
            await program.post(f"{emulator.base_url}/chat/completions", json={"model": model, **body})
    await a_day_passes(console, emulator)
    told = await drift(client)
    assert {model: line["verdict"] for model, line in told.items()} == {
        "openai/gpt-4o-mini": "differs",
        "openai/o3": "ours_only",
        "anthropic/claude-sonnet-4.5": "shared",
        "openai/gpt-4o": "theirs_only",
    }
    differing = told["openai/gpt-4o-mini"]
    assert (differing["day"], differing["difference_usd"]) == (str(YESTERDAY), Decimal("0.00001"))
    assert [row["upstream_id"] for row in differing["rows"]] == [other.id]
    lacking = told["openai/o3"]
    assert (lacking["theirs_usd"], lacking["difference_usd"]) == (None, -missing.cost_usd)
    assert [row["upstream_id"] for row in told["anthropic/claude-sonnet-4.5"]["rows"]] == [mixed.id]
    assert told["openai/gpt-4o"]["rows"] == []


async def test_days_that_they_do_not_tell_are_named(client: ConsoleClient, emulator: Emulator) -> None:
    """Today, and what is older than a month; nobody is asked where all is such."""
    told = await client.get("/api/usage/drift", **{"from": str(TODAY - timedelta(days=40)), "to": str(TODAY)})
    assert [(gap["reason"], gap["from"], gap["to"]) for gap in told["not_compared"]] == [
        ("too_old", str(TODAY - timedelta(days=40)), str(TODAY - timedelta(days=31))),
        ("not_told_yet", str(TODAY), str(TODAY)),
    ]
    asked = len(emulator.requests)
    told = await client.get("/api/usage/drift", **{"from": str(TODAY)})
    assert [gap["reason"] for gap in told["not_compared"]] == ["not_told_yet"]
    assert len(emulator.requests) == asked


@pytest.mark.parametrize(
    "query",
    [{"from": "2026-02-30"}, {"to": "x"}, {"from": "2026-02-02", "to": "2026-02-01"}, {"day": "2026-01-01"}],
    ids=repr,
)
async def test_odd_days_are_refused(client: ConsoleClient, query: dict[str, str]) -> None:
    assert (await client.ask("GET", "/api/usage/drift", params=query)).status_code == 422


async def test_a_provider_that_fails_is_an_error(client: ConsoleClient, emulator: Emulator) -> None:
    """No empty comparison in its place."""
    emulator.set_scenario("error=503", "activity")
    assert (await client.ask("GET", "/api/usage/drift")).status_code == 503
