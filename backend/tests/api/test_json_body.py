"""Bodies read strictly, large ones beside the loop: the same answers, and nobody waits meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, field_validator

from app.api.errors import install_error_handlers
from app.api.json_body import LARGE_BYTES, MOST_COMMAS, JsonRoute

Json = dict[str, Any]
PADDING = "x" * LARGE_BYTES


class Body(BaseModel, extra="forbid"):
    """Remembers the thread that checked it."""

    value: int
    text: str = ""
    items: list[int] = []

    @field_validator("value")
    @classmethod
    def _seen(cls, value: int) -> int:
        checked_in.append(threading.get_ident())
        return value


checked_in: list[int] = []


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(route_class=JsonRoute)

    @router.post("/api/one")
    async def one(body: Body) -> int:
        return body.value

    @router.post("/api/optional")
    async def optional(body: Body | None = None) -> int | None:
        return body.value if body else None

    app = FastAPI()
    app.include_router(router)
    install_error_handlers(app)
    checked_in.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as made:
        yield made


async def test_only_what_is_large_is_checked_beside_the_loop(client: httpx.AsyncClient) -> None:
    """A thread costs a small body more than it saves; a large one is checked once, not again by the framework."""
    loop_thread = threading.get_ident()
    assert (await client.post("/api/one", json={"value": 1})).json() == 1
    assert checked_in == [loop_thread]
    assert (await client.post("/api/one", json={"value": 2, "text": PADDING})).json() == 2
    assert len(checked_in) == 2
    assert checked_in[1] != loop_thread


@pytest.mark.parametrize("path", ["/api/one", "/api/optional"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"value": "x"%s}',
        b'{"value": 1, "other": 1%s}',
        b'{"items": [1, "x", null]%s}',
        b'{"value": 1, "value": 2%s}',
        b'{"value": 1%s',
        b"[1%s]",
        b'"\xff"%s',
    ],
)
async def test_size_changes_no_answer(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    """The same status and the same fields, by whichever way they were found."""
    answers = []
    for padding in (b"", b' , "text": "%s"' % PADDING.encode() if not body.startswith(b"[") else b", 1" * LARGE_BYTES):
        answer = await client.post(path, content=body % padding, headers={"Content-Type": "application/json"})
        told = answer.json()
        for field in told["details"].get("fields", []):
            field["msg"] = field["msg"].partition(" at character")[0]
        answers.append((answer.status_code, told["error_code"], told["details"].get("fields")))
    assert answers[0] == answers[1]
    assert answers[0][0] in (400, 422)


async def test_how_many_values_a_body_may_hold(client: httpx.AsyncClient) -> None:
    """They take a hundred times the memory of their text; it is refused before any is made."""
    items = b",".join([b"1"] * MOST_COMMAS)
    headers = {"Content-Type": "application/json"}
    within = await client.post("/api/one", content=b'{"value":1,"items":[%s]}' % items, headers=headers)
    assert within.status_code == 200
    beyond = await client.post("/api/one", content=b'{"value":1,"items":[%s,1]}' % items, headers=headers)
    assert (beyond.status_code, beyond.json()["error_code"]) == (422, "validation_failed")
    assert "too many values" in beyond.json()["message"]


async def test_what_is_nested_too_deeply(client: httpx.AsyncClient) -> None:
    """Large or not, it is no crash."""
    for depth in (2000, 200_000):
        answer = await client.post(
            "/api/one", content=b"[" * depth + b"]" * depth, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 422)
        assert json.loads(answer.content)["error_code"] == "validation_failed"
