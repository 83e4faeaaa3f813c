"""Server-sent events on their way out: frames as bytes, and the ASGI response that sends them.

The format is the WHATWG one. A frame is encoded once and shared by all its readers; a reader is a cursor into bytes
that only grow, so resuming and many tabs cost a slice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.json import encode

HEARTBEAT = b": heartbeat\n\n"
HEARTBEAT_S = 15.0
SEND_TIMEOUT_S = 30.0
HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


def sse_data(data: Any, event: str, frame_id: str | None = None) -> bytes:
    """One frame: ``id``, ``event`` and JSON ``data``, each on a line of its own, and the blank line."""
    head = f"id: {frame_id}\nevent: {event}\ndata: " if frame_id is not None else f"event: {event}\ndata: "
    return b"%b%b\n\n" % (head.encode(), encode(data))


class Source(Protocol):
    """Where a stream's bytes come from."""

    def take(self) -> bytes:
        """What has become ready since the last call, perhaps nothing."""

    @property
    def ended(self) -> bool:
        """Whether nothing will come after what ``take`` has given."""

    def attach(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` from now on whenever there may be more to take or the source has ended."""

    def detach(self, wake: Callable[[], None]) -> None:
        """Stop calling ``wake``; the stream is over."""


class EventStream(Response):
    """An ASGI response that sends a source until it ends or the client is gone.

    The source is detached at the end whatever happens; a client that leaves ends nothing but its own stream. A comment
    is sent after 15 s of silence. A client that does not read is dropped once a send has been stuck for 30 s.
    """

    def __init__(self, source: Source, headers: dict[str, str] | None = None) -> None:
        self.source = source
        self.status_code = 200
        self.background = None
        self.init_headers(HEADERS | (headers or {}))
        self._idle: asyncio.Future[None] | None = None
        self._gone = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self.source.attach(self._wake)
        leaving = loop.create_task(self._watch(receive))
        pulse = _Pulse(loop, task, self._wake)
        try:
            begun = await self._begin(send)
            if begun:
                await self._send_all(send, pulse)
            if begun and not self._gone:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            # Only the pulse's own cancellation ends here; the task is then as if it had never been cancelled.
            if not pulse.send_timed_out or task is None or task.uncancel():
                raise
        finally:
            pulse.stop()
            self.source.detach(self._wake)
            leaving.cancel()

    async def _begin(self, send: Send) -> bool:
        """Send the head of the reply. False: something else was sent in its place, whole."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        return True

    async def _send_all(self, send: Send, pulse: _Pulse) -> None:
        while not self._gone:
            # Read before the bytes: whatever comes in between is taken now and the end seen in the next round.
            ended = self.source.ended
            body = self.source.take()
            if not body and ended:
                return
            if not body and pulse.due():
                body = HEARTBEAT
            if body:
                pulse.sending()
                await send({"type": "http.response.body", "body": body, "more_body": True})
                pulse.sent()
            else:
                await self._news()

    def _news(self) -> asyncio.Future[None]:
        """Done when there may be more to take, the source has ended or the client is gone."""
        self._idle = asyncio.get_running_loop().create_future()
        return self._idle

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._wake()


class _Pulse:
    """One timer for a stream's heartbeat and its stuck sends."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any] | None, wake: Callable[[], None]
    ) -> None:
        self._loop, self._task, self._wake = loop, task, wake
        self._last = loop.time()
        self._is_sending = False
        self.send_timed_out = False
        self._timer = loop.call_later(HEARTBEAT_S, self._beat)

    def sending(self) -> None:
        self._is_sending, self._last = True, self._loop.time()

    def sent(self) -> None:
        self._is_sending, self._last = False, self._loop.time()

    def due(self) -> bool:
        return self._loop.time() - self._last >= HEARTBEAT_S

    def stop(self) -> None:
        self._timer.cancel()

    def _beat(self) -> None:
        quiet_s = self._loop.time() - self._last
        if self._is_sending and quiet_s >= SEND_TIMEOUT_S:
            self.send_timed_out = True
            if self._task is not None:
                self._task.cancel()
            return
        if not self._is_sending and quiet_s >= HEARTBEAT_S:
            self._wake()
        wait_s = HEARTBEAT_S - quiet_s if quiet_s < HEARTBEAT_S else HEARTBEAT_S
        self._timer = self._loop.call_later(wait_s, self._beat)
