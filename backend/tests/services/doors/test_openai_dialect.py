"""The chunks of a stream, put together as OpenAI's clients do, are the completion of the same answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import AppError
from app.core.sse_decoder import SseDecoder
from app.schemas.events import (
    Annotation,
    Done,
    Error,
    Event,
    Reasoning,
    Retry,
    Start,
    Text,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from app.services.doors.openai_dialect import completion, openai_chunks, openai_chunks_usage_apart
from app.services.turns.frames import Dialect, Facts, FrameLog
from app.services.turns.runs import Run
from tests.core.properties import SOME

Json = dict[str, Any]
START = Start(generation_id="g", session_id="s", user_message_id="u", assistant_message_id="m", model="a/b")
EXTRA = {"native_finish_reason": "STOP", "service_tier": "flex"}
DONE = Done(status="completed", finish_reason="stop", message_id="m", extra=dict(EXTRA))
USAGE = Usage(
    prompt_tokens=3, completion_tokens=2, total_tokens=5, cost_usd=Decimal("0.1"), extra={"cost": Decimal("0.10")}
)


def chunks(events: Sequence[Event], dialect: Dialect = openai_chunks) -> list[Json]:
    """All chunks of a generation; the stream must end with ``[DONE]``."""
    log = FrameLog(dialect(Facts("g", model="a/b-2026", provider="P", created_s=7)), events)
    *found, last = [event.data for event in SseDecoder().feed(log.since(0))]
    assert last == b"[DONE]"
    return [json.loads(data, parse_float=Decimal) for data in found]


def whole(events: Sequence[Event]) -> Json:
    run = Run.over_with("g", events, None)
    run.learn("a/b-2026", "P")
    run.facts.created_s = 7
    found: Json = completion(run)
    return found


def accumulated(parts: Sequence[Json]) -> Json:
    """What OpenAI's clients make of chunks: texts joined, lists by their index, everything else the last word."""
    message: Json = {}
    choice: Json = {"finish_reason": None}
    for chunk in parts:
        for each in chunk["choices"]:
            for name, value in each["delta"].items():
                _accumulate(message, name, value)
            choice |= {name: value for name, value in each.items() if name != "delta" and value is not None}
    return {**choice, "message": message}


def _accumulate(into: Json, name: str, value: Any) -> None:
    known = into.get(name)
    if known is None or name in ("index", "type"):
        into[name] = value
    elif isinstance(known, str) and isinstance(value, str):
        into[name] = known + value
    elif isinstance(known, dict) and isinstance(value, dict):
        for key, item in value.items():
            _accumulate(known, key, item)
    elif isinstance(known, list):
        for item in value:
            held = next((each for each in known if each["index"] == item["index"]), None)
            if held is None:
                known.append(item)
            else:
                for key, inner in item.items():
                    _accumulate(held, key, inner)


TEXTS = st.text(max_size=4)
SAID = st.one_of(
    st.builds(Text, text=TEXTS),
    st.builds(Text, text=TEXTS, extra=st.just({"images": [{"type": "image_url", "image_url": {"url": "data:,"}}]})),
    st.builds(Text, text=TEXTS, extra=st.just({"refusal": True})),
    st.builds(Reasoning, text=TEXTS),
    st.builds(Annotation, annotation=st.just({"type": "url_citation", "url_citation": {"url": "https://a.example"}})),
    st.builds(
        Retry, attempt=st.just(2), error_code=st.just("x"), message=TEXTS, wait_ms=st.just(1), at=st.just("2026")
    ),
)
CALLS = st.lists(st.lists(st.sampled_from(["", "{", '"a"', ":1", " ", "}"]), max_size=4), max_size=3)


