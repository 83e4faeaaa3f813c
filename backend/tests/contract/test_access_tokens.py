"""Named tokens: made once, held to their scope and budget, gone when they are revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.harness import Console, ConsoleClient, EventStream, Json, console_app, reading, soon

OWN = "the-console-s-own-token-of-this-test"
SECRET_CHARS = 48
SLOW = "[[rate=5]] Count to a hundred."


@pytest.fixture
async def guarded(data: Path, emulator: Emulator) -> AsyncIterator[Console]:
    """A console that wants a token of everybody; its client has the owner's."""
    async with console_app(data, upstream=emulator.base_url, token=OWN) as running:
        running.client.http.headers["authorization"] = f"Bearer {OWN}"
        await running.client.post("/api/models/sync")
        yield running


async def made(console: Console, *scopes: str, **fields: object) -> Json:
    token: Json = await console.client.post("/api/tokens", {"name": "a program", "scopes": list(scopes), **fields})
    return token


def holder(console: Console, token: Json) -> ConsoleClient:
    return ConsoleClient(console.url, token=token["token"])


async def events_of(stream: EventStream) -> list[str]:
    return [frame.event async for frame in stream]


async def listed(console: Console, token: Json) -> Json:
    (found,) = (item for item in await console.client.every("/api/tokens") if item["id"] == token["id"])
    return dict(found)


