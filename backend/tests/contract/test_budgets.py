"""Budgets through the wire: what they allow, what races for them, and what their list shows."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.harness import QUICK, Console, ConsoleClient, Json, console_app, soon

MODEL = "openai/gpt-4o-mini"
VECTORS = "openai/text-embedding-3-small"
STARTS, ROOM = 100, 10
HELD = "[[stall after=1]] hi"
SAID: Json = {"messages": [{"role": "user", "content": HELD}], "max_tokens": 5, "model": MODEL}
DOORS: dict[str, tuple[str, Json]] = {
    "a start": ("/api/generations", {"content": HELD, "max_tokens": 5, "model": MODEL}),
    "a stream": ("/api/stream", {"content": HELD, "max_tokens": 5, "model": MODEL}),
    "typed": ("/chat", {"message": HELD, "max_tokens": 5, "model": MODEL}),
    "openai": ("/v1/chat/completions", SAID),
    "openai, streamed": ("/v1/chat/completions", {**SAID, "stream": True}),
    # Token ids cost what is held for them, so that the first to end leave no room to others.
    "vectors": ("/v1/embeddings", {"model": VECTORS, "input": [1, 2, 3]}),
}


async def budget(client: ConsoleClient, **fields: Any) -> Json:
    made: Json = await client.post("/api/budgets", {"kind": "all", "period": "day", **fields})
    return made


async def only(client: ConsoleClient) -> Json:
    (found,) = (await client.get("/api/budgets"))["items"]
    return dict(found)


async def worst_of(client: ConsoleClient, path: str, body: Json, emulator: Emulator) -> Decimal:
    """What a call may cost at most; it is made, and over when this returns."""
    asking = asyncio.create_task(client.ask("POST", path, json=body))
    if path != "/v1/embeddings":
        await emulator.until(lambda upstream: upstream.stalled == 1)
        emulator.release()
    reply = await asking
    assert reply.is_success
    if path == "/api/generations":
        await soon(client.follow(reply.json()["generation"]["id"]))
    row = (await client.every("/api/usage"))[0]
    worst: Decimal = row["reserved_usd"]
    return worst


@pytest.mark.parametrize("door", DOORS)
async def test_of_a_hundred_starts_as_many_are_made_as_there_is_room_for(
    synced: ConsoleClient, emulator: Emulator, door: str
) -> None:
    """Check and reservation are one: exactly ten calls reach the provider, ninety are told which budget and when."""
    path, body = DOORS[door]
    await budget(synced, limit_usd=100, period="month")
    worst = await worst_of(synced, path, body, emulator)
    spent = (await synced.get("/api/usage/summary"))["totals"]["cost_usd"]
    made = await budget(synced, limit_usd=str(spent + worst * ROOM), name="of the day")
    before = len(emulator.requests)
    tasks = [asyncio.create_task(synced.ask("POST", path, json=body)) for _ in range(STARTS)]
    waits = path not in ("/v1/embeddings", "/api/generations")
    done: list[httpx.Response] = []
    for task in asyncio.as_completed(tasks):
        done.append(await task)
        if len(done) == (STARTS - ROOM if waits else STARTS):
            break
    if path != "/v1/embeddings":
        await emulator.until(lambda upstream: upstream.stalled == ROOM)
        emulator.release()
    await asyncio.gather(*tasks)
    refused = [reply for reply in done if reply.status_code == 403]
    assert len(refused) == STARTS - ROOM
    assert len(emulator.requests) - before == ROOM
    told = refused[0].json()
    if path.startswith("/api/"):
        assert told["error_code"] == "budget_exceeded"
        assert told["details"]["budget_id"] == made["id"]
        assert Decimal(str(told["details"]["needed_usd"])) == worst
        assert told["details"]["resets_at"] == made["to"]
    else:
        assert "of the day" in str(told["error"])


async def test_what_a_call_cost_moves_from_held_to_spent(synced: ConsoleClient, emulator: Emulator) -> None:
    await budget(synced, limit_usd=1)
    started = await synced.start(HELD, max_tokens=5)
    await emulator.until(lambda upstream: upstream.stalled == 1)
    held = (await synced.every("/api/usage"))[0]["reserved_usd"]
    shown = await only(synced)
    assert (shown["spent_usd"], shown["reserved_usd"], shown["remaining_usd"]) == (0, held, 1 - held)
    emulator.release()
    await soon(synced.follow(started["generation"]["id"]))
    shown = await only(synced)
    cost = emulator.ledger.total_usd
    assert (shown["spent_usd"], shown["reserved_usd"], shown["remaining_usd"]) == (cost, 0, 1 - cost)
    assert cost > 0


async def test_what_is_not_known_counts_as_what_was_held(synced: ConsoleClient) -> None:
    """And no less, until it is told or decided."""
    await budget(synced, limit_usd=1)
    await synced.answer("[[missing_usage; drop after=2; misses=1000]] Say something long enough.", max_tokens=50)
    row = (await synced.every("/api/usage"))[0]
    assert row["state"] == "unknown"
    shown = await only(synced)
    assert (shown["spent_usd"], shown["reserved_usd"]) == (0, row["reserved_usd"])
    await synced.post(f"/api/usage/{row['id']}/decision", {"cost_usd": "0.25"})
    shown = await only(synced)
    assert (shown["spent_usd"], shown["reserved_usd"], shown["remaining_usd"]) == (Decimal("0.25"), 0, Decimal("0.75"))


async def test_a_new_budget_counts_what_was_spent_before(synced: ConsoleClient, emulator: Emulator) -> None:
    """In its own period, of its own kind."""
    first = await synced.answer("one", max_tokens=5)
    session_id = first.data_of("start")["session_id"]
    profile = await synced.post("/api/profiles", {"name": "p"})
    await synced.answer("two", max_tokens=5, model="openai/gpt-4o", profile_id=profile["id"])
    await synced.post("/v1/embeddings", {"model": VECTORS, "input": "three"})
    costs = {(row["model"], row["purpose"]): row["cost_usd"] for row in await synced.every("/api/usage")}
    expected = {
        ("all", None): emulator.ledger.total_usd,
        ("session", session_id): costs[MODEL, "chat"],
        ("profile", str(profile["id"])): costs["openai/gpt-4o", "chat"],
        ("model", MODEL): costs[MODEL, "chat"],
        ("purpose", "embedding"): costs[VECTORS, "embedding"],
    }
    for (kind, of), cost in expected.items():
        made = await synced.post("/api/budgets", {"kind": kind, "of": of, "period": "month", "limit_usd": 5})
        assert (made["of"], made["spent_usd"]) == (of, cost), kind
    await synced.answer("four", session_id=session_id, max_tokens=5, model=f"{MODEL}:floor")
    shown = {(one["kind"], one["of"]): one["spent_usd"] for one in (await synced.get("/api/budgets"))["items"]}
    more = emulator.ledger.total_usd - expected["all", None]
    grown = {("all", None), ("session", session_id), ("model", MODEL)}
    assert shown == {key: cost + (more if key in grown else 0) for key, cost in expected.items()}


async def test_the_tightest_budget_rules(synced: ConsoleClient, emulator: Emulator) -> None:
    """Where several apply, the refusal names the one that has least left; others are no help."""
    await budget(synced, limit_usd=100, name="wide")
    tight = await budget(synced, limit_usd=0, name="tight", kind="model", of=MODEL)
    await budget(synced, limit_usd="0.000001", name="narrow", period="month")
    refused = await synced.ask("POST", "/api/generations", json={"content": "hi", "model": MODEL})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "budget_exceeded")
    details = refused.json()["details"]
    assert (details["budget_id"], details["name"], details["kind"], details["of"]) == (
        tight["id"],
        "tight",
        "model",
        MODEL,
    )
    assert emulator.ledger.rows == []
    assert await synced.every("/api/sessions") == []


async def test_every_way_to_ask_again_is_held_to_it(synced: ConsoleClient, emulator: Emulator) -> None:
    """Regenerate, continue, summaries, and a message that was stored before."""
    start = (await synced.answer("hi", max_tokens=5)).data_of("start")
    session_id = start["session_id"]
    for _ in range(2):
        await synced.answer("more", session_id=session_id, max_tokens=5)
    await budget(synced, limit_usd=0)
    before = len(emulator.ledger.rows)
    for method, path, body in (
        ("POST", f"/api/messages/{start['assistant_message_id']}/regenerate", {}),
        ("POST", f"/api/generations/{start['generation_id']}/continue", {}),
        ("POST", f"/api/sessions/{session_id}/compact", {"keep_turns": 1}),
        ("GET", f"/api/stream?session_id={session_id}", None),
    ):
        if method == "GET":
            await synced.post_message(session_id, "and now?")
        refused = await synced.ask(method, path, json=body)
        assert (refused.status_code, refused.json()["error_code"]) == (403, "budget_exceeded"), path
    assert len(emulator.ledger.rows) == before


async def test_a_soft_budget_tells_and_lets_through(synced: ConsoleClient) -> None:
    """Its state follows what is counted: fine, then warned, then exceeded."""
    await synced.answer("hi", max_tokens=5)
    cost = (await synced.every("/api/usage"))[0]["cost_usd"]
    soft = await budget(synced, limit_usd=str(cost * 4), warn_at="0.5", hard=False)
    states = [soft["state"]]
    for _ in range(3):
        await synced.answer("hi", max_tokens=5)
        states.append((await only(synced))["state"])
    assert states == ["ok", "warned", "warned", "exceeded"]
    assert (await only(synced))["remaining_usd"] == 0


async def test_a_fallback_with_a_budget_of_its_own_stands_in_for_nobody(synced: ConsoleClient) -> None:
    """Its calls would be counted elsewhere."""
    await budget(synced, kind="model", of="openai/gpt-4o", limit_usd=5)
    refused = await synced.ask("POST", "/v1/chat/completions", json={**SAID, "models": ["openai/gpt-4o"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "budget_exceeded")
    asked = {"content": "hi", "model": MODEL, "models": ["openai/gpt-4o"]}
    told = (await synced.ask("POST", "/api/generations", json=asked)).json()
    assert told["details"]["parameter"] == "models"


@pytest.mark.parametrize("fields", [{"preset": "mine"}, {"service_tier": "priority"}, {"plugins": [{"id": "fusion"}]}])
async def test_a_hard_budget_does_not_pay_what_nobody_can_price(
    synced: ConsoleClient, emulator: Emulator, fields: Json
) -> None:
    """A soft one does."""
    made = await budget(synced, limit_usd=5)
    asked = {**SAID, "messages": [{"role": "user", "content": "hi"}], **fields}
    refused = await synced.ask("POST", "/v1/chat/completions", json=asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "budget_exceeded"), refused.text
    assert emulator.ledger.rows == []
    changed = await synced.ask("PATCH", f"/api/budgets/{made['id']}", json={"hard": False})
    assert changed.json()["revision"] == made["revision"] + 1
    assert (await synced.ask("POST", "/v1/chat/completions", json=asked)).status_code != 403


async def test_a_hard_budget_bounds_an_answer_without_a_limit(synced: ConsoleClient, emulator: Emulator) -> None:
    """As a token's budget does: what is held has to be enough whatever is written."""
    await budget(synced, limit_usd=1, kind="model", of="openai/gpt-4o")
    body = {"model": MODEL, "messages": [{"role": "user", "content": "[[tokens=5000]] Go on."}]}
    whole = await synced.post("/v1/chat/completions", body)
    assert whole["usage"]["completion_tokens"] == 5000  # nobody's call is cut by a budget that it does not count in
    await budget(synced, limit_usd=1)
    cut = await synced.post("/v1/chat/completions", body)
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 4096)


