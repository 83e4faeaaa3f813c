"""Requests read strictly: a body is one JSON text in UTF-8, each field of an object once; no query unasked for.

What is large is read and checked beside the event loop, one body at a time, so that nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.api.arguments import Arguments
from app.core.errors import ValidationFailed

LARGE_BYTES = 64 * 1024
"""What is read in a millisecond or two."""
MOST_COMMAS = 1_000_000
"""Bounds the values of a body, which take a hundred times the memory of their text; a picture has none."""
MOST_EXACT = 2**53
"""Beyond it a float is not surely the number that was written."""

T = TypeVar("T")
_one_at_a_time = threading.Lock()
Body = TypeVar("Body", bound=BaseModel)


class StrictRequest(Request):
    """The standard library would take UTF-16 and keep the last of two fields of one name, whichever was checked."""

    async def json(self) -> Any:
        """Raises JSONDecodeError or UnicodeDecodeError, which FastAPI answers, and ValidationFailed."""
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = _read(body) if len(body) < LARGE_BYTES else await _beside(partial(_read, body))
        return self._json

    async def check_large(self, model: type[BaseModel]) -> None:
        """Read and check a large body, so that FastAPI finds it done. Raises RequestValidationError as FastAPI does."""
        if len(await self.body()) < LARGE_BYTES:
            return
        try:
            told = await self.json()
        except (ValueError, RecursionError):
            return  # FastAPI meets it too, and has the words
        self._json = await _beside(partial(_checked, model, told))

    async def has_field(self, name: str) -> bool:
        """Whether the body is a readable JSON object with such a field."""
        try:
            body = await self.json()
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and name in body

    async def leave_out_null(self, name: str) -> None:
        """Read a field that is null as one that is not there."""
        if await self.has_field(name) and self._json[name] is None:
            del self._json[name]


async def body_as(request: Request, model: type[Body]) -> Body:
    """The body as a model, where a route takes other bodies too. Raises RequestValidationError, as FastAPI does."""
    try:
        return model.model_validate(await request.json())
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()]
        raise RequestValidationError(problems) from error
    except (ValueError, RecursionError) as error:
        at = getattr(error, "pos", 0)
        problem = {
            "type": "json_invalid",
            "loc": ("body", at),
            "msg": "JSON decode error",
            "ctx": {"error": str(error)},
        }
        raise RequestValidationError([problem]) from error


class JsonRoute(APIRoute):
    """A route whose body is read strictly, and which refuses a query when it declares none.

    Where it declares one, the query's own model forbids what it does not know.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, arguments = super().get_route_handler(), Arguments.of(self)
        takes_query, model = _takes_query(self.dependant), self._body_model()

        async def strictly(request: Request) -> Response:
            if not takes_query and request.scope["query_string"]:
                _refuse(request.query_params.keys())
            strict = request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)
            if model is not None:
                await strict.check_large(model)
            answer = await arguments.answer(strict) if arguments is not None else None
            return await handle(strict) if answer is None else answer

        return strictly

    def _body_model(self) -> type[BaseModel] | None:
        """What the whole body is read as, if it is one model."""
        kind = None if self.body_field is None or self._embed_body_fields else self.body_field.field_info.annotation
        return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _takes_query(dependant: Dependant) -> bool:
    return bool(dependant.query_params) or any(_takes_query(inner) for inner in dependant.dependencies)


def _refuse(names: Iterable[str]) -> None:
    """Raise RequestValidationError, which FastAPI answers, in the form of a model that forbids extra fields."""
    problems = [
        {"loc": ("query", name), "msg": "Extra inputs are not permitted", "type": "extra_forbidden"} for name in names
    ]
    if problems:
        raise RequestValidationError(problems)


async def _beside(work: Callable[[], T]) -> T:
    """``work`` in a thread. Two at a time would share one core, and the loop with them."""

    def alone() -> T:
        with _one_at_a_time:
            return work()

    return await asyncio.to_thread(alone)


def _read(body: bytes) -> Any:
    if body.count(b",") > MOST_COMMAS:
        raise ValidationFailed("The body holds too many values.", details={"limit": MOST_COMMAS})
    return json.loads(body.decode(), object_pairs_hook=_each_once, parse_float=_number)


def _number(text: str) -> float:
    """A whole number is an integer however it is written: ``100.0`` and ``1e3`` too, as JSON Schema has it."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= MOST_EXACT else number


def _checked(model: type[BaseModel], told: Any) -> Any:
    """The model of a body. Raises RequestValidationError."""
    if not isinstance(told, Mapping):
        return told
    try:
        return model.model_validate(told)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**problem, "loc": ("body", *problem["loc"])} for problem in problems]) from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise json.JSONDecodeError("the same field twice", "", 0)
    return fields
