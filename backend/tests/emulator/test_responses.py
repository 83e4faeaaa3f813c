"""``POST /responses``: the same calls as chat's, in the Responses shape (API reference, sections 6.8 and 8.6)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator

from .wire import CHAT, HEADER, MODEL, Stream, body_of

PATH = "/responses"
CLAUDE = "anthropic/claude-sonnet-4.5"
THINKER = "deepseek/deepseek-r1"
PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def asked(given: Any = "Hello", model: str = MODEL, **fields: Any) -> dict[str, Any]:
    return {"model": model, "input": given, **fields}


async def whole(
    client: httpx.AsyncClient, given: Any = "Hello", scenario: str = "", status: int = 200, **fields: Any
) -> dict[str, Any]:
    response = await client.post(PATH, json=asked(given, **fields), headers={HEADER: scenario})
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def events(
    client: httpx.AsyncClient, given: Any = "Hello", scenario: str = "", **fields: Any
) -> tuple[list[dict[str, Any]], Stream]:
    """The events of a stream, whose numbers leave nothing out."""
    response = await client.post(PATH, json=asked(given, stream=True, **fields), headers={HEADER: scenario})
    assert response.status_code == 200, response.text
    told = Stream(response.content, response, None)
    assert [event["sequence_number"] for event in told.chunks] == list(range(len(told.chunks)))
    return told.chunks, told


def kinds(told: list[dict[str, Any]]) -> list[str]:
    """The types in order, repeated ones once."""
    names = [event["type"].removeprefix("response.") for event in told]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def text_of(answer: dict[str, Any]) -> str:
    return "".join(part["text"] for item in answer["output"] if item["type"] == "message" for part in item["content"])


def outline(answer: dict[str, Any]) -> str:
    """What must be alike of a stream's last object and of one body: all but times, ids and seals."""
    kept = {name: value for name, value in answer.items() if name not in ("id", "created_at", "completed_at")}
    unsealed = re.sub(r"'(signature|encrypted_content)': '[^']*'", r"'\1'", str(kept))
    return unsealed.replace(answer["id"][-20:], "")


async def test_a_text_streams_as_one_message_with_one_part(client: httpx.AsyncClient) -> None:
    """Begun, grown and ended in the documented order, then ``[DONE]``."""
    told, stream = await events(client, scenario="text=alpha%20beta")

    assert kinds(told) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert "".join(event["delta"] for event in told if event["type"].endswith("text.delta")) == "alpha beta"
    assert stream.raw.endswith(b"data: [DONE]\n\n")
    assert stream.comments
    last = told[-1]["response"]
    assert last["status"] == "completed"
    assert last["output"] == [told[-2]["item"]]
    assert text_of(last) == "alpha beta"


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        ("text=alpha", {}),
        ("", {"model": THINKER, "reasoning": {"effort": "low"}}),
        ("", {"model": CLAUDE, "reasoning": {"effort": "low"}}),
        ("tool_calls=2", {"tools": [WEATHER, {**WEATHER, "name": "time"}]}),
        ("citations=2", {}),
        ("tokens=50", {"max_output_tokens": 7}),
    ],
)
async def test_a_stream_ends_with_the_object_that_a_plain_call_is_answered_with(
    client: httpx.AsyncClient, scenario: str, fields: dict[str, Any]
) -> None:
    """Text, thoughts, signed thoughts, parallel calls, citations and a limit: one result in both modes."""
    told, _ = await events(client, scenario=scenario, **fields)
    answer = await whole(client, scenario=scenario, **fields)

    assert outline(told[-1]["response"]) == outline(answer)
    done = {event["output_index"]: event["item"] for event in told if event["type"].endswith("output_item.done")}
    assert [done[at] for at in sorted(done)] == told[-1]["response"]["output"]


