"""The typed door through the wire: named frames, one JSON body, real statuses, exact money."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from emulator import Emulator
from tests.contract.typed_client import HYBRID, MODEL, THINKER, TOOLS, Json, ask, body, complete, opened, sent, stream
from tests.harness import Console, ConsoleClient, soon
from tests.services.turning import rows_of

ANSWER = "text=one%20two%20three%20four%20five"
PATHS = ("/chat", "/v1/chat/completions", "/api/v1/chat/completions")


async def _row(client: ConsoleClient) -> Json:
    (row,) = await client.every("/api/usage")
    return dict(row)


@pytest.mark.parametrize("path", PATHS)
async def test_a_stream(client: ConsoleClient, emulator: Emulator, path: str) -> None:
    """Content, usage, done; at the OpenAI paths too, for a body with a message and no messages."""
    emulator.set_scenario(ANSWER)
    read = await stream(client, body(), path)
    assert read.names == ["content", "usage", "done"]
    assert read.joined("content") == "one two three four five"
    assert read.one("done") == {"completed": True}
    headers = read.response.headers
    assert headers["cache-control"].startswith("no-cache")
    assert headers["x-accel-buffering"] == "no"
    (upstream,) = emulator.ledger.rows
    usage = read.one("usage")
    assert (usage["requested_model"], usage["actual_model"]) == (MODEL, upstream.model.canonical_slug)
    assert usage["provider"] == upstream.endpoint.provider_name
    assert usage["cost"] == usage["cost_usd"] == upstream.cost_usd == (await _row(client))["cost_usd"]
    assert isinstance(usage["cost"], Decimal)
    assert usage["prompt_cost"] + usage["completion_cost"] == usage["upstream_cost"]
    assert (usage["is_byok"], usage["cache_write_tokens"], usage["audio_tokens"]) == (False, 0, 0)
    assert usage["content_events"] == sum(name == "content" for name, _ in read.frames)
    assert (usage["total_tokens"], usage["finish_reason"]) == (upstream.prompt_tokens + 5, "stop")
    assert usage["duration_ms"] is not None


@pytest.mark.parametrize("path", PATHS)
async def test_one_body(client: ConsoleClient, emulator: Emulator, path: str) -> None:
    """The same answer under ``stream=false``, in the query or in the body."""
    emulator.set_scenario(ANSWER)
    response = await ask(client, body(), path)
    assert response.status_code == 200
    assert response.json().keys() == {"content", "usage"}
    assert response.json()["content"] == "one two three four five"
    assert response.headers["x-generation-id"]
    again = await client.ask("POST", path, json=body(stream=False))
    assert again.json()["content"] == "one two three four five"


async def test_the_history_and_the_model_arrive(client: ConsoleClient, emulator: Emulator) -> None:
    """Exactly this, and nothing of the settings' prompts and limits."""
    history = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One?"},
        {"role": "model", "content": "One."},
    ]
    await complete(client, body("Two?", history=history))
    (request,) = sent(emulator)
    assert request == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "One."},
            {"role": "user", "content": "Two?"},
        ],
        "stream": True,
    }


async def test_without_a_model_the_settings_decide(client: ConsoleClient, emulator: Emulator) -> None:
    await complete(client, {"message": "Hello"})
    assert sent(emulator)[0]["model"] == (await client.get("/api/settings"))["model"]


async def test_reasoning_is_told_apart_or_hidden(synced: ConsoleClient) -> None:
    """Frames of its own; none of them when they are not wanted, though the model thinks all the same."""
    shown = await stream(synced, body(model=HYBRID))
    assert shown.names == ["reasoning", "content", "usage", "done"]
    assert shown.joined("reasoning")
    usage = shown.one("usage")
    assert usage["reasoning_events"] == sum(name == "reasoning" for name, _ in shown.frames) > 0
    assert usage["reasoning_tokens"] > 0
    hidden = await stream(synced, body(model=HYBRID, hide_reasoning=True))
    assert hidden.names == ["content", "usage", "done"]
    assert hidden.one("usage")["reasoning_tokens"] > 0
    assert (await complete(synced, body(model=HYBRID)))["reasoning"]


