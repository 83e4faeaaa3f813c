"""Routes that only tell: a GET, and the HEAD that tells the same without its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def lookup(router: APIRouter, path: str, *other_spellings: str, **documented: Any) -> Callable[[Endpoint], Endpoint]:
    """Declare an endpoint at ``path`` and its other spellings; only the GET of ``path`` is documented.

    The server leaves the body of a HEAD out. Streams and downloads are no lookups: a HEAD would open them.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        for other in other_spellings:
            router.api_route(other, methods=["GET", "HEAD"], include_in_schema=False)(endpoint)
        router.get(path, **documented)(endpoint)
        return router.head(path, include_in_schema=False)(endpoint)

    return declare
