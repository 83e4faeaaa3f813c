"""A conversation as the provider's messages: everything a tool loop needs comes back as it was received. Pure.

API reference, sections 2.2, 2.3 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from app.core.json import decode
from app.db.types import Row
from app.schemas.media import AUDIO_FORMATS, data_of, mime_of
from app.schemas.model_facts import ModelFacts
from app.schemas.parts import (
    AnnotationPart,
    AudioPart,
    FilePart,
    ImagePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    VideoPart,
    part_from,
)
from app.services.upstream.reasoning import family_of

Message = dict[str, Any]
Detail = dict[str, Any]

_FORMATS: Final = {
    "anthropic-claude-v1": "anthropic",
    "google-gemini-v1": "google",
    "openai-responses-v1": "openai",
    "azure-openai-responses-v1": "openai",
    "bedrock-openai-responses-v1": "openai",
    "xai-responses-v1": "x-ai",
    "bedrock-xai-responses-v1": "x-ai",
    "meta-responses-v1": "meta-llama",
}
"""The formats that are bound to a family by signature or seal; all others are plain text."""
_ROUTERS: Final = "openrouter"


class Line(Struct, frozen=True):
    """One message to send and the stored one that it is made of; ``source`` None: none is.

    ``retrieval``: text that was looked up for the conversation and can be had with less of it.
    """

    message: Message
    source: str | None = None
    pinned: bool = False
    retrieval: bool = False


def history(path: Iterable[Row], *, model: str, facts: ModelFacts | None = None, system: str = "") -> list[Line]:
    """The messages to send, oldest first.

    Args:
        path: rows of ``messages`` from the root on, ``parts`` as stored.
        model: who will read it; another family gets no signed reasoning.
        system: a prompt that stands before everything, unless the path holds the same one.
    """
    rows = list(path)
    said = _Said(family_of(model), facts)
    lines = [Line({"role": "system", "content": system})] if system.strip() else []
    for at, row in enumerate(rows):
        parts = [part_from(part) for part in decode(row["parts"])]
        messages: list[Message] = []
        if row["role"] == "assistant":
            follows_results = at > 0 and rows[at - 1]["role"] == "tool"
            messages = said.answer(row, parts, _answered(rows[at + 1 :]), in_loop=follows_results)
        elif row["role"] == "tool":
            messages = said.results(parts)
        elif row["role"] != "system" or row["content"].strip() != system.strip():
            messages = _asked(row, parts)
        lines += [Line(message, row["id"], bool(row["pinned"])) for message in messages]
    return lines


class _Said:
    """What has been sent back so far: no sealed item twice, no result without its call."""

    def __init__(self, family: str, facts: ModelFacts | None) -> None:
        self._family, self._facts = family, facts
        self._items: set[str] = set()
        self._calls: set[str] = set()

    def answer(self, row: Row, parts: Sequence[Part], answered: set[str], *, in_loop: bool) -> list[Message]:
        """An answer; calls that nobody answered are left out, and with them the reasoning that led to them.

        Reasoning goes back within tool loops only: with calls, and ``in_loop`` after results.
        """
        calls = [part for part in parts if isinstance(part, ToolCallPart)]
        kept = [call for call in calls if call.id in answered]
        self._calls |= {call.id for call in kept}
        text = "".join(part.text for part in parts if isinstance(part, TextPart))
        images = self._images(parts)
        if not text and not kept and not images:
            return []
        message: Message = {"role": "assistant", "content": text or None if kept else text}
        if kept:
            message["tool_calls"] = [_call(call) for call in kept]
        if (kept or in_loop) and len(kept) == len(calls):
            message |= self._reasoning(row, parts)
        if images:
            message["images"] = images
        files = [part.annotation for part in parts if isinstance(part, AnnotationPart)]
        files = [annotation for annotation in files if annotation.get("type") == "file"]
        if files:
            message["annotations"] = files
        return [message]

    def results(self, parts: Sequence[Part]) -> list[Message]:
        """The results of tools, each a message of its own."""
        return [
            {"role": "tool", "tool_call_id": part.tool_call_id, "content": part.content}
            for part in parts
            if isinstance(part, ToolResultPart) and part.tool_call_id in self._calls
        ]

    def _reasoning(self, row: Row, parts: Sequence[Part]) -> Message:
        thoughts = [part for part in parts if isinstance(part, ReasoningPart)]
        text = "".join(part.text for part in thoughts)
        received = [detail for part in thoughts for detail in part.details or ()]
        same_family = family_of(row["model"] or "") == self._family
        kept = [detail for detail in received if self._fits(detail, same_family=same_family)]
        kept = self._once(kept)
        found: Message = {}
        if received:
            # An empty list still tells that there was reasoning, which DeepSeek asks for (section 9, rule 4c).
            found["reasoning_details"] = kept
        plain = not received and same_family and self._family not in _FORMATS.values()
        if (kept and text) or (plain and (text or self._family == "deepseek")):
            found["reasoning"] = text
        return found

    def _fits(self, detail: Detail, *, same_family: bool) -> bool:
        """Whether the reader's provider can take a detail (section 9, rule 4)."""
        if self._family == _ROUTERS:
            return True
        form = detail.get("format")
        bound_to = _FORMATS.get(form) if isinstance(form, str) else None
        if bound_to is not None and bound_to != self._family:
            return False
        if self._family == "anthropic" and detail.get("type") == "reasoning.text" and not detail.get("signature"):
            return False
        return bound_to is not None or same_family

    def _once(self, details: list[Detail]) -> list[Detail]:
        """Each item of OpenAI's once in the whole history; its summary and its sealed part are one item."""
        kept: list[Detail] = []
        here: set[tuple[object, str]] = set()
        for detail in details:
            item = _item(detail)
            if item is not None:
                if item in here or item[1] in self._items:
                    continue
                here.add(item)
            kept.append(detail)
        self._items |= {item for _, item in here}
        return kept

    def _images(self, parts: Sequence[Part]) -> list[Message]:
        sees = self._facts is not None and "image" in self._facts.input_modalities
        return [_SHAPES[ImagePart](part) for part in parts if isinstance(part, ImagePart)] if sees else []


