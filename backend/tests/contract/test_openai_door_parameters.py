"""Every parameter sent through the OpenAI door arrives at the provider as it was written, and nothing is added."""

from __future__ import annotations

from app.schemas.openai import MOST_VALUES
from emulator import Emulator
from tests.contract.test_parameters import EVERY, MODEL
from tests.harness import ConsoleClient, Json

QUESTION = [{"role": "user", "content": "Hello"}]


async def test_each_parameter_arrives_as_it_was_written(client: ConsoleClient, emulator: Emulator) -> None:
    """In its place and its form: this door speaks the provider's own language, and translates nothing."""
    await client.post("/api/models/sync")
    for given, _ in [({}, {}), *EVERY]:
        request: Json = {"model": MODEL, "messages": QUESTION, **given}
        seen = len(emulator.requests)
        await client.http.post("/v1/chat/completions", json=request, headers={"X-Console-Store": "false"})
        # Some the emulator refuses, and of those one kind is asked again: each time with the same body.
        bodies = [record.body for record in list(emulator.requests)[seen:]]
        assert bodies == [{**request, "stream": True}] * max(1, len(bodies)), given


async def test_a_long_conversation_arrives_whole_and_is_stored_whole(client: ConsoleClient, emulator: Emulator) -> None:
    """Large enough to be read and converted beside the loop."""
    said = [
        {"role": ("user", "assistant")[n % 2], "content": [{"type": "text", "text": f"{n}"}] * 3} for n in range(801)
    ]
    request: Json = {"model": MODEL, "messages": said, "max_tokens": 5}
    answer = await client.http.post("/v1/chat/completions", json=request)
    assert answer.status_code == 200
    assert emulator.requests[-1].body["messages"] == said
    stored = await client.every(f"/api/sessions/{answer.headers['x-console-session-id']}/messages")
    assert len(stored) == len(said) + 1


async def test_how_much_a_conversation_may_hold(client: ConsoleClient, emulator: Emulator) -> None:
    """Ten thousand messages of thirty parts are no conversation; each value costs time that others wait for."""
    said = [{"role": "user", "content": [{"type": "text", "text": "x"}] * 30}] * (MOST_VALUES // 90)
    answer = await client.http.post("/v1/chat/completions", json={"model": MODEL, "messages": said * 2})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_failed")
    assert "100,000 values" in answer.json()["error"]["message"]
    assert not [request for request in emulator.requests if request.kind == "chat.completions"]


LAX: list[Json] = [
    {"temperature": "0.5"},
    {"temperature": True},
    {"max_tokens": True},
    {"max_tokens": "5"},
    {"top_k": "40"},
    {"seed": "1"},
    {"logit_bias": {"50256": "-100"}},
    {"stream": "true"},
    {"stream": 1},
    {"n": True},
    {"n": "1"},
    {"stream_options": {"include_usage": "yes"}, "stream": True},
    {"logprobs": 1},
    {"logprobs": True, "top_logprobs": "2"},
    {"parallel_tool_calls": "false"},
    {"provider": {"allow_fallbacks": "true"}},
    {"reasoning": {"max_tokens": "2000"}},
    {"plugins": [{"id": "web", "max_results": "3"}]},
]


async def test_a_number_is_no_text_and_no_truth(client: ConsoleClient, emulator: Emulator) -> None:
    """400 and nothing sent, as at OpenAI and OpenRouter; at the other doors 422."""
    for lax in LAX:
        reply = await client.ask("POST", "/v1/chat/completions", json={"model": MODEL, "messages": QUESTION, **lax})
        name = next(iter(lax))
        assert (reply.status_code, name in reply.json()["error"]["message"]) == (400, True), (lax, reply.text)
        if name in ("n", "stream_options"):
            continue
        typed = await client.ask("POST", "/chat", json={"model": MODEL, "message": "Hi", **lax})
        assert (typed.status_code, typed.json()["type"]) == (422, "api_error"), lax
    grouped = await client.ask("POST", "/chat", json={"model": MODEL, "message": "Hi", "sampling": {"seed": "1"}})
    assert grouped.status_code == 422
    assert [record for record in emulator.requests if record.path.endswith("/chat/completions")] == []


BOUNDS: Json = {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1, "enum": [2**53 + 1]}
TOOL: Json = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"n": BOUNDS}}},
}


