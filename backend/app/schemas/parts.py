"""The ordered parts of a message."""

from __future__ import annotations

from collections.abc import Iterable
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
    """What the model thought before it answered; ``duration_ms`` from its first to its last word.

    ``details`` are the provider's own pieces, each whole, kept for replay; with them alone the text is empty.
    """

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


@dataclass(slots=True, kw_only=True)
class ImagePart:
    """A picture, by an https or data URL; ``mime`` null: not known."""

    url: str
    name: str | None = None
    mime: str | None = None
    type: Literal["image"] = "image"


@dataclass(slots=True, kw_only=True)
class FilePart:
    """Any other file that the model can read, such as a PDF."""

    url: str
    name: str | None = None
    mime: str | None = None
    type: Literal["file"] = "file"


@dataclass(slots=True, kw_only=True)
class AudioPart:
    """Sound, always by a data URL."""

    url: str
    name: str | None = None
    mime: str | None = None
    type: Literal["audio"] = "audio"


@dataclass(slots=True, kw_only=True)
class VideoPart:
    url: str
    name: str | None = None
    mime: str | None = None
    type: Literal["video"] = "video"


@dataclass(slots=True, kw_only=True)
class AnnotationPart:
    """A citation or a parsed file, as the provider gave it; it follows all that it may be about."""

    annotation: dict[str, Any]
    type: Literal["annotation"] = "annotation"


MediaPart: TypeAlias = ImagePart | FilePart | AudioPart | VideoPart
Part: TypeAlias = Annotated[
    TextPart | ReasoningPart | ToolCallPart | ToolResultPart | MediaPart | AnnotationPart,
    Field(discriminator="type"),
]

PART_CLASSES: dict[str, type[Any]] = {
    "text": TextPart,
    "reasoning": ReasoningPart,
    "tool_call": ToolCallPart,
    "tool_result": ToolResultPart,
    "image": ImagePart,
    "file": FilePart,
    "audio": AudioPart,
    "video": VideoPart,
    "annotation": AnnotationPart,
}


def part_from(value: dict[str, Any]) -> Part:
    """A part from its stored form."""
    part: Part = PART_CLASSES[value["type"]](**{name: item for name, item in value.items() if name != "type"})
    return part


def content_of(parts: Iterable[Part]) -> str:
    """What there is to read: the text parts, and the results of tools, joined."""
    return "".join(_read(part) for part in parts)


def _read(part: Part) -> str:
    if isinstance(part, TextPart):
        return part.text
    return part.content if isinstance(part, ToolResultPart) else ""
