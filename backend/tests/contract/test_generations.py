"""Generations through the wire: start, stop, regenerate, continue, each exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]
ANSWER = "text=one%20two%20three%20four%20five"


def _chats(emulator: Emulator) -> list[Json]:
    """The bodies of all chat calls, oldest first."""
    return [record.body for record in emulator.requests if record.path.endswith("/chat/completions")]


async def test_a_start_makes_everything_at_once(client: ConsoleClient, emulator: Emulator) -> None:
    """201 with the session it made, the user message, the placeholder and the generation, before any token."""
    emulator.set_scenario("hold")
    reply = await client.ask("POST", "/api/generations", json={"content": "Why is the sky blue?"})
    assert reply.status_code == 201
    started = reply.json()
    generation, session = started["generation"], started["session"]
    assert generation["status"] == "queued"
    assert generation["last_seq"] == 1, "start is stored with it"
    assert generation["session_id"] == session["id"] == started["user_message"]["session_id"]
    assert generation["user_message_id"] == started["user_message"]["id"] == started["assistant_message"]["parent_id"]
    assert generation["message_id"] == started["assistant_message"]["id"] == session["active_leaf_id"]
    assert started["assistant_message"]["generation_id"] == generation["id"] == session["running_generation_id"]
    assert started["assistant_message"]["content"] == ""
    assert (session["title"], session["session_type"]) == ("Why is the sky blue?", "chat")
    (row,) = (await client.get("/api/usage"))["items"]
    assert (row["generation_id"], row["state"], row["purpose"]) == (generation["id"], "reserved", "chat")


async def test_a_finished_generation_tells_its_whole_story(client: ConsoleClient, emulator: Emulator) -> None:
    """Status, seqs, one attempt, times in order, usage; the session is idle again."""
    emulator.set_scenario(ANSWER)
    started = await client.start("count")
    transcript = await client.follow(started["generation"]["id"])
    generation = await client.generation(started["generation"]["id"])
    assert (generation["status"], generation["error"]) == ("completed", None)
    assert generation["last_seq"] == transcript.last_seq
    (attempt,) = generation["attempts"]
    assert (attempt["status"], attempt["error_code"], attempt["waited_ms"]) == (200, None, 0)
    assert generation["created_at"] <= generation["first_token_at"] <= generation["ended_at"]
    assert generation["usage"] == transcript.data_of("usage")
    message = await client.message(generation["message_id"])
    assert (message["content"], message["status"]) == ("one two three four five", "completed")
    assert (message["usage"], message["last_seq"]) == (generation["usage"], generation["last_seq"])
    session = await client.get(f"/api/sessions/{generation['session_id']}")
    assert session["running_generation_id"] is None
    assert session["totals"]["cost_usd"] == emulator.ledger.total_usd


async def test_regenerate_makes_a_sibling(client: ConsoleClient, emulator: Emulator) -> None:
    """Nothing is overwritten; the new answer is active, the old one keeps its text."""
    first = await client.answer("Hello")
    old = await client.message(first.data_of("start")["assistant_message_id"])
    emulator.set_scenario("text=another")
    started = await client.post(f"/api/messages/{old['id']}/regenerate", {"model": "openai/gpt-4o", "temperature": 1})
    await client.follow(started["generation"]["id"])
    new = await client.message(started["assistant_message"]["id"])
    assert new["siblings"] == [old["id"], new["id"]]
    assert (new["parent_id"], new["content"], new["model"]) == (old["parent_id"], "another", "openai/gpt-4o")
    assert await client.message(old["id"]) == {**old, "siblings": new["siblings"]}
    before, after = _chats(emulator)
    assert after["messages"] == before["messages"], "the old answer is no part of the question"
    session = await client.get(f"/api/sessions/{new['session_id']}")
    assert session["active_leaf_id"] == new["id"]


async def test_stop_keeps_the_text_and_may_be_repeated(client: ConsoleClient, emulator: Emulator) -> None:
    """What was shown is stored; stopping what has ended is 200 and changes nothing."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    started = await client.start("count")
    generation_id = started["generation"]["id"]
    async with client.events(generation_id) as stream:
        seen = ""
        async for frame in stream:
            seen += frame.data["text"] if frame.event == "token" else ""
            if seen == "one two three":
                break
    stopped = await client.stop(generation_id)
    assert (stopped["status"], stopped["error"]) == ("stopped", None)
    message = await client.message(stopped["message_id"])
    assert (message["content"], message["status"], message["error"]) == ("one two three", "stopped", None)
    again = await client.stop(generation_id)
    assert again["status"] == "stopped"
    assert again["last_seq"] == stopped["last_seq"]
    transcript = await client.follow(generation_id)
    assert transcript.events == ["start", "token", "done"]


