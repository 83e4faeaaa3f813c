"""Requests read strictly: a body is one JSON text in UTF-8, each field of an object once; no query unasked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class StrictRequest(Request):
    """The standard library would take UTF-16 and keep the last of two fields of one name, whichever was checked."""

    async def json(self) -> Any:
        """Raises JSONDecodeError or UnicodeDecodeError, which FastAPI answers."""
        if not hasattr(self, "_json"):
            self._json = json.loads((await self.body()).decode(), object_pairs_hook=_each_once)
        return self._json

    async def has_field(self, name: str) -> bool:
        """Whether the body is a readable JSON object with such a field."""
        try:
            body = await self.json()
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and name in body


class JsonRoute(APIRoute):
    """A route whose body is read strictly, and which refuses a query when it declares none.

    Where it declares one, the query's own model forbids what it does not know.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_query = _takes_query(self.dependant)

        async def strictly(request: Request) -> Response:
            if not takes_query and request.scope["query_string"]:
                _refuse(request.query_params.keys())
            is_strict = isinstance(request, StrictRequest)
            return await handle(request if is_strict else StrictRequest(request.scope, request.receive))

        return strictly


def _takes_query(dependant: Dependant) -> bool:
    return bool(dependant.query_params) or any(_takes_query(inner) for inner in dependant.dependencies)


def _refuse(names: Iterable[str]) -> None:
    """Raise RequestValidationError, which FastAPI answers, in the form of a model that forbids extra fields."""
    problems = [
        {"loc": ("query", name), "msg": "Extra inputs are not permitted", "type": "extra_forbidden"} for name in names
    ]
    if problems:
        raise RequestValidationError(problems)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise json.JSONDecodeError("the same field twice", "", 0)
    return fields
