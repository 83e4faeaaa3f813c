"""The emulator's own page: what is asked of it, as it happens."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).with_name("page")
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def index(_request: web.Request) -> web.Response:
    """``GET /__emulator``: the newest requests, the spend, and a button to reset."""
    return _file("index.html")


async def asset(request: web.Request) -> web.Response:
    """``GET /__emulator/{name}``: the page's script and style."""
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    path = PAGE / name
    return web.Response(text=path.read_text(encoding="utf-8"), content_type=_TYPES[path.suffix], headers=_HEADERS)
