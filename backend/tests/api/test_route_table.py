"""The table finds the route that the router will take, whatever the path."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from app.api.route_class import Access, ClassedRoute, classed_routes
from app.api.route_table import RouteTable
from app.main import create_app

ROUTES = classed_routes(create_app().routes)
TABLE = RouteTable(ROUTES)
SEGMENTS = sorted({segment for route in ROUTES for segment in route.path.split("/") if "{" not in segment})
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "BREW"])
ODD = st.sampled_from(["", "x", ".", "..", "%2f", "a b", "é", "\r", "\0"])
# The gate lets no line break through.
SEGMENT = st.one_of(st.sampled_from(SEGMENTS), ODD, st.text(st.characters(exclude_characters="\n")))
PATHS = st.lists(SEGMENT, max_size=6).map(lambda segments: "/" + "/".join(segments))
PARTS = st.lists(st.sampled_from(["a", "b", "{x}", "{x:path}"]), min_size=1, max_size=4)
ASKED = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=5).map(lambda segments: "/" + "/".join(segments))


async def endpoint(request: Request) -> Response:
    """A route that does nothing."""
    return Response()


@given(PATHS, METHODS)
def test_the_table_finds_what_the_first_match_would(path: str, method: str) -> None:
    """Its shortcuts change nothing."""
    matching = (route for route in ROUTES if (not route.methods or method in route.methods) and route.regex.match(path))
    first = next(matching, None)
    assert TABLE.find(method, path) is (None if first is None else first.access)


@given(st.lists(st.tuples(PARTS, st.sampled_from(["POST", "PUT"])), min_size=1, max_size=6), st.lists(ASKED))
def test_any_routes_in_any_order(templates: list[tuple[list[str], str]], asked: list[str]) -> None:
    """Parameters first, names first, one inside the other: Starlette's own match decides."""
    routes = []
    for parts, method in templates:
        template = "/" + "/".join(part.replace("x", f"x{place}") for place, part in enumerate(parts))
        routes.append(Route(template, endpoint, methods=[method]))
    classed = [
        ClassedRoute(route.path, frozenset(route.methods or ()), route.path_regex, Access("read", "read"))
        for route in routes
    ]
    table = RouteTable(classed)
    for path in asked:
        for method in ("POST", "PUT"):
            scope = {"type": "http", "method": method, "path": path, "root_path": ""}
            taken = next((i for i, route in enumerate(routes) if route.matches(scope)[0] is Match.FULL), None)
            assert table.find(method, path) is (None if taken is None else classed[taken].access)


def test_what_no_route_takes_is_found_nowhere() -> None:
    """Another method, a path of nobody."""
    assert TABLE.find("DELETE", "/api/sessions") is None
    assert TABLE.find("GET", "/wp-login.php") is None
    assert TABLE.find("GET", "/assets") is None
    assert TABLE.find("BREW", "/assets/a.js") == Access("public", "none")
