"""Sessions through the wire: life, lists, revisions, drafts."""

from __future__ import annotations

import re

import pytest

from tests.harness import ConsoleClient

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_session_is_created_with_every_field_of_the_contract(client: ConsoleClient) -> None:
    """What was not given has its default; nothing has been spent."""
    reply = await client.ask("POST", "/api/sessions", json={"title": "Sky", "tags": ["blue"]})
    assert reply.status_code == 201
    session = reply.json()
    assert {name: session[name] for name in session.keys() - {"id", "created_at", "updated_at"}} == {
        "session_type": "chat",
        "title": "Sky",
        "profile_id": None,
        "model": None,
        "active_leaf_id": None,
        "running_generation_id": None,
        "pinned": False,
        "archived": False,
        "tags": ["blue"],
        "revision": 1,
        "totals": {
            "messages": 0,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "total_tokens": 0,
            "cost_usd": 0,
            "unknown_calls": 0,
        },
    }
    assert TIME.fullmatch(session["created_at"])
    assert await client.get(f"/api/sessions/{session['id']}") == session


async def test_put_replaces_and_patch_changes(client: ConsoleClient) -> None:
    """What PUT leaves out becomes its default, what PATCH leaves out stays."""
    session = await client.create_session(title="Sky", tags=["blue"], session_type="code")
    path = f"/api/sessions/{session['id']}"
    patched = (await client.ask("PATCH", path, json={"pinned": True})).json()
    assert (patched["title"], patched["tags"], patched["pinned"]) == ("Sky", ["blue"], True)
    assert patched["revision"] == session["revision"] + 1
    put = (await client.ask("PUT", path, json={"title": "Sea"})).json()
    assert (put["title"], put["tags"], put["pinned"], put["session_type"]) == ("Sea", [], False, "chat")


async def test_null_clears_the_model_and_the_profile(client: ConsoleClient) -> None:
    """Null is a value where a field may be empty."""
    profile = await client.post("/api/profiles", {"name": "p"})
    session = await client.create_session(model="openai/gpt-4o", profile_id=profile["id"])
    cleared = await client.ask("PATCH", f"/api/sessions/{session['id']}", json={"model": None, "profile_id": None})
    assert (cleared.json()["model"], cleared.json()["profile_id"]) == (None, None)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_stale_revision_is_a_conflict_that_shows_the_current_object(client: ConsoleClient, method: str) -> None:
    """The second of two writers who saw the same revision learns what the first has made."""
    session = await client.create_session(title="first")
    path = f"/api/sessions/{session['id']}"
    mine = {"title": "second", "revision": session["revision"]}
    assert (await client.ask(method, path, json=mine)).status_code == 200
    stale = await client.ask(method, path, json={"title": "third", "revision": session["revision"]})
    assert stale.status_code == 409
    assert stale.json()["error_code"] == "stale"
    assert stale.json()["details"]["current"] == (await client.ask("GET", path)).json()
    assert stale.json()["details"]["current"]["title"] == "second"


