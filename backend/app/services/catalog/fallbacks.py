"""Models that a request names to fall back on (API reference, section 2.1): each may answer it, and be paid for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import ValidationFailed
from app.db.types import Conn
from app.services.catalog.known_models import known_route
from app.services.providers.providers import Route


def with_known_fallbacks(
    conn: Conn, route_of: Callable[[str], Route], route: Route, body: Mapping[str, Any]
) -> dict[str, Any]:
    """``body`` with its ``models`` as their provider calls them: short names are written out.

    Raises as ``known_route``, and ValidationFailed for one that another provider than the first model's serves.
    """
    if not body.get("models"):
        return dict(body)
    found = [known_route(conn, route_of, route.provider.slug_of(name)) for name in body["models"]]
    for fallback in found:
        if fallback.provider is not route.provider:
            raise ValidationFailed(
                f"{fallback.slug!r} cannot stand in for {route.slug!r}: another provider serves it.",
                details={"parameter": "models"},
            )
    return {**body, "models": [fallback.model for fallback in found]}


def candidates(route: Route, body: Mapping[str, Any]) -> list[str]:
    """The slugs of every model that may answer, the first one first."""
    return [route.slug, *(route.provider.slug_of(name) for name in body.get("models") or ())]
