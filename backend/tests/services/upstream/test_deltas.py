"""Chunks as events: every shape on record, in any grouping into reads."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UpstreamGarbage
from app.schemas.events import (
    Annotation,
    Event,
    Reasoning,
    Text,
    ToolCall,
    ToolCallDelta,
)
from app.services.upstream.accumulator import fold
from app.services.upstream.deltas import DeltaReader, carries_more
from app.services.upstream.wire import Chunk, decode_chunk
from tests.core.properties import MANY

Json = dict[str, Any]


def chunk(delta: Json | None = None, finish: str | None = None, **fields: Any) -> Chunk:
    """One chunk of one choice, as it is decoded from the wire."""
    choices = [{"index": 0, "delta": {"role": "assistant"} | (delta or {}), "finish_reason": finish}]
    return decode_chunk(json.dumps({"id": "gen-1", "choices": choices} | fields).encode())


def read(*chunks: Chunk) -> tuple[DeltaReader, list[Event]]:
    """Each chunk in a read of its own."""
    reader = DeltaReader()
    events = [event for one in chunks for event in reader.feed([one])]
    return reader, [*events, *reader.finish()]


def call(
    index: int | None = None, id_: str | None = None, name: str | None = None, arguments: str | None = None
) -> Chunk:
    """A chunk with one fragment of a tool call; what is None is absent."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fragment = {key: value for key, value in (("index", index), ("id", id_)) if value is not None}
    return chunk({"content": None, "tool_calls": [fragment | ({"function": function} if function else {})]})


def calls_of(*chunks: Chunk) -> list[tuple[str, str]]:
    """Names and arguments of the complete calls; ids are distinct and not empty, indices count up."""
    _, events = read(*chunks)
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [made.index for made in calls] == list(range(len(calls)))
    assert len({made.id for made in calls}) == len(calls)
    assert all(made.id for made in calls)
    for delta in events:
        if isinstance(delta, ToolCallDelta):
            assert delta.id == calls[delta.index].id
    return [(made.name, made.arguments) for made in calls]


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "cost": 0.000837}
USAGE_CHUNKS = {
    "no choices": chunk(usage=USAGE, choices=[]),
    "null choices": chunk(usage=USAGE, choices=None),
    "an empty delta": chunk({"content": ""}, usage=USAGE),
    "a repeated finish": chunk({"content": ""}, "length", usage=USAGE),
}


@pytest.mark.parametrize("shape", USAGE_CHUNKS)
@pytest.mark.parametrize("position", ["before the text", "before the finish", "last"])
def test_usage_is_read_wherever_it_stands(shape: str, position: str) -> None:
    """The first finish reason counts, and a usage chunk adds no text."""
    usage, text, finish = USAGE_CHUNKS[shape], chunk({"content": "Hi"}), chunk({"content": ""}, "stop")
    orders = {
        "before the text": [usage, text, finish],
        "before the finish": [text, usage, finish],
        "last": [text, finish, usage],
    }
    reader, events = read(*orders[position])
    assert events == [Text(text="Hi")]
    assert reader.usage is not None
    assert (reader.usage.total_tokens, reader.usage.cost_text) == (8, "0.000837")
    early = shape == "a repeated finish" and position != "last"
    assert reader.finish_reason == ("length" if early else "stop")


def test_the_last_usage_that_is_not_null_counts() -> None:
    """Usage missing, null or twice."""
    reader, _ = read(chunk(usage={"total_tokens": 1}), chunk(usage={"total_tokens": 2}), chunk(usage=None), chunk())
    assert reader.usage is not None
    assert reader.usage.total_tokens == 2
    assert read(chunk(), chunk(usage=None))[0].usage is None


ERROR = {"code": 502, "message": "Provider disconnected"}
FAILED = {
    "documented": chunk({"content": ""}, "error", error=ERROR),
    "empty choices": chunk(error=ERROR, choices=[]),
    "null choices": chunk(error=ERROR, choices=None),
    "alone": decode_chunk(json.dumps({"error": ERROR}).encode()),
    "with usage": chunk({"content": ""}, usage=USAGE, error={"code": "server_error", "message": "x"}),
    "in the choice": chunk(choices=[{"index": 0, "delta": {"content": ""}, "error": ERROR, "finish_reason": "error"}]),
    "as text": chunk(error="broken"),
}


@pytest.mark.parametrize("form", FAILED)
def test_an_error_is_seen_in_each_of_its_forms(form: str) -> None:
    """The first chunk that reports one is kept; the text before it and after it is text."""
    reader, events = read(chunk({"content": "a"}), FAILED[form], chunk({"content": "b"}), chunk(error={"code": 1}))
    assert reader.failed is FAILED[form]
    assert fold(events).content() == "ab"


