"""What the ledger comes to: by day in the owner's zone, by what was asked, by who answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.core.days import Unit, day_of, period_of
from app.db.types import Conn
from app.repo import owner_zone
from app.repo.usage_sums import count_anew
from emulator import Emulator
from tests.harness import QUICK, Console, ConsoleClient, console_app

Json = dict[str, Any]
SUMMED = ("calls", "prompt_tokens", "completion_tokens", "total_tokens", "cost_usd", "unknown_calls", "failed_calls")


@pytest.fixture
async def forgetful(data: Path, emulator: Emulator) -> AsyncIterator[ConsoleClient]:
    """Of a console that does not ask again for costs that were not told."""
    pace = replace(QUICK, reconcile_delays_s=(3600.0,))
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        yield console.client


async def test_every_breakdown_adds_up(forgetful: ConsoleClient, emulator: Emulator) -> None:
    """To the totals, whatever it is by; the dearest comes first."""
    client = forgetful
    profile = await client.post("/api/profiles", {"name": "mine"})
    await client.answer("one", profile_id=profile["id"])
    await client.answer("two", model="anthropic/claude-sonnet-4.5")
    emulator.set_scenario("mid_stream_error after=3; tokens=5")
    failed = await client.answer("three")
    assert failed.status == "failed"
    summary = await client.get("/api/usage/summary")
    totals = summary["totals"]
    assert (totals["calls"], totals["failed_calls"], totals["error_rate"]) == (3, 1, Decimal("0.333333"))
    assert totals["unknown_calls"] == 1
    assert totals["first_token_ms"] is not None
    assert totals["manual_cost_usd"] == 0
    for name in ("by_model", "by_profile", "by_provider", "by_purpose", "by_day"):
        for figure in SUMMED:
            assert sum((one[figure] for one in summary[name]), Decimal()) == totals[figure], (name, figure)
        if name != "by_day":
            costs = [one["cost_usd"] for one in summary[name]]
            assert costs == sorted(costs, reverse=True)
    assert {one["profile_id"]: one["name"] for one in summary["by_profile"]} == {profile["id"]: "mine", None: None}
    assert [one["purpose"] for one in summary["by_purpose"]] == ["chat"]
    models = await client.get("/api/usage/models")
    assert models["items"] == summary["by_model"]
    stats = await client.get("/api/usage/stats")
    assert stats["totals"] == totals
    assert (stats["active_days"], stats["models"]) == (1, 2)
    assert abs(stats["average_cost_usd"] * 3 - totals["cost_usd"]) < Decimal("1e-11")


async def test_nothing_spent_is_told_as_nothing(client: ConsoleClient) -> None:
    """Sums are zero, averages of no call are null."""
    assert (await client.get("/api/usage/summary"))["by_day"] == []
    assert len((await client.get("/api/usage/timeline"))["items"]) == 30
    stats = await client.get("/api/usage/stats", start_date="2001-01-01", end_date="2001-01-31")
    assert (stats["from"], stats["to"], stats["active_days"]) == ("2001-01-01", "2001-01-31", 0)
    assert (stats["totals"]["calls"], stats["totals"]["cost_usd"], stats["totals"]["error_rate"]) == (0, 0, None)
    assert stats["average_cost_usd"] is stats["average_tokens"] is stats["totals"]["first_token_ms"] is None


@pytest.mark.parametrize("unit", ["day", "week", "month"])
async def test_a_timeline_has_no_gaps(console: Console, client: ConsoleClient, unit: Unit) -> None:
    """Every period of the span is there, those without a call too; its parts add up to it."""
    days = ("2025-12-31", "2026-01-01", "2026-02-28", "2026-03-02")
    for day in days:
        await client.answer("Hello", model="openai/gpt-4o" if day > "2026-02" else "openai/gpt-4o-mini")
    await console.services.store.write(_date_calls, [f"{day}T12:00:00.000Z" for day in days])
    span = {"from": "2025-12-30", "to": "2026-03-03"}
    plain = await client.get("/api/usage/timeline", unit=unit, **span)
    assert (plain["from"], plain["to"], plain["tz"], plain["unit"]) == (span["from"], span["to"], "UTC", unit)
    first = date.fromisoformat(span["from"])
    expected = dict.fromkeys(
        max(period_of((first + timedelta(n)).isoformat(), unit)[0], span["from"]) for n in range(64)
    )
    assert [item["start"] for item in plain["items"]] == list(expected)
    assert {item["start"]: item["calls"] for item in plain["items"] if item["calls"]} == {
        "day": dict.fromkeys(days, 1),
        "week": {"2025-12-30": 2, "2026-02-23": 1, "2026-03-02": 1},
        "month": {"2025-12-30": 1, "2026-01-01": 1, "2026-02-01": 1, "2026-03-01": 1},
    }[unit]
    assert all(item["parts"] is None for item in plain["items"])
    for by in ("model", "profile", "provider", "purpose"):
        split = await client.get("/api/usage/timeline", granularity=unit, by=by, **span)
        for item, whole in zip(split["items"], plain["items"], strict=True):
            assert sum(part["calls"] for part in item["parts"]) == whole["calls"]
            assert item | {"parts": None} == whole


async def test_days_are_the_owner_s(console: Console, client: ConsoleClient) -> None:
    """A changed zone counts all days anew, and new calls in it."""
    await client.answer("Hello")
    await console.services.store.write(_date_calls, ["2026-01-31T18:20:00.000Z"])
    span = {"from": "2026-01-31", "to": "2026-02-01"}
    before = await client.get("/api/usage/summary", **span)
    assert [day["day"] for day in before["by_day"]] == ["2026-01-31"]
    await client.ask("PATCH", "/api/settings", json={"time_zone": "Asia/Kathmandu"})
    after = await client.get("/api/usage/summary", tz="Asia/Kathmandu", **span)
    assert ([day["day"] for day in after["by_day"]], after["tz"]) == (["2026-02-01"], "Asia/Kathmandu")
    assert after["totals"] == before["totals"]
    await client.answer("Again")
    (row, _) = (await client.get("/api/usage"))["items"]
    today = day_of(row["created_at"], "Asia/Kathmandu")
    summary = await client.get("/api/usage/summary", **{"from": today, "to": today})
    assert [(day["day"], day["calls"]) for day in summary["by_day"]] == [(today, 1)]
    rows = await client.get("/api/usage", **{"from": "2026-02-01", "to": "2026-02-01"})
    assert [one["created_at"] for one in rows["items"]] == ["2026-01-31T18:20:00.000Z"]


async def test_calls_dated_ahead_are_among_the_last_ones(
    console: Console, client: ConsoleClient, emulator: Emulator
) -> None:
    """A clock that has gone back since hides none of them, neither closed nor under way; a named last day does."""
    await client.answer("Hello")
    emulator.set_scenario("tokens=5; stall=2")
    started = await client.start("slow")
    await emulator.until(lambda running: running.stalled == 1)
    await console.services.store.write(_date_calls, ["2999-01-01T12:00:00.000Z", "2999-01-03T12:00:00.000Z"])
    for report in ("summary", "stats", "models"):
        told = await client.get(f"/api/usage/{report}")
        assert told["to"] == "2999-01-03"
    assert told["items"][0]["calls"] == 2
    assert (await client.get("/api/usage/summary", to="2999-01-02"))["totals"]["calls"] == 1
    emulator.release()
    await client.follow(started["generation"]["id"])
    await console.services.store.write(_date_calls, ["2999-01-01T12:00:00.000Z", "2001-01-01T12:00:00.000Z"])
    timeline = await client.get("/api/usage/timeline", **{"from": "2998-12-31"})
    assert [(item["start"], item["calls"]) for item in timeline["items"]] == [("2998-12-31", 0), ("2999-01-01", 1)]


async def test_a_call_under_way_is_in_every_sum(client: ConsoleClient, emulator: Emulator) -> None:
    """With what is reserved for it; it counts as neither whole nor failed."""
    await client.post("/api/models/sync")
    emulator.set_scenario("tokens=5; stall=2")
    started = await client.start("slow", max_tokens=1000)
    await emulator.until(lambda running: running.stalled == 1)
    summary = await client.get("/api/usage/summary")
    timeline = await client.get("/api/usage/timeline", by="model")
    parts = [summary["totals"], summary["by_model"][0], summary["by_day"][0], timeline["items"][-1]]
    for sums in [*parts, timeline["items"][-1]["parts"][0]]:
        assert (sums["calls"], sums["error_rate"], sums["cost_usd"]) == (1, None, 0)
        assert sums["reserved_usd"] > 0
    emulator.release()
    await client.follow(started["generation"]["id"])


async def test_sessions_are_listed_by_cost(client: ConsoleClient) -> None:
    """The dearest first, page by page."""
    for text, model in (("a", "openai/gpt-4o-mini"), ("b", "anthropic/claude-sonnet-4.5"), ("c", "openai/gpt-4o")):
        await client.answer(text, model=model)
    first = await client.get("/api/usage/sessions", limit=2, count=1)
    rest = await client.get("/api/usage/sessions", limit=2, cursor=first["next_cursor"])
    costs = [one["totals"]["cost_usd"] for one in first["items"] + rest["items"]]
    assert (len(costs), first["total"], rest["next_cursor"]) == (3, 3, None)
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]


@pytest.mark.parametrize("form", [{}, {"format": "csv"}])
@pytest.mark.parametrize("query", [{"model": "nope/x"}, {"profile_id": "99"}, {"session_id": "nope"}])
async def test_ids_that_never_were_are_not_found(client: ConsoleClient, query: Json, form: Json) -> None:
    """As anywhere else; an empty list would say that there is such a thing."""
    await client.answer("Hello")
    reply = await client.ask("GET", "/api/usage", params=query | form)
    ((name, asked),) = query.items()
    found = reply.json()
    assert (reply.status_code, found["error_code"]) == (404, "not_found")
    assert (found["resource_type"], found["resource_id"]) == (name.removesuffix("_id"), asked)


async def test_ids_that_were_keep_their_rows(client: ConsoleClient) -> None:
    """After their session and profile are gone, and none where there is nothing to pay yet."""
    unused = await client.post("/api/profiles", {"name": "unused"})
    assert (await client.get("/api/usage", profile_id=unused["id"]))["items"] == []
    assert (await client.get("/api/usage", model="openai/gpt-4o"))["items"] == []
    empty = await client.create_session()
    assert (await client.get("/api/usage", session_id=empty["id"]))["items"] == []
    profile = await client.post("/api/profiles", {"name": "mine"})
    answer = await client.answer("Hello", profile_id=profile["id"])
    session_id = answer.data_of("start")["session_id"]
    await client.delete(f"/api/sessions/{session_id}")
    await client.delete(f"/api/profiles/{profile['id']}")
    assert len((await client.get("/api/usage", session_id=session_id))["items"]) == 1
    assert len((await client.get("/api/usage", profile_id=profile["id"]))["items"]) == 1


async def test_rows_are_found_by_what_they_are(client: ConsoleClient, emulator: Emulator) -> None:
    """Each filter by itself; costs to the picodollar."""
    profile = await client.post("/api/profiles", {"name": "p"})
    await client.answer("one", profile_id=profile["id"])
    emulator.set_scenario("missing_usage; misses=1000")
    await client.answer("two", model="openai/gpt-4o")
    unknown, settled = (await client.get("/api/usage"))["items"]
    assert (unknown["state"], settled["state"]) == ("unknown", "settled")
    cost = settled["cost_usd"]
    for query in (
        {"profile_id": profile["id"]},
        {"provider": settled["provider"], "model": settled["model"]},
        {"state": "settled"},
        {"min_cost": str(cost), "max_cost": str(cost)},
        {"max_cost": str(cost + Decimal("1e-13"))},
        {"min_cost": "0"},
    ):
        found = await client.get("/api/usage", count=1, **query)
        assert ([row["id"] for row in found["items"]], found["total"]) == ([settled["id"]], 1), query
    for query in ({"min_cost": str(cost + Decimal("1e-13"))}, {"purpose": "title"}, {"source": "manual"}):
        assert (await client.get("/api/usage", **query))["items"] == []
    assert len((await client.get("/api/usage", source="call", purpose="chat"))["items"]) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2026-02-30"},
        {"min_cost": "NaN"},
        {"min_cost": "-1"},
        {"max_cost": "1e400"},
        {"max_cost": "Infinity"},
        {"min_cost": "2", "max_cost": "1"},
        {"purpose": "fun"},
        {"state": "lost"},
        {"source": "robot"},
        {"profile_id": "9223372036854775808"},
        {"unit": "day"},
    ],
)
async def test_rows_nobody_can_ask_for(client: ConsoleClient, query: Json) -> None:
    """422 in the usual shape."""
    reply = await client.ask("GET", "/api/usage", params=query)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    "query",
    [
        {"unit": "year"},
        {"by": "mood"},
        {"from": "2000-01-01", "to": "2026-01-01"},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"unit": "day", "granularity": "day"},
        {"tz": "Asia/Tokyo"},
    ],
)
async def test_a_timeline_nobody_can_ask_for(client: ConsoleClient, query: Json) -> None:
    """More than 1000 periods included."""
    reply = await client.ask("GET", "/api/usage/timeline", params=query)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


def _date_calls(conn: Conn, stamps: list[str]) -> None:
    """Move the calls there are to other times, oldest first, and count them there."""
    for row, at in zip(conn.execute("SELECT id FROM usage_logs ORDER BY id").fetchall(), stamps, strict=True):
        conn.execute("UPDATE usage_logs SET created_at = :at WHERE id = :id", {"at": at, "id": row["id"]})
    count_anew(conn, owner_zone.get(conn))


async def test_a_store_of_an_earlier_release_is_counted_at_its_first_start(data: Path) -> None:
    """Its migration leaves no zone, for SQL cannot tell the owner's days."""
    async with console_app(data) as running:
        await running.client.answer("[[rate=5000 latency=0]] Hello")
        before = await running.client.get("/api/usage/summary")
        await running.services.store.write(_forget_sums)
    async with console_app(data) as running:
        assert await running.client.get("/api/usage/summary") == before
        assert (await running.client.get("/api/admin/usage/check"))["wrong"] == 0


def _forget_sums(conn: Conn) -> None:
    conn.execute("DELETE FROM usage_sums")
    owner_zone.put(conn, "")
