"""Tool calls, structured output, and histories that providers refuse."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from emulator import Emulator

from .wire import MODEL, Stream, ask, body_of, stream

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "get_time", "parameters": None}}
SEARCH = {"type": "openrouter:web_search"}


def assembled(answer: Stream) -> list[tuple[str, str]]:
    """Calls put together by index, as a client must."""
    calls: dict[int, list[str]] = {}
    for delta in answer.deltas:
        for call in delta.get("tool_calls", []):
            entry = calls.setdefault(call["index"], ["", ""])
            entry[0] += call["function"].get("name", "")
            entry[1] += call["function"].get("arguments", "")
    return [(name, arguments) for name, arguments in calls.values()]


async def test_parallel_calls_arrive_interleaved_and_complete(client: httpx.AsyncClient) -> None:
    """Each is announced with its id; content is null; the finish says so."""
    answer = await stream(client, "Oslo", "tool_calls=2", tools=[WEATHER, CLOCK, SEARCH])

    assert [(name, json.loads(arguments)) for name, arguments in assembled(answer)] == [
        ("get_weather", {"city": "Oslo", "days": 2}),
        ("get_time", {}),
    ]
    entries = [entry for delta in answer.deltas for entry in delta.get("tool_calls", [])]
    assert [entry["index"] for entry in entries[:4]] == [0, 1, 0, 1]
    assert len({entry["id"] for entry in entries if "id" in entry}) == 2
    assert all(delta["content"] is None for delta in answer.deltas if "tool_calls" in delta)
    assert [finish for finish in answer.finishes if finish] == ["tool_calls"] * 2
    assert answer.usages[0]["completion_tokens"] > 10


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("auto", []),
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
        ({"type": "function", "function": {"name": "get_lost"}}, []),
        ({"type": "openrouter:web_search"}, []),
    ],
)
async def test_tool_choice_decides_who_is_called(client: httpx.AsyncClient, choice: Any, called: list[str]) -> None:
    """In a body, too."""
    body = body_of(tools=[WEATHER, CLOCK], tool_choice=choice)
    (answer,) = (await ask(client, body)).json()["choices"]

    calls = answer["message"].get("tool_calls", [])
    assert [call["function"]["name"] for call in calls] == called
    assert (answer["message"]["content"] is None) is bool(called)
    assert answer["finish_reason"] == ("tool_calls" if called else "stop")


async def test_a_tool_loop_comes_to_its_end(client: httpx.AsyncClient) -> None:
    """After the result the model answers in words."""
    body = body_of(tools=[WEATHER], tool_choice="required")
    message = (await ask(client, body)).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "rain"}
    (answer,) = (await ask(client, {**body, "messages": [*body["messages"], message, result]})).json()["choices"]

    assert answer["finish_reason"] == "stop"
    assert answer["message"]["content"]


@pytest.mark.parametrize(
    ("form", "oddity"),
    [
        ("whole", lambda entries: len(entries) == 1 and json.loads(entries[0]["function"]["arguments"])),
        ("missing_id", lambda entries: "id" not in entries[0] and len(entries) > 1),
        ("no_index", lambda entries: "index" not in entries[0]),
        ("no_arguments", lambda entries: "arguments" not in entries[0]["function"]),
    ],
)
async def test_recorded_oddities_of_call_deltas(client: httpx.AsyncClient, form: str, oddity: Any) -> None:
    """Whole calls in one delta, missing ids, indexes and arguments."""
    answer = await stream(client, scenario=f"tool_calls form={form}", tools=[WEATHER])

    assert oddity([entry for delta in answer.deltas for entry in delta.get("tool_calls", [])])


async def test_a_call_may_finish_with_stop(client: httpx.AsyncClient) -> None:
    """Gemini and Kimi were seen to."""
    answer = await stream(client, scenario="tool_calls form=stop_finish", tools=[WEATHER])

    assert assembled(answer)
    assert answer.finishes[-1] == "stop"


async def test_a_gemini_signature_precedes_the_call_and_bears_its_id(client: httpx.AsyncClient) -> None:
    """Without it the next turn is refused."""
    model = "google/gemini-3-pro-preview"
    answer = await stream(client, scenario="tool_calls", model=model, tools=[WEATHER])
    (signed,) = [detail for detail in answer.details if detail["type"] == "reasoning.encrypted"]
    call = next(delta["tool_calls"][0] for delta in answer.deltas if "tool_calls" in delta)
    assert signed["id"] == call["id"]

    user = {"role": "user", "content": "Oslo"}
    turn = {"role": "assistant", "tool_calls": [{"id": call["id"], "function": {"name": "f"}}]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "rain"}
    kept = {**turn, "reasoning_details": answer.details}
    refused = await ask(client, {"model": model, "messages": [user, turn, result]})
    accepted = await ask(client, {"model": model, "messages": [user, kept, result]})

    assert "thought_signature" in refused.json()["error"]["metadata"]["raw"]
    assert accepted.status_code == 200


UNSIGNED = {"type": "reasoning.text", "text": "hm", "format": "anthropic-claude-v1"}
ITEM = {"type": "reasoning.encrypted", "data": "AA==", "id": "rs_1", "format": "openai-responses-v1"}
CALL = {"id": "call_1", "function": {"name": "f"}}
REFUSED: list[tuple[str, list[dict[str, Any]], str]] = [
    (MODEL, [{"role": "tool", "tool_call_id": "call_9", "content": "x"}], "preceding message"),
    (
        "openai/gpt-5-mini",
        [{"role": "assistant", "content": "a", "reasoning_details": [ITEM]}] * 2,
        "Duplicate item found with id rs_1",
    ),
    (
        "anthropic/claude-haiku-4.5",
        [{"role": "assistant", "content": "a", "reasoning_details": [UNSIGNED]}],
        "Invalid `signature`",
    ),
    ("anthropic/claude-3.5-sonnet", [{"role": "assistant", "content": "", "tool_calls": [CALL]}], "non-empty"),
]


@pytest.mark.parametrize(("model", "history", "reason"), REFUSED)
async def test_a_history_that_was_not_kept_as_it_came_is_400(
    client: httpx.AsyncClient, emulator: Emulator, model: str, history: list[dict[str, Any]], reason: str
) -> None:
    """The provider's reason stands in ``raw``; another vendor takes the same history."""
    user = {"role": "user", "content": "Hello"}
    messages = [user, *history, user]
    refused = await ask(client, {"model": model, "messages": messages})
    other = "moonshotai/kimi-k2" if history[0]["role"] == "assistant" else None

    assert refused.status_code == 400
    assert reason in refused.json()["error"]["metadata"]["raw"]
    assert emulator.ledger.rows == []
    if other:
        assert (await ask(client, {"model": other, "messages": messages})).status_code == 200


