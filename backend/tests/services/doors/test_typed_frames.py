"""The typed dialect: what its clients see of a generation's events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sse_decoder import SseDecoder
from app.schemas.events import Annotation, Done, Error, Event, Reasoning, Start, Text, ToolCall, Usage
from app.schemas.typed import RoutingUsed
from app.services.doors.typed_frames import TypedDialect, whole_answer
from app.services.turns.frames import Facts
from tests.core.properties import SOME
from tests.services.console_frames import events_of_all_kinds

Json = dict[str, Any]
START = Start(generation_id="g", session_id="", user_message_id="", assistant_message_id="", model="a/asked")
DONE = Done(status="completed", finish_reason="stop", message_id="", extra={"native_finish_reason": "end_turn"})
CITED: Json = {"type": "url_citation", "url_citation": {"url": "https://a.example"}}
CALL = ToolCall(id="c", name="f", arguments='{"x":1}', index=0)
WIRE: Json = {
    "prompt_tokens": 254,
    "completion_tokens": 5,
    "cost": Decimal("0.000837"),
    "is_byok": True,
    "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 7, "audio_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 3, "image_tokens": 4, "audio_tokens": 1},
    "cost_details": {
        "upstream_inference_cost": Decimal("0.000837"),
        "upstream_inference_prompt_cost": Decimal("0.000762"),
        "upstream_inference_completions_cost": "7.5e-5",
    },
}
USED = Usage(
    prompt_tokens=254,
    completion_tokens=5,
    total_tokens=259,
    cached_tokens=1,
    reasoning_tokens=3,
    cost_usd=Decimal("0.000837"),
    cost_state="settled",
    model="a/answering",
    provider="P",
    upstream_id="gen-1",
    latency_ms=120,
    first_token_ms=20,
    tokens_per_second=50.0,
    finish_reason="stop",
    extra=WIRE,
)


def frames(events: Iterable[Event], dialect: TypedDialect | None = None) -> list[tuple[str, Any]]:
    """Names and data of what a client of the dialect reads."""
    encode = (dialect or TypedDialect())(Facts("g"))
    data = b"".join(encode(seq, event) for seq, event in enumerate(events, 1))
    assert b"id:" not in data.split(b"data:")[0]
    return [(frame.event, json.loads(frame.data, parse_float=Decimal)) for frame in SseDecoder().feed(data)]


def used(usage: Usage | None = USED, *said: Event, dialect: TypedDialect | None = None) -> Json:
    events: list[Event] = [START, *said, *([usage] if usage else []), DONE]
    (found,) = [data for name, data in frames(events, dialect) if name == "usage"]
    return dict(found)


def test_a_whole_answer_in_order() -> None:
    """Reasoning apart from content; usage and done at the end; nothing of what others see."""
    said: list[Event] = [Reasoning(text="hm"), Text(text="Hel"), Text(text="lo"), CALL, Annotation(annotation=CITED)]
    got = frames([START, *said, USED, DONE])
    assert [name for name, _ in got] == ["reasoning", "content", "content", "tool_call", "annotation", "usage", "done"]
    assert [data for name, data in got if name != "usage"] == [
        {"text": "hm"},
        {"text": "Hel"},
        {"text": "lo"},
        {"id": "c", "name": "f", "arguments": '{"x":1}', "index": 0},
        CITED,
        {"completed": True},
    ]


def test_nothing_follows_an_error() -> None:
    """Neither usage nor done, which would say that the answer is whole; and no usage before it."""
    assert [name for name, _ in frames(events_of_all_kinds())] == [
        "reasoning",
        "content",
        "tool_call",
        "annotation",
        "error",
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("upstream_error", "upstream_http_error"),
        ("upstream_timeout", "timeout"),
        ("upstream_midstream", "network_error"),
        ("upstream_truncated", "connection_error"),
        ("upstream_unavailable", "api_unavailable"),
        ("missing_key", "api_error"),
        ("a_code_of_tomorrow", "unexpected_error"),
    ],
)
def test_errors_have_one_of_seven_types(code: str, kind: str) -> None:
    error = Error(error_code=code, message="It broke.", retryable=False, hint="Mend it.")
    broken = Done(status="failed", finish_reason=None, message_id="")
    assert frames([START, USED, error, broken]) == [("error", {"error": "It broke. Mend it.", "type": kind})]


def test_an_answer_that_broke_after_its_finish_is_whole() -> None:
    """Row 11 of the reference's table: nothing is missing, and it is paid; both ways of reading say so."""
    error = Error(error_code="upstream_midstream", message="Token limit reached", retryable=True, hint="")
    cut: list[Event] = [
        START,
        Text(text="a"),
        USED,
        error,
        Done(status="truncated", finish_reason="length", message_id=""),
    ]
    got = frames(cut)
    assert [name for name, _ in got] == ["content", "usage", "done"]
    assert (got[1][1]["cost"], got[2][1]) == (Decimal("0.000837"), {"completed": True})
    assert whole_answer(cut, TypedDialect())["usage"].cost == Decimal("0.000837")