@SOME
@given(st.lists(SAID, max_size=8), CALLS, st.randoms(use_true_random=False))
def test_chunks_add_up_to_the_completion(said: list[Event], calls: list[list[str]], order: Any) -> None:
    """Any answer, with tool calls whose fragments are interleaved in any way."""
    fragments = [(index, part) for index, parts in enumerate(calls) for part in parts or [""]]
    order.shuffle(fragments)
    arguments = ["" for _ in calls]
    events: list[Event] = [START, *said]
    for index, part in fragments:
        arguments[index] += part
        events.append(ToolCallDelta(id=f"c{index}", name=f"f{index}", arguments=part, index=index))
    for index, text in enumerate(arguments):
        events.append(ToolCall(id=f"c{index}", name=f"f{index}", arguments=text.strip() or "{}", index=index))
    events += [USAGE, DONE]
    for dialect in (openai_chunks, openai_chunks_usage_apart):
        parts = chunks(events, dialect)
        got, expected = accumulated(parts), whole(events)
        message, told = got["message"], expected["choices"][0]["message"]
        assert message["role"] == "assistant"
        for name in ("content", "refusal", "reasoning"):
            assert (message.get(name) or None) == (told[name] or None)
        for name in ("annotations", "images"):
            assert [_bare(item) for item in message.get(name, [])] == told.get(name, [])
        streamed = {call["index"]: call for call in message.get("tool_calls", [])}
        for call in told.get("tool_calls", []):
            mine = streamed.pop(call["index"])
            assert mine["function"].pop("arguments").strip() == call["function"].pop("arguments")
            assert mine == call
        assert streamed == {}
        assert (got["finish_reason"], got["native_finish_reason"]) == ("stop", "STOP")
        assert {(part["id"], part["model"], part["provider"], part["created"]) for part in parts} == {
            ("g", "a/b-2026", "P", 7)
        }
        (usage,) = [part["usage"] for part in parts if "usage" in part]
        assert usage == expected["usage"] == {"cost": Decimal("0.10")}
        assert (parts[-1]["choices"] == []) == (dialect is openai_chunks_usage_apart)


def _bare(item: Json) -> Json:
    return {name: value for name, value in item.items() if name != "index"}


