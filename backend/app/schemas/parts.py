"""The ordered parts of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

Details: TypeAlias = list[dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class TextPart:
    text: str
    type: Literal["text"] = "text"


@dataclass(slots=True, kw_only=True)
class ReasoningPart:
    """What the model thought before it answered; ``duration_ms`` from its first to its last word."""

    text: str
    details: Details | None = None
    duration_ms: int | None = None
    type: Literal["reasoning"] = "reasoning"


@dataclass(slots=True, kw_only=True)
class ToolCallPart:
    id: str
    name: str
    arguments: str
    type: Literal["tool_call"] = "tool_call"


@dataclass(slots=True, kw_only=True)
class ToolResultPart:
    tool_call_id: str
    content: str
    type: Literal["tool_result"] = "tool_result"


Part: TypeAlias = Annotated[TextPart | ReasoningPart | ToolCallPart | ToolResultPart, Field(discriminator="type")]

_CLASSES: dict[str, type[Any]] = {
    "text": TextPart,
    "reasoning": ReasoningPart,
    "tool_call": ToolCallPart,
    "tool_result": ToolResultPart,
}


def part_from(value: dict[str, Any]) -> Part:
    """A part from its stored form."""
    part: Part = _CLASSES[value["type"]](**{name: item for name, item in value.items() if name != "type"})
    return part


def content_of(parts: list[Part]) -> str:
    """The text parts joined."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))