async def test_what_costs_nothing_is_never_refused(data: Path) -> None:
    """The demo pays nobody."""
    async with console_app(data) as console:
        client = console.client
        await budget(client, limit_usd=0)
        assert (await client.answer("hi")).data_of("done")["status"] == "completed"
        assert (await only(client))["spent_usd"] == 0


async def test_a_token_has_a_budget_of_days(console: Console, synced: ConsoleClient) -> None:
    """Beside the one for all its life; the owner's calls are not its."""
    token = await synced.post("/api/tokens", {"name": "p", "scopes": ["chat"]})
    await budget(synced, kind="token", of=token["id"], limit_usd=0)
    async with ConsoleClient(console.url, token=token["token"]) as program:
        refused = await program.ask("POST", "/api/generations", json={"content": "hi", "model": MODEL})
        assert refused.json()["error_code"] == "budget_exceeded"
        assert (await program.ask("DELETE", f"/api/budgets/{(await only(synced))['id']}")).status_code == 403
    assert (await synced.ask("POST", "/api/generations", json={"content": "hi", "model": MODEL})).status_code == 201


async def test_the_list_is_replaced_as_one(synced: ConsoleClient) -> None:
    """Those with an id stay what they are, the others go; a stale or unknown one leaves all as it was."""
    one, two = await budget(synced, limit_usd=1), await budget(synced, limit_usd=2, period="week")
    body = {"kind": "all", "period": "month", "limit_usd": "3.5", "warn_at": 0.8}
    bad = [{**body, "id": one["id"], "revision": 9}, {**body, "id": "none"}]
    for item, status in zip(bad, (409, 404), strict=True):
        reply = await synced.ask("PUT", "/api/budgets", json={"items": [body, item]})
        assert reply.status_code == status, reply.text
    assert [item["id"] for item in (await synced.get("/api/budgets"))["items"]] == [one["id"], two["id"]]
    reply = await synced.ask(
        "PUT", "/api/budgets", json={"items": [{**body, "id": two["id"], "revision": 1}, {**body, "hard": False}]}
    )
    assert reply.status_code == 200, reply.text
    items = reply.json()["items"]
    assert [(item["id"] == two["id"], item["period"], item["revision"]) for item in items] == [
        (True, "month", 2),
        (False, "month", 1),
    ]
    assert items[0]["warn_at"] == 0.8
    assert items[0]["created_at"] == two["created_at"]


