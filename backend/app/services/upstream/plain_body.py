"""A request for a server that speaks OpenAI's API and nothing of what OpenRouter adds to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import ValidationFailed
from app.services.upstream import reasoning

_OPENROUTER_ONLY: Final = (
    "provider", "models", "route", "plugins", "transforms", "preset", "image_config", "cache_control",
    "prompt_cache_options", "trace", "x_search_filter", "stop_server_tools_when", "max_tool_calls", "debug",
    "web_search",
)  # fmt: skip
_REASONING: Final = ("reasoning", "reasoning_effort", "include_reasoning")
_NO_WISH: Final = ("structured_outputs", "usage")
"""What says nothing to such a server: the format itself is ``response_format``, and usage is always asked for."""
_OWN_TOOLS: Final = ("function", "custom")
"""Tools whose calls the client answers; all others are run by OpenRouter."""
_MESSAGE_EXTRAS: Final = ("reasoning", "reasoning_details", "annotations", "images")
_LEFT_OUT: Final = frozenset({*_OPENROUTER_ONLY, *_REASONING, *_NO_WISH})


def plain_body(body: Mapping[str, Any], provider: str) -> dict[str, Any]:
    """``body`` in OpenAI's own terms: an effort is ``reasoning_effort``, messages hold nothing that is OpenRouter's.

    Raises:
        ValidationFailed: a parameter that only OpenRouter takes; left out in silence, it would seem to have worked.
    """
    asked = [name for name in _OPENROUTER_ONLY if body.get(name)]
    asked += [tool["type"] for tool in body.get("tools") or () if tool.get("type", "function") not in _OWN_TOOLS]
    if asked:
        raise _refused(asked[0], provider)
    plain = {name: value for name, value in body.items() if name not in _LEFT_OUT}
    if "messages" in body:
        plain["messages"] = [
            {name: value for name, value in message.items() if name not in _MESSAGE_EXTRAS}
            for message in body["messages"]
        ]
    return plain | _effort(reasoning.canonical(body) or {}, provider)


def _effort(wished: Mapping[str, Any], provider: str) -> dict[str, str]:
    """A wish as an effort; thinking that is only switched on is ``medium`` (API reference, section 2.6)."""
    wish = {name: value for name, value in wished.items() if value is not None}
    if wish.get("exclude") is False:
        del wish["exclude"]
    enabled, effort = wish.pop("enabled", None), wish.pop("effort", None)
    if wish:
        raise _refused(f"reasoning.{next(iter(wish))}", provider)
    if effort is None and enabled is not None:
        effort = "medium" if enabled else "none"
    return {} if effort is None else {"reasoning_effort": effort}


def _refused(name: str, provider: str) -> ValidationFailed:
    return ValidationFailed(
        f"The provider {provider!r} takes no {name}: only OpenRouter does.", details={"parameter": name}
    )
