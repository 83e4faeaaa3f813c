"""Streams of rare events, such as the steps of long work: sse-starlette sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from starlette.responses import Response

from app.api.errors import error_body
from app.core.errors import AppError
from app.core.json import encode_text
from app.core.logging_config import request_id_var


async def progress(steps: AsyncIterator[Any]) -> Response:
    """Each step as a ``progress`` event, then ``done``; a failure as ``error`` in the API's shape, and nothing after.

    Raises what fails before the first step: nothing is sent yet, so that it is an answer of its own.
    A client that leaves ends the work at its next step.
    """
    first = await anext(steps)
    return _response_class()(_events(first, steps), headers={"cache-control": "no-cache"})


@cache
def _response_class() -> type[Response]:
    """Made on first use: importing the library changes how the server ends, which few processes ever need."""
    from sse_starlette import EventSourceResponse

    class StepsResponse(EventSourceResponse):
        """Ended by its steps, its client or the server's grace, so without the library's watcher.

        That is a task which asks twice a second whether the process ends, and stays until it does.
        """

        @staticmethod
        async def _listen_for_exit_signal() -> None:
            await asyncio.Event().wait()

    return StepsResponse


async def _events(first: Any, steps: AsyncIterator[Any]) -> AsyncIterator[dict[str, str]]:
    yield {"event": "progress", "data": encode_text(first)}
    try:
        async for step in steps:
            yield {"event": "progress", "data": encode_text(step)}
    except AppError as error:
        body = error_body(error, dialect="api", request_id=request_id_var.get())
        yield {"event": "error", "data": encode_text(body)}
        return
    yield {"event": "done", "data": "{}"}
