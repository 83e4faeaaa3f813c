"""A body is waited for only so long: a client that stalls in the middle of one holds memory, a file and a place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive

from app.core.errors import RequestTimeout

BYTES_PER_S = 64 * 2**10
"""How fast a body has to come on the whole."""


def within(receive: Receive, wait_s: float, clock_s: Callable[[], float]) -> Receive:
    """A ``receive`` that raises ``RequestTimeout`` when a body is not waited for any longer.

    One piece is waited for no longer than ``wait_s``, all of them no longer than that and a second for each
    ``BYTES_PER_S`` that came; what the reader does between two pieces does not count. Once the body is whole it waits
    for ever, as whoever waits for the client to leave wants it. ``clock_s`` is monotonic seconds.
    """
    is_whole = False
    left_s = wait_s

    async def waited() -> Message:
        nonlocal is_whole, left_s
        if is_whole:
            return await receive()
        began_s = clock_s()
        try:
            async with asyncio.timeout(min(wait_s, left_s)):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(details={"wait_s": wait_s}) from None
        is_whole = not message.get("more_body", False)
        left_s += len(message.get("body", b"")) / BYTES_PER_S - (clock_s() - began_s)
        if left_s <= 0 and not is_whole:
            raise RequestTimeout(details={"wait_s": wait_s, "bytes_per_s": BYTES_PER_S})
        return message

    return waited
