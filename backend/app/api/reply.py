"""Replies: what services answer, as JSON with exact numbers."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.core.json import encode
from app.core.sse import EventStream
from app.schemas.page import Slice
from app.services.turns.turns import Attached


def reply(value: Any, status_code: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Any schema object as JSON. Routes name its type as ``response_model``; this is what writes it, decimals exact."""
    return Response(encode(value), status_code, headers, "application/json")


def created(value: Any, *, replayed: bool = False) -> Response:
    """201, or 200 with ``Idempotent-Replayed`` when an earlier request had made it."""
    return reply(value, 200, {"Idempotent-Replayed": "true"}) if replayed else reply(value, 201)


def replayed_as(model: Any) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI: what `created` answers to a request that is sent again."""
    return {
        200: {
            "model": model,
            "description": "The same request again: what it made then.",
            "headers": {"Idempotent-Replayed": {"required": True, "schema": {"type": "string", "const": "true"}}},
        }
    }


def page(items: Slice[Any], status_code: int = 200) -> Response:
    """One page of a list; ``total`` only when it was asked for."""
    body = {"items": items.items, "next_cursor": items.next_cursor}
    return reply(body if items.total is None else body | {"total": items.total}, status_code)


def stream(attached: Attached) -> Response:
    """A generation's event stream; 204 when the reader has its terminal event already."""
    named = {"X-Generation-Id": attached.generation_id} if attached.generation_id else {}
    if not attached.started:
        named["X-Attached"] = "1"
    if attached.replayed:
        named["Idempotent-Replayed"] = "true"
    if attached.demo:
        named["X-Console-Demo"] = "1"
    return Response(status_code=204, headers=named) if attached.source is None else EventStream(attached.source, named)
