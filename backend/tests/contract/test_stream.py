"""`GET /api/stream`: one table decides between attaching, showing and starting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, Frame, Transcript

Json = dict[str, Any]
ANSWER = "text=one%20two%20three%20four%20five"


def _calls(emulator: Emulator) -> int:
    return sum(record.path.endswith("/chat/completions") for record in emulator.requests)


async def _asked(client: ConsoleClient, content: str = "Hello") -> tuple[str, str]:
    """A session with a question in it, and the question's id."""
    session_id = (await client.create_session(model="openai/gpt-4o-mini"))["id"]
    return session_id, (await client.post_message(session_id, content))["id"]


async def _read(client: ConsoleClient, session_id: str, **params: Any) -> tuple[Transcript, Json]:
    """A whole stream and its headers."""
    transcript = Transcript()
    async with client.stream("/api/stream", session_id=session_id, **params) as stream:
        async for frame in stream:
            transcript.take(frame)
    return transcript, dict(stream.headers)


async def test_an_unanswered_message_is_answered(client: ConsoleClient, emulator: Emulator) -> None:
    """The two calls of the README: post, then stream."""
    emulator.set_scenario(ANSWER)
    session_id, message_id = await _asked(client)
    transcript, headers = await _read(client, session_id)
    assert transcript.events == ["start", "token", "usage", "done"]
    assert transcript.text == "one two three four five"
    assert transcript.data_of("start")["user_message_id"] == message_id
    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) in {
        ("no-cache", "no"),
        ("no-cache, no-store", "no"),
    }
    assert headers["x-generation-id"] == transcript.generation_id
    assert "x-attached" not in headers


async def test_repeating_it_attaches_and_ignores_other_parameters(client: ConsoleClient, emulator: Emulator) -> None:
    """The same bytes from seq 1, marked as attached, and no second call."""
    session_id, message_id = await _asked(client)
    first = await client.ask("GET", "/api/stream", params={"session_id": session_id})
    for params in ({}, {"model": "openai/gpt-4o", "temperature": "1.5"}, {"message_id": message_id}):
        again = await client.ask("GET", "/api/stream", params={"session_id": session_id, **params})
        assert again.content == first.content
        assert again.headers["x-attached"] == "1"
        assert again.headers["x-generation-id"] == first.headers["x-generation-id"]
    assert _calls(emulator) == 1


async def test_twenty_at_once_start_one_generation(client: ConsoleClient, emulator: Emulator) -> None:
    """Whoever comes first starts it, everybody reads it."""
    session_id, _ = await _asked(client)
    asked = {"session_id": session_id}
    replies = await asyncio.gather(*(client.ask("GET", "/api/stream", params=asked) for _ in range(20)))
    assert len({reply.content for reply in replies}) == 1
    assert sum("x-attached" not in reply.headers for reply in replies) == 1
    assert _calls(emulator) == 1


@pytest.mark.parametrize("scenario", ["error=503", "drop after=2", "mid_stream_error after=2"])
async def test_a_failed_answer_is_shown_again_and_never_retried(
    client: ConsoleClient, emulator: Emulator, scenario: str
) -> None:
    """A reload is no wish to pay again; the error says what to do instead."""
    emulator.set_scenario(scenario)
    session_id, _ = await _asked(client)
    first, _ = await _read(client, session_id)
    calls = _calls(emulator)
    emulator.set_scenario("")
    again, headers = await _read(client, session_id)
    assert [frame.raw for frame in again.frames] == [frame.raw for frame in first.frames]
    assert headers["x-attached"] == "1"
    assert _calls(emulator) == calls