async def test_parallel_tool_calls_go_out_and_their_results_come_back(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """Each whole in a frame of its own; the answer goes on after the results, echoed as they came."""
    emulator.set_scenario("tool_calls n=2")
    read = await stream(client, body(tools=TOOLS))
    assert read.names == ["tool_call", "usage", "done"]
    calls = [data for name, data in read.frames if name == "tool_call"]
    assert [call["name"] for call in calls] == ["weather", "time"]
    assert read.one("usage")["finish_reason"] == "tool_calls"
    assert (await complete(client, body(tools=TOOLS)))["tool_calls"][0]["name"] == "weather"
    emulator.set_scenario(ANSWER)
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "fine"} for call in calls]
    history = [{"role": "user", "content": "Hello"}, {"role": "model", "content": None, "tool_calls": calls}, *results]
    assert (await complete(client, body(None, tools=TOOLS, history=history)))["content"] == "one two three four five"
    messages = sent(emulator)[-1]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert [call["function"]["name"] for call in messages[1]["tool_calls"]] == ["weather", "time"]


async def test_a_session_answers_what_waits_in_it(client: ConsoleClient, emulator: Emulator) -> None:
    """Results of tools that were posted to it; when nothing waits, it says so."""
    session = await client.create_session(model=MODEL)
    emulator.set_scenario("tool_calls n=1")
    read = await stream(client, {"message": "Hello", "session_id": session["id"], "tools": TOOLS})
    call = read.one("tool_call")
    part = {"type": "tool_result", "tool_call_id": call["id"], "content": "fine"}
    await client.post("/api/messages", {"session_id": session["id"], "role": "tool", "parts": [part]})
    emulator.set_scenario(ANSWER)
    whole = await complete(client, {"session_id": session["id"], "tools": TOOLS})
    assert whole["content"] == "one two three four five"
    assert [message["role"] for message in sent(emulator)[-1]["messages"]] == ["user", "assistant", "tool"]
    again = await ask(client, {"session_id": session["id"]})
    assert (again.status_code, again.json()["type"]) == (409, "api_error")


async def test_citations_are_frames(client: ConsoleClient, emulator: Emulator) -> None:
    emulator.set_scenario(f"{ANSWER}; citations n=2")
    read = await stream(client, body())
    cited = [data for name, data in read.frames if name == "annotation"]
    assert [one["type"] for one in cited] == ["url_citation", "url_citation"]
    assert (await complete(client, body()))["annotations"] == cited


async def test_usage_tells_the_routing_asked_for_and_applied(client: ConsoleClient) -> None:
    """In the words of the request, and in those of the provider's body."""
    routing = {"providers": ["openai"], "max_price": 7.5, "fallbacks": ["openai/gpt-4o"]}
    usage = (await complete(client, body(routing=routing)))["usage"]
    assert usage["routing"] == {
        "sort": None,
        "providers": ["openai"],
        "fallbacks": ["openai/gpt-4o"],
        "max_price": Decimal("7.5"),
        "require_parameters": None,
        "applied": {
            "provider": {"order": ["openai"], "max_price": {"prompt": Decimal("7.5"), "completion": Decimal("7.5")}},
            "models": ["openai/gpt-4o"],
        },
    }


async def test_nothing_of_the_text_is_stored(console: Console, emulator: Emulator) -> None:
    """A generation and a ledger row, and that is all."""
    emulator.set_scenario(ANSWER)
    read = await stream(console.client, body("A very private question"))
    row = await _row(console.client)
    assert (row["purpose"], row["state"], row["session_id"]) == ("endpoint", "settled", None)
    generation = await console.client.generation(read.response.headers["x-generation-id"])
    assert (generation["status"], generation["session_id"]) == ("completed", None)
    for table in ("sessions", "messages", "generation_events"):
        assert await console.services.store.read(rows_of, table) == []
    assert await console.client.every("/api/sessions") == []


