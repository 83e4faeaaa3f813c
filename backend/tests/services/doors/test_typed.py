"""Requests of the typed dialect: what is refused, and what each field becomes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.schemas.model_facts import ModelFacts, ReasoningFacts
from app.schemas.typed import TypedChat
from app.services.doors.typed import parameters_of, routing_used, upstream_messages
from app.services.upstream.request import thinking_by_default, wire_parameters

Json = dict[str, Any]

SAMPLING: Json = {
    "temperature": 0.3,
    "top_p": 0.9,
    "top_k": 40,
    "frequency_penalty": -0.5,
    "presence_penalty": 0.5,
    "repetition_penalty": 1.1,
    "min_p": 0.1,
    "top_a": 0.2,
    "seed": 7,
}
ROUTING: Json = {
    "sort": "throughput",
    "providers": ["deepinfra", "together"],
    "fallbacks": ["b/c", "d/e"],
    "max_price": {"prompt": 1, "completion": 2},
    "require_parameters": True,
}
ROUTED: Json = {
    "provider": {
        "order": ["deepinfra", "together"],
        "sort": "throughput",
        "max_price": {"prompt": 1, "completion": 2},
        "require_parameters": True,
    },
    "models": ["b/c", "d/e"],
}


def request(**fields: Any) -> TypedChat:
    return TypedChat.model_validate({"message": "Hi", **fields})


def thinker(effort: str | None = "low", *, is_reasoning: bool = True) -> ModelFacts:
    return ModelFacts(
        id="a/b",
        family="a",
        context_length=None,
        max_output_tokens=None,
        supported_parameters=frozenset({"reasoning"} if is_reasoning else ()),
        input_modalities=frozenset({"text"}),
        is_reasoning=is_reasoning,
        reasoning=ReasoningFacts(default_effort=effort),
    )


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({}, {}),
        ({"sampling": SAMPLING}, SAMPLING),
        (SAMPLING, SAMPLING),
        ({"sampling": {"temperature": 0.3}, "top_p": 0.9, "temperature": 0.3}, {"temperature": 0.3, "top_p": 0.9}),
        ({"routing": ROUTING}, ROUTED),
        (ROUTING, ROUTED),
        ({"routing": {"max_price": 1.5}}, {"provider": {"max_price": {"prompt": 1.5, "completion": 1.5}}}),
        ({"sort": {"by": "price", "partition": "none"}}, {"provider": {"sort": {"by": "price", "partition": "none"}}}),
        ({"providers": ["p"], "provider": {"zdr": True}}, {"provider": {"zdr": True, "order": ["p"]}}),
        ({"require_parameters": False}, {"provider": {"require_parameters": False}}),
        ({"models": ["b/c"]}, {"models": ["b/c"]}),
        ({"web_search": True}, {"web_search": True}),
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"reasoning_max_tokens": 2000}, {"reasoning": {"max_tokens": 2000}}),
        ({"hide_reasoning": True}, {"reasoning": {"exclude": True}}),
        (
            {"reasoning_effort": "high", "hide_reasoning": True},
            {"reasoning_effort": "high", "reasoning": {"exclude": True}},
        ),
        ({"disable_reasoning": False}, {}),
    ],
)
def test_each_field_becomes_a_parameter(fields: Json, becomes: Json) -> None:
    """Grouped and flat alike; routing in the provider's object and in ``models``."""
    assert parameters_of(request(**fields)) == becomes


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"reasoning_effort": "high"},
        {"reasoning_max_tokens": 2000},
        {"hide_reasoning": True},
        {"include_reasoning": True},
        {"reasoning": {"effort": "high", "exclude": True}},
        {"reasoning_effort": "high", "reasoning_max_tokens": 2000, "hide_reasoning": False},
    ],
)
def test_disabling_wins_over_every_other_wish(others: Json) -> None:
    """Also over the catalogue's default."""
    params = parameters_of(request(disable_reasoning=True, **others))
    assert params == {"reasoning": {"enabled": False}}
    assert thinking_by_default(params, model="a/b", facts=thinker("high")) == params


@pytest.mark.parametrize(
    ("params", "facts", "becomes"),
    [
        ({}, thinker("low"), {"reasoning": {"effort": "low"}}),
        ({}, thinker(None), {"reasoning": {"enabled": True}}),
        ({"reasoning": {"exclude": True}}, thinker("low"), {"reasoning": {"exclude": True, "effort": "low"}}),
        ({"include_reasoning": False}, thinker("low"), {"reasoning": {"exclude": True, "effort": "low"}}),
        ({"reasoning_effort": "high"}, thinker("low"), {"reasoning_effort": "high"}),
        ({"reasoning": {"max_tokens": 9}}, thinker("low"), {"reasoning": {"max_tokens": 9}}),
        ({"reasoning": {"enabled": False}}, thinker("low"), {"reasoning": {"enabled": False}}),
        ({}, thinker("low", is_reasoning=False), {}),
        ({}, None, {}),
    ],
)
def test_a_reasoning_model_runs_at_its_default_effort(params: Json, facts: ModelFacts | None, becomes: Json) -> None:
    """Unless told otherwise; a model that the catalogue does not know is left alone."""
    assert thinking_by_default(params, model="a/b", facts=facts) == becomes


