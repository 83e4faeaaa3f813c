"""Arguments read at once: the same answers as FastAPI's own reading gives, whatever is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from app.api.arguments import Arguments
from app.api.errors import install_error_handlers
from app.api.json_body import JsonRoute
from app.api.routes import chat, openai, stream
from app.core.errors import Conflict


class Body(BaseModel, extra="forbid"):
    value: Annotated[int, Field(gt=0)]


async def caller(request: Request) -> str:
    """A dependency that asks for the request, and may refuse it."""
    if "x-refused" in request.headers:
        raise Conflict("Not now.")
    return request.headers.get("x-caller", "nobody")


async def fixed() -> int:
    return 7


CallerDep = Annotated[str, Depends(caller)]
FixedDep = Annotated[int, Depends(fixed)]
Name = Annotated[str, Path(max_length=5)]
Key = Annotated[str | None, Header(max_length=4)]
Mode = Annotated[int, Header(alias="X-Mode", ge=1)]


async def at_once(name: Name, body: Body, who: CallerDep, seven: FixedDep, mode: Mode, the_key: Key = None) -> Response:
    return JSONResponse([name, body.value, who, seven, mode, the_key])


async def by_fastapi(name: Name, body: Body, who: CallerDep, seven: FixedDep, mode: Mode, the_key: Key = None) -> Any:
    return JSONResponse([name, body.value, who, seven, mode, the_key])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(route_class=JsonRoute)
    router.post("/api/quick/{name}")(at_once)
    router.post("/api/asked/{name}")(by_fastapi)
    quick, asked = (route for route in router.routes if isinstance(route, APIRoute))
    assert Arguments.of(quick) is not None
    assert Arguments.of(asked) is None
    app = FastAPI()
    app.include_router(router)
    install_error_handlers(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as made:
        yield made


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"value": 3}', "application/json"),
        ('{"value": 3}', "application/json; charset=utf-8"),
        ('{"value": 3}', "text/plain"),
        ('{"value": 0}', "application/json"),
        ('{"value": 3, "other": 1}', "application/json"),
        ('{"value": 3, "value": 4}', "application/json"),
        ('{"value": ', "application/json"),
        ("3", "application/json"),
        ("null", "application/json"),
        ("", "application/json"),
        ("\udc80", "application/json"),
    ],
)
async def test_a_request_is_read_as_fastapi_reads_it(client: httpx.AsyncClient, body: str, kind: str) -> None:
    content = body.encode("utf-8", "surrogateescape")
    for name, key, mode in (
        ("short", None, "1"),
        ("short", "abcd", "1"),
        ("short", "abcde", "1"),
        ("short", "", "1"),
        ("too-long", None, "1"),
        ("short", None, None),
        ("short", None, "0"),
        ("short", "k", "one"),
    ):
        headers = {"content-type": kind, "x-caller": "me"}
        headers |= {"the-key": key} if key is not None else {}
        headers |= {"x-mode": mode} if mode is not None else {}
        quick = await client.post(f"/api/quick/{name}", content=content, headers=headers)
        asked = await client.post(f"/api/asked/{name}", content=content, headers=headers)
        assert (quick.status_code, quick.json()) == (asked.status_code, asked.json())


async def test_what_is_right_arrives(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/quick/short", json={"value": 3}, headers={"the-key": "k", "x-mode": "2"})
    assert reply.json() == ["short", 3, "nobody", 7, 2, "k"]


async def test_a_dependency_may_refuse(client: httpx.AsyncClient) -> None:
    headers = {"x-refused": "1", "x-mode": "1"}
    quick = await client.post("/api/quick/short", json={"value": 3}, headers=headers)
    asked = await client.post("/api/asked/short", json={"value": 3}, headers=headers)
    assert quick.status_code == asked.status_code == Conflict.status
    assert quick.json()["error_code"] == asked.json()["error_code"] == Conflict.code


def test_what_starts_answers_is_read_at_once() -> None:
    routes = [route for module in (stream, openai, chat) for route in module.router.routes]
    quick = {route.path for route in routes if isinstance(route, APIRoute) and Arguments.of(route) is not None}
    assert quick == {"/api/stream", "/v1/chat/completions", "/api/v1/chat/completions"}