async def test_an_item_sent_once_and_foreign_ids_pass(client: httpx.AsyncClient) -> None:
    """Only repeated ``rs_`` ids are refused; text parts count as text."""
    details = [ITEM, {"type": "reasoning.summary", "summary": "x"}, {**ITEM, "id": "other"}]
    turn = {"role": "assistant", "content": [{"type": "text", "text": "a"}], "reasoning_details": details}
    messages = [{"role": "user", "content": "Hello"}, turn, {"role": "user", "content": "And?"}]

    assert (await ask(client, {"model": "openai/gpt-5-mini", "messages": messages})).status_code == 200


def schema_format(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **more}}


async def test_a_schema_is_honoured(client: httpx.AsyncClient) -> None:
    """The content is JSON of that shape; ``json_object`` gives some object; ``text`` changes nothing."""
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "score": {"type": "number"}}}
    formats: list[dict[str, Any]] = [schema_format(schema), schema_format({}), {"type": "json_object"}]
    contents = [
        json.loads((await stream(client, "Hello", response_format=response_format)).text) for response_format in formats
    ]

    assert contents == [{"ok": True, "score": 1}, {}, {"answer": "Hello"}]
    assert "demo" in (await stream(client, response_format={"type": "text"})).text


@pytest.mark.parametrize(
    "response_format",
    [
        {"type": "yaml"},
        {},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "x"}},
        {"type": "json_schema", "json_schema": {"schema": {}}},
        {"type": "json_schema", "json_schema": {"name": "two words", "schema": {}}},
        {"type": "json_schema", "json_schema": {"name": "x" * 65, "schema": {}}},
        {"type": "grammar"},
        schema_format({"type": "array", "minItems": "many"}),
    ],
)
async def test_a_format_of_no_known_shape_is_400(
    client: httpx.AsyncClient, emulator: Emulator, response_format: dict[str, Any]
) -> None:
    """Nor is an impossible schema a crash."""
    body = body_of(response_format={"type": "none", **response_format})

    assert (await ask(client, body)).status_code == 400
    assert emulator.ledger.rows == []


