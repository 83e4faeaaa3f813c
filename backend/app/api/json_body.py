"""Request bodies read strictly: one JSON text in UTF-8, each field of an object once."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class StrictRequest(Request):
    """The standard library would take UTF-16 and keep the last of two fields of one name, whichever was checked."""

    async def json(self) -> Any:
        """Raises JSONDecodeError or UnicodeDecodeError, which FastAPI answers."""
        return json.loads((await self.body()).decode(), object_pairs_hook=_each_once)


class JsonRoute(APIRoute):
    """A route whose body is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise json.JSONDecodeError("the same field twice", "", 0)
    return fields