async def test_the_secret_is_told_once(guarded: Console, data: Path) -> None:
    """The list knows all but the secret; neither secret nor the key of its hash is in the store."""
    token = await made(guarded, "chat", "read", budget_usd="0.000000000001")
    assert token["token"].startswith("llmc_")
    assert len(token["token"]) == SECRET_CHARS
    assert token.items() >= {"scopes": ["read", "chat"], "budget_usd": Decimal("0.000000000001")}.items()
    assert (token["spent_usd"], token["last_used_at"], token["revoked_at"]) == (0, None, None)
    shown = await listed(guarded, token)
    assert shown == {name: value for name, value in token.items() if name != "token"}
    key = (data / "hash.key").read_bytes().strip()
    assert (data / "hash.key").stat().st_mode & 0o777 == 0o600
    kept = b"".join(file.read_bytes() for file in data.glob("console.db*"))
    assert shown["id"].encode() in kept
    assert token["token"].encode() not in kept
    assert key not in kept


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [(["read"], {"read"}), (["chat"], {"read", "chat"}), (["admin"], {"read", "chat", "admin"})],
)
async def test_a_token_is_held_to_its_scope(guarded: Console, scopes: list[str], allowed: set[str]) -> None:
    """Each scope includes the ones before; a refusal names what is missing, in the dialect of the door."""
    asked: tuple[tuple[str, str, str, Json | None], ...] = (
        ("read", "GET", "/api/sessions", None),
        ("chat", "POST", "/api/sessions", {"title": "made"}),
        ("chat", "POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
        ("admin", "DELETE", "/api/sessions/none", None),
        ("admin", "GET", "/api/tokens", None),
        ("admin", "PATCH", "/api/settings", {}),
        ("admin", "GET", "/api/no/such/route", None),
    )
    async with holder(guarded, await made(guarded, *scopes)) as program:
        for needs, method, path, body in asked:
            reply = await program.ask(method, path, json=body)
            if needs in allowed:
                assert reply.status_code in (200, 201, 404), (path, reply.text)
            elif path.startswith("/v1/"):
                assert (reply.status_code, reply.json()["error"]["code"]) == (403, "insufficient_scope")
            else:
                assert (reply.status_code, reply.json()["error_code"]) == (403, "insufficient_scope"), path
                assert reply.json()["details"]["needs"] == needs


async def test_a_token_cannot_make_itself_stronger(guarded: Console) -> None:
    """Making, listing and revoking tokens is for `admin`; so are settings and keys."""
    token = await made(guarded, "chat")
    async with holder(guarded, token) as program:
        for method, path, body in (
            ("POST", "/api/tokens", {"name": "mine", "scopes": ["admin"]}),
            ("DELETE", f"/api/tokens/{token['id']}", None),
            ("PUT", "/api/settings/key", {"key": "sk-other"}),
        ):
            assert (await program.ask(method, path, json=body)).status_code == 403
    assert len(await guarded.client.every("/api/tokens")) == 1


async def test_a_token_makes_no_other(guarded: Console) -> None:
    """Whatever its scope: the other one would outlive it, and have another budget."""
    token = await made(guarded, "admin")
    async with holder(guarded, token) as program:
        reply = await program.ask("POST", "/api/tokens", json={"name": "heir", "scopes": ["admin"]})
    assert (reply.status_code, reply.json()["error_code"]) == (403, "insufficient_scope")
    assert len(await guarded.client.every("/api/tokens")) == 1


async def test_a_named_token_is_held_to_its_scope_where_none_is_needed(console: Console) -> None:
    """On loopback nobody needs one, but a program that was given one is held to it, and a revoked one is refused."""
    token = await made(console, "read")
    async with holder(console, token) as program:
        assert (await program.ask("GET", "/api/sessions")).status_code == 200
        assert (await program.ask("POST", "/api/sessions", json={})).status_code == 403
        await console.client.delete(f"/api/tokens/{token['id']}")
        assert (await program.ask("GET", "/api/sessions")).status_code == 401
    async with ConsoleClient(console.url, token="sk-any-key-an-sdk-sends") as other:
        assert (await other.ask("GET", "/api/sessions")).status_code == 200


async def test_revoking_is_for_good(guarded: Console) -> None:
    """Twice is as good as once; an unknown token is 404; the row stays and says when."""
    token = await made(guarded, "admin")
    async with holder(guarded, token) as program:
        assert (await program.ask("GET", "/api/sessions")).status_code == 200
        await guarded.client.delete(f"/api/tokens/{token['id']}")
        assert (await program.ask("GET", "/api/sessions")).status_code == 401
    first = (await listed(guarded, token))["revoked_at"]
    await guarded.client.delete(f"/api/tokens/{token['id']}")
    assert (await listed(guarded, token))["revoked_at"] == first
    assert (await guarded.client.ask("DELETE", "/api/tokens/none")).status_code == 404


async def test_revoking_cuts_streams_and_not_answers(guarded: Console) -> None:
    """Who held the token reads no further; what it had started is finished, paid for and kept."""
    token = await made(guarded, "chat")
    async with holder(guarded, token) as program:
        started = await program.start(SLOW, max_tokens=8)
        generation_id = started["generation"]["id"]
        async with reading(program.events(generation_id)) as reader, program.stream("/api/events") as channel:
            await reader.until(lambda transcript: bool(transcript.text))
            await guarded.client.delete(f"/api/tokens/{token['id']}")
            await reader.ended()
            assert "done" not in reader.transcript.events
            seen = await soon(events_of(channel))
            assert seen[0] == "hello"
            assert not reader.broken
        whole = await soon(guarded.client.follow(generation_id))
    assert whole.events[-1] == "done"
    assert (await guarded.client.generation(generation_id))["status"] == "completed"


async def test_tokens_survive_a_restart(data: Path, emulator: Emulator) -> None:
    """And so does what was revoked, and when a token was last used."""
    async with console_app(data, upstream=emulator.base_url, token=OWN) as first:
        first.client.http.headers["authorization"] = f"Bearer {OWN}"
        good, bad = await made(first, "read"), await made(first, "read")
        await first.client.delete(f"/api/tokens/{bad['id']}")
        async with holder(first, good) as program:
            assert (await program.ask("GET", "/api/sessions")).status_code == 200
    async with console_app(data, upstream=emulator.base_url, token=OWN) as second:
        second.client.http.headers["authorization"] = f"Bearer {OWN}"
        assert (await listed(second, good))["last_used_at"] is not None
        async with holder(second, good) as program:
            assert (await program.ask("GET", "/api/sessions")).status_code == 200
        async with holder(second, bad) as program:
            assert (await program.ask("GET", "/api/sessions")).status_code == 401


async def test_a_restore_brings_no_token_back(guarded: Console) -> None:
    """A token is about this installation: one that was revoked since stays so, one that was made since stays good."""
    old = await made(guarded, "chat")
    backup = await guarded.client.post("/api/admin/backups")
    await guarded.client.delete(f"/api/tokens/{old['id']}")
    new = await made(guarded, "chat", budget_usd="0.5")
    await guarded.client.post("/api/admin/restore", {"name": backup["name"]})
    for token, status in ((old, 401), (new, 200)):
        async with holder(guarded, token) as program:
            assert (await program.ask("GET", "/api/sessions")).status_code == status
    async with holder(guarded, new) as program:
        await program.answer("still paid for", max_tokens=5)
    row = (await guarded.client.every("/api/usage"))[0]
    assert row["token_id"] == new["id"]
    assert await spent(guarded, new) == (row["cost_usd"], 0)


async def test_without_the_key_of_the_hashes_no_named_token_is_good(data: Path, emulator: Emulator) -> None:
    """Who carries the store elsewhere, or a backup of it, carries no token along."""
    async with console_app(data, upstream=emulator.base_url) as first:
        token = await made(first, "admin")
    (data / "hash.key").unlink()
    async with console_app(data, upstream=emulator.base_url) as second, holder(second, token) as program:
        assert (await program.ask("GET", "/api/sessions")).status_code == 401


# Money


async def spent(console: Console, token: Json) -> tuple[Any, Any]:
    shown = await listed(console, token)
    return shown["spent_usd"], shown["reserved_usd"]


async def test_the_ledger_names_the_token(guarded: Console) -> None:
    """Whatever door it came through; the owner's own calls name none."""
    token = await made(guarded, "chat")
    async with holder(guarded, token) as program:
        await program.answer("one", max_tokens=5)
        body = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "two"}], "max_tokens": 5}
        await program.post("/v1/chat/completions", body)
        await program.post("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "three"})
    await guarded.client.answer("four", max_tokens=5)
    rows = await guarded.client.every("/api/usage")
    assert [row["token_id"] for row in rows] == [None, *[token["id"]] * 3]
    assert await spent(guarded, token) == (sum(row["cost_usd"] for row in rows[1:]), 0)


async def test_a_budget_is_kept_to_the_last_picodollar(guarded: Console, emulator: Emulator) -> None:
    """Parallel starts cannot share the room of one: as many start as fit, the others are 403 and cost nothing."""
    async with holder(guarded, await made(guarded, "chat", budget_usd=1)) as program:
        await program.answer("one", max_tokens=5)
    worst = (await guarded.client.every("/api/usage"))[0]["reserved_usd"]
    before = len(emulator.requests)
    token = await made(guarded, "chat", budget_usd=str(worst * 3))
    async with holder(guarded, token) as program:
        body = {"content": "one", "model": "openai/gpt-4o-mini", "max_tokens": 5}
        replies = await asyncio.gather(*(program.ask("POST", "/api/generations", json=body) for _ in range(20)))
        assert sorted(reply.status_code for reply in replies) == [201] * 3 + [403] * 17
        refused = next(reply for reply in replies if reply.status_code == 403)
        assert refused.json()["error_code"] == "budget_exceeded"
        assert Decimal(str(refused.json()["details"]["budget_usd"])) == worst * 3
        for reply in replies:
            if reply.status_code == 201:
                await soon(guarded.client.follow(reply.json()["generation"]["id"]))
    calls = [request for request in emulator.requests[before:] if request.path.endswith("/chat/completions")]
    assert len(calls) == 3
    rows = [row for row in await guarded.client.every("/api/usage") if row["token_id"] == token["id"]]
    assert await spent(guarded, token) == (sum(row["cost_usd"] for row in rows), 0)


ONLINE = {"model": "openai/gpt-4o-mini:online", "messages": [{"role": "user", "content": "What is new?"}]}
SEARCHING: dict[str, tuple[str, Json]] = {
    "a variant": ("/v1/chat/completions", ONLINE),
    "a plugin": (
        "/api/v1/chat/completions",
        {**ONLINE, "model": "openai/gpt-4o-mini", "plugins": [{"id": "web", "max_results": 5}]},
    ),
    "a tool": (
        "/v1/chat/completions",
        {
            **ONLINE,
            "model": "openai/gpt-4o-mini",
            "tools": [{"type": "openrouter:web_search", "parameters": {"max_uses": 1}}],
        },
    ),
    "the flag": (
        "/chat",
        {"model": "openai/gpt-4o-mini", "message": "What is new?", "web_search": True, "max_tokens": 5},
    ),
}


@pytest.mark.parametrize("form", SEARCHING)
async def test_a_budget_pays_for_searches_before_they_are_made(guarded: Console, emulator: Emulator, form: str) -> None:
    """They cost more than the words: with room for one of them, eight at once are one call, and never more is spent."""
    path, body = SEARCHING[form]
    first = await guarded.client.ask("POST", path, json=body)
    assert first.status_code == 200, first.text
    row = (await guarded.client.every("/api/usage"))[0]
    worst = row["reserved_usd"]
    assert worst > row["cost_usd"] >= Decimal("0.02")
    before = len(emulator.ledger.rows)
    token = await made(guarded, "chat", budget_usd=str(worst))
    async with holder(guarded, token) as program:
        replies = await asyncio.gather(*(program.ask("POST", path, json=body) for _ in range(8)))
        assert sorted(reply.status_code for reply in replies) == [200] + [403] * 7
    (billed,) = emulator.ledger.rows[before:]
    assert await spent(guarded, token) == (billed.cost_usd, 0)
    assert billed.cost_usd <= worst


async def test_a_budget_bounds_an_answer_whose_client_names_no_limit(guarded: Console, emulator: Emulator) -> None:
    """What is held must be enough whatever is written; nobody else's calls are cut."""
    body = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "[[tokens=5000]] Go on."}]}
    whole: Json = await guarded.client.post("/v1/chat/completions", body)
    assert (whole["choices"][0]["finish_reason"], whole["usage"]["completion_tokens"]) == ("stop", 5000)
    token = await made(guarded, "chat", budget_usd=1)
    async with holder(guarded, token) as program:
        cut: Json = await program.post("/v1/chat/completions", body)
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 4096)
    row = (await guarded.client.every("/api/usage"))[0]
    assert row["reserved_usd"] >= row["cost_usd"]
    sent = [request.body for request in emulator.requests if request.path.endswith("/chat/completions")]
    assert [each.get("max_tokens") for each in sent] == [None, 4096]