async def test_usage_and_cost_are_those_of_the_ledger(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """By their names here, exact to the last digit, and the same as the chat call's."""
    answer = await whole(client, scenario="tokens=7; cached=2")
    chat = await client.post(CHAT, json=body_of(), headers={HEADER: "tokens=7; cached=2"})

    ours, theirs = answer["usage"], chat.json()["usage"]
    row = emulator.ledger.rows[0]
    assert Decimal(str(ours["cost"])) == row.cost_usd == emulator.ledger.rows[1].cost_usd
    assert (ours["input_tokens"], ours["output_tokens"]) == (theirs["prompt_tokens"], 7)
    assert ours["total_tokens"] == ours["input_tokens"] + 7
    assert ours["input_tokens_details"]["cached_tokens"] == 2
    assert ours["output_tokens_details"] == {"reasoning_tokens": 0}
    assert set(ours["cost_details"]) == {
        "upstream_inference_cost",
        "upstream_inference_input_cost",
        "upstream_inference_output_cost",
    }
    assert answer["id"] == row.id


async def test_a_limit_leaves_the_answer_incomplete(client: httpx.AsyncClient) -> None:
    """The status and the last event say so, and why."""
    told, _ = await events(client, scenario="tokens=50", max_output_tokens=7)

    last = told[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert last["response"]["usage"]["output_tokens"] == 7
    assert told[-2]["item"]["status"] == "incomplete"


async def test_calls_of_functions_are_items_that_stream_side_by_side(client: httpx.AsyncClient) -> None:
    """Each has its place, its arguments in fragments and whole, and is answered by its call id."""
    tools = [WEATHER, {**WEATHER, "name": "time"}]
    told, _ = await events(client, "Oslo", "tool_calls=2", tools=tools)

    calls = told[-1]["response"]["output"]
    assert [call["name"] for call in calls] == ["weather", "time"]
    for at, call in enumerate(calls):
        sent = [event for event in told if event.get("output_index") == at and "arguments" in event["type"]]
        assert "".join(event["delta"] for event in sent[:-1]) == sent[-1]["arguments"] == call["arguments"]
        assert {event["item_id"] for event in sent} == {call["id"]}
    results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "rain"} for call in calls]
    again = await whole(client, [{"role": "user", "content": "Oslo"}, *calls, *results], "tool_calls=2", tools=tools)
    assert text_of(again)


async def test_a_named_function_is_called(client: httpx.AsyncClient) -> None:
    """``tool_choice`` is flat, like the tools."""
    tools = [WEATHER, {**WEATHER, "name": "time"}]
    answer = await whole(client, tools=tools, tool_choice={"type": "function", "name": "time"})

    assert [item["name"] for item in answer["output"]] == ["time"]


