"""Presets: stored settings that a request names and may override (API reference, section 2.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from . import validation
from .access import authorize
from .keys import STATE
from .lookups import reply

_MARK = "@preset/"


async def save(request: web.Request) -> web.Response:
    """``POST /presets/{slug}/chat/completions``: keep a request body as a preset, its system messages included."""
    state = request.app[STATE]
    authorize(state, request)
    slug = request.match_info["slug"]
    body = validation.decode(await request.read())
    kept = [message for message in body.pop("messages", []) if message.get("role") == "system"]
    state.presets[slug] = {**body, "messages": kept} if kept else body
    return reply({"data": {"slug": slug, "config": state.presets[slug]}})


def slug_of(body: Mapping[str, Any]) -> str:
    """The preset that a request names, in ``model`` or in ``preset``; empty without one."""
    model, preset = body.get("model"), body.get("preset")
    if isinstance(preset, str) and preset:
        return preset.removeprefix(_MARK)
    return model.partition(_MARK)[2] if isinstance(model, str) else ""


def applied(body: dict[str, Any], presets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The request over its preset, field by field; tools are united, the preset's system messages come first.

    A preset that nobody saved changes nothing.
    """
    preset = presets.get(slug_of(body))
    if not preset:
        return body
    merged = {**preset, **body}
    if str(body.get("model", "")).startswith(_MARK):
        merged["model"] = preset.get("model", body["model"])
    for united in ("messages", "tools"):
        if isinstance(body.get(united), list) and preset.get(united):
            merged[united] = [*preset[united], *body[united]]
    return merged
