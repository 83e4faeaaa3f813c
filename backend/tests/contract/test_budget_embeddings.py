"""Budgets pay for embeddings: by the provider's list of such models, or the price that the providers file states."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json, console_app

SMALL = "openai/text-embedding-3-small"
FILE = """\
[providers.home]
base_url = "{url}"

[providers.home.models."openai/text-embedding-3-small"]
prices = {{ prompt = {price} }}

[providers.home.models."openai/gpt-4o-mini"]
prices = {{ prompt = "${{PROMPT_PRICE}}", completion = 0.6 }}

[providers.bare]
base_url = "{url}"
"""


async def holder(console: Console, budget_usd: object) -> ConsoleClient:
    token: Json = await console.client.post(
        "/api/tokens", {"name": "p", "scopes": ["chat"], "budget_usd": str(budget_usd)}
    )
    return ConsoleClient(console.url, token=token["token"])


async def newest(console: Console) -> Json:
    rows = await console.client.every("/api/usage")
    return dict(rows[0])


def lists(emulator: Emulator) -> int:
    return sum(request.path.endswith("/embeddings/models") for request in emulator.requests)


async def test_a_budget_pays_for_embeddings(console: Console, emulator: Emulator) -> None:
    """No list of models has them; their own is asked for once, and only where a budget pays."""
    await console.client.post("/api/models/sync")
    await console.client.post("/v1/embeddings", {"model": SMALL, "input": "one"})
    assert (lists(emulator), (await newest(console))["reserved_usd"]) == (0, None)
    async with await holder(console, 1) as program:
        for _ in range(2):
            await program.post("/v1/embeddings", {"model": SMALL, "input": ["one", "two"]})
            row = await newest(console)
            assert row["reserved_usd"] == 14 * Decimal("0.00000002") >= row["cost_usd"] > 0
    assert lists(emulator) == 1


async def test_an_empty_budget_pays_for_no_embeddings(console: Console, emulator: Emulator) -> None:
    async with await holder(console, "0.0000002") as program:
        reply = await program.ask("POST", "/v1/embeddings", json={"model": SMALL, "input": ["one", "two"]})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "budget_exceeded")
        assert (await program.ask("POST", "/v1/embeddings", json={"model": SMALL, "input": "one"})).status_code == 200
    assert len(emulator.ledger.rows) == 1


async def test_what_nobody_prices_is_refused_by_name(console: Console, emulator: Emulator) -> None:
    """An unknown model says where its price is to be stated; so does one whose list cannot be had."""
    async with await holder(console, 1) as program:
        for body in ({"model": "no/such", "input": "one"}, {"model": SMALL, "input": "one", "speed": "fast"}):
            reply = await program.ask("POST", "/v1/embeddings", json=body)
            assert (reply.status_code, reply.json()["error"]["code"]) == (403, "budget_exceeded")
            assert ("'speed'" if "speed" in body else "providers file") in reply.json()["error"]["message"]
    assert emulator.ledger.rows == []


@pytest.mark.parametrize(("price", "reserved"), [("0", 0), ("2.5", 7 * Decimal("0.0000025"))])
async def test_a_price_is_stated_in_the_providers_file(
    data: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, price: str, reserved: Decimal
) -> None:
    """Also for what costs nothing; a price of one model says nothing about those that are not listed."""
    monkeypatch.setenv("PROMPT_PRICE", "0.15")
    data.mkdir(parents=True)
    async with Emulator(needs_key=False) as home:
        (data / "providers.toml").write_text(FILE.format(url=home.base_url, price=price))
        async with console_app(data, upstream=emulator.base_url) as console, await holder(console, 1) as program:
            await console.client.post("/api/models/sync")
            await program.post("/v1/embeddings", {"model": f"home/{SMALL}", "input": "one"})
            assert (await newest(console))["reserved_usd"] == reserved
            asked: Json = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
            await program.post("/v1/chat/completions", asked | {"model": "home/openai/gpt-4o-mini"})
            row = await newest(console)
            assert Decimal("0.000003") < row["reserved_usd"] < Decimal("0.0001")
            model = await console.client.get("/api/models/home/openai/gpt-4o-mini")
            assert (model["pricing"]["prompt"], model["pricing"]["completion"]) == (Decimal("0.15"), Decimal("0.6"))
            bare = await program.ask("POST", "/v1/embeddings", json={"model": f"bare/{SMALL}", "input": "one"})
            assert bare.status_code == 403
            assert "providers file" in bare.json()["error"]["message"]
    assert lists(emulator) == 0