def test_arguments_that_never_came_are_an_empty_object() -> None:
    """Clients parse them as JSON (row 32 of the reference)."""
    events: list[Event] = [
        START,
        ToolCallDelta(id="c", name="f", arguments="", index=0),
        ToolCall(id="c", name="f", arguments="{}", index=0),
    ]
    (call,) = accumulated(chunks([*events, DONE]))["message"]["tool_calls"]
    assert call == {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_a_name_that_comes_late_comes() -> None:
    deltas: list[Event] = [
        ToolCallDelta(id="c", name=name, arguments=text, index=0) for name, text in (("", "{"), ("f", "}"))
    ]
    (call,) = accumulated(chunks([START, *deltas, DONE]))["message"]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": "{}"}


def test_probabilities_stay_with_their_words() -> None:
    """Per chunk in a stream, joined in one piece."""
    words: list[Event] = [
        Text(text=word, extra={"logprobs": {"content": [{"token": word}], "refusal": None}}) for word in "ab"
    ]
    parts = chunks([START, *words, DONE])
    assert [part["choices"][0]["logprobs"] for part in parts[:2]] == [
        word.extra and word.extra["logprobs"] for word in words if isinstance(word, Text)
    ]
    assert whole([START, *words, DONE])["choices"][0]["logprobs"] == {
        "content": [{"token": "a"}, {"token": "b"}],
        "refusal": None,
    }


@pytest.mark.parametrize("last", [[], None, {"odd": 1}, "odd"])
def test_probabilities_that_came_stay(last: Any) -> None:
    """Also when the last chunk holds none, or something else in their place."""
    words = [Text(text="a", extra={"logprobs": {"content": content}}) for content in ([{"token": "a"}], last)]
    assert whole([START, *words, DONE])["choices"][0]["logprobs"] == {"content": [{"token": "a"}]}


def test_sound_in_pieces_is_one_sound() -> None:
    """Each piece may be padded by itself; the transcript is joined, the id the last one."""
    pieces = [
        {"id": "x", "data": base64.b64encode(data).decode(), "transcript": text}
        for data, text in ((b"a", "He"), (b"bc", "llo"))
    ]
    events: list[Event] = [START, *(Text(text="", extra={"audio": piece}) for piece in pieces), DONE]
    audio = whole(events)["choices"][0]["message"]["audio"]
    assert (base64.b64decode(audio["data"]), audio["transcript"], audio["id"]) == (b"abc", "Hello", "x")


def test_an_answer_without_words_is_still_an_answer() -> None:
    """One chunk, with the role and the reason."""
    (only,) = chunks([START, DONE])
    assert only["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert whole([START, DONE])["choices"][0]["message"]["content"] == ""


def test_usage_that_nobody_knows_is_not_told_as_zeros() -> None:
    events: list[Event] = [START, Text(text="a"), Usage(), DONE]
    assert whole(events)["usage"] is None
    for dialect in (openai_chunks, openai_chunks_usage_apart):
        assert all("usage" not in chunk for chunk in chunks(events, dialect))


def test_usage_without_the_provider_s_object_is_told_by_our_figures() -> None:
    """After the journal is gone; a cost that nobody knows is null."""
    old = Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5, cached_tokens=1)
    assert whole([START, old, DONE])["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
        "cost": None,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert whole([START, DONE])["usage"] is None
    half = whole([START, Usage(prompt_tokens=3), DONE])["usage"]
    assert (half["prompt_tokens"], half["completion_tokens"], half["total_tokens"]) == (3, None, None)


RUBBISH: list[tuple[Json, Json | None]] = [
    ({"prompt_tokens": -1, "completion_tokens": 2}, {"prompt_tokens": None, "completion_tokens": 2}),
    ({"prompt_tokens": Decimal("1e30"), "cost": Decimal("0.5")}, {"prompt_tokens": None, "cost": Decimal("0.5")}),
    ({"prompt_tokens": "12", "completion_tokens": "many"}, {"prompt_tokens": 12, "completion_tokens": None}),
    ({"prompt_tokens": Decimal("3.0"), "total_tokens": Decimal("3.5")}, {"prompt_tokens": 3, "total_tokens": None}),
    (
        {"prompt_tokens": 8, "completion_tokens": 4, "total_tokens": Decimal("12.5")},
        {"prompt_tokens": 8, "completion_tokens": 4, "total_tokens": 12},
    ),
    (
        {"prompt_tokens": -3, "completion_tokens": 4, "total_tokens": None},
        {"prompt_tokens": None, "completion_tokens": 4, "total_tokens": None},
    ),
    ({"prompt_tokens": 1, "cost": "0.25"}, {"prompt_tokens": 1, "cost": Decimal("0.25")}),
    ({"prompt_tokens": 1, "cost": -1}, {"prompt_tokens": 1, "cost": None}),
    ({"prompt_tokens": 1, "cost": Decimal("1e30")}, {"prompt_tokens": 1, "cost": None}),
    ({"prompt_tokens": 1, "cost": "free"}, {"prompt_tokens": 1, "cost": None}),
    ({"prompt_tokens": 1, "cost": True}, {"prompt_tokens": 1, "cost": None}),
    ({"prompt_tokens": 1, "cost": Decimal("1E+400")}, {"prompt_tokens": 1, "cost": None}),
    (
        {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": -5, "audio_tokens": 0, "x": {"y_tokens": []}}},
        {
            "prompt_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": None, "audio_tokens": 0, "x": {"y_tokens": None}},
        },
    ),
    (
        {"prompt_tokens": 1, "cost_details": {"upstream_inference_cost": "-3"}, "is_byok": False, "new": 10**40},
        {"prompt_tokens": 1, "cost_details": {"upstream_inference_cost": None}, "is_byok": False, "new": None},
    ),
    ({"prompt_tokens": -1, "cost": "free"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("told", "shown"), RUBBISH)
def test_figures_that_cannot_be_are_not_passed_on(told: Json, shown: Json | None) -> None:
    """Clients add them up, and compare them with limits."""
    assert whole([START, Text(text="a"), Usage(extra=told), DONE])["usage"] == shown


@pytest.mark.parametrize("kind", list(AppError.tree()), ids=lambda kind: kind.__name__)
def test_every_error_is_told_in_the_documented_form(kind: type[AppError]) -> None:
    """Code, message and type, with what the answer had cost by then; after it nothing but the end."""
    error = Error(error_code=kind.code, message="m", retryable=False, hint="h")
    ended = Done(status="failed", finish_reason=None, message_id="m")
    *_, last = chunks([START, Text(text="a"), USAGE, error, ended])
    assert last["error"]["message"] == "m. h"
    assert last["error"]["metadata"] == {"error_type": kind.code}
    assert 400 <= last["error"]["code"] < 600
    assert (last["choices"][0]["finish_reason"], last["usage"]) == ("error", {"cost": Decimal("0.10")})
