"""A request for a server that speaks OpenAI's API and nothing of what OpenRouter adds to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import ValidationFailed

_OPENROUTER_ONLY: Final = (
    "provider", "models", "route", "plugins", "transforms", "preset", "image_config", "cache_control",
    "prompt_cache_options", "trace", "x_search_filter", "stop_server_tools_when", "max_tool_calls", "debug",
)  # fmt: skip
_MESSAGE_EXTRAS: Final = ("reasoning", "reasoning_details", "annotations", "images")


def plain_body(body: Mapping[str, Any], provider: str) -> dict[str, Any]:
    """``body`` in OpenAI's own terms: an effort is ``reasoning_effort``, messages hold nothing that is OpenRouter's.

    Raises:
        ValidationFailed: a parameter that only OpenRouter takes; left out in silence, it would seem to have worked.
    """
    asked = [name for name in _OPENROUTER_ONLY if name in body]
    asked += [tool["type"] for tool in body.get("tools") or () if tool.get("type") != "function"]
    if asked:
        raise _refused(asked[0], provider)
    plain = {name: value for name, value in body.items() if name not in ("reasoning", "structured_outputs")}
    plain["messages"] = [
        {name: value for name, value in message.items() if name not in _MESSAGE_EXTRAS} for message in body["messages"]
    ]
    return plain | _effort(body.get("reasoning") or {}, provider)


def _effort(reasoning: Mapping[str, Any], provider: str) -> dict[str, str]:
    wish = {name: value for name, value in reasoning.items() if value is not None}
    if wish.get("exclude") is False:
        del wish["exclude"]
    enabled, effort = wish.pop("enabled", None), wish.pop("effort", None)
    if wish:
        raise _refused(f"reasoning.{next(iter(wish))}", provider)
    if effort is None and enabled is False:
        effort = "none"
    return {} if effort is None else {"reasoning_effort": effort}


def _refused(name: str, provider: str) -> ValidationFailed:
    return ValidationFailed(
        f"The provider {provider!r} takes no {name}: only OpenRouter does.", details={"parameter": name}
    )