async def test_a_budget_pays_for_pictures_before_they_are_drawn(guarded: Console) -> None:
    """At the price of pictures, whatever the limit of the words."""
    body = {
        "model": "google/gemini-2.5-flash-image",
        "messages": [{"role": "user", "content": "A cat [[tokens=2]]"}],
        "modalities": ["image", "text"],
        "max_tokens": 5,
    }
    await guarded.client.post("/v1/chat/completions", body)
    row = (await guarded.client.every("/api/usage"))[0]
    assert row["reserved_usd"] >= row["cost_usd"] > Decimal("0.03")


@pytest.mark.parametrize(
    "fields", [{"preset": "mine"}, {"tools": [{"type": "openrouter:fusion"}]}, {"plugins": [{"id": "fusion"}]}]
)
async def test_a_budget_does_not_pay_what_may_cost_anything(guarded: Console, emulator: Emulator, fields: Json) -> None:
    """A preset may add tools, and some tools ask other models."""
    token = await made(guarded, "chat", budget_usd=1)
    async with holder(guarded, token) as program:
        reply = await program.ask("POST", "/v1/chat/completions", json={**ONLINE, "max_tokens": 5, **fields})
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "budget_exceeded")
    assert emulator.ledger.rows == []


async def test_what_is_not_known_stays_held(guarded: Console) -> None:
    """A call whose cost nobody tells counts as the most it could be."""
    token = await made(guarded, "chat", budget_usd=1)
    async with holder(guarded, token) as program:
        await program.answer("[[missing_usage; drop after=2; misses=1000]] Say something long enough.", max_tokens=50)
    row = (await guarded.client.every("/api/usage"))[0]
    assert row["state"] == "unknown"
    assert row["reserved_usd"] > 0
    assert await spent(guarded, token) == (0, row["reserved_usd"])