async def test_changes_take_a_revision(synced: ConsoleClient) -> None:
    made = await budget(synced, limit_usd=1, name="mine", warn_at="0.25")
    path = f"/api/budgets/{made['id']}"
    changed = (await synced.ask("PATCH", path, json={"limit_usd": 2, "revision": 1, "name": None})).json()
    assert (changed["limit_usd"], changed["revision"], changed["name"], changed["warn_at"]) == (2, 2, None, 0.25)
    stale = await synced.ask("PATCH", path, json={"limit_usd": 3, "revision": 1})
    assert (stale.status_code, stale.json()["error_code"]) == (409, "stale")
    assert stale.json()["details"]["current"]["revision"] == 2
    await synced.delete(path)
    assert (await synced.ask("DELETE", path)).status_code == 404
    assert (await synced.ask("PATCH", path, json={})).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"limit_usd": -1}, 422),
        ({"limit_usd": "NaN"}, 422),
        ({"limit_usd": "Infinity"}, 422),
        ({"limit_usd": "1e999999"}, 422),
        ({"limit_usd": 2**63}, 422),
        ({"limit_usd": "0.0000000000001"}, 422),
        ({"limit_usd": True}, 422),
        ({"limit_usd": None}, 422),
        ({"warn_at": 0}, 422),
        ({"warn_at": 1.5}, 422),
        ({"warn_at": "NaN"}, 422),
        ({"period": "year"}, 422),
        ({"kind": "team"}, 422),
        ({"kind": "all", "of": "x"}, 422),
        ({"kind": "model"}, 422),
        ({"kind": "purpose", "of": "fun"}, 422),
        ({"kind": "model", "of": f"{MODEL}:online"}, 422),
        ({"kind": "model", "of": "nobody/nothing"}, 404),
        ({"kind": "profile", "of": "999"}, 404),
        ({"kind": "profile", "of": "x"}, 404),
        ({"kind": "profile", "of": "9" * 100}, 404),
        ({"kind": "session", "of": "none"}, 404),
        ({"kind": "token", "of": "none"}, 404),
        ({"hard": 1}, 422),
        ({"name": ""}, 422),
        ({"name": "a\0b"}, 422),
        ({"spent_usd": 0}, 422),
    ],
)
async def test_odd_budgets_are_refused(synced: ConsoleClient, fields: Json, status: int) -> None:
    """And nothing is made."""
    body = {"kind": "all", "period": "day", "limit_usd": 1, **fields}
    for method, sent in (("POST", body), ("PUT", {"items": [body]})):
        reply = await synced.ask(method, "/api/budgets", json=sent)
        assert reply.status_code == status, reply.text
    assert (await synced.get("/api/budgets"))["items"] == []