@pytest.mark.parametrize("nothing", [None, False, {}, ""])
def test_an_error_that_is_none(nothing: Any) -> None:
    """A key that is present but says nothing is no error."""
    assert read(chunk({"content": "a"}, error=nothing))[0].failed is None


def _detail(**fields: Any) -> Json:
    return {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"} | fields


REASONING: dict[str, tuple[Json, str]] = {
    "plain": ({"reasoning": "We"}, "We"),
    "both": ({"reasoning": "We", "reasoning_details": [_detail(text="We")]}, "We"),
    "details only": ({"reasoning_details": [_detail(text="We")]}, "We"),
    "summary": ({"reasoning_details": [{"type": "reasoning.summary", "summary": "We", "index": 0}]}, "We"),
    "the other spelling": ({"reasoning_content": "We"}, "We"),
    "both spellings": ({"reasoning_content": "We", "reasoning": "We"}, "We"),
    "a null text": ({"reasoning_details": [_detail(text=None), _detail(text="We")]}, "We"),
    "encrypted": ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "[REDACTED]", "index": 0}]}, ""),
    "text of another type": ({"reasoning_details": [{"type": "reasoning.text", "text": 7}]}, ""),
}


@pytest.mark.parametrize("spelling", REASONING)
def test_reasoning_is_shown_once(spelling: str) -> None:
    """However it is spelt; the details are kept, whatever is in them."""
    delta, text = REASONING[spelling]
    _, events = read(chunk({"content": ""} | delta))
    assert events == [Reasoning(text=text, details=delta.get("reasoning_details"))]


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"content": ""},
        {"content": None},
        {"content": "", "reasoning": None, "reasoning_details": []},
        {"reasoning": "", "tool_calls": [], "annotations": []},
        {"refusal": None},
    ],
)
def test_a_delta_without_news_is_no_event(delta: Json) -> None:
    assert read(chunk(delta))[1] == []


def test_keep_alives_are_no_events() -> None:
    """No choices, null choices, a choice without a delta, a debug chunk."""
    chunks = [chunk(choices=[]), chunk(choices=None), chunk(choices=[{"index": 0}]), chunk(debug={"x": 1}, choices=[])]
    assert read(*chunks)[1] == []


def test_one_delta_may_carry_everything() -> None:
    """Reasoning first, then annotations, text, refusal and the fragment of a call."""
    delta = {
        "reasoning": "r",
        "content": "t",
        "refusal": "no",
        "annotations": [{"type": "url_citation"}, {"type": "file"}],
        "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}],
    }
    _, events = read(chunk({"content": "a"}), chunk(delta))
    assert [type(event) for event in events] == [
        Text, Reasoning, Annotation, Annotation, Text, Text, ToolCallDelta, ToolCall,
    ]  # fmt: skip
    assert fold(events).content() == "atno"


def test_who_answers_is_read_from_the_first_chunk_that_says_it() -> None:
    """Empty and missing fields say nothing."""
    chunks = [
        chunk(id="", model="", provider=None),
        chunk(id=None, model="a/b-2025", provider="P"),
        chunk(id="gen-2", model="other", provider="Q"),
        chunk(id="gen-3"),
    ]
    reader, _ = read(*chunks)
    assert (reader.upstream_id, reader.model, reader.provider) == ("gen-2", "a/b-2025", "P")


WHOLE = '{"city":"Paris"}'
CALLS = {
    "in pieces": ([call(0, "a", "f", ""), call(0, None, None, '{"city":'), call(0, None, None, '"Paris"}')], [WHOLE]),
    "whole in one delta": ([call(0, "a", "f", WHOLE)], [WHOLE]),
    "name and id repeated": ([call(0, "a", "f", WHOLE[:5]), call(0, "a", "f", WHOLE[5:])], [WHOLE]),
    "empty id later": ([call(0, "a", "f", WHOLE[:5]), call(0, "", "", WHOLE[5:])], [WHOLE]),
    "no id": ([call(0, None, "f", WHOLE[:5]), call(0, None, None, WHOLE[5:])], [WHOLE]),
    "no index": ([call(None, "a", "f", WHOLE[:5]), call(None, None, None, WHOLE[5:])], [WHOLE]),
    "neither": ([call(None, None, "f", WHOLE[:5]), call(None, None, None, WHOLE[5:])], [WHOLE]),
    "late name": ([call(0, "a", None, ""), call(0, "a", "f", WHOLE)], [WHOLE]),
    "no arguments": ([call(0, "a", "f")], ["{}"]),
    "empty arguments": ([call(0, "a", "f", ""), call(0, None, None, "")], ["{}"]),
    "white space after": ([call(0, "a", "f", WHOLE), call(0, None, None, " \n")], [WHOLE]),
    "no id, name repeated": ([call(0, "", "f", piece) for piece in (" ", WHOLE[:5], WHOLE[5:], " ")], [WHOLE]),
    "two of one name, no id": ([call(0, "", "f", WHOLE), call(0, "", "f", WHOLE)], [WHOLE, WHOLE]),
    "two of one name, neither": ([call(None, None, "f", WHOLE), call(None, None, "f", WHOLE)], [WHOLE, WHOLE]),
    "cut in an escape": ([call(0, "a", "f", '{"x":"\\'), call(0, None, None, 'n"}')], ['{"x":"\\n"}']),
}