def test_usage_has_the_figures_under_both_names() -> None:
    """The console's, and what clients of the dialect read; money is exact."""
    usage = used(USED, Text(text="a"), Text(text="b"), Reasoning(text="c"), CALL, Annotation(annotation=CITED))
    assert (usage["requested_model"], usage["actual_model"], usage["model"]) == (
        "a/asked",
        "a/answering",
        "a/answering",
    )
    assert (usage["provider"], usage["upstream_id"]) == ("P", "gen-1")
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (254, 5, 259)
    assert (usage["cached_tokens"], usage["cache_write_tokens"], usage["reasoning_tokens"]) == (1, 7, 3)
    assert (usage["audio_tokens"], usage["image_tokens"]) == (3, 4)
    assert usage["cost"] == usage["cost_usd"] == usage["upstream_cost"] == Decimal("0.000837")
    assert (usage["prompt_cost"], usage["completion_cost"]) == (Decimal("0.000762"), Decimal("0.000075"))
    assert (usage["is_byok"], usage["cost_state"]) == (True, "settled")
    assert (usage["duration_ms"], usage["latency_ms"], usage["tokens_per_second"]) == (120, 120, 50)
    assert (usage["finish_reason"], usage["native_finish_reason"]) == ("stop", "end_turn")
    assert (usage["content_events"], usage["reasoning_events"]) == (2, 1)
    assert (usage["tool_call_events"], usage["annotation_events"]) == (1, 1)


def test_usage_that_nobody_told_is_unknown_and_never_zero() -> None:
    usage = used(None, Text(text="a"))
    assert (usage["cost"], usage["cost_usd"], usage["cost_state"]) == (None, None, "unknown")
    assert (usage["prompt_tokens"], usage["is_byok"], usage["audio_tokens"]) == (None, None, None)
    assert (usage["requested_model"], usage["content_events"], usage["finish_reason"]) == ("a/asked", 1, "stop")


@pytest.mark.parametrize(
    "extra",
    [
        None,
        {},
        {"prompt_tokens_details": None, "completion_tokens_details": None, "cost_details": None, "is_byok": None},
        {"prompt_tokens_details": [], "completion_tokens_details": "x", "cost_details": 5, "is_byok": "yes"},
        {"prompt_tokens_details": {"audio_tokens": -1, "cache_write_tokens": "7"}},
        {"completion_tokens_details": {"image_tokens": True, "audio_tokens": 1.5}},
        {"cost_details": {"upstream_inference_prompt_cost": "NaN", "upstream_inference_cost": -1}},
        {"cost_details": {"upstream_inference_completions_cost": [1], "upstream_inference_cost": True}},
    ],
)
def test_details_of_any_shape_break_nothing(extra: Json | None) -> None:
    """Providers leave out, null or mistype all of them; what cannot be read is null."""
    usage = used(Usage(prompt_tokens=1, extra=extra))
    names = ("audio_tokens", "image_tokens", "cache_write_tokens", "is_byok")
    costs = ("prompt_cost", "completion_cost", "upstream_cost")
    assert [usage[name] for name in (*names, *costs)] == [None] * 7


def test_routing_is_told_as_asked_and_as_applied() -> None:
    routing = RoutingUsed(providers=["p"], max_price=Decimal("1.5"), applied={"provider": {"order": ["p"]}})
    usage = used(dialect=TypedDialect(routing=routing))
    assert usage["routing"] == {
        "sort": None,
        "providers": ["p"],
        "fallbacks": None,
        "max_price": Decimal("1.5"),
        "require_parameters": None,
        "applied": {"provider": {"order": ["p"]}},
    }


def test_hidden_reasoning_is_not_sent_whatever_the_provider_does() -> None:
    hiding = TypedDialect(hides_reasoning=True)
    said: list[Event] = [START, Reasoning(text="secret"), Text(text="a"), USED, DONE]
    assert [name for name, _ in frames(said, hiding)] == ["content", "usage", "done"]
    assert used(USED, Reasoning(text="secret"), dialect=hiding)["reasoning_events"] == 0
    assert "reasoning" not in whole_answer(said, hiding)


def test_a_stopped_answer_is_not_completed() -> None:
    stopped = Done(status="stopped", finish_reason=None, message_id="")
    assert frames([START, Text(text="a"), stopped])[-1] == ("done", {"completed": False})


def test_one_body_has_what_the_answer_has() -> None:
    """Optional fields only where there is something in them; usage as in the stream."""
    said: list[Event] = [Reasoning(text="h"), Reasoning(text="m"), Text(text="Hel"), Text(text="lo"), CALL]
    whole = whole_answer([START, *said, Annotation(annotation=CITED), USED, DONE], TypedDialect())
    usage = whole.pop("usage")
    assert whole == {
        "content": "Hello",
        "reasoning": "hm",
        "tool_calls": [{"id": "c", "name": "f", "arguments": '{"x":1}', "index": 0}],
        "annotations": [CITED],
    }
    assert (usage.content_events, usage.requested_model) == (2, "a/asked")
    assert whole_answer([START, DONE], TypedDialect()).keys() == {"content", "usage"}


@SOME
@given(st.lists(st.tuples(st.sampled_from([Text, Reasoning]), st.text())))
def test_any_text_survives(said: list[tuple[type[Text | Reasoning], str]]) -> None:
    """Line breaks, quotes and separators; the two ways of reading agree."""
    events: list[Event] = [START, *(kind(text=text) for kind, text in said), DONE]
    got = frames(events)
    content = "".join(text for kind, text in said if kind is Text)
    assert "".join(data["text"] for name, data in got if name == "content") == content
    assert whole_answer(events, TypedDialect())["content"] == content
