"""httpx on aiohttp: the client, the clock over a reply's body, and every transport failure as one of our errors.

The body is read from aiohttp's own reader. httpx would wrap it in three async generators, which cost more than the read
and, when a stream is left early, are finished by tasks of the event loop's making.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from app.core.errors import (
    UpstreamError,
    UpstreamGarbage,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)

READ_BUFFER_BYTES = 2**17
_PULSE_S = 1.0
_PIECE_BYTES = 2**18
_url_of = lru_cache(64)(httpx.URL)
"""Taking an address apart costs as much as the rest of a request, and nearly all go to the same few."""

# All that the two libraries and the sockets below them raise. RuntimeError is aiohttp's word for a connection or
# session closed meanwhile, ValueError the base of its and httpx's complaints about URLs and headers.
TRANSPORT_EXCEPTIONS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,
    RuntimeError,
    ValueError,
)

Phase = Literal["connect", "first_byte", "idle", "comments_only", "total"]

_TOO_SLOW: dict[Phase, str] = {
    "connect": "The provider could not be reached within {:g} s.",
    "first_byte": "The provider did not begin to answer within {:g} s.",
    "idle": "The provider fell silent for {:g} s.",
    "comments_only": "The provider sent nothing but signs of life for {:g} s.",
    "total": "The answer was not finished after {:g} s.",
}

# First match wins; what matches nothing is a connection that broke.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], type[UpstreamError], str, str], ...] = (
    (
        (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, httpx.PoolTimeout),
        UpstreamTimeout,
        "The provider could not be reached in time.",
        "connect",
    ),
    (
        (aiohttp.ServerTimeoutError, httpx.TimeoutException, TimeoutError),
        UpstreamTimeout,
        UpstreamTimeout.text,
        "timeout",
    ),
    (
        (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch, ssl.SSLError, ssl.CertificateError),
        UpstreamUnavailable,
        "No trusted TLS connection to the provider could be made.",
        "tls",
    ),
    (
        (aiohttp.ClientConnectorDNSError, socket.gaierror),
        UpstreamUnavailable,
        "The provider's host name cannot be resolved.",
        "dns",
    ),
    (
        (aiohttp.ClientConnectorError, httpx.ConnectError, httpx.ProxyError, ConnectionRefusedError),
        UpstreamUnavailable,
        "The provider cannot be reached.",
        "connect",
    ),
    (
        (aiohttp.ClientResponseError, HttpProcessingError, httpx.RemoteProtocolError, httpx.DecodingError),
        UpstreamGarbage,
        "The provider does not speak proper HTTP.",
        "http",
    ),
    (
        (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError),
        UpstreamError,
        "The request cannot be sent as it is; check the base URL and the key.",
        "bad_request",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTimeouts:
    """How long each phase of a call may last, in seconds.

    ``first_byte_s`` and ``total_s`` count from the request; ``idle_s`` from the last byte, ``comments_only_s`` from the
    last event that was more than a keep-alive comment, both without the time the caller took between reads.
    """

    connect_s: float = 10
    first_byte_s: float = 120
    idle_s: float = 60
    comments_only_s: float = 300
    total_s: float = 1800


class _Content(httpx.AsyncByteStream):
    """A body that is sent as it is. A large one goes a piece at a time, as fast as the other side takes it; whole it
    would hold up every other answer.
    """

    def __init__(self, content: bytes) -> None:
        self.whole = content if len(content) <= _PIECE_BYTES else None
        self._content = memoryview(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), _PIECE_BYTES):
            yield bytes(self._content[start : start + _PIECE_BYTES])


class _Transport(AiohttpTransport):
    """Sends requests whose parts are ready. Also hands out aiohttp's response, the one look behind httpx's interface.

    httpx-aiohttp would find out anew what each part of a request is, and dress aiohttp's errors, which are looked at
    themselves.
    """

    def __init__(self, context: ssl.SSLContext, session: Callable[[], aiohttp.ClientSession], connect_s: float) -> None:
        super().__init__(verify=context, client=session, trust_env=False)
        self._limits = aiohttp.ClientTimeout(connect=connect_s, sock_connect=connect_s)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        stream = request.stream
        reply = await self.client.request(
            request.method,
            str(request.url),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=(stream.whole or stream) if isinstance(stream, _Content) else None,
            allow_redirects=False,
            auto_decompress=False,
            timeout=self._limits,
        )
        return httpx.Response(
            reply.status,
            headers=reply.raw_headers,
            stream=AiohttpResponseStream(reply),
            request=request,
            extensions={"aiohttp": reply},
        )


class Wire:
    """Sends httpx requests over one pool without a limit of connections. The owner closes it.

    httpx's transport is used without its client: redirects, cookies, authentication flows and proxies of the
    environment are what a client adds, none of them is wanted here, and they cost more than the request itself.
    The aiohttp session is made by the first request, inside the running loop.
    """

    def __init__(self, *, tls: bool, headers: Mapping[bytes, bytes], connect_s: float) -> None:
        context = httpx.create_ssl_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=context),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=READ_BUFFER_BYTES,
            )

        self._transport = _Transport(context, session, connect_s)
        self._headers = list(headers.items())
        self._closed = False

    async def send(
        self, method: str, url: str, headers: Mapping[bytes, bytes], content: bytes | None
    ) -> httpx.Response:
        """The reply's head; its body is unread and the caller's to close."""
        if self._closed:
            raise RuntimeError("the client is closed")
        fields = [*self._headers, *headers.items()]
        if content is not None and len(content) > _PIECE_BYTES:
            fields.append((b"Content-Length", b"%d" % len(content)))
        stream = httpx.ByteStream(b"") if content is None else _Content(content)
        return await self._transport.handle_async_request(
            httpx.Request(method, _url_of(url), headers=fields, stream=stream)
        )

    async def aclose(self) -> None:
        """Close all connections; replies still open break."""
        self._closed = True
        await self._transport.aclose()


class ReplyBody:
    """The bytes of a reply as they arrive, under the clock. One reader at a time.

    One timer is armed per body and moved only when it fires, so a read costs no timer.
    """

    def __init__(self, response: httpx.Response, timeouts: UpstreamTimeouts, *, sent_at: float) -> None:
        self._response = response
        self._reply: aiohttp.ClientResponse = response.extensions["aiohttp"]
        self._content = self._reply.content
        self.headers: Mapping[str, str] = self._reply.headers
        """As aiohttp has read them: bytes that are no UTF-8 are escaped."""
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._first_byte_by = sent_at + timeouts.first_byte_s
        self._total_by = sent_at + timeouts.total_s
        self._waiting_since = self._returned_at = self._progress_at = self._loop.time()
        self._reading = False
        self._started = False
        self._expired: Phase | None = None
        self._broken: Exception | None = None
        # No deadline that the next byte or read may bring can fall due sooner than after this.
        self._patience_s = min(timeouts.idle_s, timeouts.comments_only_s, _PULSE_S)
        self._timer = self._loop.call_at(min(self._deadline()[0], self._returned_at + self._patience_s), self._check)

    async def read(self) -> bytes:
        """All that has arrived, at least one byte; empty at a clean end.

        Raises UpstreamTimeout, UpstreamTruncated or UpstreamGarbage, always after everything that arrived before was
        returned. Cancelling it leaves the body readable.
        """
        if self._broken is not None:
            raise self._error(self._broken) from self._broken
        now = self._loop.time()
        if now >= self._total_by:
            raise timed_out("total", self._timeouts)
        self._progress_at += now - self._returned_at
        self._waiting_since = self._returned_at = now
        self._reading = True
        try:
            data: bytes = await self._content.readany()
        except TRANSPORT_EXCEPTIONS as exc:
            data = self._content._read_nowait(-1)
            if not data:
                raise self._error(exc) from exc
            self._broken = exc
        finally:
            self._reading = False
        self._started = True
        self._returned_at = self._loop.time()
        return data

    async def read_all(self, limit_bytes: int) -> bytes:
        """The rest, for replies that are not streams. Raises UpstreamGarbage when it is larger than ``limit_bytes``."""
        pieces: list[bytes] = []
        size = 0
        while data := await self.read():
            self.progressed()
            pieces.append(data)
            size += len(data)
            if size > limit_bytes:
                raise UpstreamGarbage(
                    "The provider's reply is larger than we accept.", details={"limit_bytes": limit_bytes}
                )
        return b"".join(pieces)

    def progressed(self) -> None:
        """What was just read was more than a sign of life."""
        self._progress_at = self._returned_at

    async def aclose(self, *, drain_s: float = 0) -> None:
        """Ends the reply. An unfinished one closes its connection at once, which tells the provider to stop.

        With ``drain_s`` the end of a reply that has said everything is awaited so long, so that its connection can be
        used again.
        """
        self._timer.cancel()
        try:
            if drain_s and not self._content.is_eof():
                async with asyncio.timeout(drain_s):
                    while await self._content.readany():
                        pass
        except TRANSPORT_EXCEPTIONS:
            pass  # the connection is closed instead
        finally:
            with contextlib.suppress(*TRANSPORT_EXCEPTIONS):
                await self._response.aclose()

    def _deadline(self) -> tuple[float, Phase]:
        limits = self._timeouts
        silent_until: tuple[float, Phase] = (
            (self._waiting_since + limits.idle_s, "idle") if self._started else (self._first_byte_by, "first_byte")
        )
        return min(
            silent_until, (self._progress_at + limits.comments_only_s, "comments_only"), (self._total_by, "total")
        )

    def _check(self) -> None:
        now = self._loop.time()
        wake_at = now + self._patience_s
        if self._reading:
            deadline, phase = self._deadline()
            if now >= deadline:
                self._expired = phase
                self._content.set_exception(TimeoutError(phase))
                return
            connection = self._reply.connection
            if connection is not None and connection.protocol is not None and not connection.protocol.connected:
                # aiohttp's parser, when it gives up on a body, closes the connection without waking the reader.
                self._content.set_exception(aiohttp.ClientPayloadError("connection lost"))
                return
            wake_at = min(wake_at, deadline)
        self._timer = self._loop.call_at(wake_at, self._check)

    def _error(self, exc: Exception) -> UpstreamError:
        return timed_out(self._expired, self._timeouts) if self._expired else transport_error(exc, in_body=True)


def timed_out(phase: Phase, timeouts: UpstreamTimeouts) -> UpstreamTimeout:
    """The error of a phase that lasted too long; ``details`` name it and its limit."""
    limit_s: float = getattr(timeouts, f"{phase}_s")
    return UpstreamTimeout(_TOO_SLOW[phase].format(limit_s), details={"phase": phase, "limit_s": limit_s})


def transport_error(exc: Exception, *, in_body: bool) -> UpstreamError:
    """One of TRANSPORT_EXCEPTIONS as our error; ``in_body`` says whether the reply's headers had come.

    httpx-aiohttp calls a reset connection a connect timeout, so what aiohttp raised itself is looked at first.
    """
    cause = exc.__cause__ if isinstance(exc, httpx.HTTPError) and isinstance(exc.__cause__, Exception) else exc
    details = {"cause": type(cause).__name__}
    for kinds, error, text, reason in _MEANINGS:
        if isinstance(cause, kinds):
            return error(text, details=details | {"reason": reason})
    if in_body:
        return UpstreamTruncated(details=details | {"reason": "hung_up"})
    return UpstreamUnavailable(
        "The connection to the provider broke before it answered.", details=details | {"reason": "hung_up"}
    )
