"""Requests for servers that speak OpenAI's API alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import ValidationFailed
from app.services.upstream.plain_body import plain_body

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0, "top_k": 3}


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [
        (None, {}),
        ({}, {}),
        ({"effort": "low"}, {"reasoning_effort": "low"}),
        ({"effort": "low", "enabled": True, "exclude": False}, {"reasoning_effort": "low"}),
        ({"enabled": False}, {"reasoning_effort": "none"}),
        ({"enabled": True}, {"reasoning_effort": "medium"}),
        ({"effort": None, "max_tokens": None}, {}),
    ],
)
def test_an_effort_has_openai_s_name(reasoning: dict[str, Any] | None, sent: dict[str, Any]) -> None:
    assert plain_body(ASKED | {"reasoning": reasoning}, "lab") == ASKED | sent


@pytest.mark.parametrize(
    ("flat", "sent"),
    [
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"include_reasoning": True}, {}),
        ({"reasoning": {"enabled": True}, "reasoning_effort": "high"}, {"reasoning_effort": "high"}),
        ({"provider": None, "models": [], "web_search": False, "usage": {"include": True}}, {}),
        ({"tools": [{"name": "odd"}], "top_k": 7}, {"tools": [{"name": "odd"}], "top_k": 7}),
    ],
)
def test_flat_wishes_are_understood_and_what_wishes_nothing_is_left_out(
    flat: dict[str, Any], sent: dict[str, Any]
) -> None:
    """As clients of OpenAI's own spelling write them; what is not known here passes."""
    assert plain_body(ASKED | flat, "lab") == ASKED | sent


def test_embeddings_have_no_messages() -> None:
    assert plain_body({"model": "m", "input": "Hi"}, "lab") == {"model": "m", "input": "Hi"}


def test_messages_hold_nothing_of_openrouter_s() -> None:
    """Calls and results stay."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    extras = {"reasoning": "Hm", "reasoning_details": [], "annotations": [], "images": []}
    body = ASKED | {"messages": [answer | extras, {"role": "tool", "tool_call_id": "c", "content": "1"}]}
    assert plain_body(body, "lab")["messages"] == [answer, body["messages"][1]]
    assert "reasoning" in body["messages"][0], "the body given is left alone"


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"plugins": [{"id": "web"}]}, "plugins"),
        ({"provider": {"sort": "price"}}, "provider"),
        ({"models": ["a/b"]}, "models"),
        ({"preset": "mine"}, "preset"),
        ({"tools": [{"type": "openrouter:web_search"}]}, "openrouter:web_search"),
        ({"web_search": True}, "web_search"),
        ({"include_reasoning": False}, "reasoning.exclude"),
        ({"reasoning": {"max_tokens": 2000}}, "reasoning.max_tokens"),
        ({"reasoning": {"effort": "low", "exclude": True}}, "reasoning.exclude"),
    ],
)
def test_what_only_openrouter_takes_is_refused(extra: dict[str, Any], named: str) -> None:
    """A parameter that is left out in silence seems to have worked."""
    with pytest.raises(ValidationFailed) as refused:
        plain_body(ASKED | extra, "lab")
    assert refused.value.details == {"parameter": named}


def test_tools_of_the_clients_own_pass() -> None:
    tools = [{"type": "custom", "custom": {"name": "sql"}}, {"type": "function", "function": {"name": "f"}}]
    assert plain_body(ASKED | {"tools": tools}, "lab")["tools"] == tools
    with pytest.raises(ValidationFailed, match="web_search"):
        plain_body(ASKED | {"tools": [*tools, {"type": "openrouter:web_search"}]}, "lab")
