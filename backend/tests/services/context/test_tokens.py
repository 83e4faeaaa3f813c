"""What media are guessed to take."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.context.tokens import IMAGE_TOKENS, LINKED_TOKENS, measured

Json = dict[str, Any]
FILE = "data:application/pdf;base64," + "A" * 3972


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10_000}}, IMAGE_TOKENS),
        ({"type": "file", "file": {"file_data": "https://a.example/x.pdf"}}, LINKED_TOKENS),
        ({"type": "file", "file": {"file_data": "HTTPS://a.example/x.pdf"}}, LINKED_TOKENS),
        ({"type": "file", "file": {"file_data": "http://a.example/x.pdf"}}, LINKED_TOKENS),
        ({"type": "file", "file": {"file_id": "file-1"}}, LINKED_TOKENS),
        ({"type": "file", "file": {"file_data": FILE}}, 1001),
        ({"type": "file", "file": {"data": "AAAA", "file_data": FILE}}, 1002),
        ({"type": "input_audio", "input_audio": {"data": "A" * 6400, "format": "wav"}}, 101),
        ({"type": "video_url", "video_url": {"url": "https://a.example/x.mp4"}}, LINKED_TOKENS),
    ],
)
def test_what_counts(part: Json, tokens: int) -> None:
    """A picture is a picture whatever its bytes, and all that a part holds is there."""
    assert measured([{"role": "", "content": [part]}], len) == (0, tokens)


def test_text_counts_wherever_it_stands() -> None:
    """A tool call, its result and reasoning that goes back are part of the prompt; names of fields are if asked for."""
    call = {"id": "c", "function": {"name": "f", "arguments": "x" * 300}}
    assert measured([{"content": None, "tool_calls": [call]}, {"reasoning": "x" * 300}], len) == (602, 0)
    assert measured({"x" * 300: {}}, len, names=True) == (300, 0)
