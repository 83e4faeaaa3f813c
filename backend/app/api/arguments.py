"""The arguments of an endpoint, read without asking anew at every request what each of them is.

FastAPI settles that each time, which costs more than reading them. Here it is settled once, for endpoints that take
nothing but path fields, headers, one JSON model and dependencies that ask for the request alone or for nothing. A
request with anything amiss is left to FastAPI, which has the words for it; so both take and refuse the same.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, cast

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import ValidationFailed

_JSON = "application/json"


class _Amiss(Exception):
    """A field that is missing or not as it should be."""


class _Field(NamedTuple):
    """One value: its argument's name, its name in the request, what checks it, and what stands for a missing one."""

    argument: str
    name: str
    check: Callable[..., tuple[Any, Sequence[Any]]]
    default: Any
    is_required: bool

    def read(self, told: Mapping[str, Any]) -> Any:
        value = told.get(self.name)
        if value is not None:
            return self.checked(value)
        if self.is_required:
            raise _Amiss
        return self.default

    def checked(self, value: Any) -> Any:
        """The value, as its type has it."""
        found, problems = self.check(value, {}, loc=())
        if problems:
            raise _Amiss
        return found


class Arguments:
    """How one endpoint is called. Made by ``of``."""

    def __init__(self, route: APIRoute) -> None:
        needs = route.dependant
        self._endpoint = cast("Callable[..., Coroutine[Any, Any, Response]]", route.endpoint)
        self._path, self._headers, self._body = map(
            _fields, (needs.path_params, needs.header_params, needs.body_params)
        )
        self._needed = [
            (need.name, need.call, need.request_param_name)
            for need in needs.dependencies
            if need.name is not None and need.call is not None
        ]

    @classmethod
    def of(cls, route: APIRoute) -> Arguments | None:
        """None for an endpoint that takes or answers anything else."""
        needs = route.dependant
        is_plain = (
            not _asks_for_more(needs)
            and needs.request_param_name is None
            and all(_is_simple(need) for need in needs.dependencies)
            and len(needs.body_params) <= 1
            and not route._embed_body_fields
            and all(_is_model(field) for field in needs.body_params)
        )
        answers = route.endpoint.__annotations__.get("return")
        return cls(route) if is_plain and answers in (Response, Response.__name__) else None

    async def answer(self, request: Request) -> Response | None:
        """What the endpoint answers; None, and it was not called, where FastAPI is to say what is amiss."""
        try:
            given = {field.argument: field.read(request.path_params) for field in self._path}
            for field in self._headers:
                given[field.argument] = field.read(request.headers)
            for field in self._body:
                if request.headers.get("content-type", "").partition(";")[0] != _JSON:
                    return None
                given[field.argument] = field.checked(await request.json())
        except (_Amiss, ValueError, RecursionError, ValidationFailed):
            return None
        for argument, get, request_name in self._needed:
            given[argument] = await get(**{request_name: request} if request_name else {})
        return await self._endpoint(**given)


def _fields(fields: Iterable[Any]) -> list[_Field]:
    return [
        _Field(each.name, each.alias, each.validate, each.default, each.field_info.is_required()) for each in fields
    ]


def _is_model(field: Any) -> bool:
    """Whether a body is one model and has to be there."""
    kind, is_required = field.field_info.annotation, field.field_info.is_required()
    return is_required and isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_simple(need: Dependant) -> bool:
    """Whether a dependency asks for the request alone, or for nothing."""
    fields = (need.path_params, need.header_params, need.body_params, need.dependencies)
    return not (any(fields) or _asks_for_more(need)) and iscoroutinefunction(need.call) and need.name is not None


def _asks_for_more(needs: Dependant) -> bool:
    """Whether something is asked for that is not read here."""
    return any(
        (
            needs.query_params,
            needs.cookie_params,
            needs.http_connection_param_name,
            needs.websocket_param_name,
            needs.response_param_name,
            needs.background_tasks_param_name,
            needs.security_scopes_param_name,
            needs.concurrency,
        )
    )