async def test_who_cannot_hold_to_a_schema_drops_it_unless_it_is_strict(client: httpx.AsyncClient) -> None:
    """Strict leaves no endpoint; otherwise the answer is plain words."""
    model = "deepseek/deepseek-r1"
    loose = await ask(client, body_of(model=model, response_format=schema_format({"type": "object"})))
    strict = await ask(client, body_of(model=model, response_format=schema_format({"type": "object"}, strict=True)))

    assert "demo" in loose.json()["choices"][0]["message"]["content"]
    assert strict.status_code == 404


CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
LOOSE: list[tuple[dict[str, Any], str]] = [
    ({**CLOSED, "additionalProperties": True}, "'additionalProperties' is required"),
    ({**CLOSED, "required": []}, "Missing 'a'"),
    ({"type": "array", "items": CLOSED}, "got 'type: \"array\"'"),
    ({**CLOSED, "properties": {"a": {"type": "array", "items": {"type": "object"}}}}, "'items'"),
    ({**CLOSED, "$defs": {"d": {"anyOf": [{"type": "object"}]}}}, "'$defs', 'd', 'anyOf', '0'"),
]


@pytest.mark.parametrize(("schema", "reason"), LOOSE)
async def test_strict_schemas_are_taken_to_the_letter(
    client: httpx.AsyncClient, schema: dict[str, Any], reason: str
) -> None:
    """For answers and for tools, by the vendor that does so; other vendors take them."""
    tool = {"type": "function", "function": {"name": "f", "parameters": schema, "strict": True}}
    answer = await ask(client, body_of(response_format=schema_format(schema, strict=True)))
    called = await ask(client, body_of(tools=[tool]))
    elsewhere = await ask(client, body_of(model="moonshotai/kimi-k2", tools=[tool]))

    for response, owner in ((answer, "response_format 'answer'"), (called, "function 'f'")):
        assert response.status_code == 400
        message = response.json()["error"]["metadata"]["raw"]["error"]["message"]
        assert owner in message
        assert reason in message
    assert elsewhere.status_code == 200


async def test_a_closed_schema_passes_as_strict(client: httpx.AsyncClient) -> None:
    """And is met."""
    answer = await ask(client, body_of("Oslo", response_format=schema_format(CLOSED, strict=True)))

    assert json.loads(answer.json()["choices"][0]["message"]["content"]) == {"a": "Oslo"}


async def test_tool_names_are_plain_where_the_vendor_says_so(client: httpx.AsyncClient) -> None:
    """Dots pass elsewhere."""
    tools = [{"type": "function", "function": {"name": "files.read"}}]

    assert (await ask(client, body_of(tools=tools))).status_code == 400
    assert (await ask(client, body_of(model="moonshotai/kimi-k2", tools=tools))).status_code == 200


async def test_calls_are_not_parallel_when_they_must_not_be(client: httpx.AsyncClient) -> None:
    """One at a time, whatever the scenario says."""
    body = body_of(tools=[WEATHER, CLOCK], parallel_tool_calls=False)
    (answer,) = (await ask(client, body, "tool_calls=2")).json()["choices"]

    assert len(answer["message"]["tool_calls"]) == 1


async def test_every_call_is_answered_before_the_talk_goes_on(client: httpx.AsyncClient) -> None:
    """All of its calls, directly behind the message; some vendors do not mind."""
    user = {"role": "user", "content": "Hello"}
    calls = [{"id": call_id, "type": "function", "function": {"name": "f"}} for call_id in ("call_1", "call_2")]
    turn = {"role": "assistant", "content": None, "tool_calls": calls}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "x"} for call in calls]

    async def status_of(*messages: dict[str, Any], model: str = MODEL) -> int:
        return (await ask(client, {"model": model, "messages": list(messages)}, "tokens=1")).status_code

    assert await status_of(user, turn, *results) == 200
    assert await status_of(user, turn, *reversed(results), user) == 200
    assert await status_of(user, turn, results[0]) == 400
    assert await status_of(user, turn, user) == 400
    assert await status_of(user, turn, results[0], user, results[1]) == 400
    assert await status_of(user, turn, user, model="moonshotai/kimi-k2") == 200
