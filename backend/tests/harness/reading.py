"""A reader in the background, whose progress a test can wait for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from tests.harness.client import EventStream
from tests.harness.frames import Frame, Transcript

TIMEOUT_S = 30.0
T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    """What a test waits for, or its failure instead of a wait without end."""
    async with asyncio.timeout(TIMEOUT_S):
        return await awaitable


class Reading:
    """Takes the frames of a stream as they come.

    The end of the stream, or of its connection, ends it; ``broken`` says that the connection did.
    """

    def __init__(self, transcript: Transcript | None = None) -> None:
        self.transcript = transcript or Transcript()
        self.broken = False
        self._ended = False
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[Transcript], bool]) -> Transcript:
        """Wait until what was read so far satisfies a condition; fails when the stream ends before it does."""
        assert await self.reached(condition), f"ended after {self.transcript.events} {self.transcript.text!r}"
        return self.transcript

    async def reached(self, condition: Callable[[Transcript], bool]) -> bool:
        """Wait for a condition or the end of the stream; whether the condition came true."""
        async with asyncio.timeout(TIMEOUT_S):
            while not condition(self.transcript):
                if self._ended:
                    return False
                await self._changed.wait()
        return True

    async def ended(self) -> Transcript:
        """Wait for the end of the stream."""
        async with asyncio.timeout(TIMEOUT_S):
            while not self._ended:
                await self._changed.wait()
        return self.transcript

    def take(self, frame: Frame) -> None:
        self.transcript.take(frame)
        self._pulse()

    async def run(self, opened: AbstractAsyncContextManager[EventStream]) -> None:
        """Read a stream to its end."""
        try:
            async with opened as stream:
                async for frame in stream:
                    self.take(frame)
        except httpx.TransportError:
            self.broken = True
        finally:
            self._ended = True
            self._pulse()

    def _pulse(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@asynccontextmanager
async def reading(
    opened: AbstractAsyncContextManager[EventStream], transcript: Transcript | None = None
) -> AsyncIterator[Reading]:
    """Read a stream of a client in the background; leaving the context closes it wherever it is."""
    reader = Reading(transcript)
    task = asyncio.create_task(reader.run(opened))
    try:
        yield reader
    finally:
        task.cancel()
        # What a frame out of order or a refusal raised belongs to the test.
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(outcome, Exception):
            raise outcome


@asynccontextmanager
async def stuck(url: str, path: str) -> AsyncIterator[None]:
    """A client that asks for a stream, reads the status line, and from then on nothing, with room for little."""
    target = urlsplit(url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    with contextlib.closing(sock):
        await asyncio.get_running_loop().sock_connect(sock, (target.hostname, target.port))
        request = f"GET {path} HTTP/1.1\r\nHost: {target.netloc}\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(sock, request.encode())
        assert await asyncio.get_running_loop().sock_recv(sock, 12) == b"HTTP/1.1 200"
        yield
