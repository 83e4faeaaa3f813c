"""What was spent elsewhere, entered by hand: shown, and in no sum of calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.harness import Console, ConsoleClient
from tests.services.turning import check_sums

Json = dict[str, Any]
ENTRY: Json = {"model": "a/elsewhere", "prompt_tokens": 100, "completion_tokens": 20, "cost_usd": "0.25"}


async def test_an_entry_is_a_row_and_no_call(console: Console, client: ConsoleClient) -> None:
    """Beside the calls of its day, model and session; none of their figures moves."""
    answer = await client.answer("Hello")
    session_id = answer.data_of("start")["session_id"]
    before = await client.get("/api/usage/summary")
    session = await client.get(f"/api/sessions/{session_id}")
    entered = await client.post("/api/usage", {**ENTRY, "session_id": session_id})
    assert (entered["source"], entered["purpose"], entered["state"]) == ("manual", "manual", "settled")
    assert (entered["cost_usd"], entered["total_tokens"], entered["generation_id"]) == (Decimal("0.25"), 120, None)
    after = await client.get("/api/usage/summary")
    assert after["totals"] == before["totals"] | {"manual_cost_usd": Decimal("0.25")}
    by_model = {one["model"]: one for one in after["by_model"]}
    assert (by_model["a/elsewhere"]["calls"], by_model["a/elsewhere"]["cost_usd"]) == (0, 0)
    assert (await client.get(f"/api/sessions/{session_id}"))["totals"] == session["totals"]
    of_session = await client.get(f"/api/usage/sessions/{session_id}")
    assert (of_session["totals"]["calls"], of_session["totals"]["manual_cost_usd"]) == (1, Decimal("0.25"))
    assert [row["id"] for row in (await client.get("/api/usage", source="manual"))["items"]] == [entered["id"]]
    assert len((await client.get("/api/usage", source="call"))["items"]) == 1
    timeline = await client.get("/api/usage/timeline", by="purpose")
    assert timeline["items"][-1]["calls"] == 1
    assert timeline["items"][-1]["manual_cost_usd"] == Decimal("0.25")
    assert (await client.get("/api/admin/usage/check"))["wrong"] == 0
    await console.services.store.read(check_sums)


async def test_a_cost_that_is_not_given_is_estimated(client: ConsoleClient) -> None:
    """At the catalogue's prices, and labelled so; its day is the time's that was given."""
    await client.post("/api/models/sync")
    model = await client.get("/api/models/openai/gpt-4o-mini")
    entry = {"model_id": "openai/gpt-4o-mini", "prompt_tokens": 1000, "completion_tokens": 2000}
    entered = await client.post("/api/usage", entry | {"created_at": "2026-01-31T23:30:00-01:00"})
    assert entered["cost_usd"] == 1000 * model["pricing_prompt"] + 2000 * model["pricing_completion"]
    assert (entered["state"], entered["model_id"]) == ("estimated", "openai/gpt-4o-mini")
    assert entered["created_at"] == "2026-02-01T00:30:00.000Z"
    day = {"from": "2026-02-01", "to": "2026-02-01"}
    assert (await client.get("/api/usage/summary", **day))["totals"]["manual_cost_usd"] == entered["cost_usd"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"cost_usd": None}, 422),
        ({"cost_usd": -1}, 422),
        ({"cost_usd": "NaN"}, 422),
        ({"cost_usd": 1001}, 422),
        ({"prompt_tokens": -1}, 422),
        ({"prompt_tokens": 2**63}, 422),
        ({"prompt_tokens": 1.5}, 422),
        ({"created_at": "1999-12-31T23:59:59Z"}, 422),
        ({"created_at": "9999-12-31T23:59:59-23:00"}, 422),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, 422),
        ({"created_at": "2026-01-31"}, 422),
        ({"model_id": "a/b"}, 422),
        ({"source": "call"}, 422),
        ({"session_id": "none"}, 404),
        ({"profile_id": 99}, 404),
    ],
)
async def test_entries_nobody_can_make(client: ConsoleClient, change: Json, status: int) -> None:
    """Nothing is stored."""
    reply = await client.ask("POST", "/api/usage", json=ENTRY | change)
    assert reply.status_code == status
    assert (await client.get("/api/usage"))["items"] == []
