"""Profiles through the wire."""

from __future__ import annotations

import json

import pytest

from tests.harness import ConsoleClient

FULL = {
    "name": "Terse",
    "system_prompt": "Be brief.",
    "temperature": 0.2,
    "max_tokens": 64,
    "openrouter_preset": "short-answers",
    "model": "openai/gpt-4o",
    "reasoning": {"effort": "low"},
    "params": {"top_p": 0.5, "stop": ["END"]},
    "is_default": True,
}


async def test_a_profile_has_the_seed_s_defaults(client: ConsoleClient) -> None:
    """Only its name must be given."""
    profile = await client.post("/api/profiles", {"name": "Plain"})
    assert {name: profile[name] for name in profile.keys() - {"id", "created_at", "updated_at", "temperature"}} == {
        "name": "Plain",
        "system_prompt": "",
        "max_tokens": 2048,
        "openrouter_preset": None,
        "model": None,
        "reasoning": None,
        "params": {},
        "tools": [],
        "is_default": False,
        "revision": 1,
    }
    assert float(profile["temperature"]) == 0.7
    assert isinstance(profile["id"], int)


async def test_put_replaces_and_patch_changes(client: ConsoleClient) -> None:
    """A PUT without a field sets its default; a PATCH leaves it, and null clears what may be empty."""
    profile = await client.post("/api/profiles", FULL)
    path = f"/api/profiles/{profile['id']}"
    assert profile["params"] == {"top_p": 0.5, "stop": ["END"]} or float(profile["params"]["top_p"]) == 0.5
    patched = (await client.ask("PATCH", path, json={"model": None, "max_tokens": 65})).json()
    assert (patched["model"], patched["max_tokens"], patched["system_prompt"]) == (None, 65, "Be brief.")
    put = (await client.ask("PUT", path, json={"name": "Bare"})).json()
    assert (put["system_prompt"], put["max_tokens"], put["params"], put["is_default"]) == ("", 2048, {}, False)
    assert put["revision"] == profile["revision"] + 2


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_stale_revision_is_a_conflict(client: ConsoleClient, method: str) -> None:
    """It shows the profile as it is and changes nothing."""
    profile = await client.post("/api/profiles", {"name": "first"})
    path = f"/api/profiles/{profile['id']}"
    assert (await client.ask(method, path, json={"name": "second", "revision": 1})).status_code == 200
    stale = await client.ask(method, path, json={"name": "third", "revision": 1})
    assert (stale.status_code, stale.json()["error_code"]) == (409, "stale")
    assert stale.json()["details"]["current"]["name"] == "second"
    assert (await client.get(path))["name"] == "second"


async def test_there_is_at_most_one_default(client: ConsoleClient) -> None:
    """Making another the default takes it from the first."""
    first = await client.post("/api/profiles", {"name": "a", "is_default": True})
    second = await client.post("/api/profiles", {"name": "b", "is_default": True})
    listed = {item["id"]: item["is_default"] for item in await client.every("/api/profiles")}
    assert listed == {first["id"]: False, second["id"]: True}


async def test_the_list_pages_by_cursor(client: ConsoleClient) -> None:
    """Oldest first."""
    made = [(await client.post("/api/profiles", {"name": f"p{n}"}))["id"] for n in range(3)]
    first = await client.get("/api/profiles", limit=2, count=1)
    assert ([item["id"] for item in first["items"]], first["total"]) == (made[:2], 3)
    rest = await client.get("/api/profiles", limit=2, cursor=first["next_cursor"])
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (made[2:], None)


async def test_deleting_a_profile_leaves_its_sessions(client: ConsoleClient) -> None:
    """They go on without one."""
    profile = await client.post("/api/profiles", {"name": "gone"})
    session = await client.create_session(profile_id=profile["id"])
    reply = await client.ask("DELETE", f"/api/profiles/{profile['id']}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert (await client.get(f"/api/sessions/{session['id']}"))["profile_id"] is None
    for method in ("GET", "DELETE"):
        assert (await client.ask(method, f"/api/profiles/{profile['id']}")).status_code == 404


async def test_a_file_of_profiles_is_imported_whole_or_not_at_all(client: ConsoleClient) -> None:
    """What the list answers is accepted back; one bad profile refuses all of them."""
    await client.post("/api/profiles", FULL)
    listed = (await client.ask("GET", "/api/profiles")).content
    reply = await client.ask("POST", "/api/profiles/import", files={"file": ("profiles.json", listed)})
    assert reply.status_code == 201
    assert [item["name"] for item in reply.json()["items"]] == ["Terse"]
    bad = json.dumps([{"name": "good"}, {"name": "bad", "temperature": 9}])
    refused = await client.ask("POST", "/api/profiles/import", files={"file": ("bad.json", bad.encode())})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "validation_failed")
    assert len(await client.every("/api/profiles")) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b'{"items": 1}', b"null", b"[" * 100_000])
async def test_a_file_that_is_none_is_refused(client: ConsoleClient, content: bytes) -> None:
    """Nothing of it is stored."""
    reply = await client.ask("POST", "/api/profiles/import", files={"file": ("x.json", content)})
    assert reply.status_code == 422
    assert await client.every("/api/profiles") == []


async def test_the_path_of_the_import_takes_post_alone(client: ConsoleClient) -> None:
    """It is no profile's path."""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        reply = await client.ask(method, "/api/profiles/import", json={})
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST"), method
    assert (await client.ask("GET", "/api/profiles/none")).status_code == 404