@pytest.mark.parametrize("form", CALLS)
def test_one_call_is_assembled(form: str) -> None:
    """Fields may be missing, empty or repeated in its fragments; arguments after whole ones are another call's."""
    chunks, expected = CALLS[form]
    assert calls_of(*chunks) == [("f", arguments) for arguments in expected]


def test_arguments_sent_as_an_object_become_their_text() -> None:
    delta = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]}
    ((_, arguments),) = calls_of(chunk(delta))
    assert json.loads(arguments) == {"x": 1}


PARALLEL = {
    "interleaved by index": [
        call(0, "a", "f", ""), call(1, "b", "g", ""), call(0, None, None, "1"), call(1, None, None, "2"),
    ],
    "interleaved by id, no index": [
        call(None, "a", "f", ""), call(None, "b", "g", ""), call(None, "a", None, "1"), call(None, "b", None, "2"),
    ],
    "interleaved by id, all of index 0": [
        call(0, "a", "f", ""), call(0, "b", "g", ""), call(0, "a", "f", "1"), call(0, "b", "g", "2"),
    ],
    "one after the other, all of index 0": [call(0, "a", "f", "1"), call(0, "b", "g", ""), call(0, None, None, "2")],
    "one after the other, no index": [call(None, "a", "f", "1"), call(None, "b", "g", "2")],
    "the same id": [call(0, "a", "f", "1"), call(1, "a", "g", "2")],
    "the same id, repeated": [
        call(0, "a", "f", ""), call(1, "a", "g", ""), call(1, "a", "g", "2"), call(0, "a", "f", "1"),
    ],
    "the same id and index": [call(0, "a", "f", "1"), call(0, "a", "g", "2")],
    "no id": [call(0, None, "f", ""), call(1, None, "g", "2"), call(0, None, None, "1")],
    "neither id nor index": [call(None, None, "f", "1"), call(None, None, "g", "2")],
    "indices that do not begin at 0": [call(3, "a", "f", ""), call(7, "b", "g", "2"), call(3, None, None, "1")],
}  # fmt: skip


@pytest.mark.parametrize("form", PARALLEL)
def test_parallel_calls_are_told_apart(form: str) -> None:
    """Fragments go to the call they belong to; arguments are never mixed."""
    assert calls_of(*PARALLEL[form]) == [("f", "1"), ("g", "2")]


def test_fragments_in_one_delta_are_read_in_order() -> None:
    delta = {
        "tool_calls": [
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": "1"}},
            {"index": 1, "id": "b", "function": {"name": "f", "arguments": "2"}},
        ]
    }
    assert calls_of(chunk(delta)) == [("f", "1"), ("f", "2")]


def test_calls_are_complete_only_at_the_end() -> None:
    """Arguments that parse before mean nothing: more may come."""
    reader = DeltaReader()
    events = reader.feed([call(0, "a", "f", "{}"), chunk({"content": ""}, "tool_calls")])
    assert not any(isinstance(event, ToolCall) for event in events)
    assert [type(event) for event in reader.finish()] == [ToolCall]
    assert reader.finish() == []


FRAGMENTS = st.builds(
    call,
    st.sampled_from([0, 0, 1, None]),
    st.sampled_from(["a", "b", "", None]),
    st.sampled_from(["f", "g", "", None]),
    st.sampled_from(["", "1", '{"x":', "}"]),
)
DETAILS = st.lists(
    st.sampled_from([_detail(text="x"), _detail(signature="s"), {"type": "reasoning.encrypted"}]), max_size=2
)
PIECES = st.sampled_from(["", "a", "é", "\n", None])
CHUNKS = st.lists(
    FRAGMENTS
    | st.builds(lambda text: chunk({"content": text}), PIECES)
    | st.builds(lambda text: chunk({"reasoning": text}), PIECES)
    | st.builds(lambda text, details: chunk({"reasoning": text, "reasoning_details": details}), PIECES, DETAILS)
    | st.builds(lambda text: chunk({"reasoning_content": text, "content": "c"}), PIECES)
    | st.builds(lambda text: chunk({"refusal": text, "annotations": [{"type": "file"}]}), PIECES)
    | st.builds(lambda finish: chunk({"content": ""}, finish, usage=USAGE), st.sampled_from(["stop", "length", None]))
    | st.just(chunk(choices=[]))
    | st.just(chunk(error=ERROR)),
    max_size=12,
)


