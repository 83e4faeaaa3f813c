"""How many tokens a request may take."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.context.tokens import IMAGE_TOKENS, LINKED_TOKENS, most_prompt_tokens

Json = dict[str, Any]


def said(content: Any, **fields: Any) -> Json:
    return {"messages": [{"content": content}], **fields}


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, 0),
        (said("abcdef"), 6),
        (said("東京都庁舎"), 15),
        (said("🙂🙂🙂"), 12),
        (said([{"type": "text", "text": "ab"}]), 6),
        (
            said([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10_000}}]),
            IMAGE_TOKENS,
        ),
        (said([{"type": "file", "file": {"file_data": "https://a.example/x.pdf"}}]), LINKED_TOKENS),
        (said([{"type": "file", "file": {"file_data": "A" * 4000}}]), 1001),
        (said([{"type": "input_audio", "input_audio": {"data": "A" * 6400, "format": "wav"}}]), 101),
        (said([{"type": "video_url", "video_url": {"url": "https://a.example/x.mp4"}}]), LINKED_TOKENS),
        (said(None, tools=[{"function": {"parameters": {"properties": {"x" * 300: {}}}}}]), 328),
    ],
)
def test_what_counts(body: Json, tokens: int) -> None:
    """Text is its bytes, a picture is a picture whatever its bytes, and tools are read too."""
    assert most_prompt_tokens(body) == tokens


def test_more_text_is_never_fewer_tokens() -> None:
    """A tool call, its result and reasoning that goes back are part of the prompt."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "x" * 300}}
    with_call = {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}
    assert most_prompt_tokens(with_call) > 300
    with_thought = {"messages": [{"role": "assistant", "content": "", "reasoning": "x" * 300}]}
    assert most_prompt_tokens(with_thought) > 300
