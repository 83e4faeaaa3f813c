"""Tickets, with which a browser opens a download."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import RoutesDep, ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created
from app.api.route_class import route_class
from app.core.errors import ValidationFailed
from app.schemas.tickets import Ticket, TicketRequest

router = APIRouter(prefix="/api/admin/tickets", tags=["admin"], route_class=JsonRoute)


@router.post("", response_model=Ticket, status_code=201, responses=responses_for(ValidationFailed))
@route_class("read")
async def create_ticket(services: ServicesDep, routes: RoutesDep, body: TicketRequest) -> Response:
    """Open the `path` of a download once within 30 s, as `path?ticket=…`, with no more rights than who asks."""
    if not routes.is_download(body.path):
        raise ValidationFailed("No download has that path.", details={"hint": "Ask for the path of a backup."})
    return created(services.tickets.issue(body.path))