@pytest.mark.parametrize(
    ("model", "text", "part"),
    [
        (THINKER, "reasoning_text", "content_part"),
        ("openai/gpt-5-mini", "reasoning_summary_text", "reasoning_summary_part"),
    ],
)
async def test_thoughts_are_an_item_in_front_told_whole_or_in_summary(
    client: httpx.AsyncClient, model: str, text: str, part: str
) -> None:
    """As the model's family tells them."""
    told, _ = await events(client, model=model, reasoning={"effort": "low"})

    assert kinds(told)[2:7] == ["output_item.added", f"{part}.added", f"{text}.delta", f"{text}.done", f"{part}.done"]
    thought, said = told[-1]["response"]["output"]
    assert (thought["type"], said["type"]) == ("reasoning", "message")
    assert told[-1]["response"]["usage"]["output_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize("model", [CLAUDE, "openai/gpt-5-mini", "google/gemini-3-pro-preview", "z-ai/glm-4.6"])
async def test_an_answer_can_be_sent_back_as_it_came(client: httpx.AsyncClient, model: str) -> None:
    """Thoughts with their seal and calls with their results: what the provider checks in a history holds."""
    fields: dict[str, Any] = {"model": model, "reasoning": {"effort": "low"}, "tools": [WEATHER]}
    asks = {"role": "user", "content": "Oslo"}
    first = await whole(client, [asks], "tool_calls=1", **fields)
    call = first["output"][-1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}

    assert text_of(await whole(client, [asks, *first["output"], result], "tool_calls=1", **fields))


async def test_a_seal_that_was_altered_is_refused(client: httpx.AsyncClient) -> None:
    """The history is checked as chat's is."""
    first = await whole(client, model=CLAUDE, reasoning={"effort": "low"})
    thought = {**first["output"][0], "signature": "RU1V" + "A" * 32}
    history = [{"role": "user", "content": "Hello"}, thought, first["output"][1], {"role": "user", "content": "On"}]

    refused = await whole(client, history, model=CLAUDE, status=400)
    assert "signature" in refused["error"]["metadata"]["raw"]


async def test_the_last_user_item_is_the_question_and_instructions_count(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """Items of every role, as text or as parts, with or without a type."""
    picture = {"type": "input_image", "image_url": PIXEL}
    items = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "First"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Second"}, picture]},
    ]
    plain = await whole(client, items, "echo")
    told = await whole(client, items, "echo", instructions="Answer in verse, and at length.")

    assert text_of(plain) == text_of(told) == "Second"
    assert told["instructions"] == "Answer in verse, and at length."
    assert told["usage"]["input_tokens"] > plain["usage"]["input_tokens"]


async def test_two_answers_in_a_row_are_both_read(client: httpx.AsyncClient) -> None:
    """A text never takes the place of another; a thought, a text and a call of one turn belong together."""
    said = [{"role": "assistant", "content": text} for text in ("One is said at some length here.", "Two")]
    asks = {"role": "user", "content": "On"}
    both, second = await whole(client, [*said, asks]), await whole(client, [said[1], asks])

    assert both["usage"]["input_tokens"] > second["usage"]["input_tokens"] + 5


async def test_an_event_that_is_none_passes_between_the_others(client: httpx.AsyncClient) -> None:
    """As a gateway's mistake comes, and the answer goes on behind it."""
    scenario = {HEADER: "text=alpha%20beta; garbage after=1 form=null_choices"}
    response = await client.post(PATH, json=asked(stream=True), headers=scenario)
    told = Stream(response.content, response, None).chunks

    (foreign,) = [event for event in told if "type" not in event]
    assert foreign["choices"] is None
    assert text_of(told[-1]["response"]) == "alpha beta"


async def test_an_answer_has_the_format_asked_for(client: httpx.AsyncClient) -> None:
    """``text.format`` is flat."""
    schema = {"type": "object", "properties": {"name": {"const": "Oslo"}}, "required": ["name"]}
    answer = await whole(client, text={"format": {"type": "json_schema", "name": "city", "schema": schema}})

    assert text_of(answer) == '{"name":"Oslo"}'


async def test_citations_are_annotations_of_the_text(client: httpx.AsyncClient) -> None:
    """Flat here, and each announced."""
    told, _ = await events(client, scenario="citations=2")

    (said,) = told[-1]["response"]["output"]
    announced = [event["annotation"] for event in told if event["type"].endswith("annotation.added")]
    assert announced == said["content"][0]["annotations"]
    assert [note["type"] for note in announced] == ["url_citation"] * 2
    assert all(note["url"].startswith("https://") for note in announced)


async def test_a_picture_is_an_item(client: httpx.AsyncClient) -> None:
    """Its bytes come with the item's end."""
    told, _ = await events(client, model="google/gemini-2.5-flash-image", modalities=["image", "text"])

    painted = told[-1]["response"]["output"][-1]
    assert painted["type"] == "image_generation_call"
    assert painted["result"].startswith("iVBOR")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"store": True}, "store"),
        ({"background": True}, "background"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": [{"type": "nonsense"}]}, "input[0].type"),
        ({"input": [{"type": 7}]}, "input[0].type"),
        ({"input": [{"role": "nobody", "content": "x"}]}, "input[0]"),
        ({"input": [{"type": "function_call", "name": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "input[0]"),
        ({"input": [{"type": "web_search_call"}]}, "input"),
        ({"tools": [{"type": "function", "function": {"name": "nested"}}]}, "tools[0]"),
        ({"tool_choice": {"type": "function"}}, "name"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_tool_calls": 31}, "max_tool_calls"),
        ({"text": {"format": {"type": "nonsense"}}}, "type"),
        ({"reasoning": {"effort": "vast"}}, "effort"),
        ({"temperature": 3}, "temperature"),
        ({"modalities": ["audio"]}, "modalities"),
    ],
)
async def test_what_has_no_shape_of_the_api_is_refused(
    client: httpx.AsyncClient, emulator: Emulator, fields: dict[str, Any], named: str
) -> None:
    """400 in the usual envelope, with the place, and nothing is charged."""
    body = {**asked(), **fields}
    response = await client.post(PATH, json=body)
    refused = response.json()

    assert refused["error"]["code"] == 400
    assert named in refused["error"]["message"]
    assert emulator.ledger.rows == []


async def test_null_is_absent_and_what_only_chat_knows_is_ignored(client: httpx.AsyncClient) -> None:
    """No limit, stop or message of chat's gets through."""
    fields: dict[str, Any] = {
        "previous_response_id": None,
        "tools": None,
        "max_tokens": 1,
        "stop": "a",
        "messages": "none",
    }

    assert text_of(await whole(client, scenario="text=alpha%20beta", **fields)) == "alpha beta"


@pytest.mark.parametrize("status", [401, 402, 404, 429, 502, 503])
async def test_a_refusal_before_the_first_byte_is_the_envelope(client: httpx.AsyncClient, status: int) -> None:
    """With the status, streamed or not."""
    for stream in (False, True):
        refused = await whole(client, scenario=f"error={status}", status=status, stream=stream)
        assert refused["error"]["code"] == status


@pytest.mark.parametrize(
    "form", ["documented", "empty", "null", "bare", "string_code", "no_metadata", "choice", "idle"]
)
async def test_a_failure_in_mid_stream_is_a_failed_answer(client: httpx.AsyncClient, form: str) -> None:
    """What was said until then is kept, the row is free of charge, and the stream ends as streams do."""
    told, stream = await events(client, scenario=f"tokens=9; mid_stream_error after=3 form={form}")

    last = told[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"]["code"] == "server_error"
    assert last["response"]["usage"] is None
    assert last["response"]["output"][0]["status"] == "incomplete"
    assert stream.done


@pytest.mark.parametrize(("code", "named"), [(502, "server_error"), (429, "rate_limit_exceeded")])
async def test_a_failure_of_a_plain_call_is_a_failed_answer_too(
    client: httpx.AsyncClient, emulator: Emulator, code: int, named: str
) -> None:
    """Under status 200, by the names of this API."""
    answer = await whole(client, scenario=f"mid_stream_error code={code}")

    assert (answer["status"], answer["error"]["code"]) == ("failed", named)
    assert answer["error_type"] == "provider_unavailable"
    assert emulator.ledger.rows[0].cost_usd == 0


async def test_an_error_that_only_says_the_limit_was_reached_is_an_ordinary_end(client: httpx.AsyncClient) -> None:
    """Incomplete, with its usage."""
    told, stream = await events(client, scenario="tokens=9; mid_stream_error after=3 form=length_usage")

    assert told[-1]["type"] == "response.incomplete"
    assert told[-1]["response"]["usage"]["output_tokens"] == 3
    assert stream.done


async def test_usage_that_is_missing_is_null(client: httpx.AsyncClient) -> None:
    """In both modes."""
    told, _ = await events(client, scenario="missing_usage")

    assert told[-1]["response"]["usage"] is None
    assert (await whole(client, scenario="missing_usage"))["usage"] is None


async def test_leaving_a_stream_cancels_the_call(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """As it does in chat."""
    body = asked("Hello", stream=True)
    async with client.stream("POST", PATH, json=body, headers={HEADER: "tokens=50; stall after=4"}):
        await emulator.until(lambda running: running.stalled == 1)
    await emulator.settled()

    (row,) = emulator.ledger.rows
    assert row.cancelled
    assert row.completion_tokens == 4