def test_a_default_that_does_not_fit_the_answer_is_left_out() -> None:
    """Nobody asked for it, so it is no reason to refuse; without a limit the provider takes its own share."""
    claude = thinker("medium")
    model = "anthropic/claude"
    assert thinking_by_default({"max_tokens": 500}, model=model, facts=claude) == {"max_tokens": 500}
    roomy = thinking_by_default({"max_tokens": 8000}, model=model, facts=claude)
    assert wire_parameters(roomy, model=model, facts=claude)["reasoning"] == {"max_tokens": 4000}
    unbounded = thinking_by_default({}, model=model, facts=claude)
    assert wire_parameters(unbounded, model=model, facts=claude) == {"reasoning": {"effort": "medium"}}


def test_the_history_is_said_in_the_provider_s_words() -> None:
    """``model`` is ``assistant``; tool calls in the shape of our own event or of OpenAI's."""
    call = {"id": "c", "name": "f", "arguments": '{"x":1}'}
    openai = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    image = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    details = [{"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0}]
    asked = request(
        history=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": image, "name": "me"},
            {"role": "model", "content": "", "tool_calls": [{**call, "index": 0}], "reasoning_details": details},
            {"role": "tool", "content": "1", "tool_call_id": "c"},
            {"role": "assistant", "tool_calls": [openai], "reasoning": "hm"},
            {"role": "tool", "content": "2", "tool_call_id": "c"},
            {"role": "model", "content": "Two."},
        ]
    )
    assert upstream_messages(asked) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": image, "name": "me"},
        {"role": "assistant", "content": None, "tool_calls": [openai], "reasoning_details": details},
        {"role": "tool", "content": "1", "tool_call_id": "c"},
        {"role": "assistant", "content": None, "tool_calls": [openai], "reasoning": "hm"},
        {"role": "tool", "content": "2", "tool_call_id": "c"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Hi"},
    ]


def test_a_tool_s_result_needs_no_new_message() -> None:
    """The answer goes on after it."""
    entries = [
        {"role": "user", "content": "Hi"},
        {"role": "model", "tool_calls": [{"id": "c", "name": "f"}]},
        {"role": "tool", "tool_call_id": "c", "content": "1"},
    ]
    asked = TypedChat.model_validate({"history": entries})
    assert [message["role"] for message in upstream_messages(asked)] == ["user", "assistant", "tool"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"message": " \n"}, "must not be blank"),
        ({"message": "a\0b"}, "NUL"),
        ({"message": None}, "message is needed"),
        ({"message": None, "history": [{"role": "user", "content": "x"}]}, "message is needed"),
        ({"no_such_field": 1}, "Extra inputs"),
        ({"sampling": {"max_tokens": 5}}, "Extra inputs"),
        ({"sampling": {"temperature": 2.1}}, "less than or equal to 2"),
        ({"routing": {"fallback": ["a/b"]}}, "Extra inputs"),
        ({"routing": {"sort": "cheap"}}, "price"),
        ({"routing": {"max_price": -1}}, "greater than or equal to 0"),
        ({"sampling": {"seed": 1}, "seed": 2}, "seed is given twice"),
        ({"routing": {"sort": "price"}, "sort": "latency"}, "sort is given twice"),
        ({"providers": ["p"], "provider": {"order": ["q"]}}, "providers and provider.order"),
        ({"routing": {"max_price": 1}, "provider": {"max_price": {"prompt": 1}}}, "max_price and provider.max_price"),
        ({"fallbacks": ["a/b"], "models": ["c/d"]}, "fallbacks and models"),
        ({"fallbacks": ["a/b"] * 4}, "at most 3"),
        ({"reasoning_effort": "low", "reasoning_max_tokens": 9}, "not both"),
        ({"reasoning": {"effort": "low"}, "reasoning_max_tokens": 9}, "not both"),
        ({"top_logprobs": 3}, "top_logprobs needs logprobs"),
        ({"session_id": "s", "history": [{"role": "user", "content": "x"}]}, "its own history"),
        ({"history": [{"role": "robot", "content": "x"}]}, "model"),
        ({"history": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ({"history": [{"role": "user", "content": "x", "tool_call_id": "c"}]}, "tool_call_id"),
        ({"history": [{"role": "user", "content": "x", "tool_calls": [{"id": "c", "name": "f"}]}]}, "role assistant"),
        ({"history": [{"role": "user"}]}, "content is needed"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: Json, told: str) -> None:
    """With words that say which field."""
    with pytest.raises(ValidationError) as caught:
        request(**fields)
    assert told in str(caught.value)


def test_routing_is_told_beside_what_was_sent() -> None:
    asked = request(routing={"sort": "price", "max_price": 1.5}, fallbacks=["b/c"])
    sent = {"provider": {"sort": "price"}, "models": ["b/c"], "temperature": 1}
    used = routing_used(asked, sent)
    assert (used.sort, used.providers, used.fallbacks, used.max_price) == ("price", None, ["b/c"], Decimal("1.5"))
    assert used.applied == {"provider": {"sort": "price"}, "models": ["b/c"]}
    assert routing_used(request(), {}).applied == {}
