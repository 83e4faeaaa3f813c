"""Reasoning through the wire: what each family streams is kept whole, and a late signature splits nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import ConsoleClient

Json = dict[str, Any]

FAMILIES: dict[str, tuple[str, list[str], str | None]] = {
    "openai/gpt-5": ("openai-responses-v1", ["reasoning.summary", "reasoning.encrypted"], "data"),
    "x-ai/grok-4": ("xai-responses-v1", ["reasoning.summary", "reasoning.encrypted"], "data"),
    "anthropic/claude-sonnet-4.5": ("anthropic-claude-v1", ["reasoning.text"], "signature"),
    "google/gemini-2.5-pro": ("google-gemini-v1", ["reasoning.text", "reasoning.encrypted"], "data"),
    "deepseek/deepseek-r1": ("unknown", ["reasoning.text"], None),
}


@pytest.mark.parametrize("model", FAMILIES)
async def test_each_family_s_reasoning_is_kept_whole(client: ConsoleClient, model: str) -> None:
    """One reasoning part with each detail in one piece, signed or sealed, and one text part."""
    format_, types, opaque = FAMILIES[model]
    transcript = await client.answer("Why is the sky blue?", model=model, reasoning={"effort": "high"}, max_tokens=4000)
    message = await client.message(transcript.data_of("start")["assistant_message_id"])
    assert [part["type"] for part in message["parts"]] == ["reasoning", "text"]
    thought, text = message["parts"]
    shown = "".join(frame.data["text"] for frame in transcript.frames if frame.event == "reasoning")
    assert (thought["text"], text["text"]) == (shown, transcript.text)
    details: list[Json] = thought["details"]
    assert [detail["type"] for detail in details] == types
    assert {detail["format"] for detail in details} == {format_}
    assert details[0].get("text", details[0].get("summary")) == thought["text"] != ""
    if opaque is not None:
        assert details[-1][opaque]


async def test_details_are_never_shown_in_a_stream(client: ConsoleClient) -> None:
    """A late signature is an empty reasoning frame."""
    transcript = await client.answer(
        "Why?", model="anthropic/claude-sonnet-4.5", reasoning_effort="low", max_tokens=4000
    )
    frames = [frame for frame in transcript.frames if frame.event == "reasoning"]
    assert {name for frame in frames for name in frame.data} == {"text"}
    assert frames[-1].data["text"] == ""