async def test_a_cursor_of_this_session_goes_on_after_it(client: ConsoleClient, emulator: Emulator) -> None:
    """Live and after the end: exactly what is missing."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    session_id, _ = await _asked(client)
    whole = Transcript()
    async with client.stream("/api/stream", session_id=session_id) as stream:
        async for frame in stream:
            whole.take(frame)
            if whole.text == "one two three":
                break
    cursor = whole.cursor
    async with client.stream("/api/stream", session_id=session_id, last_event_id=cursor) as stream:
        emulator.release()
        async for frame in stream:
            whole.take(frame)
    assert stream.headers["x-attached"] == "1"
    assert whole.text == "one two three four five"
    assert whole.events == ["start", "token", "usage", "done"]
    for at, frame in enumerate(whole.frames[:-1]):
        rest = Transcript(whole.frames[: at + 1])
        async with client.stream("/api/stream", session_id=session_id, last_event_id=frame.cursor) as stream:
            async for one in stream:
                rest.take(one)
        assert [one.raw for one in rest.frames] == [one.raw for one in whole.frames]


async def test_a_reader_who_has_everything_gets_204(client: ConsoleClient, emulator: Emulator) -> None:
    """An EventSource stops there; a newer message of the session changes nothing about it."""
    session_id, _ = await _asked(client)
    transcript, _ = await _read(client, session_id)
    for _ in range(2):
        asked = {"params": {"session_id": session_id}, "headers": {"Last-Event-ID": transcript.cursor}}
        reply = await client.ask("GET", "/api/stream", **asked)
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["x-generation-id"] == transcript.generation_id
        assert reply.headers["x-attached"] == "1"
        await client.post_message(session_id, "more")
    assert _calls(emulator) == 1


@pytest.mark.parametrize("kind", ["foreign", "garbage", "too far", "unknown", "empty seq"])
async def test_any_other_cursor_gets_a_snapshot(client: ConsoleClient, emulator: Emulator, kind: str) -> None:
    """The whole message in one frame and the end after it; never an error, never a second call."""
    emulator.set_scenario(ANSWER)
    session_id, _ = await _asked(client)
    transcript, _ = await _read(client, session_id)
    foreign = await client.answer("elsewhere")
    cursor = {
        "foreign": str(foreign.cursor),
        "garbage": "what is this",
        "too far": f"{transcript.generation_id}:{transcript.last_seq + 7}",
        "unknown": "0000:3",
        "empty seq": f"{transcript.generation_id}:",
    }[kind]
    async with client.stream("/api/stream", session_id=session_id, last_event_id=cursor) as stream:
        frames = [frame async for frame in stream]
    assert [frame.event for frame in frames] == ["snapshot", "done"]
    snapshot = frames[0].data
    message = await client.message(transcript.data_of("start")["assistant_message_id"])
    assert snapshot == {"generation_id": transcript.generation_id, "message": message, "last_seq": message["last_seq"]}
    assert frames[1].raw == transcript.frames[-1].raw
    assert stream.headers["x-attached"] == "1"
    assert _calls(emulator) == 2


async def test_a_snapshot_of_a_running_answer_is_followed_by_the_rest(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """What the snapshot holds and what follows are the whole text, each once."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    session_id, _ = await _asked(client)
    async with client.stream("/api/stream", session_id=session_id) as stream:
        seen = Transcript()
        async for frame in stream:
            seen.take(frame)
            if seen.text == "one two three":
                break
    async with client.stream("/api/stream", session_id=session_id, last_event_id="foreign:1") as stream:
        frames: list[Frame] = []
        async for frame in stream:
            if not frames:
                emulator.release()
            frames.append(frame)
    assert frames[0].event == "snapshot"
    assert frames[0].data["message"]["status"] == "running"
    assert frames[0].data["message"]["content"] == "one two three"
    seqs = [frame.seq for frame in frames]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert "".join(frame.data["text"] for frame in frames if frame.event == "token") == " four five"
    assert frames[-1].event == "done"