async def test_integers_of_64_bits_arrive_exactly(client: ConsoleClient, emulator: Emulator) -> None:
    """In the bounds of a schema, as seed, and what was stored with the call or the profile."""
    given: Json = {"seed": 2**60 + 1, "tools": [TOOL]}
    profile = (await client.post("/api/profiles", {"name": "p", "params": {"seed": given["seed"]}, "tools": [TOOL]}))[
        "id"
    ]
    for path, body in (
        ("/v1/chat/completions", {"messages": QUESTION, **given}),
        ("/chat?stream=false", {"message": "Hello", **given}),
        ("/api/generations", {"content": "Hello", **given}),
        ("/api/generations", {"content": "Hello", "profile_id": profile}),
    ):
        reply = await client.ask("POST", path, json={"model": MODEL, **body})
        assert reply.status_code in (200, 201), reply.text
    await emulator.until(lambda it: sum(record.kind == "chat.completions" for record in it.requests) == 4)
    for row in await client.every("/api/usage"):
        generation = await client.get(f"/api/generations/{row['generation_id']}")
        assert generation["params"]["seed"] == given["seed"]
    sent = [record.body for record in emulator.requests if record.kind == "chat.completions"]
    assert [(body["seed"], body["tools"]) for body in sent] == [(given["seed"], [TOOL])] * 4
    refused = await client.ask(
        "POST", "/v1/chat/completions", json={"model": MODEL, "messages": QUESTION, "trace": {"x": 2**64}}
    )
    assert refused.status_code == 400


async def test_a_whole_number_may_be_written_with_a_point(client: ConsoleClient, emulator: Emulator) -> None:
    """JSON Schema calls it an integer; half of one is none."""
    for path, question in (
        ("/v1/chat/completions", '"messages":[{"role":"user","content":"Hello"}]'),
        ("/chat?stream=false", '"message":"Hello"'),
        ("/api/generations", '"content":"Hello"'),
    ):
        for written, is_whole in (("100.0", True), ("1e2", True), ("100.5", False), ('"100"', False), ("true", False)):
            for field in (f'"max_tokens":{written}', f'"reasoning":{{"max_tokens":{written}}}'):
                body = f'{{"model":"{MODEL}",{question},{field}}}'
                reply = await client.http.post(path, content=body, headers={"Content-Type": "application/json"})
                assert (reply.status_code < 300) is is_whole, (path, field, reply.text)


async def test_what_official_clients_write_is_taken(client: ConsoleClient, emulator: Emulator) -> None:
    """It arrives as it was written."""
    for given in (
        {"user": ""},
        {"audio": {"voice": {"id": "voice_1"}, "format": "wav"}, "modalities": ["text", "audio"]},
        {"provider": {"max_price": {"prompt": 0.1 + 0.2}}},
    ):
        reply = await client.ask("POST", "/v1/chat/completions", json={"model": MODEL, "messages": QUESTION, **given})
        record = [record for record in emulator.requests if record.kind == "chat.completions"][-1]
        assert {name: record.body.get(name) for name in given} == given, reply.text
    started = await client.ask(
        "POST", "/api/generations", json={"content": "Hello", "provider": {"max_price": {"prompt": 0.1 + 0.2}}}
    )
    assert started.json()["generation"]["params"]["provider"]["max_price"]["prompt"] == 0.3


async def test_no_messages_and_a_message_are_the_typed_dialect(client: ConsoleClient) -> None:
    for path in ("/v1/chat/completions", "/api/v1/chat/completions"):
        reply = await client.http.post(path, json={"messages": None, "message": "Hello", "stream": False})
        assert reply.json().keys() == {"content", "usage"}
        neither = await client.http.post(path, json={"messages": None})
        assert (neither.status_code, neither.json()["error"]["param"]) == (400, "messages")