async def test_a_turn_of_a_session_is_stored_below_what_is_there(client: ConsoleClient, emulator: Emulator) -> None:
    """As a turn of the console's own: its history goes along, its page shows it."""
    emulator.set_scenario(ANSWER)
    first = await client.answer("One?")
    session_id = first.data_of("start")["session_id"]
    read = await stream(client, body("Two?", session_id=session_id, sampling={"temperature": 0.1}))
    assert read.names == ["content", "usage", "done"]
    assert read.response.headers["x-console-session-id"] == session_id
    messages = await client.every(f"/api/sessions/{session_id}/messages")
    assert [(message["role"], message["content"]) for message in messages] == [
        ("user", "One?"),
        ("assistant", "one two three four five"),
        ("user", "Two?"),
        ("assistant", "one two three four five"),
    ]
    request = sent(emulator)[-1]
    assert [message["content"] for message in request["messages"]] == ["One?", "one two three four five", "Two?"]
    assert (request["temperature"], request["max_tokens"]) == (0.1, 2048), "the settings say what the request does not"
    assert len(await client.every("/api/sessions")) == 1
    await complete(client, body("Three?"))
    assert not {"temperature", "max_tokens"} & sent(emulator)[-1].keys(), "nobody said anything"


async def test_a_profile_that_says_how_hard_to_think_is_told_otherwise(
    synced: ConsoleClient, emulator: Emulator
) -> None:
    """The catalogue's default comes below the profile of the session."""
    profile = await synced.post("/api/profiles", {"name": "p", "reasoning": {"effort": "low"}, "max_tokens": 8000})
    for profile_id, effort in ((profile["id"], "low"), (None, "medium")):
        session = await synced.create_session(model=THINKER, profile_id=profile_id)
        await complete(synced, {"message": "Hi", "session_id": session["id"]})
        assert sent(emulator)[-1]["reasoning"] == {"effort": effort}


async def test_a_session_that_is_not_there_or_busy_is_refused(client: ConsoleClient, emulator: Emulator) -> None:
    missing = await ask(client, body(session_id="nope"))
    assert (missing.status_code, missing.json().keys()) == (404, {"error", "type"})
    emulator.set_scenario(f"{ANSWER}; stall after=2")
    started = await client.start("One?")
    await emulator.until(lambda it: it.stalled == 1)
    busy = await ask(client, body(session_id=started["session"]["id"]))
    assert (busy.status_code, busy.json()["type"]) == (409, "api_error")
    emulator.release()
    await client.follow(started["generation"]["id"])


@pytest.mark.parametrize(
    ("scenario", "status", "kind"),
    [
        ("error=400", 400, "upstream_http_error"),
        ("error=402", 402, "upstream_http_error"),
        ("error=403", 403, "upstream_http_error"),
        ("error=404", 404, "upstream_http_error"),
    ],
)
@pytest.mark.parametrize("streams", [True, False])
async def test_a_refusal_before_the_first_word_is_a_real_status(
    client: ConsoleClient, emulator: Emulator, scenario: str, status: int, kind: str, streams: bool
) -> None:
    """In the shape of the dialect, streamed or not."""
    emulator.set_scenario(scenario)
    response = await client.ask("POST", "/chat", json=body(), params={"stream": streams})
    assert (response.status_code, response.json()["type"]) == (status, kind)
    assert response.json().keys() == {"error", "type"}
    assert (await _row(client))["cost_usd"] == 0


async def test_a_history_that_cannot_be_is_the_client_s_to_mend(client: ConsoleClient) -> None:
    """A result that belongs to no call: 4xx here as at the OpenAI door, each in its dialect."""
    result = {"role": "tool", "tool_call_id": "nobody_s", "content": "1"}
    typed = await ask(client, body(None, history=[{"role": "user", "content": "Hi"}, result]))
    assert (typed.status_code, typed.json()["type"]) == (400, "upstream_http_error")
    request = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}, result]}
    openai = await client.ask("POST", "/v1/chat/completions", json=request)
    assert (openai.status_code, openai.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [
        ("mid_stream_error after=2", "network_error"),
        ("drop after=2", "connection_error"),
        ("garbage after=2", "upstream_http_error"),
    ],
)
async def test_nothing_follows_an_error_in_a_stream(
    client: ConsoleClient, emulator: Emulator, scenario: str, kind: str
) -> None:
    """The text so far, the error, the end: neither usage nor done."""
    emulator.set_scenario(f"{ANSWER}; {scenario}")
    read = await stream(client, body())
    assert read.names == ["content", "error"]
    assert read.joined("content").startswith("one")
    assert read.one("error").keys() == {"error", "type"}
    assert read.one("error")["type"] == kind
    whole = await ask(client, body())
    assert (whole.status_code, whole.json()["type"]) == (502, kind)
    assert "is kept" not in whole.text + read.one("error")["error"], "such a call stores no text"


