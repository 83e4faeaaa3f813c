"""Parameters: one layer over another, and each where the provider's API takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import ValidationFailed
from app.schemas.model_facts import ModelFacts
from app.schemas.tools import MOST_TOOLS, WEB_SEARCH
from app.services.upstream import reasoning

FLAGGED_SEARCH: Mapping[str, Any] = {"type": WEB_SEARCH, "parameters": {"max_uses": 2, "max_characters": 2000}}
"""What ``web_search`` asks for: bounded, because the provider would search up to thirty times and bill each."""
_LIMITS = ("max_tokens", "max_completion_tokens")
_HEALING = "response-healing"
_REASONING = ("reasoning_effort", "include_reasoning")


def layered(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """``upper`` over ``lower``, name by name; the two limits are one value, and so are all forms of reasoning."""
    kept = {name: value for name, value in lower.items() if name not in _REASONING}
    if any(name in upper for name in _LIMITS):
        kept = {name: value for name, value in kept.items() if name not in _LIMITS}
    params = kept | {name: value for name, value in upper.items() if name not in _REASONING}
    below, above = reasoning.canonical(lower), reasoning.canonical(upper)
    if below is not None or above is not None:
        params["reasoning"] = reasoning.overlaid(below or {}, above or {})
    return params


def output_limit(params: Mapping[str, Any]) -> int | None:
    """The most tokens that an answer may have, None when nobody said."""
    limit = params.get("max_completion_tokens")
    if limit is None:
        limit = params.get("max_tokens")
    return None if limit is None else int(limit)


def thinking_by_default(params: Mapping[str, Any], *, model: str, facts: ModelFacts | None) -> dict[str, Any]:
    """The same, where a reasoning model thinks as hard as its catalogue entry says unless the parameters say how hard.

    Nothing is added where that would not fit the output limit: nobody asked for it.
    """
    wish = reasoning.canonical(params) or {}
    if facts is None or not facts.is_reasoning or reasoning.says_how(wish):
        return dict(params)
    effort = facts.reasoning.default_effort if facts.reasoning is not None else None
    wish |= {"effort": effort} if effort is not None else {"enabled": True}
    try:
        reasoning.reasoning_for(wish, model=model, facts=facts, max_tokens=output_limit(params))
    except ValidationFailed:
        return dict(params)
    return layered(params, {"reasoning": wish})


def wire_parameters(params: Mapping[str, Any], *, model: str, facts: ModelFacts | None) -> dict[str, Any]:
    """The parameters of a provider's request, everything but ``model``, ``messages`` and ``stream``.

    Args:
        model: the slug with its variants.
        facts: what the catalogue knows of it, None for an unknown model.

    Raises:
        ValidationFailed: parameters that contradict each other or the model.
    """
    wire = {name: value for name, value in params.items() if name not in ("reasoning", "web_search", *_REASONING)}
    if "max_completion_tokens" in wire:
        wire.pop("max_tokens", None)
    wish = reasoning.canonical(params)
    if wish is not None:
        said = reasoning.reasoning_for(wish, model=model, facts=facts, max_tokens=output_limit(params))
        if said is not None:
            wire["reasoning"] = said
    if params.get("web_search"):
        wire = _searching(wire, model, facts)
    _check_models(wire, model)
    _check_tools(wire)
    return wire


def in_one_piece(body: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` as a call that is not streamed, where JSON is to be repaired: the plugin works on whole replies alone.

    API reference, section 2.8. Everything else is streamed, whoever asks.
    """
    if not body.get("plugins"):
        return dict(body)
    heals = any(plugin["id"] == _HEALING and plugin.get("enabled") is not False for plugin in _plugins(body))
    is_json = (body.get("response_format") or {}).get("type") in ("json_object", "json_schema")
    return {**body, "stream": False} if heals and is_json else dict(body)


def _plugins(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [plugin for plugin in body.get("plugins") or () if isinstance(plugin.get("id"), str)]


def _searching(wire: dict[str, Any], model: str, facts: ModelFacts | None) -> dict[str, Any]:
    """Web search by its server tool, or by the plugin where tools would be refused (sections 2.4 and 2.8).

    The tool does not go with fallback models or a model without tools. Nothing is added to a request that searches
    already: by ``:online``, by a search tool or by the plugin. The plugin searches once, unless told otherwise.
    """
    tools, plugins = wire.get("tools") or [], wire.get("plugins") or []
    searches = any("web_search" in tool["type"] for tool in tools) or any(plugin["id"] == "web" for plugin in plugins)
    if searches or "online" in model.partition("@")[0].split(":")[1:]:
        return wire
    takes_tools = facts is None or "tools" in facts.supported_parameters
    if takes_tools and not wire.get("models"):
        return {**wire, "tools": [*tools, dict(FLAGGED_SEARCH)]}
    return {**wire, "plugins": [*plugins, {"id": "web"}]}


def _check_models(wire: Mapping[str, Any], model: str) -> None:
    if model in (wire.get("models") or ()):
        raise ValidationFailed(f"models names {model!r} again, which is asked first.", details={"parameter": "models"})


def _check_tools(wire: Mapping[str, Any]) -> None:
    tools, choice = wire.get("tools") or [], wire.get("tool_choice")
    if len(tools) > MOST_TOOLS:
        raise ValidationFailed(f"A request takes at most {MOST_TOOLS} tools.", details={"parameter": "tools"})
    if choice in (None, "none", "auto"):
        return
    if not tools:
        raise ValidationFailed("tool_choice asks for a tool, but there is none.", details={"parameter": "tool_choice"})
    if isinstance(choice, dict):
        named = choice["function"]["name"] if "function" in choice else choice["type"]
        if named not in {tool["function"]["name"] if "function" in tool else tool["type"] for tool in tools}:
            raise ValidationFailed(
                f"tool_choice names {named!r}, which is not among the tools.", details={"parameter": "tool_choice"}
            )
