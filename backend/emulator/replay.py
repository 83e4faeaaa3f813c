"""What providers refuse in a history that was not sent back as it came (API reference, section 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .catalogue import Endpoint, Model
from .errors import ApiError, provider_error
from .thinking import is_altered

Message = Mapping[str, Any]


def check(model: Model, endpoint: Endpoint, messages: Sequence[Message]) -> None:
    """Raise the provider's 400 for a history it cannot accept."""
    problem = (
        _orphan_result(messages)
        or _duplicate_item(model, messages)
        or _unsigned_thought(model, messages)
        or _missing_signature(model, messages)
        or _corrupted_signature(model, messages)
        or _empty_text(endpoint, messages)
        or _unanswered_call(model, messages)
    )
    if problem:
        raise _refusal(endpoint, problem)


def _refusal(endpoint: Endpoint, problem: str) -> ApiError:
    raw = {"error": {"message": problem, "type": "invalid_request_error"}}
    return provider_error(400, endpoint.provider_name, msgspec.json.encode(raw).decode())


def _orphan_result(messages: Sequence[Message]) -> str | None:
    called: set[str] = set()
    for message in messages:
        called |= {call.get("id", "") for call in message.get("tool_calls") or []}
        if message["role"] == "tool" and message["tool_call_id"] not in called:
            return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
    return None


def _unanswered_call(model: Model, messages: Sequence[Message]) -> str | None:
    if model.family not in ("openai", "anthropic"):
        return None
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            waiting = [call_id for call_id in waiting if call_id != message["tool_call_id"]]
        elif waiting:
            break
        else:
            waiting = [call.get("id") or "" for call in message.get("tool_calls") or []]
    if not waiting:
        return None
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(waiting)}"
    )


def _duplicate_item(model: Model, messages: Sequence[Message]) -> str | None:
    seen: set[str] = set()
    for _, detail in _details(messages):
        item = detail.get("id")
        if model.family != "openai" or not isinstance(item, str) or not item.startswith("rs_"):
            continue
        if item in seen:
            return f"Duplicate item found with id {item}. Remove duplicate items from your input and try again."
        seen.add(item)
    return None


def _unsigned_thought(model: Model, messages: Sequence[Message]) -> str | None:
    for at, detail in _details(messages):
        is_claude = (detail.get("format") or "anthropic-claude-v1") == "anthropic-claude-v1"
        is_text = detail.get("type") == "reasoning.text"
        signature = detail.get("signature") or ""
        if model.family == "anthropic" and is_claude and is_text and (not signature or is_altered(signature)):
            return f"messages.{at}.content.0: Invalid `signature` in `thinking` block"
    return None


def _missing_signature(model: Model, messages: Sequence[Message]) -> str | None:
    if not model.signs_tool_calls:
        return None
    for message in messages:
        kinds = {detail.get("type") for detail in message.get("reasoning_details") or []}
        if message.get("tool_calls") and "reasoning.encrypted" not in kinds:
            return "Function call is missing a thought_signature in functionCall parts."
    return None


def _corrupted_signature(model: Model, messages: Sequence[Message]) -> str | None:
    if model.family == "google" and any(is_altered(str(detail.get("data"))) for _, detail in _details(messages)):
        return "Corrupted thought signature."
    return None


def _empty_text(endpoint: Endpoint, messages: Sequence[Message]) -> str | None:
    if endpoint.tag != "amazon-bedrock":
        return None
    if any(message.get("tool_calls") and message.get("content") == "" for message in messages):
        return "messages: text content blocks must be non-empty"
    return None


def _details(messages: Sequence[Message]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for at, message in enumerate(messages):
        for detail in message.get("reasoning_details") or []:
            yield at, detail
