"""Health: for people, supervisors and the page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.lookup_route import lookup
from app.api.reply import reply
from app.api.route_class import route_class
from app.schemas.health import Alive, Health

router = APIRouter(tags=["health"])


@lookup(router, "/health", response_model=Alive)
@route_class("public")
async def alive() -> Response:
    """Whether the process answers."""
    return reply(Alive())


@lookup(router, "/api/health", response_model=Health)
@route_class("public")
async def health(services: ServicesDep) -> Response:
    """What runs here, and whether the built-in demo provider answers."""
    return reply(services.health())
