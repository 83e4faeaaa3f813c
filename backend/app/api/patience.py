"""A body is waited for only so long: a client that stalls in the middle of one holds memory, a file and a place."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from app.core.errors import RequestTimeout


def within(receive: Receive, wait_s: float) -> Receive:
    """A ``receive`` that raises ``RequestTimeout`` when the next piece of a body takes longer than ``wait_s``.

    Once the body is whole it waits for ever, as whoever waits for the client to leave wants it.
    """
    is_whole = False

    async def waited() -> Message:
        nonlocal is_whole
        if is_whole:
            return await receive()
        try:
            async with asyncio.timeout(wait_s):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(details={"wait_s": wait_s}) from None
        is_whole = not message.get("more_body", False)
        return message

    return waited
