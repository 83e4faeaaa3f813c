"""What a client of the stream meets when it cannot go well. More in `contract/test_endings.py` and `test_stream.py`."""

from __future__ import annotations

from pathlib import Path

from emulator import Emulator
from tests.harness import Console, console_app


async def test_stream_missing_api_key(data: Path) -> None:
    """409 with what to do before anything starts; the question is kept and waits for its answer."""
    async with console_app(data, demo="off") as running:
        client = running.client
        session = await client.create_session()
        message = await client.post_message(session["id"], "hello")
        get = await client.ask("GET", "/api/stream", params={"session_id": session["id"]})
        post = await client.ask("POST", "/api/stream", json={"content": "hello"})
        for reply in (get, post):
            assert (reply.status_code, reply.json()["error_code"]) == (409, "missing_key")
            assert "OPENROUTER_API_KEY" in reply.json()["details"]["hint"]
        after = await client.get(f"/api/sessions/{session['id']}")
        assert (after["active_leaf_id"], after["running_generation_id"]) == (message["id"], None)
        assert len(await client.every("/api/sessions")) == 1
        assert (await client.get("/api/usage"))["items"] == []


async def test_stream_bad_key_is_an_event(console: Console, emulator: Emulator) -> None:
    """The provider's 401 is no 401 of ours: that would ask for the console's token."""
    emulator.set_scenario("error=401")
    transcript = await console.client.answer("hello")
    assert transcript.events == ["start", "error", "done"]
    assert transcript.data_of("error")["error_code"] == "upstream_bad_key"


async def test_stream_unknown_session(console: Console) -> None:
    """404 before the stream begins."""
    reply = await console.client.ask("GET", "/api/stream", params={"session_id": "nope"})
    assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found")


async def test_stream_nothing_to_answer(console: Console) -> None:
    """409 for a session without a question."""
    session = await console.client.create_session()
    reply = await console.client.ask("GET", "/api/stream", params={"session_id": session["id"]})
    assert (reply.status_code, reply.json()["error_code"]) == (409, "nothing_to_answer")


async def test_stream_error_in_mid_answer_keeps_the_text(console: Console, emulator: Emulator) -> None:
    """What was shown is stored, and the error says how to go on."""
    emulator.set_scenario("text=one%20two%20three; mid_stream_error after=2")
    transcript = await console.client.answer("count")
    assert transcript.events == ["start", "token", "error", "done"]
    message = await console.client.message(transcript.data_of("done")["message_id"])
    assert (message["content"], message["status"]) == ("one two", "failed")
    assert message["error"]["hint"]
