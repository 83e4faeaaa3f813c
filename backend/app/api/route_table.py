"""Which route a request will reach, found before the router looks, so that the gate can decide on its class."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from app.api.route_class import Access, ClassedRoute

_Pattern: TypeAlias = tuple[Callable[[str], re.Match[str] | None], Access]


class RouteTable:
    """The routes in the order in which the router tries them, found by their leading segments.

    A lookup costs one to two microseconds: addresses without parameters are looked up whole, the others are matched
    against the few patterns that begin like them.
    """

    def __init__(self, routes: Sequence[ClassedRoute]) -> None:
        fixed = [route for route in routes if route.methods and "{" not in route.path]
        patterned = [(_fixed_head(route), route) for route in routes if not route.methods or "{" in route.path]
        self._methods = frozenset[str]().union(*(route.methods for route in routes))
        self._whole = {
            (method, route.path): next(r.access for r in routes if _takes(r, method) and r.regex.match(route.path))
            for route in fixed
            for method in route.methods
        }
        # The empty method stands for those that no route names, which only mounts take.
        self._by_head: dict[tuple[str, str], list[_Pattern]] = {
            (method, head): [
                (route.regex.match, route.access)
                for own_head, route in patterned
                if head.startswith(own_head) and _takes(route, method)
            ]
            for head in {own_head for own_head, _ in patterned}
            for method in (*self._methods, "")
        }

    def find(self, method: str, path: str) -> Access | None:
        """The access of the route that takes a request; None when none does."""
        if method not in self._methods:
            method = ""
        whole = self._whole.get((method, path))
        if whole is not None:
            return whole
        for match, access in self._candidates(method, path):
            if match(path):
                return access
        return None

    def is_download(self, path: str) -> bool:
        """Whether a path, as the router sees it, is that of a download."""
        access = self.find("GET", path)
        return access is not None and access.download

    def _candidates(self, method: str, path: str) -> Sequence[_Pattern]:
        """The patterns that begin like a path, those of its first two segments before those of one."""
        first = path.find("/", 1)
        if first >= 0:
            second = path.find("/", first + 1)
            found = self._by_head.get((method, path if second < 0 else path[:second]))
            if found is not None:
                return found
        found = self._by_head.get((method, path if first < 0 else path[:first]))
        return self._by_head.get((method, ""), ()) if found is None else found


def _fixed_head(route: ClassedRoute) -> str:
    """The segments before the first parameter, two at most; those of a mount all belong to it."""
    fixed = route.path.partition("{")[0] if "{" in route.path else f"{route.path}/"
    return "/".join(fixed.split("/")[:-1][:3])


def _takes(route: ClassedRoute, method: str) -> bool:
    return not route.methods or method in route.methods