async def test_a_deleted_session_is_gone(client: ConsoleClient) -> None:
    """204 without a body; afterwards nothing of it is found."""
    session = await client.create_session()
    message = await client.post_message(session["id"], "hello")
    reply = await client.ask("DELETE", f"/api/sessions/{session['id']}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert "content-type" not in reply.headers
    for path in (
        f"/api/sessions/{session['id']}",
        f"/api/sessions/{session['id']}/messages",
        f"/api/sessions/{session['id']}/draft",
        f"/api/messages/{message['id']}",
    ):
        assert (await client.ask("GET", path)).status_code == 404
    assert (await client.ask("DELETE", f"/api/sessions/{session['id']}")).status_code == 404


async def test_the_list_begins_with_what_changed_last(client: ConsoleClient) -> None:
    """A cursor goes on exactly where the page ended; `count` adds the total."""
    made = [(await client.create_session(title=f"s{n}"))["id"] for n in range(5)]
    await client.post_message(made[1], "touched")
    expected = [made[1], made[4], made[3], made[2], made[0]]
    first = await client.get("/api/sessions", limit=2, count=1)
    assert [item["id"] for item in first["items"]] == expected[:2]
    assert first["total"] == 5
    second = await client.get("/api/sessions", limit=2, cursor=first["next_cursor"])
    assert "total" not in second
    third = await client.get("/api/sessions", limit=2, cursor=second["next_cursor"])
    assert [item["id"] for item in second["items"] + third["items"]] == expected[2:]
    assert third["next_cursor"] is None


async def test_filters_narrow_the_list_and_its_total(client: ConsoleClient) -> None:
    """By type, text, tag and archive."""
    code = await client.create_session(session_type="code", title="100% Rust_y")
    tagged = await client.create_session(tags=["a,b", "c"], title="Other")
    await client.ask("PATCH", f"/api/sessions/{tagged['id']}", json={"archived": True})
    for query, expected in (
        ({"type": "code"}, [code["id"]]),
        ({"text": "rust"}, [code["id"]]),
        ({"text": "0% r"}, [code["id"]]),
        ({"text": "%"}, [code["id"]]),
        ({"text": "_y"}, [code["id"]]),
        ({"tag": "a,b"}, [tagged["id"]]),
        ({"tag": "a"}, []),
        ({"archived": "true"}, [tagged["id"]]),
        ({"archived": "false"}, [code["id"]]),
        ({"type": "documents"}, []),
    ):
        page = await client.get("/api/sessions", count=1, **query)
        assert [item["id"] for item in page["items"]] == expected, query
        assert page["total"] == len(expected), query


async def test_a_draft_is_kept_and_makes_no_session_newer(client: ConsoleClient) -> None:
    """What stands in the composer survives; typing does not reorder the list."""
    session = await client.create_session()
    path = f"/api/sessions/{session['id']}/draft"
    assert await client.get(path) == {"text": "", "parts": []}
    draft = {"text": "half a thought ✍️", "parts": [{"type": "text", "text": "x"}]}
    assert (await client.ask("PUT", path, json=draft)).json() == draft
    assert await client.get(path) == draft
    assert (await client.ask("PATCH", path, json={"text": "a thought"})).status_code == 204
    assert await client.get(path) == {**draft, "text": "a thought"}
    picture = {"type": "image", "url": "data:image/png;base64," + "A" * 8 * 2**20}
    assert (await client.ask("PATCH", path, json={"parts": [picture]})).status_code == 204
    assert await client.get(path) == {"text": "a thought", "parts": [picture]}
    for odd in (r'{"parts":[{"url":"a\u0000"}]}', r'{"parts":[{"url":"\ud800"}]}', r'{"text":"\ud800"}'):
        reply = await client.ask("PATCH", path, content=odd, headers={"Content-Type": "application/json"})
        assert reply.status_code == 422
    gone = await client.ask("PATCH", "/api/sessions/01890000-0000-7000-8000-000000000000/draft", json={"text": "x"})
    assert gone.status_code == 404
    assert await client.get(f"/api/sessions/{session['id']}") == session


async def test_the_active_leaf_may_be_any_message_of_the_session(client: ConsoleClient) -> None:
    """Choosing a message in mid-tree goes down to the newest leaf below it; another session's is refused."""
    session = await client.create_session()
    root = await client.post_message(session["id"], "root")
    left = await client.post_message(session["id"], "left", parent_id=root["id"])
    below = await client.post_message(session["id"], "below left", parent_id=left["id"], role="assistant")
    right = await client.post_message(session["id"], "right", parent_id=root["id"])
    path = f"/api/sessions/{session['id']}"
    assert (await client.get(path))["active_leaf_id"] == right["id"]
    chosen = await client.ask("PATCH", path, json={"active_leaf_id": left["id"]})
    assert chosen.json()["active_leaf_id"] == below["id"]
    foreign = await client.post_message((await client.create_session())["id"], "elsewhere")
    assert (await client.ask("PATCH", path, json={"active_leaf_id": foreign["id"]})).status_code == 422


async def test_an_unknown_profile_is_not_found(client: ConsoleClient) -> None:
    """On create and on change; the session stays as it was."""
    assert (await client.ask("POST", "/api/sessions", json={"profile_id": 77})).status_code == 404
    session = await client.create_session()
    path = f"/api/sessions/{session['id']}"
    reply = await client.ask("PATCH", path, json={"profile_id": 77, "title": "x"})
    assert (reply.status_code, reply.json()["resource_type"]) == (404, "profile")
    assert await client.get(path) == session
