"""HTTP/1.1 as the server reads it: what a request may be before the application hears of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlsplit

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.asgi import CUT
from app.core.errors import AppError, HeadersTooLarge, RateLimitedLocal, RequestTimeout, TargetTooLong
from app.core.ids import new_id

MOST_HEAD_BYTES = 64 * 2**10
"""Of a target and its headers together; also of anything else that is no piece of a body, such as trailers."""
MOST_HEADERS = 100
MOST_WAITING = 100
"""Requests sent after one that is still being answered; one read may bring thousands."""
HEAD_WAIT_S = 30.0
"""How long a head may take to be whole."""
LINGER_BYTES, LINGER_S = 2**20, 2.0
"""What is still taken of a refused head, and thrown away: a connection closed before might lose the refusal."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with bounds on the head of a request, and with the host of a target such as ``http://host/path``.

    The scope has the extension ``CUT``.
    """

    url = b""
    _refusal: AppError | None = None
    _head_due_s: float | None = None
    """When the head that is awaited has to be whole, on the loop's clock; None when none is awaited."""
    _is_refused = False
    _read_bytes = 0
    _pending_bytes = 0
    """What has come since the last whole head or piece of a body, counted up by whole reads."""

    # uvicorn narrows what asyncio hands over, and is taken at its word.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await a first head."""
        super().connection_made(transport)
        self._head_due_s = self.loop.time() + HEAD_WAIT_S

    def data_received(self, data: bytes) -> None:
        """Count before parsing: what the parser collects is no more than this and one read."""
        if self._is_refused:
            self._pending_bytes += len(data)
            if self._pending_bytes > LINGER_BYTES:
                self.transport.abort()
            return
        if self._head_due_s is None and (self.cycle is None or self.cycle.response_complete):
            self._head_due_s = self.loop.time() + HEAD_WAIT_S
        self._read_bytes = len(data)
        self._pending_bytes += self._read_bytes
        super().data_received(data)
        if self._pending_bytes > MOST_HEAD_BYTES or (self.headers is not None and len(self.headers) > MOST_HEADERS):
            self._refuse(self._too_large())

    def on_message_begin(self) -> None:
        """Begin to count a head."""
        super().on_message_begin()
        self._pending_bytes = self._read_bytes

    def on_headers_complete(self) -> None:
        """Let an absolute target's authority stand beside ``Host`` (RFC 9112, section 3.2.2).

        Where both are the same it says nothing new; a second one is refused as any second host is.
        """
        if len(self.headers) > MOST_HEADERS or (
            self._pending_bytes > MOST_HEAD_BYTES and self._head_bytes() > MOST_HEAD_BYTES
        ):
            self._refusal = self._too_large()
            raise self._refusal  # ends the parsing, which ends in `send_400_response`
        if len(self.pipeline) >= MOST_WAITING:
            self._refusal = RateLimitedLocal()
            raise self._refusal
        self._pending_bytes, self._head_due_s = 0, None
        if not self.url.startswith((b"/", b"*")):
            self._add_authority()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Whether a body comes in time and is not too large is the gate's to say."""
        self._pending_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what could not be parsed, or was not parsed any further."""
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif self._may_answer():
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def end_if_late(self, now_s: float) -> None:
        """Close the connection if a head is awaited for too long; not as long as a reply is on its way."""
        due_s = self._head_due_s
        if due_s is None or now_s < due_s or not (self.cycle is None or self.cycle.response_complete):
            return
        if self._pending_bytes and not self._is_refused:
            self._refuse(RequestTimeout(details={"wait_s": HEAD_WAIT_S}))
        else:
            self.transport.close()

    def _refuse(self, refusal: AppError) -> None:
        """Answer in the shape of our errors, as the last thing that is said here."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if not self._may_answer():
            self.transport.abort()
            return
        body = {
            "error_code": refusal.code,
            "message": refusal.message,
            "request_id": new_id(),
            "details": {"hint": refusal.hint, **refusal.details},
        }
        content = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write_eof()
            self._head_due_s = self.loop.time() + LINGER_S
        else:
            self.transport.close()  # its application has to know

    def _may_answer(self) -> bool:
        """Whether nothing else is being answered, which another reply would be taken for a part of."""
        if self.cycle is None or self.cycle.response_complete:
            return True
        return self.cycle.more_body and not self.cycle.response_started and not self.pipeline

    def _too_large(self) -> AppError:
        if not self.headers and len(self.url) > MOST_HEAD_BYTES // 2:
            return TargetTooLong(details={"limit_bytes": MOST_HEAD_BYTES})
        return HeadersTooLarge(details={"limit_bytes": MOST_HEAD_BYTES, "limit_headers": MOST_HEADERS})

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _add_authority(self) -> None:
        try:
            authority = urlsplit(self.url).netloc
        except ValueError:
            authority = b""
        hosts = [value.lower() for name, value in self.headers if name == b"host"]
        if hosts != [authority.lower()]:
            self.headers.append((b"host", authority))


def end_late(connections: Iterable[asyncio.Protocol], now_s: float) -> None:
    """Close every connection whose head is late. ``now_s`` is of the loop's clock."""
    for connection in list(connections):
        if isinstance(connection, HttpProtocol):
            connection.end_if_late(now_s)
