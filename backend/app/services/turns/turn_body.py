"""The body of a turn, fitted to its model, made in the transaction that starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from app.core.slugs import parse_slug
from app.db.types import Conn, Row
from app.repo import compactions
from app.schemas.model_facts import ModelFacts
from app.services.context.calibration import calibration_of
from app.services.context.context import Fit, Room, fit
from app.services.context.estimate import Weight, weigh_message, weigh_schemas
from app.services.context.history import Line, history
from app.services.context.summary import line_of, standing_on, without_summarised
from app.services.turns.prompt import Resolved, request_body
from app.services.upstream.request import output_limit, wire_parameters

_ADDING = frozenset({"tools", "plugins", "models", "transforms", "preset"})


def fitted_body(
    conn: Conn, resolved: Resolved, path: Sequence[Row], facts: ModelFacts | None, prefill: str = ""
) -> tuple[Fit, dict[str, Any]]:
    """What is sent of a path, root first, and the request that sends it.

    Raises ValidationFailed for parameters that contradict each other or the model, ContextTooLong for a path whose
    newest turn is surely too long.
    """
    slug = resolved.route.slug
    params = wire_parameters(resolved.params, model=slug, facts=facts)
    beside = weigh_schemas(params) + (weigh_message({"content": prefill}) if prefill else Weight())
    room = Room(
        limit_tokens=facts.context_length if facts else None,
        answer_tokens=output_limit(params),
        calibration=calibration_of(conn, slug, facts.family if facts else None),
        beside=beside,
        may_drop=not _shortens_itself(params),
    )
    # A path of one message has nothing that a summary could stand for.
    standing = standing_on(path, compactions.of_session(conn, path[0]["session_id"])) if len(path) > 1 else None
    rows, first_kept_id = without_summarised(path, standing) if standing else (path, None)
    lines = history(rows, model=slug, facts=facts, system=resolved.system_prompt)
    if standing is not None:
        lines.insert(_after_prompt(lines), line_of(standing))
    fitted = fit(lines, room, summary_id=standing.id if standing else None, first_kept_id=first_kept_id)
    body = request_body(resolved, fitted.messages, params, prefill)
    if resolved.route.provider.demo or parse_slug(slug).is_router or fitted.weight.media or _is_added_to(params):
        return fitted, body
    return structs.replace(fitted, counts_for=slug), body


def _after_prompt(lines: Sequence[Line]) -> int:
    """Behind a system prompt of the owner's, before what was said."""
    return int(bool(lines) and lines[0].message["role"] == "system")


def _is_added_to(params: Mapping[str, Any]) -> bool:
    """Whether the provider puts text of its own into the prompt, or may ask another model."""
    if _ADDING.isdisjoint(params):
        return False
    tools = [tool for tool in params.get("tools") or () if tool.get("type", "function") != "function"]
    return bool(tools) or any(params.get(name) for name in _ADDING - {"tools"})


def _shortens_itself(params: Mapping[str, Any]) -> bool:
    """Whether the provider was asked to compress the conversation (API reference, section 2.8)."""
    return bool(params.get("transforms")) or any(
        plugin["id"] == "context-compression" and plugin.get("enabled", True) for plugin in params.get("plugins") or ()
    )
