"""The ledger through the wire: rows, sums, and the provider's bill to the last digit."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from app.schemas.events import UsageFigures
from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]


async def test_a_row_has_the_figures_of_its_usage_event(client: ConsoleClient) -> None:
    """And says whose call it was."""
    profile = await client.post("/api/profiles", {"name": "p"})
    transcript = await client.answer("Hello", profile_id=profile["id"])
    (row,) = (await client.get("/api/usage"))["items"]
    usage = transcript.data_of("usage")
    told = {field.name for field in fields(UsageFigures)}
    # The row's model is the one that was asked for.
    assert {name: row[name] for name in told - {"model"}} == {name: usage[name] for name in told - {"model"}}
    assert row["session_id"] == transcript.data_of("start")["session_id"]
    assert (row["profile_id"], row["generation_id"]) == (profile["id"], transcript.generation_id)
    assert (row["purpose"], row["state"]) == ("chat", "settled")


async def test_the_catalogue_s_models_are_linked(client: ConsoleClient) -> None:
    """An alias, which only the provider can resolve, breaks no row."""
    await client.post("/api/models/sync")
    await client.answer("Hello")
    await client.answer("Hello", model="~nobody/nothing-latest")
    rows = (await client.get("/api/usage"))["items"]
    assert [(row["model"], row["model_id"]) for row in rows] == [
        ("~nobody/nothing-latest", None),
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini"),
    ]
    assert rows[1]["reserved_usd"] >= rows[1]["cost_usd"]


async def test_the_sums_are_the_provider_s_bill(client: ConsoleClient, emulator: Emulator) -> None:
    """Rows, summary, sessions and session totals all add up to the emulator's own book, exactly."""
    models = ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "openai/o3"]
    for at, model in enumerate(models * 2):
        emulator.set_scenario(f"tokens={7 + at * 13}; cached={at}")
        await client.answer(f"question {at}", model=model)
    bill = emulator.ledger.total_usd
    rows = await client.every("/api/usage")
    assert sum((row["cost_usd"] for row in rows), Decimal()) == bill > 0
    summary = await client.get("/api/usage/summary")
    assert summary["totals"]["cost_usd"] == bill
    assert summary["totals"]["calls"] == len(rows) == 6
    assert summary["totals"]["reserved_usd"] == 0
    for part in ("by_model", "by_day"):
        assert sum((one["cost_usd"] for one in summary[part]), Decimal()) == bill
        assert sum(one["total_tokens"] for one in summary[part]) == summary["totals"]["total_tokens"]
    assert {one["model"] for one in summary["by_model"]} == set(models)
    costs = [one["cost_usd"] for one in summary["by_model"]]
    assert costs == sorted(costs, reverse=True)
    sessions = await client.every("/api/sessions")
    assert sum((session["totals"]["cost_usd"] for session in sessions), Decimal()) == bill


async def test_costs_are_exact_numbers_on_the_wire(client: ConsoleClient, emulator: Emulator) -> None:
    """No exponent, no rounding, no text."""
    emulator.set_scenario("tokens=1")
    await client.answer("x")
    reply = await client.ask("GET", "/api/usage")
    (written,) = re.findall(r'"cost_usd":([^,]+),', reply.text)
    assert re.fullmatch(r"0\.\d+", written)
    assert Decimal(written) == emulator.ledger.total_usd


async def test_the_usage_of_a_session_outlives_it(client: ConsoleClient, emulator: Emulator) -> None:
    """Totals, by model and the rows; 404 only for what never was."""
    first = await client.answer("one")
    session_id = first.data_of("start")["session_id"]
    await client.answer("two", session_id=session_id, model="openai/gpt-4o")
    path = f"/api/usage/sessions/{session_id}"
    before = await client.get(path)
    assert (before["session_id"], before["totals"]["calls"]) == (session_id, 2)
    assert before["totals"]["cost_usd"] == emulator.ledger.total_usd
    assert [item["model"] for item in before["items"]] == ["openai/gpt-4o", "openai/gpt-4o-mini"]
    assert {one["model"] for one in before["by_model"]} == {"openai/gpt-4o", "openai/gpt-4o-mini"}
    await client.delete(f"/api/sessions/{session_id}")
    assert await client.get(path) == {**before, "branch": None}
    empty = await client.create_session()
    assert (await client.get(f"/api/usage/sessions/{empty['id']}"))["totals"]["calls"] == 0
    assert (await client.ask("GET", "/api/usage/sessions/nope")).status_code == 404


