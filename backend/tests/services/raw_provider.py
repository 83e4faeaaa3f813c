"""A provider of bytes: answers each request with exactly what a test wrote down, and records what it was sent."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
Play = Callable[["Exchange"], Awaitable[None]]


def event(text: str) -> bytes:
    """A chunk of answer text as an event."""
    return b'data: {"id":"gen-1","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % text.encode()


def chunked(*pieces: bytes) -> bytes:
    """Pieces in HTTP's chunked framing, without the end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def reply(body: bytes, *, status: str = "200 OK", content_type: str = "application/json", extra: str = "") -> bytes:
    """A whole HTTP reply."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


@dataclass
class Exchange:
    """One request, and the way back to its sender."""

    head: bytes
    body: bytes
    writer: asyncio.StreamWriter
    provider: RawProvider

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawProvider:
    """Listens on loopback while entered. ``play`` answers a request; the connection stays open after it."""

    play: Play
    requests: list[Exchange] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed a connection."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when we have closed one."""

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**26)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/v1"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(sizes[0].split(b":")[1])) if sizes else b""
                exchange = Exchange(head, body, writer, self)
                self.requests.append(exchange)
                await self.play(exchange)
                if writer.is_closing():
                    await writer.wait_closed()
                    self.hung_up.set()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.transport.abort()


def script(data: bytes, *, close: bool = False) -> Play:
    """Answers every request with the same bytes."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(data)
        if close:
            exchange.writer.close()

    return play
