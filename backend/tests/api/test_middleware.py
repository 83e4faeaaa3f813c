"""One id, one set of security headers, one log line per request; failures logged once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import install_error_handlers
from app.api.middleware import RequestLog
from app.api.paths import API_PREFIXES, DATA, DOCS, OPEN, PAGE, classify, dialect_of
from app.core.logging_config import request_id_var

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
DATA_CSP = "default-src 'none'; frame-ancestors 'none'"

Respond = Callable[[Request], Awaitable[Response]]


def app_of(respond: Respond) -> ASGIApp:
    return RequestLog(Starlette(routes=[Route("/{path:path}", respond)]))


async def get(app: ASGIApp, path: str = "/api/x", headers: list[tuple[bytes, bytes]] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        return await client.get(path, headers=headers)


async def plain(_: Request) -> Response:
    return Response(request_id_var.get(), media_type="text/plain")


def scope_of(path: str = "/api/x") -> Scope:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "root_path": ""}


async def gone() -> Message:
    return {"type": "http.disconnect"}


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.name == "app.access" and hasattr(record, "status")]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "app.access")
    return caplog


# Request id


async def test_each_request_gets_an_id_that_the_route_sees() -> None:
    """Header and context agree; two requests differ; the context is empty afterwards."""
    app = app_of(plain)
    first, second = await get(app), await get(app)
    assert first.text == first.headers["x-request-id"]
    assert first.text != second.text
    assert request_id_var.get() is None


@pytest.mark.parametrize("given", [b"a", b"!~", b"x" * 128])
async def test_a_safe_id_of_the_clients_own_is_kept(given: bytes) -> None:
    """1..128 visible ASCII characters."""
    reply = await get(app_of(plain), headers=[(b"x-request-id", given)])
    assert reply.headers["x-request-id"] == reply.text == given.decode()


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a b", b"a\tb", b"a\x7f", b"\xfc", b"a\n"])
async def test_an_unsafe_id_is_replaced(given: bytes) -> None:
    """It would go into headers and logs."""
    sent = (await get(app_of(plain), headers=[(b"x-request-id", given)])).headers["x-request-id"]
    assert len(sent) == 36


async def test_two_ids_are_replaced() -> None:
    """Which of them would it be?"""
    reply = await get(app_of(plain), headers=[(b"x-request-id", b"a"), (b"x-request-id", b"b")])
    assert len(reply.headers["x-request-id"]) == 36


# Security headers


@pytest.mark.parametrize("path", ["/", "/app/chat/1", "/assets/a.js", "/docs"])
async def test_the_page_is_locked_to_its_own_files(path: str) -> None:
    """The policy, word for word, and its companions."""
    headers = (await get(app_of(plain), path)).headers
    assert headers["content-security-policy"] == PAGE_CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers.get("cache-control") == ("no-store" if path == "/docs" else None)


@pytest.mark.parametrize("path", ["/api/x", "/v1/models", "/chat", "/health", "/api/admin/backup", "/unknown"])
async def test_data_is_inert_and_never_kept(path: str) -> None:
    """A reply that a browser shows by mistake can run and load nothing, and leaves no copy in its cache."""
    headers = (await get(app_of(plain), path)).headers
    assert headers["content-security-policy"] == DATA_CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_every_api_prefix_is_no_page() -> None:
    """The table of paths and the page's own routes do not overlap; unknown paths are data."""
    for prefix in API_PREFIXES:
        assert classify(prefix) in (DATA, OPEN, DOCS)
        assert classify(f"{prefix}/below") in (DATA, DOCS)
    for path in ("/app", "/app/usage", "/assets/x.css"):
        assert classify(path) is PAGE
    for path in ("/application", "/assetsx", "/../api", "//", "/API", "", "/apiary"):
        assert classify(path) is DATA


def test_dialects_follow_whole_path_segments() -> None:
    """`/v10` is not `/v1`."""
    assert [dialect_of(path) for path in ("/v1", "/v1/x", "/api/v1/x", "/chat", "/chat/x", "/models")] == [
        "openai",
        "openai",
        "openai",
        "typed",
        "typed",
        "plain",
    ]
    assert {dialect_of(path) for path in ("/v10", "/chats", "/api/v10", "/modelsx", "/", "/api")} == {"api"}