async def test_a_branch_is_what_its_messages_have_cost(client: ConsoleClient, emulator: Emulator) -> None:
    """Other versions of an answer are in the session's totals alone; going back to one takes it in again."""
    first = await client.answer("one")
    start = first.data_of("start")
    path = f"/api/usage/sessions/{start['session_id']}"
    emulator.set_scenario("tokens=50")
    again = await client.post(f"/api/messages/{start['assistant_message_id']}/regenerate", {})
    await client.follow(again["generation"]["id"])
    usage = await client.get(path)
    rows = {row["generation_id"]: row["cost_usd"] for row in usage["items"]}
    assert (usage["totals"]["calls"], usage["branch"]["calls"]) == (2, 1)
    assert usage["branch"]["cost_usd"] == rows[again["generation"]["id"]] != rows[start["generation_id"]]
    session = await client.get(f"/api/sessions/{start['session_id']}")
    change = {"active_leaf_id": start["assistant_message_id"], "revision": session["revision"]}
    await client.http.patch(f"/api/sessions/{session['id']}", json=change)
    assert (await client.get(path))["branch"]["cost_usd"] == rows[start["generation_id"]]
    await client.answer("two", session_id=session["id"], parent_id=start["assistant_message_id"])
    assert (await client.get(path))["branch"]["calls"] == 2


async def test_rows_are_filtered_and_paged(client: ConsoleClient) -> None:
    """Newest first."""
    transcripts = [await client.answer(f"q{n}") for n in range(3)]
    await client.answer("other", model="openai/gpt-4o")
    made = [one.generation_id for one in transcripts]
    first = await client.get("/api/usage", limit=2, count=1, model="openai/gpt-4o-mini")
    assert ([row["generation_id"] for row in first["items"]], first["total"]) == (made[:0:-1], 3)
    rest = await client.get("/api/usage", limit=2, cursor=first["next_cursor"], model="openai/gpt-4o-mini")
    assert ([row["generation_id"] for row in rest["items"]], rest["next_cursor"]) == (made[:1], None)
    session_id = transcripts[1].data_of("start")["session_id"]
    page = await client.get("/api/usage", session_id=session_id, count=1)
    assert ([row["generation_id"] for row in page["items"]], page["total"]) == ([made[1]], 1)


async def test_a_running_call_is_reserved(client: ConsoleClient, emulator: Emulator) -> None:
    """Its worst case is set aside until it is settled."""
    await client.post("/api/models/sync")
    emulator.set_scenario("tokens=5; stall=2")
    started = await client.start("slow", max_tokens=1000)
    await emulator.until(lambda running: running.stalled == 1)
    (row,) = (await client.get("/api/usage"))["items"]
    assert (row["state"], row["cost_usd"]) == ("reserved", None)
    assert row["reserved_usd"] >= Decimal("0.0006")
    assert (await client.get("/api/usage/summary"))["totals"]["reserved_usd"] == row["reserved_usd"]
    emulator.release()
    await client.follow(started["generation"]["id"])
    assert (await client.get("/api/usage/summary"))["totals"]["reserved_usd"] == 0


async def test_days_bound_the_summary(client: ConsoleClient) -> None:
    """Both ends included; another time has nothing."""
    await client.answer("Hello")
    (row,) = (await client.get("/api/usage"))["items"]
    today = row["created_at"][:10]
    summary = await client.get("/api/usage/summary", **{"from": today, "to": today})
    assert (summary["from"], summary["to"], summary["tz"]) == (today, today, "UTC")
    assert [day["day"] for day in summary["by_day"]] == [today]
    past = await client.get("/api/usage/summary", **{"from": "2001-01-01", "to": "2001-12-31"})
    assert (past["totals"]["calls"], past["by_model"], past["by_day"]) == (0, [], [])
    dawn = await client.get("/api/usage/summary", to="0001-01-01")
    assert (dawn["from"], dawn["to"], dawn["totals"]["calls"]) == ("0001-01-01", "0001-01-01", 0)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"from": "2026-1-1"},
        {"to": "٢٠٢٦-٠١-٠١"},
        {"to": "0000-01-01"},
        {"from": "2026-01-01\n"},
        {"tz": "Mars"},
        {"tz": "Asia/Tokyo"},
        {"from": "2001-12-31", "to": "2001-01-01"},
        {"from": "2001-01-01", "start_date": "2001-01-01"},
    ],
)
async def test_a_day_that_is_none_is_refused(client: ConsoleClient, query: dict[str, str]) -> None:
    """422 in the usual shape."""
    reply = await client.ask("GET", "/api/usage/summary", params=query)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
