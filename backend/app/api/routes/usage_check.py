"""The ledger's sums held against its rows."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.schemas.usage_check import UsageCheck

router = APIRouter(prefix="/api/admin/usage", tags=["usage"], route_class=JsonRoute)


@router.get("/check", response_model=UsageCheck)
@route_class("read", admin=True)
async def check_usage(services: ServicesDep) -> Response:
    """Add up every row of the ledger and name the sums that are not theirs; some seconds for a million rows."""
    return reply(await services.usage_audit.check())


@router.post("/repair", response_model=UsageCheck)
@route_class("write", admin=True)
async def repair_usage(services: ServicesDep) -> Response:
    """Make every sum anew from the rows; what was wrong before."""
    return reply(await services.usage_audit.repair())