async def test_an_answer_at_its_limit_is_whole(client: ConsoleClient, emulator: Emulator) -> None:
    """Also when the provider complains after its finish: what was paid is told, streamed or not."""
    emulator.set_scenario(f"{ANSWER}; mid_stream_error after=3 form=length_usage")
    read = await stream(client, body())
    assert read.names == ["content", "usage", "done"]
    whole = await complete(client, body())
    assert read.one("usage")["finish_reason"] == whole["usage"]["finish_reason"] == "length"
    assert read.one("usage")["cost"] == whole["usage"]["cost"] > 0


async def test_leaving_a_stream_stops_it(console: Console, emulator: Emulator) -> None:
    """Which is how clients of such an API cancel; what it has cost is in the ledger."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    async with opened(console.client, body()) as frames:
        await anext(frames)
    (row,) = await console.client.every("/api/usage")

    async def ended() -> str:
        while True:
            generation = await console.client.generation(row["generation_id"])
            if generation["ended_at"]:
                return str(generation["status"])

    assert await soon(ended()) == "stopped"
    emulator.release()


async def test_one_request_id_is_one_paid_call(client: ConsoleClient, emulator: Emulator) -> None:
    """In a session the same reply again; without one its text is gone, and asking again costs nothing."""
    session = await client.create_session(model=MODEL)
    request = body(session_id=session["id"], request_id="r-1")
    first = await complete(client, request)
    again = await ask(client, request)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["content"] == first["content"]
    other = await ask(client, body("Other", session_id=session["id"], request_id="r-1"))
    assert (other.status_code, other.json()["type"]) == (422, "api_error")
    await complete(client, body(), **{"Idempotency-Key": "r-2"})
    gone = await ask(client, body(), **{"Idempotency-Key": "r-2"})
    assert gone.status_code == 409
    assert len(sent(emulator)) == 2


INVALID: list[Json] = [
    {},
    {"message": ""},
    {"message": " \n "},
    {"message": "Hi", "no_such_field": 1},
    {"message": "Hi", "sampling": {"temperature": 3}},
    {"message": "Hi", "routing": {"fallback": "a/b"}},
    {"message": "Hi", "history": [{"role": "robot", "content": "x"}]},
    {"message": "Hi", "fallbacks": ["a/b"], "models": ["a/b"]},
    {"message": 5},
]


@pytest.mark.parametrize("request_body", INVALID, ids=str)
async def test_invalid_requests_say_what_is_wrong(
    client: ConsoleClient, emulator: Emulator, request_body: Json
) -> None:
    """In the shape of the dialect, before anything is sent."""
    response = await client.ask("POST", "/chat", json=request_body)
    assert (response.status_code, response.json().keys()) == (422, {"error", "type"})
    assert response.json()["type"] == "api_error"
    assert sent(emulator) == []


@pytest.mark.parametrize("path", PATHS[1:])
async def test_a_message_is_refused_in_its_own_dialect_at_openai_s_paths(console: Console, path: str) -> None:
    """Whoever sends one reads that shape."""
    async with console.another_client() as client:
        response = await client.ask("POST", path, json={"message": " "})
    assert (response.status_code, response.json()["type"]) == (422, "api_error")
    assert "message" in response.json()["error"]


async def test_a_body_with_messages_is_openai_s(client: ConsoleClient) -> None:
    """Also one that has a message beside them; only the path's own dialect reads it."""
    messages: list[Json] = [{"role": "user", "content": "Hi"}]
    response = await client.ask("POST", "/v1/chat/completions", json={"model": MODEL, "messages": messages})
    assert response.json()["object"] == "chat.completion"
    response = await client.ask(
        "POST", "/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_twenty_at_once_are_twenty_answers(client: ConsoleClient, emulator: Emulator) -> None:
    """Each its own, each paid once."""
    reads: list[Any] = await asyncio.gather(*(stream(client, body(f"number {n}")) for n in range(20)))
    assert all(read.names == ["content", "usage", "done"] for read in reads)
    assert len({read.response.headers["x-generation-id"] for read in reads}) == 20
    rows = await client.every("/api/usage")
    assert sum(row["cost_usd"] for row in rows) == sum(row.cost_usd for row in emulator.ledger.rows)
