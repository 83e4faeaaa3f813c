"""A Responses request as the chat request that asks for the same (API reference, section 8.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from .errors import invalid_request
from .validation import Json, Positive, Sound

MAX_TOOL_CALLS = 30
T = TypeVar("T")
_SAME = (
    "model", "models", "provider", "plugins", "preset", "session_id", "user", "metadata", "trace", "stream",
    "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "parallel_tool_calls", "max_tool_calls",
    "service_tier", "prompt_cache_key", "modalities", "image_config", "reasoning", "cache_control",
)  # fmt: skip


class TextPart(Struct, tag_field="type", tag="input_text"):
    text: str


class SaidPart(Struct, tag_field="type", tag="output_text"):
    text: str


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    refusal: str


class ImagePart(Struct, tag_field="type", tag="input_image"):
    image_url: str
    detail: str | None = None


class FilePart(Struct, tag_field="type", tag="input_file"):
    filename: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    input_audio: Sound


class VideoPart(Struct, tag_field="type", tag="input_video"):
    video_url: str


Part = TextPart | SaidPart | RefusalPart | ImagePart | FilePart | AudioPart | VideoPart


class Message(Struct):
    """``type`` may be left out."""

    role: Literal["user", "system", "developer", "assistant"]
    content: str | list[Part]


class FunctionCall(Struct):
    call_id: str
    name: str
    arguments: str


class FunctionOutput(Struct):
    call_id: str
    output: str | list[Part]


class ThoughtText(Struct):
    text: str


class Thought(Struct):
    """A reasoning item that is sent back."""

    id: str | None = None
    summary: list[ThoughtText] | None = None
    content: list[ThoughtText] | None = None
    encrypted_content: str | None = None
    signature: str | None = None
    format: str | None = None


class FunctionTool(Struct):
    name: str


class Format(Struct, frozen=True):
    type: str


class Text(Struct, frozen=True):
    format: Format | None = None


class ResponsesRequest(Struct):
    """The fields that are translated; chat's own check holds the others."""

    input: str | Annotated[list[Json], Meta(min_length=1)]
    instructions: str = ""
    tools: list[Json] = []
    tool_choice: str | Json = "auto"
    text: Text = Text()
    max_output_tokens: Positive = 1
    max_tool_calls: Annotated[int, Meta(ge=1, le=MAX_TOOL_CALLS)] = 1
    modalities: list[Literal["text", "image"]] = []
    store: Literal[False] = False
    background: Literal[False] = False


def chat_of(body: Mapping[str, Any]) -> Json:
    """The chat request.

    Raises:
        ApiError: 400 for what has no shape of the API, or asks for something that would have to be stored.
    """
    if "previous_response_id" in body:
        raise invalid_request("Invalid request parameters: previous_response_id: this API is stateless; send the input")
    _held(body, ResponsesRequest, "")
    chat = {name: body[name] for name in _SAME if name in body}
    messages = [{"role": "system", "content": body["instructions"]}] if body.get("instructions") else []
    chat["messages"] = messages + _messages(body["input"])
    if "tools" in body:
        chat["tools"] = [_tool(tool, f"tools[{at}]") for at, tool in enumerate(body["tools"])]
    if "tool_choice" in body:
        chat["tool_choice"] = _choice(body["tool_choice"])
    if "max_output_tokens" in body:
        chat["max_completion_tokens"] = body["max_output_tokens"]
    text = body.get("text", {})
    if text.get("format"):
        chat["response_format"] = _format(text["format"])
    if text.get("verbosity"):
        chat["verbosity"] = text["verbosity"]
    return chat


def _held(value: object, shape: type[T], where: str) -> T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        place = f"{where}: " if where else ""
        raise invalid_request(f"Invalid request parameters: {place}{error}") from None


def _messages(given: str | Sequence[Json]) -> list[Json]:
    """Items as messages: what a model said, called and thought in one go is one message."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[Json] = []
    for at, item in enumerate(given):
        where = f"input[{at}]"
        kind = item.get("type") or "message"
        match kind:
            case "message":
                message = _held(item, Message, where)
                content = _content(message.content)
                if message.role != "assistant":
                    messages.append({"role": message.role, "content": content})
                else:
                    _turn(messages, said=True)["content"] = content
            case "function_call":
                call = _held(item, FunctionCall, where)
                function = {"name": call.name, "arguments": call.arguments}
                calls = _turn(messages).setdefault("tool_calls", [])
                calls.append({"id": call.call_id, "type": "function", "function": function})
            case "function_call_output":
                output = _held(item, FunctionOutput, where)
                content = _content(output.output)
                messages.append({"role": "tool", "tool_call_id": output.call_id, "content": content})
            case "reasoning":
                if details := _details(_held(item, Thought, where)):
                    _turn(messages).setdefault("reasoning_details", []).extend(details)
            case _ if not _is_server_item(kind):
                raise invalid_request(f"Invalid request parameters: {where}.type: unknown")
    if not messages:
        raise invalid_request("Invalid request parameters: input: nothing to answer")
    return messages


def _turn(messages: list[Json], *, said: bool = False) -> Json:
    """The assistant message that an item belongs to: the one at the end, unless both hold text."""
    last = messages[-1] if messages else {}
    if last.get("role") != "assistant" or (said and last["content"] is not None):
        messages.append({"role": "assistant", "content": None})
    return messages[-1]


def _is_server_item(kind: object) -> bool:
    return isinstance(kind, str) and (kind.endswith(("_call", "_call_output")) or kind.startswith("openrouter:"))


def _content(content: str | Sequence[Part]) -> str | list[Json]:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Part) -> Json:
    match part:
        case ImagePart():
            detail = {"detail": part.detail} if part.detail else {}
            return {"type": "image_url", "image_url": {"url": part.image_url, **detail}}
        case FilePart():
            data = part.file_data or part.file_url
            given = {"filename": part.filename, "file_data": data, "file_id": part.file_id}
            return {"type": "file", "file": {name: value for name, value in given.items() if value is not None}}
        case AudioPart():
            return {"type": "input_audio", "input_audio": msgspec.to_builtins(part.input_audio)}
        case VideoPart():
            return {"type": "video_url", "video_url": {"url": part.video_url}}
        case RefusalPart():
            return {"type": "text", "text": part.refusal}
        case _:
            return {"type": "text", "text": part.text}


def _details(thought: Thought) -> list[Json]:
    shape = {"format": thought.format, "index": 0}
    text = "".join(part.text for part in thought.content or [])
    summary = "".join(part.text for part in thought.summary or [])
    details: list[Json] = []
    if text or thought.signature:
        details.append({"type": "reasoning.text", "text": text, "signature": thought.signature, **shape})
    if summary:
        details.append({"type": "reasoning.summary", "summary": summary, **shape})
    if thought.encrypted_content:
        data = {"data": thought.encrypted_content, "id": thought.id}
        details.append({"type": "reasoning.encrypted", **data, **shape})
    return details


def _tool(tool: Json, where: str) -> Json:
    if tool.get("type") != "function":
        return tool
    _held(tool, FunctionTool, where)
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def _choice(choice: str | Json) -> str | Json:
    if isinstance(choice, str) or choice.get("type") != "function":
        return choice
    return {"type": "function", "function": {"name": choice.get("name")}}


def _format(wanted: Json) -> Json:
    kind = wanted["type"]
    described = {name: value for name, value in wanted.items() if name != "type"}
    return {"type": kind, "json_schema": described} if kind == "json_schema" else wanted