async def test_stopping_a_finished_answer_changes_nothing(client: ConsoleClient) -> None:
    """200 and the generation as it ended."""
    transcript = await client.answer("Hello")
    before = await client.generation(transcript.generation_id)
    assert await client.stop(transcript.generation_id) == before


async def test_continue_keeps_the_old_text_as_its_first_part(client: ConsoleClient, emulator: Emulator) -> None:
    """A sibling begins with the old text, which is sent for the model to go on from."""
    emulator.set_scenario(f"{ANSWER}; drop after=3")
    cut = await client.answer("count")
    assert cut.text == "one two three"
    emulator.set_scenario(ANSWER)
    started = await client.resume(cut.generation_id)
    # The new answer may have begun by the time its start is told.
    assert started["assistant_message"]["content"].startswith("one two three")
    transcript = await client.follow(started["generation"]["id"])
    assert transcript.text == " four five"
    message = await client.message(started["assistant_message"]["id"])
    assert message["content"] == "one two three four five"
    assert message["parts"] == [{"type": "text", "text": "one two three"}, {"type": "text", "text": " four five"}]
    assert message["siblings"] == [cut.data_of("start")["assistant_message_id"], message["id"]]
    assert _chats(emulator)[-1]["messages"][-2:] == [
        {"role": "user", "content": "count"},
        {"role": "assistant", "content": "one two three"},
    ]


STARTS = ["/api/generations", "/api/messages/{message_id}/regenerate", "/api/generations/{generation_id}/continue"]


async def _prepared(client: ConsoleClient, path: str) -> tuple[str, Json]:
    """A path that starts a generation, and its body."""
    if path == "/api/generations":
        return path, {"content": "Hello"}
    done = await client.answer("Hello")
    message_id = done.data_of("start")["assistant_message_id"]
    return path.format(message_id=message_id, generation_id=done.generation_id), {"max_tokens": 5}