# Log lines


async def test_one_line_per_request_without_the_query(log: pytest.LogCaptureFixture) -> None:
    """Method, path, status, duration, bytes."""
    reply = await get(app_of(plain), "/api/x?token=secret")
    (line,) = access_lines(log)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/x", 200)
    assert line["bytes"] == len(reply.content)
    assert line["duration_ms"] >= 0
    assert "secret" not in log.text


async def test_a_stream_is_logged_at_its_end(log: pytest.LogCaptureFixture) -> None:
    """Not at its first byte; with the bytes of all of it."""
    lines_seen: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"12345"
            lines_seen.append(len(access_lines(log)))

    async def stream(_: Request) -> Response:
        return StreamingResponse(chunks())

    await get(app_of(stream))
    assert lines_seen == [0, 0, 0]
    assert [line["bytes"] for line in access_lines(log)] == [15]


async def test_silence_below_info(caplog: pytest.LogCaptureFixture) -> None:
    """LOG_LEVEL=WARNING drops access lines."""
    caplog.set_level(logging.WARNING, "app.access")
    await get(app_of(plain))
    assert access_lines(caplog) == []


# Failures


@pytest.mark.parametrize("with_handlers", [True, False], ids=["handlers", "bare"])
@pytest.mark.parametrize("inside", [True, False], ids=["added", "around"])
async def test_an_exception_is_logged_once_with_its_traceback(
    log: pytest.LogCaptureFixture, with_handlers: bool, inside: bool
) -> None:
    """Wherever the layer stands, one record with a traceback, one 500 that does not show it, one access line."""
    app = FastAPI(openapi_url=None)
    if with_handlers:
        install_error_handlers(app)

    @app.get("/api/boom")
    async def boom() -> None:
        raise RuntimeError("the reason")

    if inside:
        app.add_middleware(RequestLog)
    reply = await get(app if inside else RequestLog(app), "/api/boom")
    assert reply.status_code == 500
    assert "the reason" not in reply.text
    assert [record.levelname for record in log.records if record.exc_info] == ["ERROR"]
    assert [line["status"] for line in access_lines(log)] == [500]


async def test_an_exception_in_mid_stream_is_logged_and_the_reply_stays_unfinished(
    log: pytest.LogCaptureFixture,
) -> None:
    """No second status line, no closing chunk that would make the cut look like an end."""
    sent: list[Message] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the reason")

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestLog(broken)(scope_of(), gone, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert len([record for record in log.records if record.exc_info]) == 1


async def test_a_client_that_went_away_is_no_error(log: pytest.LogCaptureFixture) -> None:
    """No traceback, no reply to nobody, one line with 499."""

    async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnect

    async def send(message: Message) -> None:
        pytest.fail(f"sent {message}")

    await RequestLog(leaves)(scope_of(), gone, send)
    assert [line["status"] for line in access_lines(log)] == [499]
    assert not [record for record in log.records if record.exc_info or record.levelno > logging.INFO]


async def test_a_cancelled_request_is_logged_and_stays_cancelled(log: pytest.LogCaptureFixture) -> None:
    """The server's own shutdown must get through."""
    waiting = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        pytest.fail(f"sent {message}")

    task = asyncio.create_task(RequestLog(waits)(scope_of(), gone, send))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(access_lines(log)) == 1


async def test_a_task_started_by_a_request_keeps_its_id() -> None:
    """A generation outlives its request; its log lines still name it."""
    seen: list[str | None] = []

    async def work() -> None:
        seen.append(request_id_var.get())

    tasks: list[asyncio.Task[None]] = []

    async def start(_: Request) -> Response:
        tasks.append(asyncio.create_task(work()))
        return Response()

    reply = await get(app_of(start))
    await asyncio.gather(*tasks)
    assert seen == [reply.headers["x-request-id"]]
