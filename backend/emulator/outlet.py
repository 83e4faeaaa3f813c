"""The way of a response's bytes to the client, and the ways it can be cut off."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from .wire import fragments

COALESCED_BYTES = 16 * 1024


class Outlet:
    """Collects bytes and writes them when something has to be waited for, so that an unpaced stream costs few writes.

    The handler that made it closes it. Cancelling a flush loses nothing that was written before.
    """

    def __init__(self, request: web.Request, response: web.StreamResponse, split: str | None) -> None:
        self._transport = request.transport
        self._response = response
        self._split = split
        self._held = bytearray()

    def put(self, data: bytes) -> None:
        self._held += data

    @property
    def is_full(self) -> bool:
        return len(self._held) >= COALESCED_BYTES

    async def flush(self) -> None:
        """Write what was put so far, as the scenario wants it split; ``ConnectionError`` when the client has left."""
        held, self._held = bytes(self._held), bytearray()
        for fragment in fragments(held, self._split):
            if fragment:
                await self._response.write(fragment)
                await asyncio.sleep(0)

    def close(self) -> None:
        """End the connection in the middle of the body."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
