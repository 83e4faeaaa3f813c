"""How many tokens a request may take, guessed high."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.context.tokens import IMAGE_TOKENS, LINKED_TOKENS, prompt_tokens

Json = dict[str, Any]


def said(content: Any, **fields: Any) -> Json:
    return {"messages": [{"content": content}], **fields}


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, 1),
        (said("abcdef"), 3),
        (said("東京都庁舎"), 6),
        (said("🙂🙂🙂"), 5),
        (said([{"type": "text", "text": "ab"}]), 3),
        (
            said([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10_000}}]),
            IMAGE_TOKENS + 1,
        ),
        (said([{"type": "file", "file": {"file_data": "https://a.example/x.pdf"}}]), LINKED_TOKENS + 1),
        (said([{"type": "file", "file": {"file_data": "A" * 4000}}]), 1002),
        (said([{"type": "input_audio", "input_audio": {"data": "A" * 6400, "format": "wav"}}]), 102),
        (said([{"type": "video_url", "video_url": {"url": "https://a.example/x.mp4"}}]), LINKED_TOKENS + 1),
        (said(None, tools=[{"function": {"parameters": {"properties": {"x" * 300: {}}}}}]), 110),
    ],
)
def test_what_counts(body: Json, tokens: int) -> None:
    """An ideograph is a token, a picture is a picture whatever its bytes, and tools are read too."""
    assert prompt_tokens(body) == tokens


def test_more_text_is_never_fewer_tokens() -> None:
    """A tool call, its result and reasoning that goes back are part of the prompt."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "x" * 300}}
    with_call = {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}
    assert prompt_tokens(with_call) > 100
    with_thought = {"messages": [{"role": "assistant", "content": "", "reasoning": "x" * 300}]}
    assert prompt_tokens(with_thought) > 100
