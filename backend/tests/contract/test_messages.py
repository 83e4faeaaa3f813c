"""Messages through the wire: the tree, the active path, idempotency."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]


async def _fork(client: ConsoleClient) -> tuple[str, Json, Json, Json]:
    """A session with a root and two messages below it; the second of them is active."""
    session_id = (await client.create_session())["id"]
    root = await client.post_message(session_id, "root")
    left = await client.post_message(session_id, "left", parent_id=root["id"], role="assistant")
    right = await client.post_message(session_id, "right", parent_id=root["id"], role="assistant")
    return session_id, root, left, right


async def test_a_message_has_every_field_of_the_contract(client: ConsoleClient) -> None:
    """What was not generated is completed, has no seq and one text part."""
    session = await client.create_session()
    message = await client.post_message(session["id"], "Why is the sky blue?")
    assert {name: message[name] for name in message.keys() - {"id", "created_at", "completed_at"}} == {
        "session_id": session["id"],
        "parent_id": None,
        "role": "user",
        "content": "Why is the sky blue?",
        "parts": [{"type": "text", "text": "Why is the sky blue?"}],
        "status": "completed",
        "model": None,
        "generation_id": None,
        "last_seq": 0,
        "finish_reason": None,
        "error": None,
        "usage": None,
        "siblings": [message["id"]],
        "pinned": False,
    }
    assert await client.message(message["id"]) == message
    after = await client.get(f"/api/sessions/{session['id']}")
    assert (after["title"], after["active_leaf_id"], after["totals"]["messages"]) == (
        "Why is the sky blue?",
        message["id"],
        1,
    )


async def test_parts_are_joined_to_content(client: ConsoleClient) -> None:
    """Both ways of saying it are one message."""
    session = await client.create_session()
    parts = [{"type": "text", "text": "a"}, {"text": "b"}]
    message = await client.post("/api/messages", {"session_id": session["id"], "parts": parts})
    assert (message["content"], message["role"]) == ("ab", "user")


async def test_posting_starts_nothing(client: ConsoleClient, emulator: Emulator) -> None:
    """A stored message costs nothing until it is asked to be answered."""
    session = await client.create_session()
    await client.post_message(session["id"], "hello")
    assert (await client.get("/api/usage"))["items"] == []
    assert emulator.ledger.rows == []


async def test_siblings_are_named_in_order_on_each_of_them(client: ConsoleClient) -> None:
    """The page can offer the other branches wherever it is."""
    session_id, root, left, right = await _fork(client)
    both = [left["id"], right["id"]]
    assert (await client.message(left["id"]))["siblings"] == both
    assert (await client.message(right["id"]))["siblings"] == both
    added = await client.post("/api/messages", {"session_id": session_id, "content": "more"})
    assert added["parent_id"] == right["id"], "the active leaf"
    assert (await client.message(root["id"]))["siblings"] == [root["id"]]


async def test_the_very_first_message_can_be_edited(client: ConsoleClient, emulator: Emulator) -> None:
    """A null parent, when it is given, is the root: the edited message stands beside the first and becomes the path."""
    session_id, root, _, _ = await _fork(client)
    started = await client.start("root again", session_id=session_id, parent_id=None)
    await client.follow(started["generation"]["id"])
    edited = started["user_message"]
    assert (edited["parent_id"], edited["siblings"]) == (None, [root["id"], edited["id"]])
    assert emulator.requests[-1].body["messages"] == [{"role": "user", "content": "root again"}]
    path = await client.every(f"/api/sessions/{session_id}/messages")
    assert [message["id"] for message in path] == [edited["id"], started["assistant_message"]["id"]]


async def test_a_null_parent_and_none_are_two_requests(client: ConsoleClient) -> None:
    """Under one key the second is refused; each repeats itself."""
    session_id = (await _fork(client))[0]
    body = {"session_id": session_id, "content": "x"}
    await client.post("/api/messages", body, **{"Idempotency-Key": "k"})
    again = await client.ask("POST", "/api/messages", json=body, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    other = await client.ask(
        "POST", "/api/messages", json={**body, "parent_id": None}, headers={"Idempotency-Key": "k"}
    )
    assert (other.status_code, other.json()["error_code"]) == (422, "idempotency_mismatch")


async def test_the_list_is_the_active_path_and_all_the_tree(client: ConsoleClient) -> None:
    """Ascending; switching the leaf switches the path."""
    session_id, root, left, right = await _fork(client)
    path = f"/api/sessions/{session_id}/messages"
    assert [item["id"] for item in (await client.get(path))["items"]] == [root["id"], right["id"]]
    everything = [root["id"], left["id"], right["id"]]
    assert [item["id"] for item in (await client.get(path, all=1))["items"]] == everything
    await client.ask("PATCH", f"/api/sessions/{session_id}", json={"active_leaf_id": left["id"]})
    assert [item["id"] for item in (await client.get(path))["items"]] == [root["id"], left["id"]]


@pytest.mark.parametrize("tree", [{}, {"all": 1}], ids=["path", "tree"])
async def test_the_newest_page_comes_first_and_ascends(client: ConsoleClient, tree: dict[str, int]) -> None:
    """The cursor leads to older messages, none twice and none left out."""
    session = await client.create_session()
    made = [(await client.post_message(session["id"], f"m{n}"))["id"] for n in range(5)]
    path = f"/api/sessions/{session['id']}/messages"
    first = await client.get(path, limit=2, count=1, **tree)
    assert ([item["id"] for item in first["items"]], first["total"]) == (made[3:], 5)
    second = await client.get(path, limit=2, cursor=first["next_cursor"], **tree)
    assert [item["id"] for item in second["items"]] == made[1:3]
    third = await client.get(path, limit=2, cursor=second["next_cursor"], **tree)
    assert ([item["id"] for item in third["items"]], third["next_cursor"]) == (made[:1], None)


async def test_cursors_of_another_session_or_list_are_refused(client: ConsoleClient) -> None:
    """Each list takes only its own cursors."""
    first = await client.create_session()
    other = await client.create_session()
    for _ in range(2):
        await client.post_message(first["id"], "m")
    path = f"/api/sessions/{first['id']}/messages"
    of_path = (await client.get(path, limit=1))["next_cursor"]
    of_tree = (await client.get(path, limit=1, all=1))["next_cursor"]
    of_sessions = (await client.get("/api/sessions", limit=1))["next_cursor"]
    for wrong in (
        {"cursor": of_tree},
        {"cursor": of_sessions},
        {"cursor": of_path, "all": 1},
    ):
        reply = await client.ask("GET", path, params=wrong)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "bad_cursor")
    reply = await client.ask("GET", f"/api/sessions/{other['id']}/messages", params={"cursor": of_path})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "bad_cursor")


@pytest.mark.parametrize("where", ["header", "body", "both"])
async def test_the_same_key_and_body_give_the_same_message(client: ConsoleClient, where: str) -> None:
    """201, then 200 with the same reply and a header that says so; one message."""
    session = await client.create_session()
    body: Json = {"session_id": session["id"], "content": "once"}
    headers = {"Idempotency-Key": "k-1"} if where != "body" else {}
    if where != "header":
        body["request_id"] = "k-1"
    first = await client.ask("POST", "/api/messages", json=body, headers=headers)
    again = await client.ask("POST", "/api/messages", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert (await client.get(f"/api/sessions/{session['id']}/messages", count=1))["total"] == 1


async def test_the_same_key_for_another_body_is_a_mismatch(client: ConsoleClient) -> None:
    """Whatever differs, and wherever the key stands."""
    session = await client.create_session()
    body: Json = {"session_id": session["id"], "content": "once", "request_id": "k-1"}
    await client.post("/api/messages", body)
    for other in (
        {**body, "content": "twice"},
        {**body, "role": "assistant"},
        {"session_id": (await client.create_session())["id"], "content": "once", "request_id": "k-1"},
    ):
        reply = await client.ask("POST", "/api/messages", json=other)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "idempotency_mismatch")
    reply = await client.ask("POST", "/api/generations", json={"content": "once", "request_id": "k-1"})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "idempotency_mismatch")


async def test_two_different_keys_are_refused(client: ConsoleClient) -> None:
    """Header and body must agree."""
    session = await client.create_session()
    body = {"session_id": session["id"], "content": "x", "request_id": "a"}
    reply = await client.ask("POST", "/api/messages", json=body, headers={"Idempotency-Key": "b"})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "k" * 129, "a\tb"])
async def test_a_key_is_1_to_128_visible_ascii_characters(client: ConsoleClient, key: str) -> None:
    """In the body and in the header alike."""
    session = await client.create_session()
    body = {"session_id": session["id"], "content": "x"}
    assert (await client.ask("POST", "/api/messages", json={**body, "request_id": key})).status_code == 422
    if key.strip():
        header = {"Idempotency-Key": key.encode()}
        assert (await client.ask("POST", "/api/messages", json=body, headers=header)).status_code == 422
    assert (await client.get(f"/api/sessions/{session['id']}/messages"))["items"] == []


async def test_what_does_not_exist_is_not_found(client: ConsoleClient) -> None:
    """Sessions, parents, parents of another session, messages."""
    session = await client.create_session()
    elsewhere = await client.post_message((await client.create_session())["id"], "x")
    body = {"session_id": session["id"], "content": "x"}
    for asked in (
        {**body, "session_id": "nope"},
        {**body, "parent_id": "nope"},
        {**body, "parent_id": elsewhere["id"]},
    ):
        reply = await client.ask("POST", "/api/messages", json=asked)
        assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found")
    for path in ("/api/messages/nope", "/api/sessions/nope/messages"):
        assert (await client.ask("GET", path)).status_code == 404


async def test_nothing_is_posted_below_a_message_that_is_being_written(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """409 with the generation's id; after its end it works."""
    emulator.set_scenario("stall after=3")
    started = await client.start("slow")
    await emulator.until(lambda running: running.stalled == 1)
    session_id, generation_id = started["session"]["id"], started["generation"]["id"]
    for path, body in (
        ("/api/messages", {"session_id": session_id, "content": "x"}),
        ("/api/generations", {"session_id": session_id, "content": "x"}),
        ("/api/stream", {"session_id": session_id, "content": "x"}),
        (f"/api/messages/{started['assistant_message']['id']}/regenerate", {}),
        (f"/api/generations/{generation_id}/continue", {}),
    ):
        reply = await client.ask("POST", path, json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (409, "generation_running"), path
        assert reply.json()["details"]["generation_id"] == generation_id
    beside = {"session_id": session_id, "content": "beside", "parent_id": started["user_message"]["id"]}
    assert (await client.ask("POST", "/api/messages", json=beside)).status_code == 201
    emulator.release()
    await client.follow(generation_id)
    below = {"session_id": session_id, "content": "x", "parent_id": started["assistant_message"]["id"]}
    assert (await client.ask("POST", "/api/messages", json=below)).status_code == 201
