"""Replies of the foreign doors: one JSON body, or a stream that knows its status before it commits to one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.errors import error_response
from app.api.paths import route_path
from app.api.reply import reply
from app.core.errors import (
    SPENDING_REFUSALS,
    AppError,
    ContextTooLong,
    IdempotencyMismatch,
    MissingKey,
    ShuttingDown,
    UpstreamBadKey,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamModerated,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.core.logging_config import request_id_var
from app.core.sse import EventStream
from app.services.doors.doors import Door
from app.services.turns.frames import Dialect
from app.services.turns.runs import Run

PATIENCE_S = 10.0

CALL_ERRORS = (
    MissingKey,
    *SPENDING_REFUSALS,
    IdempotencyMismatch,
    ShuttingDown,
    ContextTooLong,
    UpstreamError,
    UpstreamBadKey,
    UpstreamNoCredit,
    UpstreamModerated,
    UpstreamModelNotFound,
    UpstreamRateLimited,
    UpstreamUnavailable,
    UpstreamTimeout,
)
"""What starting a call, and a provider that refuses it, may answer."""


class DoorStream(EventStream):
    """A stream whose status waits for the first word, so that a refusal is a real status in its door's dialect.

    A provider that is silent for ``PATIENCE_S`` is taken to have accepted; what it says later is said in the stream.
    """

    def __init__(self, door: Door, dialect: Dialect) -> None:
        self._reader, self._named = door.read(dialect), door_headers(door)
        self._request: tuple[Scope, Receive]
        super().__init__(self._reader, self._named)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._request = scope, receive
        await super().__call__(scope, receive, send)

    async def _begin(self, send: Send) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not self._reader.begun and not self._gone:
                    await self._news()
        if self._gone:
            return False
        error = self._reader.refusal
        if error is None:
            return await super()._begin(send)
        scope, receive = self._request
        await _refused(error, scope, self._named)(scope, receive, send)
        return False


class DoorJson(Response):
    """A whole answer as one JSON body. Its client may leave: what it asked for is written to its end."""

    def __init__(self, door: Door, shape: Callable[[Run], Any]) -> None:
        self._door, self._shape = door, shape
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            run = await self._door.whole()
        except AppError as error:
            replied = _refused(error, scope, door_headers(self._door))
        else:
            replied = reply(self._shape(run), headers=door_headers(self._door))
        await replied(scope, receive, send)


def door_headers(door: Door) -> dict[str, str]:
    """What every reply of a door names."""
    named = {"X-Generation-Id": door.generation_id}
    if door.session_id is not None:
        named["X-Console-Session-Id"] = door.session_id
    if door.replayed:
        named["Idempotent-Replayed"] = "true"
    if door.demo:
        named["X-Console-Demo"] = "1"
    return named


def _refused(error: AppError, scope: Scope, named: dict[str, str]) -> Response:
    response = error_response(error, path=route_path(scope), request_id=request_id_var.get())
    response.headers.update(named)
    return response
