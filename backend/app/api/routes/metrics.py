"""Measurements for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.route_class import route_class
from app.core.exposition import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Exposition format 0.0.4.", "content": {"text/plain": {}}}},
)
@route_class("read")
async def measurements(services: ServicesDep) -> Response:
    """What the process has measured since its start, for Prometheus; see metrics.md."""
    return Response(services.metrics_report.text(), media_type=CONTENT_TYPE)
