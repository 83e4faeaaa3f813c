"""Each route says what it does: what the gate allows and limits hangs on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from app.api.route_class import UnclassedRoute, classed_routes, route_class
from app.main import create_app


async def endpoint(request: Request) -> Response:
    """A route that does nothing."""
    return Response()


def test_an_application_with_an_unclassed_route_is_not_made() -> None:
    """Its path is named, wherever the route comes from."""
    inner = APIRouter(prefix="/api/inner")
    inner.add_api_route("/things", endpoint)
    outer = APIRouter()
    outer.include_router(inner)
    ways: tuple[Callable[[FastAPI], None], ...] = (
        lambda app: app.include_router(outer),
        lambda app: app.add_api_route("/api/inner/things", endpoint),
        lambda app: app.add_route("/api/inner/things", endpoint),
        lambda app: app.mount("/api/inner/things", Starlette()),
    )
    for add in ways:
        app = FastAPI(openapi_url=None)
        add(app)
        with pytest.raises(UnclassedRoute, match="/api/inner/things"):
            classed_routes(app.routes)


def test_a_class_is_not_public_where_the_path_is_not() -> None:
    """Nor the other way round: the gate asks for the token by the path."""
    for path, name in (("/api/sessions", "public"), ("/api/health", "read")):
        app = FastAPI(openapi_url=None)
        # A plain text stands for the literal type.
        app.add_api_route(path, route_class(name)(endpoint))  # type: ignore[arg-type]
        with pytest.raises(UnclassedRoute, match=path):
            classed_routes(app.routes)


def test_the_table_holds_every_route_of_the_application() -> None:
    """What FastAPI itself would try for a request, in its order."""
    app = create_app()
    routes = [(route.path, route.methods) for route in classed_routes(app.routes)]
    assert routes == [(route.path, frozenset(route.methods or ())) for route in iter_route_contexts(app.routes)]


@pytest.mark.parametrize(
    ("method", "path", "name", "needs"),
    [
        ("GET", "/api/health", "public", "none"),
        ("GET", "/api/sessions", "read", "read"),
        ("POST", "/api/sessions", "write", "chat"),
        ("GET", "/api/stream", "spend", "chat"),
        ("POST", "/v1/chat/completions", "spend", "chat"),
        ("DELETE", "/api/sessions/{session_id}", "destructive", "admin"),
        ("PATCH", "/api/settings", "write", "admin"),
        ("PUT", "/api/settings/key", "write", "admin"),
    ],
)
def test_what_a_token_must_be_for(method: str, path: str, name: str, needs: str) -> None:
    """Reading, chatting and administering are told apart; settings and keys are the owner's."""
    (found,) = (
        route.access
        for route in classed_routes(create_app().routes)
        if route.path == path and (method in route.methods or not route.methods)
    )
    assert (found.route_class, found.needs) == (name, needs)


def test_get_does_not_change_the_store_unless_it_says_so() -> None:
    """A link, an image or a prefetch is a GET: what one may do beyond reading is known by name."""
    safe = frozenset({"GET", "HEAD"})
    acting = {
        route.path
        for route in classed_routes(create_app().routes)
        if route.methods & safe and route.access.route_class not in ("public", "read")
    }
    assert acting == {"/api/stream", "/api/admin/backup"}
