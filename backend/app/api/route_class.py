"""What a route does, declared where the route is: whom a token must be for it, how often it may be called.

::

    class         it …                                     token needs
    public        tells nothing of the owner's             none
    read          tells what is stored                     read
    write         changes the store, pays nobody           chat
    spend         may pay a provider                       chat
    destructive   removes what cannot be made again        admin

A route of the owner alone (settings, tokens, backups) says ``admin`` besides, whatever its class. There is no default:
an application with a route that does not say its class is not made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from starlette.routing import BaseRoute

from app.api.paths import classify

RouteClass: TypeAlias = Literal["public", "read", "write", "spend", "destructive"]
Need: TypeAlias = Literal["none", "read", "chat", "admin"]

_NEEDS: Mapping[RouteClass, Need] = {
    "public": "none",
    "read": "read",
    "write": "chat",
    "spend": "chat",
    "destructive": "admin",
}
_MARK = "__route_class__"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """The class of a route and the scope a token needs for it."""

    route_class: RouteClass
    needs: Need
    download: bool = False
    """May be opened from the address bar, by a link of our own page, and by a ticket in place of a token."""

    @property
    def acts(self) -> bool:
        """Whether a call does more than tell."""
        return self.route_class not in ("public", "read")


@dataclass(frozen=True, slots=True)
class ClassedRoute:
    """One route of the application. ``methods`` is empty for a mount, which takes every method."""

    path: str
    methods: frozenset[str]
    regex: re.Pattern[str]
    access: Access


class UnclassedRoute(RuntimeError):
    """A route that does not say its class, or says another than its path."""


def route_class(name: RouteClass, *, admin: bool = False, download: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare the class of an endpoint, or of a mounted application; stands below the router's decorators."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, Access(name, "admin" if admin else _NEEDS[name], download))
        return endpoint

    return declare


def classed_routes(routes: Iterable[BaseRoute]) -> list[ClassedRoute]:
    """Every route with its class, in the order in which they are tried.

    Raises UnclassedRoute, naming the path, for one without a class and for one that is public on a path that is not.
    """
    return [_classed(route) for route in _each(routes)]


def _each(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _each(included.routes)


def _classed(route: BaseRoute) -> ClassedRoute:
    path, regex = getattr(route, "path", None), getattr(route, "path_regex", None)
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
    access = getattr(endpoint, _MARK, None)
    if not isinstance(path, str) or regex is None or not isinstance(access, Access):
        raise UnclassedRoute(f"{path or route!r} does not say its class; see app/api/route_class.py")
    methods = frozenset(getattr(route, "methods", None) or ())
    if classify(path if methods else f"{path}/").public != (access.route_class == "public"):
        raise UnclassedRoute(f"{path} is {access.route_class}, but app/api/paths.py says otherwise")
    return ClassedRoute(path, methods, regex, access)