async def test_the_newest_user_message_of_the_active_path_is_meant(client: ConsoleClient, emulator: Emulator) -> None:
    """A named one may be anywhere in the session."""
    session_id, first_id = await _asked(client, "first")
    await _read(client, session_id)
    second = await client.post_message(session_id, "second")
    transcript, _ = await _read(client, session_id)
    assert transcript.data_of("start")["user_message_id"] == second["id"]
    older, headers = await _read(client, session_id, message_id=first_id)
    assert older.data_of("start")["user_message_id"] == first_id
    assert headers["x-attached"] == "1"
    assert _calls(emulator) == 2


async def test_a_regenerated_answer_is_the_one_that_is_attached_to(client: ConsoleClient) -> None:
    """The latest attempt counts."""
    session_id, _ = await _asked(client)
    first, _ = await _read(client, session_id)
    old_id = first.data_of("start")["assistant_message_id"]
    started = await client.post(f"/api/messages/{old_id}/regenerate")
    again, _ = await _read(client, session_id)
    assert again.generation_id == started["generation"]["id"]


async def test_parameters_of_the_query_are_sent(client: ConsoleClient, emulator: Emulator) -> None:
    """Under both names of the model."""
    for name in ("model", "model_id"):
        session_id, _ = await _asked(client)
        await _read(client, session_id, **{name: "openai/gpt-4o"}, temperature=0.25, max_tokens=7, seed=5, stop="END")
        body = emulator.requests[-1].body
        assert (body["model"], body["temperature"], body["max_tokens"]) == ("openai/gpt-4o", 0.25, 7)
        assert (body["seed"], body["stop"]) == (5, ["END"])


async def test_there_must_be_something_to_answer(client: ConsoleClient, emulator: Emulator) -> None:
    """409 without a user message, 404 for what does not exist, 422 for what is no parameter; nothing starts."""
    empty = (await client.create_session())["id"]
    session_id, message_id = await _asked(client)
    other_id, _ = await _asked(client)
    typed = await client.post_message(other_id, "typed", role="assistant")
    for params, expected in (
        ({"session_id": empty}, (409, "nothing_to_answer")),
        ({"session_id": "nope"}, (404, "not_found")),
        ({"session_id": session_id, "message_id": "nope"}, (404, "not_found")),
        ({"session_id": other_id, "message_id": message_id}, (404, "not_found")),
        ({"session_id": other_id, "message_id": typed["id"]}, (404, "not_found")),
        ({"session_id": session_id, "profile_id": 9}, (404, "not_found")),
        ({}, (422, "validation_failed")),
        ({"session_id": session_id, "temprature": 1}, (422, "validation_failed")),
        ({"session_id": session_id, "temperature": "hot"}, (422, "validation_failed")),
        ({"session_id": session_id, "temperature": "nan"}, (422, "validation_failed")),
        ({"session_id": session_id, "model": "a", "model_id": "b"}, (422, "validation_failed")),
    ):
        reply = await client.ask("GET", "/api/stream", params=params)
        assert (reply.status_code, reply.json()["error_code"]) == expected, params
    assert _calls(emulator) == 0


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_only_get_starts(client: ConsoleClient, emulator: Emulator, method: str) -> None:
    """Link checkers and preflights cost nothing."""
    session_id, message_id = await _asked(client)
    await client.ask(method, "/api/stream", params={"session_id": session_id})
    assert (await client.get(f"/api/sessions/{session_id}"))["active_leaf_id"] == message_id
    assert _calls(emulator) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Purpose": "prefetch"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-origin"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/100.0"},
    ],
    ids=["prefetch", "old prefetch", "address bar", "image", "old browser"],
)
async def test_no_page_can_start_one_by_accident(
    client: ConsoleClient, emulator: Emulator, headers: dict[str, str]
) -> None:
    """Prefetches, links and images are refused before anything is stored."""
    session_id, message_id = await _asked(client)
    reply = await client.ask("GET", "/api/stream", params={"session_id": session_id}, headers=headers)
    assert (reply.status_code, reply.json()["error_code"]) == (403, "forbidden_origin")
    assert (await client.get(f"/api/sessions/{session_id}"))["active_leaf_id"] == message_id
    assert _calls(emulator) == 0
