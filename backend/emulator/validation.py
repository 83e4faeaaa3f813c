"""What the API refuses before it looks for a model: shapes, types and ranges of a chat request.

``null`` means absent, and unknown fields are ignored, as the real API does (API reference, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from .errors import USER_ID, ApiError, invalid_request

_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "top_a": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "repetition_penalty": (0, 2),
}
_WHOLE: Mapping[str, tuple[int, int]] = {
    "max_tokens": (1, 10**9),
    "max_completion_tokens": (1, 10**9),
    "top_k": (0, 10**9),
    "top_logprobs": (0, 20),
    "seed": (-(2**63), 2**63 - 1),
}
_TYPES: Mapping[str, tuple[type, str]] = {
    "model": (str, "string"),
    "models": (list, "array"),
    "stream": (bool, "boolean"),
    "logprobs": (bool, "boolean"),
    "include_reasoning": (bool, "boolean"),
    "parallel_tool_calls": (bool, "boolean"),
    "logit_bias": (dict, "object"),
    "response_format": (dict, "object"),
    "reasoning": (dict, "object"),
    "provider": (dict, "object"),
    "metadata": (dict, "object"),
    "tools": (list, "array"),
    "plugins": (list, "array"),
    "transforms": (list, "array"),
    "user": (str, "string"),
    "session_id": (str, "string"),
    "preset": (str, "string"),
}
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_PARTS = ("text", "image_url", "input_audio", "file", "video_url")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def decode(raw: bytes) -> dict[str, Any]:
    """The request body without its nulls.

    Raises:
        ApiError: 400 for anything but a JSON object.
    """
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise invalid_request("Invalid JSON in request body") from None
    if not isinstance(body, dict):
        raise invalid_request("Invalid request parameters: expected an object")
    return {key: value for key, value in body.items() if value is not None}


def check(body: Mapping[str, Any]) -> None:
    """Raise the API's 400 for the first thing wrong with a chat request."""
    for name, (kind, word) in _TYPES.items():
        if name in body and not isinstance(body[name], kind):
            raise _wrong(name, f"expected {word}")
    for name, (low, high) in _RANGES.items():
        if name in body and not _in_range(body[name], low, high):
            raise _wrong(name, f"expected a number from {low} to {high}")
    for name, (least, most) in _WHOLE.items():
        if name in body and not (_is_whole(body[name]) and least <= body[name] <= most):
            raise _wrong(name, f"expected an integer from {least} to {most}")
    _check_models(body.get("models", []))
    _check_stop(body.get("stop", []))
    _check_reasoning(body)
    _check_tools(body)
    _check_messages(body.get("messages"))


def _wrong(path: str, reason: str) -> ApiError:
    return invalid_request(f"Invalid request parameters: {path}: {reason}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_range(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _check_models(models: Sequence[object]) -> None:
    if not all(isinstance(model, str) for model in models):
        raise _wrong("models", "expected strings")
    if len(models) > 3:
        raise ApiError(400, "'models' array must have 3 items or fewer.", user_id=USER_ID)


def _check_stop(stop: object) -> None:
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(item, str) for item in stops):
        raise _wrong("stop", "expected a string or an array of strings")
    if len(stops) > 4:
        raise _wrong("stop", "expected at most 4 items")


def _check_reasoning(body: Mapping[str, Any]) -> None:
    reasoning = {key: value for key, value in body.get("reasoning", {}).items() if value is not None}
    effort, flat = reasoning.get("effort"), body.get("reasoning_effort")
    for name, value in (("reasoning.effort", effort), ("reasoning_effort", flat)):
        if value is not None and value not in EFFORTS:
            raise _wrong(name, f"expected one of {', '.join(EFFORTS)}")
    if effort and flat and effort != flat:
        raise _wrong("reasoning_effort", "contradicts reasoning.effort")
    budget = reasoning.get("max_tokens")
    if budget is not None and not (_is_whole(budget) and budget >= 0):
        raise _wrong("reasoning.max_tokens", "expected a non-negative integer")
    if budget is not None and effort is not None:
        raise _wrong("reasoning", 'only one of "reasoning.effort" and "reasoning.max_tokens" can be specified')
    for name in ("exclude", "enabled"):
        if name in reasoning and not isinstance(reasoning[name], bool):
            raise _wrong(f"reasoning.{name}", "expected boolean")


def _check_tools(body: Mapping[str, Any]) -> None:
    for at, tool in enumerate(body.get("tools", [])):
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            raise _wrong(f"tools.{at}", "expected an object with a type")
        if tool["type"] == "function":
            function = tool.get("function")
            name = function.get("name") if isinstance(function, dict) else None
            if not isinstance(name, str) or not 1 <= len(name) <= 64:
                raise _wrong(f"tools.{at}.function.name", "expected a name of 1 to 64 characters")
    choice = body.get("tool_choice", "auto")
    if not isinstance(choice, dict) and choice not in ("none", "auto", "required"):
        raise _wrong("tool_choice", 'expected "none", "auto", "required" or an object')


def _check_messages(messages: object) -> None:
    if messages is None:
        raise invalid_request('Input required: specify "prompt" or "messages"')
    if not isinstance(messages, list):
        raise _wrong("messages", "expected array")
    if not messages:
        raise _wrong("messages", "expected at least 1 item")
    for at, message in enumerate(messages):
        _check_message(f"messages.{at}", message)


def _check_message(path: str, message: object) -> None:
    if not isinstance(message, dict):
        raise _wrong(path, "expected object")
    role = message.get("role")
    if role not in _ROLES:
        raise _wrong(f"{path}.role", f"expected one of {', '.join(sorted(_ROLES))}")
    content = message.get("content")
    if content is None:
        if role != "assistant":
            raise _wrong(f"{path}.content", "required")
    elif isinstance(content, list):
        for at, part in enumerate(content):
            _check_part(f"{path}.content.{at}", part)
    elif not isinstance(content, str):
        raise _wrong(f"{path}.content", "expected string or array")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise _wrong(f"{path}.tool_call_id", "required")


def _check_part(path: str, part: object) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(part, dict) or kind not in _PARTS:
        raise _wrong(f"{path}.type", f"expected one of {', '.join(_PARTS)}")
    payload = part.get(kind)
    if not isinstance(payload, str if kind == "text" else dict):
        raise _wrong(f"{path}.{kind}", "required")
    if isinstance(payload, dict) and kind == "image_url" and not isinstance(payload.get("url"), str):
        raise _wrong(f"{path}.image_url.url", "required")
