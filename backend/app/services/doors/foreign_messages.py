"""Messages in the provider's shape as parts of ours. Pure.

Nothing that can be read is left out: a part of a kind that we do not know is kept as its JSON text.
API reference, sections 2.2 and 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.json import encode_text
from app.schemas.media import AUDIO_FORMATS, mime_of
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
    content_of,
)
from app.schemas.types import Role

Json = Mapping[str, Any]

_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_MIMES: Final = {name: mime for mime, name in reversed(list(AUDIO_FORMATS.items()))}


@dataclass(frozen=True, slots=True)
class ForeignMessage:
    """A message that a client sent, as we store it."""

    role: Role
    parts: list[Part]


def foreign_message(message: Json) -> ForeignMessage:
    """A checked message: its role is known, its content text, a list of parts or nothing."""
    role = _ROLES[message["role"]]
    content = _content(message.get("content"))
    if role == "assistant":
        return ForeignMessage(role, [*_thoughts(message), *content, *_answered(message)])
    if role == "tool":
        read = content_of(content)
        named = message.get("tool_call_id") or message.get("name")
        result = ToolResultPart(tool_call_id=_text(named), content=read)
        return ForeignMessage(role, [result, *(part for part in content if not isinstance(part, TextPart))])
    return ForeignMessage(role, content)


def _thoughts(message: Json) -> list[Part]:
    text = message.get("reasoning") or message.get("reasoning_content")
    details = message.get("reasoning_details")
    kept = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
    return [ReasoningPart(text=_text(text), details=kept or None)] if text or kept else []


def _answered(message: Json) -> list[Part]:
    """What an answer holds beside its content."""
    parts: list[Part] = [TextPart(text=refusal)] if (refusal := _text(message.get("refusal"))) else []
    calls = message.get("tool_calls") or ()
    if isinstance(function := message.get("function_call"), dict):
        calls = [*calls, {"function": function}]
    for call in calls:
        function = call.get("function")
        if isinstance(function, dict):
            name, arguments = _text(function.get("name")), _text(function.get("arguments")) or "{}"
            parts.append(ToolCallPart(id=_text(call.get("id")), name=name, arguments=arguments))
        else:
            parts.append(TextPart(text=encode_text(call)))
    parts += [_media(image) for image in _dicts(message.get("images"))]
    parts += [AnnotationPart(annotation=annotation) for annotation in _dicts(message.get("annotations"))]
    return parts


def _content(content: object) -> list[Part]:
    if isinstance(content, str):
        return [TextPart(text=content)] if content else []
    return [_media(part) for part in content] if isinstance(content, list) else []


def _media(part: dict[str, Any]) -> Part:
    """A content part."""
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return TextPart(text=text)
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return ImagePart(url=url, mime=mime_of(url))
        case {"type": "file", "file": {"file_data": str(url), **file}}:
            name = file.get("filename")
            return FilePart(url=url, name=name if isinstance(name, str) else None, mime=mime_of(url))
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(form)}} if form in _MIMES:
            return AudioPart(url=f"data:{_MIMES[form]};base64,{data}", mime=_MIMES[form])
        case {"type": "video_url" | "input_video", "video_url": {"url": str(url)}}:
            return VideoPart(url=url, mime=mime_of(url))
    return TextPart(text=encode_text(part))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
