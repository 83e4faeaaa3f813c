"""``/docs``: the OpenAPI document as a page of our own, because it must work offline and under our policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.api.route_class import route_class

_FOLDER = Path(__file__).resolve().parents[1] / "docs_page"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
@route_class("read")
async def docs_page() -> Response:
    """The page; it reads ``/openapi.json``."""
    return Response(_read("index.html"), media_type="text/html")


@router.get("/docs/docs.js")
@route_class("read")
async def docs_script() -> Response:
    """Its only script."""
    return Response(_read("docs.js"), media_type="text/javascript")


@router.get("/openapi.json")
@route_class("read")
async def openapi_document(request: Request) -> Response:
    """What the page shows, and what clients are made from."""
    return JSONResponse(request.app.openapi())


@router.get("/docs/docs.css")
@route_class("read")
async def docs_style() -> Response:
    """Its only style sheet."""
    return Response(_read("docs.css"), media_type="text/css")


@cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
