"""Every exception of httpx, aiohttp and the sockets below becomes an error of ours."""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import httpx
import pytest
from aiohttp import http_exceptions
from httpx_aiohttp.transport import map_aiohttp_exceptions

from app.core.errors import (
    UpstreamError,
    UpstreamGarbage,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)
from app.services.upstream.transport import TRANSPORT_EXCEPTIONS, UpstreamTimeouts, timed_out, transport_error


def _tree(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for child in base.__subclasses__():
        yield from _tree(child)


# Among them some that no call of ours can meet, such as those of web sockets.
EVERY = sorted(
    {
        *_tree(httpx.HTTPError),
        *_tree(httpx.StreamError),
        httpx.InvalidURL,
        *_tree(aiohttp.ClientError),
        *(each for _, each in inspect.getmembers(http_exceptions, inspect.isclass) if issubclass(each, Exception)),
        *(OSError, ConnectionResetError, BrokenPipeError, ConnectionAbortedError, ConnectionRefusedError),
        *(TimeoutError, socket.gaierror, ssl.SSLError, ssl.SSLCertVerificationError, RuntimeError, ValueError),
    },
    key=lambda kind: f"{kind.__module__}.{kind.__name__}",
)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@pytest.mark.parametrize("in_body", [False, True], ids=["before", "in body"])
def test_every_exception_is_caught_and_typed(kind: type[Exception], in_body: bool) -> None:
    """Whether it was mapped by httpx-aiohttp on the way or not."""
    raised = kind.__new__(kind)
    assert isinstance(raised, TRANSPORT_EXCEPTIONS)
    assert isinstance(transport_error(raised, in_body=in_body), UpstreamError)


SOCKET = OSError(111, "refused")
KEY = aiohttp.client_reqrep.ConnectionKey("host.example", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("raised", "before", "in_body", "reason"),
    [
        (aiohttp.ConnectionTimeoutError(), UpstreamTimeout, UpstreamTimeout, "connect"),
        (aiohttp.SocketTimeoutError(), UpstreamTimeout, UpstreamTimeout, "timeout"),
        (aiohttp.ClientConnectorError(KEY, SOCKET), UpstreamUnavailable, UpstreamUnavailable, "connect"),
        (aiohttp.ClientConnectorDNSError(KEY, SOCKET), UpstreamUnavailable, UpstreamUnavailable, "dns"),
        (
            aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("x")),
            UpstreamUnavailable,
            UpstreamUnavailable,
            "tls",
        ),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError("x")), UpstreamUnavailable, UpstreamUnavailable, "tls"),
        (aiohttp.ServerDisconnectedError(), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (aiohttp.ClientOSError(104, "reset"), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (aiohttp.ClientConnectionResetError("reset"), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (aiohttp.ClientConnectionError("closed"), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (aiohttp.ClientPayloadError("incomplete"), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (aiohttp.InvalidURL("http://"), UpstreamError, UpstreamError, "bad_request"),
        (http_exceptions.BadStatusLine("x"), UpstreamGarbage, UpstreamGarbage, "http"),
        (RuntimeError("Session is closed"), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (ConnectionResetError(), UpstreamUnavailable, UpstreamTruncated, "hung_up"),
        (UnicodeEncodeError("ascii", "ä", 0, 1, "x"), UpstreamError, UpstreamError, "bad_request"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_each_failure_means(
    raised: Exception, before: type[UpstreamError], in_body: type[UpstreamError], reason: str
) -> None:
    """The same through httpx-aiohttp, whose own mapping makes a connect time-out of a reset connection."""
    mapped = raised
    try:
        with map_aiohttp_exceptions():
            raise raised
    except Exception as exc:  # noqa: BLE001 - the mapped exception is the subject
        mapped = exc
    for seen in (raised, mapped):
        for expected, place in ((before, False), (in_body, True)):
            error = transport_error(seen, in_body=place)
            assert type(error) is expected
            assert error.details == {"cause": type(raised).__name__, "reason": reason}


def test_cancellation_is_no_transport_failure() -> None:
    """It must reach whoever asked for it."""
    assert not issubclass(asyncio.CancelledError, TRANSPORT_EXCEPTIONS)


@pytest.mark.parametrize("phase", ["connect", "first_byte", "idle", "comments_only", "total"])
def test_a_time_out_names_its_phase_and_limit(phase: str) -> None:
    """In words and in details."""
    error = timed_out(phase, UpstreamTimeouts(**{f"{phase}_s": 2.5}))  # type: ignore[arg-type]
    assert error.details == {"phase": phase, "limit_s": 2.5}
    assert "2.5 s" in error.message