def _folded(events: list[Event]) -> object:
    """The message, with synthesised ids made comparable."""
    ids: dict[str, str] = {}
    parts = [
        {"id": ids.setdefault(part.id, f"#{len(ids)}"), "name": part.name, "arguments": part.arguments}
        if part.type == "tool_call"
        else part
        for part in fold(events).parts()
    ]
    return parts, [event.annotation for event in events if isinstance(event, Annotation)]


@MANY
@given(CHUNKS, st.lists(st.integers(0, 12), max_size=6))
def test_how_chunks_are_grouped_into_reads_changes_nothing(chunks: list[Chunk], cuts: list[int]) -> None:
    """One chunk per read, all in one read or anything between folds to the same message, ending and figures."""
    alone, one_by_one = read(*chunks)
    grouped, events = DeltaReader(), list[Event]()
    ends = [0, *sorted(min(cut, len(chunks)) for cut in cuts), len(chunks)]
    for begin, end in itertools.pairwise(ends):
        events += grouped.feed(chunks[begin:end])
    events += grouped.finish()
    assert _folded(events) == _folded(one_by_one)
    assert (grouped.finish_reason, grouped.usage, grouped.failed) == (alone.finish_reason, alone.usage, alone.failed)


@MANY
@given(CHUNKS)
def test_no_character_is_lost_or_invented(chunks: list[Chunk]) -> None:
    """Text and the arguments of all calls hold exactly what the deltas held."""
    deltas = [one.choices[0].delta for one in chunks if one.choices and one.choices[0].delta]
    text = "".join((delta.content or "") + (delta.refusal or "") for delta in deltas)
    reader = DeltaReader()
    events = reader.feed(chunks)
    assert fold(events).content() == text
    sent = "".join(event.arguments for event in events if isinstance(event, ToolCallDelta))
    fragments = [fragment for delta in deltas for fragment in delta.tool_calls or ()]
    assert sent == "".join((one.function.arguments or "") if one.function else "" for one in fragments)
    complete = [event.arguments for event in reader.finish() if isinstance(event, ToolCall)]
    assert sorted("".join(complete).replace("{}", "")) == sorted(sent)


def test_what_is_nested_too_deeply_is_garbage() -> None:
    """It could be read but not written again, and would make its message unreadable."""
    nested: Any = "x"
    for _ in range(100):
        nested = [nested]
    with pytest.raises(UpstreamGarbage):
        read(chunk({"reasoning_details": [{"type": "reasoning.text", "text": "hm", "x": nested}]}))
    with pytest.raises(UpstreamGarbage):
        read(chunk({"annotations": [{"x": nested}]}))


def several(*choices: tuple[int, Json, str | None]) -> Chunk:
    """One chunk of choices with numbers of their own."""
    listed = [{"index": index, "delta": delta, "finish_reason": finish} for index, delta, finish in choices]
    return decode_chunk(json.dumps({"id": "gen-1", "choices": listed}).encode())


@pytest.mark.parametrize("number", [0, 1, 7])
def test_of_several_choices_one_is_read_to_its_end(number: int) -> None:
    """However they come, in chunks of their own or together: text, calls and finish of the one that spoke first."""
    other = 3
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    reader, events = read(
        several((number, {"content": "one"}, None)),
        several((other, {"content": "X", "tool_calls": [{**call, "id": "x"}]}, None)),
        several((other, {"content": "Y"}, "length"), (number, {"content": " two"}, None)),
        several((other, {}, "length")),
        several((number, {"tool_calls": [call]}, None), (other, {"content": "Z"}, None)),
        several((number, {}, "tool_calls"), (other, {}, "stop")),
    )
    assert fold(events).content() == "one two"
    assert [event.id for event in events if isinstance(event, ToolCall)] == ["c"]
    assert reader.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "said",
    [
        {"content": "a"}, {"reasoning": "a"}, {"reasoning_content": "a"}, {"refusal": "a"}, {"audio": {"data": "a"}},
        {"images": [{"type": "image_url"}]}, {"annotations": [{"type": "file"}]},
        {"tool_calls": [{"index": 0, "function": {"name": "f"}}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
    ],
)  # fmt: skip
def test_whatever_gives_an_event_says_something(said: Json) -> None:
    """An error after it is one in the middle of an answer."""
    one = chunk(said)
    delta = one.choices[0].delta if one.choices else None
    assert delta is not None
    assert DeltaReader().feed([one])
    assert bool(delta.content) or carries_more(delta)
