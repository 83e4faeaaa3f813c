"""What a request of the typed dialect asks for, in the provider's words. Pure."""

from __future__ import annotations

from typing import Any

from app.schemas.routing import MaxPrice
from app.schemas.typed import HistoryMessage, RoutingFields, RoutingUsed, TypedChat

Json = dict[str, Any]

_PROVIDER_KEYS = (
    ("providers", "order"),
    ("sort", "sort"),
    ("max_price", "max_price"),
    ("require_parameters", "require_parameters"),
)
_THINKING = ("reasoning", "reasoning_effort", "include_reasoning")


def upstream_messages(request: TypedChat) -> list[Json]:
    """The history and the new message, as the provider takes them (API reference, section 2.2)."""
    messages = [_upstream_message(entry) for entry in request.history]
    if request.message is not None:
        messages.append({"role": "user", "content": request.message})
    return messages


def parameters_of(request: TypedChat) -> Json:
    """The parameters of the call as ``Parameters`` names them: groups opened, the dialect's own words translated.

    How hard to think is only what the request itself says.
    """
    params = _plain(request.sampling) | request.given()
    wishes = request.wishes()
    provider = _plain(request.provider) | _provider(wishes)
    if provider:
        params["provider"] = provider
    if wishes.fallbacks is not None:
        params["models"] = wishes.fallbacks
    return _thinking(request, params)


def routing_used(request: TypedChat, sent: Json) -> RoutingUsed:
    """The wishes of a request beside what of ``sent``, the provider's body, serves them."""
    wishes = request.wishes()
    asked = {name: _plain_value(getattr(wishes, name)) for name in RoutingFields.model_fields}
    return RoutingUsed(**asked, applied={name: sent[name] for name in ("provider", "models") if name in sent})


def _upstream_message(entry: HistoryMessage) -> Json:
    message: Json = {"role": "assistant" if entry.role == "model" else entry.role, "content": entry.content}
    for name in ("name", "tool_call_id", "reasoning", "reasoning_details"):
        if getattr(entry, name) is not None:
            message[name] = getattr(entry, name)
    if entry.tool_calls:
        message["content"] = entry.content or None
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in entry.tool_calls
        ]
    return message


def _provider(wishes: RoutingFields) -> Json:
    found = {theirs: _plain_value(getattr(wishes, ours)) for ours, theirs in _PROVIDER_KEYS}
    price = wishes.max_price
    if price is not None and not isinstance(price, MaxPrice):
        found["max_price"] = {"prompt": price, "completion": price}
    return {name: value for name, value in found.items() if value is not None}


def _thinking(request: TypedChat, params: Json) -> Json:
    if request.disable_reasoning:
        others = {name: value for name, value in params.items() if name not in _THINKING}
        return others | {"reasoning": {"enabled": False}}
    wish = _plain(request.reasoning)
    if request.reasoning_max_tokens is not None:
        wish["max_tokens"] = request.reasoning_max_tokens
    if request.hide_reasoning is not None:
        wish["exclude"] = request.hide_reasoning
    return params | {"reasoning": wish} if wish else params


def _plain(model: Any) -> Json:
    return model.model_dump(exclude_none=True) if model is not None else {}


def _plain_value(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value