async def test_there_is_an_end_to_budgets(synced: ConsoleClient) -> None:
    session_ids = [(await synced.create_session())["id"] for _ in range(34)]
    items = [
        {"kind": "session", "of": session_id, "period": period, "limit_usd": 1}
        for session_id in session_ids
        for period in ("day", "week", "month")
    ]
    assert (await synced.ask("PUT", "/api/budgets", json={"items": items[:101]})).status_code == 422
    reply = await synced.ask("PUT", "/api/budgets", json={"items": items[:100]})
    assert reply.status_code == 200, reply.text
    assert (await synced.ask("POST", "/api/budgets", json=items[100])).json()["error_code"] == "conflict"


async def test_of_two_limits_for_the_same_calls_one_is_refused(synced: ConsoleClient) -> None:
    """However it would come about; a soft one may stand beside a hard one. The refusal names the one there is."""
    first = await budget(synced, kind="model", of=MODEL, limit_usd=1, name="mine")
    other = await budget(synced, kind="model", of=MODEL, limit_usd=2, hard=False)
    same = {"kind": "model", "of": f"{MODEL}-2024-07-18", "period": "day", "limit_usd": 3}
    for method, path, body in (
        ("POST", "/api/budgets", same),
        ("PATCH", f"/api/budgets/{other['id']}", {"hard": True}),
        ("PUT", "/api/budgets", {"items": [same, same]}),
    ):
        reply = await synced.ask(method, path, json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (409, "conflict"), reply.text
        if method != "PUT":
            assert reply.json()["details"]["budget_id"] == first["id"]
    assert [item["limit_usd"] for item in (await synced.get("/api/budgets"))["items"]] == [1, 2]
    swapped = [{**same, "id": first["id"], "hard": False}, {**same, "id": other["id"]}]
    assert (await synced.ask("PUT", "/api/budgets", json={"items": swapped})).status_code == 200


async def test_a_restore_forbids_and_never_allows(synced: ConsoleClient, emulator: Emulator) -> None:
    """A backup's budgets come back with what the ledger says was spent; those that are here stay as they are."""
    kept = await budget(synced, limit_usd=5, name="kept")
    gone = await budget(synced, limit_usd=9, name="gone", period="week")
    backup = await synced.post("/api/admin/backups")
    await synced.delete(f"/api/budgets/{gone['id']}")
    await synced.ask("PATCH", f"/api/budgets/{kept['id']}", json={"limit_usd": 1})
    later = await budget(synced, limit_usd=7, name="later", period="month")
    await synced.answer("hi", max_tokens=5)
    await synced.post("/api/admin/restore", {"name": backup["name"]})
    shown = {one["id"]: (one["limit_usd"], one["spent_usd"]) for one in (await synced.get("/api/budgets"))["items"]}
    cost = emulator.ledger.total_usd
    assert shown == {kept["id"]: (1, cost), gone["id"]: (9, cost), later["id"]: (7, cost)}


async def test_who_watches_is_told_of_a_state(data: Path, emulator: Emulator) -> None:
    """Also when calls of other doors, or the end of a period, have changed it."""
    pace = replace(QUICK, budgets_watched_every_s=0.01)
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        client = console.client
        await client.post("/api/models/sync")
        made = await budget(client, limit_usd="0.0001", hard=False)
        async with client.stream("/api/events") as channel, aclosing(channel.frames()) as frames:
            assert (await anext(frames)).event == "hello"
            await client.post("/v1/embeddings", {"model": VECTORS, "input": "a long text " * 500})
            await client.post("/v1/chat/completions", {**SAID, "messages": [{"role": "user", "content": "x " * 900}]})
            async for frame in frames:
                if frame.event == "changed" and frame.data["kind"] == "budget":
                    break
        assert frame.data.items() >= {"id": made["id"], "op": "put", "revision": 1}.items()
        assert (await only(client))["state"] == "exceeded"