async def test_a_budget_does_not_pay_what_nobody_can_price(data: Path, emulator: Emulator) -> None:
    """Without a catalogue no worst case is known."""
    async with console_app(data, upstream=emulator.base_url) as console:
        token = await made(console, "chat", budget_usd=1)
        async with holder(console, token) as program:
            reply = await program.ask("POST", "/api/generations", json={"content": "hi", "model": "nobody/knows"})
        assert reply.status_code in (403, 404), reply.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["owner"]},
        {"name": "x", "scopes": "read"},
        {"name": "x", "scopes": ["read"], "budget_usd": -1},
        {"name": "x", "scopes": ["read"], "budget_usd": "NaN"},
        {"name": "x", "scopes": ["read"], "budget_usd": 10**9},
        {"name": "x", "scopes": ["read"], "budget_usd": "0.0000000000001"},
        {"name": "x", "scopes": ["read"], "secret": "mine"},
    ],
)
async def test_odd_tokens_are_422(console: Console, body: Json) -> None:
    """And nothing is made."""
    reply = await console.client.ask("POST", "/api/tokens", json=body)
    assert reply.status_code == 422
    assert await console.client.every("/api/tokens") == []


async def test_the_list_is_paged(console: Console) -> None:
    """Newest first, as every list."""
    for number in range(3):
        await made(console, "read", name=f"token {number}")
    first = await console.client.get("/api/tokens", limit=2, count=1)
    assert ([item["name"] for item in first["items"]], first["total"]) == (["token 2", "token 1"], 3)
    rest = await console.client.get("/api/tokens", limit=2, cursor=first["next_cursor"])
    assert ([item["name"] for item in rest["items"]], rest["next_cursor"]) == (["token 0"], None)
    bad: httpx.Response = await console.client.ask("GET", "/api/tokens", params={"cursor": "x"})
    assert bad.json()["error_code"] == "bad_cursor"
