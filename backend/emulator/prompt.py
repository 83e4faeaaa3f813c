"""A request's messages, read the way a model would: what was asked, what is continued, how long it all is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from . import tokens
from .scenarios import Tree, directive

IMAGE_TOKENS = 258


@dataclass(frozen=True, slots=True)
class Prompt:
    """The last user message without its directive, the text to go on from, and the tokens of all messages.

    ``answers_tool`` says that the last message is a tool's result.
    """

    question: str
    prefill: str
    tokens: int
    scenario: Tree
    modalities: frozenset[str]
    messages: int
    answers_tool: bool


def read(messages: Sequence[Mapping[str, Any]]) -> Prompt:
    """Read validated messages."""
    asked = next((text_of(message) for message in reversed(messages) if message["role"] == "user"), "")
    scenario, question = directive(asked)
    last = messages[-1]
    prefill = text_of(last) if last["role"] == "assistant" and not last.get("tool_calls") else ""
    return Prompt(
        question=question,
        prefill=prefill,
        tokens=sum(_message_tokens(message) for message in messages),
        scenario=scenario,
        modalities=frozenset(kind for message in messages for kind in _modalities(message)),
        messages=len(messages),
        answers_tool=last["role"] == "tool",
    )


def text_of(message: Mapping[str, Any]) -> str:
    """The text parts of a message's content, joined."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def _parts(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _message_tokens(message: Mapping[str, Any]) -> int:
    media = sum(1 for part in _parts(message) if part["type"] != "text")
    calls = msgspec.json.encode(message["tool_calls"]).decode() if message.get("tool_calls") else ""
    spoken = tokens.count(text_of(message)) + tokens.count(calls)
    return tokens.TOKENS_PER_MESSAGE + spoken + IMAGE_TOKENS * media


def _modalities(message: Mapping[str, Any]) -> set[str]:
    names = {"image_url": "image", "input_audio": "audio", "video_url": "video"}
    return {names[part["type"]] for part in _parts(message) if part["type"] in names}