def _answered(later: Sequence[Row]) -> set[str]:
    """The calls that the tool messages right after an answer reply to."""
    found: set[str] = set()
    for row in later:
        if row["role"] != "tool":
            break
        found |= {part["tool_call_id"] for part in decode(row["parts"]) if part["type"] == "tool_result"}
    return found


def _asked(row: Row, parts: Sequence[Part]) -> list[Message]:
    """A system or user message: plain text if it is nothing else, else its parts in order."""
    if all(isinstance(part, TextPart) for part in parts):
        return [{"role": row["role"], "content": row["content"]}] if row["content"] else []
    return [{"role": row["role"], "content": [_SHAPES[type(part)](part) for part in parts if type(part) in _SHAPES]}]


def _call(part: ToolCallPart) -> Message:
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.arguments}}


def _item(detail: Detail) -> tuple[object, str] | None:
    """The type and id of a detail that belongs to an item of OpenAI's; None for any other."""
    item = detail.get("id")
    return (detail.get("type"), item) if isinstance(item, str) and item.startswith("rs_") else None


def _file(part: FilePart) -> Message:
    return {"file_data": part.url} | ({"filename": part.name} if part.name else {})


def _sound(part: AudioPart) -> Message:
    return {"data": data_of(part.url), "format": AUDIO_FORMATS[mime_of(part.url) or "audio/wav"]}


_SHAPES: Final[dict[type, Callable[[Any], Message]]] = {
    TextPart: lambda part: {"type": "text", "text": part.text},
    ImagePart: lambda part: {"type": "image_url", "image_url": {"url": part.url}},
    FilePart: lambda part: {"type": "file", "file": _file(part)},
    AudioPart: lambda part: {"type": "input_audio", "input_audio": _sound(part)},
    VideoPart: lambda part: {"type": "video_url", "video_url": {"url": part.url}},
}
"""Content parts as section 2.3 writes them."""