@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize("where", ["header", "body"])
async def test_one_key_starts_one_generation(client: ConsoleClient, emulator: Emulator, path: str, where: str) -> None:
    """Ten at once and one after the end: one call upstream, one reply for all."""
    path, body = await _prepared(client, path)
    calls = len(_chats(emulator))
    headers = {"Idempotency-Key": "click"} if where == "header" else {}
    body = body if where == "header" else {**body, "request_id": "click"}
    replies = await asyncio.gather(*(client.ask("POST", path, json=body, headers=headers) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [200] * 9 + [201]
    (generation_id,) = {reply.json()["generation"]["id"] for reply in replies}
    await client.follow(generation_id)
    late = await client.ask("POST", path, json=body, headers=headers)
    assert (late.status_code, late.headers["idempotent-replayed"]) == (200, "true")
    assert late.json()["generation"]["status"] == "completed"
    assert late.json()["generation"]["request_id"] == "click"
    assert len(_chats(emulator)) == calls + 1


@pytest.mark.parametrize("path", STARTS)
async def test_one_key_for_another_body_is_a_mismatch(client: ConsoleClient, emulator: Emulator, path: str) -> None:
    """Nothing starts."""
    path, body = await _prepared(client, path)
    started = await client.post(path, {**body, "request_id": "click"})
    await client.follow(started["generation"]["id"])
    calls = len(_chats(emulator))
    for other in ({**body, "temperature": 0.1}, {**body, "model": "openai/gpt-4o"}):
        reply = await client.ask("POST", path, json={**other, "request_id": "click"})
        assert (reply.status_code, reply.json()["error_code"]) == (422, "idempotency_mismatch")
    reply = await client.ask("POST", path, json={**body, "request_id": "a"}, headers={"Idempotency-Key": "b"})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    assert len(_chats(emulator)) == calls


async def test_a_stream_that_is_repeated_under_its_key_is_the_same_stream(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """A POST that was sent twice attaches the second time, byte for byte."""
    body = {"content": "Hello", "request_id": "click"}
    first = await client.ask("POST", "/api/stream", json=body)
    second = await client.ask("POST", "/api/stream", json=body)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert "x-attached" not in first.headers
    assert (second.headers["x-attached"], second.headers["idempotent-replayed"]) == ("1", "true")
    assert second.headers["x-generation-id"] == first.headers["x-generation-id"]
    assert len(_chats(emulator)) == 1


async def test_what_does_not_exist_is_not_found(client: ConsoleClient, emulator: Emulator) -> None:
    """Unknown ids, and messages that are no answers; nothing is stored or sent."""
    session = await client.create_session()
    message = await client.post_message(session["id"], "hello")
    by_hand = await client.post_message(session["id"], "typed", role="assistant", parent_id=message["id"])
    for method, path, body in (
        ("GET", "/api/generations/nope", None),
        ("GET", "/api/generations/nope/events", None),
        ("POST", "/api/generations/nope/stop", {}),
        ("POST", "/api/generations/nope/continue", {}),
        ("POST", "/api/messages/nope/regenerate", {}),
        ("POST", f"/api/messages/{message['id']}/regenerate", {}),
        ("POST", "/api/generations", {"content": "x", "session_id": "nope"}),
        ("POST", "/api/generations", {"content": "x", "session_id": session["id"], "parent_id": "nope"}),
        ("POST", "/api/generations", {"content": "x", "profile_id": 99}),
        ("POST", f"/api/messages/{by_hand['id']}/regenerate", {"profile_id": 99}),
        ("POST", "/api/stream", {"content": "x", "session_id": "nope"}),
    ):
        reply = await client.ask(method, path, json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found"), path
    assert [item["id"] for item in await client.every("/api/sessions")] == [session["id"]]
    assert (await client.get(f"/api/sessions/{session['id']}/messages", all=1, count=1))["total"] == 2
    assert _chats(emulator) == []


async def test_deleting_a_session_stops_what_runs_in_it(client: ConsoleClient, emulator: Emulator) -> None:
    """Its spend outlives it."""
    emulator.set_scenario("stall after=3")
    started = await client.start("slow")
    await emulator.until(lambda running: running.stalled == 1)
    session_id = started["session"]["id"]
    await client.delete(f"/api/sessions/{session_id}")
    await emulator.settled()
    assert (await client.ask("GET", f"/api/generations/{started['generation']['id']}")).status_code == 404
    usage = await client.get(f"/api/usage/sessions/{session_id}")
    assert usage["totals"]["calls"] == 1


async def test_while_an_answer_is_written_no_second_one_is_started(client: ConsoleClient, emulator: Emulator) -> None:
    """Neither beside it nor from an older attempt, whatever the click: one click is one paid call."""
    first = await client.answer("Hello")
    old = await client.message(first.data_of("start")["assistant_message_id"])
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    running = await client.post(f"/api/messages/{old['id']}/regenerate", {})
    generation_id = running["generation"]["id"]
    for path in (f"/api/messages/{old['id']}/regenerate", f"/api/generations/{old['generation_id']}/continue"):
        refused = await client.http.post(path, json={})
        assert (refused.status_code, refused.json()["error_code"]) == (409, "generation_running")
        assert refused.json()["details"]["generation_id"] == generation_id
    await client.post(f"/api/generations/{generation_id}/stop", {})
    assert len(_chats(emulator)) == 2
