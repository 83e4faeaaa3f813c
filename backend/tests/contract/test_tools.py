"""Tools in the console's own chat: calls come, results are posted, the answer goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK: Json = {"type": "function", "function": {"name": "get_time"}}
SIGNING = ("openai/gpt-5", "anthropic/claude-sonnet-4.5", "google/gemini-3-pro-preview", "x-ai/grok-4")


async def _called(client: ConsoleClient, emulator: Emulator, calls: int = 2, **fields: Any) -> tuple[str, Json]:
    """A session whose newest answer called tools; its id and that answer."""
    emulator.set_scenario(f"tool_calls={calls}")
    transcript = await client.answer("Oslo", **{"tools": [WEATHER, CLOCK], "max_tokens": 4000, **fields})
    emulator.set_scenario("")
    start = transcript.data_of("start")
    return start["session_id"], await client.message(start["assistant_message_id"])


def _calls(answer: Json) -> list[Json]:
    return [part for part in answer["parts"] if part["type"] == "tool_call"]


def _result(call: Json, content: str = "5") -> Json:
    return {"type": "tool_result", "tool_call_id": call["id"], "content": content}


async def _post(client: ConsoleClient, session_id: str, *results: Json, **fields: Any) -> Json:
    body = {"session_id": session_id, "role": "tool", "parts": list(results), **fields}
    message: Json = await client.post("/api/messages", body)
    return message


async def _refused(client: ConsoleClient, path: str, body: Json) -> tuple[int, str, Json]:
    reply = await client.ask("POST", path, json=body)
    return reply.status_code, reply.json()["error_code"], reply.json()["details"]


async def test_two_parallel_calls_their_results_and_the_final_answer(client: ConsoleClient, emulator: Emulator) -> None:
    """Interleaved on the wire, whole in the store, sent back as they came, answered below the results."""
    profile = await client.post("/api/profiles", {"name": "Tools", "tools": [WEATHER, CLOCK], "max_tokens": 4000})
    session_id, answer = await _called(client, emulator, tools=None, profile_id=profile["id"])
    assert emulator.requests[-1].body["tools"] == [WEATHER, CLOCK]
    weather, clock = _calls(answer)
    assert (answer["status"], answer["finish_reason"], answer["content"]) == ("completed", "tool_calls", "")
    assert [(call["name"], call["arguments"]) for call in (weather, clock)] == [
        ("get_weather", '{"city":"Oslo"}'),
        ("get_time", "{}"),
    ]

    first = await _post(client, session_id, _result(clock, "12:00"))
    second = await client.post(
        "/api/messages", {"session_id": session_id, "role": "tool", "tool_call_id": weather["id"], "content": "rain"}
    )
    assert (first["parent_id"], second["parent_id"]) == (answer["id"], first["id"])
    assert second["parts"] == [{"type": "tool_result", "tool_call_id": weather["id"], "content": "rain"}]
    assert second["content"] == "rain"

    started = await client.post("/api/generations", {"session_id": session_id})
    final = await client.follow(started["generation"]["id"])
    assert (started["user_message"]["id"], started["assistant_message"]["parent_id"]) == (second["id"], second["id"])
    assert (final.status, final.text != "") == ("completed", True)
    sent = emulator.requests[-1].body
    assert sent["tools"] == [WEATHER, CLOCK]
    assert sent["messages"] == [
        {"role": "user", "content": "Oslo"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in (weather, clock)
            ],
        },
        {"role": "tool", "tool_call_id": clock["id"], "content": "12:00"},
        {"role": "tool", "tool_call_id": weather["id"], "content": "rain"},
    ]
    path = await client.every(f"/api/sessions/{session_id}/messages")
    assert [message["role"] for message in path] == ["user", "assistant", "tool", "tool", "assistant"]


@pytest.mark.parametrize("model", SIGNING)
async def test_reasoning_goes_back_with_the_calls_it_led_to(
    client: ConsoleClient, emulator: Emulator, model: str
) -> None:
    """Each family gets its own details, whole; the provider that checks them takes the next turn, and the one after."""
    wish = {} if model.startswith("google/") else {"reasoning": {"effort": "medium"}}
    session_id, answer = await _called(client, emulator, calls=1, model=model, **wish)
    (thought,) = [part for part in answer["parts"] if part["type"] == "reasoning"]
    await _post(client, session_id, _result(_calls(answer)[0]))
    started = await client.post("/api/generations", {"session_id": session_id, "model": model, "tools": [WEATHER]})
    assert (await client.follow(started["generation"]["id"])).status == "completed"
    (_, sent, _) = emulator.requests[-1].body["messages"]
    assert sent["reasoning_details"] == thought["details"]
    assert sent["reasoning"] == thought["text"]
    again = await client.answer("And now?", session_id=session_id, model=model, max_tokens=4000)
    assert again.status == "completed"


async def test_another_family_gets_no_foreign_signature(client: ConsoleClient, emulator: Emulator) -> None:
    """The calls and results go back; what only the first provider could read does not."""
    session_id, answer = await _called(
        client, emulator, calls=1, model="anthropic/claude-sonnet-4.5", reasoning={"effort": "medium"}
    )
    await _post(client, session_id, _result(_calls(answer)[0]))
    started = await client.post("/api/generations", {"session_id": session_id, "model": "openai/gpt-5"})
    assert (await client.follow(started["generation"]["id"])).status == "completed"
    (_, sent, _) = emulator.requests[-1].body["messages"]
    assert (sent["reasoning_details"], "reasoning" in sent) == ([], False)
    assert sent["tool_calls"][0]["id"] == _calls(answer)[0]["id"]


async def test_results_are_checked_against_the_calls(client: ConsoleClient, emulator: Emulator) -> None:
    """Unknown, given twice, or below an answer that called nothing; nothing of a refused message is stored."""
    session_id, answer = await _called(client, emulator)
    first, second = _calls(answer)
    before = await client.every(f"/api/sessions/{session_id}/messages")

    def body(*results: Json) -> Json:
        return {"session_id": session_id, "role": "tool", "parts": list(results)}

    unknown = await _refused(client, "/api/messages", body({**_result(first), "tool_call_id": "nope"}))
    assert unknown[:2] == (422, "bad_tool_result")
    assert unknown[2]["calls"] == [first["id"], second["id"]]
    assert (await _refused(client, "/api/messages", body(_result(first), _result(first))))[:2] == (
        422,
        "bad_tool_result",
    )
    assert await client.every(f"/api/sessions/{session_id}/messages") == before

    await _post(client, session_id, _result(first))
    assert (await _refused(client, "/api/messages", body(_result(first))))[:2] == (422, "bad_tool_result")
    beside = await _post(client, session_id, _result(first, "edited"), parent_id=answer["id"])
    assert beside["parent_id"] == answer["id"], "a result can be edited like any message"

    plain = await client.answer("Hello")
    misplaced = {**body(_result(first)), "session_id": plain.data_of("start")["session_id"]}
    assert (await _refused(client, "/api/messages", misplaced))[:2] == (422, "bad_tool_result")


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "tool", "content": "5"},
        {"role": "tool", "parts": [{"text": "5"}]},
        {"role": "user", "content": "5", "tool_call_id": "c"},
        {"role": "user", "parts": [{"type": "tool_result", "tool_call_id": "c", "content": "5"}]},
        {"role": "tool", "parts": [{"type": "tool_result", "tool_call_id": "c", "content": "5"}], "tool_call_id": "c"},
        {"role": "tool", "parts": [{"type": "tool_result", "tool_call_id": "c", "content": "5"}, {"text": "x"}]},
        {"role": "tool", "parts": [{"type": "tool_result", "tool_call_id": "", "content": "5"}]},
        {"role": "assistant", "parts": [{"type": "image", "url": "https://a.example/x.png"}]},
    ],
)
async def test_a_role_holds_what_fits_it(client: ConsoleClient, fields: Json) -> None:
    """A tool message names its call, and no other message does."""
    session = await client.create_session()
    assert (await _refused(client, "/api/messages", {"session_id": session["id"], **fields}))[:2] == (
        422,
        "validation_failed",
    )


async def test_nothing_is_asked_while_a_call_has_no_result(client: ConsoleClient, emulator: Emulator) -> None:
    """By POST and by GET; the missing calls are named; a plain question may always be asked instead."""
    session_id, answer = await _called(client, emulator)
    first, second = _calls(answer)
    await _post(client, session_id, _result(first))
    asked = len(emulator.requests)
    refusal = await _refused(client, "/api/generations", {"session_id": session_id})
    assert refusal[:2] == (409, "tool_results_missing")
    assert refusal[2]["missing"] == [second["id"]]
    stream = await client.ask("GET", "/api/stream", params={"session_id": session_id})
    assert (stream.status_code, stream.json()["error_code"]) == (409, "tool_results_missing")
    assert len(emulator.requests) == asked

    transcript = await client.answer("Never mind", session_id=session_id)
    assert transcript.status == "completed"
    sent = emulator.requests[-1].body["messages"]
    assert [call["id"] for call in sent[1]["tool_calls"]] == [first["id"]]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "user"]


async def test_get_stream_answers_results_once(client: ConsoleClient, emulator: Emulator) -> None:
    """The newest message that waits for an answer is the last result; concurrent and later GETs attach."""
    session_id, answer = await _called(client, emulator, calls=1)
    posted = await _post(client, session_id, _result(_calls(answer)[0]))
    asked = len(emulator.requests)

    async def read() -> tuple[str, str, str]:
        async with client.stream("/api/stream", session_id=session_id) as stream:
            frames = [frame async for frame in stream]
        return stream.generation_id, frames[0].data["user_message_id"], frames[-1].data["status"]

    readings = set(await asyncio.gather(*(read() for _ in range(4))))
    assert len(readings) == 1
    assert [reading[1:] for reading in readings] == [(posted["id"], "completed")]
    assert {await read()} == readings
    assert len(emulator.requests) == asked + 1


async def test_results_can_be_posted_and_answered_in_one_call(client: ConsoleClient, emulator: Emulator) -> None:
    """Idempotent like any start."""
    session_id, answer = await _called(client, emulator)
    body = {"session_id": session_id, "parts": [_result(call) for call in _calls(answer)], "request_id": "once"}
    started = await client.post("/api/generations", body)
    assert (started["user_message"]["role"], len(started["user_message"]["parts"])) == ("tool", 2)
    await client.follow(started["generation"]["id"])
    again = await client.ask("POST", "/api/generations", json=body)
    assert (again.status_code, again.json()["generation"]["id"]) == (200, started["generation"]["id"])
    assert [message["role"] for message in emulator.requests[-1].body["messages"]] == [
        "user", "assistant", "tool", "tool"
    ]  # fmt: skip


async def test_a_stored_question_is_answered_by_post_once(client: ConsoleClient, emulator: Emulator) -> None:
    """A second POST is refused with the generation it has; an edited result can be answered on its own."""
    session_id, answer = await _called(client, emulator, calls=1)
    first = await _post(client, session_id, _result(_calls(answer)[0]))
    started = await client.post("/api/generations", {"session_id": session_id, "request_id": "once"})
    await client.follow(started["generation"]["id"])
    status, code, details = await _refused(client, "/api/generations", {"session_id": session_id})
    assert (status, code, details["generation_id"]) == (409, "conflict", started["generation"]["id"])
    replayed = await client.ask("POST", "/api/generations", json={"session_id": session_id, "request_id": "once"})
    assert (replayed.status_code, replayed.headers["Idempotent-Replayed"]) == (200, "true")

    edited = await _post(client, session_id, _result(_calls(answer)[0], "7"), parent_id=answer["id"])
    assert edited["siblings"] == [first["id"], edited["id"]]
    other = await client.post("/api/generations", {"session_id": session_id, "parent_id": edited["id"]})
    assert (await client.follow(other["generation"]["id"])).status == "completed"
    assert emulator.requests[-1].body["messages"][-1]["content"] == "7"


async def test_an_answer_to_results_is_regenerated_beside_itself(client: ConsoleClient, emulator: Emulator) -> None:
    """Below the same results."""
    session_id, answer = await _called(client, emulator, calls=1)
    result = await _post(client, session_id, _result(_calls(answer)[0]))
    started = await client.post("/api/generations", {"session_id": session_id})
    await client.follow(started["generation"]["id"])
    again = await client.post(f"/api/messages/{started['assistant_message']['id']}/regenerate", {})
    await client.follow(again["generation"]["id"])
    assert again["assistant_message"]["parent_id"] == result["id"]
    assert len((await client.message(again["assistant_message"]["id"]))["siblings"]) == 2


async def test_an_answer_that_waits_for_its_tools_is_not_continued(client: ConsoleClient, emulator: Emulator) -> None:
    """There is no text to go on with; results are."""
    _, answer = await _called(client, emulator, calls=1)
    path = f"/api/generations/{answer['generation_id']}/continue"
    assert (await _refused(client, path, {}))[:2] == (409, "conflict")


async def test_nothing_to_answer(client: ConsoleClient) -> None:
    """Neither content nor a session, an empty session, a message that is an answer."""
    assert (await _refused(client, "/api/generations", {}))[:2] == (422, "validation_failed")
    session = await client.create_session()
    assert (await _refused(client, "/api/generations", {"session_id": session["id"]}))[:2] == (409, "nothing_to_answer")
    transcript = await client.answer("Hello")
    start = transcript.data_of("start")
    body = {"session_id": start["session_id"], "parent_id": start["assistant_message_id"]}
    assert (await _refused(client, "/api/generations", body))[:2] == (404, "not_found")
