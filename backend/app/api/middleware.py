"""The outermost layer: an id for every request, its security headers, one log line at its end."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import error_response
from app.api.paths import classify, route_path
from app.api.rates import RATE_HEADERS
from app.api.security_headers import SECURITY_HEADERS
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.logging_config import request_id_var

logger = logging.getLogger("app.access")
_VISIBLE_ASCII = re.compile(rb"[!-~]{1,128}")
_MAX_LOGGED_PATH_CHARS = 512
_CLIENT_WENT_AWAY = 499  # nginx's status for a request whose client left before any reply


class RequestLog:
    """Pure ASGI middleware around everything else; a streamed chunk costs it one plain function call.

    An exception that no handler turned into a reply is logged here, once, with its traceback, and ends as a 500, or
    as a cut connection when the reply had begun. A client that went away is no error.

    Args:
        served: told of each request at its end: method, pattern of its route, status.
    """

    def __init__(self, app: ASGIApp, served: Callable[[str, str, int], None] | None = None) -> None:
        self._app, self._served = app, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_ns = time.perf_counter_ns()
        path = route_path(scope)
        request_id = _given_id(scope) or new_id()
        context = request_id_var.set(request_id)
        headers = (*SECURITY_HEADERS[classify(path)], (b"x-request-id", request_id.encode()))
        status = sent_bytes = 0

        def observed(message: Message) -> Awaitable[None]:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.body":
                sent_bytes += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *headers, *scope.get(RATE_HEADERS, ())]
            return send(message)

        try:
            await self._app(scope, receive, observed)
        except ClientDisconnect:
            logger.debug("client went away")
        except Exception:
            logger.exception("unexpected error")
            if not status:
                await error_response(AppError(), path=path, request_id=request_id)(scope, receive, observed)
        finally:
            status = status or _CLIENT_WENT_AWAY
            if self._served is not None:
                self._served(scope["method"], _pattern(scope), status)
            if logger.isEnabledFor(logging.INFO):
                shown = path[:_MAX_LOGGED_PATH_CHARS]
                logger.info(
                    "%s %s %d",
                    scope["method"],
                    shown,
                    status,
                    extra={
                        "method": scope["method"],
                        "path": shown,
                        "status": status,
                        "duration_ms": round((time.perf_counter_ns() - started_ns) / 1e6, 3),
                        "bytes": sent_bytes,
                    },
                )
            request_id_var.reset(context)


def _pattern(scope: Scope) -> str:
    """The pattern of the route that served a request; what no route served goes by the class of its path."""
    pattern = getattr(scope.get("route"), "path_format", None)
    return pattern if isinstance(pattern, str) else f"({classify(route_path(scope)).name})"


def _given_id(scope: Scope) -> str | None:
    """The client's own ``X-Request-ID``, if it sent exactly one that is safe to log and to send back."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    return given[0].decode("ascii") if len(given) == 1 and _VISIBLE_ASCII.fullmatch(given[0]) else None
